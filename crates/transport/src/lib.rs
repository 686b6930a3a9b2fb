//! HTTP and WebSocket sessions, weight budgets and back-off for venue adapters
