//! Every figure against one that was counted by hand.

mod curves;
mod ledger;
mod positions;
