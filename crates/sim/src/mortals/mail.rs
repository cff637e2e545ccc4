//! What is written about a life: how the mailboxes of authors and keepers treat it, and who reads it. Which message it is is read from its header and its link, as it arrives, and not from the
//! engine's rows; only whether two copies belong to one writing is.

use super::{Act, Whose};
use crate::check::knocks::{at_most_one, token_in};
use crate::post::{Moment, Post, held};
use crate::truth::{Truth, within};
use crate::world::{Event, World};
use crate::{DAY, Secs};
use memchr::memmem;
use unsaid::mail::{Answer, Outgoing, Permission, Reply};
use unsaid::secrets::hashed;
use unsaid_delivery::life::Word;
use unsaid_store::rows::Keyed;

/// Copies of one writing reach all her mailboxes within this time; the next writing is later.
const SAME: Secs = 5 * DAY;

/// What it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A question, or a reminder of it.
    Asks,
    /// This is what will happen.
    Warns,
    /// A keeper has said that she has died.
    SaidDied,
    /// To a keeper: is she well?
    AsksKeeper,
    /// Something that is only told.
    Tells,
}

/// What became of one message.
pub(crate) struct Heard {
    whose: Whose,
    kind: Kind,
    link: Option<Keyed>,
    fate: Fate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Takes,
    TakesAndSendsBack,
    Refuses,
}

/// The kind that stands in the header.
fn kind_of(message: &Outgoing) -> Kind {
    const HEADER: &[u8] = b"Feedback-ID: ";
    let at = memmem::find(&message.bytes, HEADER).unwrap_or(message.bytes.len());
    let said = message.bytes.get(at + HEADER.len()..).unwrap_or_default();
    match said.split(|byte| *byte == b':').next().unwrap_or_default() {
        b"question" | b"reminder" => Kind::Asks,
        b"warning" => Kind::Warns,
        b"said-died" => Kind::SaidDied,
        b"keeper-asked" => Kind::AsksKeeper,
        _ => Kind::Tells,
    }
}

fn link_of(message: &Outgoing) -> Option<Keyed> {
    let pages: [&[u8]; 2] = [b"https://example.net/well/", b"https://example.net/keeper/"];
    token_in(&message.bytes, &pages).map(|token| hashed(&token))
}

impl Truth {
    fn fate_of(&self, whose: Whose) -> Fate {
        let mortal = self.mortals.of.get(&whose.author());
        let closed = matches!(whose, Whose::Hers(_)) && mortal.is_some_and(|m| m.closes <= self.now);
        match (closed, mortal.is_some_and(|m| m.sends_back)) {
            (false, _) => Fate::Takes,
            (true, true) => Fate::TakesAndSendsBack,
            (true, false) => Fate::Refuses,
        }
    }

    /// It is in a mailbox, or never will be.
    fn is_heard(&mut self, whose: Whose, message: &Outgoing, fate: Fate) {
        let heard = Heard { whose, kind: kind_of(message), link: link_of(message), fate };
        self.mortals.heard.push(heard);
    }

    /// A server took a copy.
    fn takes(&mut self, whose: Whose, message: &Outgoing, fate: Fate, in_window: bool) {
        if self.inert {
            self.broken(11, "a restored copy sent before it was adopted");
        }
        at_most_one(self, message, in_window);
        self.note('M', whose.author(), i64::from(in_window));
        self.is_heard(whose, message, fate);
    }
}

impl Post {
    /// The way of a message about a life, with the same questions as that of a knock.
    pub(crate) async fn send_about(
        &self,
        whose: Whose,
        message: &Outgoing,
        permission: &mut dyn Permission,
    ) -> Answer {
        let said = |code: u16, enhanced: &str| Reply { code, enhanced: Some(enhanced.to_owned()) };
        self.slow().await;
        if held(&self.weather).down_until > held(&self.truth).now {
            return Answer::Later { reply: Reply::silence() };
        }
        let fate = held(&self.truth).fate_of(whose);
        if fate == Fate::Refuses {
            held(&self.truth).is_heard(whose, message, fate);
            return Answer::Refused { reply: said(550, "5.1.1") };
        }
        if self.breaks(60) {
            return Answer::Later { reply: said(451, "4.3.0") };
        }
        if !permission.still_allowed().await {
            return Answer::Forbidden;
        }
        self.may_die(400).await;
        self.people(Moment::About(whose), 25).await;
        self.slow().await;
        if !permission.still_allowed().await {
            return Answer::Forbidden;
        }
        if self.breaks(150) {
            if self.breaks(2) {
                held(&self.truth).takes(whose, message, fate, true);
            }
            return Answer::Unknown { why: "the answer was lost" };
        }
        held(&self.truth).takes(whose, message, fate, false);
        held(&self.gate).uncertain.push((message.message_id.clone(), None));
        self.may_die(400).await;
        self.slow().await;
        self.is_answered(message);
        Answer::Accepted
    }
}

impl World {
    /// What reached mailboxes is read, by those who read; some of it comes back.
    pub(crate) fn mail_about_lives(&mut self) {
        let heard = std::mem::take(&mut self.truth().mortals.heard);
        for one in heard {
            self.counts(&one);
            match one.fate {
                Fate::Refuses => {}
                Fate::TakesAndSendsBack => {
                    let most = if self.lives.percent(50) { DAY } else { 30 * DAY };
                    let wait = self.lives.between(60, most);
                    if let Some(link) = one.link {
                        self.after(wait, Event::Mortal(Act::Returns(one.whose.author(), link)));
                    }
                }
                Fate::Takes => match one.whose {
                    Whose::Hers(who) => self.she_reads(who, one.kind),
                    Whose::Keeper(who, keeper) if one.kind == Kind::AsksKeeper => {
                        self.keeper_reads(who, keeper)
                    }
                    Whose::Keeper(..) => {}
                },
            }
        }
    }

    /// A writing to her has been heard: once for all her mailboxes. One that wants an unlock has no link: what comes within days of it is the same.
    fn counts(&self, one: &Heard) {
        let (Whose::Hers(who), Kind::Asks | Kind::Warns) = (one.whose, one.kind) else { return };
        let asked = one.link.and_then(|link| self.hand.ask(self.hand.store.asked_by(link)).ok().flatten());
        let mut truth = self.truth();
        let now = truth.now;
        let Some(mortal) = truth.mortals.of.get_mut(&who) else { return };
        let writing = match asked {
            Some(asked) => asked.ladder.rung,
            None => {
                if now - mortal.unlinked > SAME {
                    mortal.unlinked = now;
                }
                u32::MAX - u32::try_from(mortal.unlinked / DAY).unwrap_or(0)
            }
        };
        if one.kind == Kind::Asks {
            mortal.asked.insert(writing)
        } else {
            mortal.warned.insert(writing)
        };
    }

    /// She answers in her time, or she does not.
    fn she_reads(&mut self, who: usize, kind: Kind) {
        let now = self.now();
        let (careless, unseen, doubted, has_stop, closest) = {
            let truth = self.truth();
            let Some(mortal) = truth.mortals.of.get(&who).filter(|mortal| now < mortal.dies) else { return };
            let closest = Secs::from(mortal.plan.warning_days) * DAY;
            (
                mortal.careless,
                within(&mortal.spam, now),
                mortal.weak >= 3,
                mortal.stop_code.is_some(),
                closest,
            )
        };
        if kind == Kind::Tells || unseen {
            return;
        }
        let in_hospital = !self.truth().can_act(who);
        if in_hospital && kind == Kind::Warns && has_stop && self.lives.percent(20) {
            // Her family opens her mail, and has the paper.
            let wait = self.lives.between(3_600, 5 * DAY);
            return self.after(wait, Event::Mortal(Act::Stops(who)));
        }
        if !self.lives.percent(if careless { 15 } else { 93 }) {
            return;
        }
        let wait = if kind == Kind::Warns && self.lives.percent(30) {
            // As late as can be.
            closest + self.lives.between(-3 * 3_600, 27 * 3_600)
        } else {
            self.lives.between(60, 3 * DAY)
        };
        let able = self.truth().mortals.of[&who].able(now + wait);
        if let Some(at) = able {
            let strong = self.lives.percent(if doubted { 80 } else { 40 });
            self.at(at, Event::Mortal(Act::Signs(who, strong)));
        }
    }

    /// A keeper says what they know, or what they want to be believed.
    fn keeper_reads(&mut self, who: usize, keeper: usize) {
        let wait = self.lives.between(3_600, 8 * DAY);
        let at = self.now() + wait;
        let (honest, died) = {
            let truth = self.truth();
            let mortal = &truth.mortals.of[&who];
            let here = &mortal.keepers[keeper];
            if here.dies <= at {
                return;
            }
            (here.honest, mortal.dies <= at)
        };
        if !self.lives.percent(85) {
            return;
        }
        if !honest {
            return self.lies(who, keeper, wait);
        }
        let word = match died {
            true => Word::Died,
            false if self.lives.percent(60) => Word::Well,
            false => Word::Unknown,
        };
        self.at(at, Event::Mortal(Act::Speaks(who, keeper, word)));
    }
}
