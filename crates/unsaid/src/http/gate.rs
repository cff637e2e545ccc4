//! The gate before every handler: who sent this and from where, may they, what do they carry. Only what passes reaches a handler, with the proof of who it
//! is beside it ([`SignedIn`], [`NewcomerIn`], [`ReaderIn`]). It reads the body whole and within its bounds, so that a handler waits for nobody.
//! Decides nothing about letters.

use super::cookies::Cookie;
use super::described::Operation;
use super::page;
use super::problem::Problem;
use super::route::{
    Body as Carries, CHUNK_BYTES, DRAFT_BYTES, Effect, Face, ONE_CLICK_BYTES, PHOTO_BYTES, Policy,
    REPLY_BYTES, Route,
};
use crate::app::App;
use axum::body::Body;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use futures_util::{FutureExt, StreamExt};
use jiff::{SignedDuration, Timestamp};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use unsaid_store::rows::{Author, Keyed, Reader, Role, Session, SessionOf};

/// A session on a device that she called hers locks after this time without an act.
const LOCKS_MINE: SignedDuration = SignedDuration::from_hours(4);
/// Elsewhere after this.
const LOCKS_ELSEWHERE: SignedDuration = SignedDuration::from_mins(15);
/// The words count as just given for this long.
const FRESH: SignedDuration = SignedDuration::from_mins(15);
/// A body may pause for this long, and no longer.
const BODY_PAUSE: Duration = Duration::from_secs(20);
/// A body that has not come whole after this never will.
const BODY_WHOLE: Duration = Duration::from_secs(300);

/// What forms come as.
const FORM: &str = "application/x-www-form-urlencoded";
const UNSAID_REQUEST: HeaderName = HeaderName::from_static("unsaid-request");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// An author, and the session that says so.
#[derive(Debug, Clone)]
pub struct SignedIn(pub Author, pub Role, pub Session);

/// Somebody whose code was right (or an author: look at `who`).
#[derive(Debug, Clone)]
pub struct NewcomerIn(pub Session);

/// The hash of the session's token, for what changes the session itself.
#[derive(Debug, Clone, Copy)]
pub struct SessionToken(pub Keyed);

/// A person who came with a good link.
#[derive(Debug, Clone, Copy)]
pub struct ReaderIn(pub Reader);

/// What the gate of one route knows.
#[derive(Clone)]
pub struct Gate {
    app: App,
    policy: Policy,
    effect: Effect,
    face: Face,
    carries: Carries,
    query: bool,
}

impl Gate {
    /// The gate of a row.
    pub fn of(route: &Route, app: &App) -> Arc<Self> {
        Arc::new(Self {
            app: app.clone(),
            policy: route.policy,
            effect: route.effect,
            face: route.face,
            carries: route.body,
            query: route.query,
        })
    }

    async fn pass(&self, request: Request, next: Next) -> Result<Response, Problem> {
        let (mut parts, body) = request.into_parts();
        self.check_form(&parts)?;
        self.check_origin(&parts)?;
        let session = self.check_policy(&mut parts).await?;
        let lapsed = parts.extensions.get::<SignedIn>().is_some_and(|signed_in| {
            let SignedIn(_, _, session) = signed_in;
            session.unlocked_at.is_some() && !is_unlocked(session, self.app.time.now().trusted)
        });
        let body = self.read(&parts.headers, body).await?;
        let response = next.run(Request::from_parts(parts, Body::from(body))).await;
        if response.status().is_success()
            && self.is_an_act()
            && let Some(token) = session
        {
            self.note_act(token, lapsed).await;
        }
        Ok(response)
    }

    /// Moves the session's last act. `lapsed`: it was unlocked once and its time is over; what may be done while it is locked must not open it
    /// again, so it is locked for good before the act counts.
    async fn note_act(&self, token: Keyed, lapsed: bool) {
        let now = self.app.time.now();
        let noted = async {
            // Unlocking anew is such an act too, and has just made it unlocked.
            let still = match self.app.store.session(token, now).await? {
                Some(session) => session.unlocked_at.is_some() && !is_unlocked(&session, now.trusted),
                None => false,
            };
            if lapsed && still {
                self.app.store.lock_session(token).await?;
            }
            self.app.store.act(token, now).await
        };
        match noted.await {
            // Signing out is an act too, after which there is no session to note it in.
            Ok(()) | Err(unsaid_store::StoreError::Missing) => {}
            Err(e) => tracing::warn!(error = %e, "an act could not be noted"),
        }
    }

    /// A request that follows a human act: everything that changes something, but the chunks that a page sends by itself.
    fn is_an_act(&self) -> bool {
        self.effect == Effect::Mutate && self.carries != Carries::Chunk
    }

    /// What the request looks like, before anybody asks who sent it.
    fn check_form(&self, parts: &Parts) -> Result<(), Problem> {
        if !self.query && self.face == Face::Api && parts.uri.query().is_some_and(|q| !q.is_empty()) {
            return Err(Problem::of("query-unknown"));
        }
        let wanted = match self.carries {
            Carries::None => return Ok(()),
            Carries::Json | Carries::Wraps => "application/json",
            Carries::Form => FORM,
            Carries::Bytes | Carries::Chunk | Carries::Draft | Carries::Photo | Carries::Reply => {
                "application/octet-stream"
            }
            Carries::OneClick => FORM,
        };
        let sent = one(&parts.headers, &header::CONTENT_TYPE)?.unwrap_or_default();
        let (kind, rest) = sent.split_once(';').unwrap_or((sent, ""));
        // With the parameter that says where its parts end.
        if self.carries == Carries::OneClick && kind.trim().eq_ignore_ascii_case("multipart/form-data") {
            return Ok(());
        }
        let utf8 = |rest: &str| {
            let rest = rest.trim().to_ascii_lowercase();
            rest.is_empty() || rest == "charset=utf-8" || rest == "charset=\"utf-8\""
        };
        if !kind.trim().eq_ignore_ascii_case(wanted) || !utf8(rest) {
            return Err(Problem::of("wrong-type"));
        }
        if one(&parts.headers, &header::CONTENT_ENCODING)?
            .is_some_and(|c| !c.eq_ignore_ascii_case("identity"))
        {
            return Err(Problem::of("wrong-type"));
        }
        Ok(())
    }

    /// Nothing that changes something comes from another site. `Origin` names ours; `null` (which browsers send with forms of a page
    /// without a referrer) counts only where the browser itself says in Sec-Fetch-Site that the page was ours.
    fn check_origin(&self, parts: &Parts) -> Result<(), Problem> {
        if parts.method == Method::GET || parts.method == Method::HEAD || self.policy == Policy::Anywhere {
            return Ok(());
        }
        let other_site = || Problem::of("other-site");
        let origin = one(&parts.headers, &header::ORIGIN)?.ok_or_else(other_site)?;
        let site = one(&parts.headers, &SEC_FETCH_SITE)?;
        let ours = match site {
            Some("same-origin") => origin == self.app.settings.public_url.origin || origin == "null",
            Some(_) => false,
            None => origin == self.app.settings.public_url.origin,
        };
        if !ours {
            return Err(other_site());
        }
        if self.face == Face::Api && one(&parts.headers, &UNSAID_REQUEST)? != Some("1") {
            return Err(other_site());
        }
        Ok(())
    }

    /// Whether the policy lets this request in. Gives the session's token for policies of authors.
    async fn check_policy(&self, parts: &mut Parts) -> Result<Option<Keyed>, Problem> {
        let app = &self.app;
        let now = app.time.now();
        match self.policy {
            Policy::Anyone | Policy::Anywhere => Ok(None),
            Policy::Outbox if outbox_is_here(app, &parts.headers) => Ok(None),
            Policy::Outbox => Err(Problem::missing()),
            Policy::Reader => {
                let unknown = || Problem::of("reader-unknown");
                let token = Cookie::Reader.hash(app, &parts.headers)?.ok_or_else(unknown)?;
                let reader = app.store.reader(token, now).await?.ok_or_else(unknown)?;
                parts.extensions.insert(ReaderIn(reader));
                Ok(None)
            }
            Policy::Newcomer | Policy::Locked | Policy::Unlocked | Policy::Fresh => {
                let signed_out = || Problem::of("signed-out");
                let token = Cookie::Session.hash(app, &parts.headers)?.ok_or_else(signed_out)?;
                let session = app.store.session(token, now).await?.ok_or_else(signed_out)?;
                parts.extensions.insert(SessionToken(token));
                if self.policy == Policy::Newcomer {
                    parts.extensions.insert(NewcomerIn(session));
                    return Ok(Some(token));
                }
                let SessionOf::Author(author, role) = &session.who else { return Err(signed_out()) };
                let needs_unlocked = matches!(self.policy, Policy::Unlocked | Policy::Fresh);
                if needs_unlocked && !is_unlocked(&session, now.trusted) {
                    return Err(Problem::of("locked"));
                }
                if self.policy == Policy::Fresh && !is_fresh(&session, now.trusted) {
                    return Err(Problem::of("not-fresh"));
                }
                let signed_in = SignedIn(*author, *role, session.clone());
                parts.extensions.insert(signed_in);
                Ok(Some(token))
            }
        }
    }

    /// The body, whole, if it keeps within its bounds in size and time.
    async fn read(&self, headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
        let most = most_bytes(&self.app, self.carries).unwrap_or(0);
        let said = one(headers, &header::CONTENT_LENGTH)?.and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
        if said > most as u64 {
            return Err(Problem::of("too-large"));
        }
        let reading = async {
            let mut whole = BytesMut::new();
            let mut stream = body.into_data_stream();
            loop {
                match tokio::time::timeout(BODY_PAUSE, stream.next()).await {
                    Err(_) => return Err(Problem::of("too-slow")),
                    Ok(None) => return Ok(whole.freeze()),
                    Ok(Some(Err(_))) => return Err(Problem::of("malformed")),
                    Ok(Some(Ok(piece))) if whole.len() + piece.len() > most => {
                        return Err(Problem::of("too-large"));
                    }
                    Ok(Some(Ok(piece))) => whole.extend_from_slice(&piece),
                }
            }
        };
        tokio::time::timeout(BODY_WHOLE, reading).await.unwrap_or_else(|_| Err(Problem::of("too-slow")))
    }
}

/// The most bytes that a body may have; none where nothing is carried.
pub(super) fn most_bytes(app: &App, carries: Carries) -> Option<usize> {
    Some(match carries {
        Carries::None => return None,
        Carries::Json | Carries::Form | Carries::Bytes => {
            usize::try_from(app.settings.max_body_kib * 1024).unwrap_or(usize::MAX)
        }
        Carries::Chunk | Carries::Wraps => CHUNK_BYTES,
        Carries::Draft => DRAFT_BYTES,
        Carries::Photo => PHOTO_BYTES,
        Carries::Reply => REPLY_BYTES,
        Carries::OneClick => ONE_CLICK_BYTES,
    })
}

/// Why the gate of a route says no, or the store behind any of them; for the description of the API.
pub(super) fn refusals(route: &Route, operation: &mut Operation<'_>) {
    let always =
        ["malformed", "too-large", "path-too-long", "too-slow", "our-mistake", "bytes-damaged", "store-away"];
    always.into_iter().for_each(|key| operation.refuses(key));
    if !route.query {
        operation.refuses("query-unknown");
    }
    if route.body != Carries::None {
        operation.refuses("wrong-type");
    }
    if route.effect == Effect::Mutate {
        ["changed-meanwhile", "house-full"].into_iter().for_each(|key| operation.refuses(key));
        if route.policy != Policy::Anywhere {
            operation.refuses("other-site");
        }
    }
    let by_policy: &[&str] = match route.policy {
        Policy::Anyone | Policy::Anywhere => &[],
        Policy::Outbox => &["missing"],
        Policy::Reader => &["reader-unknown"],
        Policy::Newcomer | Policy::Locked => &["signed-out"],
        Policy::Unlocked => &["signed-out", "locked"],
        Policy::Fresh => &["signed-out", "locked", "not-fresh"],
    };
    by_policy.iter().for_each(|key| operation.refuses(key));
}

/// The middleware of one route.
pub async fn gate(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    let passed = AssertUnwindSafe(gate.pass(request, next)).catch_unwind().await;
    let response = match passed {
        Ok(passed) => passed.unwrap_or_else(Problem::into_response),
        // The panic hook has said where; this ties what the human was told to that line.
        Err(_) => {
            let id = gate.app.chance.id();
            tracing::error!(mistake = id, "a handler panicked");
            Problem::of("our-mistake").with("id", id).into_response()
        }
    };
    faced(&gate.app, gate.face, response)
}

/// A refusal in the face of its route.
pub fn faced(app: &App, face: Face, mut response: Response) -> Response {
    match response.extensions_mut().remove::<Problem>() {
        Some(problem) if face == Face::Page => {
            let retry_after = response.headers().get(header::RETRY_AFTER).cloned();
            let status = problem.status;
            let mut page = page::error_page(app, problem);
            *page.status_mut() = status;
            if let Some(seconds) = retry_after {
                page.headers_mut().insert(header::RETRY_AFTER, seconds);
            }
            page
        }
        _ => response,
    }
}

/// The one value of a header; more than one, or something that is not text, is refused.
pub fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| Problem::of("malformed")),
        (Some(_), Some(_)) => Err(Problem::of("malformed")),
    }
}

/// Whether a session may do what asks for an unlocked one.
pub fn is_unlocked(session: &Session, now: Timestamp) -> bool {
    let Some(at) = session.unlocked_at else { return false };
    let lasts = if session.mine { LOCKS_MINE } else { LOCKS_ELSEWHERE };
    now.duration_since(at.max(session.last_act)) < lasts
}

/// Whether the words were given by hand just now.
pub fn is_fresh(session: &Session, now: Timestamp) -> bool {
    is_unlocked(session, now) && session.fresh_at.is_some_and(|at| now.duration_since(at) < FRESH)
}

/// The outbox is for whoever sits at this machine: no proxy between, and no other name of the house.
fn outbox_is_here(app: &App, headers: &HeaderMap) -> bool {
    let host = headers.get_all(header::HOST).iter().collect::<Vec<_>>();
    let forwarded =
        |name: &HeaderName| *name == header::FORWARDED || name.as_str().starts_with("x-forwarded-");
    app.outbox.is_some()
        && app.settings.public_url.loopback
        && matches!(host[..], [one] if one.as_bytes() == app.settings.public_url.authority.as_bytes())
        && !headers.keys().any(forwarded)
}

macro_rules! proved {
    ($($name:ident),*) => {$(
        /// Put there by the gate, under the route's policy. A handler that asks for more than its policy gives has a mistake.
        impl<S: Send + Sync> FromRequestParts<S> for $name {
            type Rejection = Problem;
            async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
                parts.extensions.get::<Self>().cloned().ok_or_else(|| {
                    tracing::error!("a handler asks for {}, which its policy does not give", stringify!($name));
                    Problem::of("our-mistake").with("id", "policy")
                })
            }
        }
    )*};
}

proved!(SignedIn, NewcomerIn, SessionToken, ReaderIn);
