//! What is written while the store is away: one line each.

use crate::field::{Damaged, Field, Fields};
use plimsoll_domain::{AccountId, ClientOrderId, Price, Quantity, Timestamp};
use plimsoll_ports::{
    BookingRecord, ClosedPosition, ComposedEnd, ComposedEntry, FundingRecord, JournalEntry, JournalState,
    KillSwitchRecord, OpenedPosition, PnlSnapshot, PositionId, RiskEventRecord, SavedDesk, TradeRecord,
};

/// One write that the store has not taken yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Write {
    Intend(Box<JournalEntry>),
    Record {
        account: AccountId,
        id: ClientOrderId,
        state: JournalState,
        at: Timestamp,
    },
    Compose(Box<ComposedEntry>),
    EndComposed {
        account: AccountId,
        id: ClientOrderId,
        how: ComposedEnd,
        reason: String,
        at: Timestamp,
    },
    /// Under a number of the spool's own until the store gives one.
    Open {
        number: PositionId,
        opened: OpenedPosition,
        trades: Vec<TradeRecord>,
    },
    Update {
        id: PositionId,
        quantity: Quantity,
        entry_price: Price,
        trades: Vec<TradeRecord>,
    },
    Close {
        id: PositionId,
        closed: ClosedPosition,
        trades: Vec<TradeRecord>,
    },
    Trade(Box<TradeRecord>),
    Funding(Box<FundingRecord>),
    Booking(BookingRecord),
    Equity(Box<PnlSnapshot>),
    RiskEvent(RiskEventRecord),
    KillSwitch {
        account: AccountId,
        record: KillSwitchRecord,
    },
    /// Only the newest of a desk waits.
    Desk {
        name: String,
        desk: SavedDesk,
    },
}

impl Write {
    const fn word(&self) -> &'static str {
        match self {
            Self::Intend(_) => "intend",
            Self::Record { .. } => "record",
            Self::Compose(_) => "compose",
            Self::EndComposed { .. } => "end_composed",
            Self::Open { .. } => "open",
            Self::Update { .. } => "update",
            Self::Close { .. } => "close",
            Self::Trade(_) => "trade",
            Self::Funding(_) => "funding",
            Self::Booking(_) => "booking",
            Self::Equity(_) => "equity",
            Self::RiskEvent(_) => "risk_event",
            Self::KillSwitch { .. } => "kill_switch",
            Self::Desk { .. } => "desk",
        }
    }

    /// One line, with a checksum before it and without its end.
    pub(crate) fn to_line(&self) -> String {
        let mut fields = vec![self.word().to_owned()];
        match self {
            Self::Intend(entry) => entry.write(&mut fields),
            Self::Record { account, id, state, at } => {
                account.write(&mut fields);
                id.write(&mut fields);
                state.write(&mut fields);
                at.write(&mut fields);
            }
            Self::Compose(entry) => entry.write(&mut fields),
            Self::EndComposed { account, id, how, reason, at } => {
                account.write(&mut fields);
                id.write(&mut fields);
                how.write(&mut fields);
                reason.write(&mut fields);
                at.write(&mut fields);
            }
            Self::Open { number, opened, trades } => {
                number.write(&mut fields);
                opened.write(&mut fields);
                trades.write(&mut fields);
            }
            Self::Update { id, quantity, entry_price, trades } => {
                id.write(&mut fields);
                quantity.write(&mut fields);
                entry_price.write(&mut fields);
                trades.write(&mut fields);
            }
            Self::Close { id, closed, trades } => {
                id.write(&mut fields);
                closed.write(&mut fields);
                trades.write(&mut fields);
            }
            Self::Trade(trade) => trade.write(&mut fields),
            Self::Funding(funding) => funding.write(&mut fields),
            Self::Booking(booking) => booking.write(&mut fields),
            Self::Equity(point) => point.write(&mut fields),
            Self::RiskEvent(event) => event.write(&mut fields),
            Self::KillSwitch { account, record } => {
                account.write(&mut fields);
                record.write(&mut fields);
            }
            Self::Desk { name, desk } => {
                name.write(&mut fields);
                desk.write(&mut fields);
            }
        }
        let text = fields.join("\t");
        format!("{:08x}\t{text}", checksum(text.as_bytes()))
    }

    /// What a line says, if it is there as it was written.
    pub(crate) fn whole(line: &str) -> Result<&str, Damaged> {
        let (sum, text) = line.split_once('\t').ok_or_else(|| Damaged("it has no checksum".to_owned()))?;
        if sum != format!("{:08x}", checksum(text.as_bytes())) {
            return Err(Damaged("its checksum is another one".to_owned()));
        }
        Ok(text)
    }

    /// Reads back what a whole line says.
    pub(crate) fn of_text(text: &str) -> Result<Self, Damaged> {
        let mut fields = Fields::of(text);
        let write = match fields.text()? {
            "intend" => Self::Intend(Box::new(fields.take()?)),
            "record" => {
                Self::Record { account: fields.take()?, id: fields.take()?, state: fields.take()?, at: fields.take()? }
            }
            "compose" => Self::Compose(Box::new(fields.take()?)),
            "end_composed" => Self::EndComposed {
                account: fields.take()?,
                id: fields.take()?,
                how: fields.take()?,
                reason: fields.take()?,
                at: fields.take()?,
            },
            "open" => Self::Open { number: fields.take()?, opened: fields.take()?, trades: fields.take()? },
            "update" => Self::Update {
                id: fields.take()?,
                quantity: fields.take()?,
                entry_price: fields.take()?,
                trades: fields.take()?,
            },
            "close" => Self::Close { id: fields.take()?, closed: fields.take()?, trades: fields.take()? },
            "trade" => Self::Trade(Box::new(fields.take()?)),
            "funding" => Self::Funding(Box::new(fields.take()?)),
            "booking" => Self::Booking(fields.take()?),
            "equity" => Self::Equity(Box::new(fields.take()?)),
            "risk_event" => Self::RiskEvent(fields.take()?),
            "kill_switch" => Self::KillSwitch { account: fields.take()?, record: fields.take()? },
            "desk" => Self::Desk { name: fields.take()?, desk: fields.take()? },
            word => return Err(Damaged(format!("unknown write '{word}'"))),
        };
        fields.end()?;
        Ok(write)
    }
}

/// CRC-32 as Ethernet and zip have it (reflected, polynomial 0xEDB88320).
pub(crate) fn checksum(bytes: &[u8]) -> u32 {
    let step = |sum: u32, _: u32| if sum & 1 == 1 { (sum >> 1) ^ 0xEDB8_8320 } else { sum >> 1 };
    !bytes.iter().fold(u32::MAX, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_what_it_always_was_and_reads_as_it_was_written() {
        for text in [
            "kill_switch\tmain\ttrue\tdaily loss\tlimits\t1700000000000000",
            "record\tmain\tlong-btc-1\trefused\tno\\tmargin\t1700000000000000",
            "compose\tmain\tbinance\toco-1\toco symbol=BTC/USDT:USDT direction=long quantity=0.001 stop=45000 \
             target=55000\t\\N\t1700000000000000\t1700000000000000",
            "compose\tmain\tbinance\ttrail-1\ttrailing_stop symbol=BTC/USDT:USDT direction=long distance=0.02\tdone\t\
             its stop filled\t1700000000000000\t1700000000000001",
            "end_composed\tmain\toco-1\tcanceled\tthe kill switch\\n\t1700000000000000",
            "desk\tmomentum & co\t{\"note\":\"a\\\\tb\"}\\n\t1700000000000001",
        ] {
            let line = Write::of_text(text).unwrap().to_line();
            assert_eq!(Write::whole(&line), Ok(text));
        }
    }

    #[test]
    fn the_checksum_is_the_one_everybody_knows() {
        assert_eq!(checksum(b"123456789"), 0xCBF4_3926);
        assert_eq!(checksum(b""), 0);
    }
}
