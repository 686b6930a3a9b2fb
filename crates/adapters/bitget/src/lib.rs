//! Bitget USDT-M futures (API v2 `mix`): a sans-I/O wire, and the live broker, streams and feeds on top of it.

pub mod wire;
