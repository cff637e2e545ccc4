//! Mail addresses: whether one can be written to, and its forms. The *normal form* folds what providers fold, so that a refusal meets the same
//! mailbox however it is written (case, IDNA, +tag; dots only where the provider ignores them). The *sign-in form* folds nothing but case.
//! Knows no network: whether the mailbox exists is for the relay to find out.

/// An address that can be written to: ASCII local part, domain in its IDNA form.
#[derive(Clone, PartialEq, Eq)]
pub struct EmailAddress {
    local: String,
    domain: String,
}

/// What is wrong with what was typed. Each has words under `error.address.<key>`.
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
    /// The part after the @ is not the name of a mail domain.
    Domain,
    /// It is longer than 254 characters (RFC 5321, 4.5.3.1.3).
    TooLong,
}

impl AddressError {
    /// The key of its words.
    pub fn key(self) -> &'static str {
        match self {
            Self::Empty => "address-empty",
            Self::NoAt => "address-without-at",
            Self::TwoAts => "address-two-ats",
            Self::Local => "address-before-at",
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
    /// Reads what a human typed. Spaces around it are forgiven.
    pub fn read(typed: &str) -> Result<Self, AddressError> {
        let typed = typed.trim();
        if typed.is_empty() {
            return Err(AddressError::Empty);
        }
        if typed.len() > LONGEST * 4 {
            return Err(AddressError::TooLong);
        }
        let (local, domain) = typed.rsplit_once('@').ok_or(AddressError::NoAt)?;
        if local.contains('@') {
            return Err(AddressError::TwoAts);
        }
        // Dot-atom of RFC 5322; quoted local parts and non-ASCII ones cannot be sent to without SMTPUTF8.
        let atom = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
        if local.is_empty()
            || local.len() > LONGEST_LOCAL
            || local.split('.').any(|part| part.is_empty() || !part.chars().all(atom))
        {
            return Err(AddressError::Local);
        }
        let domain =
            idna::domain_to_ascii_strict(domain.trim_end_matches('.')).map_err(|_| AddressError::Domain)?;
        let labels: Vec<&str> = domain.split('.').collect();
        let label = |l: &&str| {
            !l.is_empty() && l.len() <= 63 && l.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        };
        let numbers_alone = labels.last().is_some_and(|l| l.chars().all(|c| c.is_ascii_digit()));
        if labels.len() < 2 || !labels.iter().all(label) || numbers_alone {
            return Err(AddressError::Domain);
        }
        if local.len() + 1 + domain.len() > LONGEST {
            return Err(AddressError::TooLong);
        }
        Ok(Self { local: local.to_owned(), domain })
    }

    /// As it is written to: the local part as typed.
    pub fn to_text(&self) -> String {
        format!("{}@{}", self.local, self.domain)
    }

    /// The part after the @, in its IDNA form, lower case.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The form by which refusals and persons' addresses are found.
    pub fn normal_form(&self) -> String {
        let lower = self.local.to_ascii_lowercase();
        let base = lower.split_once('+').map_or(lower.as_str(), |(base, _)| base);
        // A dot before the tag would be left at the end, where none may stand.
        let base = base.trim_end_matches('.');
        // An address that is all tag keeps it, or every such address of a domain would be the same.
        let base = if base.is_empty() { lower.as_str() } else { base };
        if DOTS_IGNORED.contains(&self.domain.as_str()) {
            format!("{}@gmail.com", base.replace('.', ""))
        } else {
            format!("{base}@{}", self.domain)
        }
    }

    /// The form by which an account is found: nothing is folded but case.
    pub fn sign_in_form(&self) -> String {
        format!("{}@{}", self.local.to_lowercase(), self.domain)
    }
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
                prop_assert!(!address.to_text().contains(['\r', '\n', ' ']));
            }
        }
    }
}
