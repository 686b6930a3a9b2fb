//! Why the exchange says no.

use plimsoll_domain::{Leverage, Money, PositionMode, PositionSide, Price, Quantity, Rate, Step, TimeInForce};

/// A refusal, with the figures that it was judged on. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// No such account.
    #[error("no such account")]
    UnknownAccount,
    /// An account of this name is open already.
    #[error("an account of this name is open already")]
    DuplicateAccount,
    /// No such contract is listed.
    #[error("no such contract is listed")]
    UnknownSymbol,
    /// No open order of that id.
    #[error("no open order of that id")]
    UnknownOrder,
    /// An open order has this client order id.
    #[error("an open order has this client order id")]
    DuplicateClientOrderId,
    /// The position side does not go with the account's position mode, or a close-position order opens its side.
    #[error("position side {position_side} does not go with {mode} mode and this order")]
    PositionSideMismatch {
        /// The order's.
        position_side: PositionSide,
        /// The account's.
        mode: PositionMode,
    },
    /// A time in force that this exchange does not have.
    #[error("time in force {0} is not offered")]
    TimeInForceNotOffered(TimeInForce),
    /// A stop cannot be attached: the exchange attaches none, or the order is none that opens at once or at a limit.
    #[error("no stop can be attached to this order here")]
    NothingAttached,
    /// Only conditional orders may close a whole position.
    #[error("only a conditional order may close a whole position")]
    ClosePositionNeedsTrigger,
    /// The price is between ticks.
    #[error("price {price} is not a multiple of the tick {tick}")]
    TickSize {
        /// The order's limit or trigger.
        price: Price,
        /// The contract's.
        tick: Step,
    },
    /// The size is between lots.
    #[error("size {quantity} is not a multiple of the lot {lot}")]
    LotSize {
        /// The order's.
        quantity: Quantity,
        /// The contract's.
        lot: Step,
    },
    /// The size is too small.
    #[error("size {quantity} is below the smallest of {min}")]
    MinQuantity {
        /// The order's.
        quantity: Quantity,
        /// The contract's.
        min: Quantity,
    },
    /// The size is too large for its kind of order.
    #[error("size {quantity} is above the largest of {max}")]
    MaxQuantity {
        /// The order's.
        quantity: Quantity,
        /// The contract's, for this kind.
        max: Quantity,
    },
    /// The notional is too small for an order that adds exposure.
    #[error("notional {notional} is below the smallest of {min}")]
    MinNotional {
        /// The order's.
        notional: Money,
        /// The contract's.
        min: Money,
    },
    /// The limit, or the best counter price of a market order, is too far from the mark.
    #[error("price {price} is beyond the band's limit of {limit}")]
    PriceBand {
        /// The order's limit, or the counter price.
        price: Price,
        /// The furthest allowed.
        limit: Price,
    },
    /// Not enough margin.
    #[error("needs {required} of margin and fees, {available} is available")]
    InsufficientMargin {
        /// What it would take.
        required: Money,
        /// What there is.
        available: Money,
    },
    /// Nothing is left for a reduce-only order, or a hedge leg's close is larger than the leg.
    #[error("reduce-only: {reducible} can be reduced", reducible = reducible.map_or_else(|| "nothing".to_owned(), |q| q.to_string()))]
    ReduceOnlyRejected {
        /// What could have been reduced.
        reducible: Option<Quantity>,
    },
    /// A post-only order that would have taken.
    #[error("post-only at {price} would take at {counter}")]
    WouldTakeLiquidity {
        /// Its limit.
        price: Price,
        /// The best counter price.
        counter: Price,
    },
    /// A fill-or-kill order that could not fill whole.
    #[error("fill-or-kill: {fillable} of {quantity} could fill", fillable = fillable.map_or_else(|| "nothing".to_owned(), |q| q.to_string()))]
    FokNotFilled {
        /// How much would have filled.
        fillable: Option<Quantity>,
        /// How much it was for.
        quantity: Quantity,
    },
    /// The trigger has been passed already.
    #[error("trigger {trigger} would fire at once: the watched price is {price}")]
    WouldTriggerImmediately {
        /// The order's trigger.
        trigger: Price,
        /// The watched price now.
        price: Price,
    },
    /// More leverage than the contract allows at all.
    #[error("leverage {leverage} is above the largest of {max}")]
    LeverageTooHigh {
        /// What was asked for.
        leverage: Leverage,
        /// The most.
        max: Leverage,
    },
    /// A larger position, open orders included, than the margin table allows at this leverage.
    #[error("notional {notional} is above the largest of {max} at leverage {leverage}")]
    MaxPositionAtLeverage {
        /// Position and orders.
        notional: Money,
        /// The most at this leverage.
        max: Money,
        /// The leverage.
        leverage: Leverage,
    },
    /// The leverage of an isolated position is not lowered while it is open.
    #[error("leverage of an open isolated position cannot be lowered from {from} to {to}")]
    LeverageReduction {
        /// Now.
        from: Leverage,
        /// What was asked for.
        to: Leverage,
    },
    /// Open orders stand in the way.
    #[error("open orders stand in the way")]
    OpenOrders,
    /// Open positions stand in the way.
    #[error("open positions stand in the way")]
    OpenPositions,
    /// It is so already.
    #[error("nothing would change")]
    NoChange,
    /// An order of the same kind waits already that closes the same position whole.
    #[error("an order of this kind closes the whole position already")]
    ClosingOrderWaits,
    /// The position is not isolated.
    #[error("the position is not isolated")]
    NotIsolated,
    /// There is no such position.
    #[error("no such position")]
    NoPosition,
    /// More than may be taken out of an isolated position or a wallet.
    #[error("{amount} is more than the {max} that may be taken")]
    TooMuchTaken {
        /// What was asked for.
        amount: Money,
        /// The most.
        max: Money,
    },
    /// Only limit orders can be amended.
    #[error("only limit orders can be amended")]
    NotAmendable,
    /// No funding rate: beyond the whole notional.
    #[error("a funding rate is between -1 and 1, got {0}")]
    UnfitRate(Rate),
    /// An amount beyond what an account may hold, or finer than 1e-8.
    #[error("{0} is no amount that an account can hold: at most a thousand million million, in steps of 0.00000001")]
    UnfitAmount(Money),
}
