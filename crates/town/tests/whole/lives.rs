//! Letters that wait until their author has died, on the real server: what other switches got wrong. Nothing leaves because this house, its mail or its power was away; and when she has died,
//! it arrives, her mailbox closed or not.

use crate::support::author::{ADDRESS, Author, at_once, base64url};
use crate::support::relay::{Relay, Taken};
use crate::support::{DAY, Place, Town};
use serde_json::{Value, json};
use unsaid_seal::claim::claim_words;
use unsaid_seal::stop::stop_token;

pub(crate) const DAN: &str = "dan@example.org";
pub(crate) const JOAN: &str = "joan.pryce@example.org";
pub(crate) const AMIR: &str = "amir.haddad@example.org";
const BEATRICE: &str = "beatrice.okafor@example.org";

/// From the last sign to the question, the five pauses of the ladder, six warnings thirty days apart, and a day.
const ALONE: u64 = 61 + 35 + 180 + 1;

fn plan(policy: &str) -> Value {
    json!({
        "policy": policy, "everyDays": 60, "pauseDays": 7, "quorum": 2, "warningDays": 10, "fallbackDays": 180,
    })
}

/// A house in which Helen has a letter for Dan that waits for her end.
pub(crate) struct Story {
    // Ends before the place that it lives in. None while the power is off.
    pub(crate) town: Option<Town>,
    pub(crate) relay: Relay,
    pub(crate) helen: Author,
    pub(crate) place: Place,
}

impl Story {
    pub(crate) fn begin(policy: &str) -> Self {
        let relay = Relay::open();
        let place = Place::new(relay.setting(), None);
        let town = Some(place.start());
        let mut helen = Author::begin(&place, &relay);
        let dan = helen.person(&[DAN]);
        let early = helen.browser.get("/api/life").is(200);
        assert_eq!(early["life"], Value::Null);
        helen.browser.put_json("/api/life", &plan(policy)).is(200);
        helen.seal_for_her_end(&dan, &at_once());
        Self { town, relay, helen, place }
    }

    /// Names a keeper; gives the path of their page.
    pub(crate) fn keeper(&mut self, name: &str, address: &str) -> String {
        let asked = json!({ "name": name, "address": address, "language": "en" });
        let named = self.helen.browser.post("/api/life/keepers", &asked).is(201);
        let link = named["link"].as_str().unwrap().to_owned();
        link.strip_prefix(&self.place.origin()).unwrap().to_owned()
    }

    /// A keeper says this, by the page behind their link.
    pub(crate) fn says(&self, path: &str, word: &str) {
        let mut browser = self.place.browser();
        let named = browser.form(path, "do=who");
        assert!(named.text().contains("Helen Larkspur"), "{}", named.text());
        let back = browser.form(path, &format!("do=say&word={word}"));
        assert!(back.text().contains("name=\"sure\""), "it is said back first");
        let said = browser.form(path, &format!("do=say&word={word}&sure=yes"));
        assert_eq!(said.status, 200, "{}", said.text());
        assert!(said.text().contains("Your answer is noted"), "{}", said.text());
    }

    /// Days go by, each as it would.
    pub(crate) fn days(&self, days: u64) {
        let mut left = days;
        while left > 0 {
            let some = left.min(60);
            self.town.as_ref().unwrap().live(some * DAY);
            left -= some;
        }
    }

    pub(crate) fn to_dan(&self) -> usize {
        self.relay.taken_for(DAN).len()
    }

    /// What came to Helen under this subject.
    pub(crate) fn to_helen(&self, subject: &str) -> Vec<Taken> {
        let line = format!("Subject: {subject}");
        let all = self.relay.taken_for(ADDRESS);
        all.into_iter().filter(|taken| taken.text.lines().any(|have| have.trim_end() == line)).collect()
    }

    /// SIGKILL, and on again.
    fn restart(&mut self) {
        self.town.take().unwrap().kill();
        self.town = Some(self.place.start());
    }

    /// Helen presses the button behind the newest question that came to her.
    pub(crate) fn helen_presses(&self) -> String {
        let all = self.relay.taken_for(ADDRESS);
        let link = all.iter().rev().find_map(|taken| link_to("/well/", &taken.text)).expect("a link");
        let mut browser = self.place.browser();
        assert!(browser.get(&link).text().contains("I am well"));
        let pressed = browser.form(&link, "");
        assert_eq!(pressed.status, 200, "{}", pressed.text());
        pressed.text()
    }
}

/// The path of the first link to this page in a message.
fn link_to(page: &str, text: &str) -> Option<String> {
    // A long line is folded with '=' at its end (quoted-printable, RFC 2045).
    let text = text.replace("=\r\n", "").replace("=\n", "");
    let at = text.find(page)?;
    Some(text[at..].chars().take(page.len() + 43).collect())
}

#[test]
fn when_she_has_died_all_the_questions_go_first_and_then_the_letter_once() {
    let mut story = Story::begin("check-ins");
    // All that she leaves goes, however much it is: her end was foreseen when the grace began.
    let others: Vec<String> = (0..7).map(|n| format!("other-{n}@example.org")).collect();
    for other in &others {
        let person = story.helen.person(&[other]);
        story.helen.seal_for_her_end(&person, &at_once());
    }
    story.days(ALONE - 2);
    assert_eq!(story.to_dan(), 0, "not before");
    assert_eq!(story.to_helen("Are you well?").len(), 1);
    assert_eq!(story.to_helen("Are you well? We ask again").len(), 4);
    assert_eq!(story.to_helen("We have not heard from you").len(), 6);
    // Each of eleven messages waits for its pause after the relay took it, which may be a step of the town's clock later.
    story.days(10);
    assert_eq!(story.to_dan(), 1, "and then");
    for other in &others {
        assert_eq!(story.relay.taken_for(other).len(), 1, "{other}");
    }
    // The power fails right after the release: nothing goes a second time.
    story.restart();
    story.days(5);
    assert_eq!(story.to_dan(), 1);
}

/// Another switch sent the last mail 0.6 s after the restart without ever having warned.
#[test]
fn a_house_that_was_off_for_longer_than_the_whole_ladder_asks_first() {
    let story = Story::begin("check-ins");
    story.days(40);
    // Nearly a year without power, in which the house was on for a day now and then, so that its clock could follow.
    for _ in 0..9 {
        story.town.as_ref().unwrap().pass(39 * DAY, "off");
        story.days(1);
    }
    story.days(5);
    assert_eq!(story.to_dan(), 0);
    assert_eq!(story.to_helen("Are you well?").len(), 0, "time in which nobody could be asked is no silence");
    story.days(10);
    assert_eq!(story.to_helen("Are you well?").len(), 1);
    story.helen_presses();
    story.days(50);
    assert_eq!(story.to_dan(), 0);
    assert_eq!(story.to_helen("We have not heard from you").len(), 0);
}

/// Two of two others sent the last message although no reminder had arrived.
#[test]
fn while_no_mail_leaves_nobody_is_silent() {
    let story = Story::begin("check-ins");
    story.days(63);
    assert_eq!(story.to_helen("Are you well?").len(), 1);
    story.relay.block(true);
    story.days(ALONE + 60);
    story.relay.block(false);
    story.days(3);
    assert_eq!(story.to_dan(), 0);
    assert!(story.to_helen("We have not heard from you").is_empty(), "no step was taken meanwhile");
    assert!(story.to_helen("Are you well? We ask again").len() <= 1);
    story.helen_presses();
    story.days(55);
    assert_eq!(story.to_dan(), 0);
}

#[test]
fn mail_that_is_down_at_the_release_delays_the_letter_and_nothing_else() {
    let story = Story::begin("check-ins");
    story.days(ALONE - 3);
    story.relay.block(true);
    story.days(40);
    assert_eq!(story.to_dan(), 0);
    story.relay.block(false);
    // The second knock would come two weeks later.
    story.days(5);
    assert_eq!(story.to_dan(), 1);
}

/// Arming is a lower bound, not a condition.
fn dies_on_day(day: u64) {
    let mut story = Story::begin("keepers-only");
    let joan = story.keeper("Joan Pryce", JOAN);
    let amir = story.keeper("Amir Haddad", AMIR);
    story.days(day);
    story.says(&joan, "died");
    story.days(1);
    assert_eq!(story.to_helen("Somebody whom you named has answered us").len(), 1);
    story.says(&amir, "died");
    story.days(28);
    assert_eq!(story.to_dan(), 0, "nobody skips the grace, and nothing leaves within thirty days of arming");
    assert!(story.to_helen("We have not heard from you").len() >= 2);
    story.days(8);
    assert_eq!(story.to_dan(), 1);
}

#[test]
fn dead_on_the_third_day_of_arming_the_letter_arrives() {
    dies_on_day(3);
}

#[test]
fn dead_on_the_tenth_day_of_arming_the_letter_arrives() {
    dies_on_day(10);
}

#[test]
fn dead_on_the_twenty_ninth_day_of_arming_the_letter_arrives() {
    dies_on_day(29);
}

/// Mailboxes are closed after a death. That is no silence, and it is no stop either.
#[test]
fn a_mailbox_that_was_closed_after_her_death_does_not_keep_the_letter_for_ever() {
    let mut story = Story::begin("both");
    let joan = story.keeper("Joan Pryce", JOAN);
    let amir = story.keeper("Amir Haddad", AMIR);
    story.days(20);
    story.relay.does_not_know(ADDRESS);
    story.days(65);
    let asked = story.relay.taken_for(JOAN);
    assert!(
        asked.iter().any(|t| t.text.contains("Subject: We ask about somebody who trusts you")),
        "asked at once"
    );
    story.says(&joan, "died");
    story.says(&amir, "died");
    // The ladder goes on, and the grace is twice as long.
    story.days(60);
    assert_eq!(story.to_dan(), 0);
    let arrived = (0..18).any(|_| {
        story.days(5);
        story.to_dan() > 0
    });
    assert!(arrived, "within three months more");
    assert_eq!(story.to_dan(), 1);
}

#[test]
fn a_sign_after_the_release_keeps_what_has_not_left_and_says_what_has() {
    let mut story = Story::begin("keepers-only");
    let moment = json!({ "kind": "on", "date": "2090-05-04", "time": "09:00", "zone": "Europe/London" });
    let mara = story.helen.person(&["mara@example.org"]);
    let later = story.helen.seal_for_her_end(&mara, &moment);
    let joan = story.keeper("Joan Pryce", JOAN);
    let amir = story.keeper("Amir Haddad", AMIR);
    story.days(40);
    story.says(&joan, "died");
    story.says(&amir, "died");
    story.days(35);
    assert_eq!(story.to_dan(), 1);
    let told = story.helen_presses();
    assert!(told.contains("had left before you pressed"), "{told}");
    // What had left is as it was; what had not waits for her again.
    let Story { helen, relay, .. } = story;
    let mut helen = helen.back(&relay);
    let life = helen.browser.get("/api/life").is(200);
    assert_eq!(life["life"]["stage"], "present");
    assert_eq!((life["life"]["wait"].as_u64(), life["life"]["left"].as_u64()), (Some(1), Some(1)));
    assert_eq!(helen.state(&later), "waiting");
}

/// Mail programs and scanners follow every link. No GET is a sign of life, or a keeper's word.
#[test]
fn a_scanner_that_follows_every_link_keeps_nobody_alive_and_says_nothing() {
    let mut story = Story::begin("both");
    let paper = story.keeper("Joan Pryce", JOAN);
    story.keeper("Amir Haddad", AMIR);
    let mut scanner = story.place.browser();
    for _ in 0..11 {
        story.days(10);
        scanner.get(&paper).text();
        for (address, page) in [(ADDRESS, "/well/"), (JOAN, "/keeper/"), (AMIR, "/keeper/")] {
            for link in story.relay.taken_for(address).iter().filter_map(|t| link_to(page, &t.text)) {
                assert_eq!(scanner.get(&link).status, 200);
            }
        }
    }
    assert_eq!(story.to_helen("Are you well? We ask again").len(), 4, "the ladder went on");
    let asked = "Subject: We ask about somebody who trusts you";
    assert!(story.relay.taken_for(JOAN).iter().any(|t| t.text.contains(asked)), "and her keepers were asked");
    assert_eq!(story.to_helen("We have not heard from you").len(), 0, "of whom none has said anything");
    assert_eq!(story.to_dan(), 0);
}

/// Without a mailbox, an account or a device of her own.
#[test]
fn eight_words_on_paper_stop_everything_from_anywhere() {
    let mut story = Story::begin("keepers-only");
    let words = claim_words(&[9; 10]);
    let token = base64url(&*stop_token(&words));
    story.helen.browser.post("/api/life/stop-code", &json!({ "token": token })).is(200);
    let joan = story.keeper("Joan Pryce", JOAN);
    let amir = story.keeper("Amir Haddad", AMIR);
    story.days(40);
    story.says(&joan, "died");
    story.says(&amir, "died");
    story.days(25);
    let mut anywhere = story.place.browser();
    let others = claim_words(&[8; 10]).replace(' ', "+");
    let unknown = anywhere.form("/stop", &format!("words={others}"));
    let known = anywhere.form("/stop", &format!("words={}", words.replace(' ', "+")));
    assert_eq!((unknown.status, unknown.text()), (200, known.text()), "one answer for every paper");
    assert_eq!(anywhere.form("/stop", "words=no+such+words").status, 422);
    story.days(120);
    assert_eq!(story.to_dan(), 0);
    assert_eq!(story.to_helen("Everything is stopped").len(), 1);
    assert!(story.relay.taken_for(JOAN).iter().any(|t| t.text.contains("Subject: Everything is stopped")));
}

/// Her mail server takes every question, and puts it where she never looks.
#[test]
fn questions_that_lie_among_her_spam_make_keepers_reach_her_and_nothing_leaves() {
    let mut story = Story::begin("both");
    let joan = story.keeper("Joan Pryce", JOAN);
    let amir = story.keeper("Amir Haddad", AMIR);
    story.days(101);
    assert_eq!(story.to_helen("Are you well? We ask again").len(), 4, "all of them were accepted");
    for who in [JOAN, AMIR] {
        let asked = story.relay.taken_for(who);
        assert_eq!(asked.len(), 2, "{who} was invited at the beginning, and is asked once");
        let text = asked[1].text.replace("=\r\n", "").replace(['\r', '\n'], " ");
        assert!(text.contains("First try to reach them"), "they are asked to reach her: {text}");
    }
    // One of them believes the worst; the other goes there, and it is nothing.
    story.says(&amir, "died");
    story.says(&joan, "well");
    story.days(58);
    assert_eq!(story.to_helen("We have not heard from you").len(), 0, "sixty days are held for that");
    story.helen_presses();
    story.days(59);
    assert_eq!(story.to_dan(), 0);
    assert_eq!(story.to_helen("Are you well?").len(), 1, "and her interval begins anew");
}

#[test]
fn keepers_who_disagree_open_nothing() {
    let mut story = Story::begin("both");
    let joan = story.keeper("Joan Pryce", JOAN);
    let amir = story.keeper("Amir Haddad", AMIR);
    let beatrice = story.keeper("Beatrice Okafor", BEATRICE);
    story.days(101);
    assert_eq!(story.relay.taken_for(JOAN).len(), 2, "invited, and asked when the ladder was climbed");
    story.says(&joan, "died");
    story.says(&amir, "well");
    story.says(&beatrice, "unknown");
    story.days(100);
    assert_eq!(story.to_helen("We have not heard from you").len(), 0, "one is no quorum");
    // The second to say so opens the grace, and no more than that.
    story.says(&beatrice, "died");
    story.days(25);
    assert_eq!(story.to_dan(), 0);
    assert!(story.to_helen("We have not heard from you").len() >= 2);
    story.days(12);
    assert_eq!(story.to_dan(), 1);
}
