//! The port through which a house asks others, against servers that this test scripts: what is heard, what is cut, and whom it does not believe.

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{RootCertStore, ServerConfig, crypto};
use unsaid::mail::compose::{Letterhead, Message};
use unsaid::mail::hook::{Hook, HookLetter};
use unsaid::mail::{Answer, Permission, Reply};
use unsaid::outward::{LONGEST_BODY, Network, NotHeard, Outward, Posted, Said, Told};
use unsaid::words::Words;

/// What the other side is to say, and what it was asked.
struct Other {
    port: u16,
    heard: Arc<Mutex<Vec<String>>>,
}

async fn other(answer: Vec<u8>, tls: Option<TlsAcceptor>) -> Other {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let log = heard.clone();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            match &tls {
                None => say(tcp, &answer, &log).await,
                Some(tls) => {
                    if let Ok(tls) = tls.accept(tcp).await {
                        say(tls, &answer, &log).await;
                    }
                }
            }
        }
    });
    Other { port, heard }
}

async fn say<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, answer: &[u8], log: &Mutex<Vec<String>>) {
    let mut question = Vec::new();
    let mut space = [0; 1024];
    while !is_whole(&question) {
        match stream.read(&mut space).await {
            Ok(read) if read > 0 => question.extend_from_slice(&space[..read]),
            _ => return,
        }
    }
    log.lock().unwrap().push(String::from_utf8_lossy(&question).into_owned());
    // Whoever has heard enough hangs up in the middle.
    let _cut = stream.write_all(answer).await;
    let _cut = stream.shutdown().await;
}

/// Its head, and so much behind it as the head says.
fn is_whole(question: &[u8]) -> bool {
    let Some(end) = question.windows(4).position(|end| end == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&question[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    question.len() >= end + 4 + length.map_or(0, |length| length.parse().unwrap())
}

/// Says yes so often, and counts.
struct Yes(usize);

#[async_trait::async_trait]
impl Permission for Yes {
    async fn still_allowed(&mut self) -> bool {
        let yes = self.0 > 0;
        self.0 = self.0.saturating_sub(1);
        yes
    }
}

fn letter() -> HookLetter {
    let head = Letterhead {
        from_name: "this house".to_owned(),
        from_address: "unsaid@example.net".to_owned(),
        house_name: "this house".to_owned(),
        host_contact: None,
        public_origin: "https://example.net".to_owned(),
    };
    let message = Message::SignInAddressChanged { undo: "https://example.net/address/abc" };
    HookLetter::compose(Words::of("en"), &head, ("abcdef", "+44 20 7946 0000"), &message).ok().unwrap()
}

fn hook(port: u16, secret: Option<&str>) -> Hook {
    Hook::new(Arc::new(Network::new()), &format!("http://127.0.0.1:{port}/sms?token=t"), secret)
}

const TAKEN: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";

#[tokio::test]
async fn the_webhook_is_given_what_a_mail_says_and_a_signature() {
    let sink = other(TAKEN.to_vec(), None).await;
    let signed = hook(sink.port, Some("sixteen letters and more"));
    assert_eq!(signed.send(&letter(), &mut Yes(2)).await, Answer::Accepted);
    assert_eq!(hook(sink.port, None).send(&letter(), &mut Yes(2)).await, Answer::Accepted);
    let heard = sink.heard.lock().unwrap().clone();
    let (head, body) = heard[0].split_once("\r\n\r\n").unwrap();
    let head = head.to_ascii_lowercase();
    assert!(head.starts_with("post /sms?token=t http/1.1\r\n"), "{head}");
    assert!(head.contains("content-type: application/json"), "{head}");
    let said: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!((&said["id"], &said["to"]), (&"abcdef".into(), &"+44 20 7946 0000".into()));
    assert_eq!(
        (&said["kind"], &said["link"]),
        (&"address-changed".into(), &"https://example.net/address/abc".into())
    );
    assert!(said["text"].as_str().unwrap().contains("https://example.net/address/abc"), "{said}");
    assert_eq!(said.as_object().unwrap().len(), 5, "{said}");
    // Reckoned by itself, as the host's program would.
    let mut mac =
        <hmac::Hmac<sha2::Sha256> as hmac::Mac>::new_from_slice(b"sixteen letters and more").unwrap();
    hmac::Mac::update(&mut mac, body.as_bytes());
    let hex: String =
        hmac::Mac::finalize(mac).into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(head.contains(&format!("x-unsaid-signature: sha256={hex}")), "{head}");
    assert!(!heard[1].to_ascii_lowercase().contains("x-unsaid-signature"), "{heard:?}");
    assert!(heard[1].ends_with(body), "the same message is the same each time");
}

#[tokio::test]
async fn the_webhook_is_told_nothing_without_two_permissions_and_redirects_lead_nowhere() {
    let sink = other(TAKEN.to_vec(), None).await;
    for allowed in 0..2 {
        assert_eq!(hook(sink.port, None).send(&letter(), &mut Yes(allowed)).await, Answer::Forbidden);
    }
    assert!(sink.heard.lock().unwrap().is_empty());
    let moved = format!(
        "HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:{}/\r\nContent-Length: 0\r\n\r\n",
        sink.port
    );
    let mover = other(moved.into_bytes(), None).await;
    let later = |code| Answer::Later { reply: Reply { code, enhanced: None } };
    assert_eq!(hook(mover.port, None).send(&letter(), &mut Yes(2)).await, later(307));
    assert!(sink.heard.lock().unwrap().is_empty());
    let broken = other(b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n".to_vec(), None).await;
    assert_eq!(hook(broken.port, None).send(&letter(), &mut Yes(2)).await, later(500));
    // It was said, and nobody knows whether it was heard: the same message again.
    let mute = other(Vec::new(), None).await;
    assert!(matches!(hook(mute.port, None).send(&letter(), &mut Yes(2)).await, Answer::Unknown { .. }));
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let nobody = hook(free, None).send(&letter(), &mut Yes(2)).await;
    assert_eq!(nobody, Answer::NotReached { reply: Reply::silence() });
    let away = Network::new().post("http://192.0.2.1/", &[], b"{}", &mut Yes(2)).await;
    assert_eq!(away, Posted::NotReached(NotHeard::Address), "in the open it stays on this machine");
}

#[tokio::test]
async fn bytes_are_brought_as_they_are() {
    let sink = other(TAKEN.to_vec(), None).await;
    let (url, kind) = (format!("http://127.0.0.1:{}/a", sink.port), "application/octet-stream".to_owned());
    let headers = [("content-type", kind), ("ttl", "60".to_owned())];
    let said = Network::new().post(&url, &headers, &[0xff, b'a', 0, 0xfe], &mut Yes(2)).await;
    assert_eq!(said, Posted::Said(204));
    let heard = sink.heard.lock().unwrap()[0].clone();
    let (head, body) = heard.split_once("\r\n\r\n").unwrap();
    let head = head.to_ascii_lowercase();
    for line in ["content-type: application/octet-stream", "content-length: 4", "ttl: 60"] {
        assert_eq!(head.lines().filter(|other| *other == line).count(), 1, "{head}");
    }
    assert_eq!(body, "\u{fffd}a\0\u{fffd}");
}

fn acceptor() -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_slice(include_bytes!("tls/relay.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("tls/relay.key.pem")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

fn authority() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(include_bytes!("tls/authority.pem")).unwrap()).unwrap();
    roots
}

async fn ask(answer: &[u8]) -> Result<Said, NotHeard> {
    let other = other(answer.to_vec(), None).await;
    Network::new().get(&format!("http://127.0.0.1:{}/nonce", other.port)).await
}

const PLAIN: &[u8] =
    b"HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 10:00:00 GMT\r\nContent-Length: 5\r\n\r\nhello";

#[tokio::test]
async fn an_answer_is_heard_with_its_date() {
    let other = other(PLAIN.to_vec(), None).await;
    let url = format!("http://localhost:{}/nonce?of=us", other.port);
    let said = Network::new().get(&url).await.unwrap();
    assert_eq!((said.status, said.body.as_slice()), (200, b"hello".as_slice()));
    assert_eq!(said.date.unwrap().to_string(), "2026-11-22T10:00:00Z");
    let heard = other.heard.lock().unwrap().clone();
    assert_eq!(heard.len(), 1);
    let question = heard[0].to_ascii_lowercase();
    assert!(question.starts_with("get /nonce?of=us http/1.1\r\n"), "{question}");
    assert!(question.contains(&format!("host: localhost:{}\r\n", other.port)), "{question}");
    // Nothing of the house, and nothing that a cache may answer.
    assert!(
        question.contains("user-agent: unsaid\r\n") && question.contains("cache-control: no-cache"),
        "{question}"
    );
    assert!(!question.contains("cookie") && !question.contains("referer"), "{question}");
}

#[tokio::test]
async fn a_body_in_pieces_is_put_together_and_a_long_one_is_cut() {
    let said = ask(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n")
        .await
        .unwrap();
    assert_eq!((said.body.as_slice(), said.date), (b"hello".as_slice(), None));
    let until_closed = ask(b"HTTP/1.1 404 Not Found\r\n\r\nnothing here").await.unwrap();
    assert_eq!((until_closed.status, until_closed.body.as_slice()), (404, b"nothing here".as_slice()));
    let mut long = b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n".to_vec();
    long.resize(long.len() + 10_000_000, b'a');
    assert_eq!(ask(&long).await.unwrap().body, vec![b'a'; LONGEST_BODY]);
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let elsewhere = other(PLAIN.to_vec(), None).await;
    let moved = format!(
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{}/\r\nContent-Length: 0\r\n\r\n",
        elsewhere.port
    );
    assert_eq!(ask(moved.as_bytes()).await.unwrap().status, 302);
    assert!(elsewhere.heard.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_cannot_be_read_is_no_answer() {
    assert_eq!(ask(b"").await, Err(NotHeard::Garbled));
    assert_eq!(ask(b"SSH-2.0-OpenSSH_9.2\r\n").await, Err(NotHeard::Garbled));
    assert_eq!(ask(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\ncut").await, Err(NotHeard::Garbled));
    let mut endless = b"HTTP/1.1 200 OK\r\nA: ".to_vec();
    endless.resize(2_000_000, b'a');
    assert_eq!(ask(&endless).await, Err(NotHeard::Garbled));
    let mut many = b"HTTP/1.1 200 OK\r\n".to_vec();
    many.extend("A: b\r\n".repeat(500).into_bytes());
    many.extend(b"\r\n");
    assert_eq!(ask(&many).await, Err(NotHeard::Garbled));
    // Two dates are none.
    let two = b"HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 10:00:00 GMT\r\nDate: Sun, 22 Nov 2076 10:00:00 GMT\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(ask(two).await.unwrap().date, None);
}

#[tokio::test]
async fn over_https_the_other_side_proves_its_name() {
    let other = other(PLAIN.to_vec(), Some(acceptor())).await;
    let url = format!("https://localhost:{}/", other.port);
    let said = Network::trusting(authority()).get(&url).await.unwrap();
    assert_eq!(said.body, b"hello");
    // Somebody that we do not trust vouches for it, or it is vouched for under another name.
    assert_eq!(Network::trusting(RootCertStore::empty()).get(&url).await, Err(NotHeard::Stranger));
    let named = format!("https://127.0.0.1:{}/", other.port);
    assert_eq!(Network::trusting(authority()).get(&named).await, Err(NotHeard::Stranger));
    assert_eq!(other.heard.lock().unwrap().len(), 1, "nothing is asked before the name is proved");
}

#[tokio::test]
async fn nothing_goes_in_the_open_beyond_this_machine() {
    assert_eq!(Network::new().get("http://192.0.2.1/").await, Err(NotHeard::Address));
    assert_eq!(Network::new().get("ftp://127.0.0.1/").await, Err(NotHeard::Address));
    assert_eq!(Network::new().get("https://nobody.invalid/").await, Err(NotHeard::Name));
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    assert_eq!(Network::new().get(&format!("http://127.0.0.1:{free}/")).await, Err(NotHeard::Closed));
}

#[tokio::test(start_paused = true)]
async fn whoever_says_nothing_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    assert_eq!(Network::new().get(&format!("http://127.0.0.1:{port}/")).await, Err(NotHeard::Silent));
}

#[tokio::test]
async fn the_twin_answers_as_it_was_told() {
    let told = Told::default();
    told.tell("https://a.example/", || Ok(Said { status: 200, ..Said::default() }));
    assert_eq!(told.get("https://a.example/").await.unwrap().status, 200);
    assert_eq!(told.get("https://b.example/").await, Err(NotHeard::Silent));
    told.hush("https://a.example/");
    assert_eq!(told.get("https://a.example/").await, Err(NotHeard::Silent));
    assert_eq!(told.asked().len(), 3);
}
