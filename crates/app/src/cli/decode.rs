//! `plimsoll decode`: what captured messages mean.

mod object;
mod reader;
mod render;

use crate::failure::Failure;
use crate::screen;
use crate::venue::VenueName;
use clap::Args;
use object::Object;
use plimsoll_bitget::wire::Protocol;
use plimsoll_domain::PositionMode;
use reader::Reader;
use serde::Serialize;
use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// What captured messages mean: one message a line on stdin, one line of JSON out for each.
///
/// A line that cannot be read gives {"error": "what, where"}, and the next one is read as if nothing had happened. Where no
/// line at all could be read, the exit code is 1.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll decode --venue binance < frames.jsonl
  plimsoll decode --venue binance --endpoint 'GET /fapi/v3/positionRisk' \\
      < bodies.jsonl
  plimsoll decode --venue gateio --instruments contracts.json < frames.jsonl
  plimsoll decode --venue bitget --dialect mix-v1 < frames.jsonl")]
pub(crate) struct Decode {
    /// The venue that sent them
    #[arg(long)]
    venue: VenueName,
    /// Which feed the messages are of; they say so themselves
    #[arg(long, value_parser = ["private", "market"])]
    feed: Option<String>,
    /// They are REST bodies that answer this call, such as 'GET /fapi/v3/positionRisk'
    #[arg(long, conflicts_with = "feed")]
    endpoint: Option<String>,
    /// The venue's own list of contracts (Binance: the body of exchangeInfo): for names that only it can tell and, at
    /// Gate.io, for how much a contract is: without it sizes are contracts, and each event says "contracts": true
    #[arg(long, value_name = "FILE")]
    instruments: Option<PathBuf>,
    /// The account's position mode, which Gate.io's orders and trades do not say
    #[arg(long, default_value = "one_way")]
    position_mode: PositionMode,
    /// Which dialect Bitget's messages are in: v2, or mix-v1
    #[arg(long, default_value = "v2")]
    dialect: Protocol,
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
        let reader = Reader::of(self.venue, self.instruments.as_deref(), self.position_mode, self.dialect)?;
        let mut output = std::io::BufWriter::new(std::io::stdout().lock());
        let (mut lines, mut unread) = (0_u64, 0_u64);
        for (line, arrival) in std::io::stdin().lock().split(b'\n').zip(1..) {
            let line = line.map_err(|error| Failure::usage(format!("cannot read line {arrival} of stdin: {error}")))?;
            let decoded = self.decode(&line, &reader, arrival);
            lines += 1;
            unread += u64::from(matches!(decoded, Line::Error { .. }));
            let text = serde_json::to_string(&decoded).map_err(Failure::usage)?;
            screen::written(writeln!(output, "{text}").and_then(|()| output.flush()))?;
        }
        Ok(if lines > 0 && unread == lines { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    fn decode(&self, line: &[u8], reader: &Reader, arrival: u64) -> Line {
        match reader.read(self.endpoint.as_deref(), line, arrival) {
            Ok(events) => {
                let objects = events.iter().flat_map(render::event);
                let in_contracts =
                    |object: Object| if reader.counts_contracts() { object.in_contracts() } else { object };
                Line::Events { events: objects.map(in_contracts).collect() }
            }
            Err(error) => Line::Error { error: error.to_string() },
        }
    }
}
