//! Positions held against the trades that made them.

use super::Finding;
use async_trait::async_trait;
use plimsoll_domain::{Decimal, Money};
use plimsoll_ports::{LedgerListener, LedgerRecord, PositionRecord, StoreError, TradeRecord};
use std::collections::BTreeMap;

/// Every position, and what its trades add up to.
#[derive(Debug, Default)]
pub(super) struct Books {
    records: u64,
    positions: BTreeMap<i64, (PositionRecord, Sums)>,
}

#[derive(Debug, Default)]
struct Sums {
    trades: u32,
    opened: Decimal,
    closed: Decimal,
    realized_pnl: Decimal,
    fees: Decimal,
    /// A sum of them does not fit.
    too_large: bool,
}

const REMEDY: &str = "compare it with the venue's own history of trades; where the records were altered by hand, restore \
    the last backup";

#[async_trait]
impl LedgerListener for Books {
    async fn hear(&mut self, records: Vec<LedgerRecord>) -> Result<(), StoreError> {
        for record in records {
            self.records += 1;
            match record {
                LedgerRecord::Position(position) => {
                    self.positions.insert(position.id.0, (position, Sums::default()));
                }
                LedgerRecord::Trade(trade) => self.add(&trade),
                _ => {}
            }
        }
        Ok(())
    }
}

impl Books {
    /// How many records there are, of all kinds.
    pub(super) const fn records(&self) -> u64 {
        self.records
    }

    /// Every position that its trades contradict.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let wrong = self.positions.values().flat_map(|(position, sums)| contradictions(position, sums));
        wrong.map(|what| Finding { what, remedy: REMEDY.to_owned() }).collect()
    }

    fn add(&mut self, trade: &TradeRecord) {
        let Some((position, sums)) = trade.position.and_then(|id| self.positions.get_mut(&id.0)) else { return };
        let fill = &trade.fill;
        let closes = fill.side == position.opened.direction.closing_side();
        let in_settle = fill.fee_currency.as_ref().is_none_or(|currency| currency.as_str() == fill.symbol.settle());
        sums.trades += 1;
        let mut add = |sum: &mut Decimal, amount: Decimal| match sum.checked_add(amount) {
            Some(total) => *sum = total,
            None => sums.too_large = true,
        };
        add(if closes { &mut sums.closed } else { &mut sums.opened }, fill.quantity.get());
        if closes {
            add(&mut sums.realized_pnl, fill.realized_pnl.map_or(Decimal::ZERO, Money::get));
        }
        if in_settle {
            add(&mut sums.fees, fill.fee.get());
        }
    }
}

/// What cannot be true of both. A position that a flip opened or closed shares that fill with another, so that its sizes and
/// fees are not those of its own trades alone; its profit is.
fn contradictions(position: &PositionRecord, sums: &Sums) -> Vec<String> {
    let id = position.id.0;
    if sums.trades == 0 || sums.too_large {
        return Vec::new();
    }
    let Some(closed) = &position.closed else { return Vec::new() };
    let whole = sums.opened == sums.closed;
    let figures = [
        ("realised", closed.realized_pnl.get(), sums.realized_pnl, true),
        ("fees", closed.fees.get(), sums.fees, whole),
    ];
    let wrong = figures.into_iter().filter(|(_, record, trades, counts)| *counts && record != trades);
    wrong
        .map(|(what, record, trades, _)| {
            let symbol = &position.opened.symbol;
            format!(
                "position {id} ({symbol}): {what} {} on record, {} by its trades",
                record.normalize(),
                trades.normalize()
            )
        })
        .collect()
}
