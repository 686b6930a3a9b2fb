//! What may be sent: an entry together with what ends its loss, or an order that can only reduce.

use plimsoll_domain::NewOrder;
use plimsoll_ports::StopLoss;

/// An order that may add exposure, and what ends the loss of what it opens. Whoever sends it sees to that.
///
/// ```compile_fail,E0308
/// # use plimsoll_engine::{OrderPath, Placed, SendFailure};
/// # use plimsoll_ports::domain::NewOrder;
/// async fn naked(path: &OrderPath, order: &NewOrder) -> Result<Placed, SendFailure> {
///     path.enter(order, None).await.0
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    order: NewOrder,
    stop_loss: StopLoss,
}

impl Entry {
    /// An entry that `stop_loss` belongs to.
    #[must_use]
    pub const fn new(order: NewOrder, stop_loss: StopLoss) -> Self {
        Self { order, stop_loss }
    }

    /// The order.
    #[must_use]
    pub const fn order(&self) -> &NewOrder {
        &self.order
    }

    /// What ends the loss.
    #[must_use]
    pub const fn stop_loss(&self) -> &StopLoss {
        &self.stop_loss
    }
}

/// An order that can do nothing but make a position smaller.
///
/// ```compile_fail,E0308
/// # use plimsoll_engine::{OrderPath, Placed, SendFailure};
/// # use plimsoll_ports::{Purpose, domain::NewOrder};
/// async fn unchecked(path: &OrderPath, order: &NewOrder) -> Result<Placed, SendFailure> {
///     path.reduce(order, Purpose::Exit).await.0
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reducing(NewOrder);

impl Reducing {
    /// The order.
    #[must_use]
    pub const fn order(&self) -> &NewOrder {
        &self.0
    }
}

/// An order that was to reduce could make a position larger.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} is not reduce-only, and could add exposure", .0.client_order_id)]
pub struct AddsExposure(pub Box<NewOrder>);

impl TryFrom<NewOrder> for Reducing {
    type Error = AddsExposure;

    fn try_from(order: NewOrder) -> Result<Self, AddsExposure> {
        if order.adds_exposure() { Err(AddsExposure(Box::new(order))) } else { Ok(Self(order)) }
    }
}
