//! The contracts, and where their prices go.

use crate::random::Random;
use plimsoll_domain::{Decimal, Instrument, Money, Price, Rounding, Step, Symbol};
use plimsoll_exchange::listings;

/// One of the contracts that are traded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Contract {
    Bitcoin,
    Ether,
    Solana,
}

impl Contract {
    pub(crate) const ALL: [Self; 3] = [Self::Bitcoin, Self::Ether, Self::Solana];

    pub(crate) fn instrument(self) -> Instrument {
        match self {
            Self::Bitcoin => listings::btc_usdt(),
            Self::Ether => listings::eth_usdt(),
            // Coarse in size, fine in price: a lot is a tenth.
            Self::Solana => {
                let step = |text: &str| Step::new(text.parse().expect("a number")).expect("a step");
                let lot = "0.1".parse().expect("a size");
                Instrument {
                    symbol: Symbol::new("SOL", "USDT", "USDT").expect("a symbol"),
                    native: "SOLUSDT".into(),
                    tick: step("0.001"),
                    lot: step("0.1"),
                    min_quantity: lot,
                    min_notional: Money::new(Decimal::from(5)),
                    ..listings::eth_usdt()
                }
            }
        }
    }

    pub(crate) fn symbol(self) -> Symbol {
        self.instrument().symbol
    }

    pub(crate) fn of(symbol: &Symbol) -> Self {
        Self::ALL.into_iter().find(|it| it.symbol() == *symbol).unwrap_or(Self::Bitcoin)
    }

    pub(crate) fn opening(self) -> Price {
        let price = match self {
            Self::Bitcoin => "60000",
            Self::Ether => "3000",
            Self::Solana => "150",
        };
        price.parse().expect("a price")
    }
}

/// One contract's price.
#[derive(Debug, Clone)]
pub(crate) struct Walk {
    pub(crate) contract: Contract,
    pub(crate) symbol: Symbol,
    tick: Step,
    pub(crate) price: Price,
    random: Random,
    /// How far it goes in one beat at most, in millionths.
    wild: u64,
}

impl Walk {
    pub(crate) fn of(contract: Contract, seed: u64) -> Self {
        let instrument = contract.instrument();
        let mut random = Random::of(seed, &format!("price of {}", instrument.symbol));
        let wild = random.pick(&[30, 100, 300, 800]);
        let price = contract.opening();
        Self { contract, symbol: instrument.symbol, tick: instrument.tick, price, random, wild }
    }

    /// One beat: a small move, seldom a jump.
    pub(crate) fn beat(&mut self) {
        let furthest = if self.random.between(0, 999) < 2 { 25_000 } else { self.wild };
        let millionths = i64::try_from(self.random.between(0, furthest.saturating_mul(2))).unwrap_or(0);
        let by = Decimal::new(millionths.saturating_sub(i64::try_from(furthest).unwrap_or(0)), 6);
        self.go_to(self.price.get() * (Decimal::ONE + by));
    }

    /// Goes there, to the tick, unless that would be out of its mind.
    pub(crate) fn go_to(&mut self, price: Decimal) {
        let opening = self.contract.opening().get();
        let is_sane = price > opening / Decimal::TWO && price < opening * Decimal::TWO;
        let price = Price::new(price).ok().filter(|_| is_sane).and_then(|price| price.round(self.tick, Rounding::Down));
        if let Some(price) = price {
            self.price = price;
        }
    }
}
