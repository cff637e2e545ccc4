//! The last look at an address before it is written into a command or a header.
//!
//! It knows what would break a line of SMTP or split a header, and refuses to know whether anybody reads mail
//! there. Addresses were validated where they were typed; this is the second half of that pair.

/// Longest path that a server must take, without its angle brackets (RFC 5321, 4.5.3.1.3).
const LONGEST: usize = 254;

/// Can this bare address be written between `<` and `>` and into a header without changing the meaning of either?
///
/// A local part in quotation marks (RFC 5321, 4.1.2) may hold spaces and dots besides, and none of the letters that a server could take for the end of
/// something. Letters outside ASCII are taken (RFC 6531); the relay must then offer SMTPUTF8.
pub(super) fn is_plain(address: &str) -> bool {
    let Some((local, domain)) = address.rsplit_once('@') else {
        return false;
    };
    let inside = local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    address.len() <= LONGEST && inside.map_or_else(|| is_dotted(local), is_quotable) && is_dotted(domain)
}

/// Words between single spaces, which may have dots anywhere.
fn is_quotable(inside: &str) -> bool {
    inside
        .split(' ')
        .all(|word| !word.is_empty() && word.split('.').filter(|part| !part.is_empty()).all(is_dotted))
}

/// One or more parts between single dots, none of which holds a letter with a meaning of its own.
fn is_dotted(text: &str) -> bool {
    text.split('.').all(|part| {
        !part.is_empty()
            && !part
                .chars()
                .any(|c| c.is_control() || c.is_whitespace() || "()<>[]:;@\\,\"".contains(c) || is_hidden(c))
    })
}

/// Letters that are not seen, or that turn the direction of what follows.
pub(super) fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::is_plain;

    #[test]
    fn an_address_that_would_end_a_command_is_not_written() {
        for bad in [
            "",
            "@",
            "anna",
            "anna@",
            "@example.org",
            "anna@example.org\r\nRCPT TO:<eve@example.org>",
            "anna@example.org\n",
            "anna\0@example.org",
            "anna@example.org>",
            "anna@example.org,eve@example.org",
            "anna@example.org, eve",
            "a b@example.org",
            "\"a  b\"@example.org",
            "\"a b \"@example.org",
            "\"\"@example.org",
            "\"@example.org",
            "\"a\" b\"@example.org",
            "\"a\\\" b\"@example.org",
            "\"a> b\"@example.org",
            "\"a\tb\"@example.org",
            "\"a\r\nRCPT TO:<eve@example.org> b\"@example.org",
            "\"eve@example.com\"@example.org",
            "a \"b\"@example.org",
            "anna@\"example\".org",
            "anna@@example.org",
            "anna..b@example.org",
            "anna@example.org.",
            "anna@[127.0.0.1]",
            "anna\u{202e}@example.org",
            "anna\u{2028}@example.org",
        ] {
            assert!(!is_plain(bad), "{bad:?}");
        }
        assert!(!is_plain(&format!("{}@example.org", "a".repeat(250))));
    }

    #[test]
    fn addresses_that_people_have_are_written() {
        for good in [
            "anna@example.org",
            "anna.b+letters@mail.example.co.uk",
            "o'brien=x@example.org",
            "hans@bücher.example",
            "用户@例子.广告",
            "a@localhost",
            "\"a b\"@example.org",
            "\"a..b.\"@example.org",
        ] {
            assert!(is_plain(good), "{good:?}");
        }
    }
}
