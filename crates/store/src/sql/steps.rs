//! A house that an older program kept goes on under this one: its rows, as that program wrote them, lie in `frozen/`. Nothing else is tested here.

use super::rehearsal::rehearsed_upto;
use super::tests::{ACCOUNT, DELIVERY, LETTER, LINK, PERSON, author, database, now, server};
use super::tx::{Mode, values};
use super::*;
use crate::journal::MemoryJournal;
use crate::rows::*;
use crate::{
    AccountStore, DraftStore, EngineStore, HouseStore, KeyStore, LetterStore, PersonStore, ReaderStore,
};
use unsaid_delivery::clock::{Now, Observed};
use unsaid_delivery::decide::amended;
use unsaid_delivery::forecast::By;
use unsaid_delivery::id::*;
use unsaid_delivery::state::{Rest, State};
use unsaid_delivery::{Scope, accept};

/// A house as the program of a step left it.
async fn of_step(step: usize, rows: &str, base: Base) -> SqlStore {
    let postgres = matches!(base, Base::Postgres(_));
    let journal = Arc::new(MemoryJournal::new());
    let store = SqlStore {
        base,
        journal,
        broken: Arc::new(|| panic!("broken")),
        generation: 1,
        limits: Default::default(),
    };
    let rows = if postgres { rows.replace("X'", "'\\x") } else { rows.to_owned() };
    transaction!(&store, Mode::Write, |tx| {
        for sql in &schema::STEPS[..step] {
            tx.batch(sql).await?;
        }
        tx.batch(
            "create table schema_step (id bigint primary key check (id = 1), number bigint not null) /*strict*/;",
        )
        .await?;
        tx.exec("insert into schema_step (id, number) values (1, $1)", values![step as i64]).await?;
        tx.batch(&rows).await
    })
    .unwrap();
    store
}

const STEP_1: &str = include_str!("frozen/step-1.sql");
const STEP_2: &str = include_str!("frozen/step-2.sql");

/// It steps forward, everything reads as it did, and the new verbs work on what was sealed before there were any.
async fn goes_on(store: SqlStore) {
    schema::step_forward(&store).await.unwrap();
    schema::step_forward(&store).await.unwrap();
    let house = store.house().await.unwrap();
    assert!(house.keys_confirmed && house.accounts == 1 && house.mark.is_some());
    let (waits, unsent, unsealed) = (LetterId([51; 16]), LetterId([52; 16]), LetterId([53; 16]));

    // What she sees.
    let letters = store.letters(&author()).await.unwrap();
    let seen: Vec<_> = letters.iter().map(|l| (l.id, l.version, l.kept, l.amending)).collect();
    assert_eq!(
        seen,
        [(unsent, 1, Kept::Nobody, None), (waits, 1, Kept::House, None), (LETTER, 1, Kept::House, None)]
    );
    assert!(store.session(Keyed([32; 32]), now()).await.unwrap().is_some());
    assert!(!store.has_kit(&author()).await.unwrap());
    assert!(!store.has_card(&author(), PERSON).await.unwrap());
    assert_eq!(store.drafts(&author()).await.unwrap(), []);
    let held = store.unproven(&author(), unsealed, 1).await.unwrap();
    assert_eq!((held.host_wrap, held.words_wrap), (Some(vec![53]), None));

    // What the person sees, and opens again.
    let knock = store.knock(LINK).await.unwrap().unwrap();
    let came = store.reader(Keyed([31; 32]), now()).await.unwrap();
    assert_eq!(came, Some(Reader { session: Some(Keyed([31; 32])), ..knock.reader }));
    let waiting = store.waiting(&knock.reader).await.unwrap();
    assert_eq!(waiting.len(), 1);
    assert_eq!((waiting[0].delivery.id, waiting[0].delivery.pinned), (DELIVERY, true));
    assert_eq!((waiting[0].kept, waiting[0].signed), (Kept::House, false));
    assert_eq!(store.release(&knock.reader, DELIVERY).await.unwrap().wrap(), [0xb0, 0xb1]);
    assert_eq!(
        store.refusals(&knock.reader).await.unwrap(),
        [StandingRefusal { scope: Scope::Quiet }],
        "a no survives"
    );

    // What waited is woken when it was promised, and takes new words.
    let delivery = store.letter(&author(), waits).await.unwrap().delivery.unwrap();
    assert_eq!((delivery.state, delivery.occurrence), (State::Resting, 0));
    assert_eq!(delivery.due.unwrap().to_string(), "2027-01-15T08:00:00Z");
    // A human asked for it, before there was a forecast: it leaves as foreseen.
    let forecast = delivery.forecast.unwrap();
    assert_eq!((forecast.leaves, forecast.by), (delivery.due.unwrap().max(delivery.rest.until), By::Act));
    assert!(forecast.expects(forecast.leaves));
    assert_eq!(store.foresee(now(), 9).await.unwrap(), 0);
    assert!(
        store
            .take(BootId([90; 16]), Lane::Letters, now(), 9)
            .await
            .unwrap()
            .iter()
            .any(|t| { t.of == WakeOf::Delivery(DeliveryId([51; 16])) })
    );
    let granted = accept::Granted {
        state: State::Waiting,
        wake: Some(unsaid_delivery::state::Wake::Observed(Observed(90_000_000))),
        fact: unsaid_delivery::Fact::Undone { letter: waits },
        why: "a test",
    };
    store.commit_author(&author(), &delivery, &granted, now()).await.unwrap();
    for letter in [waits, unsent] {
        assert_eq!(store.reserve_version(&author(), letter, now()).await.unwrap(), 2);
        for kind in [WrapKind::Author, WrapKind::Host] {
            store.put_wrap(&author(), letter, 2, kind, vec![2], 1).await.unwrap();
        }
        let rest = Rest { until: now().trusted, observed: now().observed };
        let amend = Amend { letter, version: 2, manifest: [2; 32], rest };
        store.amend(&author(), amend, now()).await.unwrap();
    }
    let later = Now { observed: Observed(20_000), ..now() };
    let taken = store.take(BootId([91; 16]), Lane::Letters, later, 9).await.unwrap();
    let taken = taken.into_iter().find(|t| t.of == WakeOf::Letter(waits)).expect("the end of their rest");
    let new = store.amending(waits).await.unwrap().unwrap();
    store.amended(&taken, &new, amended(&new, later), later).await.unwrap();
    assert_eq!(store.letter(&author(), waits).await.unwrap().delivery.unwrap().version, 2);
    assert_eq!(store.unproven(&author(), waits, 1).await.unwrap().host_wrap, None);
    // And the other new verbs have their tables.
    store.put_kit(&author(), Keyed([60; 32]), MessageId([63; 16]), now()).await.unwrap();
    assert_eq!(store.account_of_kit(Keyed([60; 32])).await.unwrap(), Some(ACCOUNT));
    store.put_card(&author(), PERSON, Keyed([61; 32]), now()).await.unwrap();
    assert!(store.claim_opens(&knock.reader, DELIVERY, Keyed([61; 32])).await.unwrap());
    store.put_draft(&author(), DraftId([62; 16]), 0, vec![1], now()).await.unwrap();
    // The words of the account, the letter that was opened, the one that is not sealed, and the two new versions.
    assert_eq!(store.wraps_by_generation().await.unwrap(), [(1, 5)]);
    // The node of then fell silent long ago, and holds nothing.
    let far = Now { trusted: now().trusted + jiff::SignedDuration::from_hours(24 * 200), ..now() };
    store.prune(far).await.unwrap();
    let nodes = transaction!(&store, Mode::Read, |tx| tx.query("select boot from nodes", &[]).await).unwrap();
    assert!(nodes.is_empty());
}

/// It steps forward, and each statement of each step fails first: after each the house is the older one, whole. Gives how many did.
async fn falling_at_every_statement(store: &SqlStore) -> u32 {
    rehearsed_upto(u32::MAX, async { schema::step_forward(store).await.unwrap() }).await
}

#[tokio::test]
async fn whichever_statement_of_a_step_fails_the_house_is_the_older_one_whole() {
    let first = of_step(1, STEP_1, Base::Sqlite(Sqlite::in_memory().unwrap())).await;
    let fallen = falling_at_every_statement(&first).await;
    assert!(fallen > 100, "{fallen} statements were made to fail");
    goes_on(first).await;
    let second = of_step(2, STEP_2, Base::Sqlite(Sqlite::in_memory().unwrap())).await;
    assert!(falling_at_every_statement(&second).await > 50);
    goes_on_from_the_second(second).await;
}

#[tokio::test]
async fn whichever_statement_of_a_step_fails_in_postgres_the_house_is_the_older_one_whole() {
    let Some(server) = server() else { return };
    let url = database(&server, "falling_steps").await;
    let first = of_step(1, STEP_1, Base::Postgres(Postgres::open(&url).unwrap())).await;
    let fallen = falling_at_every_statement(&first).await;
    assert!(fallen > 100, "{fallen} statements were made to fail");
    goes_on(first).await;
}

#[tokio::test]
async fn a_house_of_the_first_step_goes_on() {
    goes_on(of_step(1, STEP_1, Base::Sqlite(Sqlite::in_memory().unwrap())).await).await;
}

#[tokio::test]
async fn a_house_of_the_first_step_goes_on_in_postgres() {
    let Some(server) = server() else { return };
    let url = database(&server, "step_1").await;
    goes_on(of_step(1, STEP_1, Base::Postgres(Postgres::open(&url).unwrap())).await).await;
}

/// What step 2 kept (cards, new words in their rest, drafts, the kit, another address) reads as it did, and what came later works on it.
async fn goes_on_from_the_second(store: SqlStore) {
    schema::step_forward(&store).await.unwrap();
    let letter = LetterId([51; 16]);
    let delivery = store.delivery(DeliveryId([51; 16])).await.unwrap().unwrap().delivery;
    assert_eq!((delivery.state, delivery.occurrence), (State::Waiting, 2027));
    assert_eq!(store.amending(letter).await.unwrap().unwrap().version, 2);
    assert!(store.has_card(&author(), PERSON).await.unwrap() && store.has_kit(&author()).await.unwrap());
    let drafts = store.drafts(&author()).await.unwrap();
    assert_eq!(
        drafts.iter().map(|d| (d.rev, d.discarded.is_some())).collect::<Vec<_>>(),
        [(2, false), (1, true)]
    );
    assert_eq!(store.draft_at(&author(), DraftId([62; 16]), 1).await.unwrap(), [1]);
    assert_eq!(store.draft_part(&author(), DraftId([62; 16]), "a").await.unwrap().size, 3);
    assert!(store.email_undo(Keyed([78; 32]), now()).await.unwrap());
    // With which card a session was opened was not kept then: the words are typed once more.
    assert_eq!(store.reader(Keyed([32; 32]), now()).await.unwrap(), None);
    assert!(store.open_reader_by_claim(Keyed([33; 32]), Keyed([61; 32]), now()).await.unwrap());

    // The letter that was opened then is answered now.
    let reader = store.reader(Keyed([31; 32]), now()).await.unwrap().unwrap();
    let reply = NewReply {
        id: ReplyId([80; 16]),
        delivery: DELIVERY,
        blob: BlobId([81; 16]),
        size: 9,
        sha256: [82; 32],
        notice: MessageId([83; 16]),
    };
    assert_eq!(store.reply(&reader, reply, now()).await.unwrap(), Replied::Kept);
    let far = Now { trusted: now().trusted + jiff::SignedDuration::from_hours(48), ..now() };
    assert_eq!(store.replies(&author(), far).await.unwrap().len(), 1);
    // Its knock is found by its name, and its address takes five tries a day.
    let knock = store.knock(LINK).await.unwrap().unwrap();
    assert_eq!(store.knock_named(knock.message).await.unwrap(), Some(knock));
    let tried = store.try_digits(knock.reader.address_key(), now()).await.unwrap();
    assert_eq!(tried, DigitsTried::Knocks(vec![knock.message]));
}

#[tokio::test]
async fn a_house_of_the_second_step_goes_on() {
    goes_on_from_the_second(of_step(2, STEP_2, Base::Sqlite(Sqlite::in_memory().unwrap())).await).await;
}

#[tokio::test]
async fn a_house_of_the_second_step_goes_on_in_postgres() {
    let Some(server) = server() else { return };
    let url = database(&server, "step_2").await;
    goes_on_from_the_second(of_step(2, STEP_2, Base::Postgres(Postgres::open(&url).unwrap())).await).await;
}
