//! Several accounts, at one or many venues, as one.

use crate::exposure::Exposure;
use crate::liquidation::Liquidation;
use crate::margin::MarginRatio;
use crate::money::Money;
use crate::name::{AccountId, Currency, Symbol, VenueId};
use crate::portfolio::Portfolio;
use crate::rate::Rate;
use crate::side::PositionSide;
use crate::standing::{MarginFigures, PositionFigures, Standing};
use crate::stress::{CommonMove, NotAFactor, Scenario, common_move};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// Several accounts as one. Amounts are summed by currency, never across currencies.
#[derive(Debug, Clone, Default)]
pub struct PortfolioView<'a> {
    members: Vec<Member<'a>>,
}

/// One account in one currency.
#[derive(Debug, Clone)]
struct Member<'a> {
    venue: VenueId,
    account: AccountId,
    currency: Currency,
    standing: Standing<'a>,
    positions: Vec<PositionFigures>,
    margin: MarginFigures,
}

/// Everything in one currency. A sum is `None` if one of its parts is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortfolioTotals {
    /// What is held, at the marks; positions without a mark are [`unpriced`](Self::unpriced).
    pub exposure: Exposure,
    /// How many positions have no mark, and so no exposure.
    pub unpriced: usize,
    /// Wallets and profits.
    pub equity: Option<Money>,
    /// Profit of every position, before fees.
    pub unrealized_pnl: Option<Money>,
    /// What the positions tie up.
    pub used_margin: Option<Money>,
    /// What the contracts require.
    pub maintenance: Option<Money>,
}

/// The position that is nearest to its liquidation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearestLiquidation {
    /// Where.
    pub venue: VenueId,
    /// Whose.
    pub account: AccountId,
    /// Of which contract.
    pub symbol: Symbol,
    /// Which position of it.
    pub position_side: PositionSide,
    /// How far the mark is, as a share of itself; zero is due.
    pub distance: Rate,
    /// At what prices.
    pub liquidation: Liquidation,
}

/// An account after a move of every price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StressedAccount {
    /// Where.
    pub venue: VenueId,
    /// Whose.
    pub account: AccountId,
    /// In which currency.
    pub currency: Currency,
    /// What the move does; `None` if a part of the account cannot be judged.
    pub outcome: Option<StressOutcome>,
}

/// What a move of every price does to an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StressOutcome {
    /// Wallet and profits at the moved prices, before anything is closed.
    pub equity: Money,
    /// The cross pool's ratio at the moved prices; `None` if it backs nothing.
    pub pool_ratio: Option<MarginRatio>,
    /// The worst ratio of the pool and of what is isolated, at the moved prices; `None` where nothing is required.
    pub worst_ratio: Option<MarginRatio>,
    /// The positions that are due at the moved prices: the isolated ones by themselves, the cross ones together.
    pub liquidated: Vec<(Symbol, PositionSide)>,
    /// How far all prices may move from now before the cross pool is due.
    pub limits: CommonMove,
}

impl<'a> PortfolioView<'a> {
    /// No account yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { members: Vec::new() }
    }

    /// Adds one account in one currency.
    pub fn add(&mut self, venue: VenueId, account: AccountId, currency: Currency, standing: Standing<'a>) {
        let positions = standing.positions();
        let margin = standing.margin_of(&positions);
        self.members.push(Member { venue, account, currency, standing, positions, margin });
    }

    /// What is held of each contract over all venues, at the marks.
    #[must_use]
    pub fn by_symbol(&self) -> BTreeMap<Symbol, Exposure> {
        self.grouped(|_, it| it.held.symbol.clone())
    }

    /// What is held at each venue, by settle currency.
    #[must_use]
    pub fn by_venue(&self) -> BTreeMap<(VenueId, Currency), Exposure> {
        self.grouped(|member, _| (member.venue.clone(), member.currency.clone()))
    }

    /// What each account holds, by settle currency.
    #[must_use]
    pub fn by_account(&self) -> BTreeMap<(VenueId, AccountId, Currency), Exposure> {
        self.grouped(|member, _| (member.venue.clone(), member.account.clone(), member.currency.clone()))
    }

    fn grouped<K: Ord>(&self, key: impl Fn(&Member<'a>, &PositionFigures) -> K) -> BTreeMap<K, Exposure> {
        let mut groups: BTreeMap<K, Exposure> = BTreeMap::new();
        for member in &self.members {
            for it in &member.positions {
                if let Some(notional) = it.notional {
                    *groups.entry(key(member, it)).or_default() += Exposure::of(it.held.position.direction, notional);
                }
            }
        }
        groups
    }

    /// Everything, by currency.
    #[must_use]
    pub fn totals(&self) -> BTreeMap<Currency, PortfolioTotals> {
        let mut totals: BTreeMap<Currency, PortfolioTotals> = BTreeMap::new();
        for member in &self.members {
            totals.entry(member.currency.clone()).or_insert(PortfolioTotals::NOTHING).add(member);
        }
        totals
    }

    /// The position that is nearest to its liquidation; of equals the first. `None` if none is known to have one.
    #[must_use]
    pub fn nearest_liquidation(&self) -> Option<NearestLiquidation> {
        let mut nearest: Option<NearestLiquidation> = None;
        for member in &self.members {
            for it in &member.positions {
                let (Some(distance), Some(liquidation)) = (it.distance, it.liquidation) else { continue };
                if nearest.as_ref().is_none_or(|nearest| distance < nearest.distance) {
                    nearest = Some(NearestLiquidation {
                        venue: member.venue.clone(),
                        account: member.account.clone(),
                        symbol: it.held.symbol.clone(),
                        position_side: it.held.position_side,
                        distance,
                        liquidation,
                    });
                }
            }
        }
        nearest
    }

    /// What happens if every price moves by the same factor: 0.9 is a fall by 10 %.
    ///
    /// # Errors
    /// [`NotAFactor`] for a factor of zero or less, once something is held.
    pub fn stress(&self, factor: Decimal) -> Result<Vec<StressedAccount>, NotAFactor> {
        self.moved(|_| factor)
    }

    /// What happens if the price of each contract moves by a factor of its own: 0.9 is a fall by 10 %, 1 stands still.
    ///
    /// # Errors
    /// [`NotAFactor`] for a factor of zero or less of a contract that is held.
    pub fn moved(&self, factor: impl Fn(&Symbol) -> Decimal) -> Result<Vec<StressedAccount>, NotAFactor> {
        self.members.iter().map(|member| member.moved(&factor)).collect()
    }
}

impl PortfolioTotals {
    const NOTHING: Self = Self {
        exposure: Exposure { long: Money::ZERO, short: Money::ZERO },
        unpriced: 0,
        equity: Some(Money::ZERO),
        unrealized_pnl: Some(Money::ZERO),
        used_margin: Some(Money::ZERO),
        maintenance: Some(Money::ZERO),
    };

    fn add(&mut self, member: &Member<'_>) {
        for it in &member.positions {
            match it.notional {
                Some(notional) => self.exposure += Exposure::of(it.held.position.direction, notional),
                None => self.unpriced += 1,
            }
        }
        let MarginFigures { equity, unrealized_pnl, used, maintenance, .. } = member.margin;
        self.equity = both(self.equity, equity);
        self.unrealized_pnl = both(self.unrealized_pnl, unrealized_pnl);
        self.used_margin = both(self.used_margin, used);
        self.maintenance = both(self.maintenance, maintenance);
    }
}

impl Member<'_> {
    fn moved(&self, factor: impl Fn(&Symbol) -> Decimal) -> Result<StressedAccount, NotAFactor> {
        let symbols = self.positions.iter().map(|it| (it.held.symbol.clone(), factor(&it.held.symbol)));
        let scenario = Scenario::new("move", symbols)?;
        let outcome = self.standing.portfolio().map(|portfolio| self.outcome(&portfolio, &scenario));
        let (venue, account) = (self.venue.clone(), self.account.clone());
        Ok(StressedAccount { venue, account, currency: self.currency.clone(), outcome })
    }

    fn outcome(&self, portfolio: &Portfolio<'_>, scenario: &Scenario) -> StressOutcome {
        let moved = scenario.applied(portfolio);
        let assessment = moved.assess();
        let due =
            |at: &usize| assessment.positions.get(*at).is_some_and(|it| it.liquidation == Liquidation::AlreadyDue);
        let named = |it: &PositionFigures| (it.held.symbol.clone(), it.held.position_side);
        let numbered = self.positions.iter().enumerate();
        StressOutcome {
            equity: moved.equity(),
            pool_ratio: assessment.account.ratio(),
            worst_ratio: assessment.positions.iter().filter_map(|it| it.margin_ratio).max(),
            liquidated: numbered.filter(|(at, _)| due(at)).map(|(_, it)| named(it)).collect(),
            limits: common_move(portfolio),
        }
    }
}

fn both(a: Option<Money>, b: Option<Money>) -> Option<Money> {
    Some(Money::new(a?.get().saturating_add(b?.get())))
}
