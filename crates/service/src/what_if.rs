//! What moves of the market would do: to equity, to margin, and who would be liquidated first.

use crate::failure::AskFailure;
use crate::figure::{Figure, Moment, answers, known};
use crate::service::Service;
use plimsoll_domain::stress::CommonMove;
use plimsoll_domain::{Decimal, MarginRatio, Money, PortfolioView, StressedAccount, Symbol};
use plimsoll_engine::Fleet;
use std::collections::{BTreeMap, BTreeSet};

/// The moves of the stress table, in per cent.
const MOVES: [i64; 6] = [-20, -10, -5, 5, 10, 20];
/// Between now and the end of a move it is looked so often who is due, so that a loss in its middle is met as well.
const STEPS: u32 = 20;
/// A hundredth of a per cent.
const NEAR_ENOUGH: u32 = 2;

answers! {
    /// What a move of the market would do.
    pub struct WhatIf {
        /// When it was put together.
        pub time: Moment,
        /// The prices of this asset move; null: every price.
        pub asset: Option<String>,
        /// By so many per cent.
        pub percent: Figure,
        /// Each account after it.
        pub accounts: Vec<WhatIfAccount>,
        /// Who is liquidated first on the way.
        pub first: Option<FirstToGo>,
        /// By currency, real money and play money apart.
        pub totals: Vec<WhatIfTotal>,
    }

    /// An account after a move; its figures are null where a part of it cannot be judged.
    pub struct WhatIfAccount {
        /// The account.
        pub account: String,
        /// Where it is.
        pub venue: String,
        /// In this currency.
        pub currency: String,
        /// Wallet and profits at the moved prices, before anything is closed.
        pub equity: Option<Figure>,
        /// Less what it is now.
        pub equity_change: Option<Figure>,
        /// The worst of the pool and the isolated positions, at the moved prices.
        pub margin_ratio: Option<Figure>,
        /// That of the cross pool.
        pub pool_ratio: Option<Figure>,
        /// What is due at the moved prices.
        pub liquidated: Option<Vec<DueRow>>,
        /// How far all prices may fall together before the cross pool is due, in per cent.
        pub limit_down_percent: Option<Figure>,
        /// How far they may rise.
        pub limit_up_percent: Option<Figure>,
        /// The cross pool is due as it stands.
        pub is_due: Option<bool>,
    }

    /// A position that is due.
    pub struct DueRow {
        /// The contract.
        pub symbol: String,
        /// Which position of it.
        pub position_side: &'static str,
    }

    /// The position that is liquidated first.
    pub struct FirstToGo {
        /// Whose.
        pub account: String,
        /// Where.
        pub venue: String,
        /// The contract.
        pub symbol: String,
        /// Which position of it.
        pub position_side: &'static str,
        /// After so many per cent of the move, to a hundredth.
        pub at_percent: Figure,
    }

    /// A currency after a move.
    pub struct WhatIfTotal {
        /// The currency.
        pub currency: String,
        /// Whether it is real money.
        pub is_live: bool,
        /// Wallets and profits; null if a part is not known.
        pub equity: Option<Figure>,
        /// Less what it is now.
        pub equity_change: Option<Figure>,
        /// How many positions are due.
        pub liquidated: usize,
    }

    /// Usual moves of every price, and of each asset that is held.
    pub struct Stress {
        /// When it was put together.
        pub time: Moment,
        /// The moves in per cent, in the order of the cells.
        pub moves: Vec<Figure>,
        /// Every price together first, then each asset.
        pub rows: Vec<StressRow>,
    }

    /// What moves do to one asset, or to all.
    pub struct StressRow {
        /// The asset; null: every price.
        pub asset: Option<String>,
        /// One for each move.
        pub cells: Vec<StressCell>,
    }

    /// What one move does.
    pub struct StressCell {
        /// In per cent.
        pub percent: Figure,
        /// By currency.
        pub totals: Vec<WhatIfTotal>,
        /// The worst of all accounts.
        pub worst_margin_ratio: Option<Figure>,
        /// Who is liquidated first on the way.
        pub first: Option<FirstToGo>,
    }
}

/// A move of the prices of one asset, or of all.
#[derive(Debug, Clone, Copy)]
struct Move<'a> {
    asset: Option<&'a str>,
    percent: Decimal,
}

/// All accounts after a move.
struct Moved {
    accounts: Vec<(bool, StressedAccount)>,
}

impl Service {
    /// What a move of the prices of one asset, or of all, would do.
    ///
    /// # Errors
    /// [`AskFailure::NotAMove`] for one that no price can make.
    pub fn what_if(&self, asset: Option<&str>, percent: Decimal) -> Result<WhatIf, AskFailure> {
        if percent <= Decimal::NEGATIVE_ONE * Decimal::ONE_HUNDRED || percent > Decimal::ONE_THOUSAND {
            return Err(AskFailure::NotAMove(format!("a move is above -100 % and at most 1000 %, got {percent}")));
        }
        let fleets = self.fleets();
        let together = views(&fleets);
        let it = Move { asset, percent };
        let (now, then) = (Move { percent: Decimal::ZERO, ..it }.of(&together)?, it.of(&together)?);
        let pairs = now.accounts.iter().zip(&then.accounts);
        Ok(WhatIf {
            time: self.now().into(),
            asset: asset.map(str::to_owned),
            percent: percent.into(),
            accounts: pairs.map(|((_, now), (_, then))| WhatIfAccount::of(now, then)).collect(),
            first: it.first_to_go(&together)?,
            totals: totals(&now, &then),
        })
    }

    /// Usual moves of every price, and of each asset that is held.
    ///
    /// # Errors
    /// [`AskFailure`].
    pub fn stress(&self) -> Result<Stress, AskFailure> {
        let fleets = self.fleets();
        let together = views(&fleets);
        let held = together.iter().flat_map(|(_, view)| view.by_symbol().into_keys());
        let assets: BTreeSet<String> = held.map(|symbol| symbol.base().to_owned()).collect();
        let now = Move { asset: None, percent: Decimal::ZERO }.of(&together)?;
        let rows = std::iter::once(None).chain(assets.iter().map(|asset| Some(asset.as_str())));
        let rows = rows.map(|asset| {
            let cells = MOVES.into_iter().map(|percent| {
                let it = Move { asset, percent: percent.into() };
                let then = it.of(&together)?;
                let ratios = then.accounts.iter().filter_map(|(_, it)| it.outcome.as_ref()?.worst_ratio);
                Ok(StressCell {
                    percent: it.percent.into(),
                    totals: totals(&now, &then),
                    worst_margin_ratio: known(ratios.max()),
                    first: it.first_to_go(&together)?,
                })
            });
            Ok(StressRow { asset: asset.map(str::to_owned), cells: cells.collect::<Result<_, AskFailure>>()? })
        });
        Ok(Stress {
            time: self.now().into(),
            moves: MOVES.map(|percent| Decimal::from(percent).into()).to_vec(),
            rows: rows.collect::<Result<_, AskFailure>>()?,
        })
    }
}

fn views(fleets: &[(bool, Fleet)]) -> Vec<(bool, PortfolioView<'_>)> {
    fleets.iter().map(|(is_live, fleet)| (*is_live, fleet.portfolio())).collect()
}

impl Move<'_> {
    fn of(self, together: &[(bool, PortfolioView<'_>)]) -> Result<Moved, AskFailure> {
        let factor = Decimal::ONE + self.percent / Decimal::ONE_HUNDRED;
        let moves = |symbol: &Symbol| self.asset.is_none_or(|asset| symbol.base() == asset);
        let mut accounts = Vec::new();
        for (is_live, view) in together {
            let moved = view.moved(|symbol| if moves(symbol) { factor } else { Decimal::ONE });
            let moved = moved.map_err(|error| AskFailure::NotAMove(error.to_string()))?;
            accounts.extend(moved.into_iter().map(|it| (*is_live, it)));
        }
        Ok(Moved { accounts })
    }

    /// Looks along the way at even steps, and then nearer and nearer where the first is met.
    fn first_to_go(self, together: &[(bool, PortfolioView<'_>)]) -> Result<Option<FirstToGo>, AskFailure> {
        let steps = Decimal::from(STEPS);
        let mut before = Decimal::ZERO;
        for step in 0..=STEPS {
            let at = self.percent * Decimal::from(step) / steps;
            if let Some(found) = (Self { percent: at, ..self }).of(together)?.due() {
                return self.nearer(together, before, (at, found)).map(Some);
            }
            before = at;
        }
        Ok(None)
    }

    fn nearer(
        self,
        together: &[(bool, PortfolioView<'_>)],
        mut before: Decimal,
        mut met: (Decimal, FirstToGo),
    ) -> Result<FirstToGo, AskFailure> {
        let near = Decimal::new(1, NEAR_ENOUGH);
        while (met.0 - before).abs() > near {
            let middle = (before + met.0) / Decimal::TWO;
            match (Self { percent: middle, ..self }).of(together)?.due() {
                Some(found) => met = (middle, found),
                None => before = middle,
            }
        }
        Ok(FirstToGo { at_percent: met.0.round_dp(NEAR_ENOUGH).into(), ..met.1 })
    }
}

impl Moved {
    /// The first position that is due.
    fn due(&self) -> Option<FirstToGo> {
        self.accounts.iter().find_map(|(_, it)| {
            let (symbol, side) = it.outcome.as_ref()?.liquidated.first()?;
            Some(FirstToGo {
                account: it.account.to_string(),
                venue: it.venue.to_string(),
                symbol: symbol.to_string(),
                position_side: side.as_str(),
                at_percent: Decimal::ZERO.into(),
            })
        })
    }
}

fn plus(a: Money, b: Money) -> Money {
    Money::new(a.get().saturating_add(b.get()))
}

fn totals(now: &Moved, then: &Moved) -> Vec<WhatIfTotal> {
    type Sums = (Option<Money>, Option<Money>, usize);
    // Real money first.
    let mut sums: BTreeMap<(bool, String), Sums> = BTreeMap::new();
    for ((is_live, before), (_, after)) in now.accounts.iter().zip(&then.accounts) {
        let key = (!is_live, after.currency.to_string());
        let (equity, change, due) = sums.entry(key).or_insert((Some(Money::ZERO), Some(Money::ZERO), 0));
        let was = before.outcome.as_ref().map(|it| it.equity);
        let is = after.outcome.as_ref().map(|it| it.equity);
        *equity = equity.zip(is).map(|(sum, is)| plus(sum, is));
        *change = change.zip(is.zip(was)).map(|(sum, (is, was))| plus(sum, plus(is, -was)));
        *due += after.outcome.as_ref().map_or(0, |it| it.liquidated.len());
    }
    let row = |((is_play, currency), (equity, change, liquidated)): ((bool, String), Sums)| WhatIfTotal {
        currency,
        is_live: !is_play,
        equity: known(equity),
        equity_change: known(change),
        liquidated,
    };
    sums.into_iter().map(row).collect()
}

impl WhatIfAccount {
    fn of(now: &StressedAccount, then: &StressedAccount) -> Self {
        let outcome = then.outcome.as_ref();
        let was = now.outcome.as_ref().map(|it| it.equity);
        let (down, up, is_due) = match outcome.map(|it| it.limits) {
            Some(CommonMove::Bounds { down, up }) => (down, up, Some(false)),
            Some(CommonMove::AlreadyDue) => (None, None, Some(true)),
            None => (None, None, None),
        };
        let percent = |factor: Decimal| (factor - Decimal::ONE).saturating_mul(Decimal::ONE_HUNDRED).round_dp(4);
        let due = |it: &plimsoll_domain::StressOutcome| {
            let row = |(symbol, side): &(Symbol, plimsoll_domain::PositionSide)| DueRow {
                symbol: symbol.to_string(),
                position_side: side.as_str(),
            };
            it.liquidated.iter().map(row).collect()
        };
        let worst: Option<MarginRatio> = outcome.and_then(|it| it.worst_ratio);
        Self {
            account: then.account.to_string(),
            venue: then.venue.to_string(),
            currency: then.currency.to_string(),
            equity: known(outcome.map(|it| it.equity)),
            equity_change: known(outcome.zip(was).map(|(is, was)| plus(is.equity, -was))),
            margin_ratio: known(worst),
            pool_ratio: known(outcome.and_then(|it| it.pool_ratio)),
            liquidated: outcome.map(due),
            limit_down_percent: known(down.map(percent)),
            limit_up_percent: known(up.map(percent)),
            is_due,
        }
    }
}
