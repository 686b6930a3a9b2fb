//! Brokers that stand in front of another one.

/// Passes every question and command on to `self.broker`, once `self.before(its name)` is over.
macro_rules! passes_on {
    ($type:ty) => {
        passes_on! { $type =>
            fn instruments() -> Result<Vec<Instrument>, QueryError>;
            fn instrument(symbol: &Symbol) -> Result<Instrument, QueryError>;
            fn account() -> Result<AccountSnapshot, QueryError>;
            fn positions() -> Result<Vec<PositionReport>, QueryError>;
            fn balances() -> Result<Vec<BalanceReport>, QueryError>;
            fn open_orders<'a>(symbol: Option<&'a Symbol>) -> Result<Vec<Order>, QueryError>;
            fn order(symbol: &Symbol, id: &ClientOrderId) -> Result<Option<Order>, QueryError>;
            fn fills(symbol: &Symbol, since: Timestamp) -> Result<Vec<Fill>, QueryError>;
            fn funding_payments(since: Timestamp) -> Result<Vec<FundingPayment>, QueryError>;
            fn bookings(since: Timestamp) -> Result<Vec<Booking>, QueryError>;
            fn place(order: &NewOrder) -> Result<OrderId, PlaceError>;
            fn amend(symbol: &Symbol, id: &ClientOrderId, quantity: Quantity, price: Price) -> Result<(), CommandError>;
            fn cancel(symbol: &Symbol, id: &ClientOrderId) -> Result<(), CommandError>;
            fn cancel_all(symbol: &Symbol) -> Result<(), CommandError>;
            fn set_leverage(symbol: &Symbol, leverage: Leverage) -> Result<(), CommandError>;
            fn set_margin_mode(symbol: &Symbol, mode: MarginMode) -> Result<(), CommandError>;
            fn set_position_mode(mode: PositionMode) -> Result<(), CommandError>;
            fn adjust_isolated_margin(symbol: &Symbol, side: PositionSide, amount: Money) -> Result<(), CommandError>;
        }
    };
    ($type:ty => $(fn $name:ident $(<$life:lifetime>)? ($($arg:ident: $of:ty),*) -> $out:ty;)*) => {
        const _: () = {
            use plimsoll_ports::domain::*;
            use plimsoll_ports::{Broker, CommandError, PlaceError, QueryError};

            #[async_trait::async_trait]
            impl Broker for $type {
                fn venue(&self) -> VenueId {
                    self.broker.venue()
                }

                $(async fn $name $(<$life>)? (&self, $($arg: $of),*) -> $out {
                    self.before(stringify!($name)).await;
                    self.broker.$name($($arg),*).await
                })*
            }
        };
    };
}
