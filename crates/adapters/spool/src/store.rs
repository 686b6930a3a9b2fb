//! Everything that a spool stands in front of.

use plimsoll_ports::{
    BookingRepository, ControlRepository, DeskRepository, EquityRepository, FundingRepository, OrderJournal,
    PositionRepository, RiskEventRepository, TradeRepository,
};

/// Every store port at once. Whatever implements them all is one.
pub trait Store:
    OrderJournal
    + PositionRepository
    + TradeRepository
    + FundingRepository
    + BookingRepository
    + EquityRepository
    + RiskEventRepository
    + ControlRepository
    + DeskRepository
{
}

impl<T> Store for T where
    T: OrderJournal
        + PositionRepository
        + TradeRepository
        + FundingRepository
        + BookingRepository
        + EquityRepository
        + RiskEventRepository
        + ControlRepository
        + DeskRepository
        + ?Sized
{
}
