//! One row of the table of routes: method, path, who may come in, and whether anything changes. The router is built from these rows and from nothing
//! else, so a route without a policy cannot exist. Knows no handler's business.

use super::described::{Gives, Operation, Takes};
use crate::app::App;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{self, MethodRouter};

/// Who may come in. Checked before the handler runs, and before the body is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Anybody.
    Anyone,
    /// Anybody, from anywhere: no cookie is read and no origin asked, for a mail provider presses this button (RFC 8058). What the path holds is the proof.
    Anywhere,
    /// Somebody whose code was right, or an author.
    Newcomer,
    /// An author, locked or not.
    Locked,
    /// An author who has unlocked on this device.
    Unlocked,
    /// An author who gave the words by hand within 15 minutes.
    Fresh,
    /// A person with a reader's cookie.
    Reader,
    /// Only on loopback, with mail caught in the outbox (data.md).
    Outbox,
}

/// Whether anything that is stored may change. A GET never changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing changes.
    Read,
    /// Something may.
    Mutate,
}

/// What kind of answer an error takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// application/problem+json
    Api,
    /// A page in the house's look.
    Page,
}

/// What a request carries, and so its Content-Type and the most bytes it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// Nothing.
    None,
    /// application/json, at most UNSAID_MAX_BODY_KIB.
    Json,
    /// application/json with wraps of many letters in it, at most [`CHUNK_BYTES`].
    Wraps,
    /// application/x-www-form-urlencoded, at most UNSAID_MAX_BODY_KIB.
    Form,
    /// application/octet-stream, at most UNSAID_MAX_BODY_KIB.
    Bytes,
    /// application/octet-stream, one chunk of an upload: at most [`CHUNK_BYTES`], and no human act.
    Chunk,
    /// application/octet-stream, a draft: at most [`DRAFT_BYTES`]. Saving follows typing, so it is a human act.
    Draft,
    /// application/octet-stream, a photo of a draft: at most [`PHOTO_BYTES`].
    Photo,
    /// application/octet-stream, a person's answer: at most [`REPLY_BYTES`].
    Reply,
    /// A form of either kind, at most [`ONE_CLICK_BYTES`] (RFC 8058, 3.2).
    OneClick,
}

/// The largest chunk of an upload.
pub const CHUNK_BYTES: usize = 4 * 1024 * 1024;
/// The largest draft, sealed.
pub const DRAFT_BYTES: usize = 2 * 1024 * 1024;
/// The largest photo of a draft, sealed: 8 MiB, and what an age file adds (a header, and 16 bytes for each 64 KiB).
pub const PHOTO_BYTES: usize = 8 * 1024 * 1024 + 16 * 1024;
/// The largest answer, sealed, with its photos.
pub const REPLY_BYTES: usize = 8 * 1024 * 1024;
/// The most that a mail provider sends with its one click.
pub const ONE_CLICK_BYTES: usize = 4 * 1024;

/// One row.
pub struct Route {
    /// The method.
    pub method: Method,
    /// axum's path, with `{names}`.
    pub path: &'static str,
    /// Who may come in.
    pub policy: Policy,
    /// Whether anything changes.
    pub effect: Effect,
    /// How errors look.
    pub face: Face,
    /// What a request carries.
    pub body: Body,
    /// Whether something may stand behind a `?`. An API route without it refuses a query; a page passes over it.
    pub query: bool,
    /// Why it may say no, beyond what its policy, its body and its arguments tell: keys of problems.
    pub refusals: &'static [&'static str],
    /// It reads a mail address, and refuses what is none or the house's own.
    pub reads_address: bool,
    /// What its handler reads and answers, from the handler's own signature.
    pub describe: fn(&mut Operation<'_>),
    /// What answers.
    pub handler: MethodRouter<App>,
}

fn describe<H: Gives<T>, T: Takes>(operation: &mut Operation<'_>) {
    T::takes(operation);
    H::gives(operation);
}

impl Route {
    /// A GET: reads, and carries nothing. HEAD comes with it.
    pub fn get<H: Handler<T, App> + Gives<T>, T: Takes + 'static>(
        path: &'static str,
        policy: Policy,
        face: Face,
        handler: H,
    ) -> Self {
        Self {
            method: Method::GET,
            path,
            policy,
            effect: Effect::Read,
            face,
            body: Body::None,
            query: false,
            refusals: &[],
            reads_address: false,
            describe: describe::<H, T>,
            handler: routing::get(handler),
        }
    }

    /// A POST: may change something.
    pub fn post<H: Handler<T, App> + Gives<T>, T: Takes + 'static>(
        path: &'static str,
        policy: Policy,
        face: Face,
        body: Body,
        handler: H,
    ) -> Self {
        let handler = routing::post(handler);
        Self {
            method: Method::POST,
            effect: Effect::Mutate,
            body,
            describe: describe::<H, T>,
            handler,
            ..Self::empty(path, policy, face)
        }
    }

    /// A PUT: may change something.
    pub fn put<H: Handler<T, App> + Gives<T>, T: Takes + 'static>(
        path: &'static str,
        policy: Policy,
        face: Face,
        body: Body,
        handler: H,
    ) -> Self {
        let handler = routing::put(handler);
        Self {
            method: Method::PUT,
            effect: Effect::Mutate,
            body,
            describe: describe::<H, T>,
            handler,
            ..Self::empty(path, policy, face)
        }
    }

    /// The same row, and its handler may say no with these keys.
    pub fn refuses(self, refusals: &'static [&'static str]) -> Self {
        Self { refusals, ..self }
    }

    /// The same row, and it reads a mail address, which may be none.
    pub fn reads_address(self) -> Self {
        Self { reads_address: true, ..self }
    }

    /// The same row, and something may stand behind a `?`.
    pub fn with_query(self) -> Self {
        Self { query: true, ..self }
    }

    fn empty(path: &'static str, policy: Policy, face: Face) -> Self {
        Self {
            method: Method::GET,
            path,
            policy,
            effect: Effect::Read,
            face,
            body: Body::None,
            query: false,
            refusals: &[],
            reads_address: false,
            describe: |_| {},
            handler: MethodRouter::new(),
        }
    }
}
