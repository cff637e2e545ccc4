//! What is asked before a letter opens, in memory.

use super::*;
use unsaid_delivery::accept::{self, NoAnswer};
use unsaid_delivery::planted::{self, Planted};
use unsaid_delivery::rule::Proof;
use unsaid_delivery::state::State;

/// In which wrong answers are counted together.
const DAY_HOURS: i64 = 24;

/// What was asked of a delivery and answered.
#[derive(Default)]
pub(super) struct Answers {
    /// Wrong ones: in which session, and when.
    wrong: Vec<(Keyed, Timestamp)>,
    /// In which sessions the right one was given.
    right: BTreeSet<Keyed>,
}

impl World {
    /// Keeps what is asked of a letter that is sealed for the first time, or anew.
    pub(super) fn begin_proof(&mut self, letter: LetterId, delivery: DeliveryId, proof: Option<NewProof>) {
        self.answers.remove(&delivery);
        self.proofs.insert(letter, proof.into_iter().collect());
    }

    /// A reader's session is over, and with it what was answered there.
    pub(super) fn forget_answers(&mut self, session: Keyed) {
        for answers in self.answers.values_mut() {
            answers.right.remove(&session);
        }
    }

    pub(super) fn newest_proof(&self, letter: LetterId) -> Option<&NewProof> {
        self.proofs.get(&letter)?.last()
    }

    /// What this reader has to answer before the letter opens for them.
    pub(super) fn asks(&self, reader: &Reader, delivery: &Delivery) -> Option<Asks> {
        let answered = |session| self.answers.get(&delivery.id).is_some_and(|a| a.right.contains(&session));
        if planted::is(Planted::ProofNotAsked)
            || delivery.rule.proof == Proof::None
            || reader.came_with_words()
            || reader.session.is_some_and(answered)
        {
            return None;
        }
        let asked = self.newest_proof(delivery.letter).map(|proof| proof.asks.clone());
        let mut asked = asked.unwrap_or(Asks { question: None, with_year: true });
        // What was opened opens with what was asked then, too: perhaps a day with its year.
        let stood = self.proofs.get(&delivery.letter).into_iter().flatten();
        asked.with_year |= delivery.pinned && stood.into_iter().any(|proof| proof.asks.with_year);
        Some(asked)
    }

    pub(super) fn may_be_named(&self, reader: &Reader) -> bool {
        let ids = self.deliveries_to(reader.person);
        let all = || ids.iter().filter_map(|id| self.deliveries.get(id));
        let mut left = all().filter(|d| d.state.has_left());
        // What was taken back may never have come, so that it asked nothing says nothing.
        let there = |d: &&Delivery| d.state.has_left() || d.state == State::Withdrawn { undone: false };
        left.any(|d| self.asks(reader, d).is_none())
            || all().filter(there).all(|d| self.asks(reader, d).is_none())
    }

    /// Whose name a knock may perhaps say: nobody's while something unopened of the pair asks for a proof.
    pub(super) fn name_to_say(&self, person: PersonId) -> Option<NameToSay> {
        let asks = |d: &Delivery| d.rule.proof != Proof::None && !d.pinned && d.state.may_be_opened();
        let ids = self.deliveries_to(person);
        if ids.iter().filter_map(|id| self.deliveries.get(id)).any(asks) {
            return None;
        }
        let row = self.persons.get(&person)?;
        let account = &self.accounts.get(&row.account)?.account;
        Some(NameToSay {
            account: account.id,
            name: account.name.clone(),
            approved: account.approved_name,
            allowed: row.allowed_name,
        })
    }

    pub(super) fn try_proof(
        &mut self,
        reader: &Reader,
        delivery: DeliveryId,
        answer: Answered,
        now: Now,
    ) -> Result<ProofTried> {
        let session = reader.session.ok_or(StoreError::Missing)?;
        let mut there = self.there(reader).into_iter();
        let found = there.find(|d| d.id == delivery).ok_or(StoreError::Missing)?;
        if self.asks(reader, found).is_none() {
            return Ok(ProofTried::Right);
        }
        let stood = self.proofs.get(&found.letter).map(Vec::as_slice).unwrap_or_default();
        let counts = if found.pinned { stood } else { &stood[stood.len().saturating_sub(1)..] };
        let right = counts.iter().any(|proof| answer.is(proof.asks.with_year, proof.answer));
        let answers = self.answers.entry(delivery).or_default();
        let today = answers.wrong.iter().filter(|(_, at)| hours_after(*at, DAY_HOURS) > now.trusted).count();
        match accept::may_answer(answers.wrong.len(), today) {
            Err(NoAnswer::Ever) => return Ok(ProofTried::NoMore),
            Err(NoAnswer::Today) => return Ok(ProofTried::TooManyToday),
            Ok(()) => {}
        }
        if right {
            answers.wrong.retain(|(by, _)| *by != session);
            answers.right.insert(session);
            return Ok(ProofTried::Right);
        }
        answers.wrong.push((session, now.trusted));
        Ok(ProofTried::Wrong)
    }

    pub(super) fn correct_proof(&mut self, author: &Author, letter: LetterId, new: NewProof) -> Result<()> {
        let row = self.letters.get(&letter).filter(|l| l.account == author.account);
        row.ok_or(StoreError::Missing)?;
        let stands = self.newest_proof(letter).ok_or(StoreError::Conflict)?;
        expect(stands.asks.question.is_none() && new.asks.question.is_none())?;
        if *stands == new {
            return Ok(());
        }
        let with_year = new.asks.with_year;
        self.record_of_letter(letter, Fact::ProofChanged { letter, with_year, answer: new.answer.0 })?;
        self.proofs.entry(letter).or_default().push(new);
        // What was wrong was compared with another answer.
        let ids: Vec<DeliveryId> = self.of_letter(letter).map(|d| d.id).collect();
        for id in ids {
            if let Some(answers) = self.answers.get_mut(&id) {
                answers.wrong.clear();
            }
        }
        Ok(())
    }
}
