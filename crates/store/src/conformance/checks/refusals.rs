//! Saying no, taking it back, and what stands.

use super::readers::{open_it, withdraw_it};
use super::{missing, ok};
use crate::conformance::scene::*;
use crate::rows::*;
use unsaid_delivery::fact::Fact;
use unsaid_delivery::id::{AddressId, DeliveryId};
use unsaid_delivery::record::Answer;
use unsaid_delivery::refusal::Scope;
use unsaid_delivery::state::State;

/// What is refused at one address, as decisions about a delivery see it.
async fn at(scene: &Scene<'_>, delivery: DeliveryId, address: AddressId) -> Vec<Scope> {
    let pair = scene.view(delivery).await.pair;
    let address = pair.addresses.into_iter().find(|a| a.id == address).expect("the address");
    address.refused.into_iter().map(|r| r.scope).collect()
}

async fn standing(scene: &Scene<'_>, reader: &Reader) -> Vec<Scope> {
    ok!(scene.store.refusals(reader)).into_iter().map(|r| r.scope).collect()
}

async fn state(scene: &Scene<'_>, delivery: DeliveryId) -> State {
    scene.view(delivery).await.delivery.state
}

/// Each scope reaches exactly as far as it says.
pub async fn refuse(scene: &Scene<'_>) {
    for scope in ["not me", "letter", "author", "house", "quiet"] {
        reaches(scene, scope).await;
    }
    // A letter that is not of this pair cannot be refused here.
    let author = scene.author().await;
    let (one, _) = scene.person(&author, &[scene.keyed()]).await;
    let (other, _) = scene.person(&author, &[scene.keyed()]).await;
    let here = scene.arrived(&author, one, 0).await;
    let there = scene.arrived(&author, other, 0).await;
    let before = scene.facts().len();
    missing!(scene.store.refuse(&here.reader, Scope::Letter(there.letter.id), now(DAY)));
    missing!(scene.store.refuse(&here.reader, Scope::Letter(scene.letter_id()), now(DAY)));
    assert_eq!(scene.facts().len(), before);

    // What was opened or taken back does not change by it.
    open_it(scene, &here, DAY).await;
    withdraw_it(scene, &author, &there, DAY).await;
    ok!(scene.store.refuse(&here.reader, Scope::Author, now(DAY)));
    ok!(scene.store.refuse(&there.reader, Scope::Author, now(DAY)));
    assert_eq!(state(scene, here.delivery).await, State::Opened);
    assert_eq!(state(scene, there.delivery).await, State::Withdrawn { undone: false });
    // And a letter sealed later runs its course silently.
    let silent = scene.sealed(&author, one, now(2 * DAY)).await.delivery.expect("a promise").id;
    assert_eq!(scene.turn(now(3 * DAY), Answer::Accepted).await, []);
    assert_eq!(state(scene, silent).await, State::Refused);

    // A knock that waits is looked at again at once, and does not leave.
    let (person, _) = scene.person(&author, &[scene.keyed()]).await;
    let known = scene.arrived(&author, person, 4 * DAY).await;
    open_it(scene, &known, 5 * DAY).await;
    scene.sealed(&author, person, now(5 * DAY)).await;
    assert_eq!(scene.turn(now(6 * DAY), Answer::Later).await.len(), 1);
    let waits = scene.view(known.delivery).await.pair.knocks[0].id;
    ok!(scene.store.refuse(&known.reader, Scope::Author, now(6 * DAY + 1)));
    assert!(scene.has_come(WakeOf::Message(waits), now(6 * DAY + 1)).await);
    assert_eq!(scene.turn(now(6 * DAY + 1), Answer::Accepted).await, []);
    assert_eq!(scene.turn(now(90 * DAY), Answer::Accepted).await, []);
}

/// One person with two addresses and two letters; the same mailbox as another person of hers, and as another author's person.
async fn reaches(scene: &Scene<'_>, which: &str) {
    let (author, other_author) = (scene.author().await, scene.author().await);
    let (key, second_key) = (scene.keyed(), scene.keyed());
    let (person, addresses) = scene.person(&author, &[key, second_key]).await;
    let (namesake, namesakes) = scene.person(&author, &[key]).await;
    let (elsewhere, elsewheres) = scene.person(&other_author, &[key]).await;
    let first = scene.arrived(&author, person, 0).await;
    let second = scene.arrived(&author, person, DAY).await;
    let beside = scene.arrived(&author, namesake, DAY).await;
    let foreign = scene.arrived(&other_author, elsewhere, DAY).await;
    assert_eq!(first.reader.address(), Some(addresses[0]));

    let scope = match which {
        "not me" => Scope::NotMe,
        "letter" => Scope::Letter(first.letter.id),
        "author" => Scope::Author,
        "house" => Scope::House,
        _ => Scope::Quiet,
    };
    let before = scene.facts().len();
    ok!(scene.store.refuse(&first.reader, scope, now(2 * DAY)));
    let fact = Fact::Refused { person: (scope != Scope::House).then_some(person), address: key.0, scope };
    assert_eq!(scene.facts()[before..], [fact]);
    ok!(scene.store.refuse(&first.reader, scope, now(2 * DAY + 1)));
    assert_eq!(scene.facts().len(), before + 1, "what stands is not written again");
    assert_eq!(standing(scene, &first.reader).await, [scope]);

    // At which addresses: the same, the person's other one, the same of another person of hers, the same of another author's.
    let stands = [
        at(scene, first.delivery, addresses[0]).await == [scope],
        at(scene, first.delivery, addresses[1]).await == [scope],
        at(scene, beside.delivery, namesakes[0]).await == [scope],
        at(scene, foreign.delivery, elsewheres[0]).await == [scope],
    ];
    let expected = match scope {
        Scope::NotMe => [true, false, false, false],
        Scope::Letter(_) => [true, true, false, false],
        Scope::Author => [true, true, true, false],
        Scope::House => [true, false, true, true],
        Scope::Quiet => [true, false, true, false],
    };
    assert_eq!(stands, expected, "{which}");

    let states = [state(scene, first.delivery).await, state(scene, second.delivery).await];
    let expected = match scope {
        Scope::Letter(_) => [State::Refused, State::Sending],
        Scope::Author => [State::Refused, State::Refused],
        // The second fell due while the first was knocked for: the next knock will speak for it too.
        _ => [State::Knocked(1), State::Sending],
    };
    assert_eq!(states, expected, "{which}");
    // Those that remain wake at once; those that are refused wake no more.
    let wakes = [
        scene.has_come(WakeOf::Delivery(first.delivery), now(2 * DAY + 1)).await,
        scene.has_come(WakeOf::Delivery(second.delivery), now(2 * DAY + 1)).await,
    ];
    assert_eq!(wakes, states.map(|s| s != State::Refused), "{which}");

    // After thirty days: who is knocked at again, and where.
    let sent = scene.turn(now(30 * DAY), Answer::Accepted).await;
    let mut at: Vec<_> = sent.iter().filter_map(|m| m.address).collect();
    at.sort();
    let mut expected = match scope {
        Scope::NotMe | Scope::Quiet => vec![addresses[1], elsewheres[0]],
        Scope::Letter(_) => vec![addresses[0], namesakes[0], elsewheres[0]],
        Scope::Author => vec![elsewheres[0]],
        Scope::House => vec![addresses[1]],
    };
    if scope == Scope::NotMe {
        expected.push(namesakes[0]);
    }
    expected.sort();
    assert_eq!(at, expected, "{which}");
    // Leaves nothing behind for the next scope.
    scene.turn(now(31 * DAY), Answer::Accepted).await;
    for (author, arrived) in
        [(&author, &first), (&author, &second), (&author, &beside), (&other_author, &foreign)]
    {
        withdraw_it(scene, author, arrived, 31 * DAY).await;
    }
}

/// Taking it back makes what was refused waiting again: it may be opened, and no knock follows today.
pub async fn lift(scene: &Scene<'_>) {
    let author = scene.author().await;
    let keys = [scene.keyed(), scene.keyed()];
    let (person, addresses) = scene.person(&author, &keys).await;
    let first = scene.arrived(&author, person, 0).await;
    let second = scene.arrived(&author, person, DAY).await;
    // Nothing stands: nothing changes, nothing is written.
    let before = scene.facts().len();
    ok!(scene.store.lift(&first.reader, Scope::Author, now(DAY)));
    assert_eq!(scene.facts().len(), before);

    ok!(scene.store.refuse(&first.reader, Scope::Letter(first.letter.id), now(2 * DAY)));
    ok!(scene.store.refuse(&first.reader, Scope::Author, now(2 * DAY)));
    assert_eq!(standing(scene, &first.reader).await, [Scope::Letter(first.letter.id), Scope::Author]);
    let before = scene.facts().len();
    ok!(scene.store.lift(&first.reader, Scope::Letter(first.letter.id), now(3 * DAY)));
    let scope = Scope::Letter(first.letter.id);
    let fact = Fact::Lifted { person: Some(person), address: keys[0].0, scope };
    assert_eq!(scene.facts()[before..], [fact]);
    assert_eq!(standing(scene, &first.reader).await, [Scope::Author]);
    assert_eq!(at(scene, first.delivery, addresses[1]).await, [Scope::Author]);
    assert_eq!(state(scene, first.delivery).await, State::Knocked(1));
    assert_eq!(state(scene, second.delivery).await, State::Refused);
    ok!(scene.store.lift(&first.reader, Scope::Author, now(3 * DAY)));
    ok!(scene.store.lift(&first.reader, Scope::Author, now(3 * DAY)));
    assert_eq!(scene.facts().len(), before + 2, "once");
    for address in &addresses {
        assert_eq!(at(scene, first.delivery, *address).await, []);
    }
    assert_eq!(state(scene, second.delivery).await, State::Knocked(1));
    // They are here today: the next knock has its pause, in observed time.
    for arrived in [&first, &second] {
        let of = WakeOf::Delivery(arrived.delivery);
        assert!(!scene.has_come(of, now(17 * DAY - 1)).await);
        assert!(scene.has_come(of, now(17 * DAY)).await);
    }
    assert_eq!(scene.turn(now(17 * DAY), Answer::Accepted).await.len(), 1, "one knock for all");

    // What was refused before it was ever knocked about is found again too, and what was withdrawn is not.
    ok!(scene.store.refuse(&first.reader, Scope::House, now(18 * DAY)));
    let (alone, _) = scene.person(&author, &[keys[0]]).await;
    let silent = scene.sealed(&author, alone, now(18 * DAY)).await;
    assert_eq!(scene.turn(now(19 * DAY), Answer::Accepted).await, []);
    let silent = silent.delivery.expect("a promise").id;
    assert_eq!(state(scene, silent).await, State::Refused);
    withdraw_it(scene, &author, &second, 19 * DAY).await;
    let before = scene.facts().len();
    ok!(scene.store.lift(&first.reader, Scope::House, now(20 * DAY)));
    let fact = Fact::Lifted { person: None, address: keys[0].0, scope: Scope::House };
    assert_eq!(scene.facts()[before..], [fact]);
    assert_eq!(state(scene, silent).await, State::Knocked(1), "another person at this address");
    assert_eq!(state(scene, second.delivery).await, State::Withdrawn { undone: false });
    assert_eq!(scene.turn(now(33 * DAY), Answer::Accepted).await, []);
    let sent = scene.turn(now(34 * DAY), Answer::Accepted).await;
    assert_eq!(sent.len(), 1, "its first knock, two weeks after");

    // Quiet is lifted like a refusal; the state of what waits does not change by it.
    open_it(scene, &first, 35 * DAY).await;
    ok!(scene.store.refuse(&first.reader, Scope::Quiet, now(36 * DAY)));
    ok!(scene.store.lift(&first.reader, Scope::Quiet, now(36 * DAY)));
    assert_eq!(standing(scene, &first.reader).await, []);
    assert_eq!(state(scene, first.delivery).await, State::Opened);
}

/// What stands for this address and person: each scope once, oldest first, whichever address it was said at.
pub async fn refusals(scene: &Scene<'_>) {
    let (author, other_author) = (scene.author().await, scene.author().await);
    let keys = [scene.keyed(), scene.keyed()];
    let (person, _) = scene.person(&author, &keys).await;
    let (theirs, _) = scene.person(&other_author, &[keys[0]]).await;
    let first = scene.arrived(&author, person, 0).await;
    let other = scene.arrived(&other_author, theirs, 0).await;
    assert_eq!(standing(scene, &first.reader).await, []);
    ok!(scene.store.refuse(&first.reader, Scope::NotMe, now(DAY)));
    let sent = scene.turn(now(20 * DAY), Answer::Accepted).await;
    let second =
        sent.iter().find(|m| m.subject == unsaid_delivery::Subject::Person(person)).expect("a knock");
    let second = scene.reader(second.id).await;
    assert_eq!(second.address_key(), keys[1]);
    assert_eq!(standing(scene, &second).await, [], "said of the other address");
    for scope in [Scope::Quiet, Scope::Author, Scope::Letter(first.letter.id), Scope::House] {
        ok!(scene.store.refuse(&second, scope, now(21 * DAY)));
    }
    let letter = Scope::Letter(first.letter.id);
    assert_eq!(standing(scene, &second).await, [Scope::Quiet, Scope::Author, letter, Scope::House]);
    assert_eq!(standing(scene, &first.reader).await, [Scope::NotMe, Scope::Author, letter]);
    ok!(scene.store.refuse(&first.reader, Scope::Author, now(22 * DAY)));
    assert_eq!(standing(scene, &first.reader).await, [Scope::NotMe, Scope::Author, letter], "once");
    assert_eq!(standing(scene, &other.reader).await, []);
}
