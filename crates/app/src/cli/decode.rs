//! `plimsoll decode`: what captured messages mean.

mod object;
mod render;

use crate::failure::Failure;
use crate::screen;
use crate::venue::VenueName;
use clap::Args;
use object::Object;
use plimsoll_binance::wire::{self, Symbols, body};
use serde::Serialize;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What captured messages mean: one message a line on stdin, one line of JSON out for each.
///
/// A line that cannot be read gives {"error": "what, where"}, and the next one is read as if nothing had happened.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll decode --venue binance < frames.jsonl
  plimsoll decode --venue binance --endpoint 'GET /fapi/v3/positionRisk' < bodies.jsonl")]
pub(crate) struct Decode {
    /// The venue that sent them
    #[arg(long)]
    venue: VenueName,
    /// Which feed the messages are of; Binance's say so themselves
    #[arg(long, value_parser = ["private", "market"])]
    feed: Option<String>,
    /// They are REST bodies that answer this call, such as 'GET /fapi/v3/positionRisk'
    #[arg(long, conflicts_with = "feed")]
    endpoint: Option<String>,
    /// The venue's own list of contracts, for names that only it can tell (Binance: the body of exchangeInfo)
    #[arg(long)]
    instruments: Option<PathBuf>,
    /// Accepted for uniformity: the output is always JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Line {
    Events { events: Vec<Object> },
    Error { error: String },
}

impl Decode {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let VenueName::Binance = self.venue;
        let symbols = match &self.instruments {
            Some(file) => listed(file)?,
            None => Symbols::by_suffix(),
        };
        let mut output = std::io::BufWriter::new(std::io::stdout().lock());
        for (line, arrival) in std::io::stdin().lock().split(b'\n').zip(1..) {
            let line = line.map_err(|error| Failure::usage(format!("cannot read line {arrival} of stdin: {error}")))?;
            let decoded = self.decode(&line, &symbols, arrival);
            let text = serde_json::to_string(&decoded).map_err(Failure::usage)?;
            screen::written(writeln!(output, "{text}").and_then(|()| output.flush()))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn decode(&self, line: &[u8], symbols: &Symbols, arrival: u64) -> Line {
        let decoded = match &self.endpoint {
            Some(endpoint) => body::decode_endpoint(endpoint, line, symbols),
            None => wire::decode(line, symbols, arrival),
        };
        match decoded {
            Ok(events) => Line::Events { events: events.iter().flat_map(render::event).collect() },
            Err(error) => Line::Error { error: error.to_string() },
        }
    }
}

fn listed(file: &Path) -> Result<Symbols, Failure> {
    let unreadable = |error: &dyn std::fmt::Display| {
        Failure::usage(format!("cannot read {}: {error}", file.display()))
            .help("It holds the body of GET /fapi/v1/exchangeInfo.")
    };
    let text = std::fs::read(file).map_err(|error| unreadable(&error))?;
    let contracts = body::contracts(&text).map_err(|error| unreadable(&error))?;
    Ok(Symbols::listed(&contracts.contracts))
}
