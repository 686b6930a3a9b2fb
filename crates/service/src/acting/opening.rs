//! What opening would mean, by the code that judges it.

use super::preview::{liquidation, venue};
use super::{Caller, Fact, Preview};
use crate::account::ServedAccount;
use crate::action::{Action, Open, Size, Stop};
use crate::failure::ActFailure;
use crate::service::Service;
use plimsoll_domain::{Decimal, Money, Price, Quantity, Rounding};
use plimsoll_engine::OpenFailure;
use plimsoll_ports::{OpenIntent, QueryError, StopLoss, Waiver};

impl Service {
    /// What opening would mean, with its size settled.
    pub(super) async fn opening(
        &self,
        who: &Caller,
        account: &ServedAccount,
        open: Open,
    ) -> Result<(Action, Preview), ActFailure> {
        let quantity = match open.size {
            Size::Quantity(quantity) => quantity,
            Size::Notional(notional) => worth(account, &open, notional).await?,
        };
        let stop = match open.stop {
            Stop::Within(share) => Stop::At(stop_within(account, &open, share).await?),
            stop => stop,
        };
        let open = Open { size: Size::Quantity(quantity), stop, ..open };
        let mut preview = Preview::default();
        if !self.may_open() {
            preview.refusals.push("trading.enabled is false: nothing is opened".to_owned());
        }
        let intent = intent(&open, quantity, who)?;
        match account.manager.preview(&intent).await {
            Ok(it) => opened(account, &open, &it, &mut preview),
            Err(failure) if is_unread(&failure) => return Err(ActFailure::Venue(failure.to_string())),
            Err(OpenFailure::Records(error)) => return Err(ActFailure::Records(error)),
            Err(failure) => preview.refusals.push(failure.to_string()),
        }
        Ok((Action::Open(open), preview))
    }
}

const fn is_unread(failure: &OpenFailure) -> bool {
    matches!(failure, OpenFailure::NotKnown(QueryError::Unreachable(_) | QueryError::Unreadable(_)))
}

/// What is to be opened, as the engine takes it.
pub(super) fn intent(open: &Open, quantity: Quantity, who: &Caller) -> Result<OpenIntent, ActFailure> {
    let stop_loss = match &open.stop {
        Stop::At(price) => StopLoss::At(*price),
        Stop::Within(_) => return Err(ActFailure::Invalid("prepare it again: its stop is not settled".to_owned())),
        Stop::Keep => StopLoss::Resting,
        Stop::None(why) => {
            StopLoss::Waived(Waiver::new(who.as_str(), why).map_err(|error| ActFailure::Invalid(error.to_string()))?)
        }
    };
    Ok(OpenIntent {
        symbol: open.symbol.clone(),
        direction: open.direction,
        quantity,
        leverage: open.leverage,
        stop_loss,
        take_profit: open.take_profit,
    })
}

/// The size that is worth so much at the limit, or at the mark: down to the lot.
async fn worth(account: &ServedAccount, open: &Open, notional: Money) -> Result<Quantity, ActFailure> {
    let instrument = account.ports.broker.instrument(&open.symbol).await.map_err(|error| venue(&error))?;
    let price = match open.limit {
        Some(limit) => limit,
        None => account.ports.feed.mark_price(&open.symbol).await.map_err(|error| venue(&error))?.price,
    };
    let size = notional.get().checked_div(price.get()).and_then(|size| Quantity::new(size).ok());
    let size = size.and_then(|size| size.round(instrument.lot, Rounding::Down));
    size.ok_or_else(|| ActFailure::Invalid(format!("{notional} is less than one lot of {} at {price}", instrument.lot)))
}

/// The stop that is so far from the mark.
async fn stop_within(account: &ServedAccount, open: &Open, share: Decimal) -> Result<Price, ActFailure> {
    let instrument = account.ports.broker.instrument(&open.symbol).await.map_err(|error| venue(&error))?;
    let mark = account.ports.feed.mark_price(&open.symbol).await.map_err(|error| venue(&error))?.price;
    let factor = Decimal::ONE - open.direction.sign() * share;
    let wanted = mark.get().checked_mul(factor).and_then(|price| Price::new(price).ok());
    let stop = wanted.and_then(|price| instrument.stop_price(open.direction, price));
    stop.ok_or_else(|| ActFailure::Invalid(format!("no price is {share} of {mark} away from it")))
}

fn opened(account: &ServedAccount, open: &Open, it: &plimsoll_engine::Preview, preview: &mut Preview) {
    let currency = account.currency().as_str();
    let facts = &mut preview.facts;
    facts.push(Fact::price("mark", it.mark));
    facts.push(Fact::figure("notional", it.notional, currency));
    facts.push(Fact::figure("initial margin", it.initial_margin, currency));
    facts.push(Fact::figure("leverage", it.leverage.as_decimal(), "times"));
    facts.push(Fact::words("margin mode", account.manager.settings().margin_mode.as_str()));
    facts.push(Fact::figure("maintenance margin", it.maintenance_margin, currency));
    facts.push(Fact::price("position after it", it.after.quantity));
    facts.push(Fact::words("liquidation", liquidation(it.liquidation)));
    facts.extend(it.distance.map(|distance| Fact::figure("distance", distance, "fraction")));
    facts.push(Fact::figure("fee", it.fee, currency));
    match it.funding {
        Some(cost) => {
            facts.push(Fact::figure("funding a day", cost.per_day, currency));
            facts.push(Fact::figure("funding rate", cost.rate, "fraction"));
        }
        None => facts.push(Fact::words("funding a day", "not known")),
    }
    facts.extend(it.stop_loss.map(|stop| Fact::price("stop-loss", stop)));
    facts.extend(it.loss_at_stop.map(|loss| Fact::figure("loss at the stop, with its fee", loss, currency)));
    facts.extend(it.take_profit.map(|target| Fact::price("take-profit", target)));
    facts.push(Fact::figure("equity", it.equity, currency));
    facts.push(Fact::figure("available", it.available, currency));
    let (symbol, opening, closing) = (&it.symbol, it.direction.opening_side(), it.direction.closing_side());
    let how =
        open.limit.map_or_else(|| "at market".to_owned(), |limit| format!("at {limit} or better, now or not at all"));
    preview.orders.push(format!("{opening} {} {symbol} {how}", it.quantity));
    preview.orders.extend(it.stop_loss.map(|stop| format!("stop-loss: {closing} all at {stop} on the mark price")));
    preview.orders.extend(it.take_profit.map(|at| format!("take-profit: {closing} all at {at} on the mark price")));
    if it.quantity != quantity_of(open).unwrap_or(it.quantity) {
        preview.warnings.push(format!("the size is rounded down to {}", it.quantity));
    }
    if let Stop::None(why) = &open.stop {
        preview.warnings.push(format!("NO STOP: {why}"));
    }
    preview.warnings.extend(it.stop_move.iter().map(ToString::to_string));
    preview.warnings.extend(it.warnings.iter().map(ToString::to_string));
    preview.warnings.extend(it.troubles.iter().map(ToString::to_string));
    preview.refusals.extend(it.refused.iter().flat_map(|refused| refused.reasons.iter().map(ToString::to_string)));
}

const fn quantity_of(open: &Open) -> Option<Quantity> {
    match open.size {
        Size::Quantity(quantity) => Some(quantity),
        Size::Notional(_) => None,
    }
}
