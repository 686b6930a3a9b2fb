//! How much to open.

use super::{Number, Problems};
use plimsoll_domain::{Decimal, Instrument, Leverage, Price, Quantity};
use plimsoll_ports::TradedAccount;
use serde::{Deserialize, Serialize};

/// How much to open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Size {
    /// This much, in base units.
    Quantity(Number),
    /// A notional of this share of the account's equity; above 1 takes leverage.
    EquityFraction(Number),
}

impl Size {
    pub(crate) fn validate(self, leverage: u32, problems: &mut Problems) {
        match self {
            Self::Quantity(Number(quantity)) => problems.above("size.quantity", quantity, Decimal::ZERO),
            Self::EquityFraction(Number(fraction)) => {
                problems.above("size.equity_fraction", fraction, Decimal::ZERO);
                problems.unless(fraction <= Decimal::from(leverage), || {
                    format!("size.equity_fraction is at most the leverage of {leverage}, got {fraction}")
                });
            }
        }
    }

    /// A size that may be sent, and that what is available pays for, with its fee; and the leverage that it may have.
    pub(crate) fn in_lots(
        self,
        account: &TradedAccount<'_>,
        instrument: &Instrument,
        price: Price,
        leverage: Leverage,
    ) -> Option<(Quantity, Leverage)> {
        let wanted = match self {
            Self::Quantity(Number(quantity)) => quantity,
            Self::EquityFraction(Number(fraction)) => {
                account.equity().get().checked_mul(fraction)?.checked_div(price.get())?
            }
        };
        fitting(wanted, account, instrument, price, leverage)
    }
}

/// The largest size up to `wanted` that the risk limits allow, that may be sent as one market order, and whose margin and fee are
/// available, and the leverage, or the most that a position of that size may have; `None` if nothing is left.
pub(crate) fn fitting(
    wanted: Decimal,
    account: &TradedAccount<'_>,
    instrument: &Instrument,
    price: Price,
    leverage: Leverage,
) -> Option<(Quantity, Leverage)> {
    let caps = account.caps();
    let leverage = caps.leverage(leverage);
    let most = caps.notional.and_then(|most| most.get().checked_div(price.get()));
    let wanted = most.map_or(wanted, |most| wanted.min(most));
    let quantity = affordable(wanted, account, instrument, price, leverage)?;
    let allowed = instrument.max_leverage(quantity * price);
    if allowed >= leverage {
        return Some((quantity, leverage));
    }
    Some((affordable(wanted, account, instrument, price, allowed)?, allowed))
}

fn affordable(
    wanted: Decimal,
    account: &TradedAccount<'_>,
    instrument: &Instrument,
    price: Price,
    leverage: Leverage,
) -> Option<Quantity> {
    // Of each unit of notional: its margin, what the venue holds for closing it, and the fee of opening it.
    let margin = Decimal::ONE.checked_div(leverage.as_decimal())?;
    let taken = margin + instrument.margin_fee.get() + instrument.fees.taker.get().max(Decimal::ZERO);
    let most = account.available().get().checked_div(taken.checked_mul(price.get())?)?;
    let most = wanted.min(most).min(instrument.max_market_quantity.get());
    instrument.market_size(Quantity::new(most).ok()?, price).ok()
}
