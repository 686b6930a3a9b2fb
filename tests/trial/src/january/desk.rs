//! An exchange, an account at it, and the position manager that trades it.

use super::case::{Case, TAKEN, WALLET, protection};
use async_trait::async_trait;
use plimsoll_domain::afloat::{Stage, stage};
use plimsoll_domain::liquidation::{Leg, cross, isolated};
use plimsoll_domain::risk::{LimitSettings, RiskLimits};
use plimsoll_domain::{
    AccountId, Candle, Collateral, Decimal, Direction, Holding, Instrument, Leverage, MarginMode, Money, Portfolio,
    PositionReport, Price, Quantity, Rate, Rounding, Timestamp, VenueId,
};
use plimsoll_engine::{ClientOrderIds, Opened, Ports, PositionManager, Settings};
use plimsoll_exchange::{Exchange, MarketClock, PaperBroker, PaperVenue, Tick, listings};
use plimsoll_memory::MemoryStore;
use plimsoll_ports::{Alert, Notifier, NotifyError, OpenIntent, StopLoss, Waiver};
use std::sync::Arc;
use std::time::Duration;

/// How much older than the market's first price the account is.
const BEFORE: Duration = Duration::from_secs(5);

pub(super) struct Desk {
    case: Case,
    pub(super) venue: PaperVenue,
    pub(super) broker: PaperBroker,
    pub(super) manager: PositionManager,
    pub(super) account: AccountId,
    pub(super) instrument: Instrument,
}

/// Nobody has to be told.
struct Silent;

#[async_trait]
impl Notifier for Silent {
    async fn notify(&self, _: &Alert) -> Result<(), NotifyError> {
        Ok(())
    }
}

impl Desk {
    /// Everything, at the first price of a market.
    pub(super) fn set(case: Case, first: &Candle) -> Self {
        let instrument = listings::btc_usdt();
        let mut exchange = Exchange::new(first.open_time.minus(BEFORE));
        exchange.list(instrument.clone(), first.open).expect("a listing");
        let venue = PaperVenue::new(VenueId::new("paper"), exchange);
        let account = AccountId::new("main");
        let broker = venue.open_account(account.clone(), Money::new(WALLET.into())).expect("an account");
        let ids = ClientOrderIds::of_process(&account, 1);
        let ports = ports(&venue, &broker, venue.clock());
        let manager = PositionManager::new(ports, settings(case, &account)).with_ids(ids);
        Self { case, venue, broker, manager, account, instrument }
    }

    /// Buys what the margin is for at this price.
    pub(super) async fn open(&self, at: Price) -> Opened {
        let notional = self.case.leverage.as_decimal() * Decimal::from(TAKEN);
        let quantity = Quantity::new(notional / at.get()).expect("a size");
        let intent = OpenIntent {
            symbol: self.instrument.symbol.clone(),
            direction: Direction::Long,
            quantity: quantity.round(self.instrument.lot, Rounding::Down).expect("a lot at least"),
            leverage: self.case.leverage,
            stop_loss: StopLoss::Waived(
                Waiver::new("january", "protection alone is to keep it afloat").expect("named"),
            ),
            take_profit: None,
        };
        self.manager.open(&intent).await.expect("it is opened")
    }

    pub(super) fn move_to(&self, time: Timestamp, price: Price) {
        let tick = Tick::at(self.instrument.symbol.clone(), time, price);
        self.venue.advance([&tick]).expect("ticks are in order");
    }

    /// What is held, by the exchange.
    pub(super) fn held(&self) -> Option<PositionReport> {
        let reports = self.venue.exchange(|exchange| exchange.positions(&self.account));
        reports.into_iter().find(|report| report.position.is_some())
    }

    pub(super) fn wallet(&self) -> Money {
        let balance = self.venue.exchange(|exchange| exchange.balance(&self.account));
        balance.and_then(|it| it.wallet).expect("a wallet")
    }

    /// The price that liquidates what is held, exactly; `None` if none does.
    pub(super) fn exact(&self, report: &PositionReport) -> Option<Price> {
        let leg = Leg { position: report.position?, tiers: &self.instrument.tiers };
        let liquidation = match collateral(report) {
            Collateral::Isolated(margin) => isolated(leg, margin, Rate::ZERO, None),
            Collateral::Cross => cross(&[leg], self.wallet(), Money::ZERO, Rate::ZERO, None),
        };
        liquidation.bounds()?.below
    }

    /// How far the margin of what is held has come at this mark, as a live view tells a guard.
    pub(super) fn stage(&self, report: &PositionReport, mark: Price) -> Option<Stage> {
        let holding = Holding {
            symbol: &self.instrument.symbol,
            position: report.position?,
            mark,
            collateral: collateral(report),
            tiers: &self.instrument.tiers,
            closing_fee: Rate::ZERO,
        };
        stage(&Portfolio { wallet: self.wallet(), holdings: vec![holding] }, &protection().thresholds, |_| true)
    }
}

fn collateral(report: &PositionReport) -> Collateral {
    match report.margin_mode {
        Some(MarginMode::Isolated) => Collateral::Isolated(report.isolated_margin.expect("isolated margin is told")),
        Some(MarginMode::Cross) | None => Collateral::Cross,
    }
}

fn ports(venue: &PaperVenue, broker: &PaperBroker, clock: MarketClock) -> Ports {
    let (public, store) = (Arc::new(venue.clone()), Arc::new(MemoryStore::new()));
    Ports {
        broker: Arc::new(broker.clone()),
        feed: public.clone(),
        funding_rates: public,
        journal: store.clone(),
        positions: store.clone(),
        trades: store.clone(),
        funding: store.clone(),
        bookings: store.clone(),
        equity: store.clone(),
        risk_events: store.clone(),
        controls: store,
        notifier: Arc::new(Silent),
        clock: Arc::new(clock),
    }
}

/// Limits so wide that only the margin speaks.
fn settings(case: Case, account: &AccountId) -> Settings {
    let plenty = Money::new(1_000_000_000.into());
    let leverage = Leverage::new(20).expect("a leverage");
    let limits = LimitSettings {
        max_position: plenty,
        max_position_share: Rate::new(1000.into()),
        max_daily_loss: plenty,
        max_daily_loss_share: Rate::new(1.into()),
        max_drawdown: plenty,
        max_leverage: leverage,
        leverage_cap: leverage,
        max_funding_per_day: plenty,
        ..LimitSettings::default()
    };
    Settings {
        limits: RiskLimits::new(limits).expect("limits that make sense"),
        margin_mode: case.margin_mode,
        afloat: protection(),
        ..Settings::new(account.clone())
    }
}
