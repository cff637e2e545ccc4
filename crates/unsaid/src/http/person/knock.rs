//! The page behind the link in a knock. Looking at it changes nothing and tells nothing: mail scanners follow links. The first press
//! exchanges the link for the reader's cookie, and from then on addresses are plain. It never names the author.

use super::{Fields, field, later, on_to};
use crate::app::App;
use crate::http::cookies::{Cookie, read_token};
use crate::http::page::{For, Page, opening, refusal_page, say, wrong_at};
use crate::http::problem::Problem;
use crate::http::read::Path;
use crate::secrets::hashed;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use maud::{Markup, html};
use unsaid_delivery::id::MessageId;
use unsaid_store::rows::Knock;

/// GET /k/{token}
pub(super) async fn show(State(app): State<App>, Path(token): Path<String>) -> Result<Response, Problem> {
    Ok(match find(&app, &token).await? {
        None => unknown(&app),
        Some(knock) => page(&app, &knock, false),
    })
}

/// POST /k/{token}, `do=who`, `do=later` or `do=no`
pub(super) async fn answer(
    State(app): State<App>,
    Path(token): Path<String>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    let Some(knock) = find(&app, &token).await? else { return Ok(unknown(&app)) };
    let to = match field(&fields, "do") {
        Some("who") => "/waiting",
        Some("no") => "/refuse",
        Some("later") => &keep_for_later(&app, &knock).await?,
        _ => return Ok(page(&app, &knock, true)),
    };
    let_in(&app, &headers, knock.message, to).await
}

/// Exchanges a message that was proved for the reader's cookie, and leads on.
pub(super) async fn let_in(
    app: &App,
    headers: &HeaderMap,
    message: MessageId,
    to: &str,
) -> Result<Response, Problem> {
    // One browser, one reader: what another link opened here before ends.
    if let Some(before) = Cookie::Reader.hash(app, headers)? {
        app.store.end_reader(before).await?;
    }
    let cookie = app.chance.token();
    app.store.open_reader(hashed(&cookie), message, app.time.now()).await?;
    let mut response = on_to(to);
    response.headers_mut().insert(header::SET_COOKIE, Cookie::Reader.set(app, &cookie));
    Ok(response)
}

/// Where the newest closed letter is kept for later; with none of these, where they see what there is.
async fn keep_for_later(app: &App, knock: &Knock) -> Result<String, Problem> {
    let letters = app.store.waiting(&knock.reader).await?;
    let closed = letters.iter().find(|letter| later::may_be_kept(&letter.delivery));
    Ok(closed.map_or_else(|| "/waiting".to_owned(), |letter| later::path_of(letter.delivery.id)))
}

async fn find(app: &App, token: &str) -> Result<Option<Knock>, Problem> {
    let Some(token) = read_token(token.as_bytes()) else { return Ok(None) };
    Ok(app.store.knock(hashed(&token)).await?)
}

/// Unknown, mistyped, and no longer good: one answer.
fn unknown(app: &App) -> Response {
    refusal_page(
        app,
        StatusCode::NOT_FOUND,
        For::Person,
        &say("person.link_unknown.what", &[]),
        &say("person.link_unknown.todo", &[]),
        ("/is-this-real", &say("person.foot.what", &[])),
    )
}

fn page(app: &App, knock: &Knock, unclear: bool) -> Response {
    let (title, main) = if knock.waits {
        let title = if knock.looked_after { "person.guardian.title" } else { "person.knock.title" };
        (say(title, &[]), waits(knock.looked_after, unclear))
    } else {
        (say("person.gone.title", &[]), gone(unclear))
    };
    let title = if unclear { say("house.error_title", &[("page", &title)]) } else { title };
    let status = if unclear { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Page { title: &title, reader: For::Person, script: None, main }.answer(app, status)
}

fn waits(guardian: bool, unclear: bool) -> Markup {
    // To whom it is for, or to somebody who looks after them.
    let of = |theirs, guardians| say(if guardian { guardians } else { theirs }, &[]);
    html! {
        (unclear_notice(unclear))
        (opening(
            &of("person.knock.heading", "person.guardian.heading"),
            &of("person.knock.lede", "person.guardian.lede"),
        ))
        // The form goes to the address of this page.
        form.acts #answer method="post" {
            button.button.button--main type="submit" name="do" value="who" { (of("person.knock.who", "person.guardian.who")) }
            button.button type="submit" name="do" value="later" { (say("person.later.title", &[])) }
            button.button type="submit" name="do" value="no" { (of("person.knock.no", "person.guardian.no")) }
        }
        div.prose {
            h2 { (say("person.knock.before", &[])) }
            p { (of("person.knock.seeing", "person.guardian.seeing")) }
            p { (say("person.knock.not_now", &[])) }
            @if !guardian {
                p { (say("person.knock.with_somebody", &[])) " " a href="/help/together" { (say("person.together.title", &[])) } }
            }
            p { a href="/is-this-real" { (say("person.knock.real", &[])) } }
        }
        p.note { (of("person.knock.often", "person.guardian.often")) }
    }
}

/// What waited was taken back by its author, or its time is over. The no stays as easy.
fn gone(unclear: bool) -> Markup {
    html! {
        (unclear_notice(unclear))
        (opening(&say("person.gone.heading", &[]), &say("person.gone.lede", &[])))
        form.acts #answer method="post" {
            button.button type="submit" name="do" value="no" { (say("person.gone.no", &[])) }
        }
    }
}

fn unclear_notice(unclear: bool) -> Markup {
    html! {
        @if unclear {
            (wrong_at("#answer", &say("person.knock.unclear", &[])))
        }
    }
}
