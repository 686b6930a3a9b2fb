//! The day that is simulated without a plan: three venues, five accounts, four strategies.

use crate::failure::Failure;
use plimsoll_domain::risk::RiskLimits;
use plimsoll_domain::{AccountId, Instrument, Money, Timestamp, VenueId};
use plimsoll_exchange::listings;
use plimsoll_ports::Strategy;
use plimsoll_simulation::{Market, SimulatedAccount, Simulation};
use plimsoll_strategies::Place;
use serde_json::{Value, json};

/// 2026-01-05 00:00:00 UTC.
pub(super) const START: Timestamp = Timestamp::from_millis(1_767_571_200_000);

/// What an account begins with, unless it is said.
const CAPITAL: i64 = 10_000;

/// A strategy as it is built.
struct Seat {
    kind: &'static str,
    name: &'static str,
    accounts: &'static [usize],
    settings: Value,
}

pub(super) struct Day {
    simulation: Simulation,
    seats: Vec<Seat>,
}

impl Day {
    pub(super) fn new(seed: u64, capital: Option<Money>) -> Result<Self, Failure> {
        let wallet = capital.unwrap_or(Money::new(CAPITAL.into()));
        let account = |id: &str, venue: &str| SimulatedAccount::new(AccountId::new(id), VenueId::new(venue), wallet);
        let accounts = vec![
            account("binance", "binance"),
            account("gateio", "gateio"),
            account("bitget", "bitget"),
            account("binance-carry", "binance"),
            account("bitget-carry", "bitget"),
        ];
        let market = |place: usize, instrument: Instrument, opening: &str| -> Result<Market, Failure> {
            let opening = opening.parse().map_err(Failure::usage)?;
            Ok(Market { account: accounts[place].id.clone(), instrument, opening })
        };
        let markets = vec![
            market(0, listings::btc_usdt(), "92000")?,
            market(1, listings::gateio::btc_usdt(), "92000")?,
            market(2, listings::bitget::eth_usdt(), "3150")?,
            market(3, listings::eth_usdt(), "3150")?,
            market(4, listings::bitget::eth_usdt(), "3150")?,
        ];
        let mut simulation = Simulation::new(START, seed, accounts, markets);
        simulation.limits = Some(RiskLimits::default());
        let seats = seats();
        simulation.label = seats.iter().map(|it| format!("{} {} {:?}; ", it.kind, it.settings, it.accounts)).collect();
        let day = Self { simulation, seats };
        day.build()?;
        Ok(day)
    }

    pub(super) fn simulation(&self) -> Simulation {
        self.simulation.clone()
    }

    /// The strategies, as new.
    pub(super) fn strategies(&self) -> Vec<Box<dyn Strategy>> {
        // They were built before.
        self.build().unwrap_or_default()
    }

    fn build(&self) -> Result<Vec<Box<dyn Strategy>>, Failure> {
        let one = |seat: &Seat| {
            let markets = seat.accounts.iter().filter_map(|place| self.simulation.markets.get(*place));
            let places: Vec<Place> = markets
                .map(|market| Place { account: market.account.clone(), symbol: market.instrument.symbol.clone() })
                .collect();
            plimsoll_strategies::build(seat.kind, seat.name, &places, &seat.settings).map_err(Failure::usage)
        };
        self.seats.iter().map(one).collect()
    }
}

fn seats() -> Vec<Seat> {
    vec![
        Seat {
            kind: "trend_switch",
            name: "trend",
            accounts: &[0],
            settings: json!({"timeframes": ["1m", "5m", "15m"], "fast": 8, "slow": 21, "volume_factor": "0"}),
        },
        Seat {
            kind: "grid",
            name: "grid",
            accounts: &[1],
            settings: json!({"interval": "1m", "range_interval": "15m", "exposure": "0.5"}),
        },
        Seat {
            kind: "volatility_breakout",
            name: "breakout",
            accounts: &[2],
            settings: json!({"interval": "1m", "squeeze_lookback": 60, "volume_factor": "0"}),
        },
        Seat {
            kind: "funding_arbitrage",
            name: "carry",
            accounts: &[3, 4],
            settings: json!({"horizon_hours": 72, "predicted_weight": "1", "equity_fraction": "0.3"}),
        },
    ]
}
