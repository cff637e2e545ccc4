//! What a human types as an address. Whatever is taken can be written into a message and a command, and each of its forms is found again by itself;
//! nothing here knows whether anybody reads mail there.

use unsaid::address::EmailAddress;

/// One address, as typed.
pub(crate) fn check(data: &[u8]) -> bool {
    let typed = String::from_utf8_lossy(data);
    let Ok(address) = EmailAddress::read(&typed) else { return false };
    let (sent, normal, sign_in) = (address.to_text(), address.normal_form(), address.sign_in_form());
    for form in [&sent, &normal, &sign_in] {
        assert!(form.len() <= 254, "{form:?} is too long");
        assert!(!form.chars().any(char::is_control), "{form:?} would end a line");
        let (local, domain) = form.rsplit_once('@').expect("an address has an @");
        assert!(local.len() <= 64 && !local.contains('@') && domain.is_ascii(), "{form:?}");
        let bare = !local.contains([' ', '"', '<', '>', ',', ';', '(', ')', '\\']);
        let marked = local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        assert!(bare || marked.is_some_and(|l| !l.contains(['"', '<', '>', '\\', '\t', ','])), "{form:?}");
    }
    let again =
        |form: &str| EmailAddress::read(form).unwrap_or_else(|e| panic!("{form:?} is not read again: {e:?}"));
    assert!(again(&sent) == address, "{sent:?}");
    assert_eq!(again(&normal).normal_form(), normal);
    assert_eq!(again(&sign_in).sign_in_form(), sign_in);
    // What is signed in with and what is written to are the same mailbox as what is refused.
    assert_eq!(again(&sign_in).normal_form(), normal);
    // In whatever case somebody writes it, a refusal meets it.
    let (local, domain) = sent.rsplit_once('@').expect("an address has an @");
    for other in [local.to_uppercase(), local.to_lowercase()] {
        if let Ok(other) = EmailAddress::read(&format!("{other}@{domain}")) {
            assert_eq!(other.normal_form(), normal, "{typed:?}");
        }
    }
    let message = super::messages::to(&sent).expect("what is taken can be written to");
    assert_eq!(message.to, sent);
    true
}
