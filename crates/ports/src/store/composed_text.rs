//! A composed order as one line of text, which is what a store keeps of it:
//!
//! `twap symbol=BTC/USDT:USDT direction=long quantity=1.5 leverage=5 stop=45000 slices=10 every_ms=60000`
//!
//! Every word is of the trade and every number exact. Names and reasons, which may hold anything, come last, each behind its
//! length in bytes.

use super::composed::{ComposedKind, ComposedOrder, Opening, SlicedTrade};
use crate::stop_loss::{StopLoss, Waiver};
use std::fmt::{self, Display, Formatter, Write};
use std::str::FromStr;
use std::time::Duration;

/// A text that is no composed order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a composed order: {0}")]
pub struct NotAComposedOrder(pub String);

impl Display for ComposedOrder {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} symbol={} direction={}", self.kind.as_str(), self.symbol, self.direction)?;
        match &self.kind {
            ComposedKind::Bracket { opening, price, time_in_force } => {
                write!(f, " price={price} time_in_force={time_in_force}")?;
                write_opening(f, opening)
            }
            ComposedKind::Iceberg { trade, price, visible } => {
                write!(f, " price={price} visible={visible}")?;
                write_trade(f, trade)
            }
            ComposedKind::Twap { trade, slices, every } => {
                write!(f, " slices={slices} every_ms={}", every.as_millis())?;
                write_trade(f, trade)
            }
            ComposedKind::Oco { quantity, stop, target } => {
                write!(f, " quantity={quantity} stop={stop} target={target}")
            }
            ComposedKind::TrailingStop { distance, activation } => {
                write!(f, " distance={distance}")?;
                activation.iter().try_for_each(|price| write!(f, " activation={price}"))
            }
        }
    }
}

fn write_trade(f: &mut Formatter<'_>, trade: &SlicedTrade) -> fmt::Result {
    match trade {
        SlicedTrade::Open(opening) => write_opening(f, opening),
        SlicedTrade::Close(quantity) => write!(f, " close={quantity}"),
    }
}

fn write_opening(f: &mut Formatter<'_>, it: &Opening) -> fmt::Result {
    write!(f, " quantity={} leverage={}", it.quantity, it.leverage.get())?;
    it.take_profit.iter().try_for_each(|price| write!(f, " target={price}"))?;
    match &it.stop_loss {
        StopLoss::At(price) => write!(f, " stop={price}"),
        StopLoss::Resting => f.write_str(" stop=resting"),
        StopLoss::Waived(waiver) => {
            let (by, reason) = (waiver.by(), waiver.reason());
            write!(f, " stop=waived by={}:{by} reason={}:{reason}", by.len(), reason.len())
        }
    }
}

impl FromStr for ComposedOrder {
    type Err = NotAComposedOrder;

    fn from_str(text: &str) -> Result<Self, NotAComposedOrder> {
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        let it = Fields::read(rest)?;
        let kind = match word {
            "bracket" => ComposedKind::Bracket {
                opening: it.opening()?,
                price: it.value("price")?,
                time_in_force: it.value("time_in_force")?,
            },
            "iceberg" => {
                ComposedKind::Iceberg { trade: it.trade()?, price: it.value("price")?, visible: it.value("visible")? }
            }
            "twap" => ComposedKind::Twap {
                trade: it.trade()?,
                slices: it.value("slices")?,
                every: Duration::from_millis(it.value("every_ms")?),
            },
            "oco" => ComposedKind::Oco {
                quantity: it.value("quantity")?,
                stop: it.value("stop")?,
                target: it.value("target")?,
            },
            "trailing_stop" => {
                ComposedKind::TrailingStop { distance: it.value("distance")?, activation: it.optional("activation")? }
            }
            word => return Err(NotAComposedOrder(format!("unknown kind '{}'", short(word)))),
        };
        Ok(Self { symbol: it.value("symbol")?, direction: it.value("direction")?, kind })
    }
}

/// The words behind the kind.
struct Fields<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Fields<'a> {
    fn read(mut rest: &'a str) -> Result<Self, NotAComposedOrder> {
        let mut fields = Vec::new();
        while let Some((name, value)) = rest.split_once('=') {
            let end = match name {
                "by" | "reason" => counted(value)?,
                _ => (0, value.find(' ').unwrap_or(value.len())),
            };
            let whole = value.get(end.0..end.1);
            fields.push((name, whole.ok_or_else(|| NotAComposedOrder(format!("'{}' is cut short", short(name))))?));
            rest = value.get(end.1..).unwrap_or_default().trim_start_matches(' ');
        }
        if rest.is_empty() { Ok(Self(fields)) } else { Err(NotAComposedOrder(format!("what is '{}'?", short(rest)))) }
    }

    fn find(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    fn value<T: FromStr<Err: Display>>(&self, name: &str) -> Result<T, NotAComposedOrder> {
        self.optional(name)?.ok_or_else(|| NotAComposedOrder(format!("it has no {name}")))
    }

    fn optional<T: FromStr<Err: Display>>(&self, name: &str) -> Result<Option<T>, NotAComposedOrder> {
        let parse = |value: &str| value.parse().map_err(|error| NotAComposedOrder(format!("{name}: {error}")));
        self.find(name).map(parse).transpose()
    }

    fn trade(&self) -> Result<SlicedTrade, NotAComposedOrder> {
        match self.optional("close")? {
            Some(quantity) => Ok(SlicedTrade::Close(quantity)),
            None => Ok(SlicedTrade::Open(self.opening()?)),
        }
    }

    fn opening(&self) -> Result<Opening, NotAComposedOrder> {
        let stop_loss = match self.find("stop") {
            Some("resting") => StopLoss::Resting,
            Some("waived") => {
                let (by, reason) = (self.find("by").unwrap_or_default(), self.find("reason").unwrap_or_default());
                StopLoss::Waived(Waiver::new(by, reason).map_err(|error| NotAComposedOrder(error.to_string()))?)
            }
            _ => StopLoss::At(self.value("stop")?),
        };
        Ok(Opening {
            quantity: self.value("quantity")?,
            leverage: self.value("leverage")?,
            stop_loss,
            take_profit: self.optional("target")?,
        })
    }
}

/// From where to where `7:because` says something.
fn counted(value: &str) -> Result<(usize, usize), NotAComposedOrder> {
    let broken = || NotAComposedOrder("a text without its length".to_owned());
    let (length, _) = value.split_once(':').ok_or_else(broken)?;
    let begin = length.len().saturating_add(1);
    let length: usize = length.parse().map_err(|_| broken())?;
    Ok((begin, begin.saturating_add(length)))
}

/// As much of it as belongs into a message.
fn short(text: &str) -> String {
    let mut said: String = text.chars().take(40).collect();
    if said.len() < text.len() {
        // Writing to a string never fails.
        let _ = said.write_char('…');
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    fn composed(text: &str) -> ComposedOrder {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn every_order_is_read_back_from_its_own_text() {
        for text in [
            "bracket symbol=BTC/USDT:USDT direction=long price=49000 time_in_force=gtc quantity=0.05 leverage=5 stop=45000",
            "bracket symbol=BTC/USDT:USDT direction=short price=51000.1 time_in_force=post_only quantity=0.05 leverage=5 \
             target=40000 stop=resting",
            "iceberg symbol=ETH/USDT:USDT direction=long price=3000 visible=0.5 quantity=10 leverage=3 stop=waived \
             by=3:ana reason=16:hedged elsewhere",
            "iceberg symbol=ETH/USDT:USDT direction=short price=3000 visible=0.5 close=10",
            "twap symbol=BTC/USDT:USDT direction=long slices=10 every_ms=60000 quantity=1.5 leverage=5 stop=45000",
            "twap symbol=BTC/USDT:USDT direction=long slices=1 every_ms=1 close=0.001",
            "oco symbol=BTC/USDT:USDT direction=long quantity=0.01 stop=45000 target=55000",
            "trailing_stop symbol=BTC/USDT:USDT direction=long distance=0.02",
            "trailing_stop symbol=BTC/USDT:USDT direction=short distance=0.02 activation=48000",
        ] {
            assert_eq!(composed(text).to_string(), text);
        }
    }

    #[test]
    fn a_reason_may_hold_whatever_looks_like_a_field() {
        let waiver = Waiver::new("ana = who?", "stop=1 leverage=125 ünd reason=3:abc").unwrap();
        let mut order = composed("twap symbol=A/B:B direction=long slices=2 every_ms=5 quantity=1 leverage=1 stop=1");
        if let ComposedKind::Twap { trade: SlicedTrade::Open(opening), .. } = &mut order.kind {
            opening.stop_loss = StopLoss::Waived(waiver);
        }
        assert_eq!(composed(&order.to_string()), order);
    }

    #[test]
    fn what_is_no_order_says_why() {
        for (text, said) in [
            ("", "unknown kind ''"),
            ("fok symbol=A/B:B", "unknown kind 'fok'"),
            ("oco symbol=A/B:B direction=long stop=1 target=2", "it has no quantity"),
            ("oco symbol=A/B:B direction=up quantity=1 stop=1 target=2", "direction: unknown direction 'up'"),
            ("oco symbol=A/B:B direction=long quantity=0 stop=1 target=2", "quantity: "),
            ("oco symbol=A/B:B direction=long quantity=1 stop=1 target=2 and", "what is 'and'?"),
            ("iceberg symbol=A/B:B direction=long price=1 visible=1 quantity=1 leverage=1", "it has no stop"),
            (
                "iceberg symbol=A/B:B direction=long price=1 visible=1 quantity=1 leverage=1 stop=waived by=9:ana",
                "'by' is cut short",
            ),
            (
                "iceberg symbol=A/B:B direction=long price=1 visible=1 quantity=1 leverage=1 stop=waived by=3:ana",
                "takes a reason",
            ),
        ] {
            let error = text.parse::<ComposedOrder>().unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
