//! What goes wrong by command: that it does, and what the exchange has when it has.

mod control;
mod frames;
mod requests;
mod venue;
