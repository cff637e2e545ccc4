//! The command line. One file a verb; each says what it did in a sentence, or what happened and what to do. Nothing here decides about letters.

mod adopt;
pub mod backup;
mod clock;
mod config;
mod doctor;
mod files;
mod invite;
mod keys;
mod names;
pub mod open;
mod parked;
mod progress;
mod receive;
mod seal;
mod serve;
mod sessions;
mod terminal;
mod verify;

pub use invite::invitation;
pub use serve::log_to_stderr;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Say it while you can. Unsaid keeps it safe, and sees that it arrives.
#[derive(Parser)]
#[command(name = "unsaid", version, about, long_about = None, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Open the house: pages, engine and mail, until SIGTERM.
    Serve,
    /// Print every setting, its value, its default and what it means.
    Config,
    /// Look at keys, mail, disk and clock, and say what to do where something is wrong.
    Doctor,
    /// What is held in this house, and why.
    Parked,
    /// Hold one delivery until it is released.
    Park {
        /// Its name, as the list shows it; or all-unforeseen, so that what waits for a look does not leave by itself.
        which: String,
    },
    /// Let a delivery go that is held: it is where it was.
    Release {
        /// Its name, as the list shows it; or all-unforeseen.
        which: String,
    },
    /// Hold all letters of this house. Codes, confirmations and check-ins leave.
    Hold,
    /// Let the letters of this house go again.
    GoOn,
    /// Seal a file, as the age tool does.
    Seal(seal::SealArgs),
    /// Open a sealed file, as the age tool does, or the folder of an exported letter.
    Open(open::OpenArgs),
    /// Say that this house, which was restored or moved, is the one that lives: it learns what its journals know, and sends letters again. The house has to be closed.
    Adopt {
        /// A folder of journals of another node, or a copy of one. As often as there are any.
        #[arg(long, value_name = "FOLDER")]
        journal: Vec<std::path::PathBuf>,
        /// The journal is gone for good, and nobody knows what left since the store was written.
        #[arg(long)]
        without_journal: bool,
    },
    /// Copy the store to a folder, beside an earlier backup there or new. The house may be open. Keys and journal are not in it.
    Backup {
        /// The folder.
        to: std::path::PathBuf,
    },
    /// Bring a backup back into an empty house. It looks at everything first, and overwrites nothing.
    Restore {
        /// The folder that unsaid backup has written.
        from: std::path::PathBuf,
    },
    /// Read everything that is stored and compare it with what it should be.
    Verify,
    /// The house's secrets.
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
    /// Print a link with which somebody makes an account.
    Invite {
        /// They will run this house, too.
        #[arg(long)]
        host: bool,
        /// Their name, as our messages may say it to those they write to.
        #[arg(long)]
        name: Option<String>,
    },
    /// Whose names our messages may say. Without more: everybody, and whether theirs is approved.
    Names {
        #[command(subcommand)]
        command: Option<NamesCommand>,
    },
    /// Take one message from the mail server, on standard input: mail that comes back, or an answer to a knock.
    Receive {
        /// To whom it came (the envelope's recipient). Without it, what the headers say.
        #[arg(long)]
        to: Option<String>,
    },
    /// Where people are signed in.
    Sessions {
        #[command(subcommand)]
        command: SessionsCommand,
    },
    /// The house's clock.
    Clock {
        #[command(subcommand)]
        command: ClockCommand,
    },
}

#[derive(Subcommand)]
enum KeysCommand {
    /// Type two words of the paper back, so that the house knows that there is one.
    Confirm,
    /// Make a new key that the house opens with. The old ones stay until nothing needs them.
    Rotate {
        /// Although the present key is not known to be on paper.
        #[arg(long)]
        yes: bool,
    },
    /// Forget an old key, when nothing that is kept needs it any more. The house has to be closed.
    Retire {
        /// The number in the line of that key: opening 1.
        generation: u32,
    },
}

#[derive(Subcommand)]
enum SessionsCommand {
    /// Sign somebody out everywhere: they come in again with a code or their kit.
    End {
        /// The address that they sign in with, or `all` for everybody.
        who: String,
    },
}

#[derive(Subcommand)]
enum NamesCommand {
    /// Our messages may say this name, as it is written now.
    Approve {
        /// The account, as the list shows it.
        account: String,
    },
    /// They may not any more.
    Withdraw {
        /// The account, as the list shows it.
        account: String,
    },
}

#[derive(Subcommand)]
enum ClockCommand {
    /// What time it is by this house, what each source says, who credits the time of service, and what holds letters back.
    Show,
    /// Say that this machine's clock is right, after it was off for more than forty days.
    Confirm,
}

/// Reads the command line and does what it says.
pub fn run() -> ExitCode {
    run_with(std::env::args_os())
}

/// Does what these words say; the first is the name of the program.
pub fn run_with(words: impl IntoIterator<Item = std::ffi::OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(words) {
        Ok(cli) => cli,
        // A mail server that called us wrongly keeps the message until the host has looked.
        Err(wrong) if wrong.use_stderr() && std::env::args().nth(1).as_deref() == Some("receive") => {
            complain(&wrong.to_string());
            return receive::keep_it();
        }
        Err(wrong) => wrong.exit(),
    };
    let done = match cli.command {
        Command::Serve => serve::serve(),
        Command::Config => config::config(),
        Command::Doctor => doctor::doctor(),
        Command::Parked => parked::list(),
        Command::Park { which } => parked::park(&which),
        Command::Release { which } => parked::release(&which),
        Command::Hold => parked::hold(),
        Command::GoOn => parked::go_on(),
        Command::Seal(args) => seal::seal(&args),
        Command::Open(args) => open::open(&args),
        Command::Keys { command: KeysCommand::Confirm } => keys::confirm(),
        Command::Keys { command: KeysCommand::Rotate { yes } } => keys::rotate(yes),
        Command::Keys { command: KeysCommand::Retire { generation } } => keys::retire(generation),
        Command::Adopt { journal, without_journal } => adopt::adopt(&journal, without_journal),
        Command::Backup { to } => backup::backup(&to),
        Command::Restore { from } => backup::restore(&from),
        Command::Verify => verify::verify(),
        Command::Receive { to } => Ok(receive::receive(to)),
        Command::Invite { host, name } => invite::invite(host, name.as_deref()),
        Command::Names { command: None } => names::list(),
        Command::Names { command: Some(NamesCommand::Approve { account }) } => names::approve(&account),
        Command::Names { command: Some(NamesCommand::Withdraw { account }) } => names::withdraw(&account),
        Command::Sessions { command: SessionsCommand::End { who } } => sessions::end(&who),
        Command::Clock { command: ClockCommand::Show } => clock::show(),
        Command::Clock { command: ClockCommand::Confirm } => clock::confirm(),
    };
    match done {
        Ok(code) => code,
        Err(said) => {
            complain(&said);
            ExitCode::FAILURE
        }
    }
}

/// What a human reads when something did not work: whole sentences, on standard error.
type Said = String;

#[expect(clippy::print_stderr, reason = "the command line speaks")]
fn complain(said: &str) {
    eprintln!("{said}");
}

#[expect(clippy::print_stdout, reason = "the command line speaks")]
fn say(line: &str) {
    println!("{line}");
}

/// The settings of this process, or all that is wrong with them.
fn settings() -> Result<crate::settings::Settings, Said> {
    crate::settings::Settings::from_process()
        .map_err(|wrong| wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

/// Runs one command to its end.
fn wait_for<T>(work: impl Future<Output = Result<T, Said>>) -> Result<T, Said> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| {
            format!("The program cannot start: {e}. Look at the machine's limits on processes and memory.")
        })?
        .block_on(work)
}
