//! The program `unsaid`. All of it is in the library; this is its front door.

use std::process::ExitCode;

fn main() -> ExitCode {
    unsaid::cli::run()
}
