//! What is written when it is asked whether an author is alive: to her, to her keepers, to the host. Each says what happens if nobody does anything, and what ends it.
//! It knows words and figures. It refuses to know names: who it is about is said by the page, after a press.

use super::compose::{Letterhead, Unfit};
use super::encode::one_line;
use super::wording::{Block, lead, way};
use crate::words::Words;
use jiff::civil::Date;

/// What comes if nothing is heard of her.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Keepers are asked, and nothing leaves before so many days more.
    Keepers(u32),
    /// There is nobody else to ask. Nothing leaves before so many days more.
    Alone(u32),
    /// Nothing ever leaves without the word of keepers, and she has none.
    Never,
}

/// What somebody whom she trusts has done, as it is told to her.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// They may be asked.
    Accepted,
    /// They would rather not be.
    Declined,
    /// They have another address.
    Moved,
    /// They gave an address of somebody whom her letters could not reach.
    GaveAddress,
    /// They know a newer address of somebody to whom she has written, and she decides.
    KnowsAddress,
    /// They said whether something has happened that a letter of hers waits for.
    SaidOfEvent,
    /// Enough of them have said that it has.
    EventOpens,
}

impl News {
    /// What kind it is, in a word for a header.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Accepted => "keeper-accepted",
            Self::Declined => "keeper-declined",
            Self::Moved => "keeper-moved",
            Self::GaveAddress => "keeper-gave-address",
            Self::KnowsAddress => "keeper-knows-address",
            Self::SaidOfEvent => "event-said",
            Self::EventOpens => "event-opens",
        }
    }
}

/// Which message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About<'a> {
    /// To her: are you well?
    Question {
        /// The whole link whose page has the button.
        link: &'a str,
        /// Days between the messages.
        pause: u16,
        /// What comes of silence.
        then: Then,
        /// A button is not enough this time.
        unlock: bool,
    },
    /// To her: the same again, the first to the fourth time.
    Reminder {
        /// The whole link.
        link: &'a str,
        /// 1 to 4.
        nth: u8,
        /// What comes of silence.
        then: Then,
        /// A button is not enough this time.
        unlock: bool,
    },
    /// To her: on this day or later they would leave.
    Warning {
        /// The whole link.
        link: &'a str,
        /// From 1.
        nth: u8,
        /// How many there are.
        of: u8,
        /// No letter leaves before it.
        day: Date,
        /// Her keepers have said that she has died.
        said: bool,
        /// Only an unlock or the stop paper counts now.
        unlock: bool,
    },
    /// To her: a keeper has said that she has died.
    SaidDied {
        /// The whole link.
        link: &'a str,
    },
    /// To her: a keeper has said that she is well.
    SaidWell {
        /// The whole link.
        link: &'a str,
    },
    /// To her: a keeper has said that they do not know.
    SaidUnknown {
        /// The whole link.
        link: &'a str,
    },
    /// To a keeper: somebody has named them, and asks whether they will.
    Invited {
        /// The whole link of their page.
        link: &'a str,
    },
    /// To a keeper, once a year: is this still right?
    StillRight {
        /// The whole link of their page.
        link: &'a str,
    },
    /// To a keeper: somebody cannot be reached.
    AddressAsked {
        /// The whole link of their page.
        link: &'a str,
    },
    /// To a keeper: is she well?
    KeeperAsked {
        /// The whole link of their page.
        link: &'a str,
        /// They have been asked before.
        again: bool,
    },
    /// To a keeper: she is well.
    IsWell,
    /// To her: everything is stopped, and nothing is asked before this day.
    Stopped {
        /// The earliest on which it goes on.
        day: Date,
    },
    /// The same to a keeper.
    StoppedForKeeper {
        /// The whole link of their page.
        link: &'a str,
        /// The earliest on which it goes on.
        day: Date,
    },
    /// To her: keepers have asked for it to go on.
    Resumes {
        /// The whole link.
        link: &'a str,
        /// The earliest on which it goes on.
        day: Date,
    },
    /// The same to a keeper.
    ResumesForKeeper {
        /// The earliest on which it goes on.
        day: Date,
    },
    /// To her: a stop is over.
    GoesOn,
    /// To the host: somebody's mailboxes are closed.
    OutOfReach {
        /// The account's name in this house's rows.
        account: &'a str,
    },
    /// To a keeper: her letters are on their way.
    Released,
}

impl About<'_> {
    /// What kind it is, in a word for a header. It says no more than the subject does.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Question { .. } => "question",
            Self::Reminder { .. } => "reminder",
            Self::Warning { .. } => "warning",
            Self::SaidDied { .. } => "said-died",
            Self::SaidWell { .. } => "said-well",
            Self::SaidUnknown { .. } => "said-unknown",
            Self::Invited { .. } => "invited",
            Self::StillRight { .. } => "still-right",
            Self::AddressAsked { .. } => "address-asked",
            Self::KeeperAsked { .. } => "keeper-asked",
            Self::IsWell => "is-well",
            Self::Stopped { .. } | Self::StoppedForKeeper { .. } => "stopped",
            Self::Resumes { .. } | Self::ResumesForKeeper { .. } => "resumes",
            Self::GoesOn => "goes-on",
            Self::OutOfReach { .. } => "out-of-reach",
            Self::Released => "released",
        }
    }
}

/// What a writer needs for each of them.
struct Pen<'a> {
    words: &'a Words,
    head: &'a Letterhead,
    house: String,
    /// Where the eight words of the stop paper are typed.
    stop: String,
}

impl Pen<'_> {
    fn say(&self, key: &str, values: &[(&str, &str)]) -> Block {
        Block::Say(self.words.say(key, values))
    }

    fn of_house(&self, key: &str) -> Block {
        self.say(key, &[("house", &self.house)])
    }

    fn way(&self, says: &str, press: &str, link: &str) -> Result<Block, Unfit> {
        Ok(way(self.words, says, press, lead(link, self.head)?))
    }

    /// A sentence in which the house's own address stands, as a link.
    fn home(&self, key: &str) -> Block {
        let origin = &self.head.public_origin;
        Block::Leads { says: self.words.say(key, &[("origin", origin)]), to: origin.clone() }
    }

    /// A sentence in which an address stands that is typed by hand.
    fn typed(&self, key: &str) -> Block {
        self.say(key, &[("origin", &self.head.public_origin)])
    }

    fn on(&self, key: &str, day: Date) -> Block {
        self.say(key, &[("house", &self.house), ("day", &self.words.day(day))])
    }

    fn after_the_question(&self, pause: u16, then: Then) -> Block {
        let pause = pause.to_string();
        let within = |key: &str, days: u32| self.say(key, &[("pause", &pause), ("days", &days.to_string())]);
        match then {
            Then::Keepers(days) => within("mail.question.then_keepers", days),
            Then::Alone(days) => within("mail.question.then_alone", days),
            Then::Never => self.say("mail.question.then_never", &[("pause", &pause)]),
        }
    }

    fn after_a_reminder(&self, then: Then) -> Block {
        match then {
            Then::Keepers(days) | Then::Alone(days) => {
                self.say("mail.reminder.then", &[("days", &days.to_string())])
            }
            Then::Never => self.say("mail.reminder.then_never", &[]),
        }
    }

    /// The question and its reminders: what is asked first, then how little is enough, then what happens otherwise.
    fn asks_her(
        &self,
        mut blocks: Vec<Block>,
        link: &str,
        then: Block,
        unlock: bool,
        ask: Block,
    ) -> Result<Vec<Block>, Unfit> {
        blocks.push(self.way("mail.life.way", "mail.life.press", link)?);
        if unlock {
            blocks.push(self.home("mail.life.unlock"));
        }
        blocks.extend([then, self.typed("mail.life.come"), self.say("mail.knock.never", &[]), ask]);
        Ok(blocks)
    }

    /// A warning: the day first, then what stops it, with a mailbox and without one.
    fn warns_her(
        &self,
        mut blocks: Vec<Block>,
        link: &str,
        count: Block,
        unlock: bool,
        ask: Block,
    ) -> Result<Vec<Block>, Unfit> {
        if unlock {
            blocks.extend([self.home("mail.warning.unlock"), self.say("mail.warning.why_unlock", &[])]);
        } else {
            blocks.push(self.way("mail.warning.way", "mail.life.press", link)?);
        }
        let stop = self.say("mail.warning.stop", &[("stop", &self.stop)]);
        blocks.extend([stop, count, self.say("mail.knock.never", &[]), ask]);
        Ok(blocks)
    }
}

/// Its subject and its paragraphs.
pub(super) fn write(
    words: &Words,
    head: &Letterhead,
    about: &About<'_>,
    ask: Block,
) -> Result<(String, Vec<Block>), Unfit> {
    let pen =
        Pen { words, head, house: one_line(&head.house_name), stop: format!("{}/stop", head.public_origin) };
    let subject = |key: &str| words.say(key, &[]);
    Ok(match about {
        About::Question { link, pause, then, unlock } => {
            let opens = vec![pen.of_house("mail.question.what")];
            let then = pen.after_the_question(*pause, *then);
            (subject("mail.question.subject"), pen.asks_her(opens, link, then, *unlock, ask)?)
        }
        About::Reminder { link, nth, then, unlock } => {
            let nth = match nth {
                0 | 1 => "mail.reminder.first",
                2 => "mail.reminder.second",
                3 => "mail.reminder.third",
                _ => "mail.reminder.fourth",
            };
            let opens = vec![pen.say("mail.reminder.what", &[]), pen.of_house(nth)];
            let then = pen.after_a_reminder(*then);
            (subject("mail.reminder.subject"), pen.asks_her(opens, link, then, *unlock, ask)?)
        }
        About::Warning { link, nth, of, day, said, unlock } => {
            let why = if *said { "mail.warning.said" } else { "mail.warning.silent" };
            let opens = vec![pen.of_house(why), pen.say("mail.warning.day", &[("day", &words.day(*day))])];
            let count = pen.say("mail.warning.count", &[("nth", &nth.to_string()), ("of", &of.to_string())]);
            (subject("mail.warning.subject"), pen.warns_her(opens, link, count, *unlock, ask)?)
        }
        About::SaidDied { link } => (
            subject("mail.said_died.subject"),
            vec![
                pen.of_house("mail.said_died.what"),
                pen.way("mail.said_died.way", "mail.life.press", link)?,
                pen.typed("mail.life.come"),
                ask,
            ],
        ),
        About::SaidWell { link } => (
            subject("mail.said_well.subject"),
            vec![
                pen.of_house("mail.said_well.what"),
                pen.way("mail.said_well.way", "mail.life.press", link)?,
                ask,
            ],
        ),
        About::SaidUnknown { link } => (
            subject("mail.said_unknown.subject"),
            vec![
                pen.of_house("mail.said_unknown.what"),
                pen.way("mail.said_unknown.way", "mail.life.press", link)?,
                ask,
            ],
        ),
        About::Invited { link } => (
            subject("mail.invited.subject"),
            vec![
                pen.of_house("mail.invited.what"),
                pen.say("mail.invited.asks", &[]),
                pen.way("mail.invited.way", "mail.life.who", link)?,
                pen.say("mail.invited.free", &[]),
                ask,
            ],
        ),
        About::StillRight { link } => (
            subject("mail.still_right.subject"),
            vec![
                pen.of_house("mail.still_right.what"),
                pen.say("mail.still_right.asks", &[]),
                pen.way("mail.still_right.way", "mail.life.who", link)?,
                ask,
            ],
        ),
        About::AddressAsked { link } => (
            subject("mail.address_asked.subject"),
            vec![
                pen.of_house("mail.address_asked.what"),
                pen.way("mail.address_asked.way", "mail.life.who", link)?,
                pen.say("mail.address_asked.safe", &[]),
                ask,
            ],
        ),
        About::KeeperAsked { link, again } => {
            let mut blocks = vec![pen.of_house("mail.keeper_asked.what")];
            if *again {
                blocks.push(pen.say("mail.keeper_asked.again", &[]));
            }
            blocks.extend([
                pen.say("mail.keeper_asked.reach", &[]),
                pen.way("mail.keeper_asked.way", "mail.life.who", link)?,
                pen.say("mail.keeper_asked.three", &[]),
                pen.say("mail.keeper_asked.safe", &[]),
                ask,
            ]);
            (subject("mail.keeper_asked.subject"), blocks)
        }
        About::IsWell => (subject("mail.is_well.subject"), vec![pen.of_house("mail.is_well.what"), ask]),
        About::Stopped { day } => (
            subject("mail.stopped.subject"),
            vec![
                pen.of_house("mail.stopped.what"),
                pen.say("mail.stopped.until", &[("day", &words.day(*day))]),
                pen.home("mail.stopped.sooner"),
                ask,
            ],
        ),
        About::StoppedForKeeper { link, day } => (
            subject("mail.stopped.subject"),
            vec![
                pen.on("mail.stopped.what_keeper", *day),
                pen.way("mail.stopped.way_keeper", "mail.life.who", link)?,
                ask,
            ],
        ),
        About::Resumes { link, day } => (
            subject("mail.resumes.subject"),
            vec![
                pen.on("mail.resumes.what", *day),
                pen.way("mail.resumes.way", "mail.life.press", link)?,
                pen.typed("mail.life.come"),
                ask,
            ],
        ),
        About::ResumesForKeeper { day } => {
            (subject("mail.resumes.subject"), vec![pen.on("mail.resumes.what_keeper", *day), ask])
        }
        About::GoesOn => (
            subject("mail.goes_on.subject"),
            vec![pen.of_house("mail.goes_on.what"), pen.home("mail.life.ends"), ask],
        ),
        About::OutOfReach { account } => (
            subject("mail.out_of_reach.subject"),
            vec![
                pen.of_house("mail.out_of_reach.what"),
                pen.say("mail.out_of_reach.do", &[("account", account)]),
            ],
        ),
        About::Released => (
            subject("mail.released.subject"),
            vec![
                pen.of_house("mail.released.what"),
                pen.say("mail.released.then", &[]),
                pen.say("mail.released.wrong", &[("stop", &pen.stop)]),
                ask,
            ],
        ),
    })
}
