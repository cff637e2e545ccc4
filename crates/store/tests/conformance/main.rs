//! Runs every check of the conformance suite over every store, one test for each pair. PostgreSQL is given as UNSAID_TEST_POSTGRES
//! (`postgres://user@host:port/database` of a server that can be thrown away; each test makes a database of its own there and drops it). Without
//! it those tests say that they did not run, unless UNSAID_TEST_REQUIRE=1, with which they fail.

mod alike;
mod machine;
mod places;

use unsaid_store::conformance::{checks, scene::Scene};

macro_rules! on_every_store {
    ($($name:ident)*) => {
        mod memory {
            $(#[test]
            fn $name() {
                crate::places::memory(async |store, facts| super::checks::$name(&super::Scene::new(store, facts)).await);
            })*
        }
        mod sqlite_in_memory {
            $(#[test]
            fn $name() {
                crate::places::sqlite_in_memory(async |store, facts| super::checks::$name(&super::Scene::new(store, facts)).await);
            })*
        }
        mod sqlite_in_a_file {
            $(#[test]
            fn $name() {
                crate::places::sqlite_in_a_file(async |store, facts| super::checks::$name(&super::Scene::new(store, facts)).await);
            })*
        }
        mod postgres {
            $(#[test]
            fn $name() {
                crate::places::postgres(stringify!($name), async |store, facts| super::checks::$name(&super::Scene::new(store, facts)).await);
            })*
        }
    };
}

unsaid_store::every_check!(on_every_store);
