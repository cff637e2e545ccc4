//! The keys that the house opens with: replaced, renewed, retired; and stolen wraps, which are peeled for nobody.

use super::house::*;
use axum::http::StatusCode;
use serde_json::json;
use unsaid::peel::NotPeeled;
use unsaid::secrets::HouseKeys;
use unsaid_seal::letter::LetterToCompose;
use unsaid_seal::pq;
use unsaid_seal::seal::seal_letter;
use unsaid_store::rows::{Kept, Released, StoredWrap, WrapKind};
use unsaid_store::{EngineStore, LetterStore, ReaderStore};

const OK: StatusCode = StatusCode::OK;

/// The secrets of this house as a file, so that they can be rotated as the command line does it.
pub(super) fn on_disk(house: &House) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("host.secrets"), &**house.app.keys.to_text()).unwrap();
    folder
}

pub(super) fn read(folder: &tempfile::TempDir) -> HouseKeys {
    HouseKeys::read(folder.path()).unwrap_or_else(|e| panic!("{e}"))
}

/// A letter of these words' keeping that leaves at once; gives its id.
async fn sealed(house: &House, helen: &mut Writer, dan: &str, kept: Kept) -> String {
    let (id, _) = helen.write(house, false).await;
    let whole = helen.seal_whole(house, &id, 1, kept, "There was no shift.");
    helen.bring(&id, 1, &whole).await;
    let mut asked = sealing(dan, &whole.manifest_hash, json!("none"));
    asked["kept"] = json!(if kept == Kept::Words { "words" } else { "house" });
    helen.browser.post(&format!("/api/letters/{id}/versions/1/seal"), &asked).await.is(OK);
    id
}

/// Opens everything that waits behind a knock, and gives what the store releases, each with its kind.
async fn open_all(house: &House, link: &[u8; 32]) -> (Browser, Vec<(String, Released)>) {
    let (reader, browser) = house.reader(link).await;
    let mut released = Vec::new();
    for waiting in house.store.waiting(&reader).await.unwrap() {
        let id = waiting.delivery.id;
        let now = house.app.time.now();
        if let Some(granted) = unsaid_delivery::accept::open(&waiting.delivery).unwrap() {
            house.store.open(&reader, &waiting.delivery, &granted, now).await.unwrap();
        }
        released.push((id.to_string(), house.store.release(&reader, id).await.unwrap()));
    }
    (browser, released)
}

#[tokio::test]
async fn what_was_sealed_for_an_old_key_opens_after_that_key_was_retired() {
    let house = House::new();
    let outbox = tempfile::tempdir().unwrap();
    let mut helen = house.author(HELEN).await;
    let dan = helen.person("dan@example.org").await;
    helen.card(&dan).await;
    sealed(&house, &mut helen, &dan, Kept::House).await;
    sealed(&house, &mut helen, &dan, Kept::Words).await;
    let all = house.store.wraps_by_generation().await.unwrap();
    assert_eq!(all, [(1, 3)], "two letters and an account");
    let before = house.app.peel.recipient();

    let folder = on_disk(&house);
    let rotated = read(&folder).rotate(folder.path(), &*house.chance).unwrap_or_else(|e| panic!("{e}"));
    house.peel.replace(&rotated);
    let told = helen.browser.get("/api/house").await.is(OK);
    assert_eq!(told["hostGeneration"], 2);
    assert_ne!(told["hostRecipient"], before.as_str());
    // Until the job has come by, the old key opens.
    helen.browser.post("/api/lock", &json!({})).await.is(OK);
    helen.unlock().await;

    // A page from before the rotation seals for the old key; what is kept is for the present one.
    let (id, _) = helen.write(&house, false).await;
    let old: pq::Recipient = before.parse().unwrap();
    let letter = LetterToCompose {
        letter_id: &id,
        version: 1,
        from: "Helen",
        to: "Dan",
        unix_seconds: 0,
        text: "Late.",
    };
    let late = seal_letter(&letter, &helen.identity.to_recipient(), Some(&old), &mut helen.rng).unwrap();
    helen.bring(&id, 1, &late).await;
    let asked = sealing(&dan, &late.manifest_hash, json!("none"));
    helen.browser.post(&format!("/api/letters/{id}/versions/1/seal"), &asked).await.is(OK);
    assert_eq!(house.store.wraps_by_generation().await.unwrap(), [(1, 3), (2, 1)]);

    house.work(outbox.path()).await;
    assert_eq!(house.store.wraps_by_generation().await.unwrap(), [(2, 4)], "the job has renewed all");
    house.peel.replace(&read(&folder).retire(folder.path(), 1).unwrap_or_else(|e| panic!("{e}")));

    helen.browser.post("/api/lock", &json!({})).await.is(OK);
    helen.unlock().await;
    house.pass(60);
    house.work(outbox.path()).await;
    let mails = House::mails(outbox.path());
    let knock = mails.iter().find_map(|mail| link_in(mail, "k"));
    let knock = knock.unwrap_or_else(|| panic!("no knock in {mails:#?}"));
    let (reader, mut browser) = house.reader(&knock).await;
    let waiting = house.store.waiting(&reader).await.unwrap();
    assert_eq!(waiting.len(), 3);
    let mut by_words = 0;
    for letter in waiting {
        let id = letter.delivery.id;
        let now = house.app.time.now();
        let granted = unsaid_delivery::accept::open(&letter.delivery).unwrap().unwrap();
        house.store.open(&reader, &letter.delivery, &granted, now).await.unwrap();
        if letter.kept == Kept::Words {
            by_words += 1;
            let released = house.store.release(&reader, id).await.unwrap();
            let file = house.app.peel.give(&released).unwrap();
            let key = unsaid_seal::claim::open_words_file(&file, &card_words()).unwrap();
            assert!(std::str::from_utf8(&key).unwrap().contains("AGE-SECRET-KEY-1"));
        } else {
            let key = browser.post(&format!("/waiting/{id}/key"), &json!({})).await.is(OK);
            assert!(key["key"].as_str().unwrap().starts_with("AGE-SECRET-KEY-1"));
        }
    }
    assert_eq!(by_words, 1);
}

#[tokio::test]
async fn a_wrap_that_no_key_opens_stands_in_nobodys_way() {
    let house = House::new();
    let outbox = tempfile::tempdir().unwrap();
    let mut helen = house.author(HELEN).await;
    let dan = helen.person("dan@example.org").await;
    for _ in 0..3 {
        helen.sealed(&house, &dan, json!("none")).await;
    }
    let wraps = house.store.wraps_to_rewrap(u32::MAX, 100).await.unwrap();
    let damaged: &StoredWrap = wraps.iter().find(|w| w.kind == WrapKind::Host).unwrap();
    house.store.rewrapped(damaged, b"nothing that opens".to_vec(), 1).await.unwrap();
    let folder = on_disk(&house);
    house
        .peel
        .replace(&read(&folder).rotate(folder.path(), &*house.chance).unwrap_or_else(|e| panic!("{e}")));
    house.work(outbox.path()).await;
    let left = house.store.wraps_by_generation().await.unwrap();
    assert_eq!(left, [(1, 1), (2, 3)], "it stays under its own number, so that its key is not retired");
}

#[tokio::test]
async fn a_stolen_wrap_is_peeled_for_nobody() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let dan = helen.person("dan@example.org").await;
    helen.card(&dan).await;
    let mut mallory = house.author("mallory@example.org").await;
    let moe = mallory.person("moe@example.org").await;
    mallory.card_of(&moe, &unsaid_seal::claim::claim_words(&[9; 10])).await;
    sealed(&house, &mut helen, &dan, Kept::House).await;
    sealed(&house, &mut helen, &dan, Kept::Words).await;
    let stolen = house.store.wraps_to_rewrap(u32::MAX, 100).await.unwrap();
    for (kind, kept, name) in [(WrapKind::Host, Kept::House, "host"), (WrapKind::Words, Kept::Words, "words")]
    {
        let wrap = &stolen.iter().find(|w| w.kind == kind).unwrap().bytes;
        let (id, _) = mallory.write(&house, false).await;
        let whole = mallory.seal_whole(&house, &id, 1, kept, "Bait.");
        mallory.bring(&id, 1, &whole).await;
        let put = format!("/api/letters/{id}/versions/1/wraps/{name}");
        mallory.browser.put(&put, wrap, &[]).await.says_no(422, "host-cannot-open");
        // Even had it come into the store by another way: it seals nothing.
        let author = mallory.author(&house).await;
        house.store.put_wrap(&author, id.parse().unwrap(), 1, kind, wrap.clone(), 1).await.unwrap();
        let mut asked = sealing(&moe, &whole.manifest_hash, json!("none"));
        asked["kept"] = json!(if kept == Kept::Words { "words" } else { "house" });
        let seal = format!("/api/letters/{id}/versions/1/seal");
        mallory.browser.post(&seal, &asked).await.says_no(422, "host-cannot-open");
        assert_eq!(mallory.state(&id).await, "reserved");
    }
}

#[tokio::test]
async fn a_stolen_wrap_in_the_place_of_a_sealed_one_parks_the_letter_at_the_readers_door() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let dan = helen.person("dan@example.org").await;
    let mut mallory = house.author("mallory@example.org").await;
    let moe = mallory.person("moe@example.org").await;
    mallory.card_of(&moe, &unsaid_seal::claim::claim_words(&[9; 10])).await;
    helen.card(&dan).await;
    for kept in [Kept::House, Kept::Words] {
        sealed(&house, &mut helen, &dan, kept).await;
        sealed(&house, &mut mallory, &moe, kept).await;
    }
    let links = house.turn().await;
    let all = house.store.wraps_to_rewrap(u32::MAX, 100).await.unwrap();
    let of_mallory: Vec<String> = mallory.letters().await;
    for kind in [WrapKind::Host, WrapKind::Words] {
        let (hers, other): (Vec<_>, Vec<_>) =
            all.iter().filter(|w| w.kind == kind).partition(|w| of_mallory.contains(&w.subject));
        house.store.rewrapped(hers[0], other[0].bytes.clone(), 1).await.unwrap();
    }
    for link in &links {
        let (mut browser, released) = open_all(&house, link).await;
        for (delivery, released) in released {
            let mine = of_mallory.iter().any(|id| id == released.subject());
            let given = house.app.peel.give(&released);
            if !mine {
                assert!(given.is_ok());
                continue;
            }
            assert_eq!(given.err(), Some(NotPeeled::WrongBinding));
            if released.kind() == WrapKind::Host {
                let answer = browser.post(&format!("/waiting/{delivery}/key"), &json!({})).await;
                answer.says_no(503, "letter-held");
                let counts = house.store.counts().await.unwrap();
                assert!(counts.iter().any(|(state, n)| state == "parked" && *n == 1), "{counts:?}");
            }
        }
    }
}
