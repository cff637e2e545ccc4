//! OpenSSH's own ssh-keygen verifies our signatures and makes the same ones, to the byte. It must be installed.

use base64::{Engine, prelude::BASE64_STANDARD};
use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};
use unsaid_seal::sshsig::{Hand, NAMESPACE, PRINCIPAL, read_hands};

const LETTER: &[u8] = b"From: Ana <author@unsaid.invalid>\r\n\r\nDear Mara\r\n~~~~";

fn ssh_keygen(folder: &Path, arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new("ssh-keygen")
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("ssh-keygen did not start ({error}); install it: apt install openssh-client")
        });
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

fn verify(folder: &Path, letter: &[u8]) -> Output {
    let arguments =
        ["-Y", "verify", "-f", "allowed_signers", "-I", PRINCIPAL, "-n", NAMESPACE, "-s", "letter.eml.sig"];
    ssh_keygen(folder, &arguments, letter)
}

#[test]
fn ssh_keygen_knows_the_hand_and_sees_a_changed_letter() {
    let folder = tempfile::tempdir().unwrap();
    let hand = Hand::from_seed(&[7; 32]);
    fs::write(folder.path().join("ana.pub"), hand.public().line() + "\n").unwrap();
    fs::write(folder.path().join("allowed_signers"), hand.public().allowed_signers_line() + "\n").unwrap();
    fs::write(folder.path().join("letter.eml.sig"), hand.sign(LETTER)).unwrap();

    let verified = verify(folder.path(), LETTER);
    let said = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert!(verified.status.success(), "{verified:?}");
    assert!(said.contains(&hand.public().fingerprint()) && said.contains(PRINCIPAL), "{said}");

    let shown = ssh_keygen(folder.path(), &["-l", "-f", "ana.pub"], b"");
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains(&hand.public().fingerprint()) && shown.contains("unsaid"), "{shown}");

    assert!(!verify(folder.path(), b"Dear Dan").status.success());
    fs::write(folder.path().join("letter.eml.sig"), Hand::from_seed(&[8; 32]).sign(LETTER)).unwrap();
    assert!(!verify(folder.path(), LETTER).status.success());
}

#[test]
fn ssh_keygen_makes_the_same_signature_to_the_byte() {
    let folder = tempfile::tempdir().unwrap();
    let made = ssh_keygen(folder.path(), &["-q", "-t", "ed25519", "-N", "", "-f", "key"], b"");
    assert!(made.status.success(), "{made:?}");
    // PROTOCOL.key of OpenSSH: the 64 secret bytes end the private section, before the comment; the first 32 are the seed.
    let text = fs::read_to_string(folder.path().join("key")).unwrap();
    let inner: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    let file = BASE64_STANDARD.decode(inner).unwrap();
    let public = read_hands(&fs::read_to_string(folder.path().join("key.pub")).unwrap())[0];
    let both = |seed: &[u8]| seed.len() == 64 && seed[32..] == public.as_bytes()[..];
    let at = (0..file.len() - 64).rfind(|at| both(&file[*at..*at + 64])).unwrap();
    let hand = Hand::from_seed(file[at..at + 32].try_into().unwrap());
    assert_eq!(hand.public(), public);

    let theirs = ssh_keygen(folder.path(), &["-q", "-Y", "sign", "-f", "key", "-n", NAMESPACE], LETTER);
    assert!(theirs.status.success(), "{theirs:?}");
    assert_eq!(String::from_utf8(theirs.stdout.clone()).unwrap(), hand.sign(LETTER));
    assert_eq!(public.verify(&String::from_utf8(theirs.stdout).unwrap(), LETTER), Ok(()));
}
