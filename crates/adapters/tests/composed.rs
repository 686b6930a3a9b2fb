//! A composed order to write.

use crate::records::account;
use plimsoll_domain::{ClientOrderId, Timestamp, VenueId};
use plimsoll_ports::{ComposedEntry, ComposedState};

pub(crate) fn composed(id: &str) -> ComposedEntry {
    ComposedEntry {
        account: account(),
        venue: VenueId::new("binance"),
        id: ClientOrderId::new(id).unwrap(),
        order: "oco symbol=BTC/USDT:USDT direction=long quantity=0.001 stop=60000 target=70000".parse().unwrap(),
        state: ComposedState::Working,
        placed_at: Timestamp::from_millis(1_700_000_000_000),
        updated_at: Timestamp::from_millis(1_700_000_000_000),
    }
}
