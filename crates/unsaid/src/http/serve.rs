//! The socket: how many may be connected, how long a head may take and how long somebody may not read, who is at the other end, and a stop that lets what is
//! under way end. Knows no route.

use super::limits::Peer;
use super::patient::Patient;
use axum::Router;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tower::util::MapRequest;

/// So many at once; the next ones wait in the system's queue.
const MOST_CONNECTIONS: usize = 1024;
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
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
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
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(LAST_ANSWERS, graceful.shutdown()).await.is_err() {
        tracing::warn!("some answers were still under way when the house closed");
    }
    Ok(())
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
        tokio::spawn(serve(listener, router, async {
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
