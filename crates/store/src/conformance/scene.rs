//! What a check needs before it can begin: authors, persons, sealed letters, knocks that arrived, and a small worker that does what time
//! demands. All times are fixed and all names are counted, so that a check says the same in every store and every run.

use crate::rows::*;
use crate::{Store, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::cell::Cell;
use unsaid_delivery::clock::{Now, Observed};
use unsaid_delivery::decide::{Decision, amended, decide};
use unsaid_delivery::fact::Fact;
use unsaid_delivery::id::{
    AccountId, AddressId, BlobId, BootId, DeliveryId, LetterId, MessageId, PersonId, ReplyId,
};
use unsaid_delivery::life::{self, Facts};
use unsaid_delivery::message::Message;
use unsaid_delivery::record::{self, Answer};
use unsaid_delivery::rule::{Gate, Moment, Proof, Reach, Rule};
use unsaid_delivery::state::{Delivery, Rest};

/// A minute in seconds.
pub const MINUTE: i64 = 60;
/// An hour in seconds.
pub const HOUR: i64 = 3_600;
/// A day in seconds.
pub const DAY: i64 = 86_400;
/// When all checks begin, in seconds since 1970: 1 March 2026, 8:00 UTC.
const BEGIN: i64 = 1_772_352_000;
/// The observed time at which they begin: far from the other clock, so that mixing them up shows.
const BEGIN_OBSERVED: i64 = 777_000;

/// So many seconds after the beginning, by both clocks.
pub fn now(seconds: i64) -> Now {
    Now { trusted: trusted(seconds), observed: observed(seconds) }
}

/// So many seconds after the beginning, by trusted time.
pub fn trusted(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(BEGIN + seconds)
}

/// So many seconds after the beginning, by observed time.
pub fn observed(seconds: i64) -> Observed {
    Observed(BEGIN_OBSERVED + seconds)
}

/// An empty store, its facts, and names that were not used yet.
pub struct Scene<'a> {
    /// The store that is checked.
    pub store: &'a dyn Store,
    facts: &'a dyn Fn() -> Vec<Fact>,
    last: Cell<u64>,
}

/// A sealed letter whose first knock arrived, and whoever it arrived at.
pub struct Arrived {
    /// The letter as it was sealed.
    pub letter: Letter,
    /// The name of its delivery.
    pub delivery: DeliveryId,
    /// The knock.
    pub message: MessageId,
    /// Who came with its link.
    pub reader: Reader,
}

impl<'a> Scene<'a> {
    /// Sets the scene on an empty store. `facts` gives all facts that it has committed.
    pub fn new(store: &'a dyn Store, facts: &'a dyn Fn() -> Vec<Fact>) -> Self {
        Self { store, facts, last: Cell::new(0) }
    }

    /// All facts so far.
    pub fn facts(&self) -> Vec<Fact> {
        (self.facts)()
    }

    /// A number that was not used yet.
    fn count(&self) -> u64 {
        self.last.set(self.last.get() + 1);
        self.last.get()
    }

    /// A name that was not used yet.
    fn id(&self) -> [u8; 16] {
        let count = u128::from(self.count());
        // Spread, so that no store can rely on names being given in order.
        (count.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835)).to_be_bytes()
    }

    /// A keyed hash that was not used yet.
    pub fn keyed(&self) -> Keyed {
        let mut bytes = [0x5A; 32];
        bytes[..16].copy_from_slice(&self.id());
        Keyed(bytes)
    }

    /// Sealed text that was not used yet.
    pub fn sealed_text(&self) -> SealedText {
        SealedText(self.id().to_vec())
    }

    /// What may be asked before a letter opens: their birthday with its year, or a question.
    pub fn proof(&self, question: bool) -> NewProof {
        let question = question.then(|| self.sealed_text());
        NewProof { asks: Asks { with_year: question.is_none(), question }, answer: self.keyed() }
    }

    /// A new account's name.
    pub fn account_id(&self) -> AccountId {
        AccountId(self.id())
    }
    /// A new person's name.
    pub fn person_id(&self) -> PersonId {
        PersonId(self.id())
    }
    /// A new letter's name.
    pub fn letter_id(&self) -> LetterId {
        LetterId(self.id())
    }
    /// A new delivery's name.
    pub fn delivery_id(&self) -> DeliveryId {
        DeliveryId(self.id())
    }
    /// A new message's name.
    pub fn message_id(&self) -> MessageId {
        MessageId(self.id())
    }
    /// A new blob's name.
    pub fn blob_id(&self) -> BlobId {
        BlobId(self.id())
    }
    /// A new answer's name.
    pub fn reply_id(&self) -> ReplyId {
        ReplyId(self.id())
    }
    /// A new start of a node.
    pub fn boot_id(&self) -> BootId {
        BootId(self.id())
    }

    /// An account to be made.
    pub fn new_account(&self, id: AccountId, email_key: Keyed) -> NewAccount {
        NewAccount {
            id,
            email: self.sealed_text(),
            email_key,
            name: self.sealed_text(),
            language: "de".into(),
            zone: "Europe/Berlin".into(),
            recipient: "age1pq1test".into(),
            salt: self.id().to_vec(),
            unlock_key: self.keyed(),
            unlock_wrap: b"host{line, passphrase}".to_vec(),
            vault: b"vault 1".to_vec(),
            host_generation: 1,
        }
    }

    /// An author with an account.
    pub async fn author(&self) -> Author {
        self.author_with(self.keyed(), self.keyed()).await
    }

    /// An author with this address key and this session.
    pub async fn author_with(&self, email_key: Keyed, token: Keyed) -> Author {
        let id = self.account_id();
        let opened = self.store.open_newcomer(token, id, email_key, self.sealed_text(), None, now(0)).await;
        opened.expect("a newcomer's session");
        let new = self.new_account(id, email_key);
        self.store.create_account(token, new, false, now(0)).await.expect("an account")
    }

    /// An address with this key.
    pub fn address(&self, key: Keyed) -> NewAddress {
        NewAddress { id: AddressId(self.id()), sealed: self.sealed_text(), key }
    }

    /// A person at these addresses, which are tried in this order.
    pub async fn person(&self, author: &Author, keys: &[Keyed]) -> (PersonId, Vec<AddressId>) {
        let id = self.person_id();
        let new = NewPerson {
            id,
            zone: None,
            language: "fr".into(),
            address: keys.first().map(|key| self.address(*key)),
        };
        let mut addresses: Vec<_> = new.address.iter().map(|a| a.id).collect();
        self.store.add_person(author, new, now(0)).await.expect("a person");
        for key in keys.iter().skip(1) {
            let address = self.address(*key);
            addresses.push(address.id);
            self.store.add_address(author, id, address, now(0)).await.expect("an address");
        }
        (id, addresses)
    }

    /// An upload that can begin.
    pub fn ask(&self, letter: LetterId, version: u32, name: &str, size: u64) -> UploadAsk {
        let sha256 = self.keyed().0;
        let kind = name.split(['.', '/']).next().unwrap_or(name).into();
        UploadAsk { blob: self.blob_id(), letter, version, name: name.into(), kind, size, sha256 }
    }

    /// A part, whole. Gives its blob.
    pub async fn part(
        &self,
        author: &Author,
        letter: LetterId,
        version: u32,
        name: &str,
        size: u64,
    ) -> BlobId {
        let ask = self.ask(letter, version, name, size);
        let upload = self.store.begin_upload(author, ask, now(0)).await.expect("an upload");
        self.store.upload_grew(author, upload.blob, size).await.expect("bytes");
        self.store.upload_ended(author, upload.blob, true).await.expect("an end");
        upload.blob
    }

    /// A version with its letter and both wraps.
    pub async fn fill(&self, author: &Author, letter: LetterId, version: u32) {
        self.part(author, letter, version, "letter.age", 1_000 + u64::from(version)).await;
        for kind in [WrapKind::Author, WrapKind::Host] {
            let bytes = format!("{} {version}", kind.name()).into_bytes();
            self.store.put_wrap(author, letter, version, kind, bytes, 1).await.expect("a wrap");
        }
    }

    /// What is promised: it rests for six hours, one of them observed, and then goes at once.
    pub fn promise(&self, person: PersonId, now: Now) -> Promise {
        let until = now.trusted + SignedDuration::from_hours(6);
        Promise {
            delivery: self.delivery_id(),
            person,
            rule: Rule { gate: Gate::None, moment: Moment::AtOnce, reach: Reach::Send, proof: Proof::None },
            occurrence: 0,
            rest: Rest { until, observed: now.observed.plus_seconds(HOUR) },
            due: until,
            tzdb: "2026a".into(),
            proof: None,
        }
    }

    /// A letter that was reserved and filled, with what its sealing would say.
    pub async fn ready_to_seal(&self, author: &Author, person: PersonId, now: Now) -> Seal {
        let letter = self.letter_id();
        self.store.reserve_letter(author, letter, now).await.expect("a reserved letter");
        self.fill(author, letter, 1).await;
        Seal { letter, version: 1, manifest: self.keyed().0, promise: Some(self.promise(person, now)) }
    }

    /// A letter that rests.
    pub async fn sealed(&self, author: &Author, person: PersonId, now: Now) -> Letter {
        let seal = self.ready_to_seal(author, person, now).await;
        self.store.seal(author, seal, now).await.expect("a sealed letter")
    }

    /// The promise of a letter as it stands now.
    pub async fn promised(&self, author: &Author, letter: LetterId) -> Delivery {
        let letter = self.store.letter(author, letter).await.expect("a letter");
        letter.delivery.expect("a promise")
    }

    /// A letter that has left, nine hours after `at`: a knock arrived at the person, its own, or an earlier one whose link leads to it too.
    pub async fn arrived(&self, author: &Author, person: PersonId, at: i64) -> Arrived {
        let letter = self.sealed(author, person, now(at)).await;
        self.turn(now(at + 9 * HOUR), Answer::Accepted).await;
        let delivery = letter.delivery.as_ref().expect("a promise").id;
        let message = self.view(delivery).await.pair.knocks.last().expect("a knock").id;
        Arrived { delivery, message, reader: self.reader(message).await, letter }
    }

    /// Who comes with the link of a knock.
    pub async fn reader(&self, message: MessageId) -> Reader {
        self.store.knock(link_of(message)).await.expect("an answer").expect("a knock").reader
    }

    /// A delivery with its pair.
    pub async fn view(&self, delivery: DeliveryId) -> DeliveryView {
        self.store.delivery(delivery).await.expect("an answer").expect("a delivery")
    }

    /// A message as it stands now.
    pub async fn row(&self, message: MessageId) -> Message {
        self.store.message(message).await.expect("an answer").expect("a message").message
    }

    /// Takes exactly this, and gives back what else has come.
    pub async fn take(&self, boot: BootId, of: WakeOf, now: Now) -> Option<Taken> {
        let mut found = None;
        for taken in self.store.take(boot, Lane::Letters, now, 1_000).await.expect("wakes") {
            if taken.of == of {
                found = Some(taken);
            } else {
                self.store.give_back(&taken).await.expect("given back");
            }
        }
        found
    }

    /// Whether this would be taken now. It is given back.
    pub async fn has_come(&self, of: WakeOf, now: Now) -> bool {
        let taken = self.take(self.boot_id(), of, now).await;
        if let Some(taken) = &taken {
            self.store.give_back(taken).await.expect("given back");
        }
        taken.is_some()
    }

    /// What a decision would be, and the knock it needs.
    pub async fn decision(&self, delivery: DeliveryId, now: Now) -> (Delivery, Decision) {
        let view = self.view(delivery).await;
        let decision = decide(&view.delivery, &view.pair, now).expect("a decision");
        (view.delivery, decision)
    }

    /// Does all that has come, answering each attempt alike. Gives the messages that left, in their order.
    pub async fn turn(&self, now: Now, answer: Answer) -> Vec<Message> {
        let boot = self.boot_id();
        let mut sent = Vec::new();
        for _ in 0..100 {
            let taken = self.store.take(boot, Lane::Letters, now, 10).await.expect("wakes");
            if taken.is_empty() {
                return sent;
            }
            for taken in taken {
                match taken.of {
                    WakeOf::Delivery(id) => self.turn_delivery(&taken, id, now).await,
                    WakeOf::Message(id) => sent.extend(self.turn_message(&taken, id, now, answer).await),
                    WakeOf::Letter(id) => self.turn_letter(&taken, id, now).await,
                    WakeOf::Life(id) => self.turn_life(&taken, id, now).await,
                }
            }
        }
        panic!("the turn does not come to rest");
    }

    async fn turn_life(&self, taken: &Taken, id: AccountId, now: Now) {
        let view = self.store.life(id).await.expect("an answer").expect("a life");
        let facts = Facts { hears_bounces: true, ..view.facts };
        let change = life::decide(&view.life, &facts, now);
        let names = change.write.iter().map(|_| self.message_id()).map(|id| (id, link_of(id))).collect();
        match self.store.decided_life(taken, &view.life, &change, &names, now).await {
            Ok(()) => {}
            Err(StoreError::Conflict) => self.store.give_back(taken).await.expect("given back"),
            Err(error) => panic!("{error:?}"),
        }
    }

    async fn turn_delivery(&self, taken: &Taken, id: DeliveryId, now: Now) {
        let view = self.view(id).await;
        let Some(decision) = decide(&view.delivery, &view.pair, now) else {
            panic!("an end has no wake, but this one has: {:?}", view.delivery)
        };
        let message = self.message_id();
        let knock = Some((message, link_of(message)));
        match self.store.decided(taken, &view.delivery, &decision, knock, now).await {
            Ok(()) => {}
            // Another delivery of the pair wrote the knock first: it is looked at again in this turn.
            Err(StoreError::Conflict) => self.store.give_back(taken).await.expect("given back"),
            Err(error) => panic!("{error:?}"),
        }
    }

    async fn turn_letter(&self, taken: &Taken, id: LetterId, now: Now) {
        let new = self.store.amending(id).await.expect("an answer").expect("new words in their rest");
        let decision = amended(&new, now);
        self.store.amended(taken, &new, decision, now).await.expect("decided");
    }

    async fn turn_message(&self, taken: &Taken, id: MessageId, now: Now, answer: Answer) -> Option<Message> {
        let row = self.row(id).await;
        match self.store.start(taken, &row, now.trusted, now).await.expect("an answer") {
            StartAnswer::Started(started) => {
                let recorded = record::answered(&started, answer, now);
                self.store.recorded(taken, &started, &recorded, now).await.expect("recorded");
                Some(started)
            }
            StartAnswer::NotAllowed(_) => {
                self.store.dropped(taken, &row, now).await.expect("dropped");
                None
            }
            StartAnswer::NotOurs | StartAnswer::Held => panic!("nobody else is here, and nothing is held"),
        }
    }
}

/// The link of a knock, as it would be made from its name.
pub fn link_of(message: MessageId) -> Keyed {
    let mut bytes = [0x11; 32];
    bytes[..16].copy_from_slice(&message.0);
    Keyed(bytes)
}
