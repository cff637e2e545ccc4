//! Saying no: one page, one press, no account, no reason. `This is not for me` stands first. What was chosen is kept when something is missing.
//! The no holds for good, is told to nobody, and can be taken back by whoever said it (lift.rs).

use super::leave::leave;
use super::{Fields, called, field, later, looks_after, on_to};
use crate::app::App;
use crate::http::gate::ReaderIn;
use crate::http::page::{For, Page, opening, say, wrong_at};
use crate::http::problem::Problem;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use maud::{Markup, html};
use unsaid_delivery::id::DeliveryId;
use unsaid_delivery::refusal::Scope;
use unsaid_store::rows::{Kept, Reader, Waiting};

/// What a radio button stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    NotMe,
    Letter,
    Author,
    House,
}

impl Choice {
    const ALL: [Self; 4] = [Self::NotMe, Self::Letter, Self::Author, Self::House];

    /// What this reader can say no to. Who came with the words of a card speaks for themselves, and for no address.
    fn of(reader: &Reader) -> &'static [Self] {
        match reader.address() {
            Some(_) => &Self::ALL,
            None => &[Self::NotMe, Self::Author, Self::Letter],
        }
    }

    fn value(self) -> &'static str {
        match self {
            Self::NotMe => "not-me",
            Self::Letter => "letter",
            Self::Author => "author",
            Self::House => "all",
        }
    }

    fn words(self, reader: &Reader, guardian: bool) -> (&'static str, &'static str) {
        match self {
            Self::NotMe if guardian => ("person.guardian.not_me", "person.guardian.not_me_says"),
            Self::Author if guardian => ("person.refuse.author", "person.guardian.author_says"),
            Self::NotMe if reader.address().is_none() => {
                ("person.refuse.not_me", "person.refuse.card_not_mine")
            }
            Self::NotMe => ("person.refuse.not_me", "person.refuse.not_me_says"),
            Self::Letter => ("person.refuse.letter", "person.refuse.letter_says"),
            Self::Author => ("person.refuse.author", "person.refuse.author_says"),
            Self::House => ("person.refuse.all", "person.refuse.all_says"),
        }
    }

    fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.value() == text)
    }
}

/// What is chosen on the page.
struct Chosen {
    choice: Option<Choice>,
    letter: Option<DeliveryId>,
}

/// What is missing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wrong {
    /// None of the four was chosen.
    Scope,
    /// Which letter is meant.
    Letter,
}

impl Wrong {
    fn says(self) -> String {
        match self {
            Self::Scope => say("person.refuse.which_scope", &[]),
            Self::Letter => say("person.refuse.which_letter", &[]),
        }
    }

    fn at(self) -> &'static str {
        match self {
            Self::Scope => "#no-not-me",
            Self::Letter => "#which",
        }
    }
}

/// GET /refuse, perhaps with `?letter=` for a link beside that letter. A link to this page changes nothing.
pub(super) async fn show(
    State(app): State<App>,
    ReaderIn(reader): ReaderIn,
    uri: Uri,
) -> Result<Response, Problem> {
    // A card that was replaced says neither yes nor no.
    if reader.has_older_card() {
        return Ok(on_to("/waiting"));
    }
    let letters = letters(&app, &reader).await?;
    let asked = uri.query().unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("letter="));
    let letter =
        asked.and_then(|id| id.parse().ok()).filter(|id| letters.iter().any(|l| l.delivery.id == *id));
    let choice = match letter {
        Some(_) => Some(Choice::Letter),
        None => Choice::of(&reader).first().copied(),
    };
    let whom = looks_after(&app, &reader).await?;
    Ok(page(&app, (&reader, whom.as_deref()), &letters, &Chosen { choice, letter }, None))
}

/// POST /refuse, `scope=` and for one letter `delivery=`
pub(super) async fn refuse(
    State(app): State<App>,
    ReaderIn(reader): ReaderIn,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    if reader.has_older_card() {
        return Ok(on_to("/waiting"));
    }
    let letters = letters(&app, &reader).await?;
    let choice = field(&fields, "scope").and_then(Choice::read);
    let choice = choice.filter(|choice| Choice::of(&reader).contains(choice));
    let letter: Option<DeliveryId> = field(&fields, "delivery").and_then(|id| id.parse().ok());
    let chosen = Chosen { choice, letter };
    let whom = looks_after(&app, &reader).await?;
    let by = (&reader, whom.as_deref());
    let scope = match choice {
        None => return Ok(page(&app, by, &letters, &chosen, Some(Wrong::Scope))),
        // Whoever found a card that is not theirs has no say for whose it is: they leave, and nothing changes.
        Some(Choice::NotMe) if reader.address().is_none() => return leave(State(app), headers).await,
        Some(Choice::NotMe) => Scope::NotMe,
        Some(Choice::Author) => Scope::Author,
        Some(Choice::House) => Scope::House,
        Some(Choice::Letter) => match letters.iter().find(|l| Some(l.delivery.id) == letter) {
            Some(letter) => Scope::Letter(letter.delivery.letter),
            None => return Ok(page(&app, by, &letters, &chosen, Some(Wrong::Letter))),
        },
    };
    app.store.refuse(&reader, scope, app.time.now()).await?;
    app.nudge.nudge();
    Ok(on_to("/refused"))
}

/// The letters that a no can be about. Who said 'this is not for me' is shown none of them.
async fn letters(app: &App, reader: &Reader) -> Result<Vec<Waiting>, Problem> {
    if super::is_not_me(app, reader).await? { Ok(Vec::new()) } else { Ok(app.store.waiting(reader).await?) }
}

/// `whom`: whom this reader looks after, if it is not they themselves whom it is for.
fn page(
    app: &App,
    (reader, whom): (&Reader, Option<&str>),
    letters: &[Waiting],
    chosen: &Chosen,
    wrong: Option<Wrong>,
) -> Response {
    let title = say("person.refuse.title", &[]);
    let (status, title) = match wrong {
        None => (StatusCode::OK, title),
        Some(_) => (StatusCode::UNPROCESSABLE_ENTITY, say("house.error_title", &[("page", &title)])),
    };
    let lede = if whom.is_some() { "person.guardian.refuse_lede" } else { "person.refuse.lede" };
    let by_card = letters.iter().any(|letter| letter.kept == Kept::Words);
    let stays = if by_card { "person.guardian.refuse" } else { "person.guardian.refuse_no_card" };
    let main = html! {
        @if let Some(wrong) = wrong {
            (wrong_at(wrong.at(), &wrong.says()))
        }
        (opening(&say("person.refuse.heading", &[]), &say(lede, &[])))
        @if let Some(whom) = whom { p { (say(stays, &[("whom", whom)])) } }
        form.form method="post" action="/refuse" {
            fieldset {
                legend { h2 { (say("person.refuse.what", &[])) } }
                div.choices {
                    @for choice in Choice::of(reader).iter().copied() {
                        @if choice != Choice::Letter || !letters.is_empty() {
                            (card(app, (reader, whom.is_some()), choice, letters, chosen, wrong))
                        }
                    }
                }
            }
            div.acts {
                button.button.button--main type="submit" { (say("person.refuse.press", &[])) }
                @match may_wait(letters, chosen) {
                    Some(path) => a.button.button--quiet href=(path) { (say("person.refuse.later", &[])) },
                    None => a.button.button--quiet href="/waiting" { (say("person.refuse.not_now", &[])) },
                }
            }
        }
        div.prose {
            p.note { (say("person.refuse.holds", &[])) }
            p.note { (say("person.refuse.kept", &[])) }
            p { a href="/refused" { (say("person.waiting.see_refused", &[])) } }
        }
    };
    Page { title: &title, reader: For::Person, script: None, main }.answer(app, status)
}

/// Where the letter that is meant, or else the newest that is closed, is kept for later instead.
fn may_wait(letters: &[Waiting], chosen: &Chosen) -> Option<String> {
    let kept = |l: &&Waiting| later::may_be_kept(&l.delivery);
    let meant = letters.iter().filter(kept).find(|l| Some(l.delivery.id) == chosen.letter);
    meant.or_else(|| letters.iter().find(kept)).map(|l| later::path_of(l.delivery.id))
}

fn card(
    app: &App,
    (reader, guardian): (&Reader, bool),
    choice: Choice,
    letters: &[Waiting],
    chosen: &Chosen,
    wrong: Option<Wrong>,
) -> Markup {
    let id = format!("no-{}", choice.value());
    let (name, says) = choice.words(reader, guardian);
    html! {
        div.choice {
            input type="radio" name="scope" id=(id) value=(choice.value()) checked[chosen.choice == Some(choice)];
            label for=(id) {
                span.choice-name { (say(name, &[])) }
                span.choice-says { (say(says, &[])) }
            }
            @if choice == Choice::Letter {
                @if let [only] = letters {
                    input type="hidden" name="delivery" value=(only.delivery.id);
                } @else {
                    div.choice-more { (which(app, letters, chosen, wrong)) }
                }
            }
        }
    }
}

/// Which of several letters: told apart by the day on which each was sealed.
fn which(app: &App, letters: &[Waiting], chosen: &Chosen, wrong: Option<Wrong>) -> Markup {
    let is_wrong = wrong == Some(Wrong::Letter);
    html! {
        div.field.field--wrong[is_wrong] {
            label for="which" { (say("person.refuse.which", &[])) }
            @if is_wrong { p.wrong #which-wrong { (Wrong::Letter.says()) } }
            select.input #which name="delivery" aria-invalid=[is_wrong.then_some("true")] aria-describedby=[is_wrong.then_some("which-wrong")] {
                // Nothing is chosen beforehand among several.
                option value="" selected[chosen.letter.is_none()] { (say("person.refuse.choose", &[])) }
                @for letter in letters {
                    option value=(letter.delivery.id) selected[chosen.letter == Some(letter.delivery.id)] {
                        (called(app, letters, letter))
                    }
                }
            }
        }
    }
}
