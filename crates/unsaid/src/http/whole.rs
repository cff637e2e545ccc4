//! Sealed bytes that come whole in one request: durable under a name of their own before any row names them, so that a row never names what is not
//! there. Knows nothing of whose they are or what is in them.

use super::problem::Problem;
use crate::app::App;
use bytes::Bytes;
use sha2::{Digest, Sha256};
use unsaid_delivery::id::BlobId;
use unsaid_store::StoreError;

/// How an age file begins: nothing else is kept, so that what was not sealed can never lie here by mistake.
pub(super) const AGE: &[u8] = b"age-encryption.org/v1\n";
/// What is written at once.
const PIECE: usize = 1024 * 1024;

/// Bytes that lie in their place.
pub(super) struct Whole {
    /// Where.
    pub(super) blob: BlobId,
    /// How many.
    pub(super) size: u64,
    /// SHA-256 of them.
    pub(super) sha256: [u8; 32],
}

/// Durable when it returns.
pub(super) async fn keep(app: &App, bytes: &Bytes) -> Result<Whole, Problem> {
    let blob = BlobId(app.chance.id_bytes());
    let whole = Whole { blob, size: bytes.len() as u64, sha256: Sha256::digest(bytes).into() };
    let mut offset = 0;
    while offset < bytes.len() {
        let end = bytes.len().min(offset + PIECE);
        app.blobs.append(blob, offset as u64, bytes.slice(offset..end)).await?;
        offset = end;
    }
    if !app.blobs.finish(blob, whole.size, whole.sha256).await? {
        return Err(Problem::of("damaged-on-the-way"));
    }
    Ok(whole)
}

/// Takes them away again, when the store has said for certain that no row names them. Where it could not be asked, they stay.
pub(super) async fn forget(app: &App, whole: &Whole, why: &StoreError) {
    if !matches!(why, StoreError::Missing | StoreError::Conflict | StoreError::Full) {
        return;
    }
    if let Err(e) = app.blobs.erase(whole.blob).await {
        tracing::warn!(blob = %whole.blob, error = %e, "bytes that no row names could not be erased");
    }
}
