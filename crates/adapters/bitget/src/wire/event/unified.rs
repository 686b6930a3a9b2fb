//! Pushes of the unified account (API v3), which this adapter does not trade on. Its public liquidations are read: they
//! are those of the whole market, not of the account.

use super::{Arg, Context, each_row};
use crate::wire::word;
use plimsoll_domain::{MarketEvent, MarketLiquidation};
use plimsoll_venue::json::{Num, Text};
use plimsoll_venue::{DecodeError, Event, message};

message! {
    struct Row {
        required {
            symbol = "symbol": Text<'a>,
            side = "side": Text<'a>,
            price = "price": Num<'a>,
            amount = "amount": Num<'a>,
            time = "ts": Num<'a>,
        }
        optional {}
    }
}

pub(super) fn push(arg: &Arg<'_>, rows: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    if arg.name() != "liquidation" {
        let name: String = arg.name().chars().take(64).collect();
        return Ok(vec![Event::unknown(format!("{name} of the unified account"))]);
    }
    each_row(rows, |row: &Row<'_>| {
        Ok(vec![Event::Market(MarketEvent::Liquidation(MarketLiquidation {
            symbol: context.symbols.symbol(row.symbol.as_str())?,
            side: word::side(row.side.as_str(), "side")?,
            price: row.price.price("price")?,
            quantity: row.amount.quantity("amount")?,
            time: row.time.time("ts")?,
        }))])
    })
}
