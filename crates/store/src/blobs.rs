//! Sealed bytes: uploads that grow chunk by chunk, and what they become: immutable objects, verified when read. Knows no letters and no
//! accounts; who may read what is decided by the rows that name a blob.

use crate::{Result, StoreError};
use bytes::Bytes;
use std::ops::Range;
use std::path::Path;
use unsaid_delivery::id::BlobId;

/// The blob store.
pub struct Blobs {}

impl Blobs {
    /// In a folder: `uploads/` for what grows, `sealed/` for what is whole.
    pub fn local(_folder: &Path) -> Result<Self> {
        Err(StoreError::Unavailable(String::new()))
    }
    /// In memory, for tests and the simulator.
    pub fn in_memory() -> Self {
        Self {}
    }
    /// Adds bytes at `offset`; durable (flushed) when it returns. Gives the new length. Conflict if `offset` is not the present length.
    pub async fn append(&self, _blob: BlobId, _offset: u64, _bytes: Bytes) -> Result<u64> {
        Err(StoreError::Missing)
    }
    /// The durable length of an upload; 0 if nothing has come.
    pub async fn length(&self, _blob: BlobId) -> Result<u64> {
        Err(StoreError::Missing)
    }
    /// Checks the hash of a whole upload and puts it in place (write, flush, rename). `false`: the hash was wrong, the upload is empty again.
    pub async fn finish(&self, _blob: BlobId, _size: u64, _sha256: [u8; 32]) -> Result<bool> {
        Err(StoreError::Missing)
    }
    /// A range of a whole blob. Reading all of it verifies its hash: Damaged.
    pub async fn read(
        &self,
        _blob: BlobId,
        _range: Range<u64>,
        _size: u64,
        _sha256: [u8; 32],
    ) -> Result<Bytes> {
        Err(StoreError::Missing)
    }
    /// Reads all of it in pieces and compares size and hash.
    pub async fn verify(&self, _blob: BlobId, _size: u64, _sha256: [u8; 32]) -> Result<()> {
        Err(StoreError::Missing)
    }
    /// Forgets an upload that was never finished.
    pub async fn forget_upload(&self, _blob: BlobId) -> Result<()> {
        Err(StoreError::Missing)
    }
}
