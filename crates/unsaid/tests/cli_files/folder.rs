//! `unsaid open 'For Mara/'`: an exported letter as its person finds it on a stick, years later, with her card in her hand, or
//! with damage. The letter is the frozen one of vectors/v2.

use super::tools::{Desk, UNSAID, refused, vectors, well};
use serde_json::json;
use sha2::{Digest, Sha256};

const FOLDER: &str = "For Mara";
const WORDS: &str = "hawk crumpet oil slide hawk crumpet oil swan";

fn frozen(name: &str) -> Vec<u8> {
    std::fs::read(vectors("v2").join(name)).unwrap()
}

/// The folder as it is exported; the key under words, or in clear.
fn exported(in_clear: bool) -> Desk {
    let desk = Desk::new();
    let (key, key_bytes) = if in_clear {
        ("keys/letter.key", "rust-rich/letter.key")
    } else {
        ("keys/mara.age", "rust-rich/words.age")
    };
    let files = [
        ("letter.age", "rust-rich/letter.age"),
        ("media/003.age", "rust-rich/media/003.age"),
        ("signatures/letter.sig.age", "rust-rich/sig.age"),
        (key, key_bytes),
    ];
    let listed: Vec<_> = files
        .iter()
        .map(|(name, from)| {
            let bytes = frozen(from);
            desk.write(&format!("{FOLDER}/{name}"), &bytes);
            let sum: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
            json!({ "name": name, "size": bytes.len(), "sha256": sum })
        })
        .collect();
    desk.write(&format!("{FOLDER}/author/allowed_signers"), frozen("keys/allowed_signers"));
    let about = json!({ "format": "unsaid export 1", "letterId": "rustrichaaaaaaaaaaaaaaaaa6", "version": 3, "keyKind": "X25519", "files": listed });
    desk.write(&format!("{FOLDER}/about.json"), about.to_string());
    desk.write("words", format!("{WORDS}\n"));
    desk
}

fn opened(desk: &Desk, into: &str) {
    for (name, from) in [
        ("letter.eml", "letter.eml"),
        ("letter.txt", "text.txt"),
        ("letter.eml.sig", "letter.eml.sig"),
        ("001.jpg", "plain/001.jpg"),
        ("002.webp", "plain/002.webp"),
        ("003.png", "plain/003.png"),
    ] {
        assert_eq!(desk.read(&format!("{into}/{name}")), frozen(&format!("rust-rich/{from}")), "{name}");
    }
}

#[test]
fn the_folder_opens_with_the_words_however_they_are_typed() {
    let desk = exported(false);
    desk.write("typed", "1. HAWK 2. crum 3. Oil 4. slid 5. hawk 6. crumpet 7. oil 8. SWAN\n");
    let output = desk.unsaid(&["open", "--passphrase-file", "typed", "For Mara/"]);
    well(&output);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("From Ana to Мара. Opened into For Mara/opened"), "{said}");
    assert!(said.contains("signed by the hand SHA256:Qa7gPCpitHPdwoET8Bwdf69eNAGxbPw4HDOSilP/Fig"), "{said}");
    opened(&desk, "For Mara/opened");
    // ssh-keygen agrees, with the files as they lie there.
    let verify = "ssh-keygen -Y verify -f author/allowed_signers -I author@unsaid.invalid -n letter@unsaid -s opened/letter.eml.sig < opened/letter.eml";
    let agreed = desk.tool("sh", &["-c", &format!("cd 'For Mara' && {verify}")]);
    assert!(agreed.status.success(), "{agreed:?}");
    // And a second time, elsewhere.
    well(&desk.unsaid(&["open", "--passphrase-file", "words", "-o", "elsewhere", FOLDER]));
    opened(&desk, "elsewhere");
}

#[test]
fn at_a_terminal_a_misread_word_is_named_and_typed_again() {
    let desk = exported(false);
    let typed = [
        ("eight words", "hawk cruise oil slide hawk crumpet oil swan\n"),
        ("Word 2 is probably misread", ""),
        ("eight words", "hawk crumpet qqqq slide hawk crumpet oil swan\n"),
        ("Word 3 is not one of the list", ""),
        ("eight words", "hawk crumpet oil slide hawk crumpet oil swan\n"),
    ];
    let (shown, code) = desk.at_terminal(&[UNSAID, "open", FOLDER], &typed);
    assert_eq!(code, 0, "{shown}");
    opened(&desk, "For Mara/opened");
}

#[test]
fn the_words_of_another_card_open_nothing() {
    let desk = exported(false);
    desk.write("words", "abbey abbey abbey abbey abbey abbey abbey ability\n");
    let output = desk.unsaid(&["open", "--passphrase-file", "words", FOLDER]);
    refused(&output, "These are the words of another card.");
    assert!(!desk.path("For Mara/opened").exists());
}

#[test]
fn a_key_in_clear_or_named_needs_no_words() {
    let desk = exported(true);
    well(&desk.unsaid(&["open", FOLDER]));
    opened(&desk, "For Mara/opened");
    let desk = exported(false);
    desk.write("letter.key", frozen("rust-rich/letter.key"));
    well(&desk.unsaid(&["open", "-i", "letter.key", FOLDER]));
    opened(&desk, "For Mara/opened");
    refused(
        &desk.unsaid(&["open", "-i", "one.txt", "-o", "no", FOLDER]),
        "This key does not open letter.age.",
    );
    assert!(!desk.path("no").exists());
}

#[test]
fn the_stock_age_tool_opens_the_folder_as_the_first_page_says() {
    let desk = exported(false);
    let command = "cd 'For Mara' && exec age -d -i keys/mara.age -o letter.eml letter.age";
    let (shown, code) = desk.at_terminal(&["sh", "-c", command], &[("passphrase", &format!("{WORDS}\n"))]);
    assert_eq!(code, 0, "{shown}");
    assert_eq!(desk.read("For Mara/letter.eml"), frozen("rust-rich/letter.eml"));
}

#[test]
fn damage_is_named_and_what_is_whole_is_opened_all_the_same() {
    let desk = exported(true);
    let mut media = frozen("rust-rich/media/003.age");
    media[40_000] ^= 1;
    desk.write("For Mara/media/003.age", &media);
    let said = refused(&desk.unsaid(&["open", FOLDER]), "media/003.age is damaged.");
    assert_eq!(said.matches("003.age").count(), 1, "once is enough: {said}");
    assert_eq!(desk.read("For Mara/opened/letter.txt"), frozen("rust-rich/text.txt"));
    assert!(!desk.path("For Mara/opened/003.png").exists());

    std::fs::remove_file(desk.path("For Mara/media/003.age")).unwrap();
    refused(&desk.unsaid(&["open", FOLDER]), "media/003.age is missing.");

    let desk = exported(true);
    let mut letter = frozen("rust-rich/letter.age");
    letter[3000] ^= 1;
    desk.write("For Mara/letter.age", &letter);
    refused(&desk.unsaid(&["open", FOLDER]), "letter.age is damaged");
    assert!(!desk.path("For Mara/opened").exists());

    // The card's file itself: it is named, although no words open it any more.
    let desk = exported(false);
    let mut key = frozen("rust-rich/words.age");
    key[300] ^= 1;
    desk.write("For Mara/keys/mara.age", &key);
    refused(&desk.unsaid(&["open", "--passphrase-file", "words", FOLDER]), "keys/mara.age is damaged.");
    desk.write("nonsense.key", "nonsense");
    refused(&desk.unsaid(&["open", "-i", "nonsense.key", FOLDER]), "not the key of a letter.");

    // A picture that was exchanged under the same key is not the one that she signed.
    let desk = exported(true);
    desk.write("For Mara/media/003.age", frozen("refused/media-replaced.age"));
    desk.write("For Mara/about.json", r#"{"format":"unsaid export 1","files":[]}"#);
    refused(&desk.unsaid(&["open", FOLDER]), "media/003.age is damaged.");
    assert!(!desk.path("For Mara/opened/003.png").exists());
}

#[test]
fn a_letter_without_a_signature_or_with_a_wrong_one_is_opened_with_a_warning() {
    let desk = exported(true);
    std::fs::remove_file(desk.path("For Mara/signatures/letter.sig.age")).unwrap();
    desk.write("For Mara/about.json", r#"{"format":"unsaid export 1","files":[]}"#);
    let output = desk.unsaid(&["open", FOLDER]);
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("It is not signed: be careful."));

    let desk = exported(true);
    let other = "author@unsaid.invalid namespaces=\"letter@unsaid\" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop\n";
    desk.write("For Mara/author/allowed_signers", other);
    refused(&desk.unsaid(&["open", FOLDER]), "The signature does not belong to this letter.");
    assert!(desk.path("For Mara/opened/letter.txt").exists());
    std::fs::remove_file(desk.path("For Mara/author/allowed_signers")).unwrap();
    refused(&desk.unsaid(&["open", FOLDER]), "allowed_signers is missing");
}

#[test]
fn a_folder_that_was_mixed_up_is_noticed() {
    let desk = exported(true);
    let about =
        r#"{"format":"unsaid export 1","letterId":"rustrichaaaaaaaaaaaaaaaaa6","version":4,"files":[]}"#;
    desk.write("For Mara/about.json", about);
    refused(&desk.unsaid(&["open", FOLDER]), "another letter than the one that about.json names");
    desk.write("For Mara/about.json", r#"{"format":"unsaid export 2"}"#);
    refused(&desk.unsaid(&["open", FOLDER]), "newer format");
    desk.write("For Mara/about.json", "{");
    refused(&desk.unsaid(&["open", FOLDER]), "about.json is damaged.");
    // A name that leads out of the folder is not followed.
    let evil = r#"{"format":"unsaid export 1","files":[{"name":"../one.txt","sha256":"00"},{"name":"/etc/passwd","sha256":"00"}]}"#;
    desk.write("For Mara/about.json", evil);
    well(&desk.unsaid(&["open", FOLDER]));
    std::fs::remove_file(desk.path("For Mara/about.json")).unwrap();
    let output = desk.unsaid(&["open", FOLDER]);
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("There is no about.json"));
    std::fs::remove_dir_all(desk.path("For Mara/keys")).unwrap();
    refused(&desk.unsaid(&["open", FOLDER]), "There is no key in this folder's keys.");
}

/// A stick from a stranger: links, devices and names that would reach outside of the folder.
#[test]
fn a_hostile_folder_reaches_nothing_outside_of_itself() {
    use std::os::unix::fs::symlink;
    let desk = exported(true);
    desk.write("precious", "precious");
    std::fs::create_dir_all(desk.path("For Mara/opened")).unwrap();
    for name in ["letter.txt", "letter.eml", "001.jpg", "003.png", "letter.eml.sig"] {
        symlink("../../precious", desk.path(&format!("For Mara/opened/{name}"))).unwrap();
    }
    well(&desk.unsaid(&["open", FOLDER]));
    assert_eq!(desk.read("precious"), b"precious");
    opened(&desk, "For Mara/opened");

    let desk = exported(true);
    std::fs::create_dir(desk.path("elsewhere")).unwrap();
    symlink("../elsewhere", desk.path("For Mara/opened")).unwrap();
    refused(&desk.unsaid(&["open", FOLDER]), "leads somewhere else");
    assert!(std::fs::read_dir(desk.path("elsewhere")).unwrap().next().is_none());

    // What never ends is not read.
    for name in ["letter.age", "about.json", "keys/letter.key", "media/003.age", "signatures/letter.sig.age"]
    {
        let desk = exported(true);
        std::fs::remove_file(desk.path(&format!("For Mara/{name}"))).unwrap();
        symlink("/dev/zero", desk.path(&format!("For Mara/{name}"))).unwrap();
        let said = refused(&desk.unsaid(&["open", FOLDER]), "no ordinary file");
        assert!(said.contains(name), "{said}");
    }

    // One file is not read ten thousand times because a list names it so often.
    let desk = exported(true);
    let many = json!({ "format": "unsaid export 1", "files": vec![json!({ "name": "letter.age", "sha256": "" }); 201] });
    desk.write("For Mara/about.json", many.to_string());
    refused(&desk.unsaid(&["open", FOLDER]), "about.json is damaged.");

    // A name with commands for the terminal is shown, and not obeyed.
    let about = r#"{"format":"unsaid export 1","files":[{"name":"\u001b[2Jgone","sha256":"00"}]}"#;
    desk.write("For Mara/about.json", about);
    let said = refused(&desk.unsaid(&["open", FOLDER]), "is missing.");
    assert!(!said.contains('\u{1b}') && said.contains("\\u{1b}[2Jgone"), "{said}");
}

/// A frozen folder for keepers' cards, and its cards.
fn for_keepers(place: &str) -> (Desk, Vec<String>) {
    let desk = Desk::new();
    for name in ["about.json", "letter.age", "keys/keepers.age", "keys/keeper-set.age"] {
        desk.write(&format!("{FOLDER}/{name}"), frozen(&format!("{place}/folder/{name}")));
    }
    let about: serde_json::Value = serde_json::from_slice(&frozen(&format!("{place}/about.json"))).unwrap();
    let cards = about["cards"].as_array().unwrap();
    (desk, cards.iter().map(|card| card.as_str().unwrap().to_owned()).collect())
}

#[test]
fn all_keepers_cards_together_open_the_folder_without_a_house_in_any_order() {
    for place in ["rust-without-house", "ts-without-house"] {
        let (desk, mut cards) = for_keepers(place);
        cards.reverse();
        desk.write("cards", cards.join("\n\n"));
        well(&desk.unsaid(&["open", "--passphrase-file", "cards", FOLDER]));
        assert_eq!(desk.read("For Mara/opened/letter.eml"), frozen(&format!("{place}/letter.eml")));
        // What was joined is nowhere in the folder.
        assert!(
            !desk.path("For Mara/letter.key").exists() && !desk.path("For Mara/keys/letter.key").exists()
        );
    }
}

#[test]
fn one_card_too_few_opens_nothing_and_it_is_said_how_many_are_missing() {
    let (desk, cards) = for_keepers("rust-without-house");
    desk.write("cards", cards[1..].join("\n"));
    refused(
        &desk.unsaid(&["open", "--passphrase-file", "cards", FOLDER]),
        "too few cards: one card is missing.",
    );
    desk.write("cards", format!("{}\n{}\n", cards[0], cards[0]));
    refused(&desk.unsaid(&["open", "--passphrase-file", "cards", FOLDER]), "2 cards are missing.");
    desk.write("cards", "\n");
    refused(&desk.unsaid(&["open", "--passphrase-file", "cards", FOLDER]), "No card was typed.");
    let misread = cards[1].replacen(' ', " qqqq", 1);
    desk.write("cards", format!("{}\n{misread}\n", cards[0]));
    refused(
        &desk.unsaid(&["open", "--passphrase-file", "cards", FOLDER]),
        "Card 2: Word 2 is not one of the list.",
    );
    assert!(!desk.path("For Mara/opened").exists());
}

#[test]
fn at_a_terminal_a_misread_card_another_set_and_a_card_twice_are_told_apart() {
    let (desk, cards) = for_keepers("rust-without-house");
    let (_, others) = for_keepers("ts-without-house");
    let line = |words: &str| format!("{words}\n");
    let mut words: Vec<&str> = cards[0].split(' ').collect();
    words[6] = if words[6] == "academic" { "acid" } else { "academic" };
    let (misread, first, second, third) =
        (line(&words.join(" ")), line(&cards[0]), line(&cards[1].to_uppercase()), line(&cards[2]));
    let other = line(&others[0]);
    let rest = line(&others[1]);
    let typed = [
        ("words of card 1:", misread.as_str()),
        ("Word 7 is probably misread", ""),
        ("words of card 1:", &first),
        ("2 cards are still missing", ""),
        ("words of card 2:", &first),
        ("typed already", ""),
        ("words of card 2:", &other),
        ("not all of one set", ""),
        ("words of card 3:", &second),
        ("words of card 4:", &rest),
        ("to something else than this folder", ""),
        ("words of card 3:", &third),
    ];
    let (shown, code) = desk.at_terminal(&[UNSAID, "open", FOLDER], &typed);
    assert_eq!(code, 0, "{shown}");
    assert_eq!(desk.read("For Mara/opened/letter.eml"), frozen("rust-without-house/letter.eml"));

    // Enter alone ends it, and nothing was opened.
    let (desk, _) = for_keepers("rust-without-house");
    let typed = [("words of card 1:", first.as_str()), ("words of card 2:", "\n")];
    let (shown, code) = desk.at_terminal(&[UNSAID, "open", FOLDER], &typed);
    assert!(code == 1 && shown.contains("2 cards are missing"), "{shown}");
    assert!(!desk.path("For Mara/opened").exists());
}

#[test]
fn a_folder_for_keepers_that_lost_one_of_its_two_keys_says_which() {
    for (lost, other) in [("keepers.age", "keeper-set.age"), ("keeper-set.age", "keepers.age")] {
        let (desk, cards) = for_keepers("ts-without-house");
        desk.write("cards", cards.join("\n"));
        std::fs::remove_file(desk.path(&format!("For Mara/keys/{lost}"))).unwrap();
        std::fs::remove_file(desk.path("For Mara/about.json")).unwrap();
        let output = desk.unsaid(&["open", "--passphrase-file", "cards", FOLDER]);
        refused(&output, &format!("keys/{lost} is missing, and keepers' cards open nothing without it."));
        assert!(desk.path(&format!("For Mara/keys/{other}")).exists());
    }
    // Somebody who is called so, with a card of their own: it is the words' file.
    let desk = exported(false);
    std::fs::rename(desk.path("For Mara/keys/mara.age"), desk.path("For Mara/keys/keepers.age")).unwrap();
    std::fs::remove_file(desk.path("For Mara/about.json")).unwrap();
    assert!(desk.unsaid(&["open", "--passphrase-file", "words", FOLDER]).status.success());
    opened(&desk, "For Mara/opened");
}
