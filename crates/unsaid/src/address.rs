//! Mail addresses: whether one can be written to, and its forms. The *normal form* folds what providers fold, and more where one cannot know, so
//! that a refusal meets the same mailbox however it is written (address/forms.rs says what and why). The *sign-in form* folds nothing but case.
//! Knows no network: whether the mailbox exists is for the relay to find out.
//!
//! What stands before the @ may be letters, marks and figures of any script, and the signs of RFC 5322's atoms (RFC 6531, 3.3). Of the other
//! signs that RFC 6531 would allow outside ASCII, such as hearts, none is taken: typed by a slip or pasted from a page they are common, and as
//! mailboxes they are not (RFC 8264 leaves them out of names for the same reason). In quotation marks (RFC 5321, 4.1.2) there may be spaces and dots anywhere besides;
//! what quotation marks would allow beyond that, servers read in different ways, and some of them as another address.

mod forms;

use forms::{case_folded, folded, is_dot_atom, is_unseen, narrow, written};
use unicode_normalization::UnicodeNormalization as _;

/// An address that can be written to: the local part in NFC (RFC 6532, 3.1) without quotation marks, the domain in its IDNA form.
#[derive(Clone, PartialEq, Eq)]
pub struct EmailAddress {
    local: String,
    domain: String,
}

/// What is wrong with what was typed. Each has words under `error.<key>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressError {
    /// Nothing was typed.
    Empty,
    /// There is no @ in it.
    NoAt,
    /// There is more than one @.
    TwoAts,
    /// The part before the @ is empty or has something that we cannot send to.
    Local,
    /// Something in it cannot be seen: it may not be the address that it looks like.
    Unseen,
    /// It is in quotation marks, with something in them that servers read in different ways.
    Quoted,
    /// The part after the @ is not the name of a mail domain.
    Domain,
    /// It is longer than 254 octets, or 64 before the @ (RFC 5321, 4.5.3.1; RFC 6531, 3.3: octets of UTF-8, not letters).
    TooLong,
}

impl AddressError {
    /// Each of them.
    pub const ALL: [Self; 8] = [
        Self::Empty,
        Self::NoAt,
        Self::TwoAts,
        Self::Local,
        Self::Unseen,
        Self::Quoted,
        Self::Domain,
        Self::TooLong,
    ];

    /// The key of its words.
    pub fn key(self) -> &'static str {
        match self {
            Self::Empty => "address-empty",
            Self::NoAt => "address-without-at",
            Self::TwoAts => "address-two-ats",
            Self::Local => "address-before-at",
            Self::Unseen => "address-unseen",
            Self::Quoted => "address-quoted",
            Self::Domain => "address-after-at",
            Self::TooLong => "address-too-long",
        }
    }
}

const LONGEST: usize = 254;
const LONGEST_LOCAL: usize = 64;
/// Providers that are known to ignore dots in the local part.
const DOTS_IGNORED: [&str; 2] = ["gmail.com", "googlemail.com"];

impl std::fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EmailAddress(…)")
    }
}

impl EmailAddress {
    /// Reads what a human typed. Spaces around it are forgiven, and so is what a copied address brings along unseen at its ends, and what an input
    /// method wrote as wide as an ideograph.
    pub fn read(typed: &str) -> Result<Self, AddressError> {
        let typed = typed.trim_matches(|c: char| c.is_whitespace() || is_unseen(c));
        if typed.is_empty() {
            return Err(AddressError::Empty);
        }
        if typed.len() > LONGEST * 4 {
            return Err(AddressError::TooLong);
        }
        let typed: String = typed.chars().map(narrow).collect();
        let (local, domain) = match typed.strip_prefix('"') {
            Some(rest) => unquoted(rest)?,
            None => unmarked(&typed)?,
        };
        let local: String = local.nfc().collect();
        let domain = domain_read(domain)?;
        let address = Self { local, domain };
        // What is kept, compared and sent may differ in length by a few octets; none of it may be longer than an address.
        let forms = [address.to_text(), address.normal_form(), address.sign_in_form()];
        if forms.iter().any(|form| is_too_long(form, &address.domain)) {
            return Err(AddressError::TooLong);
        }
        Ok(address)
    }

    /// As it is written to: the local part as typed, in quotation marks where it needs them and nowhere else.
    pub fn to_text(&self) -> String {
        format!("{}@{}", written(&self.local), self.domain)
    }

    /// The part after the @, in its IDNA form, lower case.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The form by which refusals and persons' addresses are found.
    pub fn normal_form(&self) -> String {
        let folded = folded(&self.local);
        let base = folded.split_once('+').map_or(folded.as_str(), |(base, _)| base);
        // A dot before the tag would be left at the end, where none may stand.
        let base = base.trim_end_matches(['.', ' ']);
        // An address that is all tag keeps it, or every such address of a domain would be the same.
        let base = if base.is_empty() { folded.as_str() } else { base };
        if DOTS_IGNORED.contains(&self.domain.as_str()) {
            let without = base.replace('.', "");
            let base = if without.is_empty() { base } else { &without };
            format!("{}@gmail.com", written(base))
        } else {
            format!("{}@{}", written(base), self.domain)
        }
    }

    /// The form by which an account is found: nothing is folded but case. Two that differ in more are two accounts, so that nobody gets into another's.
    pub fn sign_in_form(&self) -> String {
        format!("{}@{}", written(&case_folded(&self.local)), self.domain)
    }
}

/// An address without quotation marks, in its two halves: a dot-atom (RFC 5322, 3.2.3; RFC 6531, 3.3) and what follows the @.
fn unmarked(typed: &str) -> Result<(String, &str), AddressError> {
    let (local, domain) = typed.rsplit_once('@').ok_or(AddressError::NoAt)?;
    if local.contains('@') {
        return Err(AddressError::TwoAts);
    }
    if local.chars().any(is_unseen) {
        return Err(AddressError::Unseen);
    }
    // Its folded form too: a letter may stand for several, and one of them for something that is no letter.
    if !is_dot_atom(local) || !is_dot_atom(&folded(local)) {
        return Err(AddressError::Local);
    }
    Ok((local.to_owned(), domain))
}

/// What follows an opening quotation mark, in its two halves: what stands in the marks, its escapes undone, and what follows the @.
fn unquoted(rest: &str) -> Result<(String, &str), AddressError> {
    let mut local = String::new();
    let mut letters = rest.char_indices();
    let after = loop {
        match letters.next() {
            None => return Err(AddressError::Quoted),
            Some((at, '"')) => break &rest[at + 1..],
            Some((_, '\\')) => local.extend(letters.next().map(|(_, letter)| letter)),
            Some((_, letter)) => local.push(letter),
        }
    };
    let domain = after.strip_prefix('@').ok_or(AddressError::Quoted)?;
    if domain.contains('@') {
        return Err(AddressError::TwoAts);
    }
    if local.is_empty() {
        return Err(AddressError::Local);
    }
    if local.chars().any(is_unseen) {
        return Err(AddressError::Unseen);
    }
    if !forms::is_quotable(&local) || !forms::is_quotable(&folded(&local)) {
        return Err(AddressError::Quoted);
    }
    Ok((local, domain))
}

/// The name of a mail domain as the network knows it (UTS 46), however it was typed.
fn domain_read(typed: &str) -> Result<String, AddressError> {
    let domain =
        idna::domain_to_ascii_strict(typed.trim_end_matches('.')).map_err(|_| AddressError::Domain)?;
    let labels: Vec<&str> = domain.split('.').collect();
    let label =
        |l: &&str| !l.is_empty() && l.len() <= 63 && l.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let numbers_alone = labels.last().is_some_and(|l| l.chars().all(|c| c.is_ascii_digit()));
    if labels.len() < 2 || !labels.iter().all(label) || numbers_alone {
        return Err(AddressError::Domain);
    }
    Ok(domain)
}

fn is_too_long(form: &str, domain: &str) -> bool {
    form.len() > LONGEST || form.len().saturating_sub(domain.len() + 1) > LONGEST_LOCAL
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn normal(typed: &str) -> String {
        EmailAddress::read(typed).map_or_else(|e| format!("{e:?}"), |a| a.normal_form())
    }

    #[test]
    fn one_mailbox_has_one_normal_form() {
        for typed in ["Leo.Marlow+letters@GMAIL.com", "leomarlow@googlemail.com", " leo.mar.low@gmail.com "] {
            assert_eq!(normal(typed), "leomarlow@gmail.com");
        }
        assert_eq!(normal("A.b+c@Example.org"), "a.b@example.org");
        assert_eq!(normal("ana@bücher.example"), "ana@xn--bcher-kva.example");
        assert_eq!(normal("+x@example.org"), "+x@example.org");
    }

    #[test]
    fn what_is_wrong_is_said_part_by_part() {
        let wrong = |typed: &str| EmailAddress::read(typed).err();
        assert_eq!(wrong("  "), Some(AddressError::Empty));
        assert_eq!(wrong("ray.marlow.example.org"), Some(AddressError::NoAt));
        assert_eq!(wrong("a@b@example.org"), Some(AddressError::TwoAts));
        assert_eq!(wrong("a b@example.org"), Some(AddressError::Local));
        assert_eq!(wrong("a\r\nBcc:x@example.org"), Some(AddressError::Local));
        assert_eq!(wrong("a@example"), Some(AddressError::Domain));
        assert_eq!(wrong("a@127.0.0.1"), Some(AddressError::Domain));
        assert_eq!(wrong("a@exam ple.org"), Some(AddressError::Domain));
        assert_eq!(wrong(&format!("a@{}.org", "b.".repeat(200))), Some(AddressError::Domain));
    }

    proptest! {
        #[test]
        fn anything_typed_is_read_or_refused_and_the_normal_form_is_stable(typed in "\\PC{0,80}|[a-z.+]{1,9}@[a-z.]{1,9}\\.[a-z]{2}") {
            if let Ok(address) = EmailAddress::read(&typed) {
                let again = EmailAddress::read(&address.normal_form());
                prop_assert_eq!(again.map(|a| a.normal_form()), Ok(address.normal_form()));
                prop_assert!(!address.to_text().contains(['\r', '\n', ' ', '\"']) || typed.contains('"'));
            }
        }
    }
}
