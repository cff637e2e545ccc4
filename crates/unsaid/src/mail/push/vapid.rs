//! How this house says to a push service who it is (RFC 8292): a token that is good for that service alone, for half a day, signed with the key that the browser was given (ES256).

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use p256::SecretKey;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use p256::elliptic_curve::sec1::ToEncodedPoint;
use serde::Serialize;

/// A day is the most that a service may believe (RFC 8292, 2); half of one forgives a clock that is wrong.
const HOURS: i64 = 12;

/// In the order in which it is written.
#[derive(Serialize)]
struct Claims<'a> {
    aud: &'a str,
    exp: i64,
    sub: &'a str,
}

/// The Authorization header. `origin` is the service's, `subscriber` where the host can be found.
pub(super) fn authorization(
    key: &SecretKey,
    origin: &str,
    subscriber: &str,
    now: Timestamp,
) -> Option<String> {
    let exp = now.checked_add(SignedDuration::from_hours(HOURS)).ok()?.as_second();
    let claims = serde_json::to_vec(&Claims { aud: origin, exp, sub: subscriber }).ok()?;
    let text = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let said = format!("{}.{}", text(br#"{"typ":"JWT","alg":"ES256"}"#), text(&claims));
    let signature: Signature = SigningKey::from(key).sign(said.as_bytes());
    let point = key.public_key().to_encoded_point(false);
    Some(format!("vapid t={said}.{}, k={}", text(&signature.to_bytes()), text(point.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_implementation_believes_it() {
        let key = SecretKey::from_slice(&[9; 32]).unwrap();
        let now: Timestamp = "2037-03-12T09:30:00Z".parse().unwrap();
        let said =
            authorization(&key, "https://web.push.apple.com", "https://letters.example.org", now).unwrap();
        let (token, point) = said.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let bytes = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).unwrap();
        let (head, claims) = signed.split_once('.').unwrap();
        let head: serde_json::Value = serde_json::from_slice(&bytes(head)).unwrap();
        assert_eq!((&head["alg"], &head["typ"]), (&"ES256".into(), &"JWT".into()));
        let claims: serde_json::Value = serde_json::from_slice(&bytes(claims)).unwrap();
        assert_eq!(claims["aud"], "https://web.push.apple.com");
        assert_eq!(claims["sub"], "https://letters.example.org");
        assert_eq!(claims["exp"], now.as_second() + 12 * 3_600);
        let point = bytes(point);
        let verify = |signed: &str| {
            ring::signature::UnparsedPublicKey::new(&ring::signature::ECDSA_P256_SHA256_FIXED, &point)
                .verify(signed.as_bytes(), &bytes(signature))
        };
        assert!(verify(signed).is_ok());
        assert!(verify(&format!("{signed}a")).is_err());
    }
}
