//! Numbers from text: exactly, or not at all.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_domain::{Leverage, Money, Price, Quantity, Rate, decimal};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (price, quantity) = (text.parse::<Price>(), text.parse::<Quantity>());
    let (money, rate) = (text.parse::<Money>(), text.parse::<Rate>());
    drop(text.parse::<Leverage>());
    let Ok(number) = decimal::exact(text) else {
        assert!(price.is_err() && quantity.is_err() && money.is_err() && rate.is_err(), "{text} is no number");
        return;
    };
    assert_eq!(decimal::exact(&number.to_string()), Ok(number), "{text} is written as it is read");
    if let Ok(price) = price {
        assert_eq!(price.get(), number);
    }
    if let Ok(quantity) = quantity {
        assert_eq!(quantity.get(), number);
    }
    if let (Ok(price), Ok(quantity)) = (price, quantity) {
        // Both are bounded, so that their product is a number.
        drop(quantity * price);
    }
    if let Ok(money) = money {
        assert_eq!(money.to_string().parse(), Ok(money));
    }
});
