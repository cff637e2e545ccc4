//! `unsaid seal`: a file, sealed to recipients or under a passphrase, with the age tool's flags and manners; the age tool opens
//! it. It needs no house and no settings, and knows no letters.

use super::files::{self, Input, Output, Shown};
use super::progress::Progress;
use super::{Said, terminal};
use crate::chance::{Chance, MachineChance};
use clap::Args;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use unsaid_seal::claim::claim_words;
use unsaid_seal::stream::{
    Form, KeyTextError, Recipient, StreamError, read_recipients, seal_stream, seal_stream_with_passphrase,
};
use zeroize::Zeroizing;

#[derive(Args)]
pub(super) struct SealArgs {
    /// Who can open it: age1… or age1pq1…; may be given several times.
    #[arg(short = 'r', long = "recipient", value_name = "RECIPIENT")]
    recipients: Vec<String>,
    /// A file of recipients, one a line; may be given several times, and - is standard input.
    #[arg(short = 'R', long = "recipients-file", value_name = "FILE")]
    recipients_files: Vec<PathBuf>,
    /// Seal under a passphrase, asked for at the terminal; leave it empty there, and eight words are made.
    #[arg(short = 'p', long)]
    passphrase: bool,
    /// Seal under the passphrase in the first line of this file, where there is no terminal.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Write text instead of bytes, a third longer, that survives a mail.
    #[arg(short = 'a', long = "armor", visible_alias = "armour")]
    armour: bool,
    /// Where the sealed file goes; without it, and for -, standard output.
    #[arg(short = 'o', long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// What is sealed; without it, and for -, standard input.
    #[arg(value_name = "IN")]
    input: Option<PathBuf>,
}

/// Who can open it.
enum For {
    Recipients(Vec<Recipient>),
    Passphrase(Zeroizing<String>),
}

pub(super) fn seal(args: &SealArgs) -> Result<ExitCode, Said> {
    let by_passphrase = args.passphrase || args.passphrase_file.is_some();
    let by_recipients = !args.recipients.is_empty() || !args.recipients_files.is_empty();
    if by_passphrase && by_recipients {
        return Err(
            "A file under a passphrase has no other way of opening. Leave out either -p or the recipients."
                .to_owned(),
        );
    }
    if !by_passphrase && !by_recipients {
        return Err("Nobody is named who could open it. Give -r RECIPIENT, -R FILE, or -p for a passphrase."
            .to_owned());
    }
    let standard = args.recipients_files.iter().filter(|path| files::is_standard(Some(path))).count();
    if standard > 1 || standard == 1 && files::is_standard(args.input.as_deref()) {
        return Err("Standard input can be read for one thing only. Name a file for the others.".to_owned());
    }
    super::serve::no_core_dumps();
    let mut lists = Vec::new();
    let whom = if by_recipients {
        let recipients = recipients(args, &mut lists)?;
        refuse_mixtures(&recipients)?;
        For::Recipients(recipients)
    } else {
        For::Passphrase(Zeroizing::new(String::new()))
    };
    let input = files::input(args.input.as_deref())?;
    let mut reads: Vec<&Input> = lists.iter().collect();
    reads.push(&input);
    let what = if args.armour { Shown::Text } else { Shown::Bytes };
    let mut output = Output::open(args.output.as_deref(), what, &reads)?;
    // Asked for only when everything else is well: nobody likes to type a passphrase twice for nothing.
    let whom = match whom {
        For::Passphrase(_) => For::Passphrase(passphrase(args)?),
        recipients => recipients,
    };
    let form = if args.armour { Form::Armoured } else { Form::Binary };
    let mut from = Progress::of(&input.from, input.size, output.on_screen());
    let sealed = match &whom {
        For::Recipients(recipients) => seal_stream(recipients, form, &mut from, &mut output),
        For::Passphrase(passphrase) => seal_stream_with_passphrase(passphrase, form, &mut from, &mut output),
    };
    drop(from);
    match sealed {
        Ok(_) => output.finish()?,
        Err(error) => return Err(not_sealed(&input, &output, &error)),
    }
    Ok(ExitCode::SUCCESS)
}

fn not_sealed(input: &Input, output: &Output, error: &StreamError) -> Said {
    let about = if output.left_something() { " What came out is not whole: throw it away." } else { "" };
    match error {
        StreamError::Read(_) => format!("{}: {error}{about}", input.name),
        _ => format!("{error}{about}"),
    }
}

fn recipients(args: &SealArgs, lists: &mut Vec<Input>) -> Result<Vec<Recipient>, Said> {
    let mut all = Vec::new();
    for text in &args.recipients {
        all.push(text.trim().parse().map_err(|error| wrong_recipient(text, error))?);
    }
    for path in &args.recipients_files {
        all.extend(from_file(path, lists)?);
    }
    Ok(all)
}

fn wrong_recipient(text: &str, error: KeyTextError) -> Said {
    match error {
        // Never say a secret aloud, not even back to whoever typed it.
        KeyTextError::SecretGiven => error.to_string(),
        _ => format!("{}: {error}", text.chars().take(80).collect::<String>()),
    }
}

fn from_file(path: &Path, lists: &mut Vec<Input>) -> Result<Vec<Recipient>, Said> {
    let (bytes, input) = files::small(path)?;
    let found =
        read_recipients(&bytes).map_err(|(line, error)| format!("{}, line {line}: {error}", input.name))?;
    lists.push(input);
    Ok(found)
}

fn refuse_mixtures(recipients: &[Recipient]) -> Result<(), Said> {
    let safe = recipients.iter().filter(|recipient| recipient.is_post_quantum()).count();
    if safe == 0 || safe == recipients.len() { Ok(()) } else { Err(StreamError::Mixed.to_string()) }
}

/// From the file, or typed twice, or made when nothing is typed.
fn passphrase(args: &SealArgs) -> Result<Zeroizing<String>, Said> {
    if let Some(path) = &args.passphrase_file {
        return terminal::first_line(path);
    }
    let first = terminal::ask_unseen("Passphrase (leave it empty, and eight words are made):")?;
    if first.is_empty() {
        let mut random = Zeroizing::new([0; 10]);
        MachineChance.fill(&mut *random);
        let words = claim_words(&random);
        terminal::tell(&format!(
            "The passphrase is:\n\n    {}\n\nWrite it down: without it nobody opens the file, not even you.",
            *words
        ));
        return Ok(words);
    }
    if *terminal::ask_unseen("The same again:")? == *first {
        Ok(first)
    } else {
        Err("The two passphrases are not the same, so nothing was sealed. Type it twice, slowly.".to_owned())
    }
}
