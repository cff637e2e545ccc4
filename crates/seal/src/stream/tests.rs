//! What was sealed opens, whatever its length; what was cut or changed is noticed at the latest at its end; keys of other
//! kinds are refused by name; a hostile head costs little.

use super::*;
use crate::{pq, tests::repeatable};
use age::secrecy::ExposeSecret;
use proptest::prelude::*;

fn classic() -> (Recipient, Vec<Identity>) {
    let identity = age::x25519::Identity::generate();
    let recipient = identity.to_public().to_string().parse().unwrap();
    (recipient, read_identities(identity.to_string().expose_secret().as_bytes()).unwrap())
}

fn quantum_safe() -> (Recipient, Vec<Identity>) {
    let identity = pq::Identity::generate(&mut repeatable(3));
    let recipient = identity.to_recipient().to_string().parse().unwrap();
    (recipient, read_identities(identity.expose_text().as_bytes()).unwrap())
}

fn sealed(recipients: &[Recipient], form: Form, plain: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    assert_eq!(seal_stream(recipients, form, &mut &plain[..], &mut file).unwrap(), plain.len() as u64);
    file
}

fn opened(identities: &[Identity], file: &[u8]) -> Result<Vec<u8>, StreamError> {
    let mut plain = Vec::new();
    Sealed::read(file)?.open(identities, &mut plain)?;
    Ok(plain)
}

const SIZES: [usize; 9] = [0, 1, 4095, 65_535, 65_536, 65_537, 131_072, 131_073, 1_000_000];

#[test]
fn files_of_every_length_come_back_in_either_form_for_either_kind_of_key() {
    for (recipient, identities) in [classic(), quantum_safe()] {
        for size in SIZES {
            let plain: Vec<u8> = (0..size).map(|n| (n % 251) as u8).collect();
            for form in [Form::Binary, Form::Armoured] {
                let file = sealed(std::slice::from_ref(&recipient), form, &plain);
                assert_eq!(form == Form::Armoured, file.is_ascii(), "{size}");
                assert!(opened(&identities, &file).unwrap() == plain, "{size} {form:?}");
            }
        }
    }
}

#[test]
fn every_cut_is_noticed() {
    let (recipient, identities) = classic();
    for size in [0, 1, 65_536, 65_537, 131_072] {
        let file = sealed(std::slice::from_ref(&recipient), Form::Binary, &vec![7; size]);
        let ends = (0..file.len()).filter(|at| *at < 300 || file.len() - at < 300 || at % 4099 == 0);
        for end in ends {
            let error = opened(&identities, &file[..end]).expect_err("the end is missing");
            assert!(matches!(error, StreamError::Damaged | StreamError::NotSealed), "{size} {end} {error}");
        }
        let longer = [&file[..], b"x"].concat();
        assert!(matches!(opened(&identities, &longer), Err(StreamError::Damaged)), "{size}");
    }
}

#[test]
fn a_wrong_key_a_wrong_passphrase_and_a_wrong_file_are_told_apart() {
    let (recipient, identities) = classic();
    let (_, others) = classic();
    let file = sealed(&[recipient], Form::Binary, b"x");
    assert!(matches!(opened(&others, &file), Err(StreamError::WrongKey)));
    assert!(matches!(opened(&identities, b""), Err(StreamError::NotSealed)));
    assert!(matches!(
        opened(&identities, b"Dear Mara, it was never you who left."),
        Err(StreamError::NotSealed)
    ));
    assert!(matches!(
        opened(&identities, b"age-encryption.org/v2\n-> x\n\n--- \n"),
        Err(StreamError::Newer | StreamError::Damaged)
    ));
    // Every byte of the header's code, changed by a bit: damaged, and never 'newer'.
    let head = file.windows(4).position(|window| window == b"\n---").unwrap() + 5;
    for at in head..head + 43 {
        let mut changed = file.clone();
        changed[at] ^= 1;
        assert!(matches!(opened(&identities, &changed), Err(StreamError::Damaged)), "byte {at}");
    }
    let mangled: Vec<u8> = [0xff, 0xfe].into_iter().chain(ARMOUR.iter().flat_map(|b| [*b, 0])).collect();
    assert!(matches!(opened(&identities, &mangled), Err(StreamError::Mangled)));
}

#[test]
fn a_passphrase_opens_its_file_and_no_other_does() {
    let mut file = Vec::new();
    let mut recipient = age::scrypt::Recipient::new(SecretString::from("seven swans".to_owned()));
    recipient.set_work_factor(4);
    let one = std::iter::once(&recipient as &dyn age::Recipient);
    seal_to(one, Form::Armoured, &mut &b"Dear Mara"[..], &mut file).unwrap();
    assert!(Sealed::read(&file[..]).unwrap().wants_passphrase());
    assert_eq!(*open_small_with_passphrase(&file, "seven swans").unwrap(), b"Dear Mara");
    assert!(matches!(open_small_with_passphrase(&file, "Seven swans"), Err(StreamError::WrongPassphrase)));
    let (_, identities) = classic();
    assert!(matches!(opened(&identities, &file), Err(StreamError::WrongKey)));
    // A file that asks for 2^23 is not even tried.
    let mut file = container::encrypt(&recipient, b"x").unwrap();
    let at = file.windows(3).position(|window| window == b" 4\n").unwrap();
    file.splice(at..at + 3, *b" 23\n");
    assert!(matches!(open_small_with_passphrase(&file, "seven swans"), Err(StreamError::TooMuchWork)));
}

#[test]
fn kinds_of_recipients_are_not_mixed() {
    let ((classic, _), (safe, _)) = (classic(), quantum_safe());
    let mut out = Vec::new();
    let mut seal =
        |recipients: &[Recipient]| seal_stream(recipients, Form::Binary, &mut io::empty(), &mut out);
    assert!(matches!(seal(&[classic.clone(), safe.clone()]), Err(StreamError::Mixed)));
    assert!(matches!(seal(&[]), Err(StreamError::NobodyNamed)));
    assert!(seal(&[safe.clone(), safe]).is_ok() && seal(&[classic.clone(), classic]).is_ok());
    // Nothing is written before that is known.
    let mut nothing = Vec::new();
    let ((classic, _), (safe, _)) = (self::classic(), quantum_safe());
    assert!(seal_stream(&[classic, safe], Form::Binary, &mut io::empty(), &mut nothing).is_err());
    assert!(nothing.is_empty());
}

#[test]
fn keys_that_are_none_are_refused_by_their_kind_and_line() {
    let recipient = |text: &str| text.parse::<Recipient>().err();
    assert_eq!(recipient("AGE-SECRET-KEY-1QQQ"), Some(KeyTextError::SecretGiven));
    assert_eq!(recipient("ssh-ed25519 AAAA"), Some(KeyTextError::Ssh));
    assert_eq!(recipient("age1yubikey1qqq"), Some(KeyTextError::Unknown));
    assert_eq!(recipient("age1pq1qqq"), Some(KeyTextError::Unknown));
    let identity = |text: &str| text.parse::<Identity>().err();
    assert_eq!(identity("age1qqq"), Some(KeyTextError::PublicGiven));
    assert_eq!(identity("AGE-SECRET-KEY-PQ-1Q"), Some(KeyTextError::Unknown));
    assert_eq!(identity("AGE-PLUGIN-X-1Q"), Some(KeyTextError::Unknown));
    assert_eq!(read_recipients(b"# a\n\n").err(), Some((1, KeyTextError::Empty)));
    assert_eq!(read_recipients(b"# a\n\nage1x\n").err(), Some((3, KeyTextError::Unknown)));
    assert_eq!(read_identities(b"\xff").err(), Some((1, KeyTextError::Unknown)));
}

/// A head without end is given up at a mebibyte.
#[test]
fn a_head_without_end_is_given_up() {
    struct Endless(u64);
    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let text = b"age-encryption.org/v1\n-> X25519 AAAA\nAAAA\n";
            for byte in buffer.iter_mut() {
                *byte = if self.0 < 22 { text[self.0 as usize] } else { b'A' };
                self.0 += 1;
            }
            Ok(buffer.len())
        }
    }
    let mut source = Endless(0);
    assert!(matches!(Sealed::read(&mut source), Err(StreamError::Damaged)));
    assert!(source.0 < 2 * MAX_HEAD_BYTES as u64);
}

#[test]
fn what_the_disk_says_is_said_and_not_taken_for_damage() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("a bad sector"))
        }
    }
    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::other("no space"))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let (recipient, identities) = classic();
    let recipients = [recipient];
    assert!(matches!(
        seal_stream(&recipients, Form::Binary, &mut Broken, &mut Vec::new()),
        Err(StreamError::Read(_))
    ));
    assert!(matches!(
        seal_stream(&recipients, Form::Binary, &mut io::empty(), &mut Broken),
        Err(StreamError::Write(_))
    ));
    let file = sealed(&recipients, Form::Binary, &[0; 200_000]);
    let half = file[..100_000].chain(Broken);
    assert!(matches!(
        Sealed::read(half).unwrap().open(&identities, &mut Vec::new()),
        Err(StreamError::Read(_))
    ));
    assert!(matches!(
        Sealed::read(&file[..]).unwrap().open(&identities, &mut Broken),
        Err(StreamError::Write(_))
    ));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), armour: bool) {
        let (_, identities) = quantum_safe();
        let before: &[u8] = if armour { b"-----BEGIN AGE ENCRYPTED FILE-----\n" } else { b"age-encryption.org/v1\n" };
        prop_assert!(opened(&identities, &[before, &bytes].concat()).is_err());
        prop_assert!(opened(&identities, &bytes).is_err());
    }

    #[test]
    fn no_damage_is_missed(at in any::<proptest::sample::Index>(), bit in 0u8..8) {
        let (recipient, identities) = quantum_safe();
        let mut file = sealed(&[recipient], Form::Binary, &[9; 70_000]);
        let at = at.index(file.len());
        file[at] ^= 1 << bit;
        // A bit of somebody else's grease may change without harm only if the header's code did not cover it; it does.
        prop_assert!(opened(&identities, &file).is_err());
    }
}
