//! The socket: how many may be connected, how long a head may take and how long somebody may not read, who is at the other end, and a stop that lets what is
//! under way end. Knows no route.

use super::limits::{Peer, is_near, prefix_of};
use super::patient::Patient;
use crate::settings::Network;
use axum::Router;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tower::util::MapRequest;

/// A request's head has to be there after this, and a connection on which nothing is asked ends after it.
const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// The largest head, in bytes. hyper looks between two readings, so that one which is longer by less than a reading may pass.
const LARGEST_HEAD: usize = 32 * 1024;
/// The most headers of a request.
const MOST_HEADERS: usize = 64;
/// What is under way when the house closes has this long to end.
const LAST_ANSWERS: Duration = Duration::from_secs(30);
/// The pause after the system could not give a connection (no file handles left).
const PAUSE: Duration = Duration::from_millis(100);

/// Serves until `shutdown` is ready, and then until what is under way has ended, thirty seconds at most.
///
/// # Errors
/// None at present: a listener that fails for a moment is asked again.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    places: Places,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let shares = Shares::new(&places);
    let places = Arc::new(Semaphore::new(places.most));
    let graceful = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(LARGEST_HEAD)
        .max_headers(MOST_HEADERS);
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepted = async {
            // The semaphore is never closed, so a place always comes.
            let place = places.clone().acquire_owned().await.ok();
            (place, listener.accept().await)
        };
        let (place, stream) = tokio::select! {
            () = &mut shutdown => break,
            accepted = accepted => accepted,
        };
        let (stream, peer) = match stream {
            Ok((stream, peer)) => (stream, Peer(peer.ip())),
            Err(error) => {
                if !is_of_one_connection(&error) {
                    tracing::warn!(%error, "no connection can be taken just now");
                    tokio::time::sleep(PAUSE).await;
                }
                continue;
            }
        };
        // The next one of a network that has its share is closed, and not kept waiting in a place that others need.
        let Some(share) = shares.take(peer.0) else { continue };
        // Small answers leave at once.
        let _ = stream.set_nodelay(true);
        let service = MapRequest::new(router.clone(), move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer);
            request
        });
        let stream = TokioIo::new(Patient::new(stream));
        let connection = graceful.watch(http.serve_connection(stream, TowerToHyperService::new(service)));
        tokio::spawn(async move {
            // Whoever went away in the middle is no mistake of ours, and who it was is not written down.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
            drop((place, share));
        });
    }
    drop(listener);
    if tokio::time::timeout(LAST_ANSWERS, graceful.shutdown()).await.is_err() {
        tracing::warn!("some answers were still under way when the house closed");
    }
    Ok(())
}

/// How many may be connected.
pub struct Places {
    /// In all; the next ones wait in the system's queue.
    pub most: usize,
    /// Of one network.
    pub share: usize,
    /// Behind these stand many: they have no share.
    pub trusted: Vec<Network>,
}

/// Who holds how many connections, by network. Addresses are here as long as they are connected, and nowhere else.
struct Shares {
    held: Arc<Mutex<HashMap<Vec<u8>, usize>>>,
    most: usize,
    trusted: Vec<Network>,
}

/// One connection of a network. Given back when it is dropped.
struct Share {
    held: Arc<Mutex<HashMap<Vec<u8>, usize>>>,
    prefix: Option<Vec<u8>>,
}

impl Shares {
    fn new(places: &Places) -> Self {
        Self { held: Arc::default(), most: places.share, trusted: places.trusted.clone() }
    }

    /// None: this network holds as many as it may.
    fn take(&self, peer: IpAddr) -> Option<Share> {
        let peer = peer.to_canonical();
        let held = self.held.clone();
        // A proxy speaks for everybody, and whoever asks from here may be one.
        if is_near(peer) || self.trusted.iter().any(|network| network.holds(peer)) {
            return Some(Share { held, prefix: None });
        }
        let prefix = prefix_of(peer);
        let mut there = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let count = there.entry(prefix.clone()).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        drop(there);
        Some(Share { held, prefix: Some(prefix) })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let Some(prefix) = self.prefix.take() else { return };
        let mut there = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = there.get_mut(&prefix) {
            *count -= 1;
            if *count == 0 {
                there.remove(&prefix);
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Extension;
    use axum::routing::get;
    use std::net::SocketAddr;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::sync::oneshot;

    /// An open socket with one route that says who asks, and what closes it.
    async fn open() -> (SocketAddr, oneshot::Sender<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (close, closed) = oneshot::channel();
        let says = get(|Extension(Peer(peer)): Extension<Peer>| async move { peer.to_string() });
        let router = Router::new().route("/", says);
        let places = Places { most: 64, share: 2, trusted: Vec::new() };
        tokio::spawn(serve(listener, router, places, async {
            let _ = closed.await;
        }));
        (address, close)
    }

    /// Everything that comes back until the other side ends it.
    async fn asked(address: SocketAddr, said: &[u8]) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(said).await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    #[tokio::test]
    async fn a_request_says_who_is_at_the_other_end_whatever_it_claims() {
        let (address, _close) = open().await;
        let said = b"GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.9\r\nConnection: close\r\n\r\n";
        let answer = asked(address, said).await;
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\n127.0.0.1"), "{answer}");
    }

    #[tokio::test(start_paused = true)]
    #[expect(
        clippy::disallowed_methods,
        reason = "the clock of this test leaps, and how far it leapt is what is asked"
    )]
    async fn half_a_head_and_a_silent_connection_end_after_ten_seconds() {
        let (address, _close) = open().await;
        let whole = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
        for said in [&b""[..], b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nX-A", whole] {
            let began = tokio::time::Instant::now();
            let answer = asked(address, said).await;
            let seconds = began.elapsed().as_secs();
            assert!((10..=11).contains(&seconds), "{seconds} seconds after {said:?}: {answer}");
            assert_eq!(answer.contains(" 200 "), said == whole);
        }
    }

    #[test]
    fn one_network_holds_its_share_and_gives_it_back() {
        let trusted = vec![Network::read("198.51.100.0/24").unwrap()];
        let shares = Shares::new(&Places { most: 64, share: 2, trusted });
        let take = |peer: &str| shares.take(peer.parse().unwrap());
        let (first, second) = (take("203.0.113.1"), take("203.0.113.200"));
        assert!(first.is_some() && second.is_some());
        assert!(take("203.0.113.7").is_none(), "the same network has two");
        assert!(take("::ffff:203.0.113.7").is_none(), "however its address is written");
        let other = [take("203.0.114.1"), take("2001:db8:1::1"), take("2001:db8:1:ffff::1")];
        assert!(other.iter().all(Option::is_some));
        assert!(take("2001:db8:1:7::1").is_none() && take("2001:db8:2::1").is_some());
        drop(first);
        let again = take("203.0.113.9");
        assert!(again.is_some(), "what was given back is there again");
        // Behind a proxy stand many, and whoever asks from this machine may be one.
        let near: Vec<_> =
            ["198.51.100.7", "127.0.0.1", "::1", "10.0.0.3"].into_iter().cycle().take(40).map(take).collect();
        assert!(near.iter().all(Option::is_some));
        drop((second, other, again, near));
        assert!(shares.held.lock().unwrap().is_empty(), "nobody is remembered");
    }

    #[tokio::test]
    async fn a_head_without_end_is_refused() {
        let (address, _close) = open().await;
        let long = format!("GET / HTTP/1.1\r\nHost: x\r\nX-A: {}\r\n\r\n", "a".repeat(2 * LARGEST_HEAD));
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "X-A: a\r\n".repeat(MOST_HEADERS + 1));
        for said in [long, many] {
            let answer = asked(address, said.as_bytes()).await;
            assert!(!answer.contains(" 200 "), "{answer}");
        }
    }

    #[tokio::test]
    async fn two_lengths_are_no_request() {
        let (address, _close) = open().await;
        for said in [
            "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n1",
            "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 2\r\n\r\n1",
            "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\n1",
            "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        ] {
            let answer = asked(address, said.as_bytes()).await;
            assert!(answer.starts_with("HTTP/1.1 400 "), "{said:?}: {answer}");
        }
    }
}
