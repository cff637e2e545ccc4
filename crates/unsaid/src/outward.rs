//! The few things that a house asks of others: what time it is for you, is it you who answers at my public address (one GET, a short answer); and, where the host has set a webhook or lets
//! notices go to browsers, take this to her (one POST, of whose answer the status alone is looked at).
//!
//! It refuses to know what an answer means. It follows no redirect, keeps nothing, says nothing of this house but that somebody asks, and holds no more of an
//! answer than 16 KiB of headers and 4 KiB of body. Over https the other side proves its name; http goes to this machine alone.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use axum::body::Body;
use hyper::body::{Body as _, Incoming};
use hyper::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONNECTION, DATE, HOST, USER_AGENT};
use hyper::{Method, Request, Response, Uri};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use crate::mail::Permission;

/// So much of a body is read; what comes after it is left unread.
pub const LONGEST_BODY: usize = 4 * 1024;
/// So long may one question take, from the look-up of the name to the end of the answer.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// The status line and all headers together.
const LONGEST_HEAD: usize = 16 * 1024;
/// And so many headers.
const MOST_HEADERS: usize = 100;
/// So many addresses of one name are tried.
const MOST_ADDRESSES: usize = 4;

/// The port through which a house asks others.
#[async_trait]
pub trait Outward: Send + Sync {
    /// Asks for `url` (http or https) once, and gives what was said, whatever its status.
    ///
    /// # Errors
    /// [`NotHeard`]: nothing was said that can be believed to come from there.
    async fn get(&self, url: &str) -> Result<Said, NotHeard>;

    /// Brings `body` to `url` (https, or http on this machine) once. `permission` is asked twice when the other side is there, right before anything is said.
    async fn post(
        &self,
        url: &str,
        headers: &[(&'static str, String)],
        body: &[u8],
        permission: &mut dyn Permission,
    ) -> Posted;
}

/// What became of something that was brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Posted {
    /// The other side has answered with this status.
    Said(u16),
    /// Nobody was there, and nothing was said.
    NotReached(NotHeard),
    /// Permission was not given, and nothing was said.
    NotAllowed,
    /// It was said, or begun to be, and no answer came that can be read.
    Unknown,
}

/// What the other side said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said {
    /// The status (RFC 9110, 15).
    pub status: u16,
    /// When it says that it said so (RFC 9110, 6.6.1), in whole seconds; none where it says nothing that reads as a date.
    pub date: Option<Timestamp>,
    /// The first [`LONGEST_BODY`] bytes of the body.
    pub body: Vec<u8>,
}

/// Why nothing was heard; to be read after the name of who was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotHeard {
    /// The address itself.
    #[error("cannot be asked under that address")]
    Address,
    /// The look-up.
    #[error("has a name that could not be looked up")]
    Name,
    /// TCP.
    #[error("takes no connection")]
    Closed,
    /// TLS.
    #[error("could not prove its name")]
    Stranger,
    /// HTTP.
    #[error("said nothing that can be read")]
    Garbled,
    /// Nothing within [`PATIENCE`].
    #[error("was silent")]
    Silent,
}

/// The port onto the network.
#[derive(Default)]
pub struct Network {
    /// Whom to believe; none: whom this machine believes, read when it is first needed.
    roots: Option<Arc<RootCertStore>>,
    tls: OnceLock<Option<TlsConnector>>,
}

impl Network {
    /// With the certificate authorities that this machine trusts, as the relay's is judged by.
    pub fn new() -> Self {
        Self::default()
    }

    /// With authorities of the caller's.
    pub fn trusting(roots: RootCertStore) -> Self {
        Self { roots: Some(Arc::new(roots)), tls: OnceLock::new() }
    }

    fn connector(&self) -> Option<&TlsConnector> {
        self.tls
            .get_or_init(|| {
                let roots = self.roots.clone().unwrap_or_else(|| {
                    let mut roots = RootCertStore::empty();
                    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
                    Arc::new(roots)
                });
                let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
                    .with_safe_default_protocol_versions()
                    .ok()?
                    .with_root_certificates(roots)
                    .with_no_client_auth();
                Some(TlsConnector::from(Arc::new(config)))
            })
            .as_ref()
    }

    /// A connection to there.
    async fn reach(&self, place: &Place) -> Result<Box<dyn Wire>, NotHeard> {
        let found: Vec<SocketAddr> = lookup_host((place.host.as_str(), place.port))
            .await
            .map_err(|_| NotHeard::Name)?
            .take(MOST_ADDRESSES)
            .collect();
        if found.is_empty() {
            return Err(NotHeard::Name);
        }
        // What goes in the open stays on this machine, whatever a name may lead to today.
        if !place.secure && !found.iter().all(|address| address.ip().is_loopback()) {
            return Err(NotHeard::Address);
        }
        let tcp = connect(&found).await?;
        if !place.secure {
            return Ok(Box::new(tcp));
        }
        let name = ServerName::try_from(place.host.clone()).map_err(|_| NotHeard::Address)?;
        let connector = self.connector().ok_or(NotHeard::Stranger)?;
        let tls = connector.connect(name, tcp).await.map_err(|_| NotHeard::Stranger)?;
        Ok(Box::new(tls))
    }

    async fn ask(&self, place: Place) -> Result<Said, NotHeard> {
        let wire = self.reach(&place).await?;
        let question = place
            .request(Method::GET)
            // An answer that somebody kept for a while has an old date.
            .header(CACHE_CONTROL, "no-cache")
            .body(Body::empty())
            .map_err(|_| NotHeard::Address)?;
        converse(wire, question).await
    }
}

/// A connection, whichever it is.
trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Wire for S {}

#[async_trait]
impl Outward for Network {
    async fn get(&self, url: &str) -> Result<Said, NotHeard> {
        let place = Place::of(url).ok_or(NotHeard::Address)?;
        timeout(PATIENCE, self.ask(place)).await.unwrap_or(Err(NotHeard::Silent))
    }

    async fn post(
        &self,
        url: &str,
        headers: &[(&'static str, String)],
        body: &[u8],
        permission: &mut dyn Permission,
    ) -> Posted {
        let Some(place) = Place::of(url) else { return Posted::NotReached(NotHeard::Address) };
        let mut request = place.request(Method::POST);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let Ok(request) = request.body(Body::from(body.to_vec())) else {
            return Posted::NotReached(NotHeard::Address);
        };
        let wire = match timeout(PATIENCE, self.reach(&place)).await.unwrap_or(Err(NotHeard::Silent)) {
            Ok(wire) => wire,
            Err(why) => return Posted::NotReached(why),
        };
        // The first stores that it begins, the second is the last moment at which it can be stopped.
        if !(permission.still_allowed().await && permission.still_allowed().await) {
            return Posted::NotAllowed;
        }
        match timeout(PATIENCE, converse(wire, request)).await {
            Ok(Ok(said)) => Posted::Said(said.status),
            Ok(Err(_)) | Err(_) => Posted::Unknown,
        }
    }
}

/// Where a question goes.
struct Place {
    secure: bool,
    /// A name, or an address without brackets.
    host: String,
    port: u16,
    /// As the Host header has it.
    authority: String,
    path: String,
}

impl Place {
    fn of(url: &str) -> Option<Self> {
        let uri: Uri = url.parse().ok()?;
        let secure = match uri.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let authority = uri.authority()?;
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return None;
        }
        Some(Self {
            secure,
            host: authority.host().trim_start_matches('[').trim_end_matches(']').to_owned(),
            port: authority.port_u16().unwrap_or(if secure { 443 } else { 80 }),
            authority: authority.as_str().to_owned(),
            path: uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
        })
    }

    /// What every request says, and nothing of this house.
    fn request(&self, method: Method) -> hyper::http::request::Builder {
        Request::builder()
            .method(method)
            .uri(self.path.as_str())
            .header(HOST, self.authority.as_str())
            .header(USER_AGENT, "unsaid")
            .header(CONNECTION, "close")
            .header(ACCEPT_ENCODING, "identity")
    }
}

/// TCP to the first address that answers; one that swallows everything does not eat the time of the next.
async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, NotHeard> {
    let share = PATIENCE / u32::try_from(addresses.len() + 1).unwrap_or(u32::MAX);
    for address in addresses {
        if let Ok(Ok(tcp)) = timeout(share, TcpStream::connect(address)).await {
            return Ok(tcp);
        }
    }
    Err(NotHeard::Closed)
}

/// The question and its answer, on a connection that is closed afterwards.
async fn converse(stream: Box<dyn Wire>, question: Request<Body>) -> Result<Said, NotHeard> {
    let garbled = |_| NotHeard::Garbled;
    let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
        .max_buf_size(LONGEST_HEAD)
        .max_headers(MOST_HEADERS)
        .handshake::<_, Body>(TokioIo::new(stream))
        .await
        .map_err(garbled)?;
    let answer = async {
        let response = sender.send_request(question).await.map_err(garbled)?;
        heard(response).await
    };
    tokio::pin!(answer, connection);
    // The connection moves while we wait for the answer; when it has ended, what it brought is still to be read.
    tokio::select! {
        biased;
        said = &mut answer => said,
        _ = &mut connection => answer.await,
    }
}

async fn heard(response: Response<Incoming>) -> Result<Said, NotHeard> {
    let status = response.status().as_u16();
    let mut dates = response.headers().get_all(DATE).iter();
    // Whoever gives two dates gives none.
    let date = match (dates.next(), dates.next()) {
        (Some(one), None) => one.to_str().ok().and_then(date),
        _ => None,
    };
    let mut incoming = response.into_body();
    let mut body = Vec::new();
    while body.len() < LONGEST_BODY {
        let Some(frame) = poll_fn(|cx| Pin::new(&mut incoming).poll_frame(cx)).await else { break };
        let frame = frame.map_err(|_| NotHeard::Garbled)?;
        if let Some(bytes) = frame.data_ref() {
            body.extend_from_slice(&bytes[..bytes.len().min(LONGEST_BODY - body.len())]);
        }
    }
    Ok(Said { status, date, body })
}

/// A Date header in the one form that may be written (RFC 9110, 5.6.7: IMF-fixdate); the two that are only read today are not.
fn date(text: &str) -> Option<Timestamp> {
    if text.len() != "Sun, 06 Nov 1994 08:49:37 GMT".len() || !text.ends_with(" GMT") {
        return None;
    }
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

/// The port's twin for the town and tests: it answers as it was told, from memory, and asks nobody. Whom it was told nothing of is silent.
#[derive(Default)]
pub struct Told {
    answers: Mutex<BTreeMap<String, Answer>>,
    asked: Mutex<Vec<String>>,
    brought: Mutex<Vec<Brought>>,
}

/// Something that was brought to the twin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brought {
    /// Where to.
    pub url: String,
    /// With which headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// An answer, made when it is asked for.
pub type Answer = Box<dyn Fn() -> Result<Said, NotHeard> + Send + Sync>;

impl Told {
    /// From now on `url` answers so.
    pub fn tell(&self, url: &str, answer: impl Fn() -> Result<Said, NotHeard> + Send + Sync + 'static) {
        self.answers().insert(url.to_owned(), Box::new(answer));
    }

    /// From now on `url` is silent.
    pub fn hush(&self, url: &str) {
        self.answers().remove(url);
    }

    /// Every address that was asked, in order.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Everything that was brought, in order.
    pub fn brought(&self) -> Vec<Brought> {
        self.brought.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn answers(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Answer>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Outward for Told {
    async fn get(&self, url: &str) -> Result<Said, NotHeard> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(url.to_owned());
        self.answers().get(url).map_or(Err(NotHeard::Silent), |answer| answer())
    }

    async fn post(
        &self,
        url: &str,
        headers: &[(&'static str, String)],
        body: &[u8],
        permission: &mut dyn Permission,
    ) -> Posted {
        let answer = self.answers().get(url).map_or(Err(NotHeard::Silent), |answer| answer());
        let said = match answer {
            Ok(said) => said,
            Err(why) => return Posted::NotReached(why),
        };
        if !(permission.still_allowed().await && permission.still_allowed().await) {
            return Posted::NotAllowed;
        }
        let (url, headers, body) = (url.to_owned(), headers.to_vec(), body.to_vec());
        self.brought.lock().unwrap_or_else(PoisonError::into_inner).push(Brought { url, headers, body });
        Posted::Said(said.status)
    }
}

impl From<NotHeard> for io::Error {
    fn from(why: NotHeard) -> Self {
        Self::other(why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_read_in_the_one_form_that_may_be_written() {
        assert_eq!(date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap().to_string(), "1994-11-06T08:49:37Z");
        for other in [
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Sun, 06 Nov 1994 08:49:37 +0000",
            "Mon, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 25:49:37 GMT",
            "",
        ] {
            assert_eq!(date(other), None, "{other}");
        }
    }

    #[test]
    fn only_whole_addresses_of_the_web_are_asked() {
        let place = Place::of("https://letters.example.org/house/nonce?a=b").unwrap();
        assert_eq!((place.secure, place.port, place.host.as_str()), (true, 443, "letters.example.org"));
        assert_eq!(place.path, "/house/nonce?a=b");
        let here = Place::of("http://[::1]:7070").unwrap();
        assert_eq!((here.secure, here.port, here.host.as_str()), (false, 7070, "::1"));
        assert_eq!((here.authority.as_str(), here.path.as_str()), ("[::1]:7070", "/"));
        for wrong in
            ["", "letters.example.org", "/a", "ftp://a.example/", "https://me:pass@a.example/", "https://"]
        {
            assert!(Place::of(wrong).is_none(), "{wrong}");
        }
    }
}
