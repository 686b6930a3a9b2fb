//! The venue's names of contracts and ours, and how much of the base a contract is.

use super::body::Contract;
use super::contracts::{UnevenSize, base, contracts};
use plimsoll_domain::{Currency, Decimal, PositionMode, Quantity, Symbol};
use plimsoll_venue::DecodeError;
use plimsoll_venue::json::Num;
use std::collections::HashMap;
use std::sync::Arc;

/// The directory of contracts: `BTC_USDT` is `BTC/USDT:USDT`, in contracts of 0.0001 BTC.
#[derive(Debug, Clone, Default)]
pub struct Symbols {
    by_native: HashMap<Arc<str>, Traded>,
    by_symbol: HashMap<Symbol, Sent>,
    by_name: bool,
}

/// A contract by the names that messages go by, and its size.
#[derive(Debug, Clone)]
pub(crate) struct Traded {
    pub(crate) symbol: Symbol,
    pub(crate) multiplier: Decimal,
}

/// A contract as orders name it.
#[derive(Debug, Clone)]
struct Sent {
    native: Arc<str>,
    multiplier: Decimal,
    /// How many digits behind the point a number of contracts may have.
    digits: u32,
}

impl Symbols {
    /// The linear contracts of the venue's list, and no others.
    #[must_use]
    pub fn listed(listing: &[Contract]) -> Self {
        let traded = |it: &Contract| Traded { symbol: it.symbol.clone(), multiplier: it.multiplier };
        let sent = |it: &Contract| {
            let digits = u32::from(it.lot.get() < it.multiplier);
            Sent { native: Arc::clone(&it.native), multiplier: it.multiplier, digits }
        };
        Self {
            by_native: listing.iter().map(|it| (Arc::clone(&it.native), traded(it))).collect(),
            by_symbol: listing.iter().map(|it| (it.symbol.clone(), sent(it))).collect(),
            by_name: false,
        }
    }

    /// No list: names are split at their underscore, margin is taken to be in the quote currency (for dollars, in the
    /// base), and a contract is taken for one base unit, since only the list knows how much it is. Quantities read with
    /// it are contracts: see [`counts_contracts`](Self::counts_contracts).
    #[must_use]
    pub fn by_name() -> Self {
        Self { by_name: true, ..Self::default() }
    }

    /// Quantities read with this directory are contracts, not base units: whoever shows them has to say so.
    #[must_use]
    pub const fn counts_contracts(&self) -> bool {
        self.by_name
    }

    /// Our name of a contract.
    ///
    /// # Errors
    /// [`DecodeError`] with the name if no contract goes by it.
    pub fn symbol(&self, native: &str) -> Result<Symbol, DecodeError> {
        self.traded(native).map(|it| it.symbol)
    }

    pub(crate) fn traded(&self, native: &str) -> Result<Traded, DecodeError> {
        let found = match self.by_native.get(native) {
            Some(traded) => Some(traded.clone()),
            None if self.by_name => split(native).map(|symbol| Traded { symbol, multiplier: Decimal::ONE }),
            None => None,
        };
        found
            .ok_or_else(|| DecodeError::unlisted(format!("'{native}' is no linear contract that is known"), "contract"))
    }

    /// The venue's name of a contract.
    #[must_use]
    pub fn native(&self, symbol: &Symbol) -> Option<Arc<str>> {
        match self.by_symbol.get(symbol) {
            Some(sent) => Some(Arc::clone(&sent.native)),
            None if self.by_name => Some(format!("{}_{}", symbol.base(), symbol.quote()).into()),
            None => None,
        }
    }

    /// Base units in a contract; 1 for a directory that has no list.
    #[must_use]
    pub fn multiplier(&self, symbol: &Symbol) -> Option<Decimal> {
        match self.by_symbol.get(symbol) {
            Some(sent) => Some(sent.multiplier),
            None if self.by_name => Some(Decimal::ONE),
            None => None,
        }
    }

    /// `quantity` base units as the number of contracts that an order says.
    ///
    /// # Errors
    /// [`UnevenSize`] if that is no number of contracts, or the contract is not listed.
    pub fn contracts(&self, symbol: &Symbol, quantity: Quantity) -> Result<Decimal, UnevenSize> {
        match self.by_symbol.get(symbol) {
            Some(sent) => contracts(quantity, sent.multiplier, sent.digits),
            None => contracts(quantity, self.multiplier(symbol).unwrap_or(Decimal::ZERO), 1),
        }
    }

    /// How many contracts are listed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_native.len()
    }

    /// No contract is listed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_native.is_empty()
    }
}

impl Traded {
    /// A number of contracts, of either sign, in base units.
    pub(crate) fn base(&self, size: Num<'_>, place: &str) -> Result<Decimal, DecodeError> {
        base(size.decimal(place)?, self.multiplier, place)
    }

    /// The same, where the venue leaves zeros out.
    pub(crate) fn maybe_base(&self, size: Num<'_>, place: &str) -> Result<Decimal, DecodeError> {
        if size.0.is_empty() { Ok(Decimal::ZERO) } else { self.base(size, place) }
    }

    /// How many contracts, whichever way, in base units; `None` for none.
    pub(crate) fn quantity(&self, size: Num<'_>, place: &str) -> Result<Option<Quantity>, DecodeError> {
        quantity(self.maybe_base(size, place)?, place)
    }
}

/// A size in base units without its sign.
pub(crate) fn quantity(size: Decimal, place: &str) -> Result<Option<Quantity>, DecodeError> {
    if size.is_zero() {
        return Ok(None);
    }
    Quantity::new(size.abs()).map(Some).map_err(|error| DecodeError::new(error.to_string(), place))
}

/// `BTC_USDT`; of dated contracts, whose name ends with a date, there is no perpetual to speak of.
fn split(native: &str) -> Option<Symbol> {
    let (base, quote) = native.rsplit_once('_')?;
    if quote.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Symbol::new(base, quote, if quote == "USD" { base } else { quote }).ok()
}

/// The venue writes currencies in capitals here and in small letters there.
pub(crate) fn currency(code: &str) -> Currency {
    Currency::new(code.to_uppercase())
}

/// What the account's messages are read with: the directory, and how many positions a contract may have, which orders and
/// trades do not say.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'s> {
    /// The directory of contracts.
    pub symbols: &'s Symbols,
    /// The account's position mode. Rows of positions say it themselves.
    pub mode: PositionMode,
}

impl<'s> Reading<'s> {
    /// By this directory, for an account of this mode.
    #[must_use]
    pub const fn new(symbols: &'s Symbols, mode: PositionMode) -> Self {
        Self { symbols, mode }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_list_names_are_split_at_their_underscore() {
        for (native, expected) in [
            ("BTC_USDT", Some("BTC/USDT:USDT")),
            ("1000PEPE_USDT", Some("1000PEPE/USDT:USDT")),
            ("币安人生_USDT", Some("币安人生/USDT:USDT")),
            ("A_B_USDT", Some("A_B/USDT:USDT")),
            ("BTC_USD1", Some("BTC/USD1:USD1")),
            ("BTC_USD", Some("BTC/USD:BTC")),
            ("BTC_USDT_20261225", None),
            ("BTCUSDT", None),
            ("_USDT", None),
            ("BTC_", None),
            ("", None),
        ] {
            let symbols = Symbols::by_name();
            let symbol = symbols.symbol(native).ok();
            assert_eq!(symbol.as_ref().map(Symbol::as_str), expected, "{native}");
            if let Some(symbol) = symbol {
                assert_eq!(symbols.native(&symbol).as_deref(), Some(native));
            }
        }
    }
}
