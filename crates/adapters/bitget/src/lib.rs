//! Bitget USDT-M futures: a sans-I/O wire, and the live broker, streams and feeds on top of it.
