//! A manager at a venue and a store, ready to be used.

use crate::store::Store;
use crate::venue::{Venue, btc, price, size};
use plimsoll_engine::{ClientOrderIds, CloseFailure, Closed, OpenFailure, Opened, Ports, PositionManager, Settings};
use plimsoll_ports::domain::{AccountId, Direction, Leverage, Symbol};
use plimsoll_ports::{CloseIntent, OpenIntent, StopLoss, Waiver};
use std::sync::Arc;

pub(crate) struct Desk {
    pub(crate) venue: Venue,
    pub(crate) store: Store,
    pub(crate) manager: PositionManager,
}

/// With 10,000 in the wallet: at most 3,000 of notional a position, three positions, 500 a day.
pub(crate) fn desk() -> Desk {
    desk_with(|settings| settings)
}

pub(crate) fn desk_with(adjust: impl FnOnce(Settings) -> Settings) -> Desk {
    let (venue, store) = (Venue::new("10000"), Store::default());
    let manager = manager(&venue, &store, adjust);
    Desk { venue, store, manager }
}

/// A manager as a new process would build it.
pub(crate) fn manager(venue: &Venue, store: &Store, adjust: impl FnOnce(Settings) -> Settings) -> PositionManager {
    let (venue, store) = (Arc::new(venue.clone()), Arc::new(store.clone()));
    let ports = Ports {
        broker: venue.clone(),
        feed: venue.clone(),
        funding_rates: venue.clone(),
        journal: store.clone(),
        positions: store.clone(),
        trades: store.clone(),
        funding: store.clone(),
        bookings: store.clone(),
        equity: store.clone(),
        risk_events: store.clone(),
        controls: store.clone(),
        notifier: store,
        clock: venue.clone(),
    };
    let account = AccountId::new("main");
    let ids = ClientOrderIds::new(&account);
    PositionManager::new(ports, adjust(Settings::new(account))).with_ids(ids)
}

/// Long 0.05 BTC at 5x with a stop at 45,000.
pub(crate) fn long() -> OpenIntent {
    OpenIntent {
        symbol: btc(),
        direction: Direction::Long,
        quantity: size("0.05"),
        leverage: Leverage::new(5).unwrap(),
        stop_loss: StopLoss::At(price("45000")),
        take_profit: None,
    }
}

/// Nobody's stop.
pub(crate) fn unprotected() -> StopLoss {
    StopLoss::Waived(Waiver::new("ana", "hedged elsewhere").unwrap())
}

pub(crate) fn close_all(symbol: &Symbol, direction: Direction) -> CloseIntent {
    CloseIntent { symbol: symbol.clone(), direction, quantity: None }
}

impl Desk {
    pub(crate) async fn open(&self, intent: &OpenIntent) -> Result<Opened, OpenFailure> {
        self.manager.open(intent).await
    }

    pub(crate) async fn close(&self) -> Result<Closed, CloseFailure> {
        self.manager.close(&close_all(&btc(), Direction::Long)).await
    }

    pub(crate) fn is_killed(&self) -> bool {
        self.store.tables().kill_switch.last().is_some_and(|record| record.engaged)
    }
}
