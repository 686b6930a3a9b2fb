//! The simulated exchange behind a venue's own HTTP and WebSocket wire, on loopback.
