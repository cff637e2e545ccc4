//! A house that an older program kept goes on under this one: its rows, as that program wrote them, lie in `frozen/`. Nothing else is tested here.

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
use unsaid_delivery::id::*;
use unsaid_delivery::state::{Rest, State};
use unsaid_delivery::{Scope, accept};

/// A house as the program of step 1 left it.
async fn of_step_1(base: Base) -> SqlStore {
    let postgres = matches!(base, Base::Postgres(_));
    let journal = Arc::new(MemoryJournal::new());
    let store = SqlStore { base, journal, broken: Arc::new(|| panic!("broken")), generation: 1 };
    let rows = include_str!("frozen/step-1.sql");
    let rows = if postgres { rows.replace("X'", "'\\x") } else { rows.to_owned() };
    transaction!(&store, Mode::Write, |tx| {
        tx.batch(schema::STEPS[0]).await?;
        tx.batch(
            "create table schema_step (id bigint primary key check (id = 1), number bigint not null) /*strict*/;",
        )
        .await?;
        tx.exec("insert into schema_step (id, number) values (1, $1)", values![1i64]).await?;
        tx.batch(&rows).await
    })
    .unwrap();
    store
}

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
    assert_eq!(store.reader(Keyed([31; 32]), now()).await.unwrap(), Some(knock.reader));
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
    store.put_kit(&author(), Keyed([60; 32])).await.unwrap();
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

#[tokio::test]
async fn a_house_of_the_first_step_goes_on() {
    goes_on(of_step_1(Base::Sqlite(Sqlite::in_memory().unwrap())).await).await;
}

#[tokio::test]
async fn a_house_of_the_first_step_goes_on_in_postgres() {
    let Some(server) = server() else { return };
    let url = database(&server, "step_1").await;
    goes_on(of_step_1(Base::Postgres(Postgres::open(&url).unwrap())).await).await;
}
