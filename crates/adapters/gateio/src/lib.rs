//! Gate.io USDT perpetual futures: a sans-I/O wire, and the live broker, streams and feeds on top of it.
