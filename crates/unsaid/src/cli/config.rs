//! `unsaid config`: every setting with its value; secrets are masked.

use super::{Said, say, settings};
use std::process::ExitCode;

pub(super) fn config() -> Result<ExitCode, Said> {
    say(&crate::settings::print_config(&settings()?));
    Ok(ExitCode::SUCCESS)
}
