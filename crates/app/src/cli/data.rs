//! `plimsoll data`: recorded markets, looked at, brought into another format, and downloaded.

mod bar;
mod check;
mod download;
mod import;

use crate::failure::Failure;
use clap::Subcommand;
use plimsoll_history::OpenError;
use std::process::ExitCode;

/// Recorded markets.
#[derive(Debug, Subcommand)]
pub(crate) enum Data {
    /// Say what is wrong with recorded candles, mark prices, funding rates or quotes
    Check(check::Check),
    /// Bring a file from CSV to Parquet or back, exactly
    Import(import::Import),
    /// Download a venue's candles or funding rates; a broken-off download goes on where it was
    Download(download::Download),
}

impl Data {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Check(check) => check.run(),
            Self::Import(import) => import.run(),
            Self::Download(download) => download.run(),
        }
    }
}

/// A file that is not there is a wrong use; one that holds something else is an answer.
pub(super) fn unopened(error: &OpenError) -> Failure {
    match error {
        OpenError::Io { .. } => Failure::usage(error),
        _ => Failure::no(error),
    }
}
