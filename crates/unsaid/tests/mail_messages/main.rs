//! Every message that this house writes: what it says, how it is set, what headers it has, and that nobody can write into them.
//! Each kind in each language is a file in snapshots/mail/.

mod headers;
mod hostile;
mod kinds;
mod page;
mod said;
mod snapshots;
mod spam;
