//! What [`WholeLedger`] promises.

use super::records::{
    AMOUNTS, NAMES, PRICES, QUANTITIES, account, at, booking, cleared, closed, composed, entry, eth, is_conflict,
    money, opened, point, price, quantity, risk_event, trade, with_fill,
};
use super::suite::{Failure, Outcome, Suite, ensure, ensure_eq};
use async_trait::async_trait;
use plimsoll_domain::{AccountId, OrderId, OrderStatus};
use plimsoll_ports::{
    BookingRepository, ComposedEnd, ComposedEntry, ControlRepository, DeskRepository, EquityRepository, FundingRecord,
    FundingRepository, JournalState, KillSwitchRecord, LadderStep, LedgerListener, LedgerRecord, OpenedPosition,
    OrderJournal, PositionId, PositionRecord, PositionRepository, RiskEventRepository, SavedDesk, StoreError,
    TradeRepository, WholeLedger,
};

/// A store with every port.
pub trait EveryPort:
    OrderJournal
    + PositionRepository
    + TradeRepository
    + FundingRepository
    + BookingRepository
    + EquityRepository
    + RiskEventRepository
    + ControlRepository
    + DeskRepository
    + WholeLedger
{
}

impl<S> EveryPort for S where
    S: OrderJournal
        + PositionRepository
        + TradeRepository
        + FundingRepository
        + BookingRepository
        + EquityRepository
        + RiskEventRepository
        + ControlRepository
        + DeskRepository
        + WholeLedger
{
}

/// Runs every case, each on fresh and empty stores. Only what a store with every port takes can be moved.
///
/// # Panics
/// If a promise is broken; the message names every broken one.
pub async fn run<S: EveryPort>(fresh: impl AsyncFn() -> S) {
    let mut suite = Suite::new("WholeLedger");
    macro_rules! cases {
        ($($case:ident),+ $(,)?) => {
            $(suite.case(stringify!($case), async { $case(&fresh().await, &fresh().await).await }).await;)+
        };
    }
    cases![
        an_empty_ledger_tells_nothing_and_is_sound,
        everything_is_told_in_the_order_of_recording,
        everything_is_taken_over_to_the_last_digit,
        what_was_taken_over_is_gone_on_with,
        more_than_a_page_is_told_and_taken_over,
        a_store_with_records_takes_nothing_over,
        a_store_with_a_desk_takes_nothing_over,
        a_source_that_breaks_off_leaves_nothing_behind,
        a_listener_that_has_heard_enough_ends_it,
    ];
    suite.finish();
}

/// Moves a ledger from one kind of store to another and back, and finds it unchanged.
///
/// # Panics
/// If anything was lost, added or changed.
pub async fn moves_between<A: EveryPort, B: EveryPort>(one: impl AsyncFn() -> A, other: impl AsyncFn() -> B) {
    let mut suite = Suite::new("WholeLedger, between stores");
    suite
        .case("there_and_back_again", async {
            let (source, there, back) = (one().await, other().await, one().await);
            fill(&source).await?;
            let taken = there.take_over(&source).await?;
            ensure_eq!(there.heard().await?, source.heard().await?, "there");
            ensure_eq!(back.take_over(&there).await?, taken, "how many came back");
            ensure_eq!(back.heard().await?, source.heard().await?, "back again");
            Ok(())
        })
        .await;
    suite.finish();
}

/// Keeps what it hears.
#[derive(Default)]
struct Ear {
    pages: Vec<Vec<LedgerRecord>>,
    enough: Option<usize>,
}

#[async_trait]
impl LedgerListener for Ear {
    async fn hear(&mut self, records: Vec<LedgerRecord>) -> Result<(), StoreError> {
        self.pages.push(records);
        match self.enough {
            Some(enough) if self.pages.len() >= enough => Err(StoreError::NotFound("patience".to_owned())),
            _ => Ok(()),
        }
    }
}

#[async_trait]
trait Heard {
    async fn heard(&self) -> Result<Vec<LedgerRecord>, Failure>;
}

#[async_trait]
impl<S: WholeLedger> Heard for S {
    async fn heard(&self) -> Result<Vec<LedgerRecord>, Failure> {
        let mut ear = Ear::default();
        self.tell(&mut ear).await?;
        ensure!(ear.pages.iter().all(|page| !page.is_empty()), "an empty page was told");
        Ok(ear.pages.concat())
    }
}

/// Breaks off after its first page.
struct Broken<'a>(&'a dyn WholeLedger);

struct BreaksOff<'a>(&'a mut dyn LedgerListener);

#[async_trait]
impl LedgerListener for BreaksOff<'_> {
    async fn hear(&mut self, records: Vec<LedgerRecord>) -> Result<(), StoreError> {
        self.0.hear(records).await?;
        Err(StoreError::Corrupt("the second page".to_owned()))
    }
}

#[async_trait]
impl WholeLedger for Broken<'_> {
    async fn tell(&self, listener: &mut dyn LedgerListener) -> Result<(), StoreError> {
        self.0.tell(&mut BreaksOff(listener)).await
    }

    async fn take_over(&self, source: &dyn WholeLedger) -> Result<u64, StoreError> {
        self.0.take_over(source).await
    }

    async fn faults(&self) -> Result<Vec<String>, StoreError> {
        self.0.faults().await
    }
}

/// Records of every kind, in every state, at the edges of what can be kept.
async fn fill<S: EveryPort>(store: &S) -> Outcome {
    let gone = store.open(&opened()?, &[trade("1")?]).await?;
    store.close(gone, &closed()?, &[]).await?;
    let ether = OpenedPosition { symbol: eth()?, account: AccountId::new(NAMES[1]), ..opened()? };
    store.open(&ether, &[]).await?;
    for (number, amount) in AMOUNTS.into_iter().enumerate() {
        let pick = |texts: [&'static str; 4]| texts.into_iter().cycle().nth(number).unwrap_or_default();
        let (dear, large, amount) = (price(pick(PRICES))?, quantity(pick(QUANTITIES))?, money(amount)?);
        let filled = with_fill(&trade(&format!("edge {number}"))?, |fill| {
            (fill.price, fill.quantity, fill.fee, fill.realized_pnl) = (dear, large, amount, Some(amount));
            (fill.liquidity, fill.fee_currency) = (None, None);
        });
        TradeRepository::log(store, &filled).await?;
        let id = format!("edge {number}");
        let paid = FundingRecord { payment: amount, quantity: None, side: None, ..booking(&id)? };
        FundingRepository::log(store, &paid).await?;
        BookingRepository::log(store, &cleared(&id)?).await?;
        let mut snapshot = point(i64::try_from(number).unwrap_or(0), "0")?;
        (snapshot.wallet, snapshot.adjustments) = (amount, amount);
        store.snapshot(&snapshot).await?;
    }
    let states = [
        JournalState::Intended,
        JournalState::Unanswered,
        JournalState::Accepted { order_id: OrderId::new("8001") },
        JournalState::Refused { reason: NAMES[2].to_owned() },
        JournalState::NotSent { reason: String::new() },
        JournalState::Finished {
            status: OrderStatus::Filled,
            filled: Some(quantity(QUANTITIES[3])?),
            average_price: Some(price(PRICES[3])?),
        },
    ];
    for (number, state) in states.into_iter().enumerate() {
        let entry = entry(&format!("order-{number}"))?;
        let id = &entry.order.client_order_id;
        store.intend(&entry).await?;
        if matches!(state, JournalState::Finished { .. }) {
            let accepted = JournalState::Accepted { order_id: OrderId::new("8002") };
            store.record(&entry.account, id, &accepted, at(1)).await?;
        }
        store.record(&entry.account, id, &state, at(2)).await?;
    }
    store.compose(&ComposedEntry { account: AccountId::new(NAMES[2]), ..composed(NAMES[1])? }).await?;
    for how in ComposedEnd::ALL {
        let entry = composed(how.as_str())?;
        store.compose(&entry).await?;
        store.end_composed(&entry.account, &entry.id, how, NAMES[3], at(2)).await?;
    }
    RiskEventRepository::log(store, &risk_event()?).await?;
    for engaged in [true, false] {
        let record = KillSwitchRecord { engaged, reason: "drawdown".into(), by: NAMES[3].into(), since: Some(at(3)) };
        store.set_kill_switch(&account(), &record).await?;
        let by = engaged.then(|| "operator".to_owned());
        store.set_ladder(&account(), &LadderStep { name: "micro".into(), since: at(4), overridden_by: by }).await?;
    }
    // Saved again, the first is still the first.
    for (name, state) in [(NAMES[3], ""), (NAMES[1], "{\"of\": 1.10}\n"), (NAMES[3], NAMES[2])] {
        store.save_desk(name, &SavedDesk { state: state.to_owned(), saved_at: at(5) }).await?;
    }
    Ok(())
}

async fn an_empty_ledger_tells_nothing_and_is_sound<S: EveryPort>(store: &S, other: &S) -> Outcome {
    ensure_eq!(store.heard().await?, [], "what is told");
    ensure_eq!(store.faults().await?, [""; 0], "faults");
    ensure_eq!(other.take_over(store).await?, 0, "what is taken over");
    Ok(())
}

async fn everything_is_told_in_the_order_of_recording<S: EveryPort>(store: &S, _: &S) -> Outcome {
    fill(store).await?;
    let told = store.heard().await?;
    let kinds: Vec<u8> = told.iter().map(kind).collect();
    ensure!(kinds.is_sorted(), "the kinds come as {kinds:?}");
    for (kind, count) in [2, 8, 6, 4, 7, 7, 7, 1, 4, 2].into_iter().enumerate() {
        let found = kinds.iter().filter(|it| usize::from(**it) == kind).count();
        ensure_eq!(found, count, "records of kind {kind}");
    }
    let finished = told.iter().find_map(|record| match record {
        LedgerRecord::Order { entry, order_id } if entry.order.client_order_id.as_str() == "order-5" => Some(order_id),
        _ => None,
    });
    ensure_eq!(finished, Some(&Some(OrderId::new("8002"))), "the venue's id of a finished order");
    let desks: Vec<(&str, &str)> = told
        .iter()
        .filter_map(|record| match record {
            LedgerRecord::Desk { name, desk } => Some((name.as_str(), desk.state.as_str())),
            _ => None,
        })
        .collect();
    ensure_eq!(desks, [(NAMES[3], NAMES[2]), (NAMES[1], "{\"of\": 1.10}\n")], "the desks");
    ensure_eq!(store.faults().await?, [""; 0], "faults");
    Ok(())
}

fn kind(record: &LedgerRecord) -> u8 {
    match record {
        LedgerRecord::Position(_) => 0,
        LedgerRecord::Trade(_) => 1,
        LedgerRecord::Order { .. } => 2,
        LedgerRecord::Composed(_) => 3,
        LedgerRecord::Funding(_) => 4,
        LedgerRecord::Booking(_) => 5,
        LedgerRecord::Point(_) => 6,
        LedgerRecord::RiskEvent(_) => 7,
        LedgerRecord::KillSwitch { .. } | LedgerRecord::Ladder { .. } => 8,
        LedgerRecord::Desk { .. } => 9,
    }
}

async fn everything_is_taken_over_to_the_last_digit<S: EveryPort>(store: &S, other: &S) -> Outcome {
    fill(store).await?;
    let told = store.heard().await?;
    ensure_eq!(usize::try_from(other.take_over(store).await?), Ok(told.len()), "how many");
    ensure_eq!(other.heard().await?, told, "what was taken over");
    ensure_eq!(store.heard().await?, told, "what is still there");
    ensure_eq!(other.peak(&account()).await?, store.peak(&account()).await?, "the peak");
    ensure_eq!(other.ladder(&account()).await?, store.ladder(&account()).await?, "the ladder");
    ensure_eq!(other.unfinished(&account()).await?, store.unfinished(&account()).await?, "unfinished orders");
    let whose = AccountId::new(NAMES[2]);
    ensure_eq!(other.working(&whose).await?, store.working(&whose).await?, "composed orders that go on");
    ensure_eq!(other.desk(NAMES[3]).await?, store.desk(NAMES[3]).await?, "a desk");
    ensure_eq!(other.faults().await?, [""; 0], "faults");
    Ok(())
}

async fn what_was_taken_over_is_gone_on_with<S: EveryPort>(store: &S, other: &S) -> Outcome {
    for _ in 0..3 {
        let id = store.open(&opened()?, &[]).await?;
        store.close(id, &closed()?, &[]).await?;
    }
    let last = store.open(&opened()?, &[]).await?;
    other.take_over(store).await?;
    let held = other.find(last).await?;
    ensure_eq!(held, Some(PositionRecord { id: last, opened: opened()?, closed: None }), "the position, by its id");
    let outcome = other.open(&opened()?, &[]).await;
    ensure!(is_conflict(&outcome), "a second open position: {outcome:?}");
    let PositionId(next) = other.open(&OpenedPosition { symbol: eth()?, ..opened()? }, &[]).await?;
    ensure!(next > last.0, "the next position is {next}, after {}", last.0);
    Ok(())
}

async fn more_than_a_page_is_told_and_taken_over<S: EveryPort>(store: &S, other: &S) -> Outcome {
    for number in 0..1050 {
        store.snapshot(&point(number, "1")?).await?;
    }
    ensure_eq!(other.take_over(store).await?, 1050, "how many");
    ensure_eq!(other.heard().await?, store.heard().await?, "what was taken over");
    Ok(())
}

async fn a_store_with_records_takes_nothing_over<S: EveryPort>(store: &S, other: &S) -> Outcome {
    fill(store).await?;
    RiskEventRepository::log(other, &risk_event()?).await?;
    let outcome = other.take_over(store).await;
    ensure!(is_conflict(&outcome), "{outcome:?}");
    ensure_eq!(other.heard().await?, [LedgerRecord::RiskEvent(risk_event()?)], "what it holds");
    Ok(())
}

async fn a_store_with_a_desk_takes_nothing_over<S: EveryPort>(store: &S, other: &S) -> Outcome {
    fill(store).await?;
    let desk = SavedDesk { state: "{}".to_owned(), saved_at: at(0) };
    other.save_desk("main", &desk).await?;
    let outcome = other.take_over(store).await;
    ensure!(is_conflict(&outcome), "{outcome:?}");
    ensure_eq!(other.heard().await?, [LedgerRecord::Desk { name: "main".to_owned(), desk }], "what it holds");
    Ok(())
}

async fn a_source_that_breaks_off_leaves_nothing_behind<S: EveryPort>(store: &S, other: &S) -> Outcome {
    fill(store).await?;
    let outcome = other.take_over(&Broken(store)).await;
    ensure_eq!(outcome, Err(StoreError::Corrupt("the second page".to_owned())), "the outcome");
    ensure_eq!(other.heard().await?, [], "what it holds");
    Ok(())
}

async fn a_listener_that_has_heard_enough_ends_it<S: EveryPort>(store: &S, _: &S) -> Outcome {
    fill(store).await?;
    let mut ear = Ear { enough: Some(2), ..Ear::default() };
    let outcome = store.tell(&mut ear).await;
    ensure_eq!(outcome, Err(StoreError::NotFound("patience".to_owned())), "the outcome");
    ensure_eq!(ear.pages.len(), 2, "pages");
    Ok(())
}
