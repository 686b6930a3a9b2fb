//! The use cases: open, watch, protect and close leveraged positions, built from ports only.

mod client_order_id;
mod execution;
mod funding_service;
mod order_path;
mod position_manager;
mod trouble;
mod venue_account;

pub use client_order_id::{ClientOrderIds, IntentId};
pub use execution::Execution;
pub use funding_service::{Difference, FundingCost, FundingFailure, FundingRecording, FundingService, cost_of};
pub use order_path::{OrderPath, Patience, Placed, SendFailure};
pub use position_manager::{
    Action, Adopted, CloseFailure, Closed, EndedPosition, FlattenReason, Flattened, MonitorFailure, MonitorReport,
    OpenFailure, OpenWarning, Opened, OrderFate, Orphan, Ports, PositionHealth, PositionManager, Protection,
    ProtectionFailure, Reconciliation, ReconcileFailure, ReleaseFailure, Settings, Unclosed, Unprotected,
    UnverifiedStop,
};
pub use trouble::{Record, Subject, Trouble};
pub use venue_account::{AccountView, Link, VenueAccount};
