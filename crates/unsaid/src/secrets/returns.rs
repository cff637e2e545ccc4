//! The addresses that mail comes back to: `bounce+{message}.{mark}@domain` is a message's return path, `reply+…` the Reply-To of a knock. They are
//! written and read here, so that what is written is what is believed. It refuses to know what came back, and whether there is such a message.

use super::HouseKeys;
use super::marks::{ReturnKind, same};
use unsaid_delivery::MessageId;

impl HouseKeys {
    /// The address to which mail about this message comes back.
    pub fn return_address(&self, message: &str, kind: ReturnKind, domain: &str) -> String {
        format!("{}+{message}.{}@{domain}", kind.word(), self.return_mark(message, kind))
    }

    /// Which of our messages this address belongs to, if its mark is ours. What stands after the @ is not looked at: a mail server may have
    /// written another name there on the way to us, and the mark is the proof.
    pub fn returned_to(&self, address: &str) -> Option<(MessageId, ReturnKind)> {
        let bare = address.trim();
        let bare = bare.strip_prefix('<').and_then(|b| b.strip_suffix('>')).unwrap_or(bare);
        let local = bare.rsplit_once('@').map_or(bare, |(local, _)| local).to_ascii_lowercase();
        let (word, rest) = local.split_once('+')?;
        let kind = [ReturnKind::Bounce, ReturnKind::Reply].into_iter().find(|kind| kind.word() == word)?;
        let (id, mark) = rest.split_once('.')?;
        let message: MessageId = id.parse().ok()?;
        // From the parsed id, so that there is one way alone to write an address that is believed.
        same(mark, &self.return_mark(&message.to_string(), kind)).then_some((message, kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::SeededChance;
    use proptest::prelude::*;

    const ID: &str = "mzxw6ytboi4dsmzrgq2tinzwga";

    #[test]
    fn what_is_written_is_believed_however_the_servers_on_the_way_wrote_it() {
        let keys = HouseKeys::new(&SeededChance::new(1));
        for kind in [ReturnKind::Bounce, ReturnKind::Reply] {
            let address = keys.return_address(ID, kind, "letters.example.org");
            let local = address.split('@').next().unwrap();
            assert!(local.len() <= 64, "{address}");
            for way in [
                address.clone(),
                format!("<{address}>"),
                format!(" {address}\r\n"),
                address.to_uppercase(),
                format!("{local}@mx7.example.net"),
                local.to_owned(),
            ] {
                assert_eq!(keys.returned_to(&way), Some((ID.parse().unwrap(), kind)), "{way}");
            }
        }
    }

    #[test]
    fn a_forged_address_and_one_of_another_house_are_not_believed() {
        let (keys, other) = (HouseKeys::new(&SeededChance::new(1)), HouseKeys::new(&SeededChance::new(2)));
        let address = keys.return_address(ID, ReturnKind::Bounce, "example.org");
        assert!(other.returned_to(&address).is_none());
        // A bounce is no reply, and one letter that differs is enough.
        assert!(keys.returned_to(&address.replace("bounce", "reply")).is_none());
        let local = address.split('@').next().unwrap();
        for place in 0..local.len() {
            let mut wrong: Vec<char> = local.chars().collect();
            wrong[place] = if wrong[place] == 'b' { 'c' } else { 'b' };
            let wrong: String = wrong.into_iter().collect();
            assert!(keys.returned_to(&format!("{wrong}@example.org")).is_none(), "{wrong}");
            assert!(keys.returned_to(&local[..place]).is_none());
        }
        for nobody in ["", "@", "+", ".", "bounce+.@example.org", "bounce@example.org", "anna@example.org"] {
            assert!(keys.returned_to(nobody).is_none(), "{nobody}");
        }
        assert!(keys.returned_to(&format!("{local}a@example.org")).is_none());
    }

    proptest! {
        #[test]
        fn nothing_invented_is_believed(text in any::<String>(), id in "[a-z2-7]{26}", mark in "[a-z2-7]{20}") {
            let keys = HouseKeys::new(&SeededChance::new(3));
            prop_assert!(keys.returned_to(&text).is_none());
            let address = format!("bounce+{id}.{mark}@example.org");
            prop_assert!(keys.returned_to(&address).is_none());
        }
    }
}
