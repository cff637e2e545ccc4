//! `unsaid serve`: opens the house and keeps it open until SIGTERM or Ctrl-C.

use super::invite::invitation;
use super::{Said, complain, say, settings};
use crate::assemble::{Assembled, assemble};
use crate::chance::MachineChance;
use crate::clock::MachineClock;
use crate::outward::Network;
use crate::run::{Stop, open};
use crate::secrets::FILE;
use crate::settings::Mail;
use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use unsaid_store::rows::Role;

pub(super) fn serve() -> Result<ExitCode, Said> {
    let settings = settings()?;
    settings
        .may_serve()
        .map_err(|wrong| wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
    log_to_stderr();
    no_core_dumps();
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| {
            format!("The program cannot start: {e}. Look at the machine's limits on processes and memory.")
        })?
        .block_on(async {
            let listen = settings.listen;
            let network = Arc::new(Network::new());
            let house = assemble(settings, Arc::new(MachineClock), Arc::new(MachineChance), network, false)
                .await
                .map_err(|e| e.to_string())?;
            let listener = TcpListener::bind(listen).await.map_err(|e| {
                format!("{listen} cannot be listened on: {e}. Stop what uses it, or set UNSAID_LISTEN.")
            })?;
            welcome(&house).await.map_err(|e| e.to_string())?;
            let stop = Stop::default();
            tokio::try_join!(
                async { open(house, listener, stop.clone()).await.map_err(|e| e.to_string()) },
                async {
                    asked_to_stop().await?;
                    stop.stop();
                    Ok(())
                }
            )?;
            Ok(ExitCode::SUCCESS)
        })
}

/// Says where to look.
async fn welcome(house: &Assembled) -> Result<(), unsaid_store::StoreError> {
    let app = &house.app;
    let origin = &app.settings.public_url.origin;
    say(&format!("Unsaid is open at {origin}"));
    if matches!(app.settings.mail, Mail::Outbox) {
        say(&format!(
            "Mail goes nowhere yet: it is caught in {} and shown at {origin}/outbox",
            app.settings.outbox_folder().display()
        ));
    }
    if house.keys_are_new {
        say(&format!("The house's secrets were made just now: {}", app.settings.keys.join(FILE).display()));
        say("Write both lines of words down on paper, then run: unsaid keys confirm");
    } else if !app.store.house().await?.keys_confirmed {
        complain(
            "The house's secrets are not known to be on paper. Write them down and run: unsaid keys confirm",
        );
    }
    if app.store.house().await?.accounts == 0 {
        let link =
            invitation(&*app.store, origin, (Role::Host, None), app.time.now().trusted, &*app.chance).await?;
        say("Nobody lives here yet. This link makes the first account, the host's, within a day:");
        say(&format!("  {link}"));
    }
    Ok(())
}

async fn asked_to_stop() -> Result<(), Said> {
    let wrong = |e: std::io::Error| format!("Signals cannot be heard: {e}. Look at the machine's limits.");
    let mut terminate = signal(SignalKind::terminate()).map_err(wrong)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(wrong)?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Logs hold ids, kinds, states and counts, never words, addresses or tokens; to standard error, for whatever keeps logs on this machine.
pub fn log_to_stderr() {
    let filter = tracing_subscriber::EnvFilter::new("info");
    // A second call, as in tests, changes nothing.
    let _already = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        // Colours are for a terminal; in a file or a journal they hide words from a search.
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .try_init();
}

/// A crash must not write keys to a disk.
pub(super) fn no_core_dumps() {
    let none = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
    if rustix::process::setrlimit(rustix::process::Resource::Core, none).is_err() {
        complain("Core dumps cannot be turned off here. Set LimitCORE=0 where this service is started.");
    }
}
