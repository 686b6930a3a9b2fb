//! What is opened, and what ends its loss: what `open` has in common with the orders that open in parts.

mod asked;
mod size;

use super::acting;
use crate::desk::Desk;
use crate::failure::Failure;
pub(super) use asked::Asked;
use clap::Args;
use plimsoll_domain::risk::RiskCheck;
use plimsoll_domain::{Direction, Leverage, MarginMode, Money, Price, Quantity, Symbol};
use plimsoll_engine::{OpenFailure, SendFailure, Settings};
use plimsoll_ports::{CommandError, NotSent, OpenIntent, StopLoss, Waiver};
use size::Wanted;

/// How much, at which leverage, and what protects it.
#[derive(Debug, Args)]
pub(super) struct ToOpen {
    /// Size in base units
    #[arg(long, allow_negative_numbers = true, group = "size")]
    pub(super) quantity: Option<Quantity>,
    /// Size by what it is worth at the limit, or at the mark
    #[arg(long, allow_negative_numbers = true, group = "size")]
    notional: Option<Money>,
    /// Size by what the stop may lose, fees included
    #[arg(long, allow_negative_numbers = true, group = "size", requires = "stop")]
    risk: Option<Money>,
    /// Leverage; without it that of what is held of it, or else trading.default_leverage
    #[arg(long, allow_negative_numbers = true)]
    leverage: Option<Leverage>,
    /// Where the stop-loss triggers, on the mark price
    #[arg(long, allow_negative_numbers = true)]
    stop: Option<Price>,
    /// Add to a position that has a stop-loss already, and keep that one
    #[arg(long, conflicts_with = "stop")]
    keep_stop: bool,
    /// Open without a stop-loss, for this reason, which is recorded
    #[arg(long, value_name = "REASON", conflicts_with_all = ["stop", "keep_stop"])]
    no_stop: Option<String>,
    /// Where the target triggers, on the mark price
    #[arg(long, allow_negative_numbers = true)]
    take_profit: Option<Price>,
    /// isolated or cross; without it the account's
    #[arg(long)]
    margin_mode: Option<MarginMode>,
}

impl ToOpen {
    /// What goes with closing as little as with anything else that opens nothing: all of it but the size.
    pub(super) const ALL_BUT_QUANTITY: [&'static str; 8] =
        ["notional", "risk", "leverage", "stop", "keep_stop", "no_stop", "take_profit", "margin_mode"];

    /// The settings, with what this verb changes of them.
    pub(super) fn settings(&self, settings: Settings) -> Settings {
        Settings { margin_mode: self.margin_mode.unwrap_or(settings.margin_mode), ..settings }
    }

    /// What the configuration forbids before anybody is asked.
    pub(super) fn is_allowed(&self, desk: &Desk) -> Result<(), Failure> {
        if !desk.config.trading.enabled {
            return Err(Failure::no("trading.enabled is false: nothing is opened")
                .help("Set trading.enabled to true, or unset ENABLE_FUTURES."));
        }
        self.stop_loss(desk).map(|_| ())
    }

    /// What is to be opened, sized at `limit` or, without one, at the mark; and what of it was asked for otherwise.
    pub(super) async fn intent(
        &self,
        desk: &Desk,
        symbol: &Symbol,
        direction: Direction,
        limit: Option<Price>,
    ) -> Result<(OpenIntent, Asked), Failure> {
        let wanted = self.wanted()?;
        let instrument = desk.venue.broker.instrument(symbol).await.map_err(Failure::unanswered)?;
        let exact = wanted.exact(desk, &instrument, limit, self.stop).await?;
        let intent = OpenIntent {
            symbol: symbol.clone(),
            direction,
            quantity: wanted.in_lots(exact, &instrument)?,
            leverage: match self.leverage {
                Some(leverage) => leverage,
                None => leverage_of(desk, symbol).await?.unwrap_or(desk.config.trading.default_leverage),
            },
            stop_loss: self.stop_loss(desk)?,
            take_profit: self.take_profit,
        };
        Ok((intent, Asked::of(wanted, exact, self.stop, direction, &instrument)))
    }

    fn wanted(&self) -> Result<Wanted, Failure> {
        let wanted = match (self.quantity, self.notional, self.risk) {
            (Some(quantity), ..) => Wanted::Quantity(quantity),
            (_, Some(notional), _) => Wanted::Notional(notional),
            (_, _, Some(risk)) => Wanted::Risk(risk),
            _ => {
                return Err(Failure::usage("how much?").help("Give --quantity, --notional, or --risk with --stop."));
            }
        };
        wanted.is_possible().map(|()| wanted)
    }

    fn stop_loss(&self, desk: &Desk) -> Result<StopLoss, Failure> {
        let waived = match (self.stop, &self.no_stop) {
            (Some(price), _) => return Ok(StopLoss::At(price)),
            (None, _) if self.keep_stop => return Ok(StopLoss::Resting),
            (None, Some(reason)) => Waiver::new(&acting::operator(), reason),
            (None, None) if desk.config.trading.require_stop => {
                return Err(Failure::usage("a position needs a stop-loss").help(
                    "Add --stop PRICE; --keep-stop, to add to a position that has one; \n\
                     or --no-stop REASON, if a position without one is meant.",
                ));
            }
            (None, None) => Waiver::new(&acting::operator(), "trading.require_stop is false"),
        };
        waived.map(StopLoss::Waived).map_err(|error| Failure::usage(error).help("Say why: --no-stop REASON."))
    }
}

/// That of what is held of it already: what is added goes by the same, where no other is asked for.
async fn leverage_of(desk: &Desk, symbol: &Symbol) -> Result<Option<Leverage>, Failure> {
    let positions = desk.venue.broker.positions().await.map_err(Failure::unanswered)?;
    let held = positions.iter().find(|it| it.symbol == *symbol && it.position.is_some());
    Ok(held.and_then(|it| it.leverage))
}

/// The exit code and remedy of an intent that came to nothing, or may not have.
pub(super) fn failed(failure: &OpenFailure) -> Failure {
    match failure {
        OpenFailure::NotKnown(error) => Failure::query(error, failure),
        OpenFailure::Records(_) => Failure::unreachable(failure),
        OpenFailure::Order { id, failure: unresolved @ SendFailure::Unresolved(_) } => acting::unknown(id, unresolved),
        OpenFailure::EarlierUnresolved(id) => Failure::outcome_unknown(failure).help(acting::how_to_find_out(id)),
        OpenFailure::NotSetUp(CommandError::Unanswered(_)) => Failure::outcome_unknown(failure)
            .help("No order was sent. `plimsoll status` shows how the account is set; then try again."),
        OpenFailure::Unprotected { closing, .. } | OpenFailure::Stopped { closing, .. } => match closing.as_ref() {
            Ok(closed) => Failure::no(failure).help(format!("{} were closed again.", closed.quantity)),
            Err(error) => Failure::outcome_unknown(format!("{failure}; closing it again failed: {error}"))
                .help("It may be open WITHOUT A STOP: `plimsoll positions`, then `plimsoll close SYMBOL`."),
        },
        OpenFailure::Order { failure: SendFailure::NotSent(NotSent::Throttled { .. }), .. } => {
            Failure::unreachable(failure)
                .help("Nothing was sent: the requests that the venue allows in this time are spent. Try again then.")
        }
        OpenFailure::Order { failure: SendFailure::NotSent(_), .. } => {
            Failure::unreachable(failure).help("Nothing was sent. Try again when the venue can be reached.")
        }
        OpenFailure::StopBeyondLiquidation { .. } | OpenFailure::WrongSide { .. } => {
            Failure::no(failure).help("Nothing was sent.")
        }
        OpenFailure::Refused(refused) if refused.trips().next().is_some() => Failure::no(failure).help(
            "Nothing was sent, and the kill switch is engaged: nothing more is opened before `plimsoll release --reason …`.\n\
             Entries that rested are taken back: `plimsoll orders` shows what rests still.",
        ),
        OpenFailure::Refused(refused) if refused.reasons.iter().any(|it| it.check() == RiskCheck::KillSwitch) => {
            Failure::no(failure).help("Nothing was sent. `plimsoll release --reason …` allows new exposure again.")
        }
        OpenFailure::Refused(refused) if refused.reasons.iter().any(|it| it.check() == RiskCheck::Ladder) => {
            Failure::no(failure)
                .help("Nothing was sent. `plimsoll ladder` shows the account's step, and what is missing.")
        }
        OpenFailure::Refused(refused) if refused.reasons.iter().any(|it| it.check() == RiskCheck::Freshness) => {
            Failure::no(failure).help(
                "No entry was sent; leverage may be set by now, and `plimsoll orders` shows what rests. Try again: \n\
                 the venue was slow, or what it tells is in doubt.",
            )
        }
        OpenFailure::Refused(_) => {
            Failure::no(failure).help("Nothing was sent. `plimsoll config show` says where each limit comes from.")
        }
        _ => Failure::no(failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_domain::risk::{Reason, Refused};

    #[test]
    fn whoever_has_lost_too_much_is_told_first_that_trading_is_stopped() {
        let money = |text: &str| text.parse::<Money>().unwrap();
        let ladder = Reason::MicroCapital { required: money("200"), limit: money("100") };
        let killed = Reason::KillSwitch { reason: "a test".into() };
        let lost = Reason::DailyLoss { loss: money("60"), limit: money("50") };
        let told = |reasons: &[&Reason]| {
            let reasons = reasons.iter().copied().cloned().collect();
            format!("{:?}", failed(&OpenFailure::Refused(Refused { reasons })))
        };
        for reasons in [&[&ladder, &lost][..], &[&killed, &ladder, &lost], &[&lost]] {
            let said = told(reasons);
            assert!(said.contains("the kill switch is engaged: nothing") && said.contains("plimsoll orders"), "{said}");
        }
        assert!(told(&[&ladder, &killed]).contains("allows new exposure again"));
        assert!(told(&[&ladder]).contains("plimsoll ladder"));
    }
}
