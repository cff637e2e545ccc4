//! One message of a rehearsal that an author sends to herself: found anew by its place in all that would be written, as it was when she asked for it. Every link in it leads to a page on which nothing
//! can be done; it has no token, and no digits that are anybody's.

use super::Worker;
use super::about::begun;
use crate::mail::compose::{KnockTo, Message as Whole, Rehearsee};
use crate::words::Words;
use unsaid_delivery::calendar::not_before;
use unsaid_delivery::clock::{Now, Observed};
use unsaid_delivery::life::ahead::{Written, rehearsed};
use unsaid_delivery::life::{To, Write};
use unsaid_delivery::message::{REHEARSED_KNOCK, REHEARSED_KNOCK_GUARDIAN};
use unsaid_store::StoreError;
use unsaid_store::lives::LifeView;
use unsaid_store::rows::MessageView;

/// Where every link of a rehearsal leads.
const PAGE: &str = "/rehearsal";

/// What such a message is about.
pub(super) struct Rehearsed {
    link: String,
    words: &'static Words,
    of: Of,
}

/// What it would say.
enum Of {
    /// What a person would be told, or whoever looks after them.
    Knock(KnockTo<'static>),
    Written(Box<(LifeView, Write, Now)>),
}

impl Worker {
    /// None: her life went on since, and it has no such message any more.
    pub(super) async fn rehearsed(
        &self,
        view: &MessageView,
        now: Now,
    ) -> Result<Option<Rehearsed>, StoreError> {
        let link = format!("{}{PAGE}", self.tools.letterhead.public_origin);
        let hers = Words::of(&view.language);
        let to = match view.message.nth {
            REHEARSED_KNOCK => Some(KnockTo::Person(None)),
            REHEARSED_KNOCK_GUARDIAN => Some(KnockTo::Guardian),
            _ => None,
        };
        if let Some(to) = to {
            return Ok(Some(Rehearsed { link, words: hers, of: Of::Knock(to) }));
        }
        let Some(about) = &view.about else { return Ok(None) };
        let Some(LifeView { life, facts }) = self.tools.store.life(about.account).await? else {
            return Ok(None);
        };
        let then = begun(&view.message, now);
        let place = usize::from(view.message.nth).saturating_sub(1);
        let Some(Written { at, life, write }) = rehearsed(&life, &facts, then).into_iter().nth(place) else {
            return Ok(None);
        };
        let words = match write.to {
            To::Host(_) => return Ok(None),
            To::SignIn | To::Channel(_) => hers,
            To::Keeper(id) => {
                let keepers = self.tools.store.keepers(about.account).await?;
                match keepers.iter().find(|keeper| keeper.id == id) {
                    Some(keeper) => Words::of(&keeper.language),
                    None => return Ok(None),
                }
            }
        };
        let seconds = at.duration_since(then.trusted).as_secs();
        let at = Now { trusted: at, observed: Observed(then.observed.0 + seconds) };
        let of = Of::Written(Box::new((LifeView { life, facts }, write, at)));
        Ok(Some(Rehearsed { link, words, of }))
    }
}

impl Rehearsed {
    /// The message, marked.
    pub(super) fn message(&self) -> Whole<'_> {
        let Self { link, words, of } = self;
        let (of, to, day) = match of {
            Of::Knock(to) => {
                let knock = Whole::Knock { link, digits: "00000000", quiet: link, to: *to };
                (knock, Rehearsee::Person, None)
            }
            Of::Written(written) => {
                let (view, write, at) = &**written;
                let to =
                    if matches!(write.to, To::Keeper(_)) { Rehearsee::Keeper } else { Rehearsee::Author };
                (Worker::would_say(write, view, link, *at), to, Some(not_before(at.trusted, 0)))
            }
        };
        Whole::Rehearsed { of: Box::new(of), spoken: words, to, day }
    }
}
