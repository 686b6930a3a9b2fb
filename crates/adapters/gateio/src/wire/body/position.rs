//! Positions, as answers and as pushes tell them.

use super::body_rows;
use super::order::{or_empty, sequence};
use crate::wire::moment::first_moment;
use crate::wire::symbols::{Reading, Traded};
use crate::wire::word;
use plimsoll_domain::{
    Decimal, Leverage, MarginMode, Money, Position, PositionMode, PositionReport, PositionSide, Price, Quantity, Stamp,
    Timestamp,
};
use plimsoll_venue::json::{self, DecodeError, Num, Text};
use plimsoll_venue::message;

/// What the venue writes for "no price liquidates this".
const NEVER: &str = "99999999";

message! {
    /// A position. Pushes have neither mark nor value nor unrealised profit.
    pub(crate) struct Row {
        required {
            contract = "contract": Text<'a>,
            size = "size": Num<'a>,
        }
        optional {
            mode = "mode": Option<Text<'a>>,
            entry_price = "entry_price": Num<'a>,
            mark_price = "mark_price": Num<'a>,
            liq_price = "liq_price": Num<'a>,
            unrealised_pnl = "unrealised_pnl": Num<'a>,
            realised_pnl = "realised_pnl": Num<'a>,
            history_pnl = "history_pnl": Num<'a>,
            leverage = "leverage": Num<'a>,
            cross_leverage_limit = "cross_leverage_limit": Num<'a>,
            lever = "lever": Num<'a>,
            pos_margin_mode = "pos_margin_mode": Option<Text<'a>>,
            margin = "margin": Num<'a>,
            maintenance_margin = "maintenance_margin": Num<'a>,
            time = "time": Num<'a>,
            time_ms = "time_ms": Num<'a>,
            update_time = "update_time": Num<'a>,
            update_id = "update_id": Num<'a>,
        }
    }
}

impl Row<'_> {
    /// Which position it is.
    pub(crate) fn side(&self, mode: PositionMode) -> Result<PositionSide, DecodeError> {
        word::position_side(or_empty(&self.mode), mode, "mode")
    }

    /// The report of an answer, which was so when it was asked for.
    fn asked(&self, traded: &Traded, mode: PositionMode) -> Result<PositionReport, DecodeError> {
        let time = first_moment(&[(self.update_time, "update_time"), (self.time, "time")])?.unwrap_or_default();
        let liquidation = self.liquidation_price()?;
        self.report(traded, mode, Stamp { time, sequence: sequence(self.update_id, 0, "update_id")? }, liquidation)
    }

    /// The report of a push. Its liquidation price is deprecated, and is left out rather than believed.
    pub(crate) fn pushed(
        &self,
        traded: &Traded,
        mode: PositionMode,
        sent: Timestamp,
        arrival: u64,
    ) -> Result<PositionReport, DecodeError> {
        let time = first_moment(&[(self.time_ms, "time_ms"), (self.time, "time")])?.unwrap_or(sent);
        self.report(traded, mode, Stamp { time, sequence: sequence(self.update_id, arrival, "update_id")? }, None)
    }

    fn report(
        &self,
        traded: &Traded,
        mode: PositionMode,
        stamp: Stamp,
        liquidation_price: Option<Price>,
    ) -> Result<PositionReport, DecodeError> {
        let position_side = self.side(mode)?;
        let margin_mode = self.margin_mode()?;
        Ok(PositionReport {
            symbol: traded.symbol.clone(),
            position_side,
            position: self.held(traded, position_side)?,
            mark_price: self.mark_price.maybe_price("mark_price")?,
            liquidation_price,
            unrealized_pnl: self.unrealised_pnl.maybe_money("unrealised_pnl")?,
            realized_pnl: self.realized()?,
            leverage: self.leverage(margin_mode)?,
            margin_mode,
            isolated_margin: match margin_mode {
                Some(MarginMode::Isolated) => self.margin.maybe_money("margin")?,
                _ => None,
            },
            maintenance_margin: self.maintenance_margin.maybe_money("maintenance_margin")?.filter(|it| !it.is_zero()),
            margin_ratio: None,
            stamp,
        })
    }

    fn held(&self, traded: &Traded, side: PositionSide) -> Result<Option<Position>, DecodeError> {
        let size = traded.base(self.size, "size")?;
        let held = Quantity::from_signed(size).map_err(|error| DecodeError::new(error.to_string(), "size"))?;
        let Some((quantity, direction)) = held else { return Ok(None) };
        if side.direction().is_some_and(|leg| leg != direction) {
            return Err(DecodeError::new(format!("{size} is not the size of a {side} leg"), "size"));
        }
        Ok(Some(Position { direction, quantity, entry: self.entry_price.price("entry_price")? }))
    }

    /// What the position brought so far and all before it: a count that goes on when a position closes and the venue
    /// moves its part into the history. Fees and funding are in it.
    fn realized(&self) -> Result<Option<Money>, DecodeError> {
        let now = self.realised_pnl.maybe_money("realised_pnl")?;
        let before = self.history_pnl.maybe_money("history_pnl")?;
        let sum = |(now, before): (Money, Money)| now.get().checked_add(before.get()).map(Money::new);
        Ok(now.zip(before).and_then(sum).or(now))
    }

    /// Said in a word by those who say it; else a leverage of 0 is "cross".
    fn margin_mode(&self) -> Result<Option<MarginMode>, DecodeError> {
        let said = word::margin_mode(or_empty(&self.pos_margin_mode), "pos_margin_mode")?;
        if said.is_some() || self.leverage.0.is_empty() {
            return Ok(said);
        }
        let cross = self.leverage.decimal("leverage")?.is_zero();
        Ok(Some(if cross { MarginMode::Cross } else { MarginMode::Isolated }))
    }

    /// In the field of its margin mode; where that is 0, nothing is set. A leverage in fractions is none of ours.
    fn leverage(&self, margin_mode: Option<MarginMode>) -> Result<Option<Leverage>, DecodeError> {
        let set = |number: Num<'_>, place: &str| {
            if number.0.is_empty() {
                return Ok(None);
            }
            let times = number.decimal(place)?;
            let whole = u32::try_from(times.trunc()).ok().filter(|it| Decimal::from(*it) == times);
            Ok::<_, DecodeError>(whole.and_then(|times| Leverage::new(times).ok()))
        };
        let by_mode = match margin_mode {
            Some(MarginMode::Cross) => set(self.cross_leverage_limit, "cross_leverage_limit")?,
            _ => set(self.leverage, "leverage")?,
        };
        Ok(by_mode.or(set(self.lever, "lever")?))
    }

    fn liquidation_price(&self) -> Result<Option<Price>, DecodeError> {
        if self.liq_price.0.starts_with('-') {
            self.liq_price.decimal("liq_price")?;
            return Ok(None);
        }
        let price = self.liq_price.maybe_price("liq_price")?;
        Ok(price.filter(|price| price.to_string() != NEVER))
    }
}

/// The positions of an answer, flat ones included: those tell how their contract is set. Rows of contracts that are not
/// listed are left out as long as they hold nothing.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn positions(body: &[u8], reading: Reading<'_>) -> Result<Vec<PositionReport>, DecodeError> {
    json::each(&body_rows::<Row<'_>>(body)?, |row| match reading.symbols.traded(row.contract.as_str()) {
        Ok(traded) => row.asked(&traded, reading.mode).map(Some),
        Err(_) if !reading.symbols.counts_contracts() && row.size.decimal("size")?.is_zero() => Ok(None),
        Err(error) => Err(error),
    })
}
