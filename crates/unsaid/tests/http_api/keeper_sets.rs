//! Cards of keepers: sets are made and made anew by their author, freshly, and she is told of it; a letter is sealed to a set of hers, proved as far as the house can, amended, kept through a
//! rotation of the host key, and taken back.

use super::house::*;
use axum::http::StatusCode;
use serde_json::{Value, json};
use unsaid_seal::keeper_set::{open_keeper_set, open_keepers_file};
use unsaid_seal::{Binding, Kind, SealError};
use unsaid_store::keeper_sets::KeeperSetStore;
use unsaid_store::rows::{Kept, WrapKind};
use unsaid_store::{EngineStore, LetterStore};

const OK: StatusCode = StatusCode::OK;
const SETS: &str = "/api/life/keeper-sets";

fn path(n: u8) -> String {
    format!("/api/life/keeper-sets/{}", keepers_set_id(n))
}

fn unbase64url(text: &Value) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text.as_str().unwrap()).unwrap()
}

fn sealing_to_keepers(dan: &str, manifest: &str) -> Value {
    let mut asked = sealing(dan, manifest, json!("none"));
    asked["kept"] = json!("keepers");
    asked
}

#[tokio::test]
async fn a_set_is_made_and_made_anew_by_its_author_who_is_told_each_time() {
    let house = House::new();
    let outbox = tempfile::tempdir().unwrap();
    let mut helen = house.author(HELEN).await;
    let dan = helen.person("dan@example.org").await;
    let made = helen.browser.post(SETS, &keeper_set(1, 2, 3, None)).await.is(OK);
    assert_eq!((&made["needed"], &made["of"], &made["rev"]), (&json!(2), &json!(3), &json!(1)));
    helen.browser.post(SETS, &keeper_set(2, 2, 2, Some(&dan))).await.is(OK);
    let anew = helen.browser.post(SETS, &keeper_set(1, 3, 4, None)).await.is(OK);
    assert_eq!(anew["rev"], 2);

    let all = helen.browser.get(SETS).await.is(OK);
    let sets = all["sets"].as_array().unwrap();
    assert_eq!(
        sets.iter().map(|set| set["id"].clone()).collect::<Vec<_>>(),
        [json!(keepers_set_id(1)), json!(keepers_set_id(2))]
    );
    assert_eq!((&sets[0]["person"], &sets[1]["person"]), (&Value::Null, &json!(dan)));
    // The file of the cards of today is here, and that of the ones before is not.
    let file = unbase64url(&sets[0]["file"]);
    assert!(open_keeper_set(&file, &[3; 16]).is_ok());
    assert_eq!(open_keeper_set(&file, &[2; 16]).err(), Some(SealError::CardsOther));

    helen.browser.post(&format!("{}/printed", path(1)), &json!({})).await.is(OK);
    house.work(outbox.path()).await;
    let told = House::mails(outbox.path());
    let told = told.iter().filter(|mail| mail.contains("keepers-cards")).count();
    assert_eq!(told, 4, "three times made, and once printed");
}

#[tokio::test]
async fn what_is_no_set_or_not_hers_is_refused_and_none_is_made_by_a_page_that_was_left_open() {
    let house = House::new();
    let (mut helen, mut moe) = (house.author(HELEN).await, house.author("moe@example.org").await);
    let dan = helen.person("dan@example.org").await;
    helen.browser.post(SETS, &keeper_set(1, 2, 3, None)).await.is(OK);
    for (asked, status, key) in [
        (
            json!({ "id": keepers_set_id(1), "person": null, "needed": 2, "of": 3, "file": base64url(b"hello") }),
            422,
            "bytes-unknown",
        ),
        (keeper_set(1, 4, 3, None), 409, "keeper-set-cannot-be"),
        (keeper_set(1, 1, 3, None), 409, "keeper-set-cannot-be"),
        (keeper_set(1, 2, 3, Some(&dan)), 409, "keeper-set-cannot-be"),
    ] {
        helen.browser.post(SETS, &asked).await.says_no(status, key);
    }
    helen.browser.post(SETS, &keeper_set(3, 2, 3, Some("x"))).await.says_no(422, "person-missing");
    moe.browser.post(SETS, &keeper_set(1, 2, 3, None)).await.says_no(409, "keeper-set-cannot-be");
    moe.browser.post(SETS, &keeper_set(3, 2, 3, Some(&dan))).await.says_no(409, "keeper-set-cannot-be");
    moe.browser.post(&format!("{}/printed", path(1)), &json!({})).await.says_no(404, "missing");
    assert_eq!(moe.browser.get(SETS).await.is(OK), json!({ "sets": [] }));
    house.pass(3_600);
    helen.browser.get("/api/letters").await;
    let stale = helen.browser.post(SETS, &keeper_set(1, 2, 3, None)).await;
    assert!(stale.status.is_client_error(), "{}", stale.status);
}

#[tokio::test]
async fn a_letter_to_the_keepers_is_proved_amended_and_taken_back() {
    let house = House::new();
    let (mut helen, mut moe) = (house.author(HELEN).await, house.author("moe@example.org").await);
    let dan = helen.person("dan@example.org").await;
    moe.browser.post(SETS, &keeper_set(9, 2, 3, None)).await.is(OK);
    let (id, _) = helen.write(&house, false).await;
    let whole = helen.seal_whole(&house, &id, 1, Kept::Keepers, "Ask Martha.");
    let wrap = whole.keepers_wrap.clone().unwrap();
    let seal = format!("/api/letters/{id}/versions/1/seal");

    // Neither to a set of somebody else, nor for another letter, nor what no keeper could open, nor without saying to which set.
    let to = |n: u8| format!("/api/letters/{id}/versions/1/keepers/{}", keepers_set_id(n));
    helen.browser.put(&to(9), &wrap, &[]).await.says_no(404, "missing");
    helen.browser.put(&to(0), b"hello", &[]).await.says_no(422, "bytes-unknown");
    let other = helen.seal_whole(&house, &id, 2, Kept::Keepers, "x").keepers_wrap.unwrap();
    helen.browser.put(&to(0), &other, &[]).await.says_no(422, "host-cannot-open");
    helen
        .browser
        .put(&format!("/api/letters/{id}/versions/1/wraps/keepers"), &wrap, &[])
        .await
        .says_no(404, "missing");
    moe.browser.put(&to(9), &wrap, &[]).await.says_no(404, "missing");

    helen.bring(&id, 1, &whole).await;
    let mut by_words = sealing_to_keepers(&dan, &whole.manifest_hash);
    by_words["kept"] = json!("words");
    helen.card(&dan).await;
    helen.browser.post(&seal, &by_words).await.says_no(422, "wrap-missing");
    let mut by_house = by_words.clone();
    by_house["kept"] = json!("house");
    helen.browser.post(&seal, &by_house).await.says_no(422, "wrap-not-wanted");
    let mut asks = sealing_to_keepers(&dan, &whole.manifest_hash);
    asks["rule"]["proof"] = json!({ "kind": "birthday", "year": null, "month": 3, "day": 1 });
    assert!(helen.browser.post(&seal, &asks).await.status.is_client_error());
    let mut asked = sealing_to_keepers(&dan, &whole.manifest_hash);
    asked["rule"]["moment"] =
        json!({ "kind": "on", "date": "2037-06-01", "time": "09:00", "zone": "Europe/London" });
    let sealed = helen.browser.post(&seal, &asked).await.is(OK);
    assert_eq!(sealed["letter"]["kept"], "keepers");
    let letter = id.parse().unwrap();
    let set = keepers_set_id(0).parse().unwrap();
    assert_eq!(house.store.keeper_set_of(letter, 1).await.unwrap(), Some(set));

    // New words are sealed to the set, too.
    house.pass(3_700);
    house.turn().await;
    helen.unlock().await;
    let amended = helen.amend(&house, &id, Kept::Keepers, json!("none")).await.is(OK);
    assert_eq!(amended["letter"]["kept"], "keepers");
    assert_eq!(house.store.keeper_set_of(letter, 2).await.unwrap(), Some(set));

    helen.browser.post(&format!("/api/letters/{id}/withdraw"), &json!({})).await.is(OK);
    assert_eq!(house.store.keeper_set_of(letter, 2).await.unwrap(), None, "it opens to nobody");
}

#[tokio::test]
async fn what_the_keepers_open_is_locked_anew_for_a_new_host_key_and_still_opens_with_their_cards() {
    let house = House::new();
    let mut helen = house.author(HELEN).await;
    let dan = helen.person("dan@example.org").await;
    let (id, _) = helen.write(&house, false).await;
    let whole = helen.seal_whole(&house, &id, 1, Kept::Keepers, "Ask Martha.");
    helen.bring(&id, 1, &whole).await;
    let asked = sealing_to_keepers(&dan, &whole.manifest_hash);
    helen.browser.post(&format!("/api/letters/{id}/versions/1/seal"), &asked).await.is(OK);

    let folder = super::host_keys::on_disk(&house);
    let rotated = super::host_keys::read(&folder).rotate(folder.path(), &*house.chance).unwrap();
    house.peel.replace(&rotated);
    let outbox = tempfile::tempdir().unwrap();
    house.work(outbox.path()).await;
    assert_eq!(house.store.wraps_by_generation().await.unwrap(), [(2, 2)], "the letter and the account");
    let author = helen.author(&house).await;
    let wrap = house.store.unproven(&author, id.parse().unwrap(), 1).await.unwrap().keepers_wrap.unwrap();
    assert_ne!(wrap, whole.keepers_wrap.unwrap());
    assert_eq!(house.app.peel.inspect(&wrap, &id, 1, WrapKind::Keepers, None), Ok(2));
    let key = unsaid_seal::HostKey::from_seed(&rotated.host_key_seeds().last().unwrap().1);
    let inner = key.peel(&wrap, &Binding::new(&id, 1, Kind::Keepers).unwrap()).unwrap();
    let file = unbase64url(&helen.browser.get(SETS).await.is(OK)["sets"][0]["file"]);
    let key = open_keepers_file(&open_keeper_set(&file, &[2; 16]).unwrap(), &inner).unwrap();
    assert!(std::str::from_utf8(&key).unwrap().contains("AGE-SECRET-KEY-1"));
}
