//! What an order must fit before anything else is asked.

use crate::market::Market;
use crate::rejection::Rejection;
use plimsoll_domain::{Instrument, Price, Quantity, Rate, Side};
use rust_decimal::Decimal;

pub(crate) fn tick(instrument: &Instrument, price: Price) -> Result<(), Rejection> {
    if price.fits(instrument.tick) { Ok(()) } else { Err(Rejection::TickSize { price, tick: instrument.tick }) }
}

pub(crate) fn size(instrument: &Instrument, quantity: Quantity, is_market: bool) -> Result<(), Rejection> {
    let max = if is_market { instrument.max_market_quantity } else { instrument.max_quantity };
    if !quantity.fits(instrument.lot) {
        return Err(Rejection::LotSize { quantity, lot: instrument.lot });
    }
    if quantity < instrument.min_quantity {
        return Err(Rejection::MinQuantity { quantity, min: instrument.min_quantity });
    }
    if quantity > max {
        return Err(Rejection::MaxQuantity { quantity, max });
    }
    Ok(())
}

pub(crate) fn notional(instrument: &Instrument, quantity: Quantity, price: Price) -> Result<(), Rejection> {
    let notional = quantity * price;
    if notional < instrument.min_notional {
        return Err(Rejection::MinNotional { notional, min: instrument.min_notional });
    }
    Ok(())
}

/// A buy may not be too far above the mark, nor a sell too far below it.
pub(crate) fn band(market: &Market, side: Side, price: Price, band: Rate) -> Result<(), Rejection> {
    let width = match side {
        Side::Buy => Decimal::ONE + band.get(),
        Side::Sell => Decimal::ONE - band.get(),
    };
    let limit = market.mark.get() * width;
    let beyond = match side {
        Side::Buy => price.get() > limit,
        Side::Sell => price.get() < limit,
    };
    match Price::new(limit) {
        Ok(limit) if beyond => Err(Rejection::PriceBand { price, limit }),
        _ => Ok(()),
    }
}
