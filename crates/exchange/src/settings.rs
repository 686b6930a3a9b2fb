//! What an operator of the exchange may choose.

use plimsoll_domain::{Leverage, Money, Rate};
use rust_decimal::Decimal;

/// How the exchange behaves, beyond what its instruments say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Distance between the outside bid and ask in ticks. The outside bid is the fed last price, rounded down to the
    /// tick; the ask is this much above it.
    pub spread_ticks: u32,
    /// How much worse than the outside price an order without a limit fills, as a share of it; rounded to the tick, against
    /// the order.
    pub slippage: Rate,
    /// How far from the mark a limit may be on its taking side, and how far the best counter price may be for a market
    /// order that adds exposure.
    pub price_band: Rate,
    /// Whether margin is enforced after an order has filled: margin calls, liquidation and deleveraging.
    pub liquidation: bool,
    /// A margin call is sent when equity has fallen to this many times the maintenance margin. At 1 or less there are
    /// no calls.
    pub margin_call_cover: Decimal,
    /// What the insurance fund holds at first, in the settle currency.
    pub insurance_fund: Money,
    /// The leverage of every symbol until an account sets its own; a contract's maximum caps it.
    pub default_leverage: Leverage,
    /// Whether a post-only order that would take, and a fill-or-kill order that cannot fill, are accepted and expire at
    /// once, instead of being refused.
    pub expires_unmatched: bool,
    /// Whether initial and maintenance margin count the taker fee of closing a position: `q·P·f` beside what its leverage
    /// and its tier ask for, as Gate.io reckons.
    pub counts_closing_fee: bool,
    /// Whether an order may have the client order id of one that is open. The newest order has the name then.
    pub repeats_client_ids: bool,
    /// Which conditional orders that close a whole position are taken.
    pub closing_orders: ClosingOrders,
    /// Whether an order that opens may carry a stop, which is placed when it is done for what it has filled: see
    /// [`place_with_stop`](crate::Exchange::place_with_stop).
    pub attaches_stops: bool,
    /// The id of the first ordinary order; the others follow it. Conditional orders begin at 1,000,000,000,000,001.
    pub first_order_id: u64,
    /// Whether candles are kept of the prices that are fed, for whoever asks for them.
    pub candles: bool,
    /// Whether a fill's news tells all of the position and the balance after it. Otherwise it leaves out what would have to be
    /// worked out: liquidation price, unrealised profit, margins, what is available.
    pub full_reports: bool,
    /// How many orders that have ended (conditional ones are counted apart), fills and changes of its wallet each account
    /// keeps at least; now and then the oldest beyond a quarter more are forgotten, whatever their age. Open orders,
    /// positions and wallets are never forgotten, and [`totals`](crate::Exchange::totals) go on. `None` keeps all. It has
    /// to last for what clients ask for when they come back: all that happened while they were away.
    pub keeps: Option<usize>,
}

/// Which conditional orders that close a whole position an exchange takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClosingOrders {
    /// As many as are sent, whatever is held.
    #[default]
    Any,
    /// Only where a position is held that they would close.
    OfPositions,
    /// One of each kind for a position, whether it is held yet or not.
    OneOfAKind,
}

impl Default for Settings {
    /// One tick between bid and ask, no slippage, a price band of 5 %, calls at 1.25 times maintenance, a fund of 1,000,000, leverage
    /// 20, margins without fees, client order ids of their own for all open orders, no attached stops, fills with whole reports, and
    /// histories that are kept.
    fn default() -> Self {
        Self {
            spread_ticks: 1,
            slippage: Rate::ZERO,
            price_band: Rate::new(Decimal::new(5, 2)),
            liquidation: true,
            margin_call_cover: Decimal::new(125, 2),
            insurance_fund: Money::new(Decimal::from(1_000_000)),
            expires_unmatched: false,
            default_leverage: Leverage::new(20).unwrap_or(Leverage::ONE),
            counts_closing_fee: false,
            repeats_client_ids: false,
            closing_orders: ClosingOrders::Any,
            attaches_stops: false,
            first_order_id: 1_000_001,
            candles: true,
            full_reports: true,
            keeps: None,
        }
    }
}
