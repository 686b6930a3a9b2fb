//! Balances, positions and settings.

use crate::wire::event::{held, leverage_of};
use crate::wire::symbols::Symbols;
use crate::wire::word;
use plimsoll_domain::{
    BalanceReport, Currency, ForcedClose, Leverage, MarginMode, PositionMode, PositionReport, PositionSide, Stamp,
    Symbol, Timestamp,
};
use plimsoll_venue::DecodeError;
use plimsoll_venue::json::{self, Num, Text, each, rows, text};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BalanceRow<'a> {
    #[serde(borrow)]
    asset: Text<'a>,
    #[serde(borrow, alias = "walletBalance")]
    balance: Num<'a>,
    #[serde(default, borrow)]
    cross_wallet_balance: Num<'a>,
    #[serde(default, borrow)]
    available_balance: Num<'a>,
    #[serde(default, borrow)]
    margin_balance: Num<'a>,
    #[serde(default, borrow)]
    unrealized_profit: Num<'a>,
    #[serde(default, borrow)]
    update_time: Num<'a>,
}

/// The balances of `GET /fapi/v3/balance` and `v2`, empty ones included. `crossUnPnl` leaves isolated positions out, so it
/// is not taken for the unrealised profit.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn balances(body: &[u8]) -> Result<Vec<BalanceReport>, DecodeError> {
    let rows: Vec<BalanceRow<'_>> = rows(text(body)?)?;
    each(&rows, |row| row.report().map(Some))
}

#[derive(Deserialize)]
struct Account<'a> {
    #[serde(borrow)]
    assets: Vec<BalanceRow<'a>>,
}

/// The balances of `GET /fapi/v3/account` and `v2`, empty ones included. The positions of `v3` have no entry price; they
/// are read from `positionRisk`.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn account_balances(body: &[u8]) -> Result<Vec<BalanceReport>, DecodeError> {
    let account: Account<'_> = json::read(text(body)?)?;
    each(&account.assets, |row| row.report().map(Some)).map_err(|error| error.inside("assets"))
}

impl BalanceRow<'_> {
    fn report(&self) -> Result<BalanceReport, DecodeError> {
        Ok(BalanceReport {
            currency: Currency::new(self.asset.as_str()),
            wallet: self.balance.maybe_money("balance")?,
            cross_wallet: self.cross_wallet_balance.maybe_money("crossWalletBalance")?,
            available: self.available_balance.maybe_money("availableBalance")?,
            equity: self.margin_balance.maybe_money("marginBalance")?,
            unrealized_pnl: self.unrealized_profit.maybe_money("unrealizedProfit")?,
            stamp: stamp(self.update_time)?,
        })
    }
}

/// The venue writes 0 for what has never changed.
fn stamp(update_time: Num<'_>) -> Result<Stamp, DecodeError> {
    Ok(Stamp::at(update_time.maybe_time("updateTime")?.unwrap_or_default()))
}

/// `positionRisk` of both versions, and the positions within `v2/account`, which lack the mark and write `isolated`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PositionRow<'a> {
    #[serde(borrow)]
    symbol: Text<'a>,
    #[serde(borrow)]
    position_side: Text<'a>,
    #[serde(borrow)]
    position_amt: Num<'a>,
    #[serde(default, borrow)]
    entry_price: Num<'a>,
    #[serde(default, borrow)]
    mark_price: Num<'a>,
    #[serde(default, borrow, alias = "unrealizedProfit")]
    un_realized_profit: Num<'a>,
    #[serde(default, borrow)]
    liquidation_price: Num<'a>,
    #[serde(default, borrow)]
    leverage: Num<'a>,
    #[serde(default, borrow)]
    margin_type: Option<Text<'a>>,
    #[serde(default)]
    isolated: Option<bool>,
    #[serde(default, borrow)]
    isolated_wallet: Num<'a>,
    #[serde(default, borrow)]
    maint_margin: Num<'a>,
    #[serde(default, borrow)]
    update_time: Num<'a>,
}

/// The positions of `GET /fapi/v3/positionRisk` and `v2`, closed ones included. `v3` tells neither leverage nor margin
/// mode: see [`SymbolConfig`]. Rows of contracts that are no perpetuals are left out as long as they hold nothing.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn positions(body: &[u8], symbols: &Symbols) -> Result<Vec<PositionReport>, DecodeError> {
    let rows: Vec<PositionRow<'_>> = rows(text(body)?)?;
    each(&rows, |row| row.report(symbols))
}

impl PositionRow<'_> {
    fn report(&self, symbols: &Symbols) -> Result<Option<PositionReport>, DecodeError> {
        let position_side = word::position_side(self.position_side.as_str(), "positionSide")?;
        let position = held(self.position_amt, self.entry_price, position_side, ("positionAmt", "entryPrice"))?;
        let symbol = match symbols.symbol(self.symbol.as_str()) {
            Ok(symbol) => symbol,
            Err(_) if position.is_none() && !symbols.is_empty() => return Ok(None),
            Err(error) => return Err(error),
        };
        let isolated_wallet = self.isolated_wallet.maybe_money("isolatedWallet")?;
        let margin_mode = self.margin_mode()?.or_else(|| {
            let assigned = isolated_wallet.is_some_and(|margin| !margin.is_zero());
            assigned.then_some(MarginMode::Isolated)
        });
        Ok(Some(PositionReport {
            symbol,
            position_side,
            position,
            mark_price: self.mark_price.maybe_price("markPrice")?,
            liquidation_price: positive(self.liquidation_price, "liquidationPrice")?,
            unrealized_pnl: self.un_realized_profit.maybe_money("unRealizedProfit")?,
            realized_pnl: None,
            leverage: if self.leverage.0.is_empty() { None } else { Some(leverage_of(self.leverage, "leverage")?) },
            margin_mode,
            isolated_margin: isolated_wallet.filter(|_| margin_mode == Some(MarginMode::Isolated)),
            maintenance_margin: self.maint_margin.maybe_money("maintMargin")?,
            margin_ratio: None,
            stamp: stamp(self.update_time)?,
        }))
    }

    fn margin_mode(&self) -> Result<Option<MarginMode>, DecodeError> {
        if let Some(word) = &self.margin_type {
            return word::margin_mode(word.as_str(), "marginType").map(Some);
        }
        Ok(self.isolated.map(|isolated| if isolated { MarginMode::Isolated } else { MarginMode::Cross }))
    }
}

/// A liquidation price of zero or below is none that the mark could reach.
fn positive(number: Num<'_>, place: &str) -> Result<Option<plimsoll_domain::Price>, DecodeError> {
    if number.0.starts_with('-') {
        number.decimal(place)?;
        return Ok(None);
    }
    number.maybe_price(place)
}

#[derive(Deserialize)]
struct AccountV2<'a> {
    #[serde(default, borrow)]
    positions: Vec<PositionRow<'a>>,
}

/// The positions of `GET /fapi/v2/account`; the contract alone for those of `v3`, which have no entry price.
pub(super) fn account_positions(
    body: &[u8],
    symbols: &Symbols,
) -> Result<Vec<Result<PositionReport, Symbol>>, DecodeError> {
    let account: AccountV2<'_> = json::read(text(body)?)?;
    let told = |row: &PositionRow<'_>| {
        if row.entry_price.0.is_empty() {
            Ok(Some(Err(symbols.symbol(row.symbol.as_str())?)))
        } else {
            Ok(row.report(symbols)?.map(Ok))
        }
    };
    each(&account.positions, told).map_err(|error| error.inside("positions"))
}

/// How a contract is set for this account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SymbolConfig {
    /// The contract.
    pub symbol: Symbol,
    /// Its leverage.
    pub leverage: Leverage,
    /// What backs its positions.
    pub margin_mode: MarginMode,
}

impl SymbolConfig {
    /// Adds to a position what its own report did not tell.
    pub fn complete(&self, report: &mut PositionReport) {
        report.leverage = report.leverage.or(Some(self.leverage));
        report.margin_mode = report.margin_mode.or(Some(self.margin_mode));
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConfigRow<'a> {
    #[serde(borrow)]
    symbol: Text<'a>,
    #[serde(borrow)]
    margin_type: Text<'a>,
    #[serde(borrow)]
    leverage: Num<'a>,
}

/// The settings of `GET /fapi/v1/symbolConfig`. Those of contracts that are no perpetuals are left out.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn symbol_config(body: &[u8], symbols: &Symbols) -> Result<Vec<SymbolConfig>, DecodeError> {
    let rows: Vec<ConfigRow<'_>> = rows(text(body)?)?;
    each(&rows, |row| {
        let Ok(symbol) = symbols.symbol(row.symbol.as_str()) else { return Ok(None) };
        let leverage = leverage_of(row.leverage, "leverage")?;
        let margin_mode = word::margin_mode(row.margin_type.as_str(), "marginType")?;
        Ok(Some(SymbolConfig { symbol, leverage, margin_mode }))
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DualSide {
    dual_side_position: bool,
}

/// The position mode, as `accountConfig` and `positionSide/dual` tell it.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn position_mode(body: &[u8]) -> Result<PositionMode, DecodeError> {
    let it: DualSide = json::read(text(body)?)?;
    Ok(if it.dual_side_position { PositionMode::Hedge } else { PositionMode::OneWay })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AdlRow<'a> {
    #[serde(borrow)]
    symbol: Text<'a>,
    #[serde(borrow)]
    adl_quantile: Levels<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct Levels<'a> {
    #[serde(default, borrow)]
    long: Num<'a>,
    #[serde(default, borrow)]
    short: Num<'a>,
    #[serde(default, borrow)]
    both: Num<'a>,
}

/// The places in the deleveraging queue that `GET /fapi/v1/adlQuantile` tells, 0 to 4. The body has no time: `time` is
/// when it was read.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn adl_levels(body: &[u8], symbols: &Symbols, time: Timestamp) -> Result<Vec<ForcedClose>, DecodeError> {
    let rows: Vec<AdlRow<'_>> = rows(text(body)?)?;
    let mut warnings = Vec::new();
    for row in &rows {
        let symbol = symbols.symbol(row.symbol.as_str())?;
        let levels = &row.adl_quantile;
        let sides =
            [(PositionSide::Long, levels.long), (PositionSide::Short, levels.short), (PositionSide::Both, levels.both)];
        for (position_side, level) in sides {
            if level.0.is_empty() {
                continue;
            }
            let level = Some(level.whole("adlQuantile")?);
            let symbol = symbol.clone();
            warnings.push(ForcedClose { symbol, position_side, quantity: None, price: None, level, time });
        }
    }
    Ok(warnings)
}
