//! What is asked before a letter opens, and whose name may be said.

use super::readers::withdraw_it;
use super::{conflict, missing, ok};
use crate::conformance::scene::*;
use crate::rows::*;
use unsaid_delivery::accept::{self, ANSWERS_A_DAY};
use unsaid_delivery::fact::Fact;
use unsaid_delivery::id::{DeliveryId, MessageId, PersonId};
use unsaid_delivery::record::Answer;
use unsaid_delivery::refusal::Scope;
use unsaid_delivery::rule::{Proof, Rule};

/// A letter that asks, and has arrived; who came with its link has a session.
async fn asking(scene: &Scene<'_>, author: &Author, person: PersonId, at: i64) -> (Arrived, NewProof) {
    let proof = scene.proof(at % 2 == 1);
    let kind = if proof.asks.question.is_some() { Proof::Question } else { Proof::Birthday };
    let mut seal = scene.ready_to_seal(author, person, now(at)).await;
    let promise = seal.promise.as_mut().expect("a promise");
    promise.rule = Rule { proof: kind, ..promise.rule.clone() };
    // A rule that asks, and nothing to ask, is no promise that can be kept.
    let nothing = Seal { promise: Some(Promise { proof: None, ..promise.clone() }), ..seal.clone() };
    let promise = seal.promise.as_mut().expect("a promise");
    promise.proof = Some(proof.clone());
    conflict!(scene.store.seal(author, nothing, now(at)));
    let letter = ok!(scene.store.seal(author, seal, now(at)));
    assert_eq!(letter.asks, Some(proof.asks.clone()));
    assert_eq!(ok!(scene.store.letter(author, letter.id)).asks, Some(proof.asks.clone()));
    let listed = ok!(scene.store.letters(author)).into_iter().find(|l| l.id == letter.id).expect("hers");
    assert_eq!(listed.asks, Some(proof.asks.clone()));
    scene.turn(now(at + 9 * HOUR), Answer::Accepted).await;
    let delivery = letter.delivery.as_ref().expect("a promise").id;
    let message = scene.view(delivery).await.pair.knocks.last().expect("a knock").id;
    let reader = session(scene, message, at + DAY).await.0;
    (Arrived { delivery, message, reader, letter }, proof)
}

/// A session of whoever has this link, and its token.
async fn session(scene: &Scene<'_>, message: MessageId, at: i64) -> (Reader, Keyed) {
    let token = scene.keyed();
    ok!(scene.store.open_reader(token, message, now(at)));
    (ok!(scene.store.reader(token, now(at))).expect("a session"), token)
}

async fn asked(scene: &Scene<'_>, reader: &Reader, delivery: DeliveryId) -> Option<Asks> {
    let waiting = ok!(scene.store.waiting(reader));
    waiting.into_iter().find(|w| w.delivery.id == delivery).expect("it waits").asks
}

/// An answer, of a question or of a birthday with its year.
fn said(answer: Keyed) -> Answered {
    Answered { plain: answer, with_year: Some(answer) }
}

/// Whether it opens for this reader; it is read anew first.
async fn opens(scene: &Scene<'_>, arrived: &Arrived, reader: &Reader, at: i64) -> bool {
    let delivery = scene.view(arrived.delivery).await.delivery;
    if let Some(granted) = accept::open(&delivery).expect("it waits") {
        match scene.store.open(reader, &delivery, &granted, now(at)).await {
            Ok(()) => {}
            Err(crate::StoreError::Missing) => return false,
            Err(other) => panic!("{other:?}"),
        }
    }
    scene.store.release(reader, arrived.delivery).await.is_ok()
}

/// The right answer opens, in the session in which it was given and in no other; five wrong ones a day, twenty in all; words need none.
pub async fn try_proof(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let (other, _) = scene.person(&author, &[scene.keyed()]).await;
    let (arrived, proof) = asking(scene, &author, person, 0).await;
    let elsewhere = asking(scene, &author, other, 2 * DAY + 1).await.0;
    let wrong = || scene.keyed();
    let reader = &arrived.reader;
    assert_eq!(asked(scene, reader, arrived.delivery).await, Some(proof.asks.clone()));
    missing!(scene.store.try_proof(&elsewhere.reader, arrived.delivery, said(proof.answer), now(3 * DAY)));
    let without = scene.reader(arrived.message).await;
    missing!(scene.store.try_proof(&without, arrived.delivery, said(proof.answer), now(3 * DAY)));

    // Five wrong ones, and the right one is not looked at any more on that day, in whichever session.
    let at = 4 * DAY;
    for _ in 0..ANSWERS_A_DAY {
        assert_eq!(
            ok!(scene.store.try_proof(reader, arrived.delivery, said(wrong()), now(at))),
            ProofTried::Wrong
        );
    }
    let (second, token) = session(scene, arrived.message, at + HOUR).await;
    for reader in [reader, &second] {
        let tried = scene.store.try_proof(reader, arrived.delivery, said(proof.answer), now(at + HOUR));
        assert_eq!(ok!(tried), ProofTried::TooManyToday);
    }
    let elsewhere_tried =
        scene.store.try_proof(&elsewhere.reader, elsewhere.delivery, said(wrong()), now(at));
    assert_eq!(ok!(elsewhere_tried), ProofTried::Wrong, "each delivery counts for itself");
    assert!(!opens(scene, &arrived, reader, at).await);

    // The next day the right one opens, where it was given.
    let at = at + DAY + HOUR;
    let right = scene.store.try_proof(&second, arrived.delivery, said(proof.answer), now(at));
    assert_eq!(ok!(right), ProofTried::Right);
    assert_eq!(asked(scene, &second, arrived.delivery).await, None);
    assert_eq!(asked(scene, reader, arrived.delivery).await, Some(proof.asks.clone()));
    assert!(!opens(scene, &arrived, reader, at).await, "another browser has answered nothing");
    assert!(opens(scene, &arrived, &second, at).await);
    assert!(!opens(scene, &arrived, reader, at).await, "also after it was opened");
    missing!(scene.store.reader_part(reader, arrived.delivery, "letter.age"));
    ok!(scene.store.reader_part(&second, arrived.delivery, "letter.age"));
    // That session is over, and with it what was answered there.
    ok!(scene.store.end_reader(token));
    assert!(!opens(scene, &arrived, &second, at).await);

    // Twenty in all are the end, for the right one too, however long one waits.
    for day in 1..4 {
        for _ in 0..ANSWERS_A_DAY {
            let tried =
                scene.store.try_proof(reader, arrived.delivery, said(wrong()), now(at + day * 2 * DAY));
            assert_eq!(ok!(tried), ProofTried::Wrong);
        }
    }
    let at = at + 40 * DAY;
    let (late, _) = session(scene, arrived.message, at).await;
    let tried = scene.store.try_proof(&late, arrived.delivery, said(proof.answer), now(at));
    assert_eq!(ok!(tried), ProofTried::NoMore);
    // But the words of their card need no answer.
    let claim = scene.keyed();
    ok!(scene.store.put_card(&author, person, claim, now(at)));
    let token = scene.keyed();
    assert!(ok!(scene.store.open_reader_by_claim(token, claim, now(at))));
    let by_words = ok!(scene.store.reader(token, now(at))).expect("a session");
    assert_eq!(asked(scene, &by_words, arrived.delivery).await, None);
    assert!(opens(scene, &arrived, &by_words, at).await);
}

/// What was wrong in the session that found the right answer is forgotten; what was wrong elsewhere is not.
pub async fn what_was_opened_stays_theirs_when_the_answer_changes(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let (arrived, before) = asking(scene, &author, person, 0).await;
    for _ in 1..ANSWERS_A_DAY {
        let tried = scene.store.try_proof(&arrived.reader, arrived.delivery, said(scene.keyed()), now(DAY));
        assert_eq!(ok!(tried), ProofTried::Wrong);
    }
    let right = scene.store.try_proof(&arrived.reader, arrived.delivery, said(before.answer), now(DAY));
    assert_eq!(ok!(right), ProofTried::Right);
    assert!(opens(scene, &arrived, &arrived.reader, DAY).await);
    let after = NewProof { answer: scene.keyed(), ..before.clone() };
    ok!(scene.store.correct_proof(&author, arrived.letter.id, after.clone(), now(DAY)));
    // Each with its year, as it was asked: what was asked later without one is asked beside it.
    let plain = NewProof { asks: Asks { question: None, with_year: false }, answer: scene.keyed() };
    ok!(scene.store.correct_proof(&author, arrived.letter.id, plain.clone(), now(DAY)));
    let forms = |plain, whole| Answered { plain, with_year: Some(whole) };
    let nothing = scene.keyed();
    for answer in [forms(nothing, before.answer), forms(nothing, after.answer), forms(plain.answer, nothing)]
    {
        let (reader, _) = session(scene, arrived.message, DAY).await;
        for _ in 2..ANSWERS_A_DAY {
            let tried = scene.store.try_proof(&reader, arrived.delivery, said(scene.keyed()), now(DAY));
            assert_eq!(ok!(tried), ProofTried::Wrong, "those of the sessions before are forgotten");
        }
        let asks = Asks { question: None, with_year: true };
        assert_eq!(asked(scene, &reader, arrived.delivery).await, Some(asks));
        // A year is compared with what was asked with its year, and never with anything else.
        let crossed = forms(before.answer, plain.answer);
        let tried = scene.store.try_proof(&reader, arrived.delivery, crossed, now(DAY));
        assert_eq!(ok!(tried), ProofTried::Wrong);
        let tried = scene.store.try_proof(&reader, arrived.delivery, answer, now(DAY));
        assert_eq!(ok!(tried), ProofTried::Right);
    }
}

/// A corrected birthday is what is asked from then on, once a fact; a question is not corrected.
pub async fn correct_proof(scene: &Scene<'_>) {
    let (author, stranger) = (scene.author().await, scene.author().await);
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let (arrived, before) = asking(scene, &author, person, 0).await;
    let letter = arrived.letter.id;
    let after =
        NewProof { asks: Asks { question: None, with_year: !before.asks.with_year }, answer: scene.keyed() };
    missing!(scene.store.correct_proof(&stranger, letter, after.clone(), now(DAY)));
    let facts = scene.facts().len();
    for _ in 0..2 {
        ok!(scene.store.correct_proof(&author, letter, after.clone(), now(DAY)));
    }
    let fact = Fact::ProofChanged { letter, with_year: after.asks.with_year, answer: after.answer.0 };
    assert_eq!(scene.facts()[facts..], [fact]);
    assert_eq!(ok!(scene.store.letter(&author, letter)).asks, Some(after.asks.clone()));
    assert_eq!(asked(scene, &arrived.reader, arrived.delivery).await, Some(after.asks.clone()));
    let tried = |answer: NewProof, day| {
        let forms = match answer.asks.with_year {
            true => Answered { plain: scene.keyed(), with_year: Some(answer.answer) },
            false => Answered { plain: answer.answer, with_year: None },
        };
        scene.store.try_proof(&arrived.reader, arrived.delivery, forms, now(day))
    };
    // Shut for ever by answers that were compared with the wrong day: the right day opens it again.
    for day in 2..6 {
        for _ in 0..ANSWERS_A_DAY {
            assert_eq!(ok!(tried(before.clone(), day * 2 * DAY)), ProofTried::Wrong);
        }
    }
    assert_eq!(ok!(tried(before.clone(), 90 * DAY)), ProofTried::NoMore);
    let right = NewProof { answer: scene.keyed(), ..after.clone() };
    ok!(scene.store.correct_proof(&author, letter, right.clone(), now(90 * DAY)));
    assert_eq!(ok!(tried(after.clone(), 90 * DAY)), ProofTried::Wrong);
    // The same again forgets nothing.
    ok!(scene.store.correct_proof(&author, letter, right.clone(), now(90 * DAY)));
    for _ in 1..ANSWERS_A_DAY {
        assert_eq!(ok!(tried(after.clone(), 90 * DAY)), ProofTried::Wrong);
    }
    assert_eq!(ok!(tried(right.clone(), 90 * DAY)), ProofTried::TooManyToday);
    assert_eq!(ok!(tried(right, 92 * DAY)), ProofTried::Right);

    let questioned = asking(scene, &author, person, 2 * DAY + 1).await.0.letter.id;
    conflict!(scene.store.correct_proof(&author, questioned, after.clone(), now(3 * DAY)));
    conflict!(scene.store.correct_proof(&author, letter, scene.proof(true), now(3 * DAY)));
    let plain = scene.sealed(&author, person, now(3 * DAY)).await.id;
    conflict!(scene.store.correct_proof(&author, plain, after, now(3 * DAY)));
}

/// An undone letter that is sealed again asks what it asks now, and nothing that was answered or tried before counts.
pub async fn sealed_anew_asks_anew(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let mut seal = scene.ready_to_seal(&author, person, now(0)).await;
    let first = scene.proof(false);
    let promise = seal.promise.as_mut().expect("a promise");
    promise.rule.proof = Proof::Birthday;
    promise.proof = Some(first);
    let letter = ok!(scene.store.seal(&author, seal.clone(), now(0)));
    let delivery = letter.delivery.expect("a promise");
    let granted = accept::undo(&delivery, now(1)).expect("it rests");
    ok!(scene.store.commit_author(&author, &delivery, &granted, now(1)));
    assert_eq!(ok!(scene.store.reserve_version(&author, letter.id, now(2))), 2);
    scene.fill(&author, letter.id, 2).await;
    let plain = Seal { version: 2, promise: Some(scene.promise(person, now(2))), ..seal };
    assert_eq!(ok!(scene.store.seal(&author, plain, now(2))).asks, None);
    scene.turn(now(9 * HOUR), Answer::Accepted).await;
    let message = scene.view(delivery.id).await.pair.knocks.last().expect("a knock").id;
    let (reader, _) = session(scene, message, DAY).await;
    assert_eq!(asked(scene, &reader, delivery.id).await, None);
}

/// While everything that came asks, whoever came is told no name, answers nothing and takes nothing; they may say no, and keep it for later.
pub async fn what_asks_names_nobody_and_gives_nothing(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    // One that asked nothing was taken back before it left: nobody has seen it, so it names nobody.
    let mut never = scene.ready_to_seal(&author, person, now(0)).await;
    let promise = never.promise.as_mut().expect("a promise");
    promise.rest.until = trusted(900 * DAY);
    promise.due = trusted(900 * DAY);
    let never = ok!(scene.store.seal(&author, never, now(0)));
    let delivery = never.delivery.expect("a promise");
    let granted = accept::withdraw(&delivery).expect("always accepted");
    ok!(scene.store.commit_author(&author, &delivery, &granted, now(0)));
    let (arrived, proof) = asking(scene, &author, person, 0).await;
    let reader = &arrived.reader;
    assert!(!ok!(scene.store.sender(reader)).may_be_named);
    assert_eq!(ok!(scene.store.message(arrived.message)).expect("a knock").name, None);
    let zone = ok!(scene.store.sender(reader)).zone;
    let read = scene.view(arrived.delivery).await.delivery;
    let later = accept::later(&read, None, &zone, now(DAY)).expect("it waits");
    ok!(scene.store.keep_for_later(reader, &read, &later, now(DAY)));
    assert!(!opens(scene, &arrived, reader, DAY).await);
    let letter = Scope::Letter(arrived.letter.id);
    ok!(scene.store.refuse(reader, letter, now(DAY)));
    ok!(scene.store.lift(reader, letter, now(DAY)));
    let right = scene.store.try_proof(reader, arrived.delivery, said(proof.answer), now(DAY));
    assert_eq!(ok!(right), ProofTried::Right);
    assert!(ok!(scene.store.sender(reader)).may_be_named);
    // Somebody else who reads that mailbox is told nothing, also when it was opened or taken back.
    assert!(opens(scene, &arrived, reader, DAY).await);
    let (stranger, _) = session(scene, arrived.message, DAY).await;
    assert!(!ok!(scene.store.sender(&stranger)).may_be_named);
    withdraw_it(scene, &author, &arrived, 2 * DAY).await;
    assert!(!ok!(scene.store.sender(&stranger)).may_be_named);
    // A letter that asks nothing names its author.
    let plain = scene.arrived(&author, person, 3 * DAY).await;
    let (reader, _) = session(scene, plain.message, 4 * DAY).await;
    assert!(ok!(scene.store.sender(&reader)).may_be_named);
    // While 'this is not for me' stands, nothing is answered there.
    ok!(scene.store.refuse(&stranger, Scope::NotMe, now(5 * DAY)));
    missing!(scene.store.try_proof(&stranger, arrived.delivery, said(proof.answer), now(5 * DAY)));
    missing!(scene.store.allow_name(&stranger, None));
}

/// All accounts, with what was approved of their names; the hash of an invitation goes to whoever takes it.
pub async fn named(scene: &Scene<'_>) {
    assert_eq!(ok!(scene.store.named()), []);
    let first = scene.author().await;
    let (invitation, token, name) = (scene.keyed(), scene.keyed(), scene.keyed());
    ok!(scene.store.invite(invitation, Role::Author, trusted(DAY), Some(name)));
    let (id, email_key) = (scene.account_id(), scene.keyed());
    let new = scene.new_account(id, email_key);
    let came = scene.store.open_newcomer(token, id, email_key, new.email.clone(), Some(invitation), now(1));
    ok!(came);
    let second = ok!(scene.store.create_account(token, new, false, now(1)));
    let all = ok!(scene.store.named());
    let all: Vec<_> = all.iter().map(|n| (n.account, n.approved)).collect();
    assert_eq!(all, [(first.account(), None), (second.account(), Some(name))]);
    assert_eq!(ok!(scene.store.account(&second)).approved_name, Some(name));
}

/// Approved, and taken back.
pub async fn approve_name(scene: &Scene<'_>) {
    let author = scene.author().await;
    for name in [Some(scene.keyed()), None] {
        ok!(scene.store.approve_name(author.account(), name));
        assert_eq!(ok!(scene.store.account(&author)).approved_name, name);
        assert_eq!(ok!(scene.store.named()).last().expect("her").approved, name);
    }
    missing!(scene.store.approve_name(scene.account_id(), None));
}

/// What the person allows stands beside what the host approved, with the name, where the knock is written.
pub async fn allow_name(scene: &Scene<'_>) {
    let author = scene.author().await;
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let (other, _) = scene.person(&author, &[scene.keyed()]).await;
    let arrived = scene.arrived(&author, person, 0).await;
    let elsewhere = scene.arrived(&author, other, 0).await;
    let (allowed, approved) = (scene.keyed(), scene.keyed());
    let name = ok!(scene.store.account(&author)).name;
    let said = |approved, allowed| {
        Some(NameToSay { account: author.account(), name: name.clone(), approved, allowed })
    };
    let of = async |message| ok!(scene.store.message(message)).expect("a knock").name;
    assert_eq!(of(arrived.message).await, said(None, None));
    ok!(scene.store.allow_name(&arrived.reader, Some(allowed)));
    ok!(scene.store.approve_name(author.account(), Some(approved)));
    assert_eq!(of(arrived.message).await, said(Some(approved), Some(allowed)));
    assert_eq!(ok!(scene.store.sender(&arrived.reader)).allowed_name, Some(allowed));
    assert_eq!(of(elsewhere.message).await, said(Some(approved), None));
    ok!(scene.store.allow_name(&arrived.reader, None));
    assert_eq!(of(arrived.message).await, said(Some(approved), None));
}
