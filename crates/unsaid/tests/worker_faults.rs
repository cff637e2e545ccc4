//! A fault of the program in the middle of one message: that one is put off and comes to no harm, and everybody else's mail leaves. Knows the worker
//! and its ports; the way out here is one that panics.

use async_trait::async_trait;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use unsaid::chance::SeededChance;
use unsaid::mail::compose::Letterhead;
use unsaid::mail::{Answer, Mail, Outgoing, Permission};
use unsaid::secrets::HouseKeys;
use unsaid::worker::{Tools, Worker};
use unsaid_delivery::state::State;
use unsaid_store::PersonStore;
use unsaid_store::conformance::scene::{HOUR, Scene, now};
use unsaid_store::memory::MemoryStore;
use unsaid_store::rows::{Lane, NewAddress, NewPerson};

const MARKED: &str = "marked@example.org";

/// Accepts everything, but falls over the marked address as long as it is told to.
struct Falls {
    still: AtomicBool,
    after_the_question: bool,
}

#[async_trait]
impl Mail for Falls {
    async fn send(&self, message: &Outgoing, permission: &mut dyn Permission) -> Answer {
        let falls = message.to == MARKED && self.still.load(Ordering::Relaxed);
        assert!(!falls || self.after_the_question, "planted");
        if !permission.still_allowed().await || !permission.still_allowed().await {
            return Answer::Forbidden;
        }
        assert!(!falls, "planted");
        Answer::Accepted
    }

    async fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

async fn one_fault_holds_one(after_the_question: bool) {
    let folder = tempfile::tempdir().unwrap();
    let chance = Arc::new(SeededChance::new(7));
    let keys = Arc::new(HouseKeys::open(folder.path(), &*chance).unwrap().0);
    let store = Arc::new(MemoryStore::new());
    let facts = || store.facts();
    let scene = Scene::new(&*store, &facts);
    let author = scene.author().await;
    let mut deliveries = Vec::new();
    for address in ["first@example.org", MARKED, "last@example.org"] {
        let named = scene.address(scene.keyed());
        let sealed = keys.seal_text(&named.id.to_string(), address, &*chance);
        let id = scene.person_id();
        let address = Some(NewAddress { sealed, ..named });
        let person = NewPerson { id, zone: None, language: "en".into(), address };
        store.add_person(&author, person, now(0)).await.unwrap();
        deliveries.push(scene.sealed(&author, id, now(0)).await.delivery.unwrap().id);
    }
    let mail = Arc::new(Falls { still: AtomicBool::new(true), after_the_question });
    let tools = Tools {
        store: store.clone(),
        mail: mail.clone(),
        keys,
        chance,
        letterhead: Letterhead {
            from_name: "this house".to_owned(),
            from_address: "unsaid@example.net".to_owned(),
            house_name: "this house".to_owned(),
            host_contact: None,
            public_origin: "https://example.net".to_owned(),
        },
        return_path: String::new(),
        hears_bounces: false,
        domain: "example.net".to_owned(),
        hourly: 200,
    };
    let mut worker = Worker::new(tools, scene.boot_id(), Lane::Letters);
    worker.turn(now(9 * HOUR)).await.unwrap();
    let mut states = Vec::new();
    for delivery in &deliveries {
        states.push(scene.view(*delivery).await.delivery.state);
    }
    assert_eq!(states, [State::Knocked(1), State::Sending, State::Knocked(1)]);

    // Put off, and not tried again at once; once the fault is mended, it arrives.
    mail.still.store(false, Ordering::Relaxed);
    worker.turn(now(9 * HOUR + 60)).await.unwrap();
    assert_eq!(scene.view(deliveries[1]).await.delivery.state, State::Sending);
    worker.turn(now(10 * HOUR + 60)).await.unwrap();
    assert_eq!(scene.view(deliveries[1]).await.delivery.state, State::Knocked(1));
}

#[tokio::test]
async fn a_fault_in_one_message_holds_that_one_alone() {
    one_fault_holds_one(false).await;
}

#[tokio::test]
async fn a_fault_after_the_message_was_started_holds_that_one_alone() {
    one_fault_holds_one(true).await;
}
