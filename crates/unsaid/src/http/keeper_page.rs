//! How a keeper's page looks: the invitation, the page that stands between times, the question with its three words, each word said back, and what came of it. It shows what the others have
//! said after one's own word and not before, and nothing of her letters, ever. No answer is set in advance. One thing because what a keeper sees on one day is held against what they see on another.

use super::assets;
use super::keeper_address_page::{Lost, somebody_has_moved, their_address, whom_we_cannot_reach};
use super::keeper_card::{Wanted, asked_for};
use super::keeper_event::{Happening, has_it_happened};
use super::page::{opening, private, private_with, say, wrong_at};
use super::say_date::full_day;
use crate::app::App;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::SignedDuration;
use jiff::civil::Date;
use maud::{Markup, html};
use unsaid_delivery::calendar::not_before;
use unsaid_delivery::clock::{Now, Observed};
use unsaid_delivery::life::accept::{WELL_DAYS, WELLS};
use unsaid_delivery::life::soonest::soonest_hours;
use unsaid_delivery::life::{Doubt, Stage, Word};
use unsaid_store::lives::{KeeperRow, KeeperStanding, LifeView};

/// What the three words are, in the order in which they are offered.
const WORDS: [Word; 3] = [Word::Well, Word::Unknown, Word::Died];

/// What is known of her when a keeper looks.
pub(super) struct Seen {
    /// Her name.
    pub(super) name: String,
    /// Who looks.
    pub(super) keeper: KeeperRow,
    /// Her row; none where she has never asked for anything.
    pub(super) view: Option<LifeView>,
    /// Of whom they may give an address.
    pub(super) lost: Vec<Lost>,
    /// For which letters a card of theirs is asked.
    pub(super) cards: Vec<Wanted>,
    /// Of what they are asked whether it has happened.
    pub(super) events: Vec<Happening>,
    /// When.
    pub(super) now: Now,
}

/// What is asked of them at this moment.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asks {
    /// Nothing at all, and they have nothing to say that would count.
    Nothing,
    /// Nothing; but they may say that she has died.
    Quiet,
    /// The same, while everything is stopped until this day at the earliest.
    Stopped(Date),
    /// How she is.
    HowSheIs,
    /// Nothing any more: she was let go.
    Over,
}

impl Seen {
    fn asks(&self) -> Asks {
        let Some(LifeView { life, .. }) = &self.view else { return Asks::Nothing };
        match life.stage {
            Stage::Ended => Asks::Nothing,
            Stage::Released => Asks::Over,
            _ if !life.plan.policy.has_keepers() => Asks::Nothing,
            Stage::Stopped { until, resumes } => {
                Asks::Stopped(self.day_at(resumes.map_or(until, |resumes| resumes.min(until))))
            }
            _ if life.is_asking_keepers() => Asks::HowSheIs,
            _ => Asks::Quiet,
        }
    }

    /// Their word that stands.
    fn own(&self) -> Option<Word> {
        let votes = &self.view.as_ref()?.facts.votes;
        votes.iter().find(|vote| vote.keeper == self.keeper.id).map(|vote| vote.word)
    }

    /// The civil day of an observed moment, at the earliest.
    fn day_at(&self, at: Observed) -> Date {
        not_before(self.now.trusted, (at.0 - self.now.observed.0).max(0) / 3_600)
    }

    /// Since when nothing was heard of her. None where it would tell that another keeper has spoken, or that somebody does press her button.
    fn silent_since(&self) -> Option<Date> {
        let life = &self.view.as_ref()?.life;
        let silent = matches!(life.stage, Stage::Silent | Stage::Grace(_) | Stage::Gone { .. })
            && life.climbed.is_some();
        if !(silent || life.out_of_reach) || life.weak.doubt != Doubt::None {
            return None;
        }
        let ago = SignedDuration::from_secs((self.now.observed.0 - life.sign.0).max(0));
        let at = self.now.trusted.checked_sub(ago).ok()?;
        Some(at.to_zoned(jiff::tz::TimeZone::UTC).date())
    }

    /// Before which day nothing can leave, whoever says what.
    fn soonest(&self) -> Option<Date> {
        let LifeView { life, facts } = self.view.as_ref()?;
        soonest_hours(life, facts, self.now).map(|hours| not_before(self.now.trusted, hours))
    }

    /// How many must say that she has died, of how many.
    pub(super) fn quorum(&self) -> Option<(usize, usize)> {
        let LifeView { life, facts } = self.view.as_ref()?;
        let all = facts.keepers.len();
        life.plan.quorum_of(all).map(|needed| (usize::from(needed), all))
    }

    pub(super) fn say(&self, key: &str) -> String {
        say(key, &[("name", &self.name)])
    }

    /// The sentence of this name for one of the words. Whoever does not know says nothing of her.
    fn of_word(&self, what: &str, word: Word) -> String {
        let key = format!("house.keeper.{what}{}", value(word));
        if word == Word::Unknown { say(&key, &[]) } else { self.say(&key) }
    }
}

pub(super) fn read_word(text: &str) -> Option<Word> {
    WORDS.into_iter().find(|word| value(*word) == text)
}

fn value(word: Word) -> &'static str {
    match word {
        Word::Well => "well",
        Word::Unknown => "unknown",
        Word::Died => "died",
    }
}

/// A number of people in words; there are five keepers at most.
pub(super) fn number(n: usize) -> String {
    match n {
        1..=5 => say(&format!("house.keeper.number.{n}"), &[]),
        n => n.to_string(),
    }
}

pub(super) fn answer(app: &App, main: Markup) -> Response {
    private(app, &say("house.keeper.title", &[]), StatusCode::OK, main)
}

/// Before the first press: nobody is named.
pub(super) fn door(app: &App) -> Response {
    answer(
        app,
        html! {
            (opening(&say("house.keeper.heading", &[]), &say("house.keeper.lede", &[])))
            form.acts method="post" {
                button.button.button--main type="submit" name="do" value="who" { (say("house.keeper.who", &[])) }
            }
        },
    )
}

/// Who it is about, and what may be answered. `wrong`: something was sent that is no answer; where that stands, and what is wrong with it.
pub(super) fn whole(app: &App, seen: &Seen, wrong: Option<(&str, &str)>) -> Response {
    let title = say("house.keeper.title", &[]);
    let (status, title) = if wrong.is_some() {
        (StatusCode::UNPROCESSABLE_ENTITY, say("house.error_title", &[("page", &title)]))
    } else {
        (StatusCode::OK, title)
    };
    let asks = seen.asks();
    let main = html! {
        @if let Some((place, says)) = wrong { (wrong_at(&format!("#{place}"), says)) }
        @match (asks, seen.keeper.standing) {
            (Asks::Over, _) => (over(app, seen)),
            (_, KeeperStanding::Declined) => (declined(seen)),
            (Asks::HowSheIs, standing) => (asked(seen, standing)),
            (_, KeeperStanding::Invited) => (invited(seen, asks)),
            _ => (between_times(seen, asks)),
        }
    };
    private_with(app, &title, status, (!seen.cards.is_empty()).then_some(assets::KEEPER), main)
}

/// She has named them, and asks whether they will.
fn invited(seen: &Seen, asks: Asks) -> Markup {
    html! {
        (opening(&seen.say("house.keeper.trusts"), &seen.say("house.keeper.invited")))
        (asked_for(seen))
        (has_it_happened(seen))
        h2 { (say("house.keeper.means", &[])) }
        (what_it_means(seen))
        form.acts #answer method="post" {
            button.button.button--main type="submit" name="do" value="accept" { (say("house.keeper.accept", &[])) }
            button.button type="submit" name="do" value="decline" { (say("house.keeper.decline", &[])) }
        }
        div.prose { p { (seen.say("house.keeper.invited_either")) } }
        (unasked(seen, asks))
    }
}

fn what_it_means(seen: &Seen) -> Markup {
    html! {
        div.prose {
            ul {
                li { (seen.say("house.keeper.means_asked")) }
                li { (seen.say("house.keeper.alone")) }
                li { (say("house.keeper.never_read", &[])) }
                li { (say("house.keeper.means_yearly", &[])) }
                li { (seen.say("house.keeper.means_free")) }
            }
        }
    }
}

/// Nothing is asked of them now.
fn between_times(seen: &Seen, asks: Asks) -> Markup {
    let lede = match asks {
        _ if !seen.cards.is_empty() => seen.say("house.keeper.card_lede"),
        Asks::Stopped(day) => say("house.keeper.stopped", &[("name", &seen.name), ("day", &full_day(day))]),
        _ if !seen.events.is_empty() => seen.say("house.keeper.event_lede"),
        Asks::Nothing => seen.say("house.keeper.nothing"),
        _ => say("house.keeper.quiet", &[]),
    };
    html! {
        (opening(&seen.say("house.keeper.trusts"), &lede))
        (asked_for(seen))
        (has_it_happened(seen))
        (whom_we_cannot_reach(seen))
        (own_word(seen))
        form.acts method="post" {
            button.button type="submit" name="do" value="accept" { (say("house.keeper.still_right", &[])) }
        }
        (unasked(seen, asks))
        details {
            summary { (say("house.keeper.means", &[])) }
            (what_it_means(seen))
        }
        (their_address(seen))
        (stop_being_one(seen))
    }
}

/// Who knows that she has died need not wait to be asked.
fn unasked(seen: &Seen, asks: Asks) -> Markup {
    html! {
        @if matches!(asks, Asks::Quiet | Asks::Stopped(_)) {
            details #answer {
                summary { (seen.say("house.keeper.unasked")) }
                form.form method="post" {
                    p { (say("house.keeper.unasked_says", &[])) }
                    input type="hidden" name="word" value=(value(Word::Died));
                    div.acts {
                        button.button type="submit" name="do" value="say" { (seen.say("house.keeper.died")) }
                    }
                }
            }
        }
    }
}

/// It is still right that they may be asked.
pub(super) fn still_right(app: &App) -> Response {
    answer(app, opening(&say("house.keeper.thanks", &[]), &say("house.keeper.still_right_then", &[])))
}

fn stop_being_one(seen: &Seen) -> Markup {
    html! {
        form.acts method="post" {
            button.button.button--quiet type="submit" name="do" value="decline" {
                (say("house.keeper.decline", &[]))
            }
        }
        p.note { (seen.say("house.keeper.decline_says")) }
    }
}

/// The question.
fn asked(seen: &Seen, standing: KeeperStanding) -> Markup {
    let lede = match seen.silent_since() {
        Some(day) => say("house.keeper.since", &[("name", &seen.name), ("day", &full_day(day))]),
        None => seen.say("house.keeper.uncertain"),
    };
    html! {
        (opening(&seen.say("house.keeper.heard"), &lede))
        div.prose { p { (seen.say("house.keeper.reach")) } }
        (own_word(seen))
        form.form #answer method="post" {
            fieldset {
                legend { h2 { (say("house.keeper.what", &[])) } }
                div.choices { @for word in WORDS { (choice(seen, word)) } }
            }
            div.acts { button.button.button--main type="submit" name="do" value="say" { (say("house.keeper.give", &[])) } }
            p.note { (seen.say("house.keeper.told")) }
        }
        (asked_for(seen))
        (has_it_happened(seen))
        h2 { (say("house.keeper.afraid", &[])) }
        div.prose {
            @if let Some((needed, all)) = seen.quorum() {
                p {
                    @if needed > 1 && needed == all {
                        (seen.say("house.keeper.needs_all"))
                    } @else if needed > 1 {
                        (say("house.keeper.needs", &[("needed", &number(needed)), ("all", &number(all)), ("name", &seen.name)]))
                    } @else {
                        (seen.say("house.keeper.needs_one"))
                    }
                }
            }
            @if let Some(day) = seen.soonest() {
                p { (say("house.keeper.earliest", &[("day", &full_day(day))])) }
            }
            p { (say("house.keeper.never_read", &[])) }
        }
        @if standing == KeeperStanding::Invited {
            details {
                summary { (say("house.keeper.means", &[])) }
                (what_it_means(seen))
            }
        }
        (whom_we_cannot_reach(seen))
        (somebody_has_moved(seen))
        (their_address(seen))
        (stop_being_one(seen))
    }
}

/// What they have said themselves, and only then what the others have.
fn own_word(seen: &Seen) -> Markup {
    let Some(word) = seen.own() else { return html! {} };
    html! {
        div.notice.notice--good {
            p { (seen.of_word("own_", word)) " " (say("house.keeper.own_stands", &[])) }
            (others(seen))
        }
    }
}

fn others(seen: &Seen) -> Markup {
    let Some(LifeView { facts, .. }) = &seen.view else { return html! {} };
    let others: Vec<_> = facts.keepers.iter().filter(|keeper| **keeper != seen.keeper.id).collect();
    let saying = |word| {
        let theirs =
            |vote: &&unsaid_delivery::life::Vote| vote.word == word && others.contains(&&vote.keeper);
        facts.votes.iter().filter(theirs).count()
    };
    let told: Vec<String> = [Word::Died, Word::Well, Word::Unknown]
        .into_iter()
        .map(|word| (word, saying(word)))
        .filter(|(_, many)| *many > 0)
        .map(|(word, many)| {
            let (key, many) = (format!("house.keeper.others_{}", value(word)), number(many));
            match word {
                Word::Unknown => say(&key, &[("many", &many)]),
                _ => say(&key, &[("name", &seen.name), ("many", &many)]),
            }
        })
        .collect();
    html! {
        @if others.is_empty() {
            p { (seen.say("house.keeper.others_are_none")) }
        } @else if told.is_empty() {
            p { (say("house.keeper.others_silent", &[])) }
        } @else {
            @for one in told { p { (one) } }
        }
    }
}

fn choice(seen: &Seen, word: Word) -> Markup {
    html! {
        div.choice {
            input type="radio" name="word" id=(value(word)) value=(value(word)) required;
            label for=(value(word)) {
                span.choice-name { (seen.of_word("", word)) }
                span.choice-says { (follows(seen, word)) }
            }
        }
    }
}

/// What follows from a word, with its day.
fn follows(seen: &Seen, word: Word) -> String {
    let name = seen.name.as_str();
    match word {
        Word::Unknown => seen.say("house.keeper.unknown_says"),
        Word::Well => {
            let life = seen.view.as_ref().map(|view| &view.life);
            let held = life.and_then(|life| life.held);
            let more = life.is_none_or(|life| life.wells < WELLS);
            let until = if more { Some(seen.now.observed.plus_days(WELL_DAYS)) } else { held };
            match until {
                Some(until) => {
                    let day = full_day(seen.day_at(until));
                    say("house.keeper.well_says", &[("name", name), ("day", &day)])
                }
                None => seen.say("house.keeper.well_used_up"),
            }
        }
        Word::Died => match seen.soonest() {
            Some(day) => say("house.keeper.died_says", &[("name", name), ("day", &full_day(day))]),
            None => say("house.keeper.died_says_only", &[]),
        },
    }
}

/// What was chosen, said back. Nothing counts before this is pressed.
pub(super) fn sure(app: &App, seen: &Seen, word: Word) -> Response {
    answer(
        app,
        html! {
            (opening(&seen.of_word("sure_", word), &follows(seen, word)))
            div.prose {
                @if word == Word::Died { p { strong { (say("house.keeper.sure_know", &[])) } } }
                p { (seen.say("house.keeper.told")) }
            }
            form.acts method="post" {
                input type="hidden" name="word" value=(value(word));
                input type="hidden" name="sure" value="yes";
                button.button.button--main type="submit" name="do" value="say" { (say("house.keeper.sure_press", &[])) }
            }
            form.acts method="post" {
                button.button.button--quiet type="submit" name="do" value="who" { (say("house.keeper.back", &[])) }
            }
        },
    )
}

/// What they said stands, and what comes now.
pub(super) fn said(app: &App, seen: &Seen, word: Word) -> Response {
    let (heading, then) = match word {
        Word::Well => ("house.keeper.thanks", held_until(seen)),
        Word::Unknown => ("house.keeper.thanks", seen.say("house.keeper.unknown_says")),
        Word::Died => ("house.keeper.sorry", follows(seen, Word::Died)),
    };
    answer(
        app,
        html! {
            (opening(&say(heading, &[]), &say("house.keeper.said", &[])))
            div.prose {
                p { (then) }
                p { (seen.say("house.keeper.told_now")) }
            }
            (own_word(seen))
            div.prose { p { (say("house.keeper.change", &[])) } }
        },
    )
}

/// What a word of 'well' has brought.
fn held_until(seen: &Seen) -> String {
    let held = seen.view.as_ref().and_then(|view| view.life.held);
    match held.filter(|held| *held > seen.now.observed) {
        Some(until) => {
            let day = full_day(seen.day_at(until));
            say("house.keeper.held", &[("name", &seen.name), ("day", &day)])
        }
        None => seen.say("house.keeper.well_noted"),
    }
}

/// They may be asked, or would rather not.
pub(super) fn answered(app: &App, name: &str, enrolled: bool) -> Response {
    let (lede, then) = if enrolled {
        ("house.keeper.accepted", "house.keeper.keep_link")
    } else {
        ("house.keeper.declined", "house.keeper.declined_then")
    };
    answer(
        app,
        html! {
            (opening(&say("house.keeper.thanks", &[]), &say(lede, &[("name", name)])))
            div.prose {
                p { (say("house.keeper.told_now", &[("name", name)])) }
                p { (say(then, &[])) }
            }
        },
    )
}

/// Who had said no, and comes back.
fn declined(seen: &Seen) -> Markup {
    html! {
        (opening(&seen.say("house.keeper.is_declined"), &say("house.keeper.declined_then", &[])))
        (asked_for(seen))
        form.acts #answer method="post" {
            button.button type="submit" name="do" value="accept" { (say("house.keeper.accept_again", &[])) }
        }
    }
}

/// She was let go.
fn over(app: &App, seen: &Seen) -> Markup {
    let stop = format!("{}/stop", app.settings.public_url.origin);
    let lede = match (seen.cards.is_empty(), seen.lost.is_empty()) {
        (false, _) => "house.keeper.card_lede",
        (true, true) => "house.keeper.is_over_lede",
        (true, false) => "house.keeper.is_over_asks",
    };
    html! {
        (opening(&say("house.keeper.is_over", &[]), &seen.say(lede)))
        (asked_for(seen))
        (has_it_happened(seen))
        (whom_we_cannot_reach(seen))
        div.prose #answer {
            p { (say("house.keeper.never_read", &[])) }
            p { (say("house.keeper.is_over_wrong", &[("name", &seen.name), ("stop", &stop)])) }
        }
    }
}

/// There was nothing that their word could have changed.
pub(super) fn nothing_to_note(app: &App, lede: &str) -> Response {
    answer(app, opening(&say("house.keeper.thanks", &[]), &say(lede, &[])))
}

/// Unknown, mistyped, and no longer good: one answer.
pub(super) fn unknown(app: &App) -> Response {
    let main = html! {
        (opening(&say("house.keeper.unknown_heading", &[]), &say("house.keeper.unknown_lede", &[])))
        div.prose { p { (say("house.keeper.unknown_once", &[])) } }
        div.acts { a.button href="/" { (say("house.to_front", &[])) } }
    };
    private(app, &say("house.keeper.title", &[]), StatusCode::NOT_FOUND, main)
}
