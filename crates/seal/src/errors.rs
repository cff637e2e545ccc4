//! How sealing says no: one sentence of what happened, and one of what to do. Knows nothing of pages or languages;
//! the browser's half has the same refusals as codes.

/// Why something could not be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// A typed word is not on the list; `index` counts from 0.
    #[error("Word {} is not one of the list. Compare it with the card, letter by letter.", index + 1)]
    WordUnknown {
        /// Which word, from 0.
        index: usize,
    },
    /// All words are on the list, but they are not a card's: one is wrong, or two changed places. `index` counts from 0, and
    /// is there when one word alone is likely to be the wrong one.
    #[error("{}", checksum_text(*index))]
    WordsChecksum {
        /// The word that is likely wrong, from 0.
        index: Option<usize>,
    },
    /// Too few or too many words.
    #[error("There are {typed} words, and {needed} are needed. Type all words of the card, in their order.")]
    WordCount {
        /// How many were typed.
        typed: usize,
        /// How many the card has.
        needed: usize,
    },
    /// Keepers' cards of different sets.
    #[error(
        "These cards do not belong together. Look at the date on each, and leave out those of an older set."
    )]
    CardsDiffer,
    /// Two cards that say they are the same one, and hold different words.
    #[error("Two of these cards have the same number and different words. Compare both with the paper.")]
    CardTwice,
    /// Too few keepers' cards.
    #[error("{} more {} needed. Type one that has not been typed yet.", more, if *more == 1 { "card is" } else { "cards are" })]
    CardsTooFew {
        /// How many more would do.
        more: usize,
    },
    /// Enough keepers' cards, which together hold nothing.
    #[error(
        "One of these cards is not what it says. Compare all of them with the paper, or take another one."
    )]
    CardsWrong,
    /// Enough keepers' cards, which are those of another set, or of one that has been made anew.
    #[error(
        "These cards belong to other letters, or newer ones have taken their place. Look at the date on each, and take the newest."
    )]
    CardsOther,
    /// Real words, but not those of this account.
    #[error("These words do not open this account. Check their order, or use the newest card.")]
    WordsWrong,
    /// No account key in the text.
    #[error(
        "There is no account key in this text. Give the whole line that begins with AGE-SECRET-KEY-PQ-1."
    )]
    KitMissing,
    /// An account key with a wrong letter.
    #[error("A letter of the account key is wrong. Compare it with the paper, group by group.")]
    KitMisread,
    /// This key does not open this file.
    #[error("This key does not open this file. Use the key that lies beside it.")]
    WrongKey,
    /// The file was changed, cut short, or is not an age file.
    #[error("The file is damaged or incomplete. Fetch it again, or take another copy.")]
    Damaged,
    /// A wrap that has not exactly one age1pq recipient.
    #[error("This is not a wrap to one post-quantum recipient. Seal the letter again.")]
    NotAWrap,
    /// A wrap that was made for another letter, version or purpose.
    #[error("This wrap was made for something else. Seal the letter again.")]
    WrongBinding,
    /// A letter that names another letter or version than the one asked for.
    #[error("The file holds another letter than the one asked for. Check which folder it came from.")]
    WrongLetter,
    /// A name that is empty or longer than 200 characters.
    #[error("A name is empty or too long. Give one of 1 to 200 characters.")]
    BadName,
    /// A text larger than a letter may be.
    #[error("The text is longer than a letter can be. Shorten it, or make two letters of it.")]
    TextTooLong,
    /// Too many pictures, or one that is too large, empty, or not of a kind that every browser shows.
    #[error(
        "A picture is too large or of an unknown kind, or there are too many. Leave some out, or make them smaller."
    )]
    BadPicture,
    /// A signature that is not over these bytes, not by this hand, or not a signature at all.
    #[error(
        "The signature does not belong to this letter. Be careful: somebody else may have written or changed it."
    )]
    BadSignature,
    /// An id, a version, a date or a recipient of the wrong form: a fault of the caller.
    #[error("A value has the wrong form: {0}. This is a fault of the program; please report it.")]
    BadInput(&'static str),
}

fn checksum_text(index: Option<usize>) -> String {
    match index {
        Some(index) => {
            format!("Word {} is probably misread. Compare it with the card, letter by letter.", index + 1)
        }
        None => "One of the words is wrong, or two changed places. Compare them with the card, one by one."
            .to_owned(),
    }
}
