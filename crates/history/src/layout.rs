//! How each kind of row lies in columns. The trait is public only as a part of [`Row`](crate::Row): nobody else can
//! have one.

use crate::column::{self, Column};
use crate::fault::Fault;
use crate::row::{CandleRow, FundingRow, MarkRow, QuoteRow};
use plimsoll_domain::{Decimal, Price, Quantity, Rate, Timestamp};
use std::fmt::Debug;

/// A row as columns: the first is its time, the others are numbers.
pub trait Layout: Debug + Clone + Copy + PartialEq + Send + Sync + 'static {
    /// Its columns in order.
    const COLUMNS: &'static [Column];
    /// Whether there may be several rows of one time that say different things.
    const REPEATS: bool = false;

    /// Reads the row of these cells.
    #[doc(hidden)]
    fn read(cells: &impl Cells) -> Result<Self, Fault>;

    /// The number of a column, by its place in [`COLUMNS`](Self::COLUMNS); `None` where there is none.
    #[doc(hidden)]
    fn number(&self, at: usize) -> Option<Decimal>;
}

/// The cells of one row, by the places of [`Layout::COLUMNS`].
pub trait Cells {
    /// The time at this place.
    fn time(&self, at: usize) -> Result<Timestamp, Fault>;

    /// The number at this place.
    fn number(&self, at: usize) -> Result<Decimal, Fault>;

    /// Whether there is something at this place.
    fn has(&self, at: usize) -> bool;

    /// A price, above zero.
    fn price(&self, at: usize, column: &Column) -> Result<Price, Fault> {
        let number = self.number(at)?;
        Price::new(number).map_err(|_| Fault::NotAPrice(column.name, number))
    }

    /// Open, high, low and close from the second place on, of the right shape.
    fn prices(&self) -> Result<[Price; 4], Fault> {
        let open = self.price(1, &column::OPEN)?;
        let high = self.price(2, &column::HIGH)?;
        let low = self.price(3, &column::LOW)?;
        let close = self.price(4, &column::CLOSE)?;
        if low > open || low > close || high < open || high < close {
            return Err(Fault::Shape);
        }
        Ok([open, high, low, close])
    }

    /// A size, where there is one.
    fn size(&self, at: usize, column: &Column) -> Result<Option<Quantity>, Fault> {
        if !self.has(at) {
            return Ok(None);
        }
        let number = self.number(at)?;
        Quantity::new(number).map(Some).map_err(|_| Fault::NotASize(column.name, number))
    }
}

impl Layout for CandleRow {
    const COLUMNS: &'static [Column] =
        &[column::TIME, column::OPEN, column::HIGH, column::LOW, column::CLOSE, column::VOLUME];

    #[inline]
    fn read(cells: &impl Cells) -> Result<Self, Fault> {
        let time = cells.time(0)?;
        let [open, high, low, close] = cells.prices()?;
        let volume = cells.number(5)?;
        if volume < Decimal::ZERO {
            return Err(Fault::Negative(column::VOLUME.name, volume));
        }
        Ok(Self { time, open, high, low, close, volume })
    }

    fn number(&self, at: usize) -> Option<Decimal> {
        [self.open.get(), self.high.get(), self.low.get(), self.close.get(), self.volume]
            .get(at.checked_sub(1)?)
            .copied()
    }
}

impl Layout for MarkRow {
    const COLUMNS: &'static [Column] = &[column::TIME, column::OPEN, column::HIGH, column::LOW, column::CLOSE];

    fn read(cells: &impl Cells) -> Result<Self, Fault> {
        let time = cells.time(0)?;
        let [open, high, low, close] = cells.prices()?;
        Ok(Self { time, open, high, low, close })
    }

    fn number(&self, at: usize) -> Option<Decimal> {
        [self.open, self.high, self.low, self.close].get(at.checked_sub(1)?).map(|price| price.get())
    }
}

impl Layout for FundingRow {
    const COLUMNS: &'static [Column] = &[column::TIME, column::RATE, column::MARK];

    fn read(cells: &impl Cells) -> Result<Self, Fault> {
        let time = cells.time(0)?;
        let rate = cells.number(1)?;
        if rate.abs() > Decimal::ONE_HUNDRED {
            return Err(Fault::NotARate(column::RATE.name, rate));
        }
        let mark = if cells.has(2) { Some(cells.price(2, &column::MARK)?) } else { None };
        Ok(Self { time, rate: Rate::new(rate), mark })
    }

    fn number(&self, at: usize) -> Option<Decimal> {
        match at {
            1 => Some(self.rate.get()),
            2 => self.mark.map(Price::get),
            _ => None,
        }
    }
}

impl Layout for QuoteRow {
    const COLUMNS: &'static [Column] = &[column::TIME, column::BID, column::ASK, column::BID_SIZE, column::ASK_SIZE];
    const REPEATS: bool = true;

    fn read(cells: &impl Cells) -> Result<Self, Fault> {
        let time = cells.time(0)?;
        let (bid, ask) = (cells.price(1, &column::BID)?, cells.price(2, &column::ASK)?);
        if bid > ask {
            return Err(Fault::Crossed);
        }
        let (bid_size, ask_size) = (cells.size(3, &column::BID_SIZE)?, cells.size(4, &column::ASK_SIZE)?);
        Ok(Self { time, bid, ask, bid_size, ask_size })
    }

    fn number(&self, at: usize) -> Option<Decimal> {
        match at {
            1 => Some(self.bid.get()),
            2 => Some(self.ask.get()),
            3 => self.bid_size.map(Quantity::get),
            4 => self.ask_size.map(Quantity::get),
            _ => None,
        }
    }
}
