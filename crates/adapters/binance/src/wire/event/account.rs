//! `ACCOUNT_UPDATE`, `MARGIN_CALL` and `ACCOUNT_CONFIG_UPDATE`.

use super::Context;
use crate::wire::word;
use plimsoll_domain::{
    AccountEvent, BalanceReport, Direction, FundingPayment, Leverage, MarginMode, MarginWarning, Position,
    PositionReport, PositionSide, Quantity, Stamp, Symbol, Timestamp,
};
use plimsoll_venue::json::{Num, Text};
use plimsoll_venue::plain::{Plain, Scan, read};
use plimsoll_venue::{DecodeError, Event, message};

message! {
    struct Update {
        required {
            time = "T": Num<'a>,
            a = "a": Body<'a>,
        }
        optional {}
    }
}

message! {
    struct Body {
        required {
            m = "m": &'a str,
        }
        optional {
            balances = "B": Vec<Balance<'a>>,
            positions = "P": Vec<Row<'a>>,
            symbol = "S": Option<Text<'a>>,
        }
    }
}

message! {
    struct Balance {
        required {
            a = "a": &'a str,
            wb = "wb": Num<'a>,
        }
        optional {
            cw = "cw": Num<'a>,
            bc = "bc": Num<'a>,
        }
    }
}

message! {
    struct Row {
        required {
            s = "s": Text<'a>,
            pa = "pa": Num<'a>,
            ps = "ps": &'a str,
        }
        optional {
            ep = "ep": Num<'a>,
            cr = "cr": Num<'a>,
            up = "up": Num<'a>,
            mt = "mt": Option<&'a str>,
            iw = "iw": Num<'a>,
        }
    }
}

/// Balances and positions as they are now; funding, where that was the reason; margin modes, where that was.
///
/// `{"e":"ACCOUNT_UPDATE","E":1564745798939,"T":1564745798938,"a":{"m":"ORDER","B":[{"a":"USDT","wb":"122.5","cw":"100",
/// "bc":"0"}],"P":[{"s":"BTCUSDT","pa":"20","ep":"6563.665","cr":"0","up":"2850.2","mt":"isolated","iw":"13200.7",
/// "ps":"LONG"}]}}`
pub(super) fn update(text: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    let Update { time, a } = read(text)?;
    let time = time.time("T")?;
    let stamp = context.stamp(time);
    let mut events = Vec::with_capacity(a.balances.len() + a.positions.len() + 1);
    for balance in &a.balances {
        events.push(AccountEvent::Balance(balance.report(context, stamp)?));
    }
    for row in &a.positions {
        let report = row.report(context, stamp)?;
        let mode = report.margin_mode.filter(|_| a.m == "MARGIN_TYPE_CHANGE");
        let symbol = report.symbol.clone();
        events.push(AccountEvent::Position(report));
        events.extend(mode.map(|mode| AccountEvent::MarginMode { symbol, mode, stamp }));
    }
    if a.m == "FUNDING_FEE" {
        funding(&a, time, context, &mut events)?;
    }
    Ok(events.into_iter().map(Event::Account).collect())
}

impl Balance<'_> {
    fn report(&self, context: Context<'_>, stamp: Stamp) -> Result<BalanceReport, DecodeError> {
        Ok(BalanceReport {
            currency: context.symbols.currency(self.a),
            wallet: Some(self.wb.money("a.B.wb")?),
            cross_wallet: self.cw.maybe_money("a.B.cw")?,
            available: None,
            equity: None,
            unrealized_pnl: None,
            stamp,
        })
    }
}

impl Row<'_> {
    fn report(&self, context: Context<'_>, stamp: Stamp) -> Result<PositionReport, DecodeError> {
        let position_side = word::position_side(self.ps, "a.P.ps")?;
        let margin_mode = self.mt.map(|mode| word::margin_mode(mode, "a.P.mt")).transpose()?;
        let isolated = margin_mode == Some(MarginMode::Isolated);
        Ok(PositionReport {
            symbol: context.symbols.symbol(self.s.as_str())?,
            position_side,
            position: held(self.pa, self.ep, position_side, ("a.P.pa", "a.P.ep"))?,
            mark_price: None,
            liquidation_price: None,
            unrealized_pnl: self.up.maybe_money("a.P.up")?,
            realized_pnl: self.cr.maybe_money("a.P.cr")?,
            leverage: None,
            margin_mode,
            isolated_margin: if isolated { self.iw.maybe_money("a.P.iw")? } else { None },
            maintenance_margin: None,
            margin_ratio: None,
            stamp,
        })
    }
}

/// What a signed amount and its entry price say is held. The amount of a short leg is negative.
pub(crate) fn held(
    amount: Num<'_>,
    entry: Num<'_>,
    side: PositionSide,
    (amount_place, entry_place): (&str, &str),
) -> Result<Option<Position>, DecodeError> {
    let Some((quantity, direction)) = signed(amount, side, amount_place)? else { return Ok(None) };
    Ok(Some(Position { direction, quantity, entry: entry.price(entry_place)? }))
}

fn signed(amount: Num<'_>, side: PositionSide, place: &str) -> Result<Option<(Quantity, Direction)>, DecodeError> {
    let amount = amount.decimal(place)?;
    let held = Quantity::from_signed(amount).map_err(|error| DecodeError::new(error.to_string(), place))?;
    match (side.direction(), held) {
        (Some(leg), Some((_, direction))) if leg != direction => {
            Err(DecodeError::new(format!("{amount} is not the amount of a {leg} leg"), place))
        }
        _ => Ok(held),
    }
}

/// The charge is the balance's change. The contract is named, or is that of the one isolated position that was charged;
/// for a cross position without a name it can only be looked up.
fn funding(
    a: &Body<'_>,
    time: Timestamp,
    context: Context<'_>,
    events: &mut Vec<AccountEvent>,
) -> Result<(), DecodeError> {
    let named = a.symbol.as_ref().map(Text::as_str).filter(|named| !named.is_empty());
    let native = match a.positions.as_slice() {
        [charged] => named.or(Some(charged.s.as_str())),
        _ => named,
    };
    let symbol: Option<Symbol> = native.map(|native| context.symbols.symbol(native)).transpose()?;
    for balance in &a.balances {
        let change = balance.bc.money("a.B.bc")?;
        if change.is_zero() {
            continue;
        }
        events.push(AccountEvent::Funding(FundingPayment {
            id: None,
            symbol: symbol.clone(),
            payment: -change,
            rate: None,
            currency: context.symbols.currency(balance.a),
            time,
        }));
    }
    Ok(())
}

message! {
    struct MarginCall {
        required {
            time = "E": Num<'a>,
            p = "p": Vec<Called<'a>>,
        }
        optional {}
    }
}

message! {
    struct Called {
        required {
            s = "s": Text<'a>,
            ps = "ps": &'a str,
            pa = "pa": Num<'a>,
        }
        optional {
            mp = "mp": Num<'a>,
            mm = "mm": Num<'a>,
        }
    }
}

/// `{"e":"MARGIN_CALL","E":1587727187525,"cw":"3.16812045","p":[{"s":"ETHUSDT","ps":"LONG","pa":"1.327","mt":"CROSSED",
/// "iw":"0","mp":"187.17127","up":"-1.166074","mm":"1.614445"}]}`
pub(super) fn margin_call(text: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    let MarginCall { time, p } = read(text)?;
    let time = time.time("E")?;
    p.iter().map(|called| Ok(Event::Account(AccountEvent::MarginCall(called.warning(context, time)?)))).collect()
}

impl Called<'_> {
    fn warning(&self, context: Context<'_>, time: Timestamp) -> Result<MarginWarning, DecodeError> {
        let position_side = word::position_side(self.ps, "p.ps")?;
        Ok(MarginWarning {
            level: None,
            symbol: context.symbols.symbol(self.s.as_str())?,
            position_side,
            quantity: signed(self.pa, position_side, "p.pa")?.map(|(quantity, _)| quantity),
            margin_ratio: None,
            liquidation_price: None,
            mark_price: self.mp.maybe_price("p.mp")?,
            maintenance_margin: self.mm.maybe_money("p.mm")?,
            time,
        })
    }
}

message! {
    struct Config {
        required {
            time = "T": Num<'a>,
        }
        optional {
            ac = "ac": Option<Setting<'a>>,
            ai = "ai": Option<Assets>,
        }
    }
}

message! {
    struct Setting {
        required {
            s = "s": Text<'a>,
            l = "l": Num<'a>,
        }
        optional {}
    }
}

#[derive(serde::Deserialize)]
struct Assets {
    j: bool,
}

/// Too rare for the fast road.
impl<'a> Plain<'a> for Assets {
    fn take(_: &mut Scan<'a>) -> Option<Self> {
        None
    }
}

/// `{"e":"ACCOUNT_CONFIG_UPDATE","E":1611646737479,"T":1611646737476,"ac":{"s":"BTCUSDT","l":25}}`, or
/// `"ai":{"j":true}` for the multi-assets mode, which we do not use.
pub(super) fn config(text: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    let Config { time, ac, ai } = read(text)?;
    let stamp = context.stamp(time.time("T")?);
    let mut events = Vec::new();
    if let Some(Setting { s, l }) = ac {
        let leverage = leverage_of(l, "ac.l")?;
        let symbol = context.symbols.symbol(s.as_str())?;
        events.push(Event::Account(AccountEvent::Leverage { symbol, leverage, stamp }));
    }
    if let Some(Assets { j }) = ai {
        events.push(Event::unknown(format!("multi-assets mode {}", if j { "on" } else { "off" })));
    }
    if events.is_empty() {
        events.push(Event::unknown("ACCOUNT_CONFIG_UPDATE of a setting that is not read"));
    }
    Ok(events)
}

pub(crate) fn leverage_of(number: Num<'_>, place: &str) -> Result<Leverage, DecodeError> {
    Leverage::new(number.whole(place)?).map_err(|error| DecodeError::new(error.to_string(), place))
}
