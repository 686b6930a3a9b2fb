//! `plimsoll run` without a configuration: a simulated venue, an account, a guarded position, a strategy, and the dashboard.

use crate::cli::target::Target;
use crate::cli::venue::{generated, replay};
use crate::config::find;
use crate::failure::Failure;
use crate::screen;
use crate::simulated::{Simulated, bitcoin, open_account};
use crate::venue::{Keys, VenueName};
use plimsoll_domain::{AccountId, Decimal, Direction, Leverage, Money, Quantity, Rounding, Symbol};
use plimsoll_exchange::Exchange;
use plimsoll_ports::{Clock, OpenIntent, StopLoss, SystemClock};
use plimsoll_venue_server::{AuthenticationClock, FaultPlan, Running};
use std::fs::OpenOptions;
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use tokio::task::JoinHandle;

/// What the account has.
const WALLET: u32 = 10_000;

/// The request weight of its venue in a minute, as Binance's own demo has it: a start and a dashboard that opens at once read a lot.
const WEIGHT: u32 = 6000;

/// What the position is worth that is opened to begin with.
const NOTIONAL: u32 = 2_000;

/// The leverage of the strategy that trades there by default: a contract has one, and would be set to that anyway.
const LEVERAGE: u32 = 2;

/// How far below the mark its stop is.
const STOP: Decimal = Decimal::from_parts(3, 0, 0, false, 2);

/// Where the dashboard is, unless somebody is there already.
const DASHBOARD: ([u8; 4], u16) = ([127, 0, 0, 1], 7878);

/// What names another strategy.
const CHOSEN: [&str; 2] = ["DEFAULT_FUTURES_STRATEGY", "PLIMSOLL_TRADING_DEFAULT_STRATEGY"];

/// The strategy that is shown.
const STRATEGY: &str = r#"
[strategies.grid]
kind = "grid"
on = "tryout BTC/USDT:USDT"
[strategies.grid.settings]
side = "long"
interval = "1m"
range_interval = "15m"
exposure = "0.2"
"#;

/// A try of the program: everything that it is made of goes with it.
pub(super) struct Tryout {
    folder: TempDir,
    venue: Arc<Running>,
    market: JoinHandle<()>,
}

/// Whether nothing is configured at all, and nothing is asked for that would need it.
pub(super) fn is_wanted(target: &Target) -> bool {
    let nothing = target.config.is_none() && target.account.is_none() && target.database.is_none() && !target.live;
    nothing && find::is_nowhere(&find::environment())
}

impl Tryout {
    /// Starts a venue on loopback whose market goes on, and writes a configuration for it; answers where that is, and what listens
    /// for the dashboard, unless that is wanted elsewhere.
    pub(super) async fn begin(serve: Option<SocketAddr>) -> Result<(Self, PathBuf, Option<TcpListener>), Failure> {
        // Whatever fails from here on, it goes with what it was made for.
        let folder = tempfile::Builder::new().prefix("plimsoll-tryout-").tempdir();
        let folder = folder.map_err(|error| unwritable(&std::env::temp_dir(), &error))?;
        let listed = bitcoin(VenueName::Binance);
        let seed = u64::try_from(SystemClock.now().as_micros()).unwrap_or(1);
        let (prices, ready) = generated(seed, &listed)?;
        let mut exchange = Exchange::new(prices.start);
        exchange.list(listed, prices.opening).map_err(Failure::usage)?;
        let mut ticks = prices.ticks.peekable();
        while let Some(tick) = ticks.next_if(|tick| tick.time < ready) {
            exchange.advance(&tick).map_err(Failure::usage)?;
        }
        let simulated = Simulated {
            listen: None,
            clock: AuthenticationClock::Wall,
            wallet: Money::new(WALLET.into()),
            for_ever: true,
            control: false,
            faults: FaultPlan::default(),
        };
        let venue = Arc::new(simulated.serve_binance(exchange, WEIGHT).await.map_err(Failure::usage)?);
        open_account(&venue, &AccountId::new("tryout"), &Keys::simulated("tryout", "tryout", ""))
            .map_err(Failure::usage)?;
        let (dashboard, bound) = match serve {
            Some(address) => (address, None),
            None => dashboard().map(|(address, bound)| (address, Some(bound)))?,
        };
        let config = write(folder.path(), &venue, dashboard)?;
        let running = Arc::clone(&venue);
        let market = tokio::spawn(async move {
            if let Err(failure) = replay(&running, ticks, ready, 1).await {
                tracing::warn!(why = failure.message(), "the simulated market has ended");
            }
        });
        Ok((Self { folder, venue, market }, config, bound))
    }

    /// Opens a position with its stop, so that there is something to see.
    pub(super) async fn open(target: &Target) -> Result<(), Failure> {
        let symbol: Symbol = "BTC/USDT:USDT".parse().map_err(Failure::usage)?;
        let desk = target.desk().await?;
        desk.reconcile().await?;
        let mark = desk.venue.feed.mark_price(&symbol).await.map_err(Failure::unanswered)?.price;
        let instrument = desk.venue.broker.instrument(&symbol).await.map_err(Failure::unanswered)?;
        let wanted = Quantity::new(Decimal::from(NOTIONAL) / mark.get()).map_err(Failure::usage)?;
        let quantity = wanted.round(instrument.lot, Rounding::Down).unwrap_or(instrument.min_quantity);
        let stop = plimsoll_domain::Price::new(mark.get() * (Decimal::ONE - STOP)).map_err(Failure::usage)?;
        let intent = OpenIntent {
            symbol,
            direction: Direction::Long,
            quantity,
            leverage: Leverage::new(LEVERAGE).map_err(Failure::usage)?,
            stop_loss: StopLoss::At(stop),
            take_profit: None,
        };
        let opened = desk.manager.open(&intent).await.map_err(Failure::no)?;
        desk.close().await;
        let stop = opened.stop_loss.stop().map(|stop| format!(", its stop at {} rests", stop.trigger));
        let (quantity, symbol, price) = (opened.quantity, opened.symbol, opened.price);
        screen::aside(format!("opened to begin with: long {quantity} {symbol} at {price}{}", stop.unwrap_or_default()));
        Ok(())
    }

    /// Nothing of it is left.
    pub(super) async fn end(self) {
        self.market.abort();
        // It was cancelled, as it should be.
        drop(self.market.await);
        if let Ok(venue) = Arc::try_unwrap(self.venue) {
            venue.shutdown().await;
        }
        let folder = self.folder.path().to_owned();
        if let Err(error) = self.folder.close() {
            tracing::warn!(%error, "{} is left", folder.display());
        }
    }
}

/// The configuration, and the keys that the venue knows, which are no secret.
fn write(folder: &Path, venue: &Running, dashboard: SocketAddr) -> Result<PathBuf, Failure> {
    for name in ["key", "secret"] {
        let path = folder.join(name);
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path);
        let written = file.as_mut().map_err(|error| unwritable(&path, error))?.write_all(b"tryout");
        written.map_err(|error| unwritable(&path, &error))?;
    }
    let (shown, config) = (folder.display(), folder.join("plimsoll.toml"));
    let (rest, sockets) = (venue.rest_url(), venue.ws_url());
    let environment = find::environment();
    // Whoever names a kind in the environment sees that one.
    let strategy = if CHOSEN.iter().any(|name| environment.contains_key(*name)) { "" } else { STRATEGY };
    let text = format!(
        r#"database = "sqlite:{shown}/plimsoll.db"
state = "{shown}/state"

[accounts.tryout]
venue = "binance"
environment = "loopback"
rest_url = "{rest}"
socket_url = "{sockets}"
key_file = "{shown}/key"
secret_file = "{shown}/secret"
margin_mode = "cross"
weight_limit = {WEIGHT}
symbols = "BTC/USDT:USDT"

[api]
listen = "{dashboard}"
{strategy}"#
    );
    std::fs::write(&config, text).map_err(|error| unwritable(&config, &error))?;
    Ok(config)
}

/// The usual place, or any that is free; what listens there keeps it for us, so that nobody who begins at the same moment takes it.
fn dashboard() -> Result<(SocketAddr, TcpListener), Failure> {
    let any = SocketAddr::from((DASHBOARD.0, 0));
    let bound = TcpListener::bind(SocketAddr::from(DASHBOARD)).or_else(|_| TcpListener::bind(any));
    let bound = bound.and_then(|listener| Ok((listener.local_addr()?, listener)));
    bound.map_err(|error| Failure::usage(format!("nothing can be served on this machine: {error}")))
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("cannot write {}: {error}", path.display()))
}

/// Said before anything else.
pub(super) fn greet(config: &Path, json: bool) -> Result<(), Failure> {
    if json {
        return Ok(());
    }
    screen::line(format!(
        "No configuration was found: this is a try on a simulated venue, with play money. Nothing leaves this machine, and\n\
         nothing is left of it. What it runs with is in {} while it lasts; your own begins\n\
         with `plimsoll config example > plimsoll.toml`.\n",
        config.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_opened_to_begin_with_has_the_leverage_that_the_strategy_there_sets() {
        let grid = plimsoll_strategies::kinds().into_iter().find(|kind| kind.name == "grid").unwrap();
        assert_eq!(grid.defaults["leverage"], LEVERAGE);
    }
}
