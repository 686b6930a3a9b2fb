//! `plimsoll venue`: the simulated exchange, served on loopback with a venue's wire.

use crate::failure::Failure;
use crate::prices::Prices;
use crate::screen;
use crate::simulated::{Simulated, bitcoin, open_account};
use crate::venue::{Keys, VenueName};
use clap::Args;
use plimsoll_domain::{AccountId, Instrument, Money, Price, Timestamp};
use plimsoll_exchange::{Exchange, Tick};
use plimsoll_ports::{Clock, SystemClock};
use plimsoll_venue_server::FaultPlan;
use plimsoll_venue_server::{AuthenticationClock, Running};
use serde::Serialize;
use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Serve the simulated exchange with a venue's wire on loopback, until stopped.
///
/// Prints one line of JSON with its addresses when it is ready. Any client of that venue can trade against it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll venue --speak binance --seed 7 --key k --secret s
  plimsoll venue --speak binance --faults seed=7,drop=0.02,half-open@120s

What can go wrong, and how it is said, is told by --help.")]
#[command(after_long_help = after_long_help())]
pub(crate) struct Venue {
    /// Whose wire
    #[arg(long, value_enum)]
    speak: VenueName,
    /// Where to listen, on loopback; port 0 takes any that is free
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Replay candles from this CSV file
    #[arg(long, conflicts_with = "seed")]
    prices: Option<PathBuf>,
    /// Generate prices from this seed
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The API key of the account
    #[arg(long, default_value = "simulated-key")]
    key: String,
    /// The API secret of the account
    #[arg(long, default_value = "simulated-secret")]
    secret: String,
    /// The passphrase of the API key, on venues that have one
    #[arg(long, default_value = "simulated-passphrase")]
    passphrase: String,
    /// What the account has, in USDT
    #[arg(long, default_value = "10000", allow_negative_numbers = true)]
    wallet: Money,
    /// How much faster than the wall clock the market goes
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    speed: u32,
    /// What goes wrong, how often and when; decided by its own seed
    #[arg(long, value_name = "SPEC")]
    faults: Option<FaultPlan>,
    /// Take faults from other processes over HTTP too: GET, POST and DELETE of /plimsoll/faults. --faults implies it
    #[arg(long)]
    control: bool,
    /// Accepted for uniformity: the output is always JSON
    #[arg(long)]
    json: bool,
}

fn after_long_help() -> String {
    format!(
        "\
Examples:
  plimsoll venue --speak binance --seed 7 --key k --secret s
  plimsoll venue --speak binance --faults seed=7,drop=0.02,half-open@120s
  plimsoll venue --speak binance --faults timeout-after=place:0.05,skew=-3s
  curl -X POST -d maintenance http://127.0.0.1:PORT/plimsoll/faults/more
  curl -X DELETE http://127.0.0.1:PORT/plimsoll/faults

Faults:
{}",
        plimsoll_venue_server::faults::guide()
    )
}

/// The price of a generated market before its first tick.
const OPENING: u32 = 60_000;

/// What a generated market has behind it when the venue is ready: candles and fundings to ask for.
const HISTORY: Duration = Duration::from_secs(86_400);

#[derive(Serialize)]
struct Ready<'a> {
    venue: &'a str,
    rest: String,
    ws: String,
    key: &'a str,
    symbols: Vec<String>,
    /// What goes wrong, as it can be said again.
    #[serde(skip_serializing_if = "Option::is_none")]
    faults: Option<String>,
}

impl Venue {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        super::runtime()?.block_on(self.serve())?;
        Ok(ExitCode::SUCCESS)
    }

    async fn serve(self) -> Result<(), Failure> {
        if self.wallet.is_negative() {
            return Err(Failure::usage(format!("a wallet is 0 or more, got {}", self.wallet)));
        }
        if self.key.is_empty() || self.secret.is_empty() {
            return Err(Failure::usage("--key and --secret are not empty: nobody could sign in"));
        }
        let bitcoin = bitcoin(self.speak);
        let (prices, ready) = self.market(&bitcoin)?;
        let mut exchange = Exchange::new(prices.start);
        let symbols = vec![bitcoin.symbol.to_string()];
        exchange.list(bitcoin, prices.opening).map_err(Failure::usage)?;
        let mut ticks = prices.ticks.peekable();
        while let Some(tick) = ticks.next_if(|tick| tick.time < ready) {
            exchange.advance(&tick).map_err(Failure::usage)?;
        }
        let simulated = Simulated {
            listen: Some(self.listen),
            clock: AuthenticationClock::Wall,
            wallet: self.wallet,
            for_ever: false,
            control: self.control || self.faults.is_some(),
            faults: self.faults.clone().unwrap_or_default(),
        };
        let venue = simulated.serve(self.speak, exchange).await.map_err(|error| {
            let why = error.source().map(|source| format!(": {source}")).unwrap_or_default();
            Failure::usage(format!("{error}{why}"))
                .help("Choose a free port of 127.0.0.1 with --listen 127.0.0.1:PORT, or 0 for any.")
        })?;
        let keys = Keys::simulated(&self.key, &self.secret, &self.passphrase);
        open_account(&venue, &AccountId::new("main"), &keys).map_err(Failure::usage)?;
        let faults = self.faults.as_ref().map(ToString::to_string);
        let (rest, ws) = (venue.rest_url(), venue.ws_url());
        screen::json(&Ready { venue: self.speak.as_str(), rest, ws, key: &self.key, symbols, faults })?;
        tokio::select! {
            ended = replay(&venue, ticks, ready, self.speed) => ended?,
            stopped = super::signals::stopped() => stopped?,
        }
        venue.shutdown().await;
        Ok(())
    }
}

impl Venue {
    /// The market, and the moment of it at which the venue is ready: that of the first recorded candle, or now.
    fn market(&self, bitcoin: &Instrument) -> Result<(Prices, Timestamp), Failure> {
        if let Some(file) = &self.prices {
            let prices = Prices::recorded(file, bitcoin)?;
            let start = prices.start;
            return Ok((prices, start));
        }
        generated(self.seed, bitcoin)
    }
}

/// A market that has a day behind it now.
pub(crate) fn generated(seed: u64, bitcoin: &Instrument) -> Result<(Prices, Timestamp), Failure> {
    let (now, opening) = (SystemClock.now(), Price::new(OPENING.into()).map_err(Failure::usage)?);
    let start = now.minus(HISTORY);
    Ok((Prices::generated(seed, bitcoin, start, opening, Duration::from_secs(1)), now))
}

/// Lets the market go on from `ready` at its speed; once the prices end, it stands still until the venue is stopped.
pub(crate) async fn replay(
    venue: &Running,
    ticks: impl Iterator<Item = Tick>,
    ready: Timestamp,
    speed: u32,
) -> Result<(), Failure> {
    let started = tokio::time::Instant::now();
    for tick in ticks {
        tokio::time::sleep_until(started + tick.time.since(ready) / speed).await;
        venue.advance([&tick]).map_err(Failure::usage)?;
    }
    std::future::pending().await
}
