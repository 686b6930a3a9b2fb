//! A contract as a recording holds it.

use plimsoll_domain::{
    AccountId, ContractStatus, Currency, Fees, HedgeMargin, Instrument, Leverage, MarginTiers, Money, Price, Step,
    Symbol, Tier, VenueId,
};
use plimsoll_simulation::Market;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// A contract on an account, and its price at first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ContractRow {
    account: String,
    venue: String,
    symbol: String,
    native: String,
    settle: String,
    multiplier: String,
    tick: String,
    lot: String,
    min_quantity: String,
    max_quantity: String,
    max_market_quantity: String,
    min_notional: String,
    /// Floor, rate, deduction and largest leverage.
    tiers: Vec<(String, String, String, u32)>,
    /// Of two cross legs the larger one alone is asked for maintenance.
    larger_leg: bool,
    maker_fee: String,
    taker_fee: String,
    liquidation_fee: String,
    funding_interval_hours: u32,
    margin_fee: String,
    opening: String,
}

impl ContractRow {
    pub(super) fn of(market: &Market) -> Self {
        let it = &market.instrument;
        let tiers = it.tiers.lines().iter().map(|tier| {
            (tier.floor.to_string(), tier.rate.to_string(), tier.deduction.to_string(), tier.max_leverage.get())
        });
        Self {
            account: market.account.to_string(),
            venue: it.venue.to_string(),
            symbol: it.symbol.to_string(),
            native: it.native.to_string(),
            settle: it.settle.to_string(),
            multiplier: it.multiplier.to_string(),
            tick: it.tick.get().to_string(),
            lot: it.lot.get().to_string(),
            min_quantity: it.min_quantity.to_string(),
            max_quantity: it.max_quantity.to_string(),
            max_market_quantity: it.max_market_quantity.to_string(),
            min_notional: it.min_notional.to_string(),
            tiers: tiers.collect(),
            larger_leg: it.tiers.hedge() == HedgeMargin::LargerLeg,
            maker_fee: it.fees.maker.to_string(),
            taker_fee: it.fees.taker.to_string(),
            liquidation_fee: it.liquidation_fee.to_string(),
            funding_interval_hours: it.funding_interval_hours,
            margin_fee: it.margin_fee.to_string(),
            opening: market.opening.to_string(),
        }
    }

    /// The contract again; `Err` names what makes no sense.
    pub(super) fn market(&self) -> Result<Market, String> {
        let mut tiers = Vec::with_capacity(self.tiers.len());
        for (floor, rate, deduction, leverage) in &self.tiers {
            tiers.push(Tier {
                floor: read(floor)?,
                rate: read(rate)?,
                deduction: read(deduction)?,
                max_leverage: Leverage::new(*leverage).map_err(|error| error.to_string())?,
            });
        }
        let hedge = if self.larger_leg { HedgeMargin::LargerLeg } else { HedgeMargin::EachLeg };
        let step = |text: &str| Step::new(read(text)?).map_err(|error| error.to_string());
        let symbol: Symbol = read(&self.symbol)?;
        let min_notional: Money = read(&self.min_notional)?;
        let opening: Price = read(&self.opening)?;
        let instrument = Instrument {
            venue: VenueId::new(self.venue.as_str()),
            symbol,
            native: self.native.as_str().into(),
            settle: Currency::new(self.settle.as_str()),
            multiplier: read(&self.multiplier)?,
            tick: step(&self.tick)?,
            lot: step(&self.lot)?,
            min_quantity: read(&self.min_quantity)?,
            max_quantity: read(&self.max_quantity)?,
            max_market_quantity: read(&self.max_market_quantity)?,
            min_notional,
            tiers: MarginTiers::new(tiers).map_err(|error| error.to_string())?.hedged(hedge),
            fees: Fees { maker: read(&self.maker_fee)?, taker: read(&self.taker_fee)? },
            liquidation_fee: read(&self.liquidation_fee)?,
            funding_interval_hours: self.funding_interval_hours,
            status: ContractStatus::Trading,
            ends: None,
            margin_fee: read(&self.margin_fee)?,
        };
        Ok(Market { account: AccountId::new(self.account.as_str()), instrument, opening })
    }
}

fn read<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("'{text}' makes no sense"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_exchange::listings;

    #[test]
    fn a_contract_is_the_same_when_it_is_read_again() {
        for instrument in [listings::btc_usdt(), listings::gateio::btc_usdt(), listings::bitget::eth_usdt()] {
            let market = Market { account: AccountId::new("main"), instrument, opening: "60000.5".parse().unwrap() };
            let text = serde_json::to_string(&ContractRow::of(&market)).unwrap();
            let read: ContractRow = serde_json::from_str(&text).unwrap();
            assert_eq!(read.market(), Ok(market));
        }
    }
}
