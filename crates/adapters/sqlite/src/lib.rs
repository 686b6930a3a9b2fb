//! The embedded store: journal, positions, trades, funding, equity, risk events and controls in SQLite
