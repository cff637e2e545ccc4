//! The program `unsaid`. All of it is in the library; this is its front door.

// Built in one go with the simulator, everything has its planted faults and its end at any step compiled in (unsaid_delivery::planted). For tests that is as good; nobody sends letters with it.
#[cfg(all(feature = "planted", not(debug_assertions)))]
compile_error!(
    "A program for letters is built without what the simulator needs. Build it alone: cargo build --release -p unsaid"
);

use std::process::ExitCode;

fn main() -> ExitCode {
    unsaid::cli::run()
}
