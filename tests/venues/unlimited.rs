//! Limits that nobody meets: minutes of the market may be over in seconds, and connections are lost far more often than
//! anywhere.

/// So many times what is usual.
const TIMES: u32 = 1000;

/// An adapter's settings of production, but for what it lets itself ask for.
#[must_use]
pub fn binance() -> plimsoll_binance::Settings {
    let usual = plimsoll_binance::Settings::default();
    plimsoll_binance::Settings {
        weight_limit: usual.weight_limit * TIMES,
        weight_reserve: usual.weight_reserve * TIMES,
        weight_to_watch: usual.weight_to_watch * TIMES,
        orders_per_ten_seconds: usual.orders_per_ten_seconds * TIMES,
        orders_per_minute: usual.orders_per_minute * TIMES,
        ..usual
    }
}

/// An adapter's settings of production, but for what it lets itself ask for.
#[must_use]
pub fn gateio() -> plimsoll_gateio::Settings {
    plimsoll_gateio::Settings {
        orders_per_second: 1_000_000,
        cancels_per_second: 1_000_000,
        calls_per_ten_seconds: 1_000_000,
        ..plimsoll_gateio::Settings::default()
    }
}

/// An adapter's settings of production, but for what it lets itself ask for.
#[must_use]
pub fn bitget() -> plimsoll_bitget::Settings {
    let usual = plimsoll_bitget::Settings::default();
    plimsoll_bitget::Settings {
        requests_per_minute: usual.requests_per_minute * TIMES,
        request_reserve: usual.request_reserve * TIMES,
        requests_to_watch: usual.requests_to_watch * TIMES,
        endpoint_scale: usual.endpoint_scale * TIMES,
        ..usual
    }
}

/// What the servers let anybody ask for.
pub(super) mod server {
    use plimsoll_venue_server::{binance, bitget, gateio};

    pub(in crate::venues) fn binance() -> binance::RateLimits {
        binance::RateLimits {
            weight_per_minute: 2_400_000,
            orders_per_minute: 1_200_000,
            orders_per_ten_seconds: 300_000,
            funding_per_five_minutes: 500_000,
            ..binance::RateLimits::default()
        }
    }

    pub(in crate::venues) const fn gateio() -> gateio::RateLimits {
        gateio::RateLimits {
            public_per_ten_seconds: 1_000_000,
            private_per_ten_seconds: 1_000_000,
            orders_per_second: 1_000_000,
            cancels_per_second: 1_000_000,
        }
    }

    pub(in crate::venues) fn bitget() -> bitget::RateLimits {
        bitget::RateLimits { requests_per_minute: 6_000_000, scale: super::TIMES, ..bitget::RateLimits::default() }
    }
}
