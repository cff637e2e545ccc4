//! 'No more messages about this': the one click of RFC 8058, which a mail provider presses for its reader, and the page for whoever follows the same address
//! by hand. The address itself is the proof, made for one message. Looking changes nothing; whether there is such a message is told to nobody.

use crate::app::App;
use crate::http::page::{For, Page, opening, say, wrong_at};
use crate::http::problem::Problem;
use crate::http::read::Path;
use crate::secrets::same;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use maud::html;
use unsaid_delivery::id::MessageId;
use unsaid_delivery::refusal::Scope;
use unsaid_store::rows::Reader;

/// GET /quiet/{token}, the token being the message's name, a dot, and the proof
pub(super) async fn show(State(app): State<App>) -> Response {
    ask(&app, false)
}

/// POST /quiet/{token}, with a mail provider's `List-Unsubscribe=One-Click` or the page's own `quiet=yes`
pub(super) async fn quiet(
    State(app): State<App>,
    Path(token): Path<String>,
    body: Bytes,
) -> Result<Response, Problem> {
    if !asks_for_quiet(&body) {
        return Ok(ask(&app, true));
    }
    if let Some(reader) = reader_of(&app, &token).await? {
        app.store.refuse(&reader, Scope::Quiet, app.time.now()).await?;
        app.nudge.nudge();
    }
    Ok(done(&app))
}

/// Whom the message went to, if the proof is right. The same work whether there is such a message or not.
async fn reader_of(app: &App, token: &str) -> Result<Option<Reader>, Problem> {
    let (name, proof) = token.split_once('.').unwrap_or((token, ""));
    let message: MessageId = name.parse().unwrap_or(MessageId([0; 16]));
    let right = same(proof, &app.keys.quiet_token(&message.to_string()));
    let knock = app.store.knock_named(message).await?;
    Ok(knock.filter(|_| right).map(|knock| knock.reader))
}

/// Whether a body, as a form of either kind, asks for it. It comes from strangers' programs, so its small differences are forgiven.
fn asks_for_quiet(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body).to_ascii_lowercase();
    let plain = text
        .split('&')
        .map(str::trim)
        .any(|pair| pair == "list-unsubscribe=one-click" || pair == "quiet=yes");
    let parts = text.contains("name=\"list-unsubscribe\"") || text.contains("name=list-unsubscribe");
    plain || parts && text.lines().any(|line| line.trim() == "one-click")
}

fn ask(app: &App, unclear: bool) -> Response {
    let title = say("person.quiet.title", &[]);
    let (status, title) = if unclear {
        (StatusCode::UNPROCESSABLE_ENTITY, say("house.error_title", &[("page", &title)]))
    } else {
        (StatusCode::OK, title)
    };
    let main = html! {
        @if unclear {
            (wrong_at("#answer", &say("person.quiet.unclear", &[])))
        }
        (opening(&say("person.quiet.heading", &[]), &say("person.quiet.lede", &[])))
        // The form goes to the address of this page.
        form.acts #answer method="post" {
            button.button.button--main type="submit" name="quiet" value="yes" { (say("person.quiet.press", &[])) }
        }
        div.prose {
            p { (say("person.quiet.waits", &[])) }
            p { (say("person.quiet.not_told", &[])) }
            p { a href="/is-this-real" { (say("person.knock.real", &[])) } }
        }
    };
    Page { title: &title, reader: For::Person, script: None, main }.answer(app, status)
}

fn done(app: &App) -> Response {
    let main = html! {
        (opening(&say("person.quiet.done_heading", &[]), &say("person.quiet.done_lede", &[])))
        div.prose {
            p { (say("person.quiet.waits", &[])) }
            p { (say("person.quiet.lift", &[])) }
            p { (say("person.refused.leave", &[])) }
        }
    };
    let title = say("person.quiet.title", &[]);
    Page { title: &title, reader: For::Person, script: None, main }.answer(app, StatusCode::OK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_click_is_read_in_both_its_forms() {
        let parts =
            "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n";
        for asks in [
            "List-Unsubscribe=One-Click",
            "List-Unsubscribe=One-Click&x=y",
            "quiet=yes",
            "a=b&quiet=yes",
            parts,
        ] {
            assert!(asks_for_quiet(asks.as_bytes()), "{asks}");
        }
        let other = parts.replace("One-Click", "No");
        for not in
            ["", "quiet=no", "quiet", "List-Unsubscribe", "x=List-Unsubscribe=One-Click", "one-click", &other]
        {
            assert!(!asks_for_quiet(not.as_bytes()), "{not}");
        }
        assert!(!asks_for_quiet(&[0xff; 300]));
    }
}
