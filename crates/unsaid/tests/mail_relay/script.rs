//! A relay that does what a script says, right or wrong, and writes down every byte that it hears.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{RootCertStore, ServerConfig, crypto};

/// One thing that the relay does.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Writes these bytes as they are.
    Say(Vec<u8>),
    /// Reads one line, which must begin so.
    Hear(&'static str),
    /// Reads one line, whatever it is.
    HearLine,
    /// Reads until the line that is a dot alone.
    HearContent,
    /// Reads whatever comes next, at least one byte of it.
    HearSome,
    /// Shakes hands for TLS; what follows is inside it.
    Tls,
    /// Says nothing for so long, and goes on.
    Pause(Duration),
    /// Says nothing and waits until the other side hangs up.
    Silence,
    /// Hangs up.
    Drop,
    /// Says this line again and again, with a pause between, until the other side hangs up.
    Drip(&'static str),
}

/// `Say` with a line end.
pub(crate) fn say(line: &str) -> Act {
    Act::Say(format!("{line}\r\n").into_bytes())
}

/// What the relay heard.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// Every byte after decryption, in order.
    pub(crate) bytes: Vec<u8>,
    /// The lines that the script asked for.
    pub(crate) lines: Vec<String>,
    /// The content up to its final dot, still transparent, if one came whole.
    pub(crate) content: Option<Vec<u8>>,
    /// What came before TLS was in place, if it was put in place.
    pub(crate) in_the_clear: Vec<u8>,
}

impl Heard {
    /// Did a whole message arrive, whether the script asked for it or not?
    pub(crate) fn saw_a_whole_message(&self) -> bool {
        self.bytes.windows(5).any(|five| five == b"\r\n.\r\n")
    }

    /// How often this was said inside.
    pub(crate) fn times(&self, text: &str) -> usize {
        self.bytes.windows(text.len()).filter(|part| *part == text.as_bytes()).count()
    }

    /// Was this said, in the clear or not?
    pub(crate) fn saw(&self, text: &str) -> bool {
        let has = |bytes: &[u8]| bytes.windows(text.len()).any(|part| part == text.as_bytes());
        has(&self.bytes) || has(&self.in_the_clear)
    }
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Starts a relay for one connection. When its script is at its end it listens on until the other side hangs up.
pub(crate) async fn relay(script: Vec<Act>) -> (u16, JoinHandle<Heard>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        converse(stream, script).await
    });
    (port, task)
}

/// A relay for several connections, in the order in which they come, one script for each. Whoever comes later finds nobody.
pub(crate) struct Relays {
    pub(crate) port: u16,
    listening: JoinHandle<()>,
    talks: Arc<Mutex<Vec<JoinHandle<Heard>>>>,
}

pub(crate) async fn relays(scripts: Vec<Vec<Act>>) -> Relays {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let talks = Arc::<Mutex<Vec<JoinHandle<Heard>>>>::default();
    let begun = Arc::clone(&talks);
    let listening = tokio::spawn(async move {
        for script in scripts {
            let (stream, _) = listener.accept().await.unwrap();
            begun.lock().unwrap().push(tokio::spawn(converse(stream, script)));
        }
    });
    Relays { port, listening, talks }
}

impl Relays {
    /// How many have come until now.
    pub(crate) fn come(&self) -> usize {
        self.talks.lock().unwrap().len()
    }

    /// What each heard. The other side must have hung up, or be about to.
    pub(crate) async fn heard(self) -> Vec<Heard> {
        self.listening.abort();
        let talks = std::mem::take(&mut *self.talks.lock().unwrap());
        let mut all = Vec::new();
        for talk in talks {
            all.push(talk.await.unwrap());
        }
        all
    }
}

async fn converse(stream: TcpStream, script: Vec<Act>) -> Heard {
    stream.set_nodelay(true).unwrap();
    let mut stream: Box<dyn Stream> = Box::new(stream);
    let mut heard = Heard::default();
    let mut at = 0;
    for act in script {
        match act {
            Act::Say(bytes) => {
                // The other side may have hung up already: that is its right.
                if stream.write_all(&bytes).await.is_err() {
                    return heard;
                }
                let _ = stream.flush().await;
            }
            Act::Hear(start) => {
                let Some(line) = hear_until(&mut stream, &mut heard, &mut at, b"\r\n").await else {
                    return heard;
                };
                let line = String::from_utf8(line).unwrap();
                assert!(line.starts_with(start), "{line:?} came where {start:?} was due");
                heard.lines.push(line);
            }
            Act::HearLine => {
                let Some(line) = hear_until(&mut stream, &mut heard, &mut at, b"\r\n").await else {
                    return heard;
                };
                heard.lines.push(String::from_utf8_lossy(&line).into_owned());
            }
            Act::HearContent => {
                let Some(content) = hear_until(&mut stream, &mut heard, &mut at, b"\r\n.\r\n").await else {
                    return heard;
                };
                heard.content = Some(content);
            }
            Act::HearSome => {
                let mut space = [0; 4096];
                let read = stream.read(&mut space).await.unwrap();
                assert!(read > 0, "the other side hung up where something was due");
                heard.bytes.extend_from_slice(&space[..read]);
            }
            Act::Tls => {
                heard.in_the_clear = std::mem::take(&mut heard.bytes);
                at = 0;
                match acceptor().accept(stream).await {
                    Ok(tls) => stream = Box::new(tls),
                    Err(_) => return heard,
                }
            }
            Act::Pause(time) => tokio::time::sleep(time).await,
            Act::Silence => break,
            Act::Drop => return heard,
            Act::Drip(line) => {
                while stream.write_all(line.as_bytes()).await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                return heard;
            }
        }
    }
    let _ = stream.read_to_end(&mut heard.bytes).await;
    heard
}

/// Reads on until this mark, and returns what stood before it; `None` when the other side hung up first.
async fn hear_until(
    stream: &mut Box<dyn Stream>,
    heard: &mut Heard,
    at: &mut usize,
    mark: &[u8],
) -> Option<Vec<u8>> {
    loop {
        let rest = &heard.bytes[*at..];
        if let Some(end) = rest.windows(mark.len()).position(|part| part == mark) {
            let found = rest[..end].to_vec();
            *at += end + mark.len();
            return Some(found);
        }
        let mut space = [0; 4096];
        match stream.read(&mut space).await {
            Ok(read) if read > 0 => heard.bytes.extend_from_slice(&space[..read]),
            _ => return None,
        }
    }
}

fn acceptor() -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_slice(include_bytes!("../tls/relay.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("../tls/relay.key.pem")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// The authority that vouches for the scripted relay as `localhost`.
pub(crate) fn authority() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(include_bytes!("../tls/authority.pem")).unwrap()).unwrap();
    roots
}
