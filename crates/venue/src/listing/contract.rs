//! Contracts as a venue lists them, from one reading to the next.

use crate::call_error::CallError;
use crate::unread::Unread;
use plimsoll_domain::{ContractStatus, Symbol};
use std::collections::HashSet;
use std::sync::Arc;

/// A contract as some venue lists it.
pub trait ListedContract: Clone + Send + Sync + 'static {
    /// The names that the venue's messages are read with.
    type Symbols: Send + Sync;

    /// The venue's code for a contract that it does not list.
    const NOT_LISTED: &'static str;

    /// The names of these.
    fn symbols(listed: &[Self]) -> Self::Symbols;

    /// The venue's name of it.
    fn native(&self) -> &Arc<str>;

    /// Our name of it.
    fn symbol(&self) -> &Symbol;

    /// It never expires. Of others, which may go by the same name of ours, nobody asks.
    fn is_perpetual(&self) -> bool {
        true
    }

    /// What may be done with it.
    fn standing(&self) -> ContractStatus;

    /// The venue's word for that.
    fn status(&self) -> &str;

    /// The same contract, taken from the list.
    fn delisted(self) -> Self;
}

/// The newer list, with those that it leaves out counted as delisted: what is still held of them has its name, and a way
/// out. What is among the rows that could not be read (`unread`) stays as it was; where one of them has no name, that may be
/// any of the missing.
///
/// # Errors
/// [`CallError::Unreadable`] for a list of nothing after one of something: no venue delists everything at once.
pub(super) fn with_delisted<C: ListedContract>(
    before: &[C],
    mut now: Vec<C>,
    unread: &[Unread],
) -> Result<Vec<C>, CallError> {
    for Unread { error, .. } in unread {
        tracing::warn!(%error, "a contract of the venue's list cannot be read");
    }
    if now.is_empty() && !before.is_empty() {
        return Err(CallError::Unreadable("a list of no contracts".to_owned()));
    }
    let listed: HashSet<Arc<str>> = now.iter().map(|it| Arc::clone(it.native())).collect();
    let missing = before.iter().filter(|it| !listed.contains(it.native())).cloned();
    let is_unread = |it: &C| unread.iter().any(|row| row.native.as_ref().is_none_or(|native| native == it.native()));
    let kept: Vec<C> = missing.map(|it| if is_unread(&it) { it } else { it.delisted() }).collect();
    now.extend(kept);
    Ok(now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::DecodeError;

    #[derive(Debug, Clone, PartialEq)]
    struct Contract(Arc<str>, bool, Symbol);

    impl ListedContract for Contract {
        type Symbols = ();

        const NOT_LISTED: &'static str = "none";

        fn symbols(_: &[Self]) {}

        fn native(&self) -> &Arc<str> {
            &self.0
        }

        fn symbol(&self) -> &Symbol {
            &self.2
        }

        fn standing(&self) -> ContractStatus {
            if self.1 { ContractStatus::Trading } else { ContractStatus::Delisted }
        }

        fn status(&self) -> &'static str {
            "a word"
        }

        fn delisted(self) -> Self {
            Self(self.0, false, self.2)
        }
    }

    fn contract(name: &str, trades: bool) -> Contract {
        Contract(name.into(), trades, Symbol::new(name, "USDT", "USDT").unwrap())
    }

    fn listed(names: &[&str]) -> Vec<Contract> {
        names.iter().map(|name| contract(name, true)).collect()
    }

    #[test]
    fn what_a_newer_list_leaves_out_is_delisted_and_keeps_its_name() {
        let before = listed(&["A", "B"]);
        let now = with_delisted(&before, listed(&["B", "C"]), &[]).unwrap();
        assert_eq!(now, [contract("B", true), contract("C", true), contract("A", false)]);
        let again = with_delisted(&now, listed(&["A", "B", "C"]), &[]).unwrap();
        assert_eq!(again, listed(&["A", "B", "C"]), "listed again");
    }

    #[test]
    fn what_could_not_be_read_is_not_delisted() {
        let unread = |native: Option<&str>| {
            let error = DecodeError::new("no value", "symbols[0]");
            with_delisted(&listed(&["A", "B", "C"]), listed(&["B"]), &[Unread { native: native.map(Arc::from), error }])
        };
        assert_eq!(unread(None).unwrap(), listed(&["B", "A", "C"]), "it may be either");
        let [b, a, c] = ["B", "A", "C"].map(|name| contract(name, name != "C"));
        assert_eq!(unread(Some("A")).unwrap(), [b, a, c], "the other is delisted all the same");
        assert!(with_delisted(&listed(&["A"]), Vec::new(), &[]).is_err());
        assert_eq!(with_delisted::<Contract>(&[], Vec::new(), &[]), Ok(Vec::new()));
    }
}
