//! Rehearsed here: the program with a movable clock, for demonstration and tests. Loopback only, mail caught in an outbox (or sent to a test's own relay),
//! never packaged: this crate exists so that the program itself cannot hold a movable clock.

mod clock;
mod family;
mod hosts;
mod pages;
mod town;

use clock::TownClock;
use hosts::Hosts;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::net::TcpListener;
use town::Town;
use unsaid::assemble::assemble;
use unsaid::chance::MachineChance;
use unsaid::run::Stop;
use unsaid::settings::Settings;

#[expect(clippy::print_stderr, reason = "a program for the terminal")]
fn main() -> ExitCode {
    // `unsaid-town command adopt` is `unsaid adopt`: tests restore and adopt the house of a town with the program that they have.
    let words: Vec<std::ffi::OsString> = std::env::args_os().collect();
    if words.get(1).is_some_and(|word| word == "command") {
        return unsaid::cli::run_with(words.into_iter().skip(1));
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => {
            eprintln!("The town cannot start: {e}. Look at the machine's limits.");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(live()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(said) => {
            eprintln!("{said}");
            ExitCode::FAILURE
        }
    }
}

/// The town's own defaults, under whatever the environment says: a folder and a door beside the house's.
fn settings() -> Result<Settings, String> {
    let mut settings = Settings::from_process()
        .map_err(|wrong| wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
    if settings.data == Path::new("./data") {
        settings = Settings::from_env([
            ("UNSAID_DATA".to_owned(), "./town".to_owned()),
            ("UNSAID_LISTEN".to_owned(), "127.0.0.1:7171".to_owned()),
            ("UNSAID_PUBLIC_URL".to_owned(), "http://localhost:7171".to_owned()),
            ("UNSAID_HOUSE_NAME".to_owned(), "St Aldhelm's Hospice".to_owned()),
            ("UNSAID_ZONE".to_owned(), "Europe/London".to_owned()),
        ])
        .map_err(|wrong| wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
    }
    if !settings.listen.ip().is_loopback() || !settings.public_url.loopback {
        return Err(
            "The town is for this machine alone. Set UNSAID_LISTEN and UNSAID_PUBLIC_URL to localhost."
                .to_owned(),
        );
    }
    Ok(settings)
}

#[expect(clippy::print_stdout, reason = "a program for the terminal")]
async fn live() -> Result<(), String> {
    let settings = settings()?;
    unsaid::cli::log_to_stderr();
    std::fs::create_dir_all(&settings.data)
        .map_err(|e| format!("{} cannot be made: {e}. Look at its place.", settings.data.display()))?;
    let clock = Arc::new(
        TownClock::open(settings.data.join("town.clock"))
            .map_err(|e| format!("{e}. Remove the file to begin a new town."))?,
    );
    let listen = settings.listen;
    let origin = settings.public_url.origin.clone();
    let hosts = Hosts::of(&settings.time_hosts, &clock);
    let house = assemble(settings, clock.clone(), Arc::new(MachineChance), hosts.told.clone(), true)
        .await
        .map_err(|e| e.to_string())?;
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|e| format!("{listen} cannot be listened on: {e}. Stop what uses it."))?;
    let town = Arc::new(Town::new(house, clock, hosts));
    println!("The town is open at {origin}/town");
    println!("Every message that leaves is shown at {origin}/outbox");
    family::move_in(&town.app).await?;
    let stop = Stop::default();
    let stopped = stop.clone();
    let working = tokio::spawn({
        let (town, stop) = (town.clone(), stop.clone());
        async move { town.keep_working(stop).await }
    });
    let router = unsaid::http::router(town.app.clone()).merge(pages::routes(town.clone()));
    tokio::spawn(async move {
        let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        else {
            return;
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        stopped.stop();
    });
    let places = unsaid::http::serve::Places {
        most: town.app.settings.connections,
        share: town.app.settings.connections_share,
        trusted: town.app.settings.trusted_proxies.clone(),
    };
    let served = unsaid::http::serve::serve(listener, router, places, {
        let stop = stop.clone();
        async move { stop.asked().await }
    })
    .await;
    stop.stop();
    let _ended = working.await;
    served.map_err(|e| format!("The town's door broke: {e}. Start it again."))
}
