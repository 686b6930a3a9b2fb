//! What is listed: so many contracts like a venue's ether.

use super::venue::Wire;
use plimsoll_domain::{Instrument, Price, Symbol};
use plimsoll_exchange::{Exchange, listings};

/// Contracts of this number, as this venue lists them.
#[must_use]
pub fn contracts(wire: Wire, count: usize) -> Vec<Instrument> {
    (0..count).map(|number| contract(wire, number)).collect()
}

fn contract(wire: Wire, number: usize) -> Instrument {
    let base = format!("SOAK{number}");
    let (like, native) = match wire {
        Wire::Binance => (listings::eth_usdt(), format!("{base}USDT")),
        Wire::Gateio => (listings::gateio::eth_usdt(), format!("{base}_USDT")),
        Wire::Bitget => (listings::bitget::eth_usdt(), format!("{base}USDT")),
    };
    let symbol = Symbol::new(&base, "USDT", "USDT").expect("a symbol");
    Instrument { symbol, native: native.into(), ..like }
}

/// What each of them costs at first.
#[must_use]
pub fn opening() -> Price {
    "3000".parse().expect("a price")
}

/// Lists them.
pub fn list(exchange: &mut Exchange, contracts: &[Instrument]) {
    for contract in contracts {
        exchange.list(contract.clone(), opening()).expect("a listing");
    }
}
