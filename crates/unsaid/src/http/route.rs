//! One row of the table of routes: method, path, who may come in, and whether anything changes. The router is built from these rows and from nothing
//! else, so a route without a policy cannot exist. Knows no handler's business.

use crate::app::App;
use axum::http::Method;
use axum::routing::MethodRouter;

/// Who may come in. Checked before the handler runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Anybody.
    Anyone,
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
    /// The largest body, in bytes; 0 for none.
    pub body: usize,
    /// What answers.
    pub handler: MethodRouter<App>,
}
