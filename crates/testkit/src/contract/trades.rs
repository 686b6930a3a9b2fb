//! What [`TradeRepository`] promises, funding and bookings included where sums are asked for.

use super::records::{
    AMOUNTS, DAY, NAMES, NOON, PRICES, QUANTITIES, at, booking, btc, cleared, eth, every, is_conflict, is_not_found,
    money, opened, price, quantity, symbol, trade, with_booking, with_fill,
};
use super::suite::{Failure, Outcome, Suite, ensure, ensure_eq};
use plimsoll_domain::{
    AccountId, BookingKind, ClientOrderId, Currency, FillCause, Liquidity, Money, OrderId, PositionSide, Side,
    Timestamp, TradeId, VenueId,
};
use plimsoll_ports::{
    BookingRecord, BookingRepository, DailyPnl, FundingRecord, FundingRepository, PositionId, PositionRepository,
    Totals, TradeRecord, TradeRepository,
};

/// Runs every case, each on a fresh and empty store.
///
/// # Panics
/// If a promise is broken; the message names every broken one.
pub async fn run<S: TradeRepository + PositionRepository + FundingRepository + BookingRepository>(
    fresh: impl AsyncFn() -> S,
) {
    let mut suite = Suite::new("TradeRepository");
    macro_rules! cases {
        ($($case:ident),+ $(,)?) => {
            $(suite.case(stringify!($case), async {
                let store = fresh().await;
                $case(Books { trades: &store, positions: &store, funding: &store, bookings: &store }).await
            }).await;)+
        };
    }
    cases![
        every_word_is_read_back,
        numbers_and_names_are_read_back_exactly,
        a_trade_is_recorded_once,
        a_trade_is_known_by_account_symbol_and_id,
        of_two_reports_at_once_one_is_new,
        a_later_report_adds_what_the_first_left_out,
        a_later_report_takes_nothing_away,
        another_fill_under_the_same_id_conflicts,
        a_trade_changes_its_position_only_once,
        a_trade_of_an_unknown_position_is_not_found,
        trades_of_a_position_are_oldest_first,
        trades_since_are_oldest_first_and_no_older_than_asked,
        a_day_begins_and_ends_at_midnight_utc,
        a_day_adds_up_trades_and_funding,
        bookings_are_earned_or_transferred,
        days_without_records_are_not_listed,
        totals_are_exact_and_by_currency,
    ];
    suite.finish();
}

/// All sides of the store under test.
#[derive(Clone, Copy)]
struct Books<'a> {
    trades: &'a dyn TradeRepository,
    positions: &'a dyn PositionRepository,
    funding: &'a dyn FundingRepository,
    bookings: &'a dyn BookingRepository,
}

impl Books<'_> {
    async fn hold(&self, expected: &[TradeRecord]) -> Outcome {
        let account = trade("")?.account;
        let found = self.trades.since(&account, None, Timestamp::from_micros(i64::MIN)).await?;
        ensure_eq!(found, expected, "trades");
        Ok(())
    }
}

async fn every_word_is_read_back(books: Books<'_>) -> Outcome {
    let mut expected = Vec::new();
    let mut liquidities: Vec<Option<Liquidity>> = every()?.into_iter().map(Some).collect();
    liquidities.push(None);
    for side in every::<Side>()? {
        for position_side in every::<PositionSide>()? {
            for cause in every::<FillCause>()? {
                for &liquidity in &liquidities {
                    let trade = with_fill(&trade(&expected.len().to_string())?, |fill| {
                        (fill.side, fill.position_side) = (side, position_side);
                        (fill.cause, fill.liquidity) = (cause, liquidity);
                    });
                    books.trades.log(&trade).await?;
                    expected.push(trade);
                }
            }
        }
    }
    books.hold(&expected).await
}

async fn numbers_and_names_are_read_back_exactly(books: Books<'_>) -> Outcome {
    for (number, amount) in AMOUNTS.into_iter().enumerate() {
        let pick = |texts: [&'static str; 4]| texts.into_iter().cycle().nth(number).unwrap_or_default();
        let mut record = trade(&format!("{number} {}", pick(NAMES)))?;
        (record.account, record.venue) = (AccountId::new(pick(NAMES)), VenueId::new(pick(NAMES)));
        let fill = &mut record.fill;
        fill.symbol = symbol(if number % 2 == 0 { "BTC/USDT:USDT" } else { "币安人生/USDT:USDT" })?;
        (fill.order_id, fill.client_order_id) = (OrderId::new(pick(NAMES)), ClientOrderId::reported(pick(NAMES)));
        (fill.price, fill.quantity) = (price(pick(PRICES))?, quantity(pick(QUANTITIES))?);
        (fill.fee, fill.realized_pnl) = (money(amount)?, Some(money(amount)?));
        fill.fee_currency = Some(Currency::new(pick(NAMES)));
        fill.time = Timestamp::from_micros(1_700_000_000_123_457);
        books.trades.log(&record).await?;
        let found = books.trades.since(&record.account, Some(&record.fill.symbol), record.fill.time).await?;
        ensure_eq!(found.last(), Some(&record), "the trade");
    }
    Ok(())
}

async fn a_trade_is_recorded_once(books: Books<'_>) -> Outcome {
    ensure_eq!(books.trades.log(&trade("1")?).await?, true, "the first report is new");
    ensure_eq!(books.trades.log(&trade("1")?).await?, false, "the second is new");
    books.hold(&[trade("1")?]).await
}

async fn a_trade_is_known_by_account_symbol_and_id(books: Books<'_>) -> Outcome {
    let first = trade("1")?;
    let ether = eth()?;
    let elsewhere = TradeRecord { account: AccountId::new("other"), ..first.clone() };
    for trade in [first.clone(), elsewhere, with_fill(&first, |fill| fill.symbol = ether), trade("2")?] {
        ensure!(books.trades.log(&trade).await?, "{trade:?} is not new");
    }
    Ok(())
}

async fn of_two_reports_at_once_one_is_new(books: Books<'_>) -> Outcome {
    let trade = trade("1")?;
    let (one, two) = tokio::join!(books.trades.log(&trade), books.trades.log(&trade));
    ensure!(one? != two?, "both are new, or neither");
    books.hold(&[trade]).await
}

/// A report that leaves out whatever it can.
fn bare() -> Result<TradeRecord, Failure> {
    Ok(with_fill(&trade("1")?, |fill| (fill.fee_currency, fill.liquidity, fill.realized_pnl) = (None, None, None)))
}

/// A report of the same fill that leaves out nothing but the position.
fn full() -> Result<TradeRecord, Failure> {
    let profit = money("30.5")?;
    Ok(with_fill(&trade("1")?, |fill| fill.realized_pnl = Some(profit)))
}

async fn a_later_report_adds_what_the_first_left_out(books: Books<'_>) -> Outcome {
    let id = books.positions.open(&opened()?, &[]).await?;
    books.trades.log(&bare()?).await?;
    ensure_eq!(books.trades.log(&full()?).await?, false, "the fuller report is new");
    books.hold(&[full()?]).await?;
    let placed = TradeRecord { position: Some(id), ..bare()? };
    ensure_eq!(books.trades.log(&placed).await?, false, "the report with a position is new");
    books.hold(&[TradeRecord { position: Some(id), ..full()? }]).await
}

async fn a_later_report_takes_nothing_away(books: Books<'_>) -> Outcome {
    let id = books.positions.open(&opened()?, &[]).await?;
    let first = TradeRecord { position: Some(id), ..full()? };
    books.trades.log(&first).await?;
    let otherwise_named = with_fill(&bare()?, |fill| {
        fill.client_order_id = ClientOrderId::reported("");
        (fill.cause, fill.time) = (FillCause::Adl, at(1));
    });
    for later in [bare()?, otherwise_named] {
        ensure_eq!(books.trades.log(&later).await?, false, "the later report is new");
        books.hold(std::slice::from_ref(&first)).await?;
    }
    Ok(())
}

async fn another_fill_under_the_same_id_conflicts(books: Books<'_>) -> Outcome {
    let first = full()?;
    books.trades.log(&first).await?;
    let (dearer, larger, more) = (price("101")?, quantity("4")?, money("0.13")?);
    for other in [
        TradeRecord { venue: VenueId::new("gateio"), ..first.clone() },
        with_fill(&first, |fill| fill.order_id = OrderId::new("8002")),
        with_fill(&first, |fill| fill.side = Side::Sell),
        with_fill(&first, |fill| fill.position_side = PositionSide::Long),
        with_fill(&first, |fill| fill.price = dearer),
        with_fill(&first, |fill| fill.quantity = larger),
        with_fill(&first, |fill| fill.fee = more),
        with_fill(&first, |fill| fill.fee_currency = Some(Currency::new("BNB"))),
        with_fill(&first, |fill| fill.liquidity = Some(Liquidity::Maker)),
        with_fill(&first, |fill| fill.realized_pnl = Some(Money::ZERO)),
    ] {
        let outcome = books.trades.log(&other).await;
        ensure!(is_conflict(&outcome), "{outcome:?} for {other:?}");
    }
    books.hold(&[first]).await
}

async fn a_trade_changes_its_position_only_once(books: Books<'_>) -> Outcome {
    let ether = plimsoll_ports::OpenedPosition { symbol: eth()?, ..opened()? };
    let first = books.positions.open(&opened()?, &[trade("1")?]).await?;
    let second = books.positions.open(&ether, &[]).await?;
    let outcome = books.trades.log(&TradeRecord { position: Some(second), ..trade("1")? }).await;
    ensure!(is_conflict(&outcome), "{outcome:?}");
    books.hold(&[TradeRecord { position: Some(first), ..trade("1")? }]).await
}

async fn a_trade_of_an_unknown_position_is_not_found(books: Books<'_>) -> Outcome {
    let outcome = books.trades.log(&TradeRecord { position: Some(PositionId(404)), ..trade("1")? }).await;
    ensure!(is_not_found(&outcome), "{outcome:?}");
    ensure_eq!(books.trades.of_position(PositionId(404)).await?, [], "its trades");
    books.hold(&[]).await
}

/// Trades `a` to `d`, recorded in this order, at 30, 10, 20 and 20 microseconds; `c` is of another symbol.
fn four_trades() -> Result<[TradeRecord; 4], Failure> {
    let timed = |id: &str, micros| Ok::<_, Failure>(with_fill(&trade(id)?, |fill| fill.time = at(micros)));
    let ether = eth()?;
    let [a, b, c, d] = [timed("a", 30)?, timed("b", 10)?, timed("c", 20)?, timed("d", 20)?];
    Ok([a, b, with_fill(&c, |fill| fill.symbol = ether), d])
}

fn ids(trades: &[TradeRecord]) -> Vec<&str> {
    trades.iter().map(|trade| trade.fill.trade_id.as_str()).collect()
}

async fn trades_of_a_position_are_oldest_first(books: Books<'_>) -> Outcome {
    let [a, b, _, d] = four_trades()?;
    let e = with_fill(&d, |fill| fill.trade_id = TradeId::new("e"));
    let id = books.positions.open(&opened()?, &[a, b, d, e]).await?;
    books.trades.log(&trade("0")?).await?;
    ensure_eq!(ids(&books.trades.of_position(id).await?), ["b", "d", "e", "a"], "its trades");
    Ok(())
}

async fn trades_since_are_oldest_first_and_no_older_than_asked(books: Books<'_>) -> Outcome {
    for trade in four_trades()? {
        books.trades.log(&trade).await?;
        books.trades.log(&TradeRecord { account: AccountId::new("other"), ..trade }).await?;
    }
    let (account, bitcoin) = (trade("")?.account, btc()?);
    for (symbol, micros, expected) in [
        (None, 0, &["b", "c", "d", "a"][..]),
        (None, 10, &["b", "c", "d", "a"]),
        (None, 11, &["c", "d", "a"]),
        (None, 31, &[]),
        (Some(&bitcoin), 0, &["b", "d", "a"]),
        (Some(&bitcoin), 20, &["d", "a"]),
    ] {
        let found = books.trades.since(&account, symbol, at(micros)).await?;
        ensure_eq!(ids(&found), expected, "since {micros} of {symbol:?}");
    }
    Ok(())
}

/// A trade at this moment with this profit and fee.
fn earned(id: &str, time: Timestamp, profit: &str, fee: &str) -> Result<TradeRecord, Failure> {
    let (profit, fee) = (money(profit)?, money(fee)?);
    Ok(with_fill(&trade(id)?, |fill| (fill.time, fill.realized_pnl, fill.fee) = (time, Some(profit), fee)))
}

fn day(number: i64, realized_pnl: &str, fees: &str, funding: &str) -> Result<DailyPnl, Failure> {
    let day = Timestamp::from_micros(NOON.start_of_day().as_micros() + number * DAY);
    let (realized_pnl, fees, funding) = (money(realized_pnl)?, money(fees)?, money(funding)?);
    Ok(DailyPnl { day, realized_pnl, fees, funding, adjustments: Money::ZERO, transfers: Money::ZERO })
}

async fn a_day_begins_and_ends_at_midnight_utc(books: Books<'_>) -> Outcome {
    let midnight = NOON.start_of_day().as_micros();
    for (id, micros, profit) in [
        ("a", midnight - DAY - 1, "1"),
        ("b", midnight - DAY, "10"),
        ("c", midnight - 1, "100"),
        ("d", midnight, "1000"),
        ("e", midnight + DAY - 1, "10000"),
        ("f", midnight + DAY, "100000"),
    ] {
        books.trades.log(&earned(id, Timestamp::from_micros(micros), profit, "0")?).await?;
    }
    let account = trade("")?.account;
    let (before, yesterday, today) = (day(-2, "1", "0", "0")?, day(-1, "110", "0", "0")?, day(0, "11000", "0", "0")?);
    for (days, expected) in [
        (0, vec![]),
        (1, vec![today.clone()]),
        (2, vec![yesterday.clone(), today.clone()]),
        (u32::MAX, vec![before, yesterday, today]),
    ] {
        ensure_eq!(books.trades.daily_pnl(&account, days, NOON).await?, expected, "the last {days} days");
    }
    Ok(())
}

async fn a_day_adds_up_trades_and_funding(books: Books<'_>) -> Outcome {
    books.trades.log(&earned("1", NOON, "0.1", "0.04")?).await?;
    books.trades.log(&earned("2", at(1), "0.2", "-0.01")?).await?;
    books.trades.log(&earned("3", at(2), "-5.0000000000000000000000001", "0.04")?).await?;
    let unsaid = with_fill(&earned("4", at(3), "0", "0.04")?, |fill| {
        (fill.realized_pnl, fill.fee_currency) = (None, None);
    });
    books.trades.log(&unsaid).await?;
    let in_bnb = with_fill(&earned("5", at(4), "1", "0.0007")?, |fill| fill.fee_currency = Some(Currency::new("BNB")));
    books.trades.log(&in_bnb).await?;
    books.funding.log(&booking("1")?).await?;
    books.funding.log(&FundingRecord { payment: money("-0.01")?, ..booking("2")? }).await?;
    for other in [earned("1", NOON, "7", "7")?] {
        books.trades.log(&TradeRecord { account: AccountId::new("other"), ..other }).await?;
    }
    let found = books.trades.daily_pnl(&trade("")?.account, 1, NOON).await?;
    let expected = day(0, "-3.7000000000000000000000001", "0.11", "0.02")?;
    ensure_eq!(found, [expected], "the day");
    ensure_eq!(found.first().map(DailyPnl::net), Some(money("-3.8300000000000000000000001")?), "its net");
    Ok(())
}

/// A booking of this kind and amount.
fn booked(id: &str, kind: BookingKind, amount: &str) -> Result<BookingRecord, Failure> {
    let amount = money(amount)?;
    Ok(with_booking(&cleared(id)?, |booking| (booking.kind, booking.amount) = (kind, amount)))
}

async fn bookings_are_earned_or_transferred(books: Books<'_>) -> Outcome {
    books.trades.log(&earned("1", NOON, "-40", "0.5")?).await?;
    let unheard_of = BookingKind::Other("UNHEARD_OF".to_owned());
    let clearance = booked("1", BookingKind::LiquidationClearance, "-3.7500000000000000000000001")?;
    for record in [
        clearance.clone(),
        booked("2", BookingKind::Rebate, "0.25")?,
        booked("3", BookingKind::Bonus, "10")?,
        booked("4", unheard_of, "-1")?,
        booked("5", BookingKind::Transfer, "1000")?,
        booked("6", BookingKind::Transfer, "-300.5")?,
        booked("7", BookingKind::Conversion, "20")?,
    ] {
        books.bookings.log(&record).await?;
        books.bookings.log(&record).await?;
        books.bookings.log(&BookingRecord { account: AccountId::new("other"), ..record }).await?;
    }
    let (account, adjustments, transfers) =
        (clearance.account.clone(), money("5.4999999999999999999999999")?, money("719.5")?);
    let today = DailyPnl { adjustments, transfers, ..day(0, "-40", "0.5", "0")? };
    let net = money("-35.0000000000000000000000001")?;
    ensure_eq!(today.net(), net, "its net");
    ensure_eq!(books.trades.daily_pnl(&account, 1, NOON).await?, [today], "the day");

    let coins = with_booking(&booked("8", BookingKind::Transfer, "2")?, |it| it.currency = Currency::new("BNB"));
    let before = with_booking(&booked("9", BookingKind::Rebate, "1")?, |it| it.time = at(-3 * DAY));
    for record in [coins, before] {
        books.bookings.log(&record).await?;
    }
    let totals = books.trades.totals(&account).await?;
    let of = |code: &str| totals.iter().find(|totals| totals.currency.as_str() == code);
    let sums = |it: &Totals| (it.adjustments, it.transfers, it.net());
    ensure_eq!(totals.len(), 2, "the currencies of {totals:?}");
    ensure_eq!(of("BNB").map(sums), Some((Money::ZERO, money("2")?, Money::ZERO)), "of BNB");
    let one = money("1")?;
    ensure_eq!(of("USDT").map(sums), Some((adjustments + one, transfers, net + one)), "of USDT");
    let days = books.trades.daily_pnl(&account, 4, NOON).await?;
    ensure_eq!(days.iter().map(|day| day.adjustments).collect::<Vec<_>>(), [one, adjustments], "by day");
    Ok(())
}

async fn days_without_records_are_not_listed(books: Books<'_>) -> Outcome {
    let account = trade("")?.account;
    ensure_eq!(books.trades.daily_pnl(&account, 30, NOON).await?, [], "an empty store's days");
    books.trades.log(&earned("1", at(-3 * DAY), "0", "0")?).await?;
    books.funding.log(&booking("1")?).await?;
    let expected = [day(-3, "0", "0", "0")?, day(0, "0", "0", "0.03")?];
    ensure_eq!(books.trades.daily_pnl(&account, 30, NOON).await?, expected, "the days");
    Ok(())
}

async fn totals_are_exact_and_by_currency(books: Books<'_>) -> Outcome {
    let account = trade("")?.account;
    ensure_eq!(books.trades.totals(&account).await?, [], "an empty store's totals");
    let coin = symbol("BTC/USD:BTC")?;
    let tiny = "0.0000000000000000000000000001";
    let mut trades = vec![earned("1", at(-400 * DAY), "-3.1", "0.1")?, earned("2", at(DAY), "2", tiny)?];
    for number in 0..10 {
        trades.push(earned(&format!("dime {number}"), at(number), "0.1", "-0.01")?);
    }
    trades.push(with_fill(&earned("3", NOON, "1", "0.2")?, |fill| fill.fee_currency = Some(Currency::new("BNB"))));
    trades.push(with_fill(&earned("4", NOON, "0.5", "0.003")?, |fill| {
        (fill.symbol, fill.fee_currency) = (coin, None);
    }));
    for trade in &trades {
        books.trades.log(trade).await?;
        books.trades.log(trade).await?;
        books.trades.log(&TradeRecord { account: AccountId::new("other"), ..trade.clone() }).await?;
    }
    books.funding.log(&booking("1")?).await?;
    books
        .funding
        .log(&FundingRecord { currency: Currency::new("BTC"), payment: money("-0.5")?, ..booking("2")? })
        .await?;
    let totals = |currency, realized_pnl, fees, funding| {
        let currency = Currency::new(currency);
        Ok::<_, Failure>(Totals {
            currency,
            realized_pnl: money(realized_pnl)?,
            fees: money(fees)?,
            funding: money(funding)?,
            adjustments: Money::ZERO,
            transfers: Money::ZERO,
        })
    };
    let expected =
        [totals("BNB", "0", "0.2", "0")?, totals("BTC", "0.5", "0.003", "-0.5")?, totals("USDT", "0.9", tiny, "0.03")?];
    ensure_eq!(books.trades.totals(&account).await?, expected, "the totals");
    Ok(())
}
