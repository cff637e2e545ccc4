//! Whether an author is alive: her row, her keepers and channels, what a change writes, and her letters that wait for her end.

use super::{conflict, missing, ok};
use crate::conformance::scene::*;
use crate::lives::*;
use crate::rows::*;
use unsaid_delivery::Fact;
use unsaid_delivery::clock::Now;
use unsaid_delivery::id::{AccountId, KeeperId};
use unsaid_delivery::life::accept::{self, Armed};
use unsaid_delivery::life::{Change, Heard, Life, Plan, Policy, Stage, Strength, To, Vote, Word, decide};
use unsaid_delivery::message::{Kind, Ladder, Message, Says, Subject};
use unsaid_delivery::record::{Answer, Bounce};
use unsaid_delivery::rule::{Gate, Rule};
use unsaid_delivery::state::State;

fn keepers_only() -> Plan {
    Plan { policy: Policy::KeepersOnly, ..Plan::default() }
}

pub(super) async fn view(scene: &Scene<'_>, account: AccountId) -> LifeView {
    ok!(scene.store.life(account)).expect("a life")
}

/// Commits what was granted.
async fn commit(scene: &Scene<'_>, before: Option<&Life>, change: &Change, at: Now) {
    ok!(scene.store.commit_life(before, change, &names_of(scene, change), at));
}

fn names_of(scene: &Scene<'_>, change: &Change) -> Names {
    change.write.iter().map(|_| scene.message_id()).map(|id| (id, link_of(id))).collect()
}

pub(super) async fn arm(scene: &Scene<'_>, account: AccountId, plan: Plan, at: Now) {
    let change = accept::arm(account, None, plan, at).expect("a plan");
    commit(scene, None, &change, at).await;
}

pub(super) async fn sign(scene: &Scene<'_>, account: AccountId, strength: Strength, at: Now) {
    let seen = view(scene, account).await;
    match accept::sign(&seen.life, strength, &seen.facts, at) {
        Armed::Recorded(change) => commit(scene, Some(&seen.life), &change, at).await,
        other => panic!("{other:?}"),
    }
}

async fn vote(scene: &Scene<'_>, account: AccountId, keeper: KeeperId, word: Word, at: Now) {
    let seen = view(scene, account).await;
    let change = accept::vote(&seen.life, keeper, word, &seen.facts, at).expect("a keeper");
    commit(scene, Some(&seen.life), &change, at).await;
}

fn new_keeper(scene: &Scene<'_>, with_address: bool) -> NewKeeper {
    NewKeeper {
        id: KeeperId(scene.message_id().0),
        name: scene.sealed_text(),
        address: with_address.then(|| scene.sealed_text()),
        language: "es".into(),
        link: scene.keyed(),
    }
}

/// An author with so many keepers who can be written to.
async fn with_keepers_under(scene: &Scene<'_>, many: usize, plan: Plan) -> (Author, Vec<KeeperId>) {
    let author = scene.author().await;
    let mut keepers = Vec::new();
    for _ in 0..many {
        let keeper = new_keeper(scene, true);
        keepers.push(keeper.id);
        ok!(scene.store.add_keeper(&author, keeper, now(0)));
    }
    arm(scene, author.account(), plan, now(0)).await;
    (author, keepers)
}

/// So many keepers, whose word alone counts.
pub(super) async fn with_keepers(scene: &Scene<'_>, many: usize) -> (Author, Vec<KeeperId>) {
    with_keepers_under(scene, many, keepers_only()).await
}

/// Her keepers are asked how she is.
pub(super) async fn asking(scene: &Scene<'_>, account: AccountId, at: Now) {
    let seen = view(scene, account).await;
    let life = Life { keepers_asked: Some(at.observed), ..seen.life.clone() };
    let change = Change { life, wake: None, write: vec![], gate: None, fact: None, why: "" };
    commit(scene, Some(&seen.life), &change, at).await;
}

/// Time has let her go.
pub(super) async fn let_go(scene: &Scene<'_>, account: AccountId, at: Now) {
    let seen = view(scene, account).await;
    let mut life = seen.life.clone();
    (life.stage, life.open, life.released) = (Stage::Released, true, Some(at.trusted));
    let change = Change {
        life,
        wake: None,
        write: vec![],
        gate: Some(unsaid_delivery::life::GateMoves::Opens),
        fact: None,
        why: "",
    };
    commit(scene, Some(&seen.life), &change, at).await;
}

/// A letter that waits for her end.
pub(super) async fn for_her_end(scene: &Scene<'_>, author: &Author) -> Letter {
    let (person, _) = scene.person(author, &[scene.keyed()]).await;
    let mut seal = scene.ready_to_seal(author, person, now(0)).await;
    if let Some(promise) = &mut seal.promise {
        promise.rule = Rule { gate: Gate::Gone, ..promise.rule.clone() };
    }
    ok!(scene.store.seal(author, seal, now(0)))
}

/// Nobody has a life before they arm it; then the whole row comes back as it was kept, with what is known beside it.
pub async fn life(scene: &Scene<'_>) {
    let author = scene.author().await;
    let account = author.account();
    assert!(ok!(scene.store.life(account)).is_none());
    let change = accept::arm(account, None, Plan::default(), now(0)).expect("a plan");
    commit(scene, None, &change, now(0)).await;
    let seen = view(scene, account).await;
    assert_eq!(seen.life, Life { rev: 1, ..change.life });
    assert_eq!(seen.facts.channels, [To::SignIn]);
    assert!(seen.facts.keepers.is_empty() && seen.facts.votes.is_empty() && seen.facts.rung.is_empty());
    assert_eq!(
        (seen.facts.mail_left, seen.facts.somebody_else, seen.facts.hears_bounces),
        (None, None, false)
    );
    // A row with everything in it.
    let full = Life {
        coming: Some((keepers_only(), observed(9))),
        stage: Stage::Stopped { until: observed(5), resumes: Some(observed(4)) },
        weak_at: Some(observed(3)),
        paused: Some(trusted(77)),
        keepers_asked: Some(observed(2)),
        climbed: Some(observed(1)),
        held: Some(observed(8)),
        weak: unsaid_delivery::life::WeakSigns {
            in_a_row: 3,
            counted: Some(observed(6)),
            unlock_asked: None,
            doubt: unsaid_delivery::life::Doubt::Confirmed,
        },
        confirmed: Some(trusted(5)),
        ..seen.life.clone()
    };
    let change = Change { life: full.clone(), wake: None, write: vec![], gate: None, fact: None, why: "" };
    commit(scene, Some(&seen.life), &change, now(1)).await;
    assert_eq!(view(scene, account).await.life, Life { rev: 2, ..full });
    // Mail that left to somebody else is known, and when; what went to her is not that.
    let stranger = scene.author().await;
    let (person, _) = scene.person(&stranger, &[scene.keyed()]).await;
    scene.arrived(&stranger, person, 0).await;
    assert_eq!(view(scene, account).await.facts.mail_left, Some(observed(9 * HOUR)));
}

/// Whoever has read an older row is told; the fact is kept; what is written has its link and leaves at once.
pub async fn commit_life(scene: &Scene<'_>) {
    let (author, keepers) = with_keepers_under(scene, 2, keepers_only()).await;
    let account = author.account();
    let seen = view(scene, account).await;
    assert_eq!(seen.facts.keepers, keepers);
    assert_eq!(seen.facts.somebody_else, Some(To::Keeper(keepers[0])));
    let change = accept::vote(&seen.life, keepers[0], Word::Died, &seen.facts, now(10)).expect("a keeper");
    let names = names_of(scene, &change);
    conflict!(scene.store.commit_life(None, &change, &names, now(10)));
    let old = Life { rev: seen.life.rev - 1, ..seen.life.clone() };
    conflict!(scene.store.commit_life(Some(&old), &change, &names, now(10)));
    conflict!(scene.store.commit_life(Some(&seen.life), &change, &Vec::new(), now(10)));
    ok!(scene.store.commit_life(Some(&seen.life), &change, &names, now(10)));
    conflict!(scene.store.commit_life(Some(&seen.life), &change, &names_of(scene, &change), now(10)));
    let voted = Fact::Voted { account, keeper: keepers[0], episode: 1, word: Word::Died };
    assert_eq!(scene.facts().last(), Some(&voted));
    let after = view(scene, account).await;
    assert_eq!(after.facts.votes, [Vote { keeper: keepers[0], word: Word::Died }]);
    assert_eq!(ok!(scene.store.keepers(account))[0].standing, KeeperStanding::Enrolled);
    // She is told.
    let message = ok!(scene.store.message(names[0].0)).expect("a message");
    assert!(matches!(message.message.kind, Kind::Ladder(l) if l.says == Says::SaidDied && l.episode == 1));
    assert_eq!(message.message.subject, Subject::Account(account));
    assert!(message.about.is_some_and(|about| about.account == account && about.life.is_some()));
    assert!(scene.has_come(WakeOf::Message(names[0].0), now(10)).await);
    assert!(scene.has_come(WakeOf::Life(account), now(10)).await);
    // The last word of a keeper stands, and an episode that is over has none.
    vote(scene, account, keepers[0], Word::Unknown, now(20)).await;
    let seen = view(scene, account).await;
    assert_eq!(seen.facts.votes, [Vote { keeper: keepers[0], word: Word::Unknown }]);
    sign(scene, account, Strength::Weak, now(30)).await;
    assert!(view(scene, account).await.facts.votes.is_empty());
    // Somebody who is no keeper any more has said nothing.
    let seen = view(scene, account).await;
    let change = accept::vote(&seen.life, keepers[1], Word::Died, &seen.facts, now(40)).expect("a keeper");
    ok!(scene.store.remove_keeper(&author, keepers[1], now(40)));
    let seen = view(scene, account).await;
    conflict!(scene.store.commit_life(Some(&seen.life), &change, &names_of(scene, &change), now(40)));
}

/// The worker's commit needs the wake in hand; what is said meanwhile makes it read again.
pub async fn decided_life(scene: &Scene<'_>) {
    let author = scene.author().await;
    let account = author.account();
    arm(scene, account, Plan::default(), now(0)).await;
    let (boot, late) = (scene.boot_id(), now(62 * DAY));
    let of = WakeOf::Life(account);
    let taken = scene.take(boot, of, late).await.expect("it has come");
    let seen = view(scene, account).await;
    let change = decide(&seen.life, &seen.facts, late);
    assert_eq!(change.life.stage, Stage::Asked);
    let names = names_of(scene, &change);
    let stranger = Taken { boot: scene.boot_id(), ..taken };
    conflict!(scene.store.decided_life(&stranger, &seen.life, &change, &names, late));
    let other = Taken { of: WakeOf::Life(scene.account_id()), ..taken };
    conflict!(scene.store.decided_life(&other, &seen.life, &change, &names, late));
    // A sign of life between the reading and the commit wins.
    sign(scene, account, Strength::Weak, late).await;
    conflict!(scene.store.decided_life(&taken, &seen.life, &change, &names, late));
    let seen = view(scene, account).await;
    let change = decide(&seen.life, &seen.facts, late);
    assert_eq!(change.life.stage, Stage::Present);
    ok!(scene.store.decided_life(&taken, &seen.life, &change, &Vec::new(), late));
    assert!(!scene.has_come(of, now(62 * DAY + 29 * DAY)).await, "given back with its next time");
    // What the relay answers is known of her rung, refusals and what comes back too.
    let late = now(130 * DAY);
    scene.turn(late, Answer::Accepted).await;
    assert_eq!(view(scene, account).await.facts.rung, [Heard::Accepted(late.observed)]);
    let sent = view(scene, account).await;
    assert_eq!(sent.life.stage, Stage::Asked);
    scene.turn(now(138 * DAY), Answer::Refused).await;
    let rung = view(scene, account).await;
    assert_eq!(
        (rung.life.stage, rung.facts.rung),
        (Stage::Reminded(1), vec![Heard::Refused(observed(138 * DAY))])
    );
}

/// A link of the ladder leads to whom it asks about, and of whom.
pub async fn asked_by(scene: &Scene<'_>) {
    let (author, keepers) = with_keepers_under(scene, 2, keepers_only()).await;
    let account = author.account();
    assert!(ok!(scene.store.asked_by(scene.keyed())).is_none());
    vote(scene, account, keepers[0], Word::Died, now(10)).await;
    let sent = scene.turn(now(20), Answer::Accepted).await;
    let mut asked = Vec::new();
    for message in &sent {
        let by = ok!(scene.store.asked_by(link_of(message.id))).expect("a link of the ladder");
        assert_eq!((by.message, by.account), (message.id, account));
        asked.push((by.ladder.says, by.to));
    }
    assert!(asked.contains(&(Says::SaidDied, To::SignIn)), "{asked:?}");
    assert!(asked.contains(&(Says::KeeperAsked, To::Keeper(keepers[1]))), "{asked:?}");
    // The link of a knock is none.
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let arrived = scene.arrived(&author, person, 0).await;
    assert!(ok!(scene.store.asked_by(link_of(arrived.message))).is_none());
}

/// Letters that wait for her end wait, whatever the day; are owed from the moment when she is let go; and wait again after a sign of hers, but for those that have left.
pub async fn gone_letters(scene: &Scene<'_>) {
    let (author, keepers) = with_keepers_under(scene, 2, keepers_only()).await;
    let account = author.account();
    let (first, second) = (for_her_end(scene, &author).await, for_her_end(scene, &author).await);
    let state = async |letter: &Letter| scene.promised(&author, letter.id).await.state;
    scene.turn(now(20 * DAY), Answer::Accepted).await;
    assert_eq!((state(&first).await, state(&second).await), (State::Waiting, State::Waiting));
    assert_eq!(ok!(scene.store.gone_letters(account)), GoneLetters { wait: 2, left: 0 });
    for keeper in &keepers {
        vote(scene, account, *keeper, Word::Died, now(20 * DAY)).await;
    }
    // Day by day through the grace.
    let mut released = None;
    for day in 21..60 {
        let sent = scene.turn(now(day * DAY), Answer::Accepted).await;
        let knocks = sent.iter().filter(|m| m.kind == Kind::Knock).count();
        let gone = view(scene, account).await.life.is_released();
        assert!(gone || knocks == 0, "nothing leaves before");
        if gone {
            assert_eq!(knocks, 2, "and in the turn of the release all of it");
            released = Some(day);
            break;
        }
    }
    assert_eq!(released, Some(20 + 32), "written on the first day, and climbed from there");
    assert_eq!((state(&first).await, state(&second).await), (State::Knocked(1), State::Knocked(1)));
    assert_eq!(ok!(scene.store.gone_letters(account)), GoneLetters { wait: 0, left: 2 });

    // Another author; mail is down when she is let go, and she comes back.
    let (author, keepers) = with_keepers_under(scene, 2, keepers_only()).await;
    let account = author.account();
    let letter = for_her_end(scene, &author).await;
    for keeper in &keepers {
        vote(scene, account, *keeper, Word::Died, now(60 * DAY)).await;
    }
    let mut day = 60;
    while !view(scene, account).await.life.is_released() {
        day += 1;
        assert!(day < 120);
        let gone = matches!(view(scene, account).await.life.stage, Stage::Gone { .. });
        scene.turn(now(day * DAY), if gone { Answer::NotReached } else { Answer::Accepted }).await;
    }
    assert_eq!(scene.promised(&author, letter.id).await.state, State::Sending);
    sign(scene, account, Strength::Weak, now(day * DAY + 60)).await;
    assert_eq!(scene.promised(&author, letter.id).await.state, State::Waiting);
    let sent = scene.turn(now(day * DAY + HOUR), Answer::Accepted).await;
    assert!(!sent.iter().any(|m| m.kind == Kind::Knock), "what had not left does not leave");
    assert_eq!(ok!(scene.store.gone_letters(account)), GoneLetters { wait: 1, left: 0 });
}

/// In the order in which they were named, removed ones too.
pub async fn keepers(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (one, two) = (new_keeper(scene, true), new_keeper(scene, false));
    ok!(scene.store.add_keeper(&author, one.clone(), now(1)));
    ok!(scene.store.add_keeper(&author, two.clone(), now(2)));
    ok!(scene.store.remove_keeper(&author, one.id, now(3)));
    let hers = ok!(scene.store.keepers(author.account()));
    assert_eq!(hers.iter().map(|k| k.id).collect::<Vec<_>>(), [one.id, two.id]);
    assert_eq!((hers[0].standing, hers[1].standing), (KeeperStanding::Removed, KeeperStanding::Invited));
    assert_eq!((&hers[0].name, &hers[0].address, &hers[1].address), (&one.name, &one.address, &None));
    assert_eq!((hers[0].language.as_str(), hers[1].added), ("es", trusted(2)));
    assert!(ok!(scene.store.keepers(scene.account_id())).is_empty());
}

/// Five at most; a fact; no name and no way in is given twice; an invitation.
pub async fn add_keeper(scene: &Scene<'_>) {
    let author = scene.author().await;
    let first = new_keeper(scene, true);
    ok!(scene.store.add_keeper(&author, first.clone(), now(1)));
    assert!(matches!(scene.facts().last(), Some(Fact::KeeperAdded { keeper, .. }) if *keeper == first.id));
    conflict!(scene.store.add_keeper(&author, NewKeeper { link: scene.keyed(), ..first.clone() }, now(1)));
    let other = new_keeper(scene, true);
    conflict!(scene.store.add_keeper(&author, NewKeeper { link: first.link, ..other }, now(1)));
    for _ in 1..KEEPERS {
        ok!(scene.store.add_keeper(&author, new_keeper(scene, true), now(1)));
    }
    conflict!(scene.store.add_keeper(&author, new_keeper(scene, true), now(1)));
    ok!(scene.store.remove_keeper(&author, first.id, now(2)));
    ok!(scene.store.add_keeper(&author, new_keeper(scene, true), now(3)));
    // Whoever can be written to is invited once; who has paper alone is not.
    let (other, named) = with_keepers_under(scene, 2, keepers_only()).await;
    ok!(scene.store.add_keeper(&other, new_keeper(scene, false), now(4)));
    assert_eq!(view(scene, other.account()).await.facts.invited, named);
    let sent = scene.turn(now(HOUR), Answer::Accepted).await;
    let invited = |m: &&Message| matches!(m.kind, Kind::Ladder(Ladder { says: Says::Invited, .. }));
    assert_eq!(sent.iter().filter(invited).count(), 2);
    assert!(view(scene, other.account()).await.facts.invited.is_empty());
}

/// By their paper, for ever; nobody else's paper leads anywhere.
pub async fn keeper_of(scene: &Scene<'_>) {
    let author = scene.author().await;
    let keeper = new_keeper(scene, true);
    ok!(scene.store.add_keeper(&author, keeper.clone(), now(1)));
    let found = ok!(scene.store.keeper_of(keeper.link)).expect("a keeper");
    assert_eq!((found.id, found.account), (keeper.id, author.account()));
    assert!(ok!(scene.store.keeper_of(scene.keyed())).is_none());
}

/// Accepting and declining; whoever declined does not count, and may think again; whoever was removed may not.
pub async fn keeper_answers(scene: &Scene<'_>) {
    let (author, keepers) = with_keepers_under(scene, 2, keepers_only()).await;
    let account = author.account();
    ok!(scene.store.keeper_answers(keepers[0], true, scene.message_id(), now(1)));
    assert_eq!(scene.facts().last(), Some(&Fact::KeeperAnswered { keeper: keepers[0], enrolled: true }));
    let facts = scene.facts().len();
    ok!(scene.store.keeper_answers(keepers[0], true, scene.message_id(), now(1)));
    assert_eq!(scene.facts().len(), facts, "the same again is no second fact");
    ok!(scene.store.keeper_answers(keepers[1], false, scene.message_id(), now(2)));
    assert_eq!(view(scene, account).await.facts.keepers, [keepers[0]]);
    assert!(scene.has_come(WakeOf::Life(account), now(2)).await, "looked at again at once");
    ok!(scene.store.keeper_answers(keepers[1], true, scene.message_id(), now(3)));
    assert_eq!(view(scene, account).await.facts.keepers, keepers);
    ok!(scene.store.remove_keeper(&author, keepers[1], now(4)));
    missing!(scene.store.keeper_answers(keepers[1], true, scene.message_id(), now(5)));
    missing!(scene.store.keeper_answers(KeeperId(scene.message_id().0), true, scene.message_id(), now(5)));
}

/// Hers alone, once; and nothing goes to them any more.
pub async fn remove_keeper(scene: &Scene<'_>) {
    let (author, keepers) = with_keepers_under(scene, 2, keepers_only()).await;
    let stranger = scene.author().await;
    missing!(scene.store.remove_keeper(&stranger, keepers[0], now(1)));
    vote(scene, author.account(), keepers[1], Word::Died, now(1)).await;
    // The other one is about to be asked.
    scene.turn(now(2), Answer::NotReached).await;
    ok!(scene.store.remove_keeper(&author, keepers[0], now(3)));
    let account = author.account();
    assert_eq!(scene.facts().last(), Some(&Fact::KeeperRemoved { account, keeper: keepers[0] }));
    missing!(scene.store.remove_keeper(&author, keepers[0], now(3)));
    let sent = scene.turn(now(HOUR), Answer::Accepted).await;
    assert!(!sent.iter().any(|m| m.subject == Subject::Keeper(keepers[0])), "{sent:?}");
}

/// One for each author; a new one ends the old one.
pub async fn put_stop_code(scene: &Scene<'_>) {
    let (author, other) = (scene.author().await, scene.author().await);
    let (code, newer) = (scene.keyed(), scene.keyed());
    ok!(scene.store.put_stop_code(&author, code));
    let account = author.account();
    assert_eq!(scene.facts().last(), Some(&Fact::StopCodeMade { account, code: code.0 }));
    conflict!(scene.store.put_stop_code(&other, code));
    ok!(scene.store.put_stop_code(&author, newer));
    assert!(ok!(scene.store.account_of_stop_code(code)).is_none());
}

/// Whose it is; nobody's for anything else.
pub async fn account_of_stop_code(scene: &Scene<'_>) {
    let author = scene.author().await;
    let code = scene.keyed();
    ok!(scene.store.put_stop_code(&author, code));
    assert_eq!(ok!(scene.store.account_of_stop_code(code)), Some(author.account()));
    assert!(ok!(scene.store.account_of_stop_code(scene.keyed())).is_none());
}

/// What comes back is heard of: the rung that was accepted is refused.
pub async fn what_comes_back_moves_the_ladder(scene: &Scene<'_>) {
    let author = scene.author().await;
    let account = author.account();
    arm(scene, account, Plan::default(), now(0)).await;
    let sent = scene.turn(now(62 * DAY), Answer::Accepted).await;
    let question = sent.first().expect("a question");
    ok!(scene.store.bounced(question.id, Bounce::Dead, now(63 * DAY)));
    assert_eq!(view(scene, account).await.facts.rung, [Heard::Refused(observed(63 * DAY))]);
    assert!(scene.has_come(WakeOf::Life(account), now(63 * DAY)).await);
}
