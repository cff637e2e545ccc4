//! A notice as it is sealed for one browser (RFC 8291 over RFC 8188, aes128gcm): its push service sees how long it is, which is always the same, and no word of it.

use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes128Gcm, Nonce};
use hkdf::Hkdf;
use p256::SecretKey;
use p256::ecdh::diffie_hellman;
use p256::elliptic_curve::sec1::ToEncodedPoint;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::subscription::Subscription;

/// One record, of which every push service takes so much (RFC 8030, 7.2).
const RECORD: u32 = 4_096;

/// The body of the request. `ours` and `salt` are drawn for it alone; behind `text` come so many zeros. None: it is too long for one record.
pub(super) fn seal(
    to: &Subscription,
    ours: &SecretKey,
    salt: &[u8; 16],
    text: &[u8],
    zeros: usize,
) -> Option<Vec<u8>> {
    let our_point = ours.public_key().to_encoded_point(false);
    let shared = diffie_hellman(ours.to_nonzero_scalar(), to.public_key().as_affine());
    // RFC 8291, 3.4.
    let info = [b"WebPush: info\0", &*to.key(), our_point.as_bytes()].concat();
    let mut secret = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(Some(to.auth()), shared.raw_secret_bytes()).expand(&info, &mut *secret).ok()?;
    // RFC 8188, 2.2 and 2.3.
    let derive = Hkdf::<Sha256>::new(Some(salt), &*secret);
    let (mut key, mut nonce) = (Zeroizing::new([0; 16]), [0; 12]);
    derive.expand(b"Content-Encoding: aes128gcm\0", &mut *key).ok()?;
    derive.expand(b"Content-Encoding: nonce\0", &mut nonce).ok()?;
    // The last record: its end is marked with a 2, and what comes behind is nothing.
    let mut plain = Zeroizing::new(Vec::with_capacity(text.len() + 1 + zeros));
    plain.extend_from_slice(text);
    plain.push(2);
    plain.resize(text.len() + 1 + zeros, 0);
    let head = 16 + 4 + 1 + our_point.as_bytes().len();
    if head + plain.len() + 16 > RECORD as usize {
        return None;
    }
    let sealed = Aes128Gcm::new((&*key).into()).encrypt(Nonce::from_slice(&nonce), plain.as_slice()).ok()?;
    let length = [u8::try_from(our_point.as_bytes().len()).ok()?];
    Some([&salt[..], &RECORD.to_be_bytes(), &length, our_point.as_bytes(), &sealed].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;

    fn bytes(text: &str) -> Vec<u8> {
        BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    fn browser() -> Subscription {
        let key = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
        let services = ["push.example.net".to_owned()];
        let endpoint = "https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV";
        Subscription::read(endpoint, key, "BTBZMqHH6r4Tts7J_aSIgg", &services).unwrap()
    }

    /// RFC 8291, 5 and appendix A, byte for byte.
    #[test]
    fn the_example_of_the_standard() {
        let ours = SecretKey::from_slice(&bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")).unwrap();
        let salt: [u8; 16] = bytes("DGv6ra1nlYgDCS1FRnbzlw").try_into().unwrap();
        let text = bytes("V2hlbiBJIGdyb3cgdXAsIEkgd2FudCB0byBiZSBhIHdhdGVybWVsb24");
        let body = seal(&browser(), &ours, &salt, &text, 0).unwrap();
        assert_eq!(
            BASE64_URL_SAFE_NO_PAD.encode(body),
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
        );
    }

    #[test]
    fn one_record_is_filled_and_no_more() {
        let ours = SecretKey::from_slice(&[7; 32]).unwrap();
        let most = 4_096 - 86 - 16 - 1;
        assert_eq!(seal(&browser(), &ours, &[1; 16], &vec![b'a'; most], 0).unwrap().len(), 4_096);
        assert_eq!(seal(&browser(), &ours, &[1; 16], b"a", most - 1).unwrap().len(), 4_096);
        assert!(seal(&browser(), &ours, &[1; 16], &vec![b'a'; most + 1], 0).is_none());
    }
}
