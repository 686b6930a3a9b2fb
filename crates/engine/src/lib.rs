//! The use cases: open, watch, protect and close leveraged positions, built from ports only
