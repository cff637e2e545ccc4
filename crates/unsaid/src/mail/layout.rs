//! How the paragraphs of a message are set: as plain text, and as one simple page of HTML beside it.
//!
//! The page is for mail programs, of which most read little and some read it thirty years from now: no picture, no script, no style sheet, nothing that is
//! fetched, and no sentence that is not in the text too, but for the name of the button and where its link stands written out. Ink and paper are the reader's
//! own, light or dark; only the button brings both of its colours, which keep 4.5:1 between them and 3:1 to white and black. It refuses to know what is said.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::wording::Block;
use crate::words::Words;

/// A book face, as on the house's pages, from what the machine has; 19 px, so that it is read at arm's length.
const BODY: &str = "margin:0;padding:24px 16px;font-family:Georgia,serif;font-size:19px;line-height:1.6";
/// No wider than a page of a book.
const SHEET: &str = "max-width:37em;margin:0 auto";
const PARAGRAPH: &str = "margin:0 0 22px;overflow-wrap:break-word";
/// Figures are typed from here: large, and never broken in two.
const FIGURES: &str = "font-size:24px;white-space:nowrap";
/// At least 44 px high for an unsteady thumb.
const BUTTON: &str = "display:inline-block;padding:12px 22px;border-radius:6px;background-color:#426a9f;color:#ffffff;\
    font-weight:bold;text-decoration:none";
/// A long link breaks where it must.
const WHOLE: &str = "word-break:break-all";

/// The paragraphs as text, an empty line between two. Not wrapped yet.
pub(super) fn text(blocks: &[Block]) -> String {
    let paragraphs: Vec<String> = blocks
        .iter()
        .map(|block| match block {
            Block::Say(says) | Block::Figures { says, .. } | Block::Leads { says, .. } => says.clone(),
            Block::Way { says, link, .. } => format!("{says}\n\n{link}"),
        })
        .collect();
    paragraphs.join("\n\n")
}

/// The same as a page.
pub(super) fn page(words: &Words, subject: &str, blocks: &[Block]) -> String {
    // Some programs keep only what stands inside the body, so language and direction are said there again.
    let (language, direction) = (words.tag(), words.direction());
    let page = html! {
        (DOCTYPE)
        html lang=(language) dir=(direction) {
            (line_end())
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="supported-color-schemes" content="light dark";
                title { (subject) }
            }
            (line_end())
            body style=(BODY) {
                (line_end())
                div lang=(language) dir=(direction) style=(SHEET) {
                    @for block in blocks {
                        (line_end())
                        (set(words, block))
                    }
                    (line_end())
                }
            }
        }
    };
    page.into_string() + "\n"
}

fn set(words: &Words, block: &Block) -> Markup {
    match block {
        Block::Say(says) => paragraph(&lines(says)),
        Block::Figures { says, figures } => {
            paragraph(&around(says, figures, &html! { strong style=(FIGURES) { (figures) } }))
        }
        Block::Leads { says, to } => paragraph(&around(says, to, &html! { a href=(to) { (to) } })),
        Block::Way { says, press, link } => html! {
            (paragraph(&lines(says)))
            (line_end())
            (paragraph(&html! { a href=(link) style=(BUTTON) { (press) } }))
            (line_end())
            p style=(PARAGRAPH) {
                (words.say("mail.whole_link", &[]))
                br;
                a href=(link) style=(WHOLE) { (link) }
            }
        },
    }
}

fn paragraph(inside: &Markup) -> Markup {
    html! { p style=(PARAGRAPH) { (inside) } }
}

/// A sentence with its last `piece` set as it should look.
fn around(says: &str, piece: &str, look: &Markup) -> Markup {
    match says.rsplit_once(piece) {
        Some((before, after)) => html! { (lines(before)) (look) (lines(after)) },
        None => lines(says),
    }
}

fn lines(text: &str) -> Markup {
    html! {
        @for (at, line) in text.split('\n').enumerate() {
            @if at > 0 { br; }
            (line)
        }
    }
}

/// For whoever reads the source; a mail program does not see it.
fn line_end() -> Markup {
    PreEscaped("\n".to_owned())
}
