//! What a worker of a small house works with, whichever store and relay it is tried on. Knows nobody who writes or is written to.

use std::sync::Arc;
use unsaid::chance::Chance;
use unsaid::mail::Mail;
use unsaid::mail::compose::Letterhead;
use unsaid::secrets::HouseKeys;
use unsaid::worker::Tools;
use unsaid_store::Store;

/// 200 knocks an hour; nothing that comes back is heard of.
pub(crate) fn tools(
    store: Arc<dyn Store>,
    mail: Arc<dyn Mail>,
    keys: Arc<HouseKeys>,
    chance: Arc<dyn Chance>,
) -> Tools {
    Tools {
        store,
        mail,
        hook: None,
        push: None,
        keys,
        chance,
        letterhead: Letterhead {
            from_name: "this house".to_owned(),
            from_address: "unsaid@example.net".to_owned(),
            house_name: "this house".to_owned(),
            host_contact: None,
            public_origin: "https://example.net".to_owned(),
        },
        return_path: String::new(),
        hears_bounces: false,
        domain: "example.net".to_owned(),
        hourly: 200,
    }
}
