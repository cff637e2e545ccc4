//! `unsaid seal` and `unsaid open` as somebody uses them, crosswise with the stock age tool: in files and pipes, by keys and by
//! passphrases typed at a terminal, with files that are large, empty, cut, damaged, or not what they were taken for.

mod folder;
mod tools;

use std::fs::File;
use tools::{Desk, UNSAID, refused, vectors, well};

const LETTER: &[u8] = b"Dear Mara,\n\nthe one with the blue door.\n";

#[test]
fn age_opens_what_unsaid_seals_and_the_other_way_round() {
    let desk = Desk::new();
    desk.write("letter.txt", LETTER);
    let (one, two) = (desk.recipient("one.txt"), desk.recipient("two.txt"));
    desk.write("both.txt", format!("# Mara and Dan\n{one}\n\n{two}\n"));
    for armour in [&[][..], &["-a"]] {
        for to in [&["-r", &one, "-r", &two][..], &["-R", "both.txt"], &["--recipient", &two, "-r", &one]] {
            let arguments = [&["seal"][..], to, armour, &["-o", "ours.age", "letter.txt"]].concat();
            well(&desk.unsaid(&arguments));
            let arguments = [to, armour, &["-o", "theirs.age", "letter.txt"]].concat();
            assert!(desk.tool("age", &arguments).status.success());
            assert_eq!(desk.read("ours.age").is_ascii(), !armour.is_empty());
            for key in ["one.txt", "two.txt"] {
                assert_eq!(desk.tool("age", &["-d", "-i", key, "ours.age"]).stdout, LETTER);
                for file in ["ours.age", "theirs.age"] {
                    well(&desk.unsaid(&["open", "-i", key, "-o", "opened.txt", file]));
                    assert_eq!(desk.read("opened.txt"), LETTER);
                }
            }
        }
    }
    // Through pipes, with - and without anything.
    let sealed = desk.piped(&["seal", "-r", &one], LETTER);
    well(&sealed);
    let opened = desk.piped(&["open", "-i", "one.txt", "-o", "-", "-"], &sealed.stdout);
    well(&opened);
    assert_eq!(opened.stdout, LETTER);
    let list = std::fs::read(desk.path("both.txt")).unwrap();
    let sealed = desk.piped(&["seal", "-R", "-", "letter.txt"], &list);
    well(&sealed);
    let opened = desk.piped(&["open", "-i", "-", "-o", "-", "ours.age"], &desk.read("two.txt"));
    assert_eq!(opened.stdout, LETTER);
}

#[test]
fn post_quantum_keys_work_and_are_not_mixed_with_others() {
    let desk = Desk::new();
    desk.write("letter.txt", LETTER);
    let read = |name: &str| std::fs::read_to_string(vectors(name)).unwrap().trim().to_owned();
    let safe = read("v1/keys/author.pub");
    desk.write("safe.txt", format!("# her account\n{}\n", read("v1/keys/author.txt")));
    well(&desk.unsaid(&["seal", "-r", &safe, "-o", "safe.age", "letter.txt"]));
    let opened = desk.unsaid(&["open", "-i", "one.txt", "-i", "safe.txt", "safe.age"]);
    well(&opened);
    assert_eq!(opened.stdout, LETTER);
    let mixed = ["seal", "-r", &safe, "-r", &desk.recipient("one.txt"), "-o", "mixed.age", "letter.txt"];
    refused(&desk.unsaid(&mixed), "Post-quantum recipients");
    assert!(!desk.names().contains(&"mixed.age".to_owned()));
}

#[test]
fn a_passphrase_is_typed_unseen_and_age_takes_it() {
    let desk = Desk::new();
    desk.write("letter.txt", LETTER);
    let typed = [("Passphrase", "seven swans\n"), ("again", "seven swans\n")];
    let (shown, code) = desk.at_terminal(&[UNSAID, "seal", "-p", "-o", "ours.age", "letter.txt"], &typed);
    assert_eq!(code, 0, "{shown}");
    assert!(!shown.contains("swans"), "{shown}");
    let (shown, code) =
        desk.at_terminal(&["age", "-d", "-o", "a.txt", "ours.age"], &[("passphrase", "seven swans\n")]);
    assert_eq!((code, desk.read("a.txt").as_slice()), (0, LETTER), "{shown}");

    let typed = [("passphrase", "six geese\n"), ("onfirm", "six geese\n")];
    let (shown, code) = desk.at_terminal(&["age", "-p", "-a", "-o", "theirs.age", "letter.txt"], &typed);
    assert_eq!(code, 0, "{shown}");
    let open = [UNSAID, "open", "-o", "b.txt", "theirs.age"];
    let (shown, code) = desk.at_terminal(&open, &[("Passphrase for theirs.age", "six geese\n")]);
    assert_eq!((code, desk.read("b.txt").as_slice()), (0, LETTER), "{shown}");

    let (shown, code) = desk.at_terminal(&open, &[("Passphrase", "five rings\n")]);
    assert!(code == 1 && shown.contains("This passphrase does not open the file."), "{shown}");
    let typed = [("Passphrase", "seven swans\n"), ("again", "seven swan\n")];
    let (shown, code) = desk.at_terminal(&[UNSAID, "seal", "-p", "-o", "no.age", "letter.txt"], &typed);
    assert!(code == 1 && shown.contains("not the same") && !desk.path("no.age").exists(), "{shown}");
    // Ctrl-C in the middle of it leaves nothing, and the terminal as it was.
    let stty = "stty -a > before; \"$0\" \"$@\"; code=$?; stty -a > after; exit $code";
    let broken_off = ["sh", "-c", stty, UNSAID, "seal", "-p", "-o", "no.age", "letter.txt"];
    let (shown, code) = desk.at_terminal(&broken_off, &[("Passphrase", "seven\x03")]);
    assert!(code == 1 && shown.contains("Nothing was done"), "{shown}");
    assert_eq!(desk.read("before"), desk.read("after"));
    assert!(desk.names().iter().all(|name| !name.contains("no.age")));
}

#[test]
fn words_are_made_when_nothing_is_typed_and_opened_however_they_are_typed() {
    let desk = Desk::new();
    desk.write("letter.txt", LETTER);
    let (shown, code) =
        desk.at_terminal(&[UNSAID, "seal", "-p", "-o", "words.age", "letter.txt"], &[("Passphrase", "\n")]);
    assert_eq!(code, 0, "{shown}");
    let words = shown.lines().find(|line| line.starts_with("    ")).unwrap().trim();
    assert_eq!(words.split(' ').count(), 8, "{shown}");
    desk.write("typed", format!("  {}\n", words.to_uppercase().replace(' ', ",  ")));
    let opened = desk.unsaid(&["open", "--passphrase-file", "typed", "words.age"]);
    well(&opened);
    assert_eq!(opened.stdout, LETTER);
    let plain = format!("{words}\n");
    let (shown, code) =
        desk.at_terminal(&["age", "-d", "-o", "a.txt", "words.age"], &[("passphrase", &plain)]);
    assert_eq!((code, desk.read("a.txt").as_slice()), (0, LETTER), "{shown}");
}

#[test]
fn a_key_file_may_itself_be_under_a_passphrase() {
    let desk = Desk::new();
    desk.write("letter.txt", LETTER);
    desk.write("typed", "seven swans\n");
    well(&desk.unsaid(&["seal", "-r", &desk.recipient("one.txt"), "-o", "sealed.age", "letter.txt"]));
    well(&desk.unsaid(&["seal", "-a", "--passphrase-file", "typed", "-o", "one.age", "one.txt"]));
    let opened = desk.unsaid(&["open", "-i", "one.age", "--passphrase-file", "typed", "sealed.age"]);
    well(&opened);
    assert_eq!(opened.stdout, LETTER);
    let (shown, code) = desk.at_terminal(
        &[UNSAID, "open", "-i", "one.age", "-o", "opened.txt", "sealed.age"],
        &[("words for one.age", "seven swans\n")],
    );
    assert_eq!((code, desk.read("opened.txt").as_slice()), (0, LETTER), "{shown}");
    desk.write("typed", "six geese\n");
    let wrong = desk.unsaid(&["open", "-i", "one.age", "--passphrase-file", "typed", "sealed.age"]);
    refused(&wrong, "one.age: This passphrase does not open the file.");
    refused(&desk.unsaid(&["open", "-i", "sealed.age", "sealed.age"]), "itself sealed to a key");
}

#[test]
fn two_hundred_megabytes_take_no_more_memory_than_two() {
    const MEASURE: &str = "import subprocess, sys, resource\n\
        subprocess.run(sys.argv[1:], check=True)\n\
        print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)";
    let desk = Desk::new();
    File::create(desk.path("big")).unwrap().set_len(200_000_000).unwrap();
    let to = desk.recipient("one.txt");
    let runs: [&[&str]; 3] = [
        &["seal", "-r", &to, "-o", "big.age", "big"],
        &["open", "-i", "one.txt", "-o", "again", "big.age"],
        &["seal", "-a", "-r", &to, "-o", "big.txt", "big"],
    ];
    for run in runs {
        let measured = desk.tool("python3", &[&["-c", MEASURE, UNSAID], run].concat());
        well(&measured);
        let kibibytes: u64 = String::from_utf8(measured.stdout).unwrap().trim().parse().unwrap();
        assert!(kibibytes < 32 * 1024, "{run:?} took {kibibytes} KiB");
    }
    assert_eq!(File::open(desk.path("again")).unwrap().metadata().unwrap().len(), 200_000_000);
    assert!(desk.tool("cmp", &["big", "again"]).status.success());
    assert!(desk.tool("age", &["-d", "-i", "one.txt", "-o", "theirs", "big.txt"]).status.success());
    assert!(desk.tool("cmp", &["big", "theirs"]).status.success());
}

#[test]
fn what_is_cut_or_damaged_leaves_nothing_that_looks_whole() {
    let desk = Desk::new();
    let to = desk.recipient("one.txt");
    desk.write("photo", vec![7; 300_000]);
    well(&desk.unsaid(&["seal", "-r", &to, "-o", "whole.age", "photo"]));
    well(&desk.unsaid(&["seal", "-a", "-r", &to, "-o", "armoured.age", "photo"]));
    let whole = desk.read("whole.age");
    let flipped = |at: usize| {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        changed
    };
    // The head is followed by chunks of 65,552 bytes.
    let head = whole.len() - 300_000 - 5 * 16;
    for (name, bytes) in [
        ("middle", flipped(150_000)),
        ("head", flipped(head - 36)),
        ("end", flipped(whole.len() - 1)),
        ("cut", whole[..200_000].to_vec()),
        ("cut-between-chunks", whole[..head + 2 * 65_552].to_vec()),
        ("cut-in-the-head", whole[..100].to_vec()),
        ("more", [&whole[..], b"x"].concat()),
        ("text", desk.read("armoured.age")[..200_000].to_vec()),
    ] {
        desk.write("broken.age", &bytes);
        let before = desk.names();
        refused(
            &desk.unsaid(&["open", "-i", "one.txt", "-o", "out", "broken.age"]),
            "damaged or its end is missing",
        );
        assert_eq!(desk.names(), before, "{name} left something behind");
        // What lay there before stays.
        desk.write("kept", "kept");
        assert!(!desk.unsaid(&["open", "-i", "one.txt", "-o", "kept", "broken.age"]).status.success());
        assert_eq!(desk.read("kept"), b"kept");
        std::fs::remove_file(desk.path("kept")).unwrap();
        // A pipe cannot take back what went through it, so that is said, and loudly.
        let piped = desk.piped(&["open", "-i", "one.txt"], &bytes);
        let said = refused(&piped, "damaged or its end is missing");
        assert_eq!(said.contains("NOT WHOLE"), !piped.stdout.is_empty(), "{name}: {said}");
        assert!(piped.stdout.len() <= 300_000 && piped.stdout.iter().all(|b| *b == 7), "{name}");
    }
    assert!(desk.piped(&["open", "-i", "one.txt"], &whole[..200_000]).stdout.len() > 100_000);
}

#[test]
fn nothing_at_all_can_be_sealed_too() {
    let desk = Desk::new();
    desk.write("nothing", "");
    well(&desk.unsaid(&["seal", "-r", &desk.recipient("one.txt"), "-o", "nothing.age", "nothing"]));
    well(&desk.unsaid(&["open", "-i", "one.txt", "-o", "opened", "nothing.age"]));
    assert!(desk.read("opened").is_empty());
    assert!(desk.tool("age", &["-d", "-i", "one.txt", "nothing.age"]).status.success());
    refused(&desk.unsaid(&["open", "-i", "one.txt", "nothing"]), "nothing is empty.");
}

#[test]
fn every_refusal_says_what_happened_and_what_to_do() {
    let desk = Desk::new();
    desk.write("letter.txt", LETTER);
    let to = desk.recipient("one.txt");
    well(&desk.unsaid(&["seal", "-r", &to, "-o", "sealed.age", "letter.txt"]));
    desk.write("packed.zip", "PK");
    desk.write("typed", "seven swans\n");
    desk.write("silent", "\nseven swans\n");
    well(&desk.unsaid(&["seal", "--passphrase-file", "typed", "-o", "words.age", "letter.txt"]));
    std::fs::create_dir(desk.path("folder")).unwrap();
    let secret = String::from_utf8(desk.read("one.txt")).unwrap();
    let secret = secret.lines().last().unwrap();
    desk.write("bad-list.txt", format!("{to}\nnonsense\n"));
    let before = desk.names();
    let cases: &[(&[&str], &str)] = &[
        (&["open", "-i", "two.txt", "-o", "out", "sealed.age"], "None of these keys opens the file."),
        (&["open", "-i", "one.txt", "nowhere.age"], "There is no file nowhere.age."),
        (&["open", "-i", "nowhere.txt", "sealed.age"], "There is no file nowhere.txt."),
        (&["open", "-i", "letter.txt", "sealed.age"], "letter.txt, line 1:"),
        (&["open", "-i", "folder", "sealed.age"], "folder is a folder."),
        (&["open", "-i", "one.txt", "letter.txt"], "This is not a sealed file."),
        (&["open", "-i", "one.txt", "packed.zip"], "packed.zip is a packed folder."),
        (&["open", "sealed.age"], "opens with a key."),
        (&["open", "-i", "one.txt", "words.age"], "opens with a passphrase"),
        (&["open", "words.age"], "There is no terminal to ask at."),
        (&["open", "--passphrase-file", "silent", "words.age"], "The first line of silent is empty."),
        (&["open", "--passphrase-file", "nowhere", "words.age"], "nowhere cannot be read"),
        (&["open", "-i", "one.txt", "-o", "sealed.age", "sealed.age"], "would be written over"),
        (&["open", "-i", "one.txt", "-o", "./folder/../one.txt", "sealed.age"], "would be written over"),
        (&["open", "-i", "one.txt", "-o", "folder", "sealed.age"], "folder is a folder."),
        (&["open", "-i", "one.txt", "-o", "nowhere/out", "sealed.age"], "nowhere/out cannot be written"),
        (&["open", "-i", "-"], "Standard input can be read for one thing only."),
        (&["open", "folder"], "without a letter.age"),
        (&["seal", "-r", &to, "folder"], "folder is a folder."),
        (&["seal", "-r", &to, "nowhere.txt"], "There is no file nowhere.txt."),
        (&["seal", "-r", &to, "-o", "letter.txt", "letter.txt"], "would be written over"),
        (&["seal", "letter.txt"], "Nobody is named who could open it."),
        (&["seal", "-p", "-r", &to, "letter.txt"], "has no other way of opening"),
        (&["seal", "-p", "letter.txt"], "There is no terminal to ask at."),
        (&["seal", "-r", "age1nonsense", "letter.txt"], "age1nonsense:"),
        (&["seal", "-r", "ssh-ed25519 AAAA", "letter.txt"], "Keys of ssh are not taken here."),
        (&["seal", "-r", secret, "letter.txt"], "This is a secret key"),
        (&["seal", "-R", "bad-list.txt", "letter.txt"], "bad-list.txt, line 2:"),
        (&["seal", "-R", "-"], "Standard input can be read for one thing only."),
    ];
    for (arguments, about) in cases {
        let output = desk.unsaid(arguments);
        let said = refused(&output, about);
        assert!(output.stdout.is_empty(), "{arguments:?}");
        assert!(!said.contains(&secret[20..]), "a secret was said aloud: {said}");
    }
    assert_eq!(desk.names(), before);
    assert_eq!(
        (desk.read("letter.txt").as_slice(), desk.read("one.txt").len()),
        (LETTER, secret_file_length(&desk))
    );
}

fn secret_file_length(desk: &Desk) -> usize {
    // age-keygen writes two comments and the key; a file that was written over would be shorter.
    let length = desk.read("one.txt").len();
    assert!(length > 150);
    length
}

#[test]
fn a_terminal_gets_text_and_never_bytes_unless_it_is_named() {
    let desk = Desk::new();
    let to = desk.recipient("one.txt");
    desk.write("letter.txt", LETTER);
    desk.write("film", b"\x1b[2J\x00\x01 not for a screen");
    let at = |arguments: &[&str]| desk.at_terminal(&[&[UNSAID][..], arguments].concat(), &[]);
    let (shown, code) = at(&["seal", "-r", &to, "letter.txt"]);
    assert!(
        code == 1 && shown.contains("make a mess of the terminal") && !shown.contains("age-encryption"),
        "{shown}"
    );
    let (shown, code) = at(&["seal", "-a", "-r", &to, "letter.txt"]);
    assert!(code == 0 && shown.starts_with("-----BEGIN AGE ENCRYPTED FILE-----"), "{shown}");
    let (shown, code) = at(&["seal", "-o", "-", "-r", &to, "letter.txt"]);
    assert!(code == 0 && shown.starts_with("age-encryption.org/v1"), "{shown}");
    for name in ["letter.txt", "film"] {
        well(&desk.unsaid(&["seal", "-r", &to, "-o", &format!("{name}.age"), name]));
    }
    let (shown, code) = at(&["open", "-i", "one.txt", "letter.txt.age"]);
    assert!(code == 0 && shown.as_bytes() == LETTER, "{shown}");
    let (shown, code) = at(&["open", "-i", "one.txt", "film.age"]);
    assert!(code == 1 && shown.contains("is not text") && !shown.contains('\x1b'), "{shown}");
    assert_eq!(at(&["open", "-i", "one.txt", "-o", "-", "film.age"]).1, 0);
}

#[test]
fn long_work_says_how_far_it_is_where_somebody_watches() {
    let desk = Desk::new();
    let to = desk.recipient("one.txt");
    let slow = format!("(printf first; sleep 2.2; printf second) | {UNSAID} seal -r {to} -o sealed.age");
    let (shown, code) = desk.at_terminal(&["sh", "-c", &slow], &[]);
    assert!(code == 0 && shown.contains("MiB so far"), "{shown:?}");
    assert!(shown.ends_with("\r\u{1b}[K"), "it is wiped away at the end: {shown:?}");
    // Neither on a screen that shows the text itself, nor in a file, nor when the work is short.
    let (shown, _) = desk.at_terminal(&["sh", "-c", &slow.replace("-o sealed.age", "-a -o -")], &[]);
    assert!(!shown.contains("MiB"), "{shown:?}");
    let (shown, _) = desk.at_terminal(&["sh", "-c", &slow.replace("sleep 2.2", "true")], &[]);
    assert!(shown.is_empty(), "{shown:?}");
}

#[test]
fn an_output_is_replaced_whole_and_keeps_its_rights_and_its_link() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let desk = Desk::new();
    desk.write("letter.txt", LETTER);
    well(&desk.unsaid(&["seal", "-r", &desk.recipient("one.txt"), "-o", "sealed.age", "letter.txt"]));
    desk.write("real", "older");
    std::fs::set_permissions(desk.path("real"), std::fs::Permissions::from_mode(0o600)).unwrap();
    symlink("real", desk.path("link")).unwrap();
    well(&desk.unsaid(&["open", "-i", "one.txt", "-o", "link", "sealed.age"]));
    assert_eq!(desk.read("real"), LETTER);
    assert!(desk.path("link").is_symlink());
    assert_eq!(std::fs::metadata(desk.path("real")).unwrap().permissions().mode() & 0o777, 0o600);
    well(&desk.unsaid(&["open", "-i", "one.txt", "-o", "/dev/null", "sealed.age"]));
    assert!(std::fs::metadata("/dev/null").unwrap().permissions().mode() & 0o777 == 0o666);
    if std::path::Path::new("/dev/full").exists() {
        refused(&desk.unsaid(&["open", "-i", "one.txt", "-o", "/dev/full", "sealed.age"]), "Writing failed");
    }
}
