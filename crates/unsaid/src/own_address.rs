//! Is it this house that answers at its own address? Before the first letter leaves after a start, a nonce that only this house's store knows is asked for there. Another house that
//! answers is another living copy, or a mistake in the settings, and holds this one until it is gone. No answer, or anything that is no house of this kind, says nothing, and
//! letters go on: a house must not fall silent because it cannot see itself from outside.

use crate::app::App;
use crate::outward::NotHeard;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use sha2::{Digest, Sha256};
use std::time::Duration;
use unsaid_delivery::hold::Hold;
use unsaid_store::rows::Keyed;

/// What a house says that knows the nonce.
pub const MINE: &str = "unsaid: mine\n";
/// And one that does not.
pub const NOT_MINE: &str = "unsaid: not mine\n";
/// So long a nonce is known.
const KNOWN: SignedDuration = SignedDuration::from_mins(10);
/// Another house is asked again after this.
pub const AGAIN: Duration = Duration::from_secs(300);

/// Who answers there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    /// This house.
    We,
    /// A house that does not know our nonce.
    Another,
    /// Nobody, or something else.
    Nobody,
}

/// Asks once, and sets or takes back the hold. While the store does not answer, what stood before stands on.
pub async fn look(app: &App) -> Answers {
    let answers = match ask(app).await {
        Ok(answers) => answers,
        Err(error) => {
            tracing::warn!(%error, "the house could not ask for itself at its own address; the store does not answer");
            return Answers::Nobody;
        }
    };
    let now = app.time.now();
    let set = match answers {
        Answers::Another => app.store.hold(Hold::AnotherHouse, now).await,
        Answers::We | Answers::Nobody => app.store.unhold(Hold::AnotherHouse).await,
    };
    match set {
        Ok(changed) => {
            if changed {
                tracing::warn!(?answers, "who answers at this house's public address has changed");
            }
            // What is read before each message is in the store already; this is for the loops.
            let _later = app.holds.look(&*app.store).await;
        }
        Err(error) => tracing::error!(%error, "what answers at the public address could not be kept"),
    }
    answers
}

async fn ask(app: &App) -> Result<Answers, unsaid_store::StoreError> {
    let mut nonce = [0; 32];
    nonce[..16].copy_from_slice(&app.chance.id_bytes());
    nonce[16..].copy_from_slice(&app.chance.id_bytes());
    let now = app.time.now();
    let until = now.trusted.checked_add(KNOWN).unwrap_or(now.trusted);
    app.store.keep_nonce(kept(&nonce), until, now).await?;
    let url = format!("{}/house/nonce/{}", app.settings.public_url.origin, URL_SAFE_NO_PAD.encode(nonce));
    Ok(match app.outward.get(&url).await {
        Ok(said) if said.status == 200 && said.body.starts_with(MINE.as_bytes()) => Answers::We,
        Ok(said) if said.status == 200 && said.body.starts_with(NOT_MINE.as_bytes()) => Answers::Another,
        Ok(_) => Answers::Nobody,
        Err(why) => {
            said_nothing(why);
            Answers::Nobody
        }
    })
}

fn said_nothing(why: NotHeard) {
    tracing::info!("the house's public address {why}; whether another house answers there is not known");
}

/// As the store keeps it.
pub fn kept(nonce: &[u8; 32]) -> Keyed {
    Keyed(Sha256::new().chain_update(b"unsaid nonce").chain_update(nonce).finalize().into())
}
