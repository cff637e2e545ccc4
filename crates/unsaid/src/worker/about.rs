//! What a message about an author's life says, from her row as it stands: in how many days, on which day at the earliest, and what is enough to end it. Decides nothing about her, and knows no words.

use super::Worker;
use crate::mail::compose::{Message as Whole, StillThere};
use crate::mail::lives::{About, Then};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use unsaid_delivery::calendar::not_before;
use unsaid_delivery::clock::{Now, Observed};
use unsaid_delivery::id::{AccountId, DeliveryId, LetterId};
use unsaid_delivery::life::plan::{HOLD_OFF_HOURS, REMINDERS};
use unsaid_delivery::life::{Doubt, Fallback, Life, Opened, Pace, Policy, Stage, To, Write};
use unsaid_delivery::message::{Ladder, Message, Says, Subject};
use unsaid_delivery::record::NOTICE_DAYS;
use unsaid_delivery::state::State;
use unsaid_store::StoreError;
use unsaid_store::lives::LifeView;
use zeroize::Zeroizing;

/// What is there of the letters that somebody was told of too early.
pub(super) fn still_there(letters: &[(DeliveryId, LetterId, State)]) -> StillThere {
    let back = letters.iter().filter(|(.., state)| matches!(state, State::Withdrawn { .. })).count();
    match back {
        0 => StillThere::All,
        all if all == letters.len() => StillThere::None,
        _ => StillThere::Some,
    }
}

impl Worker {
    /// What a message about an author's life says. None: there is nothing that it could be about.
    pub(super) async fn about_a_life<'a>(
        &self,
        ladder: Ladder,
        message: &Message,
        account: AccountId,
        own: &'a mut Particular,
        now: Now,
    ) -> Result<Option<Whole<'a>>, StoreError> {
        let Some(view) = self.tools.store.life(account).await? else { return Ok(None) };
        let id = message.id.to_string();
        let keeper = matches!(message.subject, Subject::Keeper(_));
        own.link = self.link(if keeper { "keeper" } else { "well" }, &id);
        own.account = account.to_string();
        let begun = begun(message, now);
        let written = Written { says: ladder.says, nth: message.nth, date: message.date, keeper, begun };
        Ok(Some(said(written, &view, (own.link.as_str(), own.account.as_str()), now)))
    }

    /// What a message would say, were it written now: for a rehearsal.
    pub(crate) fn would_say<'a>(write: &Write, view: &LifeView, link: &'a str, now: Now) -> Whole<'a> {
        let keeper = matches!(write.to, To::Keeper(_));
        let written = Written { says: write.says, nth: write.nth, date: None, keeper, begun: now };
        said(written, view, (link, ""), now)
    }
}

/// What stands in one message and in no other.
#[derive(Default)]
pub(super) struct Particular {
    link: Zeroizing<String>,
    account: String,
}

/// Of one message, what matters for its words.
struct Written {
    says: Says,
    nth: u8,
    date: Option<Timestamp>,
    keeper: bool,
    /// When it was decided, of what is pointless after a while: a repeat names the same day as the first, however long after it goes.
    begun: Now,
}

/// What is said. What her row does not bear out any more is never sent: permission is asked with the row read anew.
fn said<'a>(written: Written, view: &LifeView, own: (&'a str, &'a str), now: Now) -> Whole<'a> {
    let (life, (link, account)) = (&view.life, own);
    let (nth, keeper, unlock) = (written.nth, written.keeper, life.wants_unlock());
    let date = written.date.unwrap_or(now.trusted);
    Whole::Life(match written.says {
        Says::Question => About::Question { link, pause: life.plan.pause_days, then: then(view, 0), unlock },
        Says::Reminder => About::Reminder { link, nth, then: then(view, nth), unlock },
        Says::Warning => {
            let (of, days, opened) = match life.stage {
                Stage::Grace(grace) => (grace.of, grace.days, grace.opened),
                _ => (nth, 0, Opened::Alone),
            };
            let left = i64::from(of.saturating_sub(nth) + 1) * i64::from(days) * 24 + HOLD_OFF_HOURS;
            About::Warning {
                link,
                nth,
                of,
                day: not_before(date, left),
                said: opened == Opened::Quorum,
                unlock: life.weak.doubt == Doubt::Confirmed,
            }
        }
        Says::SaidDied => About::SaidDied { link },
        Says::SaidWell => About::SaidWell { link },
        Says::SaidUnknown => About::SaidUnknown { link },
        Says::Invited => About::Invited { link },
        Says::StillRight => About::StillRight { link },
        Says::AddressAsked => About::AddressAsked { link },
        Says::KeeperAsked => About::KeeperAsked { link, again: nth > 1 },
        Says::IsWell => About::IsWell,
        Says::Stopped if keeper => About::StoppedForKeeper { link, day: goes_on(life, written.begun) },
        Says::Stopped => About::Stopped { day: goes_on(life, written.begun) },
        Says::Resumes if keeper => About::ResumesForKeeper { day: goes_on(life, written.begun) },
        Says::Resumes => About::Resumes { link, day: goes_on(life, written.begun) },
        Says::GoesOn => About::GoesOn,
        Says::OutOfReach => About::OutOfReach { account },
        Says::Released => About::Released,
        // It finds out whether mail arrives, and so it says.
        Says::Probe => return Whole::Test,
    })
}

/// What comes of silence after the question (0) or a reminder, at the earliest: her keepers may speak sooner than they are asked.
fn then(view: &LifeView, nth: u8) -> Then {
    let (plan, keepers) = (&view.life.plan, view.facts.keepers.len());
    let days = |pace: Pace| u32::from(pace.warnings) * u32::from(pace.days);
    let ladder = u32::from(plan.pause_days) * u32::from(REMINDERS + 1 - nth.min(REMINDERS));
    let off = u32::try_from(HOLD_OFF_HOURS / 24).unwrap_or(1);
    let alone = ladder + days(plan.grace(Opened::Alone, keepers)) + off;
    let agreed = days(plan.grace(Opened::Quorum, keepers)) + off;
    match plan.policy {
        Policy::CheckIns => Then::Alone(alone),
        Policy::Both if keepers > 0 => Then::Keepers(ladder + agreed),
        Policy::Either | Policy::KeepersOnly if keepers > 0 => Then::Keepers(agreed.min(alone)),
        Policy::Both if plan.fallback == Fallback::Never => Then::Never,
        Policy::Both | Policy::Either | Policy::KeepersOnly => Then::Alone(alone),
    }
}

/// When a message was decided, by both clocks, if it is one that is pointless after a while: its row says until when it is not.
pub(super) fn begun(message: &Message, now: Now) -> Now {
    let lasts = SignedDuration::from_hours(NOTICE_DAYS * 24);
    let trusted = message.expires.and_then(|expires| expires.checked_sub(lasts).ok());
    trusted.map_or(now, |trusted| Now { trusted, observed: message.since })
}

/// When a stop is over at the earliest.
fn goes_on(life: &Life, begun: Now) -> Date {
    let ends = match life.stage {
        Stage::Stopped { until, resumes } => resumes.map_or(until, |resumes| resumes.min(until)),
        _ => begun.observed,
    };
    let Observed(seconds) = ends;
    not_before(begun.trusted, (seconds - begun.observed.0).max(0) / 3_600)
}

#[cfg(test)]
mod tests {
    use super::*;
    use unsaid_delivery::id::KeeperId;
    use unsaid_delivery::life::{Facts, Plan, accept};
    use unsaid_delivery::message::{Kind, MessageState};

    const NOW: Now = Now { trusted: Timestamp::UNIX_EPOCH, observed: Observed(0) };

    fn view(policy: Policy, fallback: Fallback, keepers: u8) -> LifeView {
        let plan = Plan { policy, fallback, ..Plan::default() };
        let life = accept::arm(AccountId([1; 16]), None, plan, NOW).unwrap().life;
        let keepers = (0..keepers).map(|n| KeeperId([n; 16])).collect();
        LifeView { life, facts: Facts { keepers, ..Facts::default() } }
    }

    #[test]
    fn a_question_promises_no_more_days_than_there_are() {
        let after = Fallback::After(180);
        let of = |policy, fallback, keepers, nth| then(&view(policy, fallback, keepers), nth);
        // Five pauses of seven days, three warnings ten days apart, a day.
        assert_eq!(of(Policy::Both, after, 3, 0), Then::Keepers(35 + 30 + 1));
        assert_eq!(of(Policy::Both, after, 3, 4), Then::Keepers(7 + 30 + 1));
        // One keeper alone: ninety days.
        assert_eq!(of(Policy::Both, after, 1, 0), Then::Keepers(35 + 90 + 1));
        assert_eq!(of(Policy::Both, after, 0, 0), Then::Alone(35 + 180 + 1));
        assert_eq!(of(Policy::Both, Fallback::Never, 0, 0), Then::Never);
        assert_eq!(of(Policy::Either, after, 3, 0), Then::Keepers(30 + 1));
        assert_eq!(of(Policy::CheckIns, after, 3, 2), Then::Alone(21 + 180 + 1));
    }

    #[test]
    fn a_repeat_names_the_day_that_the_first_named() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let mut life = view(Policy::Both, Fallback::Never, 2).life;
        life.stage = Stage::Stopped { until: Observed(0).plus_days(365), resumes: None };
        let message = Message {
            id: unsaid_delivery::MessageId([1; 16]),
            kind: Kind::Ladder(Ladder { says: Says::Stopped, episode: 1, rung: 1 }),
            subject: Subject::Account(AccountId([1; 16])),
            nth: 1,
            address: None,
            state: MessageState::Started,
            tries: 1,
            since: Observed(0),
            date: Some(at("2042-01-25T12:46:46Z")),
            expires: Some(at("2042-01-28T12:46:46Z")),
            foreseen: true,
            rev: 1,
        };
        let first = Now { trusted: at("2042-01-25T12:46:46Z"), observed: Observed(0) };
        // A day later, of which the house served an hour.
        let again = Now { trusted: at("2042-01-26T14:10:25Z"), observed: Observed(3_600) };
        let day = |now| goes_on(&life, begun(&message, now));
        assert_eq!(
            (day(first), day(again)),
            (jiff::civil::date(2043, 1, 25), jiff::civil::date(2043, 1, 25))
        );
        assert_ne!(
            goes_on(&life, again),
            day(first),
            "reckoned from the moment itself it would be another day"
        );
    }

    #[test]
    fn the_day_that_is_said_is_the_earliest_anywhere() {
        let at: Timestamp = "2037-03-12T09:00:00Z".parse().unwrap();
        assert_eq!(not_before(at, 24), jiff::civil::date(2037, 3, 12));
        assert_eq!(not_before(at, 27), jiff::civil::date(2037, 3, 13));
        assert_eq!(not_before(Timestamp::MAX, 24).year(), 9999);
    }
}
