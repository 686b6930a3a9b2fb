//! A balance, figure by figure.

use super::newest::Newest;
use crate::change::Balance;
use crate::event::BalanceReport;
use crate::money::Money;
use crate::time::{Stamp, Timestamp};

/// The figures of one currency. Venues send them apart, so each has its own stamp.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Funds {
    wallet: Newest<Money>,
    cross_wallet: Newest<Money>,
    available: Newest<Money>,
    equity: Newest<Money>,
    unrealized_pnl: Newest<Money>,
}

impl Funds {
    /// Nothing, as a snapshot that did not list the currency says.
    pub(super) fn empty(since: Option<Stamp>) -> Self {
        let Some(stamp) = since else { return Self::default() };
        let zero = Newest::at(stamp, Money::ZERO);
        Self { wallet: zero, cross_wallet: zero, available: zero, equity: zero, unrealized_pnl: zero }
    }

    pub(super) fn get(&self) -> Balance {
        Balance {
            wallet: self.wallet.get(),
            cross_wallet: self.cross_wallet.get(),
            available: self.available.get(),
            equity: self.equity.get(),
            unrealized_pnl: self.unrealized_pnl.get(),
        }
    }

    /// Whether the wallet was heard of after this moment.
    pub(super) fn is_newer_than(&self, time: Timestamp) -> bool {
        self.wallet.is_newer_than(time) || self.cross_wallet.is_newer_than(time)
    }

    /// Takes the figures that a report carries.
    pub(super) fn hear(&mut self, stamp: Stamp, report: &BalanceReport) {
        let figures = [
            (&mut self.wallet, report.wallet),
            (&mut self.cross_wallet, report.cross_wallet),
            (&mut self.available, report.available),
            (&mut self.equity, report.equity),
            (&mut self.unrealized_pnl, report.unrealized_pnl),
        ];
        for (known, heard) in figures {
            if let Some(heard) = heard {
                known.hear(stamp, heard);
            }
        }
    }

    /// Takes that a snapshot did not list the currency.
    pub(super) fn hear_empty(&mut self, stamp: Stamp) {
        for known in
            [&mut self.wallet, &mut self.cross_wallet, &mut self.available, &mut self.equity, &mut self.unrealized_pnl]
        {
            known.hear(stamp, Money::ZERO);
        }
    }
}
