//! The acts of the demo in which something is ordered.

use super::stage::Stage;
use super::story::{Step, Story};
use crate::failure::Failure;
use crate::screen::{self, full, percent, price, rate};
use plimsoll_domain::{Direction, Leverage, LiquidationBounds, Money, Price, Quantity, Rate};
use plimsoll_engine::{Action, Closed, Measure, MonitorReport, OpenFailure, Opened, PositionHealth, SendFailure};
use plimsoll_ports::{CloseIntent, OpenIntent, StopLoss, Waiver};
use serde_json::Value;
use std::time::Duration;

/// How far above liquidation the stop rests, as a share of the liquidation price.
const STOP_ABOVE_LIQUIDATION: Rate = Rate::new(plimsoll_domain::Decimal::from_parts(1, 0, 0, false, 2));

/// How much bitcoin is opened first.
pub(super) const OPENED: &str = "0.001";

/// 0.001 bitcoin long at 3x, with a stop one per cent above where it would be liquidated.
pub(super) async fn open(stage: &Stage) -> Result<Step, Failure> {
    let leverage = Leverage::new(3).map_err(Failure::usage)?;
    let intent = OpenIntent {
        symbol: stage.instrument.symbol.clone(),
        direction: Direction::Long,
        quantity: OPENED.parse().map_err(Failure::usage)?,
        leverage,
        stop_loss: StopLoss::At(stop(stage, leverage)?),
        take_profit: None,
    };
    let opened = stage.live(stage.manager.open(&intent)).await?.map_err(refused)?;
    Ok(opening(&opened, "open", "2  Open: long 0.001 BTC at 3x, with a stop that rests at the venue"))
}

/// One per cent above the estimated liquidation price of a long from here.
fn stop(stage: &Stage, leverage: Leverage) -> Result<Price, Failure> {
    let maintenance = stage.instrument.tiers.at(Money::ZERO).rate;
    let liquidation = plimsoll_domain::liquidation::estimate(Direction::Long, stage.price(), leverage, maintenance)
        .ok_or_else(|| Failure::no("a long at this leverage has no liquidation price"))?;
    let above = liquidation.get() * (plimsoll_domain::Decimal::ONE + STOP_ABOVE_LIQUIDATION.get());
    let stop = Price::new(above).map_err(Failure::usage)?;
    stage.instrument.stop_price(Direction::Long, stop).ok_or_else(|| Failure::no("no stop price fits"))
}

fn refused(failure: OpenFailure) -> Failure {
    match failure {
        OpenFailure::NotKnown(_) | OpenFailure::Records(_) => Failure::unreachable(failure),
        OpenFailure::Order { failure: SendFailure::Unresolved(_), .. } => Failure::outcome_unknown(failure),
        _ => Failure::no(failure),
    }
}

fn opening(opened: &Opened, name: &'static str, title: &str) -> Step {
    let step = Step::new(name, title)
        .plain("client_order_id", "order", &opened.entry.client_order_id)
        .fact("price", full(opened.price.get()), "filled at", price(opened.price))
        .fact("quantity", full(opened.quantity.get()), "size", format!("{} BTC", opened.quantity))
        .fact("fees", opened.fees.map(|amount| full(amount.get())), "fee", screen::told(opened.fees))
        .fact("entry_price", full(opened.position.entry.get()), "entry of the position", price(opened.position.entry))
        .fact("notional", full(opened.position.notional(opened.mark).get()), "its notional", {
            screen::money(opened.position.notional(opened.mark))
        })
        .fact("margin", full(opened.margin.get()), "its margin", screen::money(opened.margin));
    let step = match opened.liquidation.bounds().and_then(|bounds| bounds.below) {
        Some(below) => step.fact("liquidation_price", full(below.get()), "liquidation price", exact(below)),
        None => step.fact("liquidation_price", Value::Null, "liquidation price", "none"),
    };
    let step = match opened.venue_liquidation {
        Some(venue) => step.fact("venue_liquidation_price", full(venue.get()), "the venue says", price(venue)),
        None => step,
    };
    let step =
        match opened.stop_loss.stop() {
            Some(stop) => step
                .fact("stop_price", full(stop.trigger.get()), "stop, read back", price(stop.trigger))
                .plain("stop_client_order_id", "its order", &stop.client_order_id),
            None => step,
        };
    let step = match opened.funding {
        Some(funding) => step
            .fact("funding_rate", full(funding.rate.get()), "funding rate", {
                format!("{} every {} h", rate(funding.rate), funding.interval_hours)
            })
            .fact("funding_per_day", full(funding.per_day.get()), "funding a day", screen::money(funding.per_day)),
        None => step,
    };
    let step = opened.warnings.iter().fold(step, |step, warning| step.remark(format!("note: {warning}")));
    opened.troubles.iter().fold(step, |step, trouble| step.remark(format!("trouble: {trouble}")))
}

/// Eight places: enough to see that it is not rounded to the tick.
fn exact(liquidation: Price) -> String {
    format!("{} (exact)", price(liquidation))
}

/// How much is added for the second act.
const ADDED: &str = "0.009";

/// Adds nine times as much at 20x and lets the market fall until monitoring has to act.
pub(super) async fn thin_margin(stage: &mut Stage, story: &Story) -> Result<(), Failure> {
    let nobody = Waiver::new("demo", "monitoring watches it").map_err(Failure::usage)?;
    let intent = OpenIntent {
        symbol: stage.instrument.symbol.clone(),
        direction: Direction::Long,
        quantity: ADDED.parse().map_err(Failure::usage)?,
        leverage: Leverage::new(20).map_err(Failure::usage)?,
        stop_loss: StopLoss::Waived(nobody),
        take_profit: None,
    };
    let opened = stage.live(stage.manager.open(&intent)).await?.map_err(refused)?;
    // Where the market has ended the first position, this is one of its own.
    let doing = if opened.position.quantity > opened.quantity { "adds" } else { "opens" };
    story.tell(&opening(&opened, "add", &format!("4  What if: somebody {doing} {ADDED} BTC at 20x")))?;
    story.show("\n5  What if: the market falls on (generated from here), and margin thins\n")?;
    story.show(format!("  {:>12}  {:>9}  {:>9}  {:>10}  monitoring", "mark", "ratio", "distance", "PnL"))?;
    fall(stage, story).await
}

/// The most steps down that are tried before the market turns by itself.
const MOST_STEPS: u32 = 80;

/// Each step goes three tenths of the way to the liquidation price, with a pass of monitoring after it, until one has
/// acted; then the market turns.
async fn fall(stage: &Stage, story: &Story) -> Result<(), Failure> {
    let mut before = String::new();
    for _ in 0..MOST_STEPS {
        let report = pass(stage).await?;
        let said = watched(&report);
        if said != before {
            story.show(row(&report, &said))?;
            before.clone_from(&said);
        }
        if report.action != Action::None || report.positions.is_empty() {
            story.tell_action(&report)?;
            break;
        }
        let Some(below) = worst(&report).and_then(|health| bounds(health).below) else { break };
        let mark = stage.price();
        let next = mark.get() - (mark.get() - below.get()) * plimsoll_domain::Decimal::new(3, 1);
        let next =
            Price::new(next).ok().and_then(|next| next.round(stage.instrument.tick, plimsoll_domain::Rounding::Up));
        let Some(next) = next.filter(|next| *next < mark) else { break };
        stage.advance(&[stage.tick(next, Duration::from_secs(10))]).await?;
    }
    Ok(())
}

/// One pass of monitoring.
pub(super) async fn pass(stage: &Stage) -> Result<MonitorReport, Failure> {
    stage.live(stage.manager.monitor()).await?.map_err(Failure::unreachable)
}

fn bounds(health: &PositionHealth) -> LiquidationBounds {
    health.liquidation.bounds().unwrap_or_default()
}

fn worst(report: &MonitorReport) -> Option<&PositionHealth> {
    report.positions.iter().max_by_key(|health| health.margin_ratio)
}

fn watched(report: &MonitorReport) -> String {
    match &report.action {
        Action::None => report.alert.to_string(),
        Action::Defended => defended(&report.measures),
        Action::Reduced(closed) => format!("reduced: {} closed", closed.quantity),
        Action::NotReduced(unclosed) => format!("not reduced: {}", unclosed.failure),
        Action::Flattened(flattened) => format!("flattened: {}", flattened.reason),
        Action::Stopped { .. } => "kill switch engaged".to_owned(),
    }
}

fn defended(measures: &[Measure]) -> String {
    let closed = measures.iter().filter_map(|measure| match measure {
        Measure::Cut { closed, .. } => closed.iter().map(|it| it.quantity).reduce(|sum, it| sum + it),
        _ => None,
    });
    match closed.reduce(|sum, it| sum + it) {
        Some(closed) => format!("reduced: {closed} closed"),
        None => "kept afloat".to_owned(),
    }
}

/// One line of the table of passes.
pub(super) fn row(report: &MonitorReport, said: &str) -> String {
    let Some(health) = worst(report) else { return format!("  {:>12}  no position  {said}", "") };
    let ratio = health.margin_ratio.map_or_else(|| "-".to_owned(), |ratio| percent(ratio.get()));
    let distance = health.distance.map_or_else(|| "-".to_owned(), |distance| percent(distance.get()));
    let profit = screen::cents(health.unrealized_pnl);
    format!("  {:>12}  {ratio:>9}  {distance:>9}  {profit:>10}  {said}", price(health.mark))
}

impl Story {
    fn tell_action(&self, report: &MonitorReport) -> Result<(), Failure> {
        let step = Step::new("monitor", "").plain("action", "action", watched(report));
        if self.is_json() { self.tell(&step) } else { Ok(()) }
    }
}

/// Closes what is left at market, after a last rise of the market.
pub(super) async fn close(stage: &Stage, story: &Story) -> Result<(), Failure> {
    let turned = stage.price().get() * plimsoll_domain::Decimal::new(1005, 3);
    let turned =
        Price::new(turned).map_err(Failure::usage)?.round(stage.instrument.tick, plimsoll_domain::Rounding::Down);
    if let Some(turned) = turned {
        stage.advance(&[stage.tick(turned, Duration::from_secs(60))]).await?;
    }
    let report = pass(stage).await?;
    story.show(row(&report, "the market turns"))?;
    let symbol = stage.instrument.symbol.clone();
    if report.positions.is_empty() {
        return story.tell(&Step::new("close", "6  Close: nothing is left to close"));
    }
    let intent = CloseIntent { symbol, direction: Direction::Long, quantity: None::<Quantity> };
    let closed = stage.live(stage.manager.close(&intent)).await?.map_err(Failure::no)?;
    story.tell(&closing(&closed))?;
    let left = stage.live(stage.connection.broker.open_orders(None)).await?.map_err(Failure::unreachable)?;
    if !left.is_empty() {
        return Err(Failure::no(format!("{} orders are still open", left.len())));
    }
    pass(stage).await?;
    Ok(())
}

fn closing(closed: &Closed) -> Step {
    let mut step = Step::new("close", "6  Close what is left").fact(
        "quantity",
        full(closed.quantity.get()),
        "size",
        format!("{} BTC", closed.quantity),
    );
    if let Some(at) = closed.price {
        step = step.fact("price", full(at.get()), "filled at", price(at));
    }
    step = step
        .fact(
            "realized_pnl",
            closed.realized_pnl.map(|amount| full(amount.get())),
            "realised",
            screen::told(closed.realized_pnl),
        )
        .fact("fees", closed.fees.map(|amount| full(amount.get())), "fee", screen::told(closed.fees))
        .plain("cancelled", "protective orders cancelled", closed.cancelled.len());
    if let Some(ended) = &closed.ended {
        step = step.fact("net", full(ended.net().get()), "the whole position, net", screen::money(ended.net()));
    }
    closed.troubles.iter().fold(step, |step, trouble| step.remark(format!("trouble: {trouble}")))
}
