//! The door between what the worker would write (mail) and the page that shows it beforehand (http), which never import each other. It writes nothing down and sends nothing; each link in what it
//! words leads to the page of the rehearsal.

use crate::app::{Rehearses, Worded};
use crate::mail::compose::{KnockTo, Letterhead, Message, worded};
use crate::settings::Settings;
use crate::words::Words;
use crate::worker::Worker;
use unsaid_delivery::clock::Now;
use unsaid_delivery::life::Write;
use unsaid_store::lives::LifeView;

/// Where links of a rehearsal lead.
const NOWHERE: &str = "/gone/rehearsal";

/// The paper on which this house writes.
pub(crate) fn letterhead(settings: &Settings) -> Letterhead {
    Letterhead {
        from_name: settings.house_name.clone(),
        from_address: settings.mail_from.clone(),
        house_name: settings.house_name.clone(),
        host_contact: (!settings.host_contact.is_empty()).then(|| settings.host_contact.clone()),
        public_origin: settings.public_url.origin.clone(),
    }
}

/// Words what would be written, on this house's paper.
pub struct Rehearsal {
    head: Letterhead,
}

impl Rehearses for Rehearsal {
    fn life(&self, language: &str, view: &LifeView, write: &Write, now: Now) -> Option<Worded> {
        let link = format!("{}{NOWHERE}", self.head.public_origin);
        self.said(language, &Worker::would_say(write, view, &link, now))
    }

    fn knock(&self, language: &str, guardian: bool) -> Option<Worded> {
        let link = format!("{}{NOWHERE}", self.head.public_origin);
        let to = if guardian { KnockTo::Guardian } else { KnockTo::Person(None) };
        // Digits that are nobody's.
        self.said(language, &Message::Knock { link: &link, digits: "00000000", quiet: &link, to })
    }
}

impl Rehearsal {
    /// For a house that is settled so.
    pub fn of(settings: &Settings) -> Self {
        Self { head: letterhead(settings) }
    }

    fn said(&self, language: &str, message: &Message<'_>) -> Option<Worded> {
        let (subject, text) = worded(Words::of(language), &self.head, message).ok()?;
        Some(Worded { subject, text })
    }
}
