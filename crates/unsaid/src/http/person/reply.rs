//! An answer to a letter that was opened. It was sealed to its author in the browser: nobody in this house can read it, and nothing of where or at what
//! hour it was written is kept. Durable before it is acknowledged; the same sent again is kept once.

use super::{is_not_me, letter_of};
use crate::app::App;
use crate::http::described::shape;
use crate::http::gate::ReaderIn;
use crate::http::problem::Problem;
use crate::http::read::{self, Path, Query};
use crate::http::tell::{Done, Told, done};
use crate::http::whole::{self, AGE};
use axum::body::Bytes;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use unsaid_delivery::id::{DeliveryId, MessageId, ReplyId};
use unsaid_store::rows::{NewReply, Replied};

/// After so long somebody whose answers of a day are used up may send again, at the latest.
const DAY_SECONDS: u64 = 86_400;

/// The name that the browser gave it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ReplyNamed")]
pub(super) struct Named {
    #[schemars(schema_with = "shape::id")]
    id: String,
}

/// POST /waiting/{delivery}/reply?id=
pub(super) async fn reply(
    State(app): State<App>,
    ReaderIn(reader): ReaderIn,
    Path(named): Path<String>,
    Query(reply): Query<Named>,
    bytes: Bytes,
) -> Result<Told<Done>, Problem> {
    let delivery: DeliveryId = read::id(&named)?;
    // Whose letter it is comes before what is wrong with the answer, and before anything is written for it.
    let theirs = !is_not_me(&app, &reader).await? && {
        let letter = letter_of(&app, &reader, delivery).await?.delivery;
        letter.pinned && letter.state.may_be_opened()
    };
    if !theirs {
        return Err(Problem::missing());
    }
    let id: ReplyId = reply.id.parse().map_err(|_| Problem::of("query-unknown"))?;
    if !bytes.starts_with(AGE) {
        return Err(Problem::of("bytes-unknown"));
    }
    let kept = whole::keep(&app, &bytes).await?;
    let new = NewReply {
        id,
        delivery,
        blob: kept.blob,
        size: kept.size,
        sha256: kept.sha256,
        notice: MessageId(app.chance.id_bytes()),
    };
    match app.store.reply(&reader, new, app.time.now()).await {
        Ok(Replied::Kept) => {
            app.nudge.nudge();
            Ok(done())
        }
        Ok(Replied::TooMany) => {
            Err(Problem { retry_after: Some(DAY_SECONDS), ..Problem::of("replies-too-many") })
        }
        Err(e) => {
            whole::forget(&app, &kept, &e).await;
            Err(e.into())
        }
    }
}
