//! Keepers' cards for an exported folder: their words one card after the other, until all that belong together are there. They are joined in memory and written nowhere. A misread word is
//! named, a card of another set is noticed, and nothing that was typed rightly has to be typed again. It knows no house: such a folder needs none.

use super::super::{Said, terminal};
use super::OpenArgs;
use std::path::Path;
use unsaid_seal::SealError;
use unsaid_seal::keeper_set::{open_keeper_set, open_keepers_file};
use unsaid_seal::slip39::{Card, MOST_CARDS, join_cards};
use zeroize::Zeroizing;

/// So many lines of a file are looked at: as many cards as there can be, and some that do not belong to them.
const MOST_LINES: usize = 2 * MOST_CARDS as usize;

type Key = Zeroizing<Vec<u8>>;

/// K as a key file, from the two files of the folder and from what somebody types.
pub(super) fn key(args: &OpenArgs, set: &[u8], keepers: &[u8]) -> Result<Key, Said> {
    let mut table = Table { set, keepers, sets: Vec::new() };
    match &args.passphrase_file {
        Some(path) => table.in_file(path),
        None => table.at_terminal(),
    }
}

/// The cards that lie here, each with those that it can belong to.
struct Table<'a> {
    set: &'a [u8],
    keepers: &'a [u8],
    sets: Vec<Vec<Card>>,
}

/// What has become of a card.
enum Laid {
    /// So many of its set are still needed; whether the table has cards of another set too.
    Wanting(usize, bool),
    /// It lay there already.
    Twice,
    /// All of its set are there, and it was of no use: why.
    Useless(SealError),
    /// All are there.
    Open(Key),
}

impl Table<'_> {
    fn lay(&mut self, card: Card) -> Result<Laid, Said> {
        let same = |cards: &Vec<Card>| cards[0].same_set(&card) && cards[0].needed == card.needed;
        let at = self.sets.iter().position(same).unwrap_or_else(|| {
            self.sets.push(Vec::new());
            self.sets.len() - 1
        });
        if self.sets[at].contains(&card) {
            return Ok(Laid::Twice);
        }
        self.sets[at].push(card);
        let opened = join_cards(&self.sets[at], "")
            .and_then(|master| open_keeper_set(self.set, &master))
            .and_then(|set| open_keepers_file(&set, self.keepers));
        match opened {
            Ok(key) => Ok(Laid::Open(key)),
            Err(SealError::CardsTooFew { more }) => Ok(Laid::Wanting(more, self.sets.len() > 1)),
            // Nobody knows which of them it was: they are taken away together, and typed again if they were right.
            Err(why @ (SealError::CardsOther | SealError::CardsWrong | SealError::CardTwice)) => {
                self.sets.remove(at);
                Ok(Laid::Useless(why))
            }
            // Cards of another program, which hold something of another length.
            Err(SealError::BadInput(_)) => {
                self.sets.remove(at);
                Ok(Laid::Useless(SealError::CardsOther))
            }
            Err(_) => {
                Err("What the cards open in this folder's keys is damaged. Take another copy of the folder."
                    .to_owned())
            }
        }
    }

    fn at_terminal(&mut self) -> Result<Key, Said> {
        terminal::tell(
            "This letter opens with keepers' cards. Type the words of one card after the other, in whatever order the cards come; Enter alone ends it.",
        );
        loop {
            let there: usize = self.sets.iter().map(Vec::len).sum();
            let typed = terminal::ask_seen(&format!("The twenty words of card {}:", there + 1))?;
            if typed.trim().is_empty() {
                return Err(self.too_few());
            }
            match Card::read(&typed) {
                Err(error) => terminal::tell(&error.to_string()),
                Ok(card) => match self.lay(card)? {
                    Laid::Open(key) => return Ok(key),
                    laid => terminal::tell(&said(&laid)),
                },
            }
        }
    }

    fn in_file(&mut self, path: &Path) -> Result<Key, Said> {
        let mut why = None;
        for (at, typed) in terminal::lines(path, MOST_LINES)?.iter().enumerate() {
            let card = Card::read(typed).map_err(|error| format!("Card {}: {error}", at + 1))?;
            match self.lay(card)? {
                Laid::Open(key) => return Ok(key),
                laid @ Laid::Useless(_) => why = Some(said(&laid)),
                Laid::Wanting(..) | Laid::Twice => {}
            }
        }
        Err(why.unwrap_or_else(|| self.too_few()))
    }

    /// Of the set that lacks fewest.
    fn too_few(&self) -> Said {
        let lacking = |cards: &Vec<Card>| usize::from(cards[0].needed).saturating_sub(cards.len());
        let begins = match self.sets.iter().map(lacking).min() {
            None => "No card was typed.".to_owned(),
            Some(more) if self.sets.len() > 1 => {
                format!("These cards are not all of one set, and {} missing.", cards_are(more))
            }
            Some(more) => format!("There are too few cards: {} missing.", cards_are(more)),
        };
        format!("{begins} Nothing was opened; run it again when the cards are together.")
    }
}

fn said(laid: &Laid) -> Said {
    match laid {
        Laid::Open(_) => String::new(),
        Laid::Twice => "This card was typed already. Type another one.".to_owned(),
        Laid::Useless(SealError::CardsOther) => {
            "These cards belong together, and to something else than this folder: to other letters, or to newer or older copies of it. Compare the days on the cards with the one on which the folder was saved."
                .to_owned()
        }
        Laid::Useless(why) => why.to_string(),
        Laid::Wanting(more, false) => format!("It fits. {} still missing.", capital(&cards_are(*more))),
        Laid::Wanting(more, true) => format!(
            "These cards are not all of one set: compare the days on them, and type those of the same day. Of this one's set {} still missing.",
            cards_are(*more)
        ),
    }
}

fn cards_are(more: usize) -> String {
    if more == 1 { "one card is".to_owned() } else { format!("{more} cards are") }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
