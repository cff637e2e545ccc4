//! The house's look at a wrap that comes in: whether it carries its line and would open when its time comes. What a page locked for an older key of the house, because it
//! was loaded before a rotation, is locked for the present one before it is kept: so nothing that is promised anew needs an old key. Lets nothing out.

use crate::app::App;
use crate::peel::NotPeeled;
use unsaid_store::rows::WrapKind;

/// The wrap as it is to be kept, and the generation of the key that it is for: the present one.
pub(super) fn inspected(
    app: &App,
    wrap: Vec<u8>,
    subject: &str,
    version: u32,
    kind: WrapKind,
    letter_head: Option<&[u8]>,
) -> Result<(Vec<u8>, u32), NotPeeled> {
    let looked = app.peel.inspect(&wrap, subject, version, kind, letter_head);
    let generation = looked.inspect_err(|why| say(subject, version, kind, *why))?;
    if generation == app.peel.generation() {
        return Ok((wrap, generation));
    }
    app.peel.rewrap(&wrap, subject, version, kind)
}

/// The same before the letter itself is there: ours, and with the line of exactly this letter, version and kind. Anything else is not even stored, so that nothing lies here
/// which no key opens and for which old keys would be kept.
pub(super) fn bound(
    app: &App,
    wrap: Vec<u8>,
    subject: &str,
    version: u32,
    kind: WrapKind,
) -> Result<(Vec<u8>, u32), NotPeeled> {
    let renewed = app.peel.rewrap(&wrap, subject, version, kind);
    let (renewed, present) = renewed.inspect_err(|why| say(subject, version, kind, *why))?;
    // What is for the present key already stays byte for byte what was sent.
    if app.peel.made_for(&wrap) == Some(present) { Ok((wrap, present)) } else { Ok((renewed, present)) }
}

fn say(subject: &str, version: u32, kind: WrapKind, why: NotPeeled) {
    tracing::warn!(subject, version, kind = kind.name(), error = %why, "a wrap cannot be peeled");
}
