//! How much is held, by contract, asset, venue and account.

use crate::figure::{Figure, Moment, answers, known};
use crate::service::Service;
use plimsoll_domain::{Decimal, Exposure, PortfolioView, Symbol};
use std::collections::BTreeMap;

answers! {
    /// Exposure at the marks, real money and play money apart.
    pub struct Exposures {
        /// When it was put together.
        pub time: Moment,
        /// By contract.
        pub by_symbol: Vec<SymbolExposure>,
        /// By what is traded.
        pub by_asset: Vec<AssetExposure>,
        /// By venue.
        pub by_venue: Vec<VenueExposure>,
        /// By account.
        pub by_account: Vec<AccountExposure>,
        /// All together.
        pub totals: Vec<TotalExposure>,
    }

    /// Exposure to a contract.
    pub struct SymbolExposure {
        /// The contract.
        pub symbol: String,
        /// What is traded.
        pub base: String,
        /// What it settles in.
        pub currency: String,
        /// Whether it is real money.
        pub is_live: bool,
        /// Of everything long.
        pub long: Figure,
        /// Of everything short.
        pub short: Figure,
        /// Long less short.
        pub net: Figure,
        /// Long and short together.
        pub gross: Figure,
    }

    /// Exposure to an asset, over all its contracts of one currency.
    pub struct AssetExposure {
        /// What is traded.
        pub base: String,
        /// What it settles in.
        pub currency: String,
        /// Whether it is real money.
        pub is_live: bool,
        /// Of everything long.
        pub long: Figure,
        /// Of everything short.
        pub short: Figure,
        /// Long less short.
        pub net: Figure,
        /// Long and short together.
        pub gross: Figure,
        /// Of all gross exposure in that currency.
        pub share: Option<Figure>,
    }

    /// Exposure at a venue.
    pub struct VenueExposure {
        /// The venue.
        pub venue: String,
        /// What it settles in.
        pub currency: String,
        /// Whether it is real money.
        pub is_live: bool,
        /// Of everything long.
        pub long: Figure,
        /// Of everything short.
        pub short: Figure,
        /// Long less short.
        pub net: Figure,
        /// Long and short together.
        pub gross: Figure,
    }

    /// Exposure of an account.
    pub struct AccountExposure {
        /// The account.
        pub account: String,
        /// Where it is.
        pub venue: String,
        /// What it settles in.
        pub currency: String,
        /// Whether it is real money.
        pub is_live: bool,
        /// Of everything long.
        pub long: Figure,
        /// Of everything short.
        pub short: Figure,
        /// Long less short.
        pub net: Figure,
        /// Long and short together.
        pub gross: Figure,
    }

    /// Exposure in a currency.
    pub struct TotalExposure {
        /// The currency.
        pub currency: String,
        /// Whether it is real money.
        pub is_live: bool,
        /// Of everything long.
        pub long: Figure,
        /// Of everything short.
        pub short: Figure,
        /// Long less short.
        pub net: Figure,
        /// Long and short together.
        pub gross: Figure,
        /// Wallets and profits.
        pub equity: Option<Figure>,
        /// Gross ÷ equity.
        pub leverage: Option<Figure>,
        /// How many positions have no mark, and so no exposure.
        pub unpriced: usize,
    }
}

/// Long, short, net and gross.
struct Four {
    long: Figure,
    short: Figure,
    net: Figure,
    gross: Figure,
}

impl From<&Exposure> for Four {
    fn from(it: &Exposure) -> Self {
        Self { long: it.long.into(), short: it.short.into(), net: it.net().into(), gross: it.gross().into() }
    }
}

impl Service {
    /// How much is held, by contract, asset, venue and account.
    #[must_use]
    pub fn exposure(&self) -> Exposures {
        let mut all = Exposures {
            time: self.now().into(),
            by_symbol: Vec::new(),
            by_asset: Vec::new(),
            by_venue: Vec::new(),
            by_account: Vec::new(),
            totals: Vec::new(),
        };
        for (is_live, fleet) in self.fleets() {
            all.add(&fleet.portfolio(), is_live);
        }
        all
    }
}

impl Exposures {
    fn add(&mut self, together: &PortfolioView<'_>, is_live: bool) {
        let (by_symbol, totals) = (together.by_symbol(), together.totals());
        let mut by_asset: BTreeMap<(&str, &str), Exposure> = BTreeMap::new();
        for (symbol, it) in &by_symbol {
            *by_asset.entry((symbol.base(), symbol.settle())).or_default() += *it;
            self.by_symbol.push(SymbolExposure::of(symbol, it, is_live));
        }
        for ((base, currency), it) in by_asset {
            let of = totals.iter().find(|(known, _)| known.as_str() == currency).map(|(_, all)| all.exposure.gross());
            let share = of.and_then(|all| it.gross().get().checked_div(all.get())).map(|share| share.round_dp(6));
            let Four { long, short, net, gross } = Four::from(&it);
            let (base, currency, share) = (base.to_owned(), currency.to_owned(), known(share));
            self.by_asset.push(AssetExposure { base, currency, is_live, long, short, net, gross, share });
        }
        for ((venue, currency), it) in together.by_venue() {
            let Four { long, short, net, gross } = Four::from(&it);
            let (venue, currency) = (venue.to_string(), currency.to_string());
            self.by_venue.push(VenueExposure { venue, currency, is_live, long, short, net, gross });
        }
        for ((venue, account, currency), it) in together.by_account() {
            let Four { long, short, net, gross } = Four::from(&it);
            let (venue, account, currency) = (venue.to_string(), account.to_string(), currency.to_string());
            self.by_account.push(AccountExposure { account, venue, currency, is_live, long, short, net, gross });
        }
        for (currency, it) in totals {
            let Four { long, short, net, gross } = Four::from(&it.exposure);
            let equity = it.equity.map(|equity| equity.get()).filter(|equity| *equity > Decimal::ZERO);
            let leverage = equity.and_then(|equity| gross.get().checked_div(equity)).map(|it| it.round_dp(6));
            self.totals.push(TotalExposure {
                currency: currency.to_string(),
                is_live,
                long,
                short,
                net,
                gross,
                equity: known(it.equity),
                leverage: known(leverage),
                unpriced: it.unpriced,
            });
        }
    }
}

impl SymbolExposure {
    fn of(symbol: &Symbol, it: &Exposure, is_live: bool) -> Self {
        let Four { long, short, net, gross } = Four::from(it);
        let (base, currency) = (symbol.base().to_owned(), symbol.settle().to_owned());
        Self { symbol: symbol.to_string(), base, currency, is_live, long, short, net, gross }
    }
}
