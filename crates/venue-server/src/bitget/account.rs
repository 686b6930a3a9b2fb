//! Calls about an account's money.

use crate::bitget::error::Refusal;
use crate::bitget::floor::Floor;
use crate::bitget::market::{listed, product};
use crate::bitget::parameters::Period;
use crate::bitget::router::{Call, Handled, answer};
use crate::bitget::words;
use crate::number::{cut, trimmed};
use plimsoll_domain::{AccountId, MarginMode, Money, PositionReport};
use plimsoll_exchange::{AccountFigures, IncomeKind};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

/// The account's money, and everything that is shown of it.
pub(crate) struct Funds {
    coin: String,
    figures: AccountFigures,
    /// Maintenance ÷ equity of the cross positions; 0 where there are none.
    cross_risk: String,
    isolated_margin: Money,
    isolated_profit: Money,
    cross_margin: Money,
}

impl Funds {
    pub(crate) fn new(floor: &Floor, account: &AccountId) -> Option<Self> {
        let figures = floor.exchange.account_figures(account)?;
        let reports = floor.exchange.positions(account);
        let is_cross = |report: &&PositionReport| report.margin_mode != Some(MarginMode::Isolated);
        let ratio = reports.iter().filter(is_cross).find_map(|report| report.margin_ratio);
        let isolated = reports.iter().filter(|report| !is_cross(report));
        let isolated_margin = isolated.map(|report| report.isolated_margin.unwrap_or_default()).sum();
        let cross_margin = reports.iter().filter(is_cross).filter_map(|report| {
            floor.exchange.position_figures(account, &report.symbol, report.position_side).map(|it| it.initial_margin)
        });
        Some(Self {
            coin: floor.settle(),
            cross_risk: ratio.map_or_else(|| "0".to_owned(), |ratio| trimmed(ratio.get())),
            isolated_margin,
            isolated_profit: figures.unrealized_pnl - figures.cross_unrealized_pnl,
            cross_margin: cross_margin.sum(),
            figures,
        })
    }

    /// Wallet and unrealised profit.
    pub(crate) fn equity(&self) -> Money {
        self.figures.wallet + self.figures.unrealized_pnl
    }

    fn row(&self) -> Map<String, Value> {
        let it = &self.figures;
        let available = trimmed(it.available.get());
        let equity = trimmed(self.equity().get());
        [
            ("marginCoin", self.coin.clone()),
            ("locked", trimmed(it.order_initial_margin.get())),
            ("available", available.clone()),
            ("crossedMaxAvailable", available.clone()),
            ("isolatedMaxAvailable", available),
            ("maxTransferOut", trimmed(it.withdrawable.get())),
            ("accountEquity", equity.clone()),
            ("usdtEquity", equity),
            ("btcEquity", "0".to_owned()),
            ("crossedRiskRate", self.cross_risk.clone()),
            ("unrealizedPL", trimmed(it.unrealized_pnl.get())),
            ("coupon", "0".to_owned()),
            ("grant", "0".to_owned()),
            ("isolatedMargin", trimmed(self.isolated_margin.get())),
            ("crossedMargin", trimmed(self.cross_margin.get())),
            ("crossedUnrealizedPL", trimmed(it.cross_unrealized_pnl.get())),
            ("isolatedUnrealizedPL", trimmed(self.isolated_profit.get())),
            ("assetMode", "single".to_owned()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), Value::from(value)))
        .collect()
    }

    /// On the account channel.
    pub(crate) fn pushed(&self) -> Value {
        let it = &self.figures;
        let (available, equity) = (trimmed(it.available.get()), trimmed(self.equity().get()));
        json!({
            "marginCoin": self.coin, "frozen": trimmed(it.order_initial_margin.get()), "available": available,
            "maxOpenPosAvailable": available, "maxTransferOut": trimmed(it.withdrawable.get()), "equity": equity,
            "usdtEquity": equity, "crossedRiskRate": self.cross_risk,
            "unrealizedPL": trimmed(it.unrealized_pnl.get()), "unionTotalMargin": "0", "unionAvailable": "0",
            "unionMm": "0", "assetsMode": "single",
        })
    }

    /// On the channel of equity alone.
    pub(crate) fn equity_pushed(&self) -> Value {
        json!({
            "btcEquity": "0", "usdtEquity": trimmed(self.equity().get()),
            "unrealizedPL": trimmed(self.figures.unrealized_pnl.get()), "unionTotalMargin": "0",
            "unionAvailable": "0", "unionMm": "0",
        })
    }

    pub(crate) const fn figures(&self) -> &AccountFigures {
        &self.figures
    }

    pub(crate) fn coin(&self) -> &str {
        &self.coin
    }
}

fn funds(floor: &Floor, account: &AccountId) -> Result<Funds, Refusal> {
    Funds::new(floor, account).ok_or(Refusal::UNKNOWN_KEY)
}

pub(crate) fn accounts(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    if !product(call.parameters)? {
        return answer(&json!([]));
    }
    let mut row = funds(floor, account)?.row();
    for name in ["unionTotalMargin", "unionAvailable", "unionMm"] {
        row.insert(name.to_owned(), "0".into());
    }
    row.insert("assetList".to_owned(), json!([]));
    answer(&json!([row]))
}

/// The account with the settings of one contract.
pub(crate) fn account(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let symbol = listed(floor, call.parameters)?.symbol.clone();
    call.parameters.required("marginCoin")?;
    let mut row = funds(floor, account)?.row();
    let (leverage, mode) = floor.setting(account, &symbol);
    let leverage = leverage.get();
    for (name, value) in [
        ("crossedMarginLeverage", json!(leverage.to_string())),
        ("isolatedLongLever", json!(leverage.to_string())),
        ("isolatedShortLever", json!(leverage.to_string())),
        ("marginMode", words::margin_mode(mode).into()),
        ("posMode", words::position_mode(floor.position_mode(account)).into()),
    ] {
        row.insert(name.to_owned(), value);
    }
    answer(&row)
}

/// One line of the ledger.
struct Bill {
    id: i64,
    symbol: String,
    amount: Money,
    fee: Money,
    kind: &'static str,
    balance: Money,
    millis: i64,
}

/// The ledger: profit and fee of one fill are one line, however they were booked.
pub(crate) fn bills(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let found = product(call.parameters)?;
    let page = call.parameters.page(20, 100)?;
    let (wanted, symbol) = (call.parameters.get("businessType"), call.parameters.get("symbol"));
    let coin = call.parameters.get("coin").is_none_or(|coin| coin.eq_ignore_ascii_case(&floor.settle()));
    let mut bills = if found && coin { ledger(floor, account, page.period) } else { Vec::new() };
    bills.retain(|bill| wanted.is_none_or(|wanted| bill.kind == wanted));
    bills.retain(|bill| symbol.is_none_or(|symbol| bill.symbol.eq_ignore_ascii_case(symbol)));
    let (bills, end) = page.cut(bills, |bill| (bill.id, bill.millis));
    let settle = floor.settle();
    let rows = bills.iter().map(|bill| {
        json!({
            "billId": bill.id.to_string(), "symbol": bill.symbol, "amount": trimmed(bill.amount.get()),
            "fee": trimmed(bill.fee.get()), "feeByCoupon": "", "businessType": bill.kind, "coin": settle,
            "balance": trimmed(bill.balance.get()), "cTime": bill.millis.to_string(),
        })
    });
    let rows: Vec<Value> = rows.collect();
    answer(&json!({"bills": rows, "endId": end.map_or_else(String::new, |end| end.to_string())}))
}

/// The lines of a period.
fn ledger(floor: &Floor, account: &AccountId, period: Period) -> Vec<Bill> {
    let income = floor.exchange.income(account);
    let wallet = floor.exchange.account_figures(account).map_or(Money::ZERO, |figures| figures.wallet);
    // What was forgotten is the difference between the wallet and its remembered rows.
    let mut balance = wallet - income.iter().map(|row| row.amount).sum();
    let mut bills: Vec<Bill> = Vec::new();
    let mut of_trade = None;
    for row in income {
        balance += row.amount;
        if !period.holds(row.time.as_millis()) {
            continue;
        }
        let trade = row.symbol.as_ref().zip(row.trade_id.as_ref());
        let is_fee = row.kind == IncomeKind::Commission;
        let (amount, fee) = if is_fee { (Money::ZERO, row.amount) } else { (row.amount, Money::ZERO) };
        if trade.is_some()
            && trade == of_trade
            && let Some(bill) = bills.last_mut()
        {
            bill.amount += amount;
            bill.fee += fee;
            bill.balance = balance;
            continue;
        }
        // A trade and what it moves are of the same moment.
        let fills = floor.exchange.fills_between(account, Some(row.time), Some(row.time));
        let fill = fills.iter().find(|fill| Some((&fill.symbol, &fill.trade_id)) == trade);
        let kind = match (row.kind, fill) {
            (_, Some(fill)) => words::bill_type(fill.side, fill.position_side, fill.cause),
            (IncomeKind::FundingFee, _) => "contract_settle_fee",
            (IncomeKind::Transfer, _) if row.amount.is_negative() => "trans_to_exchange",
            (IncomeKind::Transfer, _) => "trans_from_exchange",
            _ => "risk_captital_user_transfer",
        };
        let native = row.symbol.as_ref().and_then(|symbol| floor.instrument(symbol));
        let symbol = native.map_or_else(String::new, |instrument| instrument.native.to_string());
        let id = i64::try_from(row.id).unwrap_or(i64::MAX);
        bills.push(Bill { id, symbol, amount, fee, kind, balance, millis: row.time.as_millis() });
        of_trade = trade;
    }
    bills
}

/// How much could be opened with this margin, whatever is open already.
pub(crate) fn open_count(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let instrument = listed(floor, call.parameters)?;
    let amount = call.parameters.required_decimal("openAmount")?;
    let price = call.parameters.required_decimal("openPrice")?;
    let leverage = call.parameters.decimal("leverage")?.unwrap_or(Decimal::from(20));
    let size = amount.checked_mul(leverage).and_then(|notional| notional.checked_div(price));
    let size = size.ok_or_else(|| Refusal::wrong("openPrice"))?;
    let lots = size.checked_div(instrument.lot.get()).unwrap_or_default().floor();
    answer(&json!({"size": cut(lots.saturating_mul(instrument.lot.get()), 8)}))
}
