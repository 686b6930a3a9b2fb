//! Serves an exchange with Bitget's wire on loopback until stdin closes or ctrl-c, at a price that wanders a little.
//!
//! Prints one line of JSON when it is ready. `cargo run -p plimsoll-venue-server --example bitget -- [price]`

use plimsoll_domain::{AccountId, Price, Timestamp};
use plimsoll_exchange::listings::bitget as listings;
use plimsoll_exchange::{Exchange, Tick};
use plimsoll_venue_server::BitgetVenue;
use plimsoll_venue_server::bitget::Settings;
use rust_decimal::Decimal;
use secrecy::SecretString;
use std::error::Error;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::oneshot;

const KEY: &str = "conformance-key";
const SECRET: &str = "conformance-secret";
const PASSPHRASE: &str = "conformance-passphrase";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let price: Price = std::env::args().nth(1).as_deref().unwrap_or("60000").parse()?;
    // A day of history, so that candles, funding and its records are there to be asked for.
    let now = Timestamp::from_millis(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?);
    let start = now.minus(Duration::from_secs(86_400));
    let mut exchange = Exchange::new(start);
    let bitcoin = listings::btc_usdt();
    exchange.list(bitcoin.clone(), price)?;
    exchange.list(listings::eth_usdt(), "3000".parse()?)?;
    let step = bitcoin.tick.get();
    let tick = |time: Timestamp, number: u32| -> Result<Tick, Box<dyn Error>> {
        let last = Price::new(price.get() + step * Decimal::from(number % 3))?;
        Ok(Tick::at(bitcoin.symbol.clone(), time, last))
    };
    let mut time = start;
    for number in 0.. {
        time = time.plus(Duration::from_secs(60));
        if time >= now {
            break;
        }
        exchange.advance(&tick(time, number)?)?;
    }
    let venue = BitgetVenue::start(exchange, Settings::default()).await?;
    let account = AccountId::new("conformance");
    venue.open_account_with_passphrase(&account, KEY, SecretString::from(SECRET), SecretString::from(PASSPHRASE))?;
    let (rest, ws) = (venue.rest_url(), venue.ws_url());
    println!(
        r#"{{"venue":"bitget","rest":"{rest}","ws":"{ws}","key":"{KEY}","secret":"{SECRET}","passphrase":"{PASSPHRASE}"}}"#
    );

    let mut over = stdin_closed();
    let mut beat = tokio::time::interval(Duration::from_millis(250));
    for number in 0.. {
        tokio::select! {
            _ = beat.tick() => {}
            _ = &mut over => break,
            _ = tokio::signal::ctrl_c() => break,
        }
        let micros = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros())?;
        venue.advance([&tick(Timestamp::from_micros(micros), number)?])?;
    }
    venue.shutdown().await;
    Ok(())
}

/// Resolves when whoever started this has closed our stdin.
fn stdin_closed() -> oneshot::Receiver<()> {
    let (over, closed) = oneshot::channel();
    std::thread::spawn(move || {
        // An error is an end as well.
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        let _ = over.send(());
    });
    closed
}
