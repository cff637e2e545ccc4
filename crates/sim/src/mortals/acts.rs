//! What authors and their keepers do: they come to the door of a node that answers, and find the house down or are told what came of it. Some of it comes at the worst moment: right before a
//! release, or between the two questions about a warning.

use super::{Act, Keeper, Mortal, Whose};
use crate::truth::NEVER;
use crate::world::{Event, World};
use crate::{DAY, Secs, stamp};
use std::collections::BTreeSet;
use unsaid::chance::SeededChance;
use unsaid::links;
use unsaid_delivery::Now;
use unsaid_delivery::id::{ChannelId, KeeperId};
use unsaid_delivery::life::{Armed, Change, Fallback, Plan, Policy, Strength, Word, accept};
use unsaid_delivery::record::Bounce;
use unsaid_store::StoreError;
use unsaid_store::lives::{LifeView, NewKeeper};
use unsaid_store::rows::{Keyed, SealedText};

/// How often a row is read again when a worker was quicker, as the door does.
const TRIES: usize = 5;

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// She was thanked.
    Thanked,
    /// A button is not enough any more.
    UnlockWanted,
    /// It was not taken.
    No,
}

impl World {
    /// Some authors let letters wait for their end, soon after they came.
    pub(crate) fn may_arm(&mut self, who: usize) {
        let many = self.options.authors > 100;
        let one_in = if many { self.options.one_in.saturating_mul(4) } else { self.options.one_in };
        // In the two worlds that differ in nothing but what readers do, nobody dies.
        if one_in > 0 && !self.options.calm && self.lives.once_in(one_in) {
            let (begins, heals) = (self.begins(), self.heals_at);
            let at = self.lives.between(begins, begins + (heals - begins) / 4);
            self.at(at, Event::Mortal(Act::Arms(who)));
        }
    }

    /// They do it.
    pub(crate) fn act(&mut self, act: Act) {
        match act {
            Act::Arms(who) => self.arms(who),
            Act::Signs(who, strong) => self.signs(who, strong),
            Act::Speaks(who, keeper, word) => self.speaks(who, keeper, word),
            Act::Declines(who, keeper) => self.declines(who, keeper),
            Act::Removes(who, keeper) => self.removes(who, keeper),
            Act::Pauses(who, lasts) => self.pauses(who, lasts),
            Act::Stops(who) => self.stops(who),
            Act::Dies(who) => {
                let mut truth = self.truth();
                let service = truth.mortals.service;
                if let Some(mortal) = truth.mortals.of.get_mut(&who) {
                    mortal.died = service;
                }
                truth.note('D', who, 0);
            }
            Act::Returns(who, link) => self.comes_back(who, link),
        }
    }

    // ---- how it begins ---------------------------------------------------------------------------------------------------------------

    fn spans(&self, each: Secs, least: Secs, most: Secs) -> Vec<(Secs, Secs)> {
        let mut spans = Vec::new();
        let mut at = self.now() + self.lives.between(0, 2 * each);
        while at < self.ends_at {
            let until = at + self.lives.between(least, most);
            spans.push((at, until));
            at = until + self.lives.between(each / 2, 2 * each);
        }
        spans
    }

    fn sealed(&self, bound_to: &str, text: &str) -> SealedText {
        self.shared.keys.seal_text(bound_to, text, &SeededChance::new(self.life_ids.below(u64::MAX)))
    }

    fn some_plan(&self) -> Plan {
        let people = &self.lives;
        let policy = match people.below(10) {
            0 => Policy::KeepersOnly,
            1..=2 => Policy::Either,
            3..=4 => Policy::CheckIns,
            _ => Policy::Both,
        };
        Plan {
            policy,
            every_days: [30, 60, 60, 90, 180][people.place(5)],
            pause_days: [7, 7, 10][people.place(3)],
            quorum: 1 + u8::try_from(people.below(3)).unwrap_or(0),
            warning_days: [10, 10, 20][people.place(3)],
            fallback: if people.percent(10) { Fallback::Never } else { Fallback::After(180) },
        }
    }

    /// She names her keepers and channels, prints her stop paper, and begins.
    fn arms(&mut self, who: usize) {
        let Some(now) = self.door_or_later(Event::Mortal(Act::Arms(who))) else { return };
        let author = self.writers[who].author;
        let account = author.account();
        let plan = self.some_plan();
        let keepers = self.names_keepers(who, now);
        let second = self.lives.percent(50).then(|| ChannelId(self.life_ids.id()));
        if let Some(channel) = second {
            let text = format!("other{who}@example.org");
            let sealed = self.sealed(&channel.to_string(), &text);
            if self
                .hand
                .ask(self.hand.store.add_channel(
                    &author,
                    channel,
                    unsaid_delivery::message::Way::Mail,
                    sealed,
                    now,
                ))
                .is_ok()
            {
                self.truth().mortals.address_of.insert(text, Whose::Hers(who));
            }
        }
        let stop_code = self.lives.percent(60).then(|| Keyed(self.life_ids.bytes()));
        if let Some(code) = stop_code {
            let _made = self.hand.ask(self.hand.store.put_stop_code(&author, code));
        }
        let Ok(change) = accept::arm(account, None, plan, now) else { return };
        if self.hand.ask(self.hand.store.commit_life(None, &change, &Vec::new(), now)).is_err() {
            return;
        }
        let (at, service) = (self.now(), self.truth().mortals.service);
        // One in ten dies within the first month of it.
        let dies = match self.lives.below(10) {
            0 => at + [3, 10, 29][self.lives.place(3)] * DAY,
            1..=6 => at + self.lives.between(0, (self.heals_at - at).max(DAY)),
            _ => NEVER,
        };
        let closes = if dies < NEVER && self.lives.percent(60) {
            dies + self.lives.between(20 * DAY, 400 * DAY)
        } else {
            NEVER
        };
        let mortal = Mortal {
            account,
            plan,
            stop_code,
            keepers,
            dies,
            closes,
            sends_back: self.lives.percent(50),
            careless: self.lives.percent(15),
            hospital: self.spans(12 * 365 * DAY, 20 * DAY, 130 * DAY),
            spam: self.spans(6 * 365 * DAY, 10 * DAY, 100 * DAY),
            armed: service,
            died: 0,
            signed: (at, service),
            weak: 0,
            said: BTreeSet::new(),
            agreed: None,
            void: BTreeSet::new(),
            asked: BTreeSet::new(),
            warned: BTreeSet::new(),
            unlinked: 0,
            stopped: None,
            away: 0,
            released: false,
        };
        self.note('k', who, mortal.keepers.len().try_into().unwrap_or(0));
        {
            let mut truth = self.truth();
            truth.mortals.address_of.insert(format!("author{who}@example.org"), Whose::Hers(who));
            truth.mortals.author_of.insert(account, who);
            truth.mortals.of.insert(who, mortal);
        }
        self.foresees(who, dies);
    }

    fn names_keepers(&mut self, who: usize, now: Now) -> Vec<Keeper> {
        let author = self.writers[who].author;
        let many = if self.lives.percent(30) { 0 } else { 1 + self.lives.below(4) };
        let mut keepers = Vec::new();
        for _ in 0..many {
            let (id, which) = (KeeperId(self.life_ids.id()), keepers.len());
            let text = format!("keeper{which}of{who}@example.org");
            // Some are told on paper.
            let address = self.lives.percent(85).then(|| self.sealed(&id.to_string(), &text));
            let keeper = NewKeeper {
                id,
                name: self.sealed(&id.to_string(), "Somebody"),
                address,
                language: "en".to_owned(),
                link: Keyed(self.life_ids.bytes()),
            };
            if self.hand.ask(self.hand.store.add_keeper(&author, keeper, now)).is_err() {
                continue;
            }
            self.truth().mortals.address_of.insert(text, Whose::Keeper(who, which));
            let life = (self.heals_at - self.begins()) + 30 * 365 * DAY;
            let dies = self.now() + self.lives.between(0, life);
            keepers.push(Keeper { id, dies, honest: !self.lives.percent(6), stands: true });
        }
        keepers
    }

    /// What they will do in the course of the years, asked or not.
    fn foresees(&mut self, who: usize, dies: Secs) {
        let (now, heals) = (self.now(), self.heals_at.max(self.now() + DAY));
        if dies < NEVER {
            self.at(dies, Event::Mortal(Act::Dies(who)));
        }
        for _ in 0..self.lives.below(4) {
            let (at, strong) = (self.lives.between(now, heals), self.lives.percent(60));
            self.at(at, Event::Mortal(Act::Signs(who, strong)));
        }
        if self.lives.percent(25) {
            let (at, lasts) = (self.lives.between(now, heals), self.lives.between(DAY, 365 * DAY));
            self.at(at, Event::Mortal(Act::Pauses(who, lasts)));
        }
        if self.lives.percent(8) {
            let at = self.lives.between(now, heals);
            self.at(at, Event::Mortal(Act::Stops(who)));
        }
        let keepers: Vec<bool> = self.truth().mortals.of[&who].keepers.iter().map(|k| k.honest).collect();
        for (keeper, honest) in keepers.into_iter().enumerate() {
            if self.lives.percent(8) {
                let at = now + self.lives.between(DAY, 40 * DAY);
                self.at(at, Event::Mortal(Act::Declines(who, keeper)));
            } else if self.lives.percent(6) {
                let at = self.lives.between(now, heals);
                self.at(at, Event::Mortal(Act::Removes(who, keeper)));
            }
            if !honest {
                // Whoever lies does so unasked, too.
                for _ in 0..3 {
                    let wait = self.lives.between(0, heals - now);
                    self.lies(who, keeper, wait);
                }
            } else if dies < NEVER && self.lives.percent(40) {
                // They are told of it by her family, and come with their paper.
                let at = dies + self.lives.between(DAY, 200 * DAY);
                self.at(at, Event::Mortal(Act::Speaks(who, keeper, Word::Died)));
            }
        }
    }

    /// Somebody who lies says it three times.
    pub(super) fn lies(&mut self, who: usize, keeper: usize, wait: Secs) {
        for again in 0..3 {
            self.after(wait + again * 3_600, Event::Mortal(Act::Speaks(who, keeper, Word::Died)));
        }
    }

    // ---- the door --------------------------------------------------------------------------------------------------------------------

    /// Asks `accept` about her row as it stands, and commits what was granted, as the door does.
    fn commits(
        &mut self,
        who: usize,
        now: Now,
        ask: impl Fn(&LifeView) -> Result<Option<Change>, Told>,
    ) -> Told {
        let account = self.writers[who].author.account();
        for _ in 0..TRIES {
            let Ok(Some(view)) = self.hand.ask(self.hand.store.life(account)) else { return Told::No };
            let change = match ask(&view) {
                Ok(Some(change)) => change,
                Ok(None) => return Told::Thanked,
                Err(told) => return told,
            };
            let chance = SeededChance::new(self.life_ids.below(u64::MAX));
            let names = links::names(&self.shared.keys, &chance, change.write.len());
            match self.hand.ask(self.hand.store.commit_life(Some(&view.life), &change, &names, now)) {
                Ok(()) => return Told::Thanked,
                Err(StoreError::Conflict) => {}
                Err(_) => return Told::No,
            }
        }
        Told::No
    }

    /// She gives a sign of life; she who finds the house down comes again.
    pub(crate) fn signs(&mut self, who: usize, strong: bool) {
        if !self.truth().can_act(who) {
            return;
        }
        let Some(now) = self.door_or_later(Event::Mortal(Act::Signs(who, strong))) else { return };
        if self.signs_now(who, strong, now) == Told::UnlockWanted {
            // She looks for her words.
            let wait = self.lives.between(3_600, 5 * DAY);
            self.after(wait, Event::Mortal(Act::Signs(who, true)));
        }
    }

    fn signs_now(&mut self, who: usize, strong: bool, now: Now) -> Told {
        let strength = if strong { Strength::Strong } else { Strength::Weak };
        let told =
            self.commits(who, now, |view| match accept::sign(&view.life, strength, &view.facts, now) {
                Armed::Recorded(change) => Ok(Some(*change)),
                Armed::Already => Ok(None),
                Armed::UnlockWanted => Err(Told::UnlockWanted),
                Armed::Ended => Err(Told::No),
            });
        if told == Told::Thanked {
            self.truth().signed(who, strong);
        }
        told
    }

    /// She has given her words, to seal something: a strong sign. Whether she may seal for her end.
    pub(crate) fn unlocks(&mut self, who: usize, now: Now) -> bool {
        let hers = self.truth().mortals.of.contains_key(&who);
        hers && self.signs_now(who, true, now) == Told::Thanked
    }

    /// A sign right now, in the middle of something.
    pub(crate) fn signs_at_once(&mut self, who: usize) {
        {
            let truth = self.truth();
            if !truth.can_act(who) || !truth.mortals.of.contains_key(&who) {
                return;
            }
        }
        if let Some((which, now)) = self.door() {
            let strong = self.lives.percent(50);
            let _told = self.signs_now(who, strong, now);
            self.call_soon(which);
        }
    }

    fn speaks(&mut self, who: usize, keeper: usize, word: Word) {
        let id = {
            let truth = self.truth();
            let here = &truth.mortals.of[&who].keepers[keeper];
            if here.dies <= truth.now {
                return;
            }
            here.id
        };
        let Some(now) = self.door_or_later(Event::Mortal(Act::Speaks(who, keeper, word))) else { return };
        let told = self.commits(who, now, |view| {
            accept::vote(&view.life, id, word, &view.facts, now).map(Some).map_err(|_| Told::No)
        });
        if told == Told::Thanked {
            let mut truth = self.truth();
            let service = truth.mortals.service;
            if let Some(mortal) = truth.mortals.of.get_mut(&who) {
                mortal.said.remove(&keeper);
                if word == Word::Died {
                    mortal.said.insert(keeper);
                }
                mortal.agreed = if mortal.agree() { mortal.agreed.or(Some(service)) } else { None };
            }
            truth.note('v', who, i64::try_from(keeper).unwrap_or(0));
        }
    }

    fn declines(&mut self, who: usize, keeper: usize) {
        let Some(now) = self.door_or_later(Event::Mortal(Act::Declines(who, keeper))) else { return };
        let id = self.truth().mortals.of[&who].keepers[keeper].id;
        let chance = SeededChance::new(self.life_ids.below(u64::MAX));
        let told = links::names(&self.shared.keys, &chance, 1)[0].0;
        if self.hand.ask(self.hand.store.keeper_answers(id, false, told, now)).is_ok() {
            self.is_none_more(who, keeper);
        }
    }

    fn removes(&mut self, who: usize, keeper: usize) {
        if !self.truth().can_act(who) {
            return;
        }
        let Some(now) = self.door_or_later(Event::Mortal(Act::Removes(who, keeper))) else { return };
        let author = self.writers[who].author;
        let id = self.truth().mortals.of[&who].keepers[keeper].id;
        if self.hand.ask(self.hand.store.remove_keeper(&author, id, now)).is_ok() {
            self.is_none_more(who, keeper);
        }
    }

    fn is_none_more(&self, who: usize, keeper: usize) {
        let mut truth = self.truth();
        let service = truth.mortals.service;
        if let Some(mortal) = truth.mortals.of.get_mut(&who) {
            mortal.keepers[keeper].stands = false;
            mortal.said.remove(&keeper);
            // Fewer may be enough now.
            mortal.agreed = if mortal.agree() { mortal.agreed.or(Some(service)) } else { None };
        }
        truth.note('u', who, i64::try_from(keeper).unwrap_or(0));
    }

    fn pauses(&mut self, who: usize, lasts: Secs) {
        if !self.truth().can_act(who) {
            return;
        }
        let Some(now) = self.door_or_later(Event::Mortal(Act::Pauses(who, lasts))) else { return };
        let until = stamp(now.trusted.as_second() + lasts);
        let told = self.commits(who, now, |view| {
            accept::pause(&view.life, until, false, &view.facts, now).map(Some).map_err(|_| Told::No)
        });
        if told == Told::Thanked {
            let mut truth = self.truth();
            truth.signed(who, true);
            if let Some(mortal) = truth.mortals.of.get_mut(&who) {
                mortal.away = until.as_second();
            }
            truth.note('w', who, lasts);
        }
    }

    /// Somebody types the eight words: she herself, or one of her family. Whether she lives is not asked.
    pub(crate) fn stops(&mut self, who: usize) {
        let Some(code) = self.truth().mortals.of.get(&who).and_then(|mortal| mortal.stop_code) else {
            return;
        };
        let Some(now) = self.door_or_later(Event::Mortal(Act::Stops(who))) else { return };
        let account = self.hand.ask(self.hand.store.account_of_stop_code(code)).ok().flatten();
        let known = account.is_some_and(|account| account == self.writers[who].author.account());
        if !known {
            return self.truth().broken(11, format_args!("the stop paper of author {who} is forgotten"));
        }
        if self.commits(who, now, |view| Ok(Some(accept::stop(&view.life, &view.facts, now))))
            == Told::Thanked
        {
            let mut truth = self.truth();
            truth.signed(who, true);
            let service = truth.mortals.service;
            if let Some(mortal) = truth.mortals.of.get_mut(&who) {
                mortal.stopped = Some(service);
            }
            truth.note('p', who, 0);
        }
    }

    /// A message to her came back: the report is handed to the engine as `unsaid receive` would.
    fn comes_back(&mut self, who: usize, link: Keyed) {
        let Some(now) = self.door_or_later(Event::Mortal(Act::Returns(who, link))) else { return };
        let Ok(Some(asked)) = self.hand.ask(self.hand.store.asked_by(link)) else { return };
        if self.hand.ask(self.hand.store.bounced(asked.message, Bounce::Dead, now)).is_ok() {
            self.note('b', who, 0);
        }
    }

    // ---- the worst moment ------------------------------------------------------------------------------------------------------------

    /// Takes in what nodes have committed about lives; whoever is about to be let go, and lives, or has a stop paper, may act around that moment.
    pub(crate) fn lives_moved(&mut self) {
        self.truth().moves();
        let about_to = std::mem::take(&mut self.truth().mortals.about_to);
        let reminded = std::mem::take(&mut self.truth().mortals.reminded);
        for _ in 0..reminded {
            // Now and then no mail leaves just when it matters.
            if self.lives.once_in(10 + 2 * self.options.authors) {
                let lasts = self.lives.between(5 * DAY, 20 * DAY);
                self.after(0, Event::RelayDown(lasts));
            }
        }
        for (who, until) in about_to {
            let Some((_, now)) = self.door() else { return };
            let left = (until.0 - now.observed.0).max(0);
            let at = left + self.lives.between(-1_800, 1_800);
            match self.lives.below(10) {
                0..=4 => self.after(at.max(0), Event::Mortal(Act::Signs(who, self.lives.percent(50)))),
                5 => self.after(at.max(0), Event::Mortal(Act::Stops(who))),
                _ => {}
            }
        }
    }

    /// A message about her stands between the two questions.
    pub(crate) fn at_a_message(&mut self, whose: Whose) {
        match self.lives.below(10) {
            0..=5 => self.signs_at_once(whose.author()),
            6 => self.stops(whose.author()),
            _ => {}
        }
    }

    /// The row of every life, read again: after a restored copy has taken the place of what there was.
    pub(crate) fn looks_at_lives(&mut self) {
        let accounts: Vec<_> =
            self.truth().mortals.author_of.iter().map(|(account, who)| (*account, *who)).collect();
        for (account, who) in accounts {
            match self.hand.ask(self.hand.store.life(account)) {
                Ok(Some(view)) => self.truth().stands(who, view.life.stage),
                Ok(None) => {
                    self.truth().broken(11, format_args!("author {who} has armed it, and that is forgotten"))
                }
                Err(_) => {}
            }
        }
    }
}
