//! The key by which push services know this house (RFC 8292): made of the root that is never replaced, so that nothing of it is stored, and a house that was restored is the same to
//! every browser. It refuses to know what is signed with it.

use super::HouseKeys;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use p256::SecretKey;
use p256::elliptic_curve::sec1::ToEncodedPoint;

impl HouseKeys {
    /// The key itself.
    pub fn push_key(&self) -> Option<SecretKey> {
        // One in four thousand million values is none of the curve's; then it is the next one.
        (1..=8u8).find_map(|nth| {
            let bytes = self.index.derive(&format!("unsaid push key v1 {nth}"));
            SecretKey::from_slice(&*bytes).ok()
        })
    }

    /// What a browser is given of it: the point, in base64url.
    pub fn push_public(&self) -> Option<String> {
        let point = self.push_key()?.public_key().to_encoded_point(false);
        Some(BASE64_URL_SAFE_NO_PAD.encode(point.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::SeededChance;

    #[test]
    fn it_comes_back_from_paper_and_stays_when_the_host_key_is_replaced() {
        let keys = HouseKeys::new(&SeededChance::new(1));
        let restored = HouseKeys::parse(&keys.to_text()).unwrap_or_else(|e| panic!("{e}"));
        let public = keys.push_public().unwrap();
        assert_eq!(restored.push_public().unwrap(), public);
        assert_eq!(BASE64_URL_SAFE_NO_PAD.decode(&public).unwrap().len(), 65);
        assert_ne!(HouseKeys::new(&SeededChance::new(2)).push_public().unwrap(), public);
        // Another opening root, the same house.
        let other = HouseKeys::new(&SeededChance::new(3));
        let text = keys.to_text().to_string();
        let rotated = format!("{text}opening 2 {}\n", other.opening_root().words().as_str());
        let rotated = HouseKeys::parse(&rotated).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!((rotated.opening_generation(), rotated.push_public().unwrap()), (2, public));
    }
}
