//! Four strategies for perpetual futures, and the indicators that they read.
