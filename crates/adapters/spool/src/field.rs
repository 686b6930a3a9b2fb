//! Values as text fields of one line: exactly, and back.

use plimsoll_domain::decimal::exact;
use plimsoll_domain::{
    AccountId, Booking, BookingKind, ClientOrderId, Currency, Decimal, Direction, Fill, FillCause, Leverage, Liquidity,
    MarginMode, MarginRatio, Money, NewOrder, OrderId, OrderKind, OrderSize, OrderStatus, PositionSide, Price,
    Quantity, Rate, Side, Symbol, TimeInForce, Timestamp, TradeId, TriggerBy, VenueId,
};
use plimsoll_ports::{
    BookingRecord, ClosedPosition, ComposedEnd, ComposedEntry, ComposedOrder, ComposedState, FundingRecord,
    JournalEntry, JournalState, KillSwitchRecord, OpenedPosition, PnlSnapshot, PositionId, PositionStatus, Purpose,
    RiskEventRecord, SavedDesk, TradeRecord,
};

/// What a line holds that cannot be read back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Damaged(pub(crate) String);

/// A value that is one or several fields of a line.
pub(crate) trait Field: Sized {
    fn write(&self, line: &mut Vec<String>);
    fn read(fields: &mut Fields<'_>) -> Result<Self, Damaged>;
}

/// The fields of a line that are not read yet.
pub(crate) struct Fields<'a>(std::str::Split<'a, char>);

impl<'a> Fields<'a> {
    pub(crate) fn of(line: &'a str) -> Self {
        Self(line.split('\t'))
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, Damaged> {
        self.0.next().ok_or_else(|| Damaged("a field is missing".to_owned()))
    }

    pub(crate) fn take<T: Field>(&mut self) -> Result<T, Damaged> {
        T::read(self)
    }

    pub(crate) fn end(mut self) -> Result<(), Damaged> {
        self.0.next().map_or(Ok(()), |more| Err(Damaged(format!("'{more}' is one field too many"))))
    }
}

/// Stands for a value that is absent; no text looks like it, since every backslash is doubled.
const ABSENT: &str = "\\N";

impl<T: Field> Field for Option<T> {
    fn write(&self, line: &mut Vec<String>) {
        match self {
            Some(value) => value.write(line),
            None => line.push(ABSENT.to_owned()),
        }
    }

    fn read(fields: &mut Fields<'_>) -> Result<Self, Damaged> {
        if fields.0.clone().next() == Some(ABSENT) {
            fields.text()?;
            return Ok(None);
        }
        fields.take().map(Some)
    }
}

impl<T: Field> Field for Vec<T> {
    fn write(&self, line: &mut Vec<String>) {
        line.push(self.len().to_string());
        self.iter().for_each(|value| value.write(line));
    }

    fn read(fields: &mut Fields<'_>) -> Result<Self, Damaged> {
        let text = fields.text()?;
        let count: usize = text.parse().map_err(|_| Damaged(format!("'{text}' is no count")))?;
        (0..count).map(|_| fields.take()).collect()
    }
}

impl Field for String {
    fn write(&self, line: &mut Vec<String>) {
        let escaped = self.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r");
        line.push(escaped);
    }

    fn read(fields: &mut Fields<'_>) -> Result<Self, Damaged> {
        let (mut text, mut escaped) = (String::new(), false);
        for letter in fields.text()?.chars() {
            match (escaped, letter) {
                (false, '\\') => {
                    escaped = true;
                    continue;
                }
                (false, letter) => text.push(letter),
                (true, 't') => text.push('\t'),
                (true, 'n') => text.push('\n'),
                (true, 'r') => text.push('\r'),
                (true, '\\') => text.push('\\'),
                (true, other) => return Err(Damaged(format!("'\\{other}' stands for nothing"))),
            }
            escaped = false;
        }
        if escaped { Err(Damaged("a field ends in the middle of a letter".to_owned())) } else { Ok(text) }
    }
}

/// Values that have one text, and are read back from it.
macro_rules! by_text {
    ($($type:ty: $write:expr, $read:expr;)+) => {
        $(impl Field for $type {
            fn write(&self, line: &mut Vec<String>) {
                let write: fn(&$type) -> String = $write;
                write(self).write(line);
            }

            fn read(fields: &mut Fields<'_>) -> Result<Self, Damaged> {
                let read: fn(&str) -> Result<$type, String> = $read;
                let text: String = fields.take()?;
                read(&text).map_err(Damaged)
            }
        })+
    };
}

fn number(text: &str) -> Result<Decimal, String> {
    exact(text).map_err(|error| format!("'{text}': {error}"))
}

/// The same, through the type's own words or digits.
fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error| format!("'{text}': {error}"))
}

by_text! {
    Price: |it| it.get().to_string(), |text| Price::new(number(text)?).map_err(|error| error.to_string());
    Quantity: |it| it.get().to_string(), |text| Quantity::new(number(text)?).map_err(|error| error.to_string());
    Money: |it| it.get().to_string(), |text| number(text).map(Money::new);
    Rate: |it| it.get().to_string(), |text| number(text).map(Rate::new);
    MarginRatio: |it| it.get().to_string(), |text| number(text).map(MarginRatio::reported);
    Decimal: ToString::to_string, number;
    Leverage: |it| it.get().to_string(), |text| Leverage::new(parsed(text)?).map_err(|error| error.to_string());
    Timestamp: |it| it.as_micros().to_string(), |text| parsed(text).map(Timestamp::from_micros);
    PositionId: |it| it.0.to_string(), |text| parsed(text).map(PositionId);
    bool: ToString::to_string, parsed;
    u32: ToString::to_string, parsed;
    AccountId: |it| it.as_str().to_owned(), |text| Ok(AccountId::new(text));
    VenueId: |it| it.as_str().to_owned(), |text| Ok(VenueId::new(text));
    Currency: |it| it.as_str().to_owned(), |text| Ok(Currency::new(text));
    OrderId: |it| it.as_str().to_owned(), |text| Ok(OrderId::new(text));
    TradeId: |it| it.as_str().to_owned(), |text| Ok(TradeId::new(text));
    ClientOrderId: |it| it.as_str().to_owned(), |text| Ok(ClientOrderId::reported(text));
    Symbol: |it| it.as_str().to_owned(), parsed;
    Side: |it| it.as_str().to_owned(), parsed;
    PositionSide: |it| it.as_str().to_owned(), parsed;
    Direction: |it| it.as_str().to_owned(), parsed;
    MarginMode: |it| it.as_str().to_owned(), parsed;
    TimeInForce: |it| it.as_str().to_owned(), parsed;
    TriggerBy: |it| it.as_str().to_owned(), parsed;
    OrderStatus: |it| it.as_str().to_owned(), parsed;
    FillCause: |it| it.as_str().to_owned(), parsed;
    Liquidity: |it| it.as_str().to_owned(), parsed;
    BookingKind: ToString::to_string, parsed;
    ComposedOrder: ToString::to_string, parsed;
    ComposedEnd: |it| it.as_str().to_owned(), |text| listed(ComposedEnd::ALL, ComposedEnd::as_str, text);
    Purpose: |it| it.as_str().to_owned(), |text| listed(Purpose::ALL, Purpose::as_str, text);
    PositionStatus: |it| it.as_str().to_owned(), |text| listed(PositionStatus::ALL, PositionStatus::as_str, text);
}

fn listed<T: Copy, const N: usize>(all: [T; N], word: fn(T) -> &'static str, text: &str) -> Result<T, String> {
    all.into_iter().find(|it| word(*it) == text).ok_or_else(|| format!("unknown word '{text}'"))
}

impl Field for OrderKind {
    fn write(&self, line: &mut Vec<String>) {
        line.push(self.order_type().as_str().to_owned());
        match self {
            Self::Market => {}
            Self::Limit { price, time_in_force } => {
                price.write(line);
                time_in_force.write(line);
            }
            Self::StopMarket { trigger, trigger_by } | Self::TakeProfitMarket { trigger, trigger_by } => {
                trigger.write(line);
                trigger_by.write(line);
            }
        }
    }

    fn read(fields: &mut Fields<'_>) -> Result<Self, Damaged> {
        match fields.text()? {
            "market" => Ok(Self::Market),
            "limit" => Ok(Self::Limit { price: fields.take()?, time_in_force: fields.take()? }),
            "stop_market" => Ok(Self::StopMarket { trigger: fields.take()?, trigger_by: fields.take()? }),
            "take_profit_market" => Ok(Self::TakeProfitMarket { trigger: fields.take()?, trigger_by: fields.take()? }),
            word => Err(Damaged(format!("unknown order type '{word}'"))),
        }
    }
}

impl Field for OrderSize {
    fn write(&self, line: &mut Vec<String>) {
        let quantity = match self {
            Self::Quantity(quantity) => Some(*quantity),
            Self::WholePosition => None,
        };
        quantity.write(line);
    }

    fn read(fields: &mut Fields<'_>) -> Result<Self, Damaged> {
        Ok(fields.take::<Option<Quantity>>()?.map_or(Self::WholePosition, Self::Quantity))
    }
}

impl Field for JournalState {
    fn write(&self, line: &mut Vec<String>) {
        line.push(self.as_str().to_owned());
        match self {
            Self::Intended | Self::Unanswered => {}
            Self::Accepted { order_id } => order_id.write(line),
            Self::Refused { reason } | Self::NotSent { reason } => reason.write(line),
            Self::Finished { status, filled, average_price } => {
                status.write(line);
                filled.write(line);
                average_price.write(line);
            }
        }
    }

    fn read(fields: &mut Fields<'_>) -> Result<Self, Damaged> {
        Ok(match fields.text()? {
            "intended" => Self::Intended,
            "unanswered" => Self::Unanswered,
            "accepted" => Self::Accepted { order_id: fields.take()? },
            "refused" => Self::Refused { reason: fields.take()? },
            "not_sent" => Self::NotSent { reason: fields.take()? },
            "finished" => {
                Self::Finished { status: fields.take()?, filled: fields.take()?, average_price: fields.take()? }
            }
            word => return Err(Damaged(format!("unknown state '{word}'"))),
        })
    }
}

impl Field for ComposedState {
    fn write(&self, line: &mut Vec<String>) {
        match self {
            Self::Working => None::<ComposedEnd>.write(line),
            Self::Ended { how, reason } => {
                how.write(line);
                reason.write(line);
            }
        }
    }

    fn read(fields: &mut Fields<'_>) -> Result<Self, Damaged> {
        match fields.take()? {
            None => Ok(Self::Working),
            Some(how) => Ok(Self::Ended { how, reason: fields.take()? }),
        }
    }
}

/// Records are their fields, in this order.
macro_rules! records {
    ($($type:ident { $($field:ident),+ })+) => {
        $(impl Field for $type {
            fn write(&self, line: &mut Vec<String>) {
                let Self { $($field),+ } = self;
                $($field.write(line);)+
            }

            fn read(fields: &mut Fields<'_>) -> Result<Self, Damaged> {
                Ok(Self { $($field: fields.take()?),+ })
            }
        })+
    };
}

records! {
    NewOrder { client_order_id, symbol, side, position_side, kind, size, reduce_only }
    JournalEntry { account, venue, order, purpose, state, intended_at, updated_at }
    ComposedEntry { account, venue, id, order, state, placed_at, updated_at }
    Fill {
        trade_id, order_id, client_order_id, symbol, side, position_side, price, quantity, fee, fee_currency, liquidity,
        realized_pnl, cause, time
    }
    TradeRecord { account, venue, position, fill }
    OpenedPosition {
        account, venue, symbol, side, direction, quantity, entry_price, leverage, margin_mode, strategy, opened_at
    }
    ClosedPosition { status, exit_price, realized_pnl, fees, funding, reason, closed_at }
    FundingRecord {
        account, venue, booking, symbol, side, rate, quantity, mark_price, payment, expected, currency, time
    }
    Booking { id, kind, symbol, amount, currency, time }
    BookingRecord { account, venue, booking }
    PnlSnapshot {
        account, time, wallet, unrealized_pnl, realized_pnl, fees, funding, adjustments, margin_ratio, open_positions
    }
    RiskEventRecord { account, time, kind, symbol, detail, figure, limit, action }
    KillSwitchRecord { engaged, reason, by, since }
    SavedDesk { state, saved_at }
}
