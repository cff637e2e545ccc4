//! How much one account may keep and one house may write, so that nobody's letters are pushed out by somebody else's. The numbers are the host's ([`Limits`], from the
//! settings); the store counts, in the transaction that would go beyond them. It knows no route and no words.
//!
//! What ends something (taking back, refusing, stopping, signing out) is never counted, and nothing that is kept is ever taken away because a number was made smaller.

use jiff::SignedDuration;

/// The numbers of this house. 0 is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Codes that are written in an hour by the whole house. Half of them at most go to addresses without an account; and an account to which none was written within
    /// the hour gets one even beyond.
    pub codes_an_hour: u64,
    /// Accounts that are made in a day without an invitation; those with one are counted and never refused.
    pub accounts_a_day: u64,
    /// A sign-in ends so many days after it was made, however much it is used.
    pub session_days: u64,
    /// Persons of one account.
    pub persons: u64,
    /// Persons that one account adds within thirty days.
    pub persons_a_month: u64,
    /// Cards that one person ever had.
    pub cards: u64,
    /// Drafts of one account, with those that were thrown away and are not forgotten yet.
    pub drafts: u64,
    /// Photos of one draft.
    pub photos: u64,
    /// Letters of one account that are sealed.
    pub letters: u64,
    /// Letters that one account reserves within a day without sealing them.
    pub reserved: u64,
    /// Versions of one letter.
    pub versions: u64,
    /// Parts that one account began to bring within a day and that are not whole.
    pub uploads: u64,
    /// Bytes of one account: parts of letters, drafts with what was saved before, and their photos.
    pub bytes: u64,
}

/// Which number was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Limit {
    /// [`Limits::accounts_a_day`]
    Accounts,
    /// [`Limits::persons`]
    Persons,
    /// [`Limits::persons_a_month`]
    PersonsOfMonth,
    /// [`Limits::cards`]
    Cards,
    /// [`Limits::drafts`]
    Drafts,
    /// [`Limits::photos`]
    Photos,
    /// [`Limits::letters`]
    Letters,
    /// [`Limits::reserved`]
    Reserved,
    /// [`Limits::versions`]
    Versions,
    /// [`Limits::uploads`]
    Uploads,
    /// [`Limits::bytes`]
    Bytes,
}

/// Codes of the whole house are counted for so long.
pub const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// Codes of an invitation and of an account, accounts, reservations and uploads are counted for so long.
pub const DAY: SignedDuration = SignedDuration::from_hours(24);
/// Persons that are added are counted for so long.
pub const MONTH: SignedDuration = SignedDuration::from_hours(30 * 24);

/// So many codes are written for one invitation in a day: it lets one human being in, who may mistype an address.
pub const CODES_OF_AN_INVITATION: u64 = 20;
/// So many codes to new addresses are asked for by one account in a day.
pub const CODES_OF_AN_ACCOUNT: u64 = 10;
/// So many signed-in devices of one account are remembered; beyond that the one that was silent longest is signed out.
pub const SESSIONS_OF_AN_ACCOUNT: u64 = 100;
/// So many browsers of one link, or of one card, are remembered; beyond that the oldest has to open the link again.
pub const READERS_OF_A_LINK: u64 = 50;

impl Limits {
    /// The number of this limit.
    pub(crate) fn of(&self, limit: Limit) -> u64 {
        match limit {
            Limit::Accounts => self.accounts_a_day,
            Limit::Persons => self.persons,
            Limit::PersonsOfMonth => self.persons_a_month,
            Limit::Cards => self.cards,
            Limit::Drafts => self.drafts,
            Limit::Photos => self.photos,
            Limit::Letters => self.letters,
            Limit::Reserved => self.reserved,
            Limit::Versions => self.versions,
            Limit::Uploads => self.uploads,
            Limit::Bytes => self.bytes,
        }
    }

    /// Whether there is room for one more.
    pub(crate) fn room(most: u64, there: u64) -> bool {
        most == 0 || there < most
    }

    /// Whether a code may be written now: `written` in this hour by the whole house, `to_new` of them to addresses without an account, `to_this` of them to this address.
    pub(crate) fn may_write(&self, known: bool, written: u64, to_new: u64, to_this: u64) -> bool {
        if self.codes_an_hour == 0 {
            return true;
        }
        let room = written < self.codes_an_hour;
        if known { room || to_this == 0 } else { room && to_new < self.codes_an_hour.div_ceil(2) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_an_account_gets_a_code_an_hour_whatever_strangers_ask_for() {
        let limits = Limits { codes_an_hour: 10, ..Limits::default() };
        // Strangers have half of it.
        assert!(limits.may_write(false, 4, 4, 0) && !limits.may_write(false, 5, 5, 0));
        assert!(limits.may_write(true, 5, 5, 0) && limits.may_write(true, 9, 5, 3));
        // All of it is used up: the first code of an hour still goes to an account, and to nobody else.
        assert!(limits.may_write(true, 10, 5, 0) && !limits.may_write(true, 10, 5, 1));
        assert!(!limits.may_write(false, 10, 0, 0));
        assert!(Limits { codes_an_hour: 1, ..limits }.may_write(false, 0, 0, 0), "half of one is one");
        assert!(Limits::default().may_write(false, u64::MAX, u64::MAX, u64::MAX), "0 is no limit");
    }
}
