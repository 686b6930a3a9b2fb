//! `plimsoll demo`: a position from open to close, on a venue's own wire.

mod act;
mod ledger;
mod replay;
mod stage;
mod story;

use crate::failure::Failure;
use crate::venue::VenueName;
use clap::Args;
use stage::Stage;
use std::path::PathBuf;
use std::process::ExitCode;
use story::Story;

/// The guided tour: a position opened, guarded, watched and closed through a venue's own wire.
///
/// Starts a simulated exchange on loopback behind the venue's REST and WebSocket wire, connects the adapter that trades
/// live, and records every step in a database. Nothing leaves this machine.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll demo
  plimsoll demo --prices btc-1m.csv --database demo.db")]
pub(crate) struct Demo {
    /// Replay candles of a bitcoin market from this CSV file: timestamp,open,high,low,close,volume
    #[arg(long, conflicts_with = "seed")]
    prices: Option<PathBuf>,
    /// Generate the market from this seed
    #[arg(long, default_value_t = 3)]
    seed: u64,
    /// Keep the records in this SQLite file, or in postgres://user@host/name; without it they end with the demo
    #[arg(long, value_name = "FILE|URL")]
    database: Option<String>,
    /// Whose wire
    #[arg(long, value_enum, default_value = "binance")]
    venue: VenueName,
    /// Print JSON, one object a step
    #[arg(long)]
    json: bool,
}

impl Demo {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        super::runtime()?.block_on(self.tour())?;
        Ok(ExitCode::SUCCESS)
    }

    async fn tour(self) -> Result<(), Failure> {
        let story = Story::new(self.json);
        let (mut stage, ticks) = Stage::set(&self).await?;
        story.tell(&stage.introduced())?;
        story.tell(&act::open(&stage).await?)?;
        replay::month(&mut stage, ticks, &story).await?;
        act::thin_margin(&mut stage, &story).await?;
        act::close(&stage, &story).await?;
        ledger::print(&stage, &story).await?;
        stage.strike().await;
        Ok(())
    }
}
