//! A network as the host writes it: one address, or an address and how many of its bits count. It refuses to know who is in it, and what being in it
//! is good for.

use std::fmt;
use std::net::IpAddr;

/// One address, or all that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    bits: u8,
}

impl Network {
    /// Reads `10.0.0.1`, `10.0.0.0/8`, `::1` or `fd00::/8`. A network of everybody (`/0`) is none: whoever is in it may say who asks.
    pub fn read(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            None => most,
            Some(bits) if bits.bytes().all(|b| b.is_ascii_digit()) && bits.len() <= 3 => bits.parse().ok()?,
            Some(_) => return None,
        };
        (1..=most).contains(&bits).then(|| Self { first: first_of(address, bits), bits })
    }

    /// Whether an address is in it.
    pub fn holds(&self, address: IpAddr) -> bool {
        address.is_ipv4() == self.first.is_ipv4() && first_of(address, self.bits) == self.first
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = if self.first.is_ipv4() { 32 } else { 128 };
        if self.bits == whole { self.first.fmt(f) } else { write!(f, "{}/{}", self.first, self.bits) }
    }
}

/// The address with all but its first bits taken away.
fn first_of(address: IpAddr, bits: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits.min(32))).unwrap_or(0);
            IpAddr::V4((v4.to_bits() & mask).into())
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits.min(128))).unwrap_or(0);
            IpAddr::V6((v6.to_bits() & mask).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_what_begins_with_its_bits() {
        for (network, inside, outside) in [
            ("127.0.0.1", "127.0.0.1", "127.0.0.2"),
            ("10.9.9.9/8", "10.255.0.1", "11.0.0.0"),
            ("192.168.4.0/22", "192.168.7.255", "192.168.8.0"),
            ("::1", "::1", "::2"),
            ("fd00::/8", "fdff::1", "fe00::1"),
            ("2001:db8::/33", "2001:db8:7fff::", "2001:db8:8000::"),
            ("128.0.0.0/1", "255.255.255.255", "127.255.255.255"),
            ("::/1", "::1", "127.0.0.1"),
        ] {
            let read = Network::read(network).unwrap();
            assert!(read.holds(inside.parse().unwrap()), "{network} holds {inside}");
            assert!(!read.holds(outside.parse().unwrap()), "{network} does not hold {outside}");
        }
        assert_eq!(Network::read("10.9.9.9/8").unwrap().to_string(), "10.0.0.0/8");
        assert_eq!(Network::read("fd00::1").unwrap().to_string(), "fd00::1");
        for text in [
            "",
            "0.0.0.0/0",
            "::/0",
            "10.0.0.0/33",
            "::/129",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "localhost",
            "1.2.3",
            "1.2.3.4:80",
        ] {
            assert!(Network::read(text).is_none(), "{text:?}");
        }
    }
}
