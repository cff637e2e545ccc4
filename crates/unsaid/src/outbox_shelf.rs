//! The door between the outbox's folder (mail) and its page (http), which never import each other: the one as a shelf for the other.
//! It decides nothing; who may look is decided in http/outbox.rs.

use crate::app::{CaughtMail, OutboxShelf};
use crate::mail::outbox::{Caught, Outbox};
use async_trait::async_trait;
use std::io;

impl From<Caught> for CaughtMail {
    fn from(caught: Caught) -> Self {
        let Caught { name, copy, to, subject, date, text, page, message_id: _ } = caught;
        Self { name, copy, to, subject, date, text, page }
    }
}

#[async_trait]
impl OutboxShelf for Outbox {
    async fn list(&self) -> io::Result<Vec<CaughtMail>> {
        Ok(Self::list(self).await?.into_iter().map(CaughtMail::from).collect())
    }

    async fn read(&self, name: &str) -> io::Result<Option<CaughtMail>> {
        Ok(Self::read(self, name).await?.map(|(caught, _)| caught.into()))
    }
}
