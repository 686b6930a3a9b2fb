//! Thresholds on the figures of an account, each of which speaks once a crossing.

use super::news::{AccountNews, Derived, Watched, WatchedFigure};
use plimsoll_domain::risk::MarginAlert;
use plimsoll_domain::{
    Change, Crossing, Decimal, Direction, MarginFigures, MarginRatio, MarginWarning, PositionFigures, PositionSide,
    Price, Symbol, Threshold, Timestamp, Watch,
};
use std::collections::BTreeMap;

/// What is watched, and where the lines are. `None` watches nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchSettings {
    /// A position's maintenance ÷ equity.
    pub position_margin_ratio: Option<Threshold>,
    /// What the open positions have lost together, in the settle currency.
    pub unrealized_loss: Option<Threshold>,
    /// The account's maintenance ÷ equity, or the cross pool's, whichever is worse.
    pub account_margin_ratio: Option<Threshold>,
    /// What new positions may use, in the settle currency.
    pub available_balance: Option<Threshold>,
    /// The position's margin ratio that is told as a derived margin call, unless the venue has called for it first; `None`
    /// where the venue's own calls are enough.
    pub derived_margin_call: Option<Threshold>,
    /// The position's margin ratios that are told as derived liquidation warnings, by rising level.
    pub liquidation_warnings: Vec<(MarginAlert, Threshold)>,
}

impl Default for WatchSettings {
    /// Position ratio 0.8, loss 1,000, account ratio 0.9, available balance 100; a margin call at 0.8, and liquidation
    /// warnings at 0.7, 0.8 and 0.9.
    fn default() -> Self {
        let tenths = |tenths| Threshold::above(Decimal::new(tenths, 1));
        Self {
            position_margin_ratio: Some(tenths(8)),
            unrealized_loss: Some(Threshold::above(Decimal::ONE_THOUSAND)),
            account_margin_ratio: Some(tenths(9)),
            available_balance: Some(Threshold::below(Decimal::ONE_HUNDRED)),
            derived_margin_call: Some(tenths(8)),
            liquidation_warnings: vec![
                (MarginAlert::HighRisk, tenths(7)),
                (MarginAlert::HighUsage, tenths(8)),
                (MarginAlert::Warning, tenths(9)),
            ],
        }
    }
}

impl WatchSettings {
    /// Watches nothing.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            position_margin_ratio: None,
            unrealized_loss: None,
            account_margin_ratio: None,
            available_balance: None,
            derived_margin_call: None,
            liquidation_warnings: Vec::new(),
        }
    }

    pub(super) fn is_none(&self) -> bool {
        *self == Self::none()
    }
}

/// The figures of one moment.
pub(super) struct Moment<'a> {
    pub(super) positions: &'a [PositionFigures],
    pub(super) margin: &'a MarginFigures,
    pub(super) is_certain: bool,
    pub(super) at: Timestamp,
}

/// Where every watched figure was last.
#[derive(Debug)]
pub(super) struct Watchers {
    settings: WatchSettings,
    unrealized_loss: Option<Watch>,
    account_margin_ratio: Option<Watch>,
    available_balance: Option<Watch>,
    positions: BTreeMap<(Symbol, PositionSide), PositionWatch>,
}

/// The watches of one position, for as long as it goes one way.
#[derive(Debug)]
struct PositionWatch {
    direction: Direction,
    ratio: Option<Watch>,
    call: Option<Watch>,
    called_by_venue: bool,
    levels: Vec<(MarginAlert, Watch)>,
}

impl Watchers {
    pub(super) fn new(settings: WatchSettings) -> Self {
        Self {
            unrealized_loss: settings.unrealized_loss.map(Watch::new),
            account_margin_ratio: settings.account_margin_ratio.map(Watch::new),
            available_balance: settings.available_balance.map(Watch::new),
            positions: BTreeMap::new(),
            settings,
        }
    }

    /// Watches by these lines from now on. What was beyond one and is not beyond it where it is now is told as any that is back.
    pub(super) fn watch_by(&mut self, settings: WatchSettings) {
        self.unrealized_loss = moved(self.unrealized_loss, settings.unrealized_loss);
        self.account_margin_ratio = moved(self.account_margin_ratio, settings.account_margin_ratio);
        self.available_balance = moved(self.available_balance, settings.available_balance);
        for watch in self.positions.values_mut() {
            watch.watch_by(&settings);
        }
        self.settings = settings;
    }

    pub(super) fn watches_nothing(&self) -> bool {
        self.settings.is_none()
    }

    /// Takes note of a margin call of the venue's own, so that it is not told a second time.
    pub(super) fn note(&mut self, change: &Change) {
        if let Change::MarginCalled(warning) = change
            && let Some(watch) = self.positions.get_mut(&(warning.symbol.clone(), warning.position_side))
        {
            watch.called_by_venue = true;
        }
    }

    /// Takes the figures of now, and tells what has crossed a line.
    pub(super) fn hear(&mut self, moment: &Moment<'_>) -> Vec<AccountNews> {
        let mut news = Vec::new();
        self.drop_gone(moment, &mut news);
        for it in moment.positions {
            let key = (it.held.symbol.clone(), it.held.position_side);
            let settings = &self.settings;
            let watch = self.positions.entry(key);
            watch
                .or_insert_with(|| PositionWatch::new(settings, it.held.position.direction))
                .hear(it, moment, &mut news);
        }
        let MarginFigures { unrealized_pnl, margin_ratio, pool, available, .. } = moment.margin;
        let loss = unrealized_pnl.map(|profit| (-profit).get());
        let ratio = (*margin_ratio).max(pool.and_then(|pool| pool.ratio())).map(MarginRatio::get);
        // Without any requirement there is no ratio, and nothing to fear.
        let ratio = ratio.or_else(|| moment.positions.is_empty().then_some(Decimal::ZERO));
        let available = available.map(|available| available.get());
        for (watch, figure, value) in [
            (&mut self.unrealized_loss, WatchedFigure::UnrealizedLoss, loss),
            (&mut self.account_margin_ratio, WatchedFigure::AccountMarginRatio, ratio),
            (&mut self.available_balance, WatchedFigure::AvailableBalance, available),
        ] {
            news.extend(watched(watch.as_mut(), figure, value, moment.is_certain));
        }
        news
    }

    /// A position that is gone, or goes the other way now, is not in danger any more.
    fn drop_gone(&mut self, moment: &Moment<'_>, news: &mut Vec<AccountNews>) {
        self.positions.retain(|(symbol, side), watch| {
            let is_held = moment.positions.iter().any(|it| {
                let held = &it.held;
                held.symbol == *symbol && held.position_side == *side && held.position.direction == watch.direction
            });
            if let Some(ratio) = watch.ratio.filter(|ratio| !is_held && ratio.is_raised()) {
                news.push(AccountNews::Watched(Watched {
                    figure: WatchedFigure::PositionMarginRatio(symbol.clone(), *side),
                    crossing: Crossing::Cleared,
                    value: None,
                    threshold: ratio.threshold(),
                    is_certain: moment.is_certain,
                }));
            }
            is_held
        });
    }
}

impl PositionWatch {
    fn new(settings: &WatchSettings, direction: Direction) -> Self {
        Self {
            direction,
            ratio: settings.position_margin_ratio.map(Watch::new),
            call: settings.derived_margin_call.map(Watch::new),
            called_by_venue: false,
            levels: settings.liquidation_warnings.iter().map(|(level, at)| (*level, Watch::new(*at))).collect(),
        }
    }

    fn watch_by(&mut self, settings: &WatchSettings) {
        self.ratio = moved(self.ratio, settings.position_margin_ratio);
        self.call = moved(self.call, settings.derived_margin_call);
        let before = std::mem::take(&mut self.levels);
        let was = |level| before.iter().find(|(known, _)| *known == level).map(|(_, watch)| *watch);
        let levels = settings.liquidation_warnings.iter();
        self.levels = levels.filter_map(|(level, at)| Some((*level, moved(was(*level), Some(*at))?))).collect();
    }

    fn hear(&mut self, it: &PositionFigures, moment: &Moment<'_>, news: &mut Vec<AccountNews>) {
        let ratio = it.margin_ratio.map(MarginRatio::get);
        let figure = || WatchedFigure::PositionMarginRatio(it.held.symbol.clone(), it.held.position_side);
        news.extend(watched(self.ratio.as_mut(), figure(), ratio, moment.is_certain));
        match self.call.as_mut().and_then(|call| call.hear(ratio)) {
            Some(Crossing::Raised) if !self.called_by_venue => {
                news.push(AccountNews::Derived(Derived::MarginCall(warning(it, moment.at))));
            }
            Some(Crossing::Cleared) => self.called_by_venue = false,
            _ => {}
        }
        let mut loudest = None;
        for (level, watch) in &mut self.levels {
            if watch.hear(ratio) == Some(Crossing::Raised) {
                loudest = loudest.max(Some(*level));
            }
        }
        if let Some(level) = loudest {
            news.push(AccountNews::Derived(Derived::LiquidationWarning { level, warning: warning(it, moment.at) }));
        }
    }
}

fn moved(watch: Option<Watch>, to: Option<Threshold>) -> Option<Watch> {
    to.map(|line| watch.unwrap_or_else(|| Watch::new(line)).moved_to(line))
}

fn watched(
    watch: Option<&mut Watch>,
    figure: WatchedFigure,
    value: Option<Decimal>,
    is_certain: bool,
) -> Option<AccountNews> {
    let watch = watch?;
    let crossing = watch.hear(value)?;
    Some(AccountNews::Watched(Watched { figure, crossing, value, threshold: watch.threshold(), is_certain }))
}

fn warning(it: &PositionFigures, time: Timestamp) -> MarginWarning {
    MarginWarning {
        level: None,
        symbol: it.held.symbol.clone(),
        position_side: it.held.position_side,
        quantity: Some(it.held.position.quantity),
        margin_ratio: it.margin_ratio,
        liquidation_price: liquidation_price(it),
        mark_price: it.held.mark_price,
        maintenance_margin: it.maintenance,
        time,
    }
}

/// The bound on the side from which this position is threatened.
fn liquidation_price(it: &PositionFigures) -> Option<Price> {
    let bounds = it.liquidation?.bounds()?;
    match it.held.position.direction {
        Direction::Long => bounds.below,
        Direction::Short => bounds.above,
    }
}
