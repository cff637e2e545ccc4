//! `unsaid receive`: one message from the host's mail server, on standard input. A report about a message of ours is believed if it came to the return
//! path that only we could have written, and changes what becomes of that message; a human's answer to a knock gets a kind one. What a message says
//! is never kept and never printed: the one line that is, names ids alone.
//!
//! The mail server goes by the exit code. 0: done with, whatever it was; a bounce is never bounced. 75 (EX_TEMPFAIL): keep it and call again.

use super::{Said, complain, log_to_stderr, settings, wait_for};
use crate::assemble::come_in;
use crate::chance::{Chance, MachineChance};
use crate::mail::returned::{self, MOST_BYTES, Report};
use crate::secrets::{HouseKeys, ReturnKind};
use crate::settings::Settings;
use std::io::{self, Read, Write};
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use unsaid_delivery::record::{Bounce, CameBack};
use unsaid_delivery::{MessageId, Now};
use unsaid_store::StoreError;

/// What mail servers take for 'not now' (sysexits.h, EX_TEMPFAIL).
const NOT_NOW: u8 = 75;

/// The mail server keeps the message and calls again.
pub(super) fn keep_it() -> ExitCode {
    ExitCode::from(NOT_NOW)
}

pub(super) fn receive(to: Option<String>) -> ExitCode {
    log_to_stderr();
    super::serve::no_core_dumps();
    // What a panic says may hold bytes of the message; where it was does not.
    std::panic::set_hook(Box::new(|fault| {
        let place = fault.location().map(ToString::to_string).unwrap_or_default();
        complain(&format!("There is a fault in the program, at {place}. Report it."));
    }));
    let taken = std::panic::catch_unwind(AssertUnwindSafe(|| take_in(to)));
    match taken.unwrap_or_else(|_| {
        Err("The message waits until the program is mended. Nothing was changed by it.".to_owned())
    }) {
        Ok(line) => {
            // Nobody has to listen.
            let _heard = writeln!(io::stdout(), "{line}");
            ExitCode::SUCCESS
        }
        Err(said) => {
            complain(&said);
            keep_it()
        }
    }
}

/// What is to be done about one message.
enum Deed {
    /// It came back.
    Bounce(MessageId, Bounce),
    /// Somebody answered this knock.
    Answer(MessageId),
    /// Nothing, and why.
    Nothing(Option<MessageId>, &'static str),
}

fn take_in(to: Option<String>) -> Result<String, Said> {
    let message = read(io::stdin().lock()).map_err(|e| {
        format!("The message could not be read to its end: {e}. The mail server should try again.")
    })?;
    let settings = settings()?;
    let keys = HouseKeys::read(&settings.keys).map_err(|e| e.to_string())?;
    match weigh(&settings, &keys, to, &message) {
        Deed::Nothing(None, why) => Ok(format!("nothing changes: {why}")),
        Deed::Nothing(Some(id), why) => Ok(format!("{id}: nothing changes: {why}")),
        Deed::Bounce(id, bounce) => wait_for(came_back(&settings, id, bounce)),
        Deed::Answer(id) => wait_for(answered(&settings, id)),
    }
}

/// The beginning of the message. The rest is read too, since a mail server may take a closed pipe for a failure, and forgotten.
fn read(mut from: impl Read) -> io::Result<Vec<u8>> {
    let mut message = Vec::new();
    (&mut from).take(MOST_BYTES as u64).read_to_end(&mut message)?;
    io::copy(&mut from, &mut io::sink())?;
    Ok(message)
}

fn weigh(settings: &Settings, keys: &HouseKeys, to: Option<String>, message: &[u8]) -> Deed {
    let named = to.into_iter().chain(returned::delivered_to(message));
    let Some((id, kind)) = named.into_iter().find_map(|address| keys.returned_to(&address)) else {
        return Deed::Nothing(None, "came-to-no-address-of-ours");
    };
    match kind {
        ReturnKind::Bounce => match returned::report(message) {
            Report::Bounce(bounce) => Deed::Bounce(id, bounce),
            Report::Nothing(why) => Deed::Nothing(Some(id), why),
        },
        ReturnKind::Reply => {
            let ours = |address: &str| {
                address.eq_ignore_ascii_case(&settings.mail_from) || keys.returned_to(address).is_some()
            };
            match returned::automatic(message, ours) {
                None => Deed::Answer(id),
                Some(why) => Deed::Nothing(Some(id), why),
            }
        }
    }
}

async fn came_back(settings: &Settings, id: MessageId, bounce: Bounce) -> Result<String, Said> {
    let store = come_in(settings).await.map_err(|e| e.to_string())?;
    let now = now(&*store).await?;
    match store.bounced(id, bounce, now).await {
        Ok(CameBack::AddressIsDead) => {
            Ok(format!("{id}: its address is dead; what waits is looked at again"))
        }
        Ok(CameBack::Noted) => Ok(format!("{id}: came back, and nothing changes: {}", name(bounce))),
        Ok(CameBack::CallHost) => {
            tracing::error!(id = %id, "a server does not want mail from this house; the host has to look");
            Ok(format!("{id}: came back, and nothing changes: {}", name(bounce)))
        }
        Err(StoreError::Missing) => Ok(format!("{id}: nothing changes: there-is-no-such-message")),
        Err(error) => Err(said(&error)),
    }
}

async fn answered(settings: &Settings, id: MessageId) -> Result<String, Said> {
    let store = come_in(settings).await.map_err(|e| e.to_string())?;
    let now = now(&*store).await?;
    let notice = MessageId(MachineChance.id_bytes());
    match store.nobody_reads(id, notice, now).await {
        Ok(true) => Ok(format!("{id}: was answered; {notice} says that nobody reads it")),
        Ok(false) => Ok(format!("{id}: nothing changes: was-told-this-week-or-is-gone")),
        Err(error) => Err(said(&error)),
    }
}

/// The house's time as it was stored last, half a minute ago at most while it is open. What is due at that moment is taken at the next turn.
async fn now(store: &dyn unsaid_store::Store) -> Result<Now, Said> {
    let house = store.house().await.map_err(|e| said(&e))?;
    let mark = house.mark.ok_or("This house has never been opened. Open it with: unsaid serve")?;
    Ok(Now { trusted: mark.trusted, observed: mark.observed })
}

fn name(bounce: Bounce) -> &'static str {
    match bounce {
        Bounce::Dead => "is-no-knock-that-left",
        Bounce::Lost => "this-message-is-lost",
        Bounce::Blocked => "it-is-us-they-do-not-want",
    }
}

fn said(error: &StoreError) -> Said {
    match error {
        StoreError::Unavailable(why) => format!("{error} ({why})"),
        error => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_a_mebibyte_is_kept_and_the_rest_is_read_away() {
        let mut long = io::repeat(b'a').take(3 << 20);
        assert_eq!(read(&mut long).unwrap().len(), MOST_BYTES);
        assert_eq!(long.limit(), 0);
        assert_eq!(read(io::empty()).unwrap(), b"");
    }
}
