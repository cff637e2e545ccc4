//! `unsaid open`: a sealed file, with the age tool's flags and manners, or the whole folder of an exported letter. It needs no
//! house and no settings: after thirty years there may be none. Folders are `open/folder.rs`.

pub mod about;
mod cards;
mod folder;
mod keys;

use super::files::{self, Input, Output, Shown, TextOnly};
use super::progress::Progress;
use super::{Said, terminal};
use clap::Args;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use unsaid_seal::claim::read_claim_words;
use unsaid_seal::stream::{Sealed, StreamError};
use zeroize::Zeroizing;

#[derive(Args)]
pub(super) struct OpenArgs {
    /// A file with the key; may be given several times, - is standard input, and it may be under a passphrase itself.
    #[arg(short = 'i', long = "identity", value_name = "IDENTITY_FILE")]
    identities: Vec<PathBuf>,
    /// Take the passphrase, or the words of a card, from the first line of this file, where there is no terminal; keepers' cards, one a line.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Where the opened file goes (without it, and for -, standard output), or the opened folder.
    #[arg(short = 'o', long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// What is opened: a sealed file, or the folder of an exported letter. Without it, and for -, standard input.
    #[arg(value_name = "IN")]
    input: Option<PathBuf>,
}

pub(super) fn open(args: &OpenArgs) -> Result<ExitCode, Said> {
    if let Some(path) = args.input.as_deref().filter(|path| path.is_dir()) {
        super::serve::no_core_dumps();
        return folder::open(args, path);
    }
    let standard = args.identities.iter().filter(|path| files::is_standard(Some(path))).count();
    if standard > 1 || standard == 1 && files::is_standard(args.input.as_deref()) {
        return Err("Standard input can be read for one thing only. Name a file for the others.".to_owned());
    }
    super::serve::no_core_dumps();
    let mut input = files::input(args.input.as_deref())?;
    let (identities, lists) = keys::identities(args)?;
    let mut reads: Vec<&Input> = lists.iter().collect();
    reads.push(&input);
    let mut output = Output::open(args.output.as_deref(), Shown::Text, &reads)?;
    let mut sealed = head(&input, &output)?;
    let opened = if sealed.wants_passphrase() {
        if !args.identities.is_empty() {
            return Err(format!(
                "{} opens with a passphrase, and not with a key. Leave out -i, and it is asked for.",
                input.name
            ));
        }
        let typed = passphrase(args, &format!("Passphrase for {}:", input.name))?;
        let mut opened = sealed.open_with_passphrase(&typed, &mut shown(args, &mut output));
        // Words of a card may be typed in many ways; they are tried as typed first, because a passphrase may look like anything.
        if let (Err(StreamError::WrongPassphrase), true, Ok(words)) =
            (&opened, input.again, read_claim_words(&typed))
        {
            input = files::input(args.input.as_deref())?;
            sealed = head(&input, &output)?;
            opened = sealed.open_with_passphrase(&words, &mut shown(args, &mut output));
        }
        opened
    } else {
        if identities.is_empty() {
            return Err(format!("{} opens with a key. Name the file that holds it, with -i.", input.name));
        }
        sealed.open(&identities, &mut shown(args, &mut output))
    };
    match opened {
        Ok(_) => output.finish()?,
        Err(error) => return Err(not_opened(&input, &output, &error)),
    }
    Ok(ExitCode::SUCCESS)
}

/// The head of the file, read on behalf of whoever watches.
fn head<'a>(input: &'a Input, output: &Output) -> Result<Sealed<'a>, Said> {
    Sealed::read(Progress::of(&input.from, input.size, output.on_screen())).map_err(|error| match error {
        StreamError::NotSealed if input.size == Some(0) => {
            format!("{} is empty. Take another copy of it.", input.name)
        }
        StreamError::NotSealed if input.name.ends_with(".zip") => {
            format!("{} is a packed folder. Unpack it first, and name the folder that comes out.", input.name)
        }
        error => format!("{}: {error}", input.name),
    })
}

/// Text may go to a terminal as it is; bytes only when they are asked for with `-o -`.
fn shown<'a>(args: &OpenArgs, output: &'a mut Output) -> Box<dyn Write + 'a> {
    if args.output.is_none() && io::stdout().is_terminal() {
        Box::new(TextOnly(output))
    } else {
        Box::new(output)
    }
}

fn not_opened(input: &Input, output: &Output, error: &StreamError) -> Said {
    let name = &input.name;
    match error {
        StreamError::Write(e) if e.to_string().contains("take it for commands") => {
            format!(
                "What is in {name} is not text, and a terminal would take it for commands. Name a file with -o; -o - writes here all the same."
            )
        }
        StreamError::Write(_) if !output.left_something() => format!("{error} Nothing was left behind."),
        _ if output.left_something() => {
            format!("{name}: {error} WHAT CAME OUT SO FAR IS NOT WHOLE: do not take it for the file.")
        }
        StreamError::Damaged => format!("{name}: {error} Nothing was written."),
        _ => format!("{name}: {error}"),
    }
}

/// From the file that was named, or typed.
fn passphrase(args: &OpenArgs, question: &str) -> Result<Zeroizing<String>, Said> {
    match &args.passphrase_file {
        Some(path) => terminal::first_line(path),
        None => terminal::ask_unseen(question),
    }
}

/// A path in a sentence.
fn shown_path(path: &Path) -> String {
    path.display().to_string()
}
