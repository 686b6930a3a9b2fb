//! The venue's names of contracts and ours.

use super::body::Contract;
use plimsoll_domain::{Currency, Symbol};
use plimsoll_venue::DecodeError;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// What contracts are quoted in and settle in.
const QUOTES: [&str; 2] = ["USDT", "USDC"];

/// The directory of contracts: `BTCUSDT` is `BTC/USDT:USDT`. The venue writes names in either case.
#[derive(Debug, Clone, Default)]
pub struct Symbols {
    by_native: HashMap<Arc<str>, Symbol>,
    by_symbol: HashMap<Symbol, Arc<str>>,
    settle: Vec<Currency>,
    by_suffix: bool,
}

impl Symbols {
    /// The perpetual contracts of the venue's list, and no others.
    #[must_use]
    pub fn listed(contracts: &[Contract]) -> Self {
        let pairs = || contracts.iter().filter(|contract| contract.is_perpetual());
        Self {
            by_native: pairs().map(|it| (Arc::clone(&it.native), it.symbol.clone())).collect(),
            by_symbol: pairs().map(|it| (it.symbol.clone(), Arc::clone(&it.native))).collect(),
            settle: pairs().map(|it| it.settle.clone()).collect::<BTreeSet<_>>().into_iter().collect(),
            by_suffix: false,
        }
    }

    /// No list: a name is split before the quote currency that it ends with, USDT or USDC, and margin is taken to be in
    /// that currency. Only the list can know; this is for reading single messages.
    #[must_use]
    pub fn by_suffix() -> Self {
        Self { by_suffix: true, ..Self::default() }
    }

    /// Our name of a contract.
    ///
    /// # Errors
    /// [`DecodeError`] with the name if no perpetual contract goes by it.
    pub fn symbol(&self, native: &str) -> Result<Symbol, DecodeError> {
        let found = match self.by_native.get(native) {
            Some(symbol) => Some(symbol.clone()),
            None => self.other_case(native).or_else(|| if self.by_suffix { split(native) } else { None }),
        };
        found.ok_or_else(|| {
            DecodeError::unlisted(format!("'{native}' is no perpetual contract that is known"), "symbol")
        })
    }

    fn other_case(&self, native: &str) -> Option<Symbol> {
        let lower = native.bytes().any(|byte| byte.is_ascii_lowercase());
        if !lower || self.by_native.is_empty() {
            return None;
        }
        self.by_native.get(native.to_ascii_uppercase().as_str()).cloned()
    }

    /// The venue's name of a contract.
    #[must_use]
    pub fn native(&self, symbol: &Symbol) -> Option<Arc<str>> {
        match self.by_symbol.get(symbol) {
            Some(native) => Some(Arc::clone(native)),
            None if self.by_suffix && symbol.quote() == symbol.settle() => {
                Some(format!("{}{}", symbol.base(), symbol.quote()).into())
            }
            None => None,
        }
    }

    /// A currency by its code: the one that is held already, if contracts settle in it.
    pub(crate) fn currency(&self, code: &str) -> Currency {
        let held = self.settle.iter().find(|held| held.as_str().eq_ignore_ascii_case(code));
        held.cloned().unwrap_or_else(|| Currency::new(code.to_ascii_uppercase()))
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

fn split(native: &str) -> Option<Symbol> {
    if native.contains('_') {
        return None;
    }
    let native = native.to_ascii_uppercase();
    let (base, quote) = QUOTES.iter().find_map(|quote| Some((native.strip_suffix(quote)?, quote)))?;
    Symbol::new(base, quote, quote).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_list_names_are_split_before_their_quote() {
        for (native, expected) in [
            ("BTCUSDT", Some("BTC/USDT:USDT")),
            ("ethusdt", Some("ETH/USDT:USDT")),
            ("ETHUSDC", Some("ETH/USDC:USDC")),
            ("1000BONKUSDT", Some("1000BONK/USDT:USDT")),
            ("BTCUSDT_UMCBL", None),
            ("ETHUSD_231229", None),
            ("BTCUSD", None),
            ("BTCPERP", None),
            ("USDT", None),
            ("", None),
        ] {
            let symbols = Symbols::by_suffix();
            let symbol = symbols.symbol(native).ok();
            assert_eq!(symbol.as_ref().map(Symbol::as_str), expected, "{native}");
            if let Some(symbol) = symbol {
                assert_eq!(symbols.native(&symbol).as_deref(), Some(native.to_ascii_uppercase().as_str()));
            }
        }
    }
}
