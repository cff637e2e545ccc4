//! What came back by mail and what people answered to a knock, each with a text of its own in its headers and its body: what the program says, and everything that the
//! house has written but the messages themselves, hold none of it in any form.

use super::canary::{Haystack, files, planted};
use super::house::{House, answer, receive, report};
use std::sync::Arc;
use unsaid::secrets::ReturnKind;

const OLD: &str = "anna.reedbunting@old.example.net";
const NEW: &str = "anna.goldcrest@example.com";
const SAID: &str = "the heron has left its pool";

#[tokio::test]
async fn nothing_that_came_back_by_mail_stands_in_anything_the_house_writes() {
    let folder = tempfile::tempdir().unwrap();
    let mut house = House::open(folder.path(), Arc::default(), "outbox").await;
    let (_, knock, _) = house.knocked(&[OLD, NEW]).await;
    let (bounce, reply) = (house.address(knock, ReturnKind::Bounce), house.address(knock, ReturnKind::Reply));
    let with_canaries = |message: Vec<u8>| {
        let text = String::from_utf8(message).unwrap().replace("anna@old.example.net", OLD);
        let text = text.replacen("Subject: ", &format!("X-Told: {SAID}\nSubject: {SAID} "), 1);
        format!("{text}\n{SAID}\n").into_bytes()
    };
    let mut said = Vec::new();
    for name in ["postfix-later", "holiday-notice", "exim-on-a-blacklist", "a-report-that-names-nobody"] {
        said.push(receive(folder.path(), &bounce, &with_canaries(report(name))));
    }
    said.push(receive(folder.path(), &reply, &with_canaries(answer(""))));
    said.push(receive(folder.path(), &bounce, &with_canaries(report("postfix-nobody-there"))));
    house.turn().await;
    assert_eq!((house.sent_to(OLD), house.sent_to(NEW)), (2, 1), "two of them were heeded");
    let printed: Vec<u8> =
        said.into_iter().flat_map(|output| [output.stdout, output.stderr].concat()).collect();
    let mut written = vec![("what it said".to_owned(), Haystack::new(&printed))];
    for path in files(&folder.path().join("data")) {
        let name = path.strip_prefix(folder.path()).unwrap().display().to_string();
        if !name.starts_with("data/outbox/") && !name.starts_with("data/keys/") {
            written.push((name, Haystack::new(&std::fs::read(&path).unwrap())));
        }
    }
    let finds = |text: &str| written.iter().any(|(_, bytes)| bytes.holds(text).is_some());
    assert!(finds("its address is dead") && finds("create table"), "what stands there is found");
    for secret in [OLD, NEW, SAID, "reedbunting", "goldcrest", "Is it really from Papa?", &bounce, &reply] {
        for form in planted(secret) {
            assert!(Haystack::new(&form).holds(secret).is_some(), "{secret} is found as {form:?}");
        }
        for (name, bytes) in &written {
            assert_eq!(bytes.holds(secret), None, "{secret} is in {name}");
        }
    }
}
