//! One message of each kind, with everything that decides its bytes. It refuses to know what a message should say.

use mail_parser::MessageParser;
use unsaid::mail::compose::{KnockTo, Letterhead, Message, Particulars, Rehearsee, StillThere, compose};
use unsaid::mail::lives::{About, News, Then};
use unsaid::words::Words;
use unsaid_delivery::message::Call;

pub(super) const LINK: &str = "https://letters.example.org/k/Zm9yIG15IGdyYW5kY2hpbGQgd2hlbiBzaGUgaXMgb2xk";
const AT_THE_DOOR: &str = "https://letters.example.org/k/aSB3YXMgYWNyb3NzIHRoZSByb2FkIGFsbCBtb3JuaW5nLg";
pub(super) const UNDO: &str =
    "https://letters.example.org/address/Zm9yIG15IGdyYW5kY2hpbGQgd2hlbiBzaGUgaXMgb2xk";
pub(super) const QUIET: &str = "https://letters.example.org/quiet/mzxw6ytboi4dsmzrgq2tinzwga.QntmBLsjGSusv03EC2HY6Y4FTVohhXsNtkrx8-v53vg";

pub(super) const WELL: &str = "https://letters.example.org/well/Zm9yIG15IGdyYW5kY2hpbGQgd2hlbiBzaGUgaXMgb2xk";
pub(super) const KEEPER: &str =
    "https://letters.example.org/keeper/Zm9yIG15IGdyYW5kY2hpbGQgd2hlbiBzaGUgaXMgb2xk";

pub(super) fn head() -> Letterhead {
    Letterhead {
        from_name: "St Aldhelm’s Hospice".into(),
        from_address: "letters@example.org".into(),
        house_name: "St Aldhelm’s Hospice".into(),
        host_contact: Some("Ruth Adeyemi, 01632 960 144".into()),
        public_origin: "https://letters.example.org".into(),
    }
}

/// A house on somebody's own machine, whose host has said nothing about themselves.
fn at_home() -> Letterhead {
    Letterhead {
        from_name: "Papa's house".into(),
        from_address: "letters@example.org".into(),
        house_name: "Papa's house".into(),
        host_contact: None,
        public_origin: "http://127.0.0.1:8080".into(),
    }
}

pub(super) fn particulars() -> Particulars {
    Particulars {
        to: "anna@example.com".into(),
        return_path: "bounce+mzxw6ytboi@example.org".into(),
        reply_to: None,
        message_id: "mzxw6ytboi4dsmzrgq2tinzwga@letters.example.org".into(),
        date: "2037-03-12T09:00:00Z".parse().unwrap(),
    }
}

pub(super) fn knock() -> Message<'static> {
    Message::Knock { link: LINK, digits: "27182818", quiet: QUIET, to: KnockTo::Person(None) }
}

fn rehearsed() -> Message<'static> {
    let link = "https://letters.example.org/rehearsal";
    Message::Rehearsed {
        of: Box::new(Message::Life(About::KeeperAsked { link, again: false })),
        spoken: Words::english(),
        to: Rehearsee::Keeper,
        day: Some(jiff::civil::date(2037, 3, 22)),
    }
}

/// A name for each kind; a new kind does not compile until it has one, and then `all` must show it.
pub(super) fn name(message: &Message<'_>) -> &'static str {
    match message {
        Message::Code { .. } => "code",
        Message::Invitation { .. } => "invitation",
        Message::AccountMade => "account-made",
        Message::SignInAddressChanged { .. } => "address-changed",
        Message::SignInAddressMoved => "address-moved",
        Message::ChannelAdded => "channel-added",
        Message::ChannelRemoved => "channel-removed",
        Message::BrowserOver => "browser-over",
        Message::KitUsed => "kit-used",
        Message::KitMade => "kit-made",
        Message::WordsReplaced => "words-replaced",
        Message::CardPrinted => "card-printed",
        Message::CardReplaced => "card-replaced",
        Message::KeepersCards => "keepers-cards",
        Message::Exported => "exported",
        Message::AddressesChanged => "addresses-changed",
        Message::Answered => "answered",
        Message::BytesMissing => "bytes-missing",
        Message::NobodyReads => "nobody-reads",
        Message::GoesElsewhere => "goes-elsewhere",
        Message::AtTheDoor { .. } => "at-the-door",
        Message::CardAsked { .. } => "card-asked",
        Message::EventAsked { .. } => "event-asked",
        Message::SheLives { .. } => "she-lives",
        Message::HostCalled { .. } => "host-called",
        Message::KeeperNews { news } => match news {
            News::Accepted => "keeper-accepted",
            News::Declined => "keeper-declined",
            News::Moved => "keeper-moved",
            News::GaveAddress => "keeper-gave-address",
            News::KnowsAddress => "keeper-knows-address",
            News::SaidOfEvent => "event-said",
            News::EventOpens => "event-opens",
        },
        Message::Test => "test",
        Message::Rehearsed { .. } => "rehearsal",
        Message::Life(about) => match about {
            About::Question { .. } => "question",
            About::Reminder { .. } => "reminder",
            About::Warning { .. } => "warning",
            About::SaidDied { .. } => "said-died",
            About::SaidWell { .. } => "said-well",
            About::SaidUnknown { .. } => "said-unknown",
            About::Invited { .. } => "invited",
            About::StillRight { .. } => "still-right",
            About::AddressAsked { .. } => "address-asked",
            About::KeeperAsked { .. } => "keeper-asked",
            About::IsWell => "is-well",
            About::Stopped { .. } | About::StoppedForKeeper { .. } => "stopped",
            About::Resumes { .. } | About::ResumesForKeeper { .. } => "resumes",
            About::GoesOn => "goes-on",
            About::OutOfReach { .. } => "out-of-reach",
            About::Released => "released",
        },
        Message::Knock { .. } => "knock",
    }
}

const KINDS: usize = 51;

/// The messages about an author's life, each as it is written most often.
fn about_a_life() -> [About<'static>; 16] {
    let day = jiff::civil::date(2037, 3, 22);
    [
        About::Question { link: WELL, pause: 7, then: Then::Keepers(66), unlock: false },
        About::Reminder { link: WELL, nth: 2, then: Then::Keepers(52), unlock: false },
        About::Warning { link: WELL, nth: 1, of: 3, day, said: true, unlock: false },
        About::SaidDied { link: WELL },
        About::SaidWell { link: WELL },
        About::SaidUnknown { link: WELL },
        About::Invited { link: KEEPER },
        About::StillRight { link: KEEPER },
        About::AddressAsked { link: KEEPER },
        About::KeeperAsked { link: KEEPER, again: false },
        About::IsWell,
        About::Stopped { day },
        About::Resumes { link: WELL, day },
        About::GoesOn,
        About::OutOfReach { account: "mzxw6ytboi4dsmzrgq2tinzwga" },
        About::Released,
    ]
}

/// The same as they are written to others, or with something more in them.
fn more_about_a_life() -> [(&'static str, About<'static>); 10] {
    let day = jiff::civil::date(2037, 3, 22);
    [
        (
            "question-with-an-unlock",
            About::Question { link: WELL, pause: 7, then: Then::Keepers(66), unlock: true },
        ),
        ("question-alone", About::Question { link: WELL, pause: 30, then: Then::Alone(331), unlock: false }),
        (
            "question-that-nothing-follows",
            About::Question { link: WELL, pause: 7, then: Then::Never, unlock: false },
        ),
        ("reminder-last", About::Reminder { link: WELL, nth: 4, then: Then::Alone(188), unlock: true }),
        (
            "reminder-that-nothing-follows",
            About::Reminder { link: WELL, nth: 1, then: Then::Never, unlock: false },
        ),
        (
            "warning-after-silence",
            About::Warning { link: WELL, nth: 6, of: 6, day, said: false, unlock: false },
        ),
        (
            "warning-with-an-unlock",
            About::Warning { link: WELL, nth: 2, of: 6, day, said: true, unlock: true },
        ),
        ("keeper-asked-again", About::KeeperAsked { link: KEEPER, again: true }),
        ("stopped-for-a-keeper", About::StoppedForKeeper { link: KEEPER, day }),
        ("resumes-for-a-keeper", About::ResumesForKeeper { day }),
    ]
}

pub(super) fn all() -> Vec<(&'static str, Letterhead, Message<'static>)> {
    let invitation = "https://letters.example.org/i/Zm9yIG15IGdyYW5kY2hpbGQgd2hlbiBzaGUgaXMgb2xk";
    let mut all: Vec<_> = [
        Message::Code { digits: "31415926" },
        Message::Invitation { link: invitation },
        Message::AccountMade,
        Message::SignInAddressChanged { undo: UNDO },
        Message::SignInAddressMoved,
        Message::ChannelAdded,
        Message::ChannelRemoved,
        Message::BrowserOver,
        Message::KitUsed,
        Message::KitMade,
        Message::WordsReplaced,
        Message::CardPrinted,
        Message::CardReplaced,
        Message::KeepersCards,
        Message::Exported,
        Message::AddressesChanged,
        Message::Answered,
        Message::BytesMissing,
        Message::NobodyReads,
        Message::GoesElsewhere,
        Message::AtTheDoor { link: AT_THE_DOOR },
        Message::CardAsked { link: KEEPER },
        Message::EventAsked { link: KEEPER },
        Message::SheLives { from: None, letters: StillThere::All },
        Message::HostCalled { call: Call::Unforeseen },
        Message::KeeperNews { news: News::Accepted },
        Message::KeeperNews { news: News::Declined },
        Message::KeeperNews { news: News::Moved },
        Message::KeeperNews { news: News::GaveAddress },
        Message::KeeperNews { news: News::KnowsAddress },
        Message::KeeperNews { news: News::SaidOfEvent },
        Message::KeeperNews { news: News::EventOpens },
        Message::Test,
        rehearsed(),
        knock(),
    ]
    .into_iter()
    .chain(about_a_life().map(Message::Life))
    .map(|message| (name(&message), head(), message))
    .collect();
    all.push(("host-called-holds", head(), Message::HostCalled { call: Call::Holds }));
    all.push(("host-called-relay", head(), Message::HostCalled { call: Call::Relay }));
    for (name, call) in [
        ("host-called-found", Call::Found),
        ("host-called-clock", Call::Clock),
        ("host-called-disk", Call::Disk),
        ("host-called-backup", Call::Backup),
        ("host-called-crashes", Call::Crashes),
    ] {
        all.push((name, head(), Message::HostCalled { call }));
    }
    for (name, from, letters) in [
        ("she-lives-with-a-name", Some("Anna O’Neill"), StillThere::Some),
        ("she-lives-and-took-it-back", None, StillThere::None),
    ] {
        all.push((name, head(), Message::SheLives { from, letters }));
    }
    all.extend(more_about_a_life().map(|(name, about)| (name, head(), Message::Life(about))));
    all.push((
        "knock-at-home",
        at_home(),
        Message::Knock {
            link: "http://127.0.0.1:8080/k/abc",
            digits: "27182818",
            quiet: "http://127.0.0.1:8080/quiet/abc.def",
            to: KnockTo::Person(None),
        },
    ));
    all.push((
        "knock-with-a-name",
        head(),
        Message::Knock {
            link: LINK,
            digits: "27182818",
            quiet: QUIET,
            to: KnockTo::Person(Some("Anna O’Neill")),
        },
    ));
    let to = KnockTo::Guardian;
    all.push((
        "knock-to-a-guardian",
        head(),
        Message::Knock { link: LINK, digits: "27182818", quiet: QUIET, to },
    ));
    all
}

/// Each kind in each language.
pub(super) fn all_spoken() -> Vec<(&'static Words, &'static str, Letterhead, Message<'static>)> {
    [Words::english(), Words::of("es")]
        .into_iter()
        .flat_map(|words| all().into_iter().map(move |(name, head, message)| (words, name, head, message)))
        .collect()
}

#[test]
fn every_kind_is_there_once() {
    let mut names: Vec<_> = all().iter().map(|(_, _, message)| name(message)).collect();
    let more = more_about_a_life().len() + 12;
    assert_eq!(
        names.len(),
        KINDS + more,
        "and the knock of a house without a contact, one with a name, one to a guardian, two more words that she lives, and the other calls to a host"
    );
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), KINDS);
}

pub(super) fn in_words(words: &Words, head: &Letterhead, message: &Message<'_>) -> String {
    let outgoing = compose(words, head, &particulars(), message).unwrap();
    String::from_utf8(outgoing.bytes).unwrap()
}

pub(super) fn written(head: &Letterhead, message: &Message<'_>) -> String {
    in_words(Words::english(), head, message)
}

/// The plain text as a mail program reads it, its lines joined: only words matter.
pub(super) fn text(whole: &str) -> String {
    plain(whole).replace('\n', " ")
}

/// The plain text as a mail program shows it.
pub(super) fn plain(whole: &str) -> String {
    let message = MessageParser::default().parse(whole.as_bytes()).unwrap();
    let part = message.text_part(0).unwrap();
    part.text_contents().unwrap().replace("\r\n", "\n")
}

/// The page as a mail program is given it.
pub(super) fn html(whole: &str) -> String {
    let message = MessageParser::default().parse(whole.as_bytes()).unwrap();
    let part = message.html_part(0).unwrap();
    assert!(part.is_text_html());
    part.text_contents().unwrap().replace("\r\n", "\n")
}
