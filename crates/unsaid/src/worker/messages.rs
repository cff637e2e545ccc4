//! One message, from its row to its recorded answer. Its body is made here and never stored. Permission is read anew right before DATA, where
//! `started` is stored, and again before the content.

use super::groups::{Begun, Gate};
use super::rehearsed::Rehearsed;
use super::{Done, Worker, trouble};
use crate::mail::compose::{self, Particulars, compose};
use crate::mail::hook::HookLetter;
use crate::mail::lives::News;
use crate::mail::push::PushLetter;
use crate::mail::{Answer, Outgoing, Permission, Reply};
use crate::secrets::ReturnKind;
use crate::words::Words;
use async_trait::async_trait;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use std::sync::Arc;
use unsaid_delivery::message::{Call, Kind, Message, Notice, Subject, Way};
use unsaid_delivery::record;
use unsaid_delivery::{MessageId, Now};
use unsaid_store::care::Wrong;
use unsaid_store::rows::{Lane, MessageView, Recording, StartAnswer, Starting, Taken};
use unsaid_store::{Store, StoreError};
use zeroize::Zeroizing;

/// What cannot be written is looked at again after this long, in observed seconds: the host may mend the settings or the keys.
const UNFIT_SECONDS: i64 = 3_600;

/// A message as it leaves.
enum Written {
    Mail(Outgoing),
    Hook(HookLetter),
    Push(PushLetter),
}

/// What became of it with the host's own way: nobody there refuses for good, and nothing is said of the relay.
fn heard_of_hook(answer: &Answer) -> Option<record::Answer> {
    match answer {
        Answer::Accepted => Some(record::Answer::Accepted),
        Answer::Unknown { .. } => Some(record::Answer::Unknown),
        Answer::Forbidden => None,
        _ => Some(record::Answer::Later),
    }
}

/// The same of a push service, which may say that there is no such browser any more.
fn heard_of_push(answer: &Answer) -> Option<record::Answer> {
    match answer {
        Answer::Refused { .. } => Some(record::Answer::Refused),
        other => heard_of_hook(other),
    }
}

/// How far one message came by itself.
pub(super) enum Sent {
    /// It is done, or to be tried again from its row.
    Ended(Done),
    /// The relay has answered, and that is to be recorded.
    Answered(Box<Answered>),
}

/// An answer of the relay's, and what follows from it.
pub(super) struct Answered {
    /// What is to be committed.
    pub(super) recording: Recording,
    pub(super) answer: Answer,
}

impl Answered {
    /// Says it once, when it stands.
    pub(super) fn say(&self) {
        let (answer, recorded, row) = (&self.answer, &self.recording.recorded, &self.recording.message);
        if recorded.call_host {
            tracing::error!(id = %row.id, ?answer, why = recorded.why, "the relay refuses us; the host has to look");
        } else {
            tracing::info!(id = %row.id, kind = ?row.kind, ?answer, why = recorded.why, "answered");
        }
    }
}

impl Worker {
    pub(super) async fn send(&self, taken: Taken, id: MessageId, now: Now, gate: &Gate) -> Sent {
        match self.send_once(taken, id, now, gate).await {
            Ok(sent) => sent,
            // It was stopped, refused or taken over between two lines: whoever did that has committed what follows.
            Err(StoreError::Conflict) => Sent::Ended(Done::Trouble(1)),
            Err(error) => Sent::Ended(trouble(taken.of, &error)),
        }
    }

    async fn send_once(
        &self,
        taken: Taken,
        id: MessageId,
        now: Now,
        gate: &Gate,
    ) -> Result<Sent, StoreError> {
        let ended = |done| Ok(Sent::Ended(done));
        let store = &self.tools.store;
        if gate.is_shut() {
            store.give_back(&taken).await?;
            return ended(Done::Well);
        }
        let Some(view) = store.message(id).await? else {
            if self.lane == Lane::Letters {
                return ended(Done::Hopeless(Wrong::RowGone));
            }
            // A code's request is forgotten after a day.
            store.give_back(&taken).await?;
            return ended(Done::Well);
        };
        if !self.holds.let_go(view.message.kind) {
            return ended(Done::Held);
        }
        let Some(to) = self.tools.keys.open_text(&view.to_bound_to, &view.to) else {
            tracing::error!(%id, "an address does not open with this house's keys; compare UNSAID_KEYS with the paper");
            return ended(Done::Trouble(UNFIT_SECONDS));
        };
        let by_mail = view.way == Way::Mail;
        if self.put_off(&taken, &view.message, &to, now).await? {
            return ended(Done::Well);
        }
        // Where the relay is silent, other ways are not.
        let waits = by_mail.then(|| self.waits_for_the_relay(taken, &view.message, now)).flatten();
        if let Some(waits) = waits {
            return Ok(Sent::Answered(Box::new(waits)));
        }
        let too_many = |seconds| {
            tracing::warn!(id = %id, "the hourly ceiling is reached");
            ended(Done::Trouble(seconds))
        };
        let is_knock = view.message.kind == Kind::Knock;
        // What cannot leave yet need not be written.
        if let Some(seconds) = self.waits_for_room(now).filter(|_| is_knock) {
            return too_many(seconds);
        }
        let rehearsed = match view.message.kind {
            Kind::Notice(Notice::Rehearsal) => match self.rehearsed(&view, now).await? {
                Some(rehearsed) => Some(rehearsed),
                None => {
                    // Her life went on since, and there is no such message in it any more.
                    store.dropped(&taken, &view.message, now).await?;
                    return ended(Done::Well);
                }
            },
            _ => None,
        };
        let Some(written) = self.write(&view, &to, rehearsed.as_ref(), now).await? else {
            return ended(Done::Trouble(UNFIT_SECONDS));
        };
        if is_knock && let Err(seconds) = self.may_leave_this_hour(now) {
            return too_many(seconds);
        }
        let mut permission =
            Asking { store, gate, taken, now, before: &view.message, standing: Standing::NotAsked };
        let answer = match &written {
            Written::Mail(outgoing) => self.tools.mail.send(outgoing, &mut permission).await,
            Written::Hook(letter) => match &self.tools.hook {
                Some(hook) => hook.send(letter, &mut permission).await,
                // The host has taken it away. It may come back.
                None => Answer::NotReached { reply: Reply::silence() },
            },
            Written::Push(letter) => match &self.tools.push {
                Some(push) => push.send(letter, now.trusted, &mut permission).await,
                None => Answer::NotReached { reply: Reply::silence() },
            },
        };
        let standing = permission.standing;
        let row = match standing {
            Standing::NotAsked => view.message,
            Standing::Started(row) => row,
            Standing::NotAllowed(why) => {
                tracing::info!(id = %id, why, "not sent");
                store.dropped(&taken, &view.message, now).await?;
                return ended(Done::Well);
            }
            Standing::Stopped(row) => {
                // Between the two questions somebody said no. The row was `started`; it is dropped as it now stands.
                tracing::info!(id = %id, "stopped before the content");
                store.dropped(&taken, &row, now).await?;
                return ended(Done::Well);
            }
            Standing::NotOurs => return ended(Done::Well),
            Standing::NotNow => {
                // It waits with the wake that it had, and is taken again as soon as anything is.
                store.give_back(&taken).await?;
                return ended(Done::Well);
            }
            Standing::Held => return ended(Done::Held),
            Standing::Fell => return ended(Done::Fell),
            Standing::Failed(error) => return Err(error),
        };
        let means = match &written {
            Written::Mail(outgoing) => self.heard(&outgoing.to, &answer, now),
            Written::Hook(_) => heard_of_hook(&answer),
            Written::Push(_) => heard_of_push(&answer),
        };
        let Some(means) = means else {
            return ended(Done::Trouble(super::AFTER_TROUBLE_SECONDS));
        };
        // Nothing else goes there, and she hears of it where she is still reached. A code that was asked for from there has nobody yet.
        if let (Written::Push(_), record::Answer::Refused, Subject::Channel(browser)) =
            (&written, means, row.subject)
        {
            let told = MessageId(self.tools.chance.id_bytes());
            if store.browser_over(browser, told, now).await? {
                tracing::info!(id = %id, "a browser takes no notices any more");
            }
        }
        let recorded = record::answered(&row, means, now);
        // Not for the call itself: where the relay takes nothing, it takes no call either.
        if recorded.call_host && !matches!(row.kind, Kind::Notice(Notice::HostCalled(_))) {
            self.calls.want(Call::Relay, now);
        }
        let recording = Recording { taken, message: row, recorded };
        Ok(Sent::Answered(Box::new(Answered { recording, answer })))
    }

    /// The whole message, the same for the same row. None: it cannot be written now, and the log says why.
    async fn write(
        &self,
        view: &MessageView,
        to: &str,
        rehearsed: Option<&Rehearsed>,
        now: Now,
    ) -> Result<Option<Written>, StoreError> {
        let tools = &self.tools;
        let id = view.message.id.to_string();
        let marked = |kind| tools.hears_bounces.then(|| tools.keys.return_address(&id, kind, &tools.domain));
        let is_knock = view.message.kind == Kind::Knock;
        let particulars = Particulars {
            to: to.to_owned(),
            return_path: marked(ReturnKind::Bounce).unwrap_or_else(|| tools.return_path.clone()),
            reply_to: marked(ReturnKind::Reply).filter(|_| is_knock),
            message_id: format!("{}@{}", tools.keys.message_id(&id), tools.domain),
            date: view.message.date.unwrap_or(now.trusted),
        };
        let mut particular = super::about::Particular::default();
        let digits;
        let link;
        let quiet;
        let name;
        let message = match view.message.kind {
            Kind::Code => {
                digits = Zeroizing::new(tools.chance.digits8());
                tools.store.set_code(view.message.id, tools.keys.peppered("code", digits.as_bytes())).await?;
                compose::Message::Code { digits: &digits }
            }
            Kind::Notice(Notice::Welcome) => compose::Message::AccountMade,
            Kind::Notice(Notice::AddressesChanged) => compose::Message::AddressesChanged,
            Kind::Knock => {
                link = self.link("k", &id);
                digits = tools.keys.knock_digits(&id);
                let origin = &tools.letterhead.public_origin;
                quiet = format!("{origin}/quiet/{id}.{}", tools.keys.quiet_token(&id));
                name = self.name_that_may_be_said(view);
                let to = match view.looked_after {
                    true => compose::KnockTo::Guardian,
                    false => compose::KnockTo::Person(name.as_ref().map(|name| name.as_str())),
                };
                compose::Message::Knock { link: &link, digits: &digits, quiet: &quiet, to }
            }
            // The link that undoes it goes to the old address alone.
            Kind::Notice(Notice::SignInChanged) if matches!(view.message.subject, Subject::Channel(_)) => {
                compose::Message::SignInAddressMoved
            }
            Kind::Notice(Notice::Rehearsal) => match rehearsed {
                Some(rehearsed) => rehearsed.message(),
                None => return Ok(None),
            },
            Kind::Notice(Notice::ChannelAdded) => compose::Message::ChannelAdded,
            Kind::Notice(Notice::ChannelRemoved) => compose::Message::ChannelRemoved,
            Kind::Notice(Notice::BrowserOver) => compose::Message::BrowserOver,
            Kind::Notice(Notice::SignInChanged) => {
                link = self.link("address", &id);
                compose::Message::SignInAddressChanged { undo: &link }
            }
            Kind::Notice(Notice::KitMade) => compose::Message::KitMade,
            Kind::Notice(Notice::CardReplaced) => compose::Message::CardReplaced,
            Kind::Notice(Notice::KitUsed) => compose::Message::KitUsed,
            Kind::Notice(Notice::WordsReplaced) => compose::Message::WordsReplaced,
            Kind::Notice(Notice::CardPrinted) => compose::Message::CardPrinted,
            Kind::Notice(Notice::KeepersCards) => compose::Message::KeepersCards,
            Kind::Notice(Notice::Exported) => compose::Message::Exported,
            Kind::Notice(Notice::Trial) => compose::Message::Test,
            Kind::Notice(Notice::Answered) => compose::Message::Answered,
            Kind::Notice(Notice::BytesMissing) => compose::Message::BytesMissing,
            Kind::Notice(Notice::KeeperAccepted) => compose::Message::KeeperNews { news: News::Accepted },
            Kind::Notice(Notice::KeeperDeclined) => compose::Message::KeeperNews { news: News::Declined },
            Kind::Notice(Notice::KeeperMoved) => compose::Message::KeeperNews { news: News::Moved },
            Kind::Notice(Notice::KeeperGaveAddress) => {
                compose::Message::KeeperNews { news: News::GaveAddress }
            }
            Kind::Notice(Notice::KeeperKnowsAddress) => {
                compose::Message::KeeperNews { news: News::KnowsAddress }
            }
            Kind::Notice(Notice::GoesElsewhere) => compose::Message::GoesElsewhere,
            Kind::Notice(Notice::NobodyReads) => compose::Message::NobodyReads,
            Kind::Notice(Notice::AtTheDoor) => {
                link = self.link("k", &id);
                compose::Message::AtTheDoor { link: &link }
            }
            Kind::Notice(Notice::CardAsked) => {
                link = self.link("keeper", &id);
                compose::Message::CardAsked { link: &link }
            }
            Kind::Notice(Notice::EventAsked) => {
                link = self.link("keeper", &id);
                compose::Message::EventAsked { link: &link }
            }
            Kind::Notice(Notice::EventSaid) => compose::Message::KeeperNews { news: News::SaidOfEvent },
            Kind::Notice(Notice::EventOpens) => compose::Message::KeeperNews { news: News::EventOpens },
            Kind::Notice(Notice::SheLives) => {
                name = self.name_that_may_be_said(view);
                let from = name.as_ref().map(|name| name.as_str());
                compose::Message::SheLives { from, letters: super::about::still_there(&view.deliveries) }
            }
            Kind::Notice(Notice::HostCalled(call)) => compose::Message::HostCalled { call },
            Kind::Ladder(ladder) => {
                let about = match &view.about {
                    Some(about) => {
                        self.about_a_life(ladder, &view.message, about.account, &mut particular, now).await?
                    }
                    None => None,
                };
                let Some(about) = about else {
                    tracing::error!(id = %id, "a message of the ladder is about nobody; report it");
                    return Ok(None);
                };
                about
            }
        };
        let words = Words::of(&view.language);
        let written = match view.way {
            Way::Mail => compose(words, &tools.letterhead, &particulars, &message).map(Written::Mail),
            Way::Hook => {
                let name = tools.keys.message_id(&id);
                HookLetter::compose(words, &tools.letterhead, (&name, to), &message).map(Written::Hook)
            }
            Way::Push => {
                let name = tools.keys.message_id(&id);
                PushLetter::compose(words, &tools.letterhead, (&name, to), &message).map(Written::Push)
            }
        };
        match written {
            Ok(written) => Ok(Some(written)),
            Err(unfit) => {
                tracing::error!(id = %id, %unfit, "cannot be written");
                Ok(None)
            }
        }
    }
}

impl Worker {
    /// Who has written, where the host or the person has approved that exact name, and nothing that waits asks for a proof.
    fn name_that_may_be_said(&self, view: &MessageView) -> Option<Zeroizing<String>> {
        let said = view.name.as_ref()?;
        let name = self.tools.keys.open_text(&said.account.to_string(), &said.name)?;
        let mark = Some(self.tools.keys.name_mark(&name));
        (said.approved == mark || said.allowed == mark).then_some(name)
    }

    /// The link in a message: made from its name, so that it is the same however often the message is written.
    pub(super) fn link(&self, page: &str, message: &str) -> Zeroizing<String> {
        let token = self.tools.keys.link_token(message);
        let token = BASE64_URL_SAFE_NO_PAD.encode(*token);
        Zeroizing::new(format!("{}/{page}/{token}", self.tools.letterhead.public_origin))
    }
}

/// What came of the questions before DATA and before the content.
enum Standing {
    NotAsked,
    Started(Message),
    NotAllowed(&'static str),
    Stopped(Message),
    NotOurs,
    /// The gate was shut.
    NotNow,
    /// Something stands in the way of the whole house.
    Held,
    /// The program fell over it while it was to begin.
    Fell,
    Failed(StoreError),
}

/// The closure that the mail room asks.
struct Asking<'a> {
    store: &'a Arc<dyn Store>,
    gate: &'a Gate,
    taken: Taken,
    now: Now,
    before: &'a Message,
    standing: Standing,
}

#[async_trait]
impl Permission for Asking<'_> {
    async fn still_allowed(&mut self) -> bool {
        let (standing, yes) = match std::mem::replace(&mut self.standing, Standing::NotAsked) {
            Standing::NotAsked => {
                let date = self.before.date.unwrap_or(self.now.trusted);
                let starting = Starting { taken: self.taken, message: self.before.clone(), date };
                match self.gate.start(starting).await {
                    Begun::Told(Ok(StartAnswer::Started(row))) => (Standing::Started(row), true),
                    Begun::Told(Ok(StartAnswer::NotAllowed(why))) => (Standing::NotAllowed(why), false),
                    Begun::Told(Ok(StartAnswer::Held)) => (Standing::Held, false),
                    Begun::Told(Ok(StartAnswer::NotOurs)) => (Standing::NotOurs, false),
                    Begun::Told(Err(error)) => (Standing::Failed(error), false),
                    Begun::NotNow => (Standing::NotNow, false),
                    Begun::Fell => (Standing::Fell, false),
                }
            }
            Standing::Started(row) => match self.store.still_allowed(&self.taken, &row, self.now).await {
                Ok(true) => (Standing::Started(row), true),
                Ok(false) => (Standing::Stopped(row), false),
                Err(error) => (Standing::Failed(error), false),
            },
            ended => (ended, false),
        };
        self.standing = standing;
        yes
    }
}
