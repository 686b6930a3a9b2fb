//! Whose wire a run goes over, and what is said otherwise there.

use super::step::Contract;
use crate::venues;
use plimsoll_domain::{ClientOrderId, Instrument, Order, OrderStatus};
use plimsoll_exchange::listings;
use plimsoll_trial::books::Words;
use plimsoll_venue_server::Fault;
use std::fmt;
use std::str::FromStr;

/// A venue's wire, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wire {
    /// Binance USDⓈ-M.
    Binance,
    /// Gate.io USDT perpetuals.
    Gateio,
    /// Bitget USDT-M.
    Bitget,
    /// Bitget USDT-M, its private stream in the older dialect.
    BitgetMixV1,
    /// None: the paper venue, behind the ports.
    Paper,
}

impl Wire {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Binance, Self::Gateio, Self::Bitget, Self::BitgetMixV1, Self::Paper];

    /// The contract, as this venue lists it.
    pub(crate) fn lists(self, contract: Contract) -> Instrument {
        match (self, contract) {
            (Self::Binance | Self::Paper, _) => contract.instrument(),
            (Self::Gateio, Contract::Bitcoin) => listings::gateio::btc_usdt(),
            (Self::Gateio, Contract::Ether) => listings::gateio::eth_usdt(),
            (Self::Bitget | Self::BitgetMixV1, Contract::Bitcoin) => listings::bitget::btc_usdt(),
            (Self::Bitget | Self::BitgetMixV1, Contract::Ether) => listings::bitget::eth_usdt(),
        }
    }

    /// The venue whose wire it is, if any.
    pub(crate) const fn of_venue(self) -> Option<venues::Wire> {
        match self {
            Self::Binance => Some(venues::Wire::Binance),
            Self::Gateio => Some(venues::Wire::Gateio),
            Self::Bitget | Self::BitgetMixV1 => Some(venues::Wire::Bitget),
            Self::Paper => None,
        }
    }

    /// An order's name without what the venue wants before names of ours.
    pub(crate) fn without_prefix(self, id: &ClientOrderId) -> ClientOrderId {
        self.of_venue().map_or_else(|| id.clone(), |venue| venue.without_prefix(id))
    }

    /// Whether this can go wrong there: behind the ports no clock is off, no key ends, and fills are told first anyway.
    pub(crate) fn knows(self, fault: Fault) -> bool {
        let of_wires = [Fault::Skew, Fault::ExpireKey, Fault::ExpireKeySilently, Fault::FillsFirst];
        self != Self::Paper || !of_wires.contains(&fault)
    }
}

impl Words for Wire {
    fn names_children(&self) -> bool {
        matches!(self, Self::Binance | Self::Gateio | Self::Paper)
    }

    /// Those that have no word for what ended with its position call it cancelled.
    fn tells(&self, order: &Order) -> OrderStatus {
        match (self, order.status) {
            (Self::Gateio, OrderStatus::Expired) if order.order_type.is_conditional() => OrderStatus::Canceled,
            (Self::Bitget | Self::BitgetMixV1, OrderStatus::Expired) => OrderStatus::Canceled,
            (_, status) => status,
        }
    }
}

impl fmt::Display for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Binance => "binance",
            Self::Gateio => "gateio",
            Self::Bitget => "bitget",
            Self::BitgetMixV1 => "bitget-v1",
            Self::Paper => "paper",
        })
    }
}

impl FromStr for Wire {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|wire| wire.to_string() == text).ok_or(())
    }
}
