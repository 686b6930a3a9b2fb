//! Candles of a minute, made of the prices that came.

use crate::world::World;
use plimsoll_backtest::Moment;
use plimsoll_domain::{Candle, Decimal, PositionSide, Timestamp};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

/// The candle that is being built, by market.
pub(crate) struct Minutes(Vec<Option<Candle>>);

impl Minutes {
    pub(crate) fn new(markets: usize) -> Self {
        Self(vec![None; markets])
    }

    pub(crate) fn hear(&mut self, world: &World, moment: &Moment) {
        for price in &moment.prices {
            let Some((place, market)) = world.market(price.market) else { continue };
            let Some(building) = self.0.get_mut(price.market) else { continue };
            let open_time = begin_of(moment.time);
            match building {
                Some(candle) if candle.open_time == open_time => {
                    candle.high = candle.high.max(price.last);
                    candle.low = candle.low.min(price.last);
                    candle.close = price.last;
                }
                _ => {
                    let symbol = market.instrument.symbol.clone();
                    let (open, high, low, close) = (price.last, price.last, price.last, price.last);
                    let new = Candle {
                        symbol,
                        open_time,
                        interval: MINUTE,
                        open,
                        high,
                        low,
                        close,
                        volume: Decimal::ZERO,
                        closed: true,
                    };
                    if let Some(ended) = building.replace(new) {
                        tell(world, place, price.market, &ended);
                    }
                }
            }
        }
    }

    pub(crate) fn finish(&mut self, world: &World) {
        for (number, building) in self.0.iter_mut().enumerate() {
            if let (Some(ended), Some((place, _))) = (building.take(), world.market(number)) {
                tell(world, place, number, &ended);
            }
        }
    }
}

fn tell(world: &World, place: &crate::world::Place, market: usize, candle: &Candle) {
    let id = &place.account.id;
    world.recorder().chart(market, candle, || {
        place.venue.exchange(|exchange| exchange.position(id, &candle.symbol, PositionSide::Both)?.liquidation_price)
    });
}

fn begin_of(time: Timestamp) -> Timestamp {
    let (micros, minute) = (time.as_micros(), 60_000_000);
    Timestamp::from_micros(micros.saturating_sub(micros.rem_euclid(minute)))
}
