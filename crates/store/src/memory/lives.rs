//! Whether an author is alive, in memory: her row, her keepers and channels, and what a change of it writes. The rules are the core's. One thing because a change of
//! her row moves all of them at once.

use super::*;
use crate::lives::*;

use async_trait::async_trait;
use unsaid_delivery::life::{Change, Facts, GateMoves, Heard, To, Vote};
use unsaid_delivery::message::{Kind, Ladder, MessageState, Notice, Says, Subject};
use unsaid_delivery::planted::{self, Planted};
use unsaid_delivery::rule::Gate;
use unsaid_delivery::state::State;

pub(super) struct Channel {
    pub(super) sealed: SealedText,
    pub(super) account: AccountId,
    pub(super) way: Way,
    added: Timestamp,
    order: u64,
    removed: bool,
}

pub(super) struct Keeper {
    pub(super) row: KeeperRow,
    link: Keyed,
    order: u64,
    pub(super) rev: i64,
    /// When they were last asked whether this is still right.
    asked: Option<Timestamp>,
}

impl Keeper {
    /// They can be written to, and nothing has passed between the house and them.
    fn is_to_be_invited(&self) -> bool {
        let untold = self.asked.is_none() && self.row.heard.is_none();
        untold && self.row.standing == KeeperStanding::Invited && self.row.address.is_some()
    }

    /// Since when nothing has passed between the house and them.
    fn quiet_since(&self) -> Timestamp {
        let added = self.row.added;
        added.max(self.row.heard.unwrap_or(added)).max(self.asked.unwrap_or(added))
    }
}

impl World {
    pub(super) fn keepers_of(&self, account: AccountId) -> Vec<&Keeper> {
        let hers = self.keepers_by.get(&account).map(Vec::as_slice).unwrap_or_default();
        let mut keepers: Vec<&Keeper> = hers.iter().filter_map(|id| self.keepers.get(id)).collect();
        keepers.sort_by_key(|keeper| keeper.order);
        keepers
    }

    pub(super) fn channels_of(&self, account: AccountId) -> Vec<ChannelRow> {
        let hers = self.channels_by.get(&account).map(Vec::as_slice).unwrap_or_default();
        let hers = hers.iter().filter_map(|id| Some((id, self.channels.get(id)?)));
        let mut hers: Vec<(u64, ChannelRow)> = hers
            .filter(|(_, row)| !row.removed)
            .map(|(id, row)| {
                let (sealed, way) = (row.sealed.clone(), row.way);
                (row.order, ChannelRow { id: *id, sealed, way, added: row.added })
            })
            .collect();
        hers.sort_by_key(|(order, _)| *order);
        hers.into_iter().map(|(_, row)| row).collect()
    }

    /// By which way something about this leaves.
    pub(super) fn way_to(&self, subject: Subject) -> Way {
        match subject {
            Subject::Channel(channel) => self.channels.get(&channel).map(|row| row.way).unwrap_or_default(),
            _ => Way::Mail,
        }
    }

    /// What is known beside her row.
    fn known(&self, life: &Life) -> Facts {
        let account = life.account;
        let others = self.channels_of(account).into_iter().map(|channel| To::Channel(channel.id));
        let standing: Vec<&Keeper> =
            self.keepers_of(account).into_iter().filter(|k| k.row.standing.counts()).collect();
        let host = self.hosts.iter().find(|(_, id)| *id != account).map(|(_, id)| To::Host(*id));
        let reachable = standing.iter().find(|k| k.row.address.is_some()).map(|k| To::Keeper(k.row.id));
        let votes = self.votes.range((account, life.episode, KeeperId([0; 16]))..);
        Facts {
            channels: [To::SignIn].into_iter().chain(others).collect(),
            keepers: standing.iter().map(|k| k.row.id).collect(),
            quiet: standing.iter().map(|k| (k.row.id, k.quiet_since())).collect(),
            invited: standing.iter().filter(|k| k.is_to_be_invited()).map(|k| k.row.id).collect(),
            lost: self.lost_of(account).len() as u64,
            votes: votes
                .take_while(|((of, episode, _), _)| (*of, *episode) == (account, life.episode))
                .map(|((_, _, keeper), word)| Vote { keeper: *keeper, word: *word })
                .collect(),
            rung: self.rung(life),
            mail_left: self.mail_left(account),
            somebody_else: host.or(reachable),
            hears_bounces: false,
        }
    }

    fn rung(&self, life: &Life) -> Vec<Heard> {
        let newest = self.rungs.get(&life.account).filter(|(number, _)| *number == life.rung);
        let mut rung = Vec::new();
        for id in newest.map(|(_, messages)| messages.as_slice()).unwrap_or_default() {
            let Some(row) = self.messages.get(id) else { continue };
            if row.message.state == MessageState::Dropped {
                continue;
            }
            let ended = self.ladder.get(id).and_then(|(_, ended)| *ended);
            rung.push(match (row.message.state, ended) {
                _ if row.way != Way::Mail => Heard::Beside,
                (MessageState::Accepted, Some(at)) => Heard::Accepted(at),
                (MessageState::Refused, Some(at)) => Heard::Refused(at),
                _ => Heard::NotYet,
            });
        }
        rung
    }

    /// When the relay last took a message that was not for her.
    fn mail_left(&self, account: AccountId) -> Option<Observed> {
        let hers = |message: &Message| match message.subject {
            Subject::Account(to) => to == account,
            Subject::Channel(channel) => self.channels.get(&channel).is_some_and(|c| c.account == account),
            _ => false,
        };
        let newest = self.left.iter().rev();
        newest
            .map(|(at, id)| (at, self.messages.get(id)))
            .find_map(|(at, row)| (!hers(&row?.message)).then_some(*at))
    }

    /// About whom a message of the ladder, or one that says that she lives, is.
    pub(super) fn about(&self, message: &Message) -> Option<About> {
        if message.kind == Kind::Notice(Notice::Rehearsal) {
            let account = self.rehearsed_by(message)?;
            return Some(About { account, life: self.lives.get(&account).cloned(), name: None });
        }
        if let (Kind::Notice(Notice::SheLives), Subject::Person(person)) = (message.kind, message.subject) {
            let account = self.persons.get(&person)?.account;
            return Some(About { account, life: self.lives.get(&account).cloned(), name: None });
        }
        let (account, _) = self.ladder.get(&message.id)?;
        let enrolled = match message.subject {
            Subject::Keeper(keeper) => {
                self.keepers.get(&keeper).is_some_and(|k| k.row.standing == KeeperStanding::Enrolled)
            }
            _ => false,
        };
        let name = self.accounts.get(account).filter(|_| enrolled).map(|row| row.account.name.clone());
        Some(About { account: *account, life: self.lives.get(account).cloned(), name })
    }

    /// Whether a message's channel or keeper is one no more.
    pub(super) fn recipient_left(&self, message: &Message) -> bool {
        match message.subject {
            Subject::Channel(id) => self.channels.get(&id).is_none_or(|row| row.removed),
            Subject::Keeper(id) => self.keepers.get(&id).is_none_or(|k| !k.row.standing.counts()),
            _ => false,
        }
    }

    /// An answer about a message of the ladder: her life is looked at again at once.
    pub(super) fn ladder_heard(&mut self, message: MessageId, state: MessageState, now: Now) {
        let Some((account, ended)) = self.ladder.get_mut(&message) else { return };
        if matches!(state, MessageState::Waiting | MessageState::Started) {
            return;
        }
        if matches!(state, MessageState::Accepted | MessageState::Refused) {
            *ended = Some(now.observed);
        }
        let (account, of) = (*account, WakeOf::Life(*account));
        let held = self.wakes.has_holder(of);
        let Some(life) = self.lives.get_mut(&account) else { return };
        if held {
            life.rev += 1;
        }
        if !matches!(life.stage, unsaid_delivery::life::Stage::Ended | unsaid_delivery::life::Stage::Released)
        {
            self.wakes.set(of, Lane::Letters, at_once(now));
        }
    }

    /// Her life is looked at again at once, if she has one. Whoever has it in hand reads it again.
    pub(super) fn look_at_life(&mut self, account: AccountId, now: Now) {
        let Some(life) = self.lives.get_mut(&account) else { return };
        life.rev += 1;
        self.wakes.set(WakeOf::Life(account), Lane::Letters, at_once(now));
    }

    fn commit_life(&mut self, before: Option<&Life>, change: &Change, names: &Names, now: Now) -> Result<()> {
        let account = change.life.account;
        let stored = self.lives.get(&account).map(|life| life.rev);
        expect(stored == before.map(|life| life.rev) && names.len() == change.write.len())?;
        expect(self.accounts.contains_key(&account))?;
        let rev = before.map_or(0, |life| life.rev) + 1;
        if let Some(fact) = &change.fact {
            if let Fact::Voted { keeper, .. } = fact {
                let stands = self
                    .keepers
                    .get(keeper)
                    .is_some_and(|k| k.row.account == account && k.row.standing.counts());
                expect(stands)?;
            }
            self.record(account, rev, fact.clone())?;
            if let Fact::Voted { keeper, word, episode, .. } = fact {
                let before = self.votes.insert((account, *episode, *keeper), *word);
                if before.is_some() && planted::is(Planted::DupVotes) {
                    self.votes.insert((account, *episode, KeeperId([7; 16])), *word);
                }
                if let Some(row) = self.keepers.get_mut(keeper) {
                    row.row.standing = KeeperStanding::Enrolled;
                    row.row.heard = Some(now.trusted);
                    row.row.said = Some((*episode, *word));
                    row.rev += 1;
                }
            }
        }
        self.lives.insert(account, Life { rev, ..change.life.clone() });
        planted::moved(account, change.life.stage);
        for (write, (id, link)) in change.write.iter().zip(names) {
            let subject = match write.to {
                To::SignIn => Subject::Account(account),
                To::Host(host) => Subject::Account(host),
                To::Channel(channel) => Subject::Channel(channel),
                To::Keeper(keeper) => {
                    if matches!(write.says, Says::Invited | Says::StillRight)
                        && let Some(row) = self.keepers.get_mut(&keeper)
                    {
                        row.asked = Some(now.trusted);
                    }
                    if self.keepers.get(&keeper).is_none_or(|k| k.row.address.is_none()) {
                        continue;
                    }
                    Subject::Keeper(keeper)
                }
            };
            let ladder = Ladder { says: write.says, episode: change.life.episode, rung: change.life.rung };
            let mut row = MessageRow::new(*id, Kind::Ladder(ladder), subject, expires(write.says, now), now);
            row.way = self.way_to(subject);
            row.message.nth = write.nth;
            self.messages.insert(*id, row);
            self.ladder.insert(*id, (account, None));
            if matches!(write.says, Says::Question | Says::Reminder | Says::Warning) {
                let newest = self.rungs.entry(account).or_default();
                if newest.0 != ladder.rung {
                    *newest = (ladder.rung, Vec::new());
                }
                newest.1.push(*id);
            }
            self.links.insert(*link, *id);
            self.wakes.set(WakeOf::Message(*id), Lane::Letters, at_once(now));
        }
        if change.life.is_released() && before.is_some_and(|life| !life.is_released()) {
            self.count_offers(&change.life, now)?;
        }
        if let Some(moves) = change.gate {
            self.move_gate(account, moves, now);
        }
        Ok(())
    }

    /// Her letters that wait for her end. Each rev moves, so that whoever has one of them in hand reads the gate again.
    fn move_gate(&mut self, account: AccountId, moves: GateMoves, now: Now) {
        let moved = |state: State| match moves {
            GateMoves::Opens => state == State::Waiting,
            GateMoves::Shuts => matches!(state, State::Waiting | State::Due | State::Sending),
        };
        let hers: Vec<DeliveryId> = self
            .deliveries
            .values()
            .filter(|d| d.account == account && d.rule.gate == Gate::Gone && moved(d.state))
            .map(|d| d.id)
            .collect();
        for id in hers {
            self.move_delivery(id, State::Waiting, Some(at_once(now)));
        }
    }
}

#[async_trait]
impl LifeStore for MemoryStore {
    async fn life(&self, account: AccountId) -> Result<Option<LifeView>> {
        let world = self.world();
        Ok(world.lives.get(&account).map(|life| LifeView { life: life.clone(), facts: world.known(life) }))
    }

    async fn commit_life(
        &self,
        before: Option<&Life>,
        change: &Change,
        names: &Names,
        now: Now,
    ) -> Result<()> {
        let mut world = self.world();
        world.commit_life(before, change, names, now)?;
        let of = WakeOf::Life(change.life.account);
        match change.wake {
            Some(wake) => world.wakes.set(of, Lane::Letters, wake),
            None => world.wakes.remove(of),
        }
        Ok(())
    }

    async fn decided_life(
        &self,
        taken: &Taken,
        before: &Life,
        change: &Change,
        names: &Names,
        now: Now,
    ) -> Result<()> {
        let mut world = self.world();
        let of = WakeOf::Life(before.account);
        expect(taken.of == of && world.wakes.is_held(of, taken.boot, taken.fence))?;
        world.commit_life(Some(before), change, names, now)?;
        world.settle(of, change.wake);
        Ok(())
    }

    async fn asked_by(&self, link: Keyed) -> Result<Option<AskedBy>> {
        let world = self.world();
        let Some(row) = world.links.get(&link).and_then(|id| world.messages.get(id)) else { return Ok(None) };
        let Kind::Ladder(ladder) = row.message.kind else { return Ok(None) };
        let Some((account, _)) = world.ladder.get(&row.message.id).copied() else { return Ok(None) };
        let to = match row.message.subject {
            Subject::Channel(channel) => To::Channel(channel),
            Subject::Keeper(keeper) => To::Keeper(keeper),
            Subject::Account(to) if to != account => To::Host(to),
            _ => To::SignIn,
        };
        Ok(Some(AskedBy { message: row.message.id, account, ladder, to }))
    }

    async fn gone_letters(&self, account: AccountId) -> Result<GoneLetters> {
        let world = self.world();
        let mut letters = GoneLetters::default();
        let hers = world.deliveries.values();
        for delivery in hers.filter(|d| d.account == account && d.rule.gate == Gate::Gone) {
            match delivery.state {
                State::Resting | State::Waiting | State::Due | State::Sending => letters.wait += 1,
                state if state.has_left() => letters.left += 1,
                _ => {}
            }
        }
        Ok(letters)
    }

    async fn keepers(&self, account: AccountId) -> Result<Vec<KeeperRow>> {
        Ok(self.world().keepers_of(account).into_iter().map(|keeper| keeper.row.clone()).collect())
    }

    async fn add_keeper(&self, author: &Author, keeper: NewKeeper, now: Now) -> Result<()> {
        let mut world = self.world();
        let account = author.account;
        let stand = world.keepers_of(account).iter().filter(|k| k.row.standing.counts()).count();
        let taken = world.keepers.contains_key(&keeper.id)
            || world.keepers.values().any(|other| other.link == keeper.link);
        expect(stand < KEEPERS && !taken)?;
        let fact = keeper_added(account, &keeper);
        world.record(keeper.id, 1, fact)?;
        let order = world.next_sequence();
        let row = KeeperRow {
            id: keeper.id,
            account,
            name: keeper.name,
            address: keeper.address,
            language: keeper.language,
            standing: KeeperStanding::Invited,
            added: now.trusted,
            heard: None,
            said: None,
        };
        world.keepers_by.entry(account).or_default().push(keeper.id);
        world.keepers.insert(keeper.id, Keeper { row, link: keeper.link, order, rev: 1, asked: None });
        world.look_at_life(account, now);
        Ok(())
    }

    async fn keeper_of(&self, link: Keyed) -> Result<Option<KeeperRow>> {
        let world = self.world();
        let by_paper = world.keepers.values().find(|keeper| keeper.link == link);
        Ok(by_paper.or_else(|| world.keeper_asked_by(link)).map(|keeper| keeper.row.clone()))
    }

    async fn keeper_answers(
        &self,
        keeper: KeeperId,
        enrolled: bool,
        told: MessageId,
        now: Now,
    ) -> Result<()> {
        let mut world = self.world();
        let row = world.keepers.get(&keeper).ok_or(StoreError::Missing)?;
        let (account, standing, rev) = (row.row.account, row.row.standing, row.rev);
        let new = if enrolled { KeeperStanding::Enrolled } else { KeeperStanding::Declined };
        if standing == KeeperStanding::Removed {
            return Err(StoreError::Missing);
        }
        if let Some(row) = world.keepers.get_mut(&keeper) {
            row.row.heard = Some(now.trusted);
        }
        if standing == new {
            return Ok(());
        }
        world.record(keeper, rev + 1, Fact::KeeperAnswered { keeper, enrolled })?;
        world.stand(keeper, new);
        if !new.counts() {
            world.recount(account, now);
        }
        world.notice(account, told_of(enrolled), told, None, now);
        world.look_at_life(account, now);
        Ok(())
    }

    async fn keeper_moves(
        &self,
        keeper: KeeperId,
        address: SealedText,
        told: MessageId,
        now: Now,
    ) -> Result<()> {
        self.world().keeper_moves(keeper, address, told, now)
    }

    async fn lost_persons(&self, keeper: KeeperId) -> Result<Vec<LostPerson>> {
        Ok(self.world().lost_to(keeper))
    }

    async fn offer_address(
        &self,
        keeper: KeeperId,
        person: PersonId,
        address: NewAddress,
        told: MessageId,
        now: Now,
    ) -> Result<Offered> {
        self.world().offer_address(keeper, person, address, told, now)
    }

    async fn offered_addresses(&self, author: &Author, person: PersonId) -> Result<Vec<OfferedAddress>> {
        self.world().offered_addresses(author, person)
    }

    async fn answer_offer(
        &self,
        author: &Author,
        person: PersonId,
        address: AddressId,
        takes: bool,
        now: Now,
    ) -> Result<()> {
        self.world().answer_offer(author, person, address, takes, now)
    }

    async fn tell_of_person(
        &self,
        author: &Author,
        person: PersonId,
        name: Option<SealedText>,
    ) -> Result<()> {
        self.world().tell_of_person(author, person, name)
    }

    async fn told_of_person(&self, author: &Author, person: PersonId) -> Result<Option<SealedText>> {
        let world = self.world();
        world.person(author, person)?;
        Ok(world.told.get(&person).cloned())
    }

    async fn remove_keeper(&self, author: &Author, keeper: KeeperId, now: Now) -> Result<()> {
        let mut world = self.world();
        let row = world.keepers.get(&keeper).ok_or(StoreError::Missing)?;
        let (account, rev) = (row.row.account, row.rev);
        if account != author.account || row.row.standing == KeeperStanding::Removed {
            return Err(StoreError::Missing);
        }
        world.record(keeper, rev + 1, Fact::KeeperRemoved { account, keeper })?;
        world.stand(keeper, KeeperStanding::Removed);
        world.recount(account, now);
        world.look_at_life(account, now);
        Ok(())
    }

    async fn channels(&self, account: AccountId) -> Result<Vec<ChannelRow>> {
        Ok(self.world().channels_of(account))
    }

    async fn ask_channel(
        &self,
        author: &Author,
        ask: EmailChangeAsk,
        way: Way,
        now: Now,
    ) -> Result<CodeAsked> {
        self.ask_for_address(author, ask, Some(way), now).await
    }

    async fn prove_channel(
        &self,
        author: &Author,
        browser: Keyed,
        code: Keyed,
        channel: NewChannel,
        now: Now,
    ) -> Result<ChannelTried> {
        let mut world = self.world();
        let account = author.account;
        world.account(author)?;
        match world.try_code(browser, code, Some(account), Some(channel.way), now) {
            CodeTried::Over => return Ok(ChannelTried::Over),
            CodeTried::Wrong => return Ok(ChannelTried::Wrong),
            CodeTried::Right { email_key, .. } if email_key != channel.key => return Ok(ChannelTried::Over),
            CodeTried::Right { .. } => {}
        }
        if world.channels_of(account).len() >= CHANNELS {
            return Ok(ChannelTried::Full);
        }
        expect(!world.messages.contains_key(&channel.told))?;
        world.add_channel(account, channel.id, channel.way, channel.sealed, now)?;
        world.notice(account, Notice::ChannelAdded, channel.told, None, now);
        Ok(ChannelTried::Proved)
    }

    async fn add_channel(
        &self,
        author: &Author,
        channel: ChannelId,
        way: Way,
        sealed: SealedText,
        now: Now,
    ) -> Result<()> {
        self.world().add_channel(author.account, channel, way, sealed, now)
    }

    async fn remove_channel(&self, author: &Author, channel: ChannelId, now: Now) -> Result<()> {
        let mut world = self.world();
        let there = world.channels.get(&channel).is_some_and(|row| row.account == author.account);
        if there && world.remove_channel(channel, now)?.is_some() { Ok(()) } else { Err(StoreError::Missing) }
    }

    async fn browser_over(&self, channel: ChannelId, told: MessageId, now: Now) -> Result<bool> {
        let mut world = self.world();
        expect(!world.messages.contains_key(&told))?;
        let Some(account) = world.remove_channel(channel, now)? else { return Ok(false) };
        world.notice(account, Notice::BrowserOver, told, None, now);
        Ok(true)
    }

    async fn send_rehearsal(&self, author: &Author, messages: &[ToSend], now: Now) -> Result<bool> {
        self.world().send_rehearsal(author, messages, now)
    }

    async fn rehearsal_sent(&self, account: AccountId) -> Result<Option<RehearsalSent>> {
        Ok(self.world().rehearsal_sent(account))
    }

    async fn stop_rehearsal(&self, author: &Author) -> Result<u64> {
        Ok(self.world().stop_rehearsal(author.account))
    }

    async fn put_stop_code(&self, author: &Author, code: Keyed) -> Result<()> {
        let mut world = self.world();
        let account = author.account;
        expect(!world.stop_codes.iter().any(|(of, other)| *of != account && *other == code))?;
        world.record(account, 0, Fact::StopCodeMade { account, code: code.0 })?;
        world.stop_codes.insert(account, code);
        Ok(())
    }

    async fn account_of_stop_code(&self, code: Keyed) -> Result<Option<AccountId>> {
        Ok(self.world().stop_codes.iter().find(|(_, other)| **other == code).map(|(account, _)| *account))
    }
}

impl World {
    fn add_channel(
        &mut self,
        account: AccountId,
        channel: ChannelId,
        way: Way,
        sealed: SealedText,
        now: Now,
    ) -> Result<()> {
        let full = self.channels_of(account).len() >= CHANNELS;
        expect(!full && !self.channels.contains_key(&channel))?;
        self.record(channel, 1, channel_added(account, channel, way, &sealed))?;
        let order = self.next_sequence();
        let row = Channel { sealed, account, way, added: now.trusted, order, removed: false };
        self.channels_by.entry(row.account).or_default().push(channel);
        self.channels.insert(channel, row);
        self.look_at_life(account, now);
        Ok(())
    }

    /// Whose it was; none: it was not there.
    fn remove_channel(&mut self, channel: ChannelId, now: Now) -> Result<Option<AccountId>> {
        let Some(account) = self.channels.get(&channel).filter(|row| !row.removed).map(|row| row.account)
        else {
            return Ok(None);
        };
        self.record(channel, 2, Fact::ChannelRemoved { account, channel })?;
        if let Some(row) = self.channels.get_mut(&channel) {
            row.removed = true;
        }
        self.look_at_life(account, now);
        Ok(Some(account))
    }

    fn stand(&mut self, keeper: KeeperId, standing: KeeperStanding) {
        if let Some(row) = self.keepers.get_mut(&keeper) {
            row.row.standing = standing;
            row.rev += 1;
        }
    }
}
