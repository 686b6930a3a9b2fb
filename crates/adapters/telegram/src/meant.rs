//! Which account and which contract are meant, where a command leaves that open.

use crate::bot::Desk;
use crate::command::Wish;
use plimsoll_ports::domain::{AccountId, Symbol};
use plimsoll_service::{PositionRow, ServedAccount};
use std::collections::BTreeSet;

impl Desk {
    /// What is held of what is wished, on whatever account unless one is named.
    pub(crate) async fn held(&self, wish: &Wish) -> Result<Vec<PositionRow>, String> {
        let account = self.named(wish.account.as_deref())?;
        let all = self.service.positions(account.as_ref(), None).await.map_err(|error| error.to_string())?.positions;
        let Some(symbol) = &wish.symbol else { return Ok(all) };
        let is_it = |it: &PositionRow| {
            let account = self.served(&AccountId::new(it.account.as_str()));
            account.and_then(|account| symbol_of(symbol, account).ok()).is_some_and(|it_is| it_is.as_str() == it.symbol)
        };
        Ok(all.into_iter().filter(is_it).collect())
    }

    /// One contract of one account: as named, as settled, as held (on whatever account, where none is settled), or as traded.
    /// `said` is the command.
    pub(crate) async fn contract_of(&self, wish: &Wish, said: &str) -> Result<(AccountId, Symbol), String> {
        if wish.symbol.is_none() && self.settings.symbol.is_none() && self.settings.account.is_none() {
            let held = self.held(wish).await?;
            let held: BTreeSet<_> = held.iter().map(|it| (it.account.as_str(), it.symbol.as_str())).collect();
            if let [(account, symbol)] = Vec::from_iter(&held)[..] {
                return Ok((AccountId::new(*account), parsed(symbol)?));
            }
            if !held.is_empty() {
                let is_named = wish.account.is_some();
                let contracts = held.into_iter().map(|(account, symbol)| match is_named {
                    true => symbol.to_owned(),
                    false => format!("{symbol} on {account}"),
                });
                return Err(which(said, contracts));
            }
            let Ok(account) = self.account(wish) else { return Err(which(said, ["BTC/USDT:USDT".to_owned()])) };
            return Ok((account.name().clone(), self.contract_on(account, said).await?));
        }
        let account = self.account(wish)?;
        let symbol = match &wish.symbol {
            Some(symbol) => symbol_of(symbol, account)?,
            None => self.contract_on(account, said).await?,
        };
        Ok((account.name().clone(), symbol))
    }

    /// The contract of this account that is meant where none is named: the settled one, else the only one that is held,
    /// else, with nothing held, the only one that strategies trade there.
    pub(crate) async fn contract_on(&self, account: &ServedAccount, said: &str) -> Result<Symbol, String> {
        if let Some(symbol) = &self.settings.symbol {
            return Ok(symbol.clone());
        }
        let held = self.service.positions(Some(account.name()), None).await.map_err(|error| error.to_string())?;
        let mut contracts: BTreeSet<String> = held.positions.into_iter().map(|it| it.symbol).collect();
        if contracts.is_empty() {
            let mut strategies = self.service.strategies().await.strategies;
            strategies.retain(|it| it.accounts.iter().any(|name| name == account.name().as_str()));
            contracts = strategies.into_iter().flat_map(|it| it.contracts).collect();
        }
        if let [only] = &Vec::from_iter(&contracts)[..] {
            return parsed(only);
        }
        if contracts.is_empty() {
            contracts.insert(example(account));
        }
        Err(which(said, contracts))
    }

    /// The one account that is meant.
    pub(crate) fn account(&self, wish: &Wish) -> Result<&ServedAccount, String> {
        let mut all = self.service.accounts();
        let named = self.named(wish.account.as_deref())?.or_else(|| self.settings.account.clone());
        match (named, all.next(), all.next()) {
            (Some(name), ..) => self.served(&name).ok_or_else(|| format!("there is no account '{name}'")),
            (None, Some(only), None) => Ok(only),
            _ => {
                let names: Vec<String> = self.service.accounts().map(|it| format!("on {}", it.name())).collect();
                Err(format!("on which account? add one of: {}", names.join(", ")))
            }
        }
    }

    /// The account of this name, if one is named.
    pub(crate) fn named(&self, name: Option<&str>) -> Result<Option<AccountId>, String> {
        let Some(name) = name else { return Ok(None) };
        let known = self.service.accounts().find(|it| it.name().as_str().eq_ignore_ascii_case(name));
        known.map(|it| Some(it.name().clone())).ok_or_else(|| format!("there is no account '{name}'"))
    }

    fn served(&self, name: &AccountId) -> Option<&ServedAccount> {
        self.service.accounts().find(|it| it.name() == name)
    }
}

/// Asks back with what was said and the contracts that it may mean: whoever copies a line of it says the same again, and more.
fn which(said: &str, contracts: impl IntoIterator<Item = String>) -> String {
    let lines: Vec<String> = contracts.into_iter().map(|contract| format!("{said} {contract}")).collect();
    match lines.as_slice() {
        [line] => format!("which contract? Say it: {line}"),
        lines => format!("which contract? Say one of:\n{}", lines.join("\n")),
    }
}

/// A contract such as the account may trade.
fn example(account: &ServedAccount) -> String {
    let settle = account.currency();
    format!("BTC/{settle}:{settle}")
}

fn parsed(symbol: &str) -> Result<Symbol, String> {
    symbol.parse().map_err(|_| "its name cannot be read".to_owned())
}

/// A contract by its whole name, or by what is traded, in the currency of the account: `BTC` is `BTC/USDT:USDT`.
pub(crate) fn symbol_of(written: &str, account: &ServedAccount) -> Result<Symbol, String> {
    let written = written.to_uppercase();
    let settle = account.currency();
    let whole = if written.bytes().all(|it| it.is_ascii_alphanumeric()) {
        format!("{written}/{settle}:{settle}")
    } else {
        written
    };
    whole.parse().map_err(|error| format!("{error}; a contract is written like BTC/USDT:USDT"))
}
