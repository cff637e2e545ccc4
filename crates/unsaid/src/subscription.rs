//! What a browser gives so that notices reach it: an address at its push service (RFC 8030), and two values under which they are sealed so that this service reads nothing of
//! them (RFC 8291). The address comes from a stranger's browser and this house would call it: only the services that the host has named are ever called, over https, at their one door.
//!
//! It refuses to know accounts and messages.

use axum::http::Uri;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use p256::PublicKey;
use p256::elliptic_curve::sec1::ToEncodedPoint;
use sha2::{Digest, Sha256};

/// The services of the browsers that most people have: those of Chrome and what is made of it, of Firefox, of Safari and of Edge. `*.` stands for any name below.
pub const WELL_KNOWN: [&str; 6] = [
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    "*.push.services.mozilla.com",
    "web.push.apple.com",
    "*.push.apple.com",
    "*.notify.windows.com",
];

/// An address is no longer than this.
const LONGEST: usize = 1_024;

/// A browser that takes notices.
///
/// It has no `Debug` on purpose: whoever knows the address can send something there.
pub struct Subscription {
    endpoint: String,
    /// In small letters, as it stands in the address.
    host: String,
    key: PublicKey,
    auth: [u8; 16],
}

impl Subscription {
    /// What the browser gave, in base64url without padding (RFC 8291, 2). None: it is not whole, or its service is not among these.
    pub fn read(endpoint: &str, key: &str, auth: &str, services: &[String]) -> Option<Self> {
        let host = host_of(endpoint)?;
        if !services.iter().any(|service| is_of(service, &host)) {
            return None;
        }
        let key = BASE64_URL_SAFE_NO_PAD.decode(key).ok().filter(|key| key.len() == 65)?;
        let auth = BASE64_URL_SAFE_NO_PAD.decode(auth).ok()?;
        // A point that lies on no curve would give our own key away, bit by bit.
        let key = PublicKey::from_sec1_bytes(&key).ok()?;
        Some(Self { endpoint: endpoint.to_owned(), host, key, auth: auth.try_into().ok()? })
    }

    /// One line each, to be sealed like an address.
    pub fn to_text(&self) -> String {
        let auth = BASE64_URL_SAFE_NO_PAD.encode(self.auth);
        format!("{}\n{}\n{auth}", self.endpoint, BASE64_URL_SAFE_NO_PAD.encode(self.key()))
    }

    /// What [`Self::to_text`] wrote. None as well where the host has changed the services meanwhile.
    pub fn of_text(text: &str, services: &[String]) -> Option<Self> {
        let mut lines = text.split('\n');
        let (endpoint, key, auth) = (lines.next()?, lines.next()?, lines.next()?);
        lines.next().is_none().then(|| Self::read(endpoint, key, auth, services)).flatten()
    }

    /// Where the service takes what goes to this browser.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The origin of that, as a token for it names it (RFC 8292, 2).
    pub fn origin(&self) -> String {
        format!("https://{}", self.host)
    }

    /// The browser's key (RFC 8291, 3.1).
    pub fn public_key(&self) -> &PublicKey {
        &self.key
    }

    /// The same as the 65 bytes in which it is written.
    pub fn key(&self) -> Box<[u8]> {
        self.key.to_encoded_point(false).as_bytes().into()
    }

    /// The secret that the browser shares with whoever may send (RFC 8291, 3.2).
    pub fn auth(&self) -> &[u8; 16] {
        &self.auth
    }
}

/// The name of the service in what was kept, whichever it is.
pub fn service_of(text: &str) -> Option<String> {
    host_of(text.split('\n').next()?)
}

/// By which a browser finds itself in a list, and nobody else finds it.
pub fn mark_of(text: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(text.split('\n').next().unwrap_or_default()))
}

/// https, a name, the usual port, and nothing that means another place to whoever reads it otherwise.
fn host_of(endpoint: &str) -> Option<String> {
    let plain = endpoint.len() <= LONGEST
        && endpoint.bytes().all(|byte| byte.is_ascii_graphic())
        && !endpoint.contains(['#', '\\', '@']);
    let rest = endpoint.strip_prefix("https://").filter(|_| plain)?;
    let (host, path) = rest.split_once('/')?;
    let host = host.strip_suffix(":443").unwrap_or(host).to_ascii_lowercase();
    let is_name = host.contains('.')
        && host.split('.').all(|label| {
            !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
        // The last label of a name has a letter in it; that of an address has none.
        && host.rsplit('.').next().is_some_and(|label| label.bytes().any(|byte| byte.is_ascii_alphabetic()));
    let uri: Uri = endpoint.parse().ok()?;
    let same = uri.host().is_some_and(|seen| seen.eq_ignore_ascii_case(&host));
    (is_name && same && !path.is_empty()).then_some(host)
}

/// Whether a host is meant by an entry of the list.
fn is_of(service: &str, host: &str) -> bool {
    match service.strip_prefix("*.") {
        Some(above) => host.strip_suffix(above).is_some_and(|below| below.len() > 1 && below.ends_with('.')),
        None => host == service,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The browser of RFC 8291, appendix A.
    const KEY: &str =
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";

    fn well_known() -> Vec<String> {
        WELL_KNOWN.map(str::to_owned).to_vec()
    }

    fn taken(endpoint: &str) -> bool {
        Subscription::read(endpoint, KEY, AUTH, &well_known()).is_some()
    }

    #[test]
    fn the_services_of_known_browsers_are_called_and_nobody_else() {
        for there in [
            "https://fcm.googleapis.com/fcm/send/abc:def-_ghi",
            "https://FCM.googleapis.com/wp/abc",
            "https://updates.push.services.mozilla.com/wpush/v2/abc",
            "https://updates-autopush.push.services.mozilla.com/wpush/v2/abc",
            "https://web.push.apple.com/abc",
            "https://api.push.apple.com:443/3/device",
            "https://db5p.notify.windows.com/w/?token=abc%2f",
        ] {
            assert!(taken(there), "{there}");
        }
        for elsewhere in [
            "",
            "https://fcm.googleapis.com",
            "https://fcm.googleapis.com/",
            "http://fcm.googleapis.com/fcm/send/abc",
            "HTTPS://fcm.googleapis.com/fcm/send/abc",
            "https://fcm.googleapis.com:8443/fcm/send/abc",
            "https://fcm.googleapis.com./fcm/send/abc",
            "https://fcm.googleapis.com.example.org/fcm/send/abc",
            "https://evil-fcm.googleapis.com/fcm/send/abc",
            "https://googleapis.com/fcm/send/abc",
            "https://notify.windows.com/w/abc",
            "https://.notify.windows.com/w/abc",
            "https://evilnotify.windows.com/w/abc",
            "https://a..notify.windows.com/w/abc",
            "https://fcm.googleapis.com@192.0.2.1/abc",
            "https://192.0.2.1/fcm.googleapis.com/",
            "https://fcm.googleapis.com\\@192.0.2.1/abc",
            "https://192.0.2.1#fcm.googleapis.com/abc",
            "https://fcm.googleapis.com/abc#fragment",
            "https://fcm.googleapis.com/a b",
            "https://fcm.googleapis.com/a\r\nX: y",
            "https://fcm.gоogleapis.com/abc",
            "https://127.0.0.1/abc",
            "https://[::1]/abc",
            "https://localhost/abc",
            "https://2130706433/abc",
            "file:///etc/passwd",
        ] {
            assert!(!taken(elsewhere), "{elsewhere:?}");
        }
        assert!(!taken(&format!("https://web.push.apple.com/{}", "a".repeat(LONGEST))));
    }

    #[test]
    fn a_key_is_a_point_of_the_curve_and_the_secret_has_its_length() {
        let at = |key: &str, auth: &str| {
            Subscription::read("https://web.push.apple.com/abc", key, auth, &well_known()).is_some()
        };
        assert!(at(KEY, AUTH));
        let mut off = BASE64_URL_SAFE_NO_PAD.decode(KEY).unwrap();
        off[64] ^= 1;
        assert!(!at(&BASE64_URL_SAFE_NO_PAD.encode(off), AUTH), "no point of the curve");
        let point = PublicKey::from_sec1_bytes(&BASE64_URL_SAFE_NO_PAD.decode(KEY).unwrap()).unwrap();
        let short = BASE64_URL_SAFE_NO_PAD.encode(point.to_encoded_point(true));
        for (key, auth) in
            [("", AUTH), (short.as_str(), AUTH), (KEY, ""), (KEY, "BTBZMqHH6r4Tts7J_aSI"), (AUTH, KEY)]
        {
            assert!(!at(key, auth), "{key} {auth}");
        }
    }

    #[test]
    fn what_was_kept_is_read_again_as_long_as_the_host_names_its_service() {
        let endpoint = "https://web.push.apple.com/abc";
        let text = Subscription::read(endpoint, KEY, AUTH, &well_known()).unwrap().to_text();
        let again = Subscription::of_text(&text, &well_known()).unwrap();
        assert_eq!((again.endpoint(), again.origin().as_str()), (endpoint, "https://web.push.apple.com"));
        assert_eq!(again.to_text(), text);
        assert!(Subscription::of_text(&text, &["fcm.googleapis.com".to_owned()]).is_none());
        assert!(Subscription::of_text(&format!("{text}\nmore"), &well_known()).is_none());
        assert_eq!(service_of(&text).as_deref(), Some("web.push.apple.com"));
        assert_eq!(mark_of(&text), BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(endpoint)));
    }
}
