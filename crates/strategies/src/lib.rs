//! Four strategies for perpetual futures, and the indicators that they read.

mod float;
pub mod indicator;
