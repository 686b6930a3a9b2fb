//! What [`PositionRepository`] promises, trades and all.

use super::records::{
    AMOUNTS, NAMES, PRICES, QUANTITIES, at, closed, eth, every, is_conflict, is_not_found, money, opened, price,
    quantity, trade, with_fill,
};
use super::suite::{Failure, Outcome, Suite, ensure, ensure_eq};
use plimsoll_domain::{
    AccountId, Direction, Leverage, MarginMode, PositionSide, Side, Symbol, Timestamp, TradeId, VenueId,
};
use plimsoll_ports::{
    ClosedPosition, OpenedPosition, PositionId, PositionRecord, PositionRepository, PositionStatus, StoreError,
    TradeRecord, TradeRepository,
};

/// Runs every case, each on a fresh and empty store.
///
/// # Panics
/// If a promise is broken; the message names every broken one.
pub async fn run<S: PositionRepository + TradeRepository>(fresh: impl AsyncFn() -> S) {
    let mut suite = Suite::new("PositionRepository");
    macro_rules! cases {
        ($($case:ident),+ $(,)?) => {
            $(suite.case(stringify!($case), async {
                let store = fresh().await;
                $case(Books { positions: &store, trades: &store }).await
            }).await;)+
        };
    }
    cases![
        an_opened_position_is_found_every_way,
        every_word_is_read_back,
        numbers_and_names_are_read_back_exactly,
        a_second_open_position_conflicts,
        other_sides_symbols_and_accounts_are_other_positions,
        of_two_that_open_at_once_one_wins,
        an_update_changes_size_and_entry,
        an_unknown_position_is_not_found,
        a_closed_position_is_closed,
        a_closed_position_is_not_updated,
        closing_again_the_same_way_changes_nothing,
        closing_again_in_another_way_conflicts,
        of_two_ways_to_close_at_once_one_wins,
        a_position_is_not_closed_as_open,
        a_closed_position_makes_room_for_the_next,
        trades_become_the_positions_own,
        trades_on_record_are_not_doubled,
        a_bad_trade_leaves_nothing_behind,
        the_fill_of_a_flip_stays_with_the_position_it_closed,
        a_trade_of_an_open_position_opens_no_other,
        positions_by_status_are_newest_first,
    ];
    suite.finish();
}

/// Both sides of the store under test.
#[derive(Clone, Copy)]
struct Books<'a> {
    positions: &'a dyn PositionRepository,
    trades: &'a dyn TradeRepository,
}

impl Books<'_> {
    async fn open(&self, position: &OpenedPosition) -> Result<PositionId, StoreError> {
        self.positions.open(position, &[]).await
    }

    async fn trade_ids(&self, id: PositionId) -> Result<Vec<TradeId>, StoreError> {
        Ok(self.trades.of_position(id).await?.into_iter().map(|trade| trade.fill.trade_id).collect())
    }

    async fn is(&self, id: PositionId, opened: &OpenedPosition, closed: Option<&ClosedPosition>) -> Outcome {
        let expected = PositionRecord { id, opened: opened.clone(), closed: closed.cloned() };
        ensure_eq!(self.positions.find(id).await?, Some(expected), "the position");
        Ok(())
    }

    /// Exactly these positions are open.
    async fn open_are(&self, account: &AccountId, expected: &[PositionId]) -> Outcome {
        let open = self.positions.by_status(account, PositionStatus::Open).await?;
        let open: Vec<PositionId> = open.into_iter().map(|it| it.id).collect();
        ensure_eq!(open, expected, "open positions");
        Ok(())
    }
}

async fn an_opened_position_is_found_every_way(books: Books<'_>) -> Outcome {
    let position = opened()?;
    let OpenedPosition { account, symbol, side, .. } = &position;
    ensure_eq!(books.positions.find_open(account, symbol, *side).await?, None, "before it is opened");
    let id = books.open(&position).await?;
    books.is(id, &position, None).await?;
    let expected = PositionRecord { id, opened: position.clone(), closed: None };
    ensure_eq!(books.positions.find_open(account, symbol, *side).await?.as_ref(), Some(&expected), "the open one");
    ensure_eq!(books.positions.by_status(account, PositionStatus::Open).await?, [expected], "by status");
    ensure_eq!(books.positions.by_status(account, PositionStatus::Closed).await?, [], "closed ones");
    Ok(())
}

async fn every_word_is_read_back(books: Books<'_>) -> Outcome {
    for margin_mode in every::<MarginMode>()? {
        for side in every::<PositionSide>()? {
            for direction in
                every::<Direction>()?.into_iter().filter(|it| side.direction().is_none_or(|leg| leg == *it))
            {
                for status in PositionStatus::ALL.into_iter().filter(|status| *status != PositionStatus::Open) {
                    let position = OpenedPosition { margin_mode, side, direction, ..opened()? };
                    let id = books.open(&position).await?;
                    books.is(id, &position, None).await?;
                    let closed = ClosedPosition { status, ..closed()? };
                    books.positions.close(id, &closed, &[]).await?;
                    books.is(id, &position, Some(&closed)).await?;
                }
            }
        }
    }
    Ok(())
}

async fn numbers_and_names_are_read_back_exactly(books: Books<'_>) -> Outcome {
    for (number, amount) in AMOUNTS.into_iter().enumerate() {
        let pick = |texts: [&'static str; 4]| texts.into_iter().cycle().nth(number).unwrap_or_default();
        let position = OpenedPosition {
            account: AccountId::new(pick(NAMES)),
            venue: VenueId::new(pick(NAMES)),
            quantity: quantity(pick(QUANTITIES))?,
            entry_price: price(pick(PRICES))?,
            leverage: if number == 0 { Leverage::ONE } else { Leverage::MAX },
            strategy: pick(NAMES).to_owned(),
            opened_at: Timestamp::from_micros(1_700_000_000_123_457),
            ..opened()?
        };
        let id = books.open(&position).await?;
        books.is(id, &position, None).await?;
        let closed = ClosedPosition {
            exit_price: price(pick(PRICES))?,
            realized_pnl: money(amount)?,
            fees: money(amount)?,
            funding: money(amount)?,
            reason: pick(NAMES).to_owned(),
            closed_at: Timestamp::from_micros(-1),
            ..closed()?
        };
        books.positions.close(id, &closed, &[]).await?;
        books.is(id, &position, Some(&closed)).await?;
    }
    Ok(())
}

async fn a_second_open_position_conflicts(books: Books<'_>) -> Outcome {
    let position = opened()?;
    let id = books.open(&position).await?;
    let larger = OpenedPosition { quantity: quantity("4")?, opened_at: at(1), ..position.clone() };
    let short = OpenedPosition { direction: Direction::Short, ..position.clone() };
    for second in [position.clone(), larger, short] {
        let outcome = books.positions.open(&second, &[trade("1")?]).await;
        ensure!(is_conflict(&outcome), "{outcome:?} for {second:?}");
    }
    books.is(id, &position, None).await?;
    books.open_are(&position.account, &[id]).await?;
    ensure_eq!(books.trades.since(&position.account, None, at(0)).await?, [], "trades");
    Ok(())
}

async fn other_sides_symbols_and_accounts_are_other_positions(books: Books<'_>) -> Outcome {
    let position = opened()?;
    let mut ids = Vec::new();
    for other in [
        position.clone(),
        OpenedPosition { side: PositionSide::Long, ..position.clone() },
        OpenedPosition { side: PositionSide::Short, direction: Direction::Short, ..position.clone() },
        OpenedPosition { symbol: eth()?, ..position.clone() },
        OpenedPosition { account: AccountId::new("other"), ..position.clone() },
    ] {
        let id = books.open(&other).await?;
        ensure!(!ids.contains(&id), "{id:?} twice");
        ids.push(id);
        let found = books.positions.find_open(&other.account, &other.symbol, other.side).await?;
        ensure_eq!(found.map(|it| (it.id, it.opened)), Some((id, other)), "the open one");
    }
    Ok(())
}

async fn of_two_that_open_at_once_one_wins(books: Books<'_>) -> Outcome {
    let (long, first) = (opened()?, [trade("1")?]);
    let short = OpenedPosition { direction: Direction::Short, ..long.clone() };
    let second = [with_fill(&trade("2")?, |fill| fill.side = Side::Sell)];
    let (one, two) = tokio::join!(books.positions.open(&long, &first), books.positions.open(&short, &second));
    let (id, winner, trade) = match (one, two) {
        (Ok(id), lost) if is_conflict(&lost) => (id, long, "1"),
        (lost, Ok(id)) if is_conflict(&lost) => (id, short, "2"),
        (one, two) => return Err(Failure::new(format!("{one:?} and {two:?}"))),
    };
    books.is(id, &winner, None).await?;
    books.open_are(&winner.account, &[id]).await?;
    let trades = books.trades.since(&winner.account, None, at(0)).await?;
    ensure_eq!(trades.iter().map(|it| it.fill.trade_id.as_str()).collect::<Vec<_>>(), [trade], "trades");
    Ok(())
}

async fn an_update_changes_size_and_entry(books: Books<'_>) -> Outcome {
    let position = opened()?;
    let id = books.open(&position).await?;
    for (size, entry) in QUANTITIES.into_iter().zip(PRICES) {
        let (size, entry) = (quantity(size)?, price(entry)?);
        books.positions.update(id, size, entry, &[]).await?;
        let updated = OpenedPosition { quantity: size, entry_price: entry, ..position.clone() };
        books.is(id, &updated, None).await?;
    }
    Ok(())
}

async fn an_unknown_position_is_not_found(books: Books<'_>) -> Outcome {
    let id = PositionId(404);
    ensure_eq!(books.positions.find(id).await?, None, "the position");
    let updated = books.positions.update(id, quantity("1")?, price("1")?, &[trade("1")?]).await;
    ensure!(is_not_found(&updated), "updating: {updated:?}");
    let closed = books.positions.close(id, &closed()?, &[trade("1")?]).await;
    ensure!(is_not_found(&closed), "closing: {closed:?}");
    ensure_eq!(books.trades.since(&opened()?.account, None, at(0)).await?, [], "trades");
    Ok(())
}

async fn a_closed_position_is_closed(books: Books<'_>) -> Outcome {
    let (position, closed) = (opened()?, closed()?);
    let id = books.open(&position).await?;
    books.positions.close(id, &closed, &[]).await?;
    books.is(id, &position, Some(&closed)).await?;
    books.open_are(&position.account, &[]).await?;
    let OpenedPosition { account, symbol, side, .. } = &position;
    ensure_eq!(books.positions.find_open(account, symbol, *side).await?, None, "the open one");
    let found = books.positions.by_status(account, PositionStatus::Closed).await?;
    ensure_eq!(found.iter().map(|it| it.id).collect::<Vec<_>>(), [id], "closed ones");
    ensure_eq!(books.positions.by_status(account, PositionStatus::Liquidated).await?, [], "liquidated ones");
    Ok(())
}

async fn a_closed_position_is_not_updated(books: Books<'_>) -> Outcome {
    let (position, closed) = (opened()?, closed()?);
    let id = books.open(&position).await?;
    books.positions.close(id, &closed, &[]).await?;
    let outcome = books.positions.update(id, quantity("1")?, price("1")?, &[trade("1")?]).await;
    ensure!(is_conflict(&outcome), "{outcome:?}");
    books.is(id, &position, Some(&closed)).await?;
    ensure_eq!(books.trade_ids(id).await?, [], "trades");
    Ok(())
}

async fn closing_again_the_same_way_changes_nothing(books: Books<'_>) -> Outcome {
    let (position, closed, exit) = (opened()?, closed()?, [sold("2")?]);
    let id = books.positions.open(&position, &[trade("1")?]).await?;
    for _ in 0..2 {
        books.positions.close(id, &closed, &exit).await?;
    }
    books.is(id, &position, Some(&closed)).await?;
    ensure_eq!(books.trade_ids(id).await?, [TradeId::new("1"), TradeId::new("2")], "trades");
    Ok(())
}

async fn closing_again_in_another_way_conflicts(books: Books<'_>) -> Outcome {
    let (position, first) = (opened()?, closed()?);
    let id = books.open(&position).await?;
    books.positions.close(id, &first, &[]).await?;
    for other in [
        ClosedPosition { status: PositionStatus::Liquidated, ..first.clone() },
        ClosedPosition { exit_price: price("109")?, ..first.clone() },
        ClosedPosition { realized_pnl: money("29")?, ..first.clone() },
        ClosedPosition { reason: "exit".to_owned(), ..first.clone() },
        ClosedPosition { closed_at: at(1), ..first.clone() },
    ] {
        let outcome = books.positions.close(id, &other, &[sold("2")?]).await;
        ensure!(is_conflict(&outcome), "{outcome:?} for {other:?}");
    }
    books.is(id, &position, Some(&first)).await?;
    ensure_eq!(books.trade_ids(id).await?, [], "trades");
    Ok(())
}

async fn of_two_ways_to_close_at_once_one_wins(books: Books<'_>) -> Outcome {
    let (position, closed) = (opened()?, closed()?);
    let liquidated = ClosedPosition { status: PositionStatus::Liquidated, ..closed.clone() };
    let id = books.open(&position).await?;
    let (one, two) = tokio::join!(books.positions.close(id, &closed, &[]), books.positions.close(id, &liquidated, &[]));
    let winner = match (&one, &two) {
        (Ok(()), lost) if is_conflict(lost) => closed,
        (lost, Ok(())) if is_conflict(lost) => liquidated,
        _ => return Err(Failure::new(format!("{one:?} and {two:?}"))),
    };
    books.is(id, &position, Some(&winner)).await
}

async fn a_position_is_not_closed_as_open(books: Books<'_>) -> Outcome {
    let position = opened()?;
    let id = books.open(&position).await?;
    let outcome = books.positions.close(id, &ClosedPosition { status: PositionStatus::Open, ..closed()? }, &[]).await;
    ensure!(is_conflict(&outcome), "{outcome:?}");
    books.is(id, &position, None).await
}

async fn a_closed_position_makes_room_for_the_next(books: Books<'_>) -> Outcome {
    let position = opened()?;
    let first = books.open(&position).await?;
    books.positions.close(first, &closed()?, &[]).await?;
    let second = books.open(&position).await?;
    ensure!(first != second, "{first:?} twice");
    books.is(first, &position, Some(&closed()?)).await?;
    books.open_are(&position.account, &[second]).await
}

fn sold(id: &str) -> Result<TradeRecord, Failure> {
    Ok(with_fill(&trade(id)?, |fill| (fill.side, fill.time) = (Side::Sell, at(1))))
}

async fn trades_become_the_positions_own(books: Books<'_>) -> Outcome {
    let position = opened()?;
    let id = books.positions.open(&position, &[trade("1")?, trade("2")?]).await?;
    books.positions.update(id, quantity("4")?, price("101")?, &[trade("3")?]).await?;
    let elsewhere = TradeRecord { position: Some(PositionId(404)), ..sold("4")? };
    books.positions.close(id, &closed()?, &[elsewhere]).await?;
    let found = books.trades.of_position(id).await?;
    let own = |trade: TradeRecord| TradeRecord { position: Some(id), ..trade };
    ensure_eq!(found, [own(trade("1")?), own(trade("2")?), own(trade("3")?), own(sold("4")?)], "trades");
    Ok(())
}

async fn trades_on_record_are_not_doubled(books: Books<'_>) -> Outcome {
    ensure!(books.trades.log(&trade("1")?).await?, "the trade is not new");
    let id = books.positions.open(&opened()?, &[trade("1")?, trade("1")?]).await?;
    books.positions.update(id, quantity("3")?, price("100")?, &[trade("1")?]).await?;
    let expected = TradeRecord { position: Some(id), ..trade("1")? };
    ensure_eq!(books.trades.since(&expected.account, None, at(0)).await?, [expected], "trades");
    Ok(())
}

async fn a_bad_trade_leaves_nothing_behind(books: Books<'_>) -> Outcome {
    let (position, closed) = (opened()?, closed()?);
    let other = OpenedPosition { symbol: eth()?, ..position.clone() };
    let theirs = with_fill(&trade("7")?, |fill| fill.symbol = other.symbol.clone());
    books.positions.open(&other, &[theirs]).await?;
    let strange = TradeRecord { account: AccountId::new("other"), ..sold("8")? };
    let abroad = TradeRecord { venue: VenueId::new("gateio"), ..sold("8")? };
    let misfit: Symbol = eth()?;
    let misfit = with_fill(&sold("8")?, |fill| fill.symbol = misfit);
    books.trades.log(&sold("9")?).await?;
    let dearer = price("111")?;
    let contradiction = with_fill(&sold("9")?, |fill| fill.price = dearer);
    let before = books.trades.since(&position.account, None, at(0)).await?;
    for bad in [strange, abroad, misfit, contradiction] {
        let batch = [trade("1")?, bad];
        let opening = books.positions.open(&position, &batch).await;
        ensure!(is_conflict(&opening), "opening: {opening:?} for {batch:?}");
        let found = books.positions.find_open(&position.account, &position.symbol, position.side).await?;
        ensure_eq!(found, None, "the position after {batch:?}");

        let id = books.open(&position).await?;
        let updating = books.positions.update(id, quantity("4")?, price("101")?, &batch).await;
        ensure!(is_conflict(&updating), "updating: {updating:?} for {batch:?}");
        let closing = books.positions.close(id, &closed, &batch).await;
        ensure!(is_conflict(&closing), "closing: {closing:?} for {batch:?}");
        books.is(id, &position, None).await?;
        ensure_eq!(books.trades.since(&position.account, None, at(0)).await?, before, "trades after {batch:?}");
        books.positions.close(id, &closed, &[]).await?;
    }
    Ok(())
}

async fn the_fill_of_a_flip_stays_with_the_position_it_closed(books: Books<'_>) -> Outcome {
    let (long, flip) = (opened()?, sold("2")?);
    let short = OpenedPosition { direction: Direction::Short, opened_at: at(1), ..long.clone() };
    let first = books.positions.open(&long, &[trade("1")?]).await?;
    let id = books.positions.close(first, &closed()?, std::slice::from_ref(&flip)).await;
    ensure_eq!(id, Ok(()), "closing");
    let second = books.positions.open(&short, &[flip]).await?;
    books.open_are(&long.account, &[second]).await?;
    ensure_eq!(books.trade_ids(first).await?, [TradeId::new("1"), TradeId::new("2")], "trades of the first");
    ensure_eq!(books.trade_ids(second).await?, [], "trades of the second");
    let outcome = books.positions.update(second, quantity("1")?, price("110")?, &[trade("1")?]).await;
    ensure!(is_conflict(&outcome), "taking another position's trade: {outcome:?}");
    Ok(())
}

async fn a_trade_of_an_open_position_opens_no_other(books: Books<'_>) -> Outcome {
    let long = OpenedPosition { side: PositionSide::Long, ..opened()? };
    let short = OpenedPosition { side: PositionSide::Short, direction: Direction::Short, ..long.clone() };
    let id = books.positions.open(&long, &[trade("1")?]).await?;
    let outcome = books.positions.open(&short, &[trade("1")?]).await;
    ensure!(is_conflict(&outcome), "{outcome:?}");
    books.open_are(&long.account, &[id]).await?;
    ensure_eq!(books.trade_ids(id).await?, [TradeId::new("1")], "its trades");
    Ok(())
}

async fn positions_by_status_are_newest_first(books: Books<'_>) -> Outcome {
    let position = opened()?;
    let mut ids = Vec::new();
    for micros in [10, 30, 20, 20] {
        let id = books.open(&OpenedPosition { opened_at: at(micros), ..position.clone() }).await?;
        books.positions.close(id, &closed()?, &[]).await?;
        ids.push(id);
    }
    let found = books.positions.by_status(&position.account, PositionStatus::Closed).await?;
    let [first, second, third, fourth] = ids[..] else { return Err(Failure::new("four positions")) };
    ensure_eq!(found.iter().map(|it| it.id).collect::<Vec<_>>(), [second, fourth, third, first], "closed ones");
    ensure_eq!(books.positions.by_status(&AccountId::new("other"), PositionStatus::Closed).await?, [], "another's");
    Ok(())
}
