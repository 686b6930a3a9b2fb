//! What a guard tells, as events. What it has alerted a person of comes through [`ToldToo`](super::ToldToo), and is not told
//! twice.

use super::{EventHub, NewEvent};
use plimsoll_domain::{
    AccountId, Change, ClosedPosition, Crossing, Fill, ForcedClose, MarginWarning, Position, Symbol, Timestamp,
};
use plimsoll_engine::{
    AccountNews, Derived, EndedPosition, Finding, GuardNews, Link, LookoutNews, MonitorReport, Watched, WatchedFigure,
};
use plimsoll_ports::Severity;

/// An event without its time and account: how urgent, what kind, about which contract, and the words.
type Said = (Severity, &'static str, Option<Symbol>, String);

impl EventHub {
    /// Tells what a guard of this account tells, in one explanation each. What only moves figures is not told.
    pub fn hear(&self, account: &AccountId, news: &GuardNews, now: Timestamp) {
        for (severity, kind, symbol, text) in said(news) {
            let (kind, account) = (kind.to_owned(), Some(account.clone()));
            self.publish(NewEvent { time: now, severity, kind, account, symbol, text });
        }
    }
}

fn said(news: &GuardNews) -> Vec<Said> {
    match news {
        GuardNews::Reconciled(it) => {
            let summary = it.summary();
            let told = summary.findings.iter().map(found);
            let clean = summary.is_clean.then(|| info("reconciled", None, "records and venue agree".to_owned()));
            told.chain(clean).collect()
        }
        GuardNews::NotReconciled(error) => {
            vec![(Severity::Critical, "not_reconciled", None, format!("records and venue cannot be compared: {error}"))]
        }
        GuardNews::Watched(report) => of_look(report),
        // A person is alerted of it.
        GuardNews::Blind(_) | GuardNews::Woken(_) => Vec::new(),
        GuardNews::Lookout(news) => of_lookout(news).into_iter().collect(),
        GuardNews::Stopped(_) => {
            vec![(Severity::Warning, "stopped", None, "no longer guarded: what rests at the venue stays".to_owned())]
        }
    }
}

fn info(kind: &'static str, symbol: Option<&Symbol>, text: String) -> Said {
    (Severity::Info, kind, symbol.cloned(), text)
}

fn warning(kind: &'static str, symbol: Option<&Symbol>, text: String) -> Said {
    (Severity::Warning, kind, symbol.cloned(), text)
}

fn found(it: &Finding) -> Said {
    let of = it.symbol.as_ref().map(|symbol| format!("{symbol}: ")).unwrap_or_default();
    let id = it.id.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
    (it.severity, it.kind, it.symbol.clone(), format!("{of}{}{id}: {}", it.found, it.done))
}

fn of_look(report: &MonitorReport) -> Vec<Said> {
    let ended = report.ended.iter().map(ended);
    let bookings = report.bookings.iter().filter(|it| it.booking.kind.is_transfer()).map(|it| {
        let (amount, currency) = (it.booking.amount, &it.booking.currency);
        info("transfer", None, format!("{amount} {currency} were moved into the account (out of it, if negative)"))
    });
    let climbed = report.climbed.as_ref().and_then(|it| it.due);
    let climbed = climbed.map(|due| warning("ladder_promoted", None, format!("the account is on the {due} step now")));
    ended.chain(bookings).chain(climbed).collect()
}

fn ended(it: &EndedPosition) -> Said {
    let (symbol, net) = (&it.symbol, it.net());
    let text = format!(
        "{symbol} {} ended by {} at {}: net {net} (profit {}, fees {}, funding {})",
        it.direction,
        it.why(),
        it.exit_price,
        it.realized_pnl,
        it.fees,
        it.funding
    );
    info("position_ended", Some(symbol), text)
}

fn of_lookout(news: &LookoutNews) -> Option<Said> {
    Some(match news {
        LookoutNews::Connected => info("stream_connected", None, "the private stream is live".to_owned()),
        LookoutNews::NotConnected { failure, retry } => {
            let text = format!("the private stream is not connected: {failure}; next try in {} s", retry.as_secs());
            warning("stream_not_connected", None, text)
        }
        LookoutNews::Ended { retry } => {
            let text = format!("the private stream has ended; another one in {} s", retry.as_secs());
            warning("stream_ended", None, text)
        }
        LookoutNews::Missed(count) => {
            warning("news_missed", None, format!("{count} pieces of news were missed; the account is looked at"))
        }
        LookoutNews::MarksFlow(_) | LookoutNews::Set(_) => return None,
        LookoutNews::MarksStopped(reason) => {
            warning("marks_stopped", None, format!("mark prices do not flow: {reason}"))
        }
        LookoutNews::NotSet { symbol, why } => {
            warning("not_set", symbol.as_ref(), format!("not set as configured: {why}"))
        }
        LookoutNews::Account(news) => return of_account(news),
    })
}

fn of_account(news: &AccountNews) -> Option<Said> {
    let kind = news.as_str();
    Some(match news {
        AccountNews::Changed(change) => return of_change(change),
        AccountNews::Derived(Derived::MarginCall(it)) => {
            warning(kind, Some(&it.symbol), format!("margin is wanted, by the figures: {}", thin(it)))
        }
        AccountNews::Derived(Derived::LiquidationWarning { level, warning }) => {
            let text = format!("liquidation is near ({level}), by the figures: {}", thin(warning));
            (Severity::Critical, kind, Some(warning.symbol.clone()), text)
        }
        AccountNews::Watched(it) => crossed(kind, it),
        AccountNews::Link(Link::Down { reason }) => {
            warning("stream_disconnected", None, format!("the private stream is down: {reason}"))
        }
        AccountNews::Link(_) => return None,
        AccountNews::GapClosed(gap) => {
            let length = gap.until.since(gap.from).as_millis();
            info(kind, None, format!("the account is whole again after {length} ms: {}", gap.reason))
        }
        AccountNews::Contract(change) => warning(kind, Some(change.symbol()), change.to_string()),
        AccountNews::Differs(it) => warning(kind, None, format!("the venue sees the account otherwise: {it}")),
    })
}

fn crossed(kind: &'static str, it: &Watched) -> Said {
    let (figure, symbol) = match &it.figure {
        WatchedFigure::PositionMarginRatio(symbol, _) => ("margin ratio of a position", Some(symbol)),
        WatchedFigure::UnrealizedLoss => ("unrealised loss", None),
        WatchedFigure::AccountMarginRatio => ("margin ratio of the account", None),
        WatchedFigure::AvailableBalance => ("available balance", None),
    };
    let value = it.value.map_or_else(|| "gone".to_owned(), |value| value.normalize().to_string());
    let (severity, word) = match it.crossing {
        Crossing::Raised => (Severity::Warning, "has crossed"),
        Crossing::Cleared => (Severity::Info, "is back from"),
    };
    let doubt = if it.is_certain { "" } else { ", as far as is known" };
    let text = format!("{figure} {word} {}: {value}{doubt}", it.threshold.at().normalize());
    (severity, kind, symbol.cloned(), text)
}

fn of_change(change: &Change) -> Option<Said> {
    let kind = change.as_str();
    Some(match change {
        Change::PositionOpened { symbol, position, .. } => {
            info(kind, Some(symbol), format!("opened: {}", held(symbol, position)))
        }
        Change::PositionUpdated { symbol, position, before, .. } => {
            let text = format!("changed: {}, from {}", held(symbol, position), before.quantity);
            info(kind, Some(symbol), text)
        }
        Change::PositionClosed(it) => info(kind, Some(&it.symbol), format!("closed: {}", gone(it))),
        Change::PositionLiquidated(it) => {
            (Severity::Critical, kind, Some(it.symbol.clone()), format!("LIQUIDATED: {}", gone(it)))
        }
        Change::MarginCalled(it) => {
            warning(kind, Some(&it.symbol), format!("the venue calls for margin: {}", thin(it)))
        }
        Change::LiquidationNear(it) => {
            let text = format!("the venue warns of liquidation: {}", thin(it));
            (Severity::Critical, kind, Some(it.symbol.clone()), text)
        }
        Change::LiquidationExecuted(it) => {
            let text = format!("the venue has closed by force for want of margin: {}", by_force(it));
            (Severity::Critical, kind, Some(it.symbol.clone()), text)
        }
        Change::AdlWarned(it) if it.level.is_none_or(|level| level == 0) => return None,
        Change::AdlWarned(it) => {
            let level = it.level.unwrap_or_default();
            info(kind, Some(&it.symbol), format!("{} is in the deleveraging queue, place {level}", it.symbol))
        }
        Change::AdlExecuted(it) => {
            let text = format!("the venue has deleveraged: {}", by_force(it));
            (Severity::Critical, kind, Some(it.symbol.clone()), text)
        }
        Change::FundingPaid(it) => {
            let word = if it.payment.is_negative() { "received" } else { "paid" };
            let of = it.symbol.as_ref().map(|symbol| format!("{symbol}: ")).unwrap_or_default();
            info(kind, it.symbol.as_ref(), format!("{of}funding of {} {} {word}", it.payment.abs(), it.currency))
        }
        Change::Filled(fill) => info(kind, Some(&fill.symbol), filled(fill)),
        _ => return None,
    })
}

fn held(symbol: &Symbol, it: &Position) -> String {
    format!("{symbol} {} {} from {}", it.direction, it.quantity, it.entry)
}

fn gone(it: &ClosedPosition) -> String {
    let realized = it.realized.map(|it| format!(", realised {it} before fees")).unwrap_or_default();
    format!("{}{realized}", held(&it.symbol, &it.position))
}

fn filled(it: &Fill) -> String {
    let fee = it.fee_currency.as_ref().map(|currency| format!(" {currency}")).unwrap_or_default();
    format!("{}: {} {} at {}, fee {}{fee}", it.symbol, it.side, it.quantity, it.price, it.fee)
}

fn thin(it: &MarginWarning) -> String {
    let ratio = it.margin_ratio.map(|it| format!(", margin ratio {}", it.get().round_dp(4).normalize()));
    let at = it.liquidation_price.map(|at| format!(", liquidated at {at}"));
    format!("{}{}{}", it.symbol, ratio.unwrap_or_default(), at.unwrap_or_default())
}

fn by_force(it: &ForcedClose) -> String {
    let quantity = it.quantity.map(|quantity| format!(" {quantity}")).unwrap_or_default();
    let at = it.price.map(|price| format!(" at {price}")).unwrap_or_default();
    format!("{}{quantity}{at}", it.symbol)
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_domain::Direction;

    #[test]
    fn what_moves_a_position_is_told_with_its_figures_and_what_moves_a_balance_is_not() {
        let symbol: Symbol = "BTC/USDT:USDT".parse().unwrap();
        let position = Position {
            direction: Direction::Long,
            quantity: "0.01".parse().unwrap(),
            entry: "60000.1".parse().unwrap(),
        };
        let opened = Change::PositionOpened {
            symbol: symbol.clone(),
            position_side: plimsoll_domain::PositionSide::Both,
            position,
        };
        let hub = EventHub::new(Timestamp::default());
        let account = AccountId::new("main");
        let told = |change| GuardNews::Lookout(LookoutNews::Account(AccountNews::Changed(change)));
        hub.hear(&account, &told(opened), Timestamp::from_millis(1));
        let mode = plimsoll_domain::PositionMode::OneWay;
        hub.hear(&account, &told(Change::PositionModeChanged { before: None, mode }), Timestamp::from_millis(2));
        let kept = hub.follow(Some(0)).kept;
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0].text, "opened: BTC/USDT:USDT long 0.01 from 60000.1");
        assert_eq!((kept[0].kind.as_str(), kept[0].symbol.as_deref()), ("position_opened", Some(symbol.as_str())));
    }
}
