//! What wakes a guard, and how often it lets itself be woken.

use crate::venue_account::WatchedFigure;
use plimsoll_domain::Symbol;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// Why a guard looks at the account before it is time to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// A position is there that no order of ours has made.
    PositionOpened,
    /// A position grew or shrank without an order of ours.
    PositionChanged,
    /// A position is gone without an order of ours: by its stop, say.
    PositionClosed,
    /// A position was liquidated.
    Liquidated,
    /// An order traded that is not ours.
    TradedElsewhere,
    /// A part of a composed order has filled that nobody is waiting for: what it opened is to be protected.
    PartFilled,
    /// A stop does not rest any more, and what it covered is held still.
    StopGone,
    /// The stop of a part that has filled was to be sent at once, and is not known to rest.
    StopNotPlaced,
    /// An order that was open is not there any more, and nobody told how it ended.
    OrderVanished,
    /// The venue has asked for margin, or would by the figures.
    MarginCall,
    /// A liquidation is near, by the venue's word or by the figures.
    LiquidationWarning,
    /// The venue has closed by force, for want of margin or to pay for someone else's loss.
    ForcedClose,
    /// The place in the deleveraging queue is told.
    AdlWarning,
    /// A position's margin ratio has crossed its line.
    PositionMarginRatio,
    /// The account's margin ratio has.
    AccountMarginRatio,
    /// The positions together have lost more than the line.
    UnrealizedLoss,
    /// What new positions may use is below the line.
    AvailableBalance,
    /// The venue, asked twice, said something else than was believed.
    AuditDifference,
    /// There was more news than could be followed.
    NewsMissed,
    /// The account is followed from now on: what happened before was told to nobody.
    Connected,
    /// Margin has become so thin that something is to be done, by the marks of this moment.
    ThinMargin,
    /// A limit on losses is broken, by the marks of this moment.
    Losses,
}

impl Why {
    /// The word for it in logs and records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PositionOpened => "position_opened",
            Self::PositionChanged => "position_changed",
            Self::PositionClosed => "position_closed",
            Self::Liquidated => "liquidated",
            Self::TradedElsewhere => "traded_elsewhere",
            Self::PartFilled => "part_filled",
            Self::StopGone => "stop_gone",
            Self::StopNotPlaced => "stop_not_placed",
            Self::OrderVanished => "order_vanished",
            Self::MarginCall => "margin_call",
            Self::LiquidationWarning => "liquidation_warning",
            Self::ForcedClose => "forced_close",
            Self::AdlWarning => "adl_warning",
            Self::PositionMarginRatio => "position_margin_ratio",
            Self::AccountMarginRatio => "account_margin_ratio",
            Self::UnrealizedLoss => "unrealized_loss",
            Self::AvailableBalance => "available_balance",
            Self::AuditDifference => "audit_difference",
            Self::NewsMissed => "news_missed",
            Self::Connected => "connected",
            Self::ThinMargin => "thin_margin",
            Self::Losses => "losses",
        }
    }

    /// Whether records and venue are to be compared as well: something was done that they may not know of.
    const fn concerns_the_books(self) -> bool {
        matches!(
            self,
            Self::PositionOpened
                | Self::PositionChanged
                | Self::PositionClosed
                | Self::Liquidated
                | Self::TradedElsewhere
                | Self::PartFilled
                | Self::StopGone
                | Self::StopNotPlaced
                | Self::OrderVanished
                | Self::ForcedClose
                | Self::AuditDifference
                | Self::NewsMissed
                | Self::Connected
        )
    }

    /// Whether what is held is in danger: that waits for nothing but the next breath.
    const fn is_danger(self) -> bool {
        self.bares() || matches!(self, Self::ThinMargin | Self::Losses | Self::MarginCall | Self::LiquidationWarning)
    }

    /// Whether what a composed order has opened may have no stop: it is protected before anything is read.
    pub(super) const fn bares(self) -> bool {
        matches!(self, Self::PartFilled | Self::StopNotPlaced)
    }

    pub(super) const fn of(figure: &WatchedFigure) -> Self {
        match figure {
            WatchedFigure::PositionMarginRatio(..) => Self::PositionMarginRatio,
            WatchedFigure::UnrealizedLoss => Self::UnrealizedLoss,
            WatchedFigure::AccountMarginRatio => Self::AccountMarginRatio,
            WatchedFigure::AvailableBalance => Self::AvailableBalance,
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One reason to look at the account at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wake {
    /// Why.
    pub why: Why,
    /// About this contract; `None` for the whole account.
    pub symbol: Option<Symbol>,
}

impl Wake {
    pub(super) fn of(why: Why, symbol: &Symbol) -> Self {
        Self { why, symbol: Some(symbol.clone()) }
    }

    pub(super) const fn of_account(why: Why) -> Self {
        Self { why, symbol: None }
    }
}

/// Whether records and venue are to be compared because of these.
pub(super) fn concern_the_books(wakes: &[Wake]) -> bool {
    wakes.iter().any(|wake| wake.why.concerns_the_books())
}

/// Whether it is nothing but that the account is followed from now on.
pub(super) fn are_of_connecting(wakes: &[Wake]) -> bool {
    !wakes.is_empty() && wakes.iter().all(|wake| wake.why == Why::Connected)
}

/// Rings until it is heard. Ringing often is ringing once: what is heard then are all the reasons.
#[derive(Debug, Default)]
pub(super) struct Alarm {
    wakes: Mutex<Vec<Wake>>,
    rung: Notify,
}

impl Alarm {
    pub(super) fn ring(&self, wake: Wake) {
        let mut wakes = self.wakes();
        if !wakes.contains(&wake) {
            wakes.push(wake);
        }
        drop(wakes);
        self.rung.notify_one();
    }

    /// Waits until it rings.
    pub(super) async fn rung(&self) {
        while self.wakes().is_empty() {
            self.rung.notified().await;
        }
    }

    /// Waits until it rings once more, for whatever it rings already.
    pub(super) async fn rung_again(&self) {
        self.rung.notified().await;
    }

    /// Whether it does not ring.
    pub(super) fn is_silent(&self) -> bool {
        self.wakes().is_empty()
    }

    /// Whether it rings for danger.
    pub(super) fn rings_for_danger(&self) -> bool {
        self.wakes().iter().any(|wake| wake.why.is_danger())
    }

    /// All reasons since it was last answered: it is silent now.
    pub(super) fn answer(&self) -> Vec<Wake> {
        std::mem::take(&mut *self.wakes())
    }

    fn wakes(&self) -> MutexGuard<'_, Vec<Wake>> {
        self.wakes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A look asks the venue for as much as this time of looking by the clock may: what wakes often looks no more often.
const LOOK: Duration = Duration::from_secs(5);

/// A comparison of the books asks for about as much again.
const COMPARISON: Duration = Duration::from_secs(5);

/// So much may be saved up for the moment when much happens: three looks with their comparisons.
const MOST: Duration = Duration::from_secs(30);

/// Two looks begin no closer to each other.
const BREATH: Duration = Duration::from_secs(1);

/// Bounds what being woken asks of the venue: a few looks at once, and in the long run no more than looking every five
/// seconds would. Its time is what has [passed](crate::steady::Steady::passed), not what a clock shows.
#[derive(Debug)]
pub(super) struct Pace {
    credit: Duration,
    at: Duration,
    begun: Option<Duration>,
}

impl Pace {
    pub(super) const fn new(now: Duration) -> Self {
        Self { credit: MOST, at: now, begun: None }
    }

    /// How long the next look has to wait: in danger for a breath, else until the credit pays for it. The books are not
    /// waited for: where the credit does not pay for their comparison, the look is had without it.
    pub(super) fn left(&mut self, is_danger: bool, now: Duration) -> Duration {
        self.save_up(now);
        let since = self.begun.map_or(BREATH, |begun| now.saturating_sub(begun));
        let unpaid = if is_danger { Duration::ZERO } else { LOOK.saturating_sub(self.credit) };
        BREATH.saturating_sub(since).max(unpaid)
    }

    /// How long it takes until the credit pays for a look with a comparison of the books.
    pub(super) fn until_books(&mut self, now: Duration) -> Duration {
        self.save_up(now);
        LOOK.saturating_add(COMPARISON).saturating_sub(self.credit)
    }

    /// A look begins.
    pub(super) fn spend(&mut self, now: Duration) {
        self.save_up(now);
        self.credit = self.credit.saturating_sub(LOOK);
        self.begun = Some(now);
    }

    /// Pays for a comparison of the books, if the credit does.
    pub(super) fn pays_for_books(&mut self) -> bool {
        let left = self.credit.checked_sub(COMPARISON);
        self.credit = left.unwrap_or(self.credit);
        left.is_some()
    }

    fn save_up(&mut self, now: Duration) {
        self.credit = self.credit.saturating_add(now.saturating_sub(self.at)).min(MOST);
        self.at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ringing_often_is_ringing_once() {
        let alarm = Alarm::default();
        let wake = Wake::of_account(Why::NewsMissed);
        alarm.ring(wake.clone());
        alarm.ring(wake.clone());
        assert!(!alarm.rings_for_danger());
        alarm.ring(Wake::of_account(Why::ThinMargin));
        assert!(alarm.rings_for_danger());
        assert_eq!(alarm.answer(), [wake, Wake::of_account(Why::ThinMargin)]);
        assert_eq!(alarm.answer(), []);
    }

    #[test]
    fn what_may_be_bare_is_danger() {
        for why in [Why::PartFilled, Why::StopNotPlaced] {
            assert!(why.bares() && why.is_danger() && why.concerns_the_books(), "{why}");
        }
        for why in [Why::StopGone, Why::TradedElsewhere, Why::Connected] {
            assert!(!why.bares() && !why.is_danger(), "{why}");
        }
    }

    /// The moments of looks in the first minute of being woken all the time, and how many compared the books.
    fn first_minute(is_danger: bool, with_books: bool) -> (Vec<Duration>, usize) {
        let mut now = Duration::from_secs(1000);
        let until = now.saturating_add(Duration::from_secs(60));
        let (mut pace, mut looks, mut comparisons) = (Pace::new(now), Vec::new(), 0);
        loop {
            now = now.saturating_add(pace.left(is_danger, now));
            if now >= until {
                return (looks, comparisons);
            }
            pace.spend(now);
            looks.push(now);
            if with_books && pace.pays_for_books() {
                comparisons += 1;
            }
        }
    }

    #[test]
    fn whoever_wakes_all_the_time_looks_no_more_often_than_by_the_clock() {
        for (with_books, most) in [(false, 18), (true, 18 - 3)] {
            let (looks, comparisons) = first_minute(false, with_books);
            assert!(looks.windows(2).all(|pair| matches!(pair, [one, next] if *next - *one >= BREATH)));
            assert!((most - 1..=most).contains(&looks.len()), "{} in the first minute", looks.len());
            assert_eq!(comparisons, if with_books { 3 } else { 0 });
        }
    }

    #[test]
    fn a_look_does_not_wait_for_the_books_and_danger_waits_for_a_breath_alone() {
        let now = Duration::from_secs(1000);
        let mut pace = Pace { credit: Duration::ZERO, at: now, begun: Some(now) };
        assert_eq!(pace.left(false, now), LOOK);
        assert_eq!(pace.left(true, now), BREATH);
        let now = now.saturating_add(LOOK);
        assert_eq!(pace.left(false, now), Duration::ZERO);
        assert_eq!(pace.until_books(now), COMPARISON);
        pace.spend(now);
        assert!(!pace.pays_for_books(), "the look is had without them");
        let (looks, _) = first_minute(true, true);
        assert_eq!(looks.len(), 60, "one a second");
    }
}
