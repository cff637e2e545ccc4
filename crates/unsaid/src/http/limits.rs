//! How often one network may ask what anybody may ask (codes, doors, cards), one account what is much work, and one person the same letter. A bucket for each, in memory, by the
//! house's own time; what is kept of a network is a keyed hash of its prefix, never an address, and nothing of it is written down. What is kept of accounts is counted in the store.
//!
//! What ends something (a no, quiet, taking back, going out, the stop paper) is never counted here, and a link that is good is never turned away.

use super::gate::{ReaderIn, SignedIn};
use super::problem::Problem;
use crate::app::App;
use crate::settings::Network;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use unsaid_store::rows::Keyed;

/// Who is at the other end of the connection: the proxy, where there is one. [`super::serve`] puts it into each request.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// What is counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Each may send a mail to somebody.
    Codes,
    /// Each is a try at something that lets somebody in.
    Doors,
    /// A link: counted only when it leads nowhere. Whoever has a good one came to read or to say no, and is let through.
    Links,
    /// What is much work or sends a notice each time, of one account.
    Work,
    /// What is fetched of one letter by one person.
    Reading,
}

/// Who is counted.
enum Whom {
    Network,
    Account,
    Person,
}

/// So many at once, and then one more after each pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many may come at once.
    pub most: i64,
    /// Milliseconds after which there is room for one more.
    pub pause: i64,
}

impl Class {
    /// A hospice with one address for all its rooms must come through, and whoever guesses must not.
    pub const fn rate(self) -> Rate {
        match self {
            Self::Codes => Rate { most: 30, pause: 120_000 },
            Self::Doors | Self::Links => Rate { most: 60, pause: 30_000 },
            // Somebody who takes five hundred letters out in one evening comes through.
            Self::Work => Rate { most: 600, pause: 6_000 },
            // Sixty films, each in thirty pieces, are no more than one reading.
            Self::Reading => Rate { most: 2_000, pause: 2_000 },
        }
    }

    const fn whom(self) -> Whom {
        match self {
            Self::Codes | Self::Doors | Self::Links => Whom::Network,
            Self::Work => Whom::Account,
            Self::Reading => Whom::Person,
        }
    }

    /// How it is said.
    pub const fn problem(self) -> &'static str {
        match self.whom() {
            Whom::Network => "network-too-many",
            Whom::Account => "account-too-often",
            Whom::Person => "reading-too-often",
        }
    }
}

/// Every route on which strangers are counted. A test holds that there is no other one for them, but those that end something.
pub const COUNTED: [(&str, Class); 11] = [
    ("/api/codes", Class::Codes),
    ("/api/invitation", Class::Doors),
    ("/api/sessions", Class::Doors),
    ("/api/kit-session", Class::Doors),
    ("/api/claim", Class::Doors),
    ("/come", Class::Doors),
    ("/come/address", Class::Doors),
    ("/k/{token}", Class::Links),
    ("/well/{token}", Class::Links),
    ("/keeper/{token}", Class::Links),
    ("/keeper/{token}/card", Class::Links),
];

/// What an account, and the person of a letter, may ask only so often. Nothing that ends something is among these, and no saving either.
pub const COUNTED_TOO: [(&str, Class); 20] = [
    ("/api/address", Class::Work),
    ("/api/channels", Class::Work),
    ("/api/kit", Class::Work),
    ("/api/letters/{id}/birthday", Class::Work),
    ("/api/letters/{id}/exported", Class::Work),
    ("/api/persons", Class::Work),
    ("/api/persons/{id}/addresses", Class::Work),
    ("/api/persons/{id}/addresses/{address}/remove", Class::Work),
    ("/api/persons/{id}/card", Class::Work),
    ("/api/persons/{id}/card/printed", Class::Work),
    ("/api/persons/{id}/card/replace", Class::Work),
    ("/api/unlock-file", Class::Work),
    ("/waiting/{delivery}/key", Class::Reading),
    ("/waiting/{delivery}/keepers", Class::Reading),
    ("/waiting/{delivery}/keepers/ask", Class::Reading),
    ("/waiting/{delivery}/keepers/cards", Class::Reading),
    ("/waiting/{delivery}/keepers/open", Class::Reading),
    ("/waiting/{delivery}/letter.age", Class::Reading),
    ("/waiting/{delivery}/parts/{*name}", Class::Reading),
    ("/waiting/{delivery}/words", Class::Reading),
];

/// As what a route is counted, if it is.
pub fn class_of(path: &str, method: &Method) -> Option<Class> {
    let by_network = COUNTED.iter().filter(|_| method == Method::POST);
    // Her people are looked at as often as a page is opened; adding one is work.
    let others = COUNTED_TOO.iter().filter(|(_, class)| *class == Class::Reading || method != Method::GET);
    if path == super::nonce::PATH {
        // Whoever reads it learns nothing; but each is a question to the store.
        return Some(Class::Doors);
    }
    by_network.chain(others).find(|(counted, _)| *counted == path).map(|(_, class)| *class)
}

/// How many networks are remembered at most. Beyond that the half with the most room is forgotten.
const MOST_NETWORKS: usize = 65_536;
/// The longest chain of proxies that is read.
const MOST_HOPS: usize = 32;
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The buckets of an open house.
pub struct Limits {
    app: App,
    buckets: Mutex<Buckets>,
}

impl Limits {
    /// All empty-handed: nobody has asked yet.
    pub fn new(app: App) -> Arc<Self> {
        Arc::new(Self { app, buckets: Mutex::new(Buckets::new(MOST_NETWORKS)) })
    }

    /// The handler of a route, counted if strangers are counted there. Behind the gate, so that what another site makes a browser send
    /// is refused before it uses anything up.
    pub fn guard(
        self: &Arc<Self>,
        path: &str,
        method: &Method,
        handler: MethodRouter<App>,
    ) -> MethodRouter<App> {
        match class_of(path, method) {
            Some(class) => handler.route_layer(from_fn_with_state((self.clone(), class), limit)),
            None => handler,
        }
    }

    fn take(&self, class: Class, whom: Keyed) -> Result<(), Problem> {
        let now = self.app.time.now().trusted.as_millisecond();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        buckets.take(whom, class.rate(), now).map_err(|wait| {
            let seconds = u64::try_from(wait.max(0)).unwrap_or(0).div_ceil(1000);
            Problem { retry_after: Some(seconds), ..Problem::of(class.problem()) }
        })
    }

    /// Who is counted, hashed; none if nobody can tell.
    fn whom(&self, class: Class, request: &Request) -> Option<Keyed> {
        let mut whom = vec![class as u8];
        match class.whom() {
            Whom::Network => return self.network(class, request),
            Whom::Account => {
                let SignedIn(author, ..) = request.extensions().get::<SignedIn>()?;
                whom.extend_from_slice(&author.account().0);
            }
            Whom::Person => {
                let ReaderIn(reader) = request.extensions().get::<ReaderIn>()?;
                whom.extend_from_slice(&reader.person().0);
                // Which letter: the place behind /waiting/.
                let letter = request.uri().path().split('/').nth(2).unwrap_or_default();
                whom.extend_from_slice(letter.as_bytes());
            }
        }
        Some(self.app.keys.peppered("counted", &whom))
    }

    /// The network that a request comes from, hashed; none if nobody can tell.
    fn network(&self, class: Class, request: &Request) -> Option<Keyed> {
        let Peer(peer) = request.extensions().get::<Peer>()?;
        let address = client(&self.app.settings.trusted_proxies, *peer, request.headers())?;
        let mut prefix = vec![class as u8];
        prefix.extend_from_slice(&prefix_of(address));
        Some(self.app.keys.peppered("network", &prefix))
    }
}

async fn limit(
    State((limits, class)): State<(Arc<Limits>, Class)>,
    request: Request,
    next: Next,
) -> Response {
    let Some(network) = limits.whom(class, &request) else { return next.run(request).await };
    if class != Class::Links
        && let Err(problem) = limits.take(class, network)
    {
        return problem.into_response();
    }
    let response = next.run(request).await;
    if class == Class::Links
        && response.status() == StatusCode::NOT_FOUND
        && let Err(problem) = limits.take(class, network)
    {
        return problem.into_response();
    }
    response
}

/// The network of an address: its first 24 bits, or 48 of the new kind.
pub(super) fn prefix_of(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(v4) => v4.octets()[..3].to_vec(),
        IpAddr::V6(v6) => v6.octets()[..6].to_vec(),
    }
}

/// Whose address counts. Only a proxy that the host has named is believed when it says for whom it asks, and of what it says only the last part that no
/// such proxy wrote. Without named proxies, whoever asks from this machine or a private network may be one: then nobody's address is known.
fn client(trusted: &[Network], peer: IpAddr, headers: &HeaderMap) -> Option<IpAddr> {
    let peer = peer.to_canonical();
    if trusted.is_empty() {
        return (!is_near(peer)).then_some(peer);
    }
    let known = |address: IpAddr| trusted.iter().any(|network| network.holds(address));
    if !known(peer) {
        return Some(peer);
    }
    let lines: Vec<_> = headers.get_all(&X_FORWARDED_FOR).iter().collect();
    let hops = lines.iter().rev().flat_map(|line| line.as_bytes().rsplit(|b| *b == b','));
    for hop in hops.take(MOST_HOPS) {
        let address = read_address(std::str::from_utf8(hop).ok()?.trim())?.to_canonical();
        if !known(address) {
            return Some(address);
        }
    }
    None
}

/// An address as proxies write it: alone, or with a port.
fn read_address(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse::<std::net::SocketAddr>().ok().map(|socket| socket.ip());
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    text.parse().ok().or_else(with_port).or_else(bracketed)
}

/// This machine, or a network that is nobody's on the open one.
pub(super) fn is_near(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

/// For each network the moment, in milliseconds, at which its bucket is full again. One that is full need not be remembered.
struct Buckets {
    full_at: HashMap<Keyed, i64>,
    most: usize,
}

impl Buckets {
    fn new(most: usize) -> Self {
        Self { full_at: HashMap::new(), most }
    }

    /// Takes one, or tells after how many milliseconds there is one.
    fn take(&mut self, network: Keyed, rate: Rate, now: i64) -> Result<(), i64> {
        let full_at = self.full_at.get(&network).map_or(now, |at| (*at).max(now));
        let then = full_at.saturating_add(rate.pause);
        let too_far = then - now - rate.most * rate.pause;
        if too_far > 0 {
            return Err(too_far);
        }
        if self.full_at.len() >= self.most && !self.full_at.contains_key(&network) {
            self.forget(now);
        }
        self.full_at.insert(network, then);
        Ok(())
    }

    /// Makes room: those that are full again go, and if that is not enough the half that will be full first. Whoever asked most is remembered.
    fn forget(&mut self, now: i64) {
        self.full_at.retain(|_, at| *at > now);
        if self.full_at.len() < self.most {
            return;
        }
        let mut moments: Vec<i64> = self.full_at.values().copied().collect();
        moments.sort_unstable();
        let middle = moments[moments.len() / 2];
        let mut to_go = self.full_at.len() / 2;
        // Of those at the middle itself as many as are needed, so that room is made even if all are alike.
        self.full_at.retain(|_, at| {
            *at > middle || (*at == middle && to_go == 0) || {
                to_go = to_go.saturating_sub(1);
                false
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    const RATE: Rate = Rate { most: 3, pause: 1000 };

    fn network(number: u32) -> Keyed {
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(&number.to_be_bytes());
        Keyed(bytes)
    }

    #[test]
    fn a_bucket_empties_refills_exactly_and_is_nobody_elses() {
        let mut buckets = Buckets::new(8);
        for _ in 0..3 {
            assert_eq!(buckets.take(network(1), RATE, 0), Ok(()));
        }
        assert_eq!(buckets.take(network(1), RATE, 0), Err(1000));
        assert_eq!(buckets.take(network(2), RATE, 0), Ok(()));
        assert_eq!(buckets.take(network(1), RATE, 999), Err(1));
        assert_eq!(buckets.take(network(1), RATE, 1000), Ok(()));
        assert_eq!(buckets.take(network(1), RATE, 1000), Err(1000));
        for _ in 0..3 {
            assert_eq!(buckets.take(network(1), RATE, 9000), Ok(()));
        }
        assert_eq!(buckets.take(network(1), RATE, 9000), Err(1000), "no more is saved up than there was");
        // A refusal uses nothing up.
        assert_eq!(buckets.take(network(1), RATE, 10_000), Ok(()));
    }

    #[test]
    fn so_many_networks_are_remembered_and_those_that_asked_most() {
        let mut buckets = Buckets::new(100);
        for _ in 0..3 {
            buckets.take(network(0), RATE, 0).unwrap();
        }
        for number in 1..10_000 {
            buckets.take(network(number), RATE, 0).unwrap();
            assert!(buckets.full_at.len() <= 100);
        }
        assert_eq!(
            buckets.take(network(0), RATE, 0),
            Err(1000),
            "a flood of others does not make it forgotten"
        );
        buckets.take(network(20_000), RATE, 60_000).unwrap();
        buckets.forget(60_000);
        assert_eq!(buckets.full_at.len(), 1, "those that are full again go");
    }

    fn seen(trusted: &[&str], peer: &str, lines: &[&str]) -> Option<String> {
        let trusted: Vec<Network> = trusted.iter().map(|text| Network::read(text).unwrap()).collect();
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(X_FORWARDED_FOR, HeaderValue::from_str(line).unwrap());
        }
        client(&trusted, peer.parse().unwrap(), &headers).map(|address| address.to_string())
    }

    #[test]
    fn only_a_proxy_that_was_named_is_believed() {
        let is = |found: Option<String>, wanted: &str| assert_eq!(found.as_deref(), Some(wanted));
        let none: &[&str] = &[];
        // Nobody is named: what stands in the header is what anybody could write.
        is(seen(none, "203.0.113.9", &["198.51.100.7"]), "203.0.113.9");
        for near in
            ["127.0.0.1", "::1", "10.1.2.3", "172.17.0.1", "192.168.0.4", "fd00::1", "::ffff:127.0.0.1"]
        {
            assert_eq!(seen(none, near, &["198.51.100.7"]), None, "{near}");
        }
        let proxy: &[&str] = &["127.0.0.1", "10.0.0.0/8"];
        is(seen(proxy, "203.0.113.9", &["198.51.100.7"]), "203.0.113.9");
        is(seen(proxy, "127.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        is(seen(proxy, "::ffff:127.0.0.1", &["::ffff:198.51.100.7"]), "198.51.100.7");
        // What the client wrote itself stands further to the left.
        is(seen(proxy, "127.0.0.1", &["192.0.2.1, 198.51.100.7"]), "198.51.100.7");
        is(seen(proxy, "127.0.0.1", &["192.0.2.1", "198.51.100.7 , 10.2.3.4"]), "198.51.100.7");
        is(seen(proxy, "127.0.0.1", &["nonsense, 198.51.100.7:4711"]), "198.51.100.7");
        is(seen(proxy, "127.0.0.1", &["[2001:db8::7]:4711"]), "2001:db8::7");
        is(seen(proxy, "127.0.0.1", &["[2001:db8::7]"]), "2001:db8::7");
        for silent in [&[][..], &[""], &["unknown"], &["10.1.1.1"], &["198.51.100.7, _hidden"]] {
            assert_eq!(seen(proxy, "127.0.0.1", silent), None, "{silent:?}");
        }
        let endless = vec!["10.1.1.1"; 100].join(",");
        assert_eq!(seen(proxy, "127.0.0.1", &[&format!("198.51.100.7,{endless}")]), None);
    }
}
