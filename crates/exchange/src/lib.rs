//! A deterministic perpetual-futures exchange in memory: matching, margin, funding, liquidation
