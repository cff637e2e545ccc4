//! Authors who live and die, and those who keep their word: who they are, what they truly did and were told. The production engine asks them how they are, over the simulated post; what it makes
//! of their silence is held against this, and never against its own rows. An author of these seals letters for her end beside others.
//!
//! * [`acts`]: signs of life, a keeper's word, the stop paper, an absence; each through `accept` and the store, as the door does it.
//! * [`mail`]: questions, reminders and warnings at her mailboxes, and who reads them.
//! * [`check`]: 4, 6, 7, 8, 9 when she is let go, 16 at the end.

pub(crate) mod acts;
pub(crate) mod check;
pub(crate) mod mail;

use crate::Secs;
use crate::truth::{NEVER, Truth, within};
use std::collections::{BTreeMap, BTreeSet};
use unsaid_delivery::id::{AccountId, KeeperId};
use unsaid_delivery::life::{Plan, Stage, Word};
use unsaid_delivery::{Observed, planted};
use unsaid_store::rows::Keyed;

/// What they do.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Act {
    /// She lets letters wait for her end.
    Arms(usize),
    /// She gives a sign of life: a strong one, or a weak one.
    Signs(usize, bool),
    /// A keeper of hers speaks.
    Speaks(usize, usize, Word),
    /// A keeper does not want to be one.
    Declines(usize, usize),
    /// She does not want one as her keeper any more.
    Removes(usize, usize),
    /// She says that she is away for so long.
    Pauses(usize, Secs),
    /// Somebody types the words of her stop paper.
    Stops(usize),
    /// She dies.
    Dies(usize),
    /// A message to her, or to a keeper, comes back.
    Returns(usize, Keyed),
}

/// Who reads at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    /// She signs in with it, or it is another channel of hers.
    Hers(usize),
    /// A keeper of hers.
    Keeper(usize, usize),
}

impl Whose {
    /// The author it is about.
    pub(crate) fn author(self) -> usize {
        let (Self::Hers(author) | Self::Keeper(author, _)) = self;
        author
    }
}

/// Somebody whom an author trusts.
pub(crate) struct Keeper {
    pub(crate) id: KeeperId,
    pub(crate) dies: Secs,
    pub(crate) honest: bool,
    /// They have neither declined nor been removed.
    pub(crate) stands: bool,
}

/// An author of these.
pub(crate) struct Mortal {
    pub(crate) account: AccountId,
    pub(crate) plan: Plan,
    pub(crate) stop_code: Option<Keyed>,
    pub(crate) keepers: Vec<Keeper>,
    pub(crate) dies: Secs,
    /// Her mailboxes are closed then: they refuse for good, or send back.
    pub(crate) closes: Secs,
    pub(crate) sends_back: bool,
    /// She seldom answers mail, and comes of herself, late.
    pub(crate) careless: bool,
    pub(crate) hospital: Vec<(Secs, Secs)>,
    pub(crate) spam: Vec<(Secs, Secs)>,
    /// Service when she armed it.
    pub(crate) armed: Secs,
    /// Service when she died.
    pub(crate) died: Secs,
    /// The last sign that she was thanked for: by true time, and by service.
    pub(crate) signed: (Secs, Secs),
    /// Weak ones since the last strong one.
    pub(crate) weak: u32,
    /// Who has said since then that she has died, and when they became enough, by service.
    pub(crate) said: BTreeSet<usize>,
    pub(crate) agreed: Option<Secs>,
    /// Who had said it before a sign of hers: their words are void.
    pub(crate) void: BTreeSet<usize>,
    /// Writings that truly reached her, or were truly refused for good: questions and reminders, and warnings.
    pub(crate) asked: BTreeSet<u32>,
    pub(crate) warned: BTreeSet<u32>,
    /// When the last writing without a link of its own came.
    pub(crate) unlinked: Secs,
    /// When the stop paper was used, by service.
    pub(crate) stopped: Option<Secs>,
    /// She said that she is away until then.
    pub(crate) away: Secs,
    /// What waits for her end is let go.
    pub(crate) released: bool,
}

impl Mortal {
    /// She can act: alive, and not in hospital.
    pub(crate) fn acts(&self, now: Secs) -> bool {
        now < self.dies && !within(&self.hospital, now)
    }

    /// When she is next able to, at or after this; none if never.
    pub(crate) fn able(&self, at: Secs) -> Option<Secs> {
        let lies = self.hospital.iter().find(|(from, to)| (*from..*to).contains(&at));
        let able = lies.map_or(at, |(_, until)| until + crate::DAY);
        (able < self.dies).then_some(able)
    }

    /// How many keepers stand.
    pub(crate) fn standing(&self) -> usize {
        self.keepers.iter().filter(|keeper| keeper.stands).count()
    }

    /// Whether enough of those who stand say that she has died.
    pub(crate) fn agree(&self) -> bool {
        self.are_enough(self.said.iter())
    }

    /// Whether they would, had she given no sign since.
    pub(crate) fn had_agreed(&self) -> bool {
        self.are_enough(self.said.union(&self.void))
    }

    fn are_enough<'a>(&self, said: impl Iterator<Item = &'a usize>) -> bool {
        let needed = self.plan.quorum_of(self.standing()).map_or(usize::MAX, usize::from);
        let said = said.filter(|keeper| self.keepers[**keeper].stands).count();
        self.plan.policy.has_keepers() && said >= needed
    }
}

/// All that is true about them.
#[derive(Default)]
pub(crate) struct Mortals {
    /// By author; most are none of these.
    pub(crate) of: BTreeMap<usize, Mortal>,
    pub(crate) author_of: BTreeMap<AccountId, usize>,
    pub(crate) address_of: BTreeMap<String, Whose>,
    /// For how long the house has truly served: one node at least ran, and it was no restored copy.
    pub(crate) service: Secs,
    /// What reached a mailbox or was refused there, and nobody has looked at yet.
    pub(crate) heard: Vec<mail::Heard>,
    /// Who is about to be let go, and when the hold-off ends.
    pub(crate) about_to: Vec<(usize, Observed)>,
    /// Reminders that were written since anybody looked.
    pub(crate) reminded: u64,
    /// How many were let go.
    pub(crate) releases: u64,
}

impl Truth {
    /// Whether an author is there and able to do anything. Most live for as long as anybody looks.
    pub(crate) fn can_act(&self, author: usize) -> bool {
        self.mortals.of.get(&author).is_none_or(|mortal| mortal.acts(self.now))
    }

    /// She was thanked for a sign of life: nothing before it counts, and what has not left waits again.
    pub(crate) fn signed(&mut self, author: usize, strong: bool) {
        self.moves();
        let (now, service) = (self.now, self.mortals.service);
        let Some(mortal) = self.mortals.of.get_mut(&author) else { return };
        // While nothing but weak ones comes of her, her keepers' words outlast them (delivery.md).
        if strong || mortal.weak < 3 {
            mortal.void.append(&mut mortal.said);
            mortal.agreed = None;
        }
        mortal.weak = if strong { 0 } else { mortal.weak + 1 };
        mortal.signed = (now, service);
        mortal.asked.clear();
        mortal.warned.clear();
        let released = std::mem::take(&mut mortal.released);
        self.note('+', author, i64::from(strong));
        if released {
            self.takes_release_back(author);
        }
    }

    /// What of hers waits for her end, and has not been told of, waits again.
    fn takes_release_back(&mut self, author: usize) {
        let Self { letters, persons, .. } = self;
        for letter in letters.iter_mut().filter(|letter| letter.author == author && letter.gone) {
            let accepted = persons[letter.person].accepted;
            for one in letter.occurrences.iter_mut().filter(|o| !o.opened && accepted < o.not_before) {
                one.not_before = NEVER;
            }
        }
    }

    /// Takes in what was committed about lives since the last time. Whoever is let go is let go here, in the stretch in which it happened.
    pub(crate) fn moves(&mut self) {
        for (account, stage) in planted::moves() {
            let Some(author) = self.mortals.author_of.get(&account).copied() else { continue };
            self.stands(author, stage);
        }
    }

    /// How an author's row stands.
    pub(crate) fn stands(&mut self, author: usize, stage: Stage) {
        let before = self.mortals.of.get(&author).is_some_and(|mortal| mortal.released);
        match stage {
            Stage::Released if !before => {
                check::is_released(self, author);
                self.lets_go(author);
            }
            Stage::Reminded(_) => self.mortals.reminded += 1,
            Stage::Gone { until, .. } => self.mortals.about_to.push((author, until)),
            _ => {}
        }
    }

    /// What waits for her end is owed from now on, each at its moment.
    fn lets_go(&mut self, author: usize) {
        let now = self.now;
        self.mortals.releases += 1;
        if let Some(mortal) = self.mortals.of.get_mut(&author) {
            mortal.released = true;
        }
        for letter in self.letters.iter_mut().filter(|letter| letter.author == author && letter.gone) {
            for one in letter.occurrences.iter_mut().filter(|o| o.not_before == NEVER) {
                one.not_before = one.moment.max(now);
            }
        }
    }
}
