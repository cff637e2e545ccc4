//! A rehearsal that an author sends to herself.

use super::{conflict, ok};
use crate::conformance::scene::*;
use crate::lives::*;
use unsaid_delivery::id::ChannelId;
use unsaid_delivery::message::{Kind, MessageState, Notice, REHEARSED_KNOCK, Subject, Way};
use unsaid_delivery::record::Answer;

fn messages(scene: &Scene<'_>, channel: Option<ChannelId>) -> Vec<ToSend> {
    let places = [(None, 1), (channel, 2), (None, REHEARSED_KNOCK)];
    places.into_iter().map(|(channel, nth)| ToSend { id: scene.message_id(), channel, nth }).collect()
}

/// Each message goes to herself, at the address that is named, as a notice that names its place; once in an hour.
pub async fn send_rehearsal(scene: &Scene<'_>) {
    let (author, other) = (scene.author().await, scene.author().await);
    let (channel, theirs) = (ChannelId(scene.message_id().0), ChannelId(scene.message_id().0));
    ok!(scene.store.add_channel(&author, channel, Way::Mail, scene.sealed_text(), now(0)));
    ok!(scene.store.add_channel(&other, theirs, Way::Mail, scene.sealed_text(), now(0)));
    conflict!(scene.store.send_rehearsal(&author, &messages(scene, Some(theirs)), now(0)));
    let sent = messages(scene, Some(channel));
    assert!(ok!(scene.store.send_rehearsal(&author, &sent, now(0))));
    let seen = ok!(scene.store.message(sent[1].id)).expect("a message");
    assert_eq!((seen.message.kind, seen.message.nth), (Kind::Notice(Notice::Rehearsal), 2));
    assert_eq!(seen.message.subject, Subject::Channel(channel));
    assert_eq!(seen.about.map(|about| about.account), Some(author.account()));
    assert!(!ok!(scene.store.send_rehearsal(&author, &messages(scene, None), now(HOUR - 1))));
    assert!(ok!(scene.store.send_rehearsal(&other, &messages(scene, None), now(HOUR - 1))));
    assert!(ok!(scene.store.send_rehearsal(&author, &messages(scene, None), now(HOUR))));
    conflict!(scene.store.send_rehearsal(&author, &sent, now(DAY)));
    let left = scene.turn(now(DAY), Answer::Accepted).await;
    assert_eq!(left.iter().filter(|m| m.kind == Kind::Notice(Notice::Rehearsal)).count(), 9);
}

/// Of the newest alone.
pub async fn rehearsal_sent(scene: &Scene<'_>) {
    let (author, other) = (scene.author().await, scene.author().await);
    assert_eq!(ok!(scene.store.rehearsal_sent(author.account())), None);
    assert!(ok!(scene.store.send_rehearsal(&author, &messages(scene, None), now(0))));
    let sent = RehearsalSent { expires: trusted(3 * DAY), of: 3, accepted: 0, waiting: 3 };
    assert_eq!(ok!(scene.store.rehearsal_sent(author.account())), Some(sent));
    scene.turn(now(1), Answer::Accepted).await;
    let done = RehearsalSent { accepted: 3, waiting: 0, ..sent };
    assert_eq!(ok!(scene.store.rehearsal_sent(author.account())), Some(done));
    assert!(ok!(scene.store.send_rehearsal(&author, &messages(scene, None)[..1], now(DAY))));
    let again = RehearsalSent { expires: trusted(4 * DAY), of: 1, accepted: 0, waiting: 1 };
    assert_eq!(ok!(scene.store.rehearsal_sent(author.account())), Some(again));
    assert_eq!(ok!(scene.store.rehearsal_sent(other.account())), None);
}

/// What has not begun to leave stays here; nobody else's is touched.
pub async fn stop_rehearsal(scene: &Scene<'_>) {
    let (author, other) = (scene.author().await, scene.author().await);
    let (hers, theirs) = (messages(scene, None), messages(scene, None));
    assert_eq!(ok!(scene.store.stop_rehearsal(&author)), 0);
    assert!(ok!(scene.store.send_rehearsal(&author, &hers, now(0))));
    assert!(ok!(scene.store.send_rehearsal(&other, &theirs, now(0))));
    let trial = scene.message_id();
    ok!(scene.store.ask_trial(&author, None, trial, now(0)));
    assert_eq!(ok!(scene.store.stop_rehearsal(&author)), 3);
    assert_eq!(ok!(scene.store.stop_rehearsal(&author)), 0);
    assert_eq!(scene.row(hers[0].id).await.state, MessageState::Dropped);
    let sent = ok!(scene.store.rehearsal_sent(author.account())).expect("one");
    assert_eq!((sent.of, sent.accepted, sent.waiting), (3, 0, 0));
    assert_eq!(scene.turn(now(1), Answer::Accepted).await.len(), 4, "theirs, and her trial");
}
