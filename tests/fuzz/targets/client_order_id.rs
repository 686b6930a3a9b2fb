//! Names of orders: ours are taken unchanged by every venue, others are kept as they are.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_binance::wire::request::{self, WhichOrder};
use plimsoll_domain::{ClientOrderId, Symbol};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let reported = ClientOrderId::reported(text);
    assert_eq!(reported.as_str(), text);
    let url = request::order("BTCUSDT", WhichOrder::Client(&reported)).public("https://venue.example").url;
    assert!(url.bytes().all(|byte| byte.is_ascii_graphic()), "{url}");
    if let Ok(ours) = ClientOrderId::new(text) {
        assert_eq!(ours, reported);
        assert!(url.ends_with(text), "it needs no encoding: {url}");
    }
    if let Ok(symbol) = text.parse::<Symbol>() {
        assert_eq!(Symbol::new(symbol.base(), symbol.quote(), symbol.settle()), Ok(symbol));
    }
});
