//! The prices of a grid, and its cells.

use super::settings::{GridSettings, GridSide, Spacing};
use crate::settings::beyond;
use crate::{float, text};
use plimsoll_domain::liquidation::{self, Leg};
use plimsoll_domain::{
    Decimal, Direction, Instrument, Leverage, Liquidation, Money, Position, Price, Quantity, Rounding, margin,
};
use serde::{Deserialize, Serialize};

/// A grid: its cells, what each trades, and where all of it ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lines {
    #[serde(with = "text")]
    pub(super) lower: Price,
    #[serde(with = "text")]
    pub(super) upper: Price,
    pub(super) cells: Vec<Cell>,
    /// What each cell trades.
    #[serde(with = "text")]
    pub(super) quantity: Quantity,
    /// How many times.
    pub(super) leverage: u32,
    #[serde(with = "text")]
    pub(super) stop_below: Price,
    #[serde(with = "text")]
    pub(super) stop_above: Price,
}

/// Two neighbouring prices: at one it opens, at the other it closes what it opened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cell {
    #[serde(with = "text")]
    pub(super) way: Direction,
    #[serde(with = "text")]
    pub(super) entry: Price,
    #[serde(with = "text")]
    pub(super) exit: Price,
    /// How much of what is held is its own.
    #[serde(with = "text")]
    pub(super) held: Decimal,
}

impl Lines {
    /// A grid around `price`, or why there can be none.
    pub(super) fn around(
        price: Price,
        atr: f64,
        settings: &GridSettings,
        instrument: &Instrument,
        equity: Money,
    ) -> Result<Self, String> {
        let ranges = |times: Decimal| float::distance(atr * float::of(times), instrument.tick, Rounding::Up);
        let no_range = || format!("a range of {} is less than a tick", float::shown(atr));
        let half = ranges(settings.range_atr.0).ok_or_else(no_range)?;
        let too_wide = || format!("a range of {} reaches below a price of 0", float::shown(atr));
        let lower = Price::new(price.get() - half).map_err(|_| too_wide())?;
        let upper = Price::new(price.get() + half).map_err(|_| too_wide())?;
        let prices = prices(lower, upper, settings, instrument).ok_or_else(too_wide)?;
        beats_fees(&prices, settings, instrument)?;
        let outside = ranges(settings.stop_atr.0).ok_or_else(no_range)?;
        let stop_below = beyond(instrument, Direction::Long, lower, outside).ok_or_else(too_wide)?;
        let stop_above = beyond(instrument, Direction::Short, upper, outside).ok_or_else(too_wide)?;
        let mut cells: Vec<Cell> = cells(&prices, settings.side);
        let most = [Direction::Long, Direction::Short].map(|way| cells.iter().filter(|cell| cell.way == way).count());
        let most = Decimal::from(most[0].max(most[1]));
        let wanted = equity.get().saturating_mul(settings.exposure.0) / (most * upper.get());
        let small = || format!("{} of a cell is too little for an order", wanted.round_dp(8).normalize());
        let quantity =
            Quantity::new(wanted).map_err(|_| small())?.round(instrument.lot, Rounding::Down).ok_or_else(small)?;
        let quantity = instrument.market_size(quantity, lower).map_err(|error| error.to_string())?;
        let allowed = instrument.max_leverage(Money::new(quantity.get() * most * upper.get()));
        let leverage = Leverage::new(settings.leverage).map_err(|error| error.to_string())?.min(allowed);
        if settings.exposure.0 >= leverage.as_decimal() {
            return Err(format!(
                "at a leverage of {leverage} an exposure of {} leaves nothing for losses",
                settings.exposure
            ));
        }
        cells.sort_by_key(|cell| cell.entry);
        let lines = Self { lower, upper, cells, quantity, leverage: leverage.get(), stop_below, stop_above };
        lines.stops_before_liquidation(instrument)?;
        Ok(lines)
    }

    pub(super) fn stop(&self, way: Direction) -> Price {
        match way {
            Direction::Long => self.stop_below,
            Direction::Short => self.stop_above,
        }
    }

    pub(super) fn times(&self) -> Leverage {
        Leverage::new(self.leverage).unwrap_or(Leverage::ONE)
    }

    pub(super) fn holds(&self, price: Price) -> bool {
        self.lower <= price && price <= self.upper
    }

    /// With every cell of a side filled, its stop has to come before its liquidation.
    fn stops_before_liquidation(&self, instrument: &Instrument) -> Result<(), String> {
        for way in [Direction::Long, Direction::Short] {
            let entries = || self.cells.iter().filter(|cell| cell.way == way).map(|cell| cell.entry.get());
            let count = Decimal::from(entries().count());
            let mean = entries().sum::<Decimal>().checked_div(count).and_then(|mean| Price::new(mean).ok());
            let (Some(entry), Ok(quantity)) = (mean, Quantity::new(self.quantity.get() * count)) else { continue };
            let position = Position { direction: way, quantity, entry };
            let own = margin::initial(position.notional(entry), self.times());
            let leg = Leg { position, tiers: &instrument.tiers };
            let due = liquidation::isolated(leg, own, instrument.liquidation_fee, Some(entry));
            let stop = self.stop(way);
            let safe = matches!(due, Liquidation::Bounds(bounds) if bounds.holds(stop));
            if !safe {
                return Err(format!("with every cell filled a {way} would be liquidated before its stop at {stop}"));
            }
        }
        Ok(())
    }

    /// Makes what the cells hold add up to what is held: what is too much goes to cells in the order given by `is_likely`,
    /// then from the price outwards; what is missing is taken from the cells whose exit is nearest.
    pub(super) fn settle(&mut self, held: Option<(Direction, Decimal)>, is_likely: impl Fn(usize) -> bool) {
        let (way, total) = held.map_or((None, Decimal::ZERO), |(way, total)| (Some(way), total));
        for cell in &mut self.cells {
            if Some(cell.way) != way {
                cell.held = Decimal::ZERO;
            }
        }
        let Some(way) = way else { return };
        // From the centre outwards: the order in which cells fill. They empty the other way round.
        let mut order: Vec<usize> = (0..self.cells.len()).filter(|index| self.cells[*index].way == way).collect();
        if way == Direction::Long {
            order.reverse();
        }
        let mut over = total - self.held(way);
        for index in order.iter().copied().filter(|index| is_likely(*index)).chain(order.iter().copied()) {
            let cell = &mut self.cells[index];
            let taken = over.min(self.quantity.get() - cell.held).max(Decimal::ZERO);
            cell.held += taken;
            over -= taken;
        }
        for index in order.iter().rev() {
            let cell = &mut self.cells[*index];
            let given = (-over).min(cell.held).max(Decimal::ZERO);
            cell.held -= given;
            over += given;
        }
    }

    pub(super) fn held(&self, way: Direction) -> Decimal {
        self.cells.iter().filter(|cell| cell.way == way).map(|cell| cell.held).sum()
    }
}

fn prices(lower: Price, upper: Price, settings: &GridSettings, instrument: &Instrument) -> Option<Vec<Price>> {
    let steps = settings.levels.saturating_sub(1).max(1);
    let (low, high) = (lower.get(), upper.get());
    let at = |level: u32| match settings.spacing {
        Spacing::Arithmetic => Some(low + (high - low) * Decimal::from(level) / Decimal::from(steps)),
        Spacing::Geometric => {
            let share = f64::from(level) / f64::from(steps);
            Decimal::from_f64_retain(float::of(low) * (float::of(high) / float::of(low)).powf(share))
        }
    };
    (0..=steps).map(|level| Price::new(at(level)?).ok()?.round(instrument.tick, Rounding::Down)).collect()
}

/// Whether every cell earns what it has to, after both its fees and a tick.
fn beats_fees(prices: &[Price], settings: &GridSettings, instrument: &Instrument) -> Result<(), String> {
    for pair in prices.windows(2) {
        let &[low, high] = pair else { continue };
        let apart = high.get() - low.get();
        let fees = (low.get() + high.get()) * instrument.fees.maker.get();
        let needed = fees + instrument.tick.get() + low.get() * settings.min_profit.0;
        if apart < needed {
            return Err(format!(
                "prices {low} and {high} are {apart} apart, and fees and profit take {}",
                needed.normalize()
            ));
        }
    }
    Ok(())
}

fn cells(prices: &[Price], side: GridSide) -> Vec<Cell> {
    let count = prices.len().saturating_sub(1);
    let way = |index: usize| match side {
        GridSide::Long => Some(Direction::Long),
        GridSide::Short => Some(Direction::Short),
        GridSide::Neutral if 2 * index + 1 < count => Some(Direction::Long),
        GridSide::Neutral if 2 * index + 1 > count => Some(Direction::Short),
        GridSide::Neutral => None,
    };
    let cell = |(index, pair): (usize, &[Price])| {
        let (way, &[low, high]) = (way(index)?, pair) else { return None };
        let (entry, exit) = if way == Direction::Long { (low, high) } else { (high, low) };
        Some(Cell { way, entry, exit, held: Decimal::ZERO })
    };
    prices.windows(2).enumerate().filter_map(cell).collect()
}
