//! Whatever goes wrong at the venue, what the stream has told comes to what the venue has done.

use crate::actors::market;
use crate::stage::{Stage, VenueBroker, VenueSettings, settings_of, symbol};
use plimsoll_domain::{AccountEvent, AccountId, AccountState, Decimal, Fill, PositionSide, Side};
use plimsoll_ports::{AccountStream, Broker, PlaceError, StreamItem};
use plimsoll_venue_server::faults::FaultPlan;
use std::collections::BTreeMap;
use std::time::Duration;

/// A stream and what it has told so far.
struct Listener {
    stream: Box<dyn AccountStream>,
    state: AccountState,
    fills: Vec<Fill>,
}

impl Listener {
    fn of(broker: &VenueBroker) -> Self {
        Self { stream: Box::new(broker.account_stream()), state: AccountState::new(), fills: Vec::new() }
    }

    async fn listen(&mut self) {
        let item = tokio::time::timeout(Duration::from_millis(20), self.stream.next()).await;
        if let Ok(Some(StreamItem::Event(event))) = item {
            self.state.apply(&event);
            if let AccountEvent::Fill(fill) = event {
                self.fills.push(fill);
            }
        }
    }

    fn held(&self) -> Decimal {
        let held = self.state.position(&symbol(), PositionSide::Both);
        held.map_or(Decimal::ZERO, |held| held.position.direction.sign() * held.position.quantity.get())
    }
}

/// Orders under faults: the fate of each is found out before the next, by its id.
async fn trade(broker: &VenueBroker, listener: &mut Listener, count: usize) {
    for number in 0..count {
        let order = if number % 3 == 2 { market(Side::Sell) } else { market(Side::Buy) };
        let outcome = broker.place(&order).await;
        for _ in 0..3 {
            listener.listen().await;
        }
        if matches!(outcome, Err(PlaceError::Unanswered(_))) {
            while broker.order(&symbol(), &order.client_order_id).await.is_err() {
                listener.listen().await;
            }
        }
    }
}

/// What the venue knows: the position, and each trade's size.
fn truth(stage: &Stage) -> (Decimal, BTreeMap<String, Decimal>) {
    stage.venue.exchange(|exchange| {
        let (account, of) = (AccountId::new("trader"), symbol());
        let fills = exchange.fills(&account, &of).map(|fill| (fill.trade_id.to_string(), fill.quantity.get()));
        let fills: BTreeMap<_, _> = fills.collect();
        let signed = exchange.fills(&account, &of).map(|fill| match fill.side {
            Side::Buy => fill.quantity.get(),
            Side::Sell => -fill.quantity.get(),
        });
        (signed.sum(), fills)
    })
}

/// How much went wrong on the way to the same books.
async fn check(seed: u32, plan: &str) -> usize {
    let mut quick = settings_of(seed);
    quick.private_socket.ping_after = Duration::from_millis(50);
    quick.private_socket.dead_after = Duration::from_millis(300);
    quick.news_within = Duration::from_millis(300);
    quick.read_again_every = Duration::from_secs(1);
    quick.http.timeout = Duration::from_secs(2);
    quick.http.connect_timeout = Duration::from_secs(1);
    let plan = format!("seed={seed},{plan}");
    let faults: FaultPlan = plan.parse().unwrap();
    let stage = Stage::with(quick, VenueSettings::default()).await;
    let mut listener = Listener::of(&stage.broker);
    while listener.state.balances().next().is_none() {
        listener.listen().await;
    }
    stage.venue.begin_faults(&faults);
    trade(&stage.broker, &mut listener, 12).await;
    let injected = stage.venue.injected().len();
    stage.venue.calm();
    let wallet = loop {
        // Whatever asks for silence, its end comes with the market's time.
        match stage.broker.balances().await {
            Ok(balances) => break balances.first().and_then(|balance| balance.wallet),
            Err(_) => listener.listen().await,
        }
    };
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    loop {
        let (held, fills) = truth(&stage);
        let told: BTreeMap<_, _> =
            listener.fills.iter().map(|fill| (fill.trade_id.to_string(), fill.quantity.get())).collect();
        assert_eq!(told.len(), listener.fills.len(), "{plan}: no trade is told twice");
        let paid = listener.state.balances().next().and_then(|(_, balance)| balance.wallet) == wallet;
        if listener.held() == held && told == fills && paid {
            return injected;
        }
        assert!(tokio::time::Instant::now() < deadline, "{plan}: {} of {held}, {told:?} of {fills:?}", listener.held());
        listener.listen().await;
    }
}

macro_rules! faults {
    ($($name:ident: $($plan:literal)+;)*) => {
        $(#[tokio::test]
        async fn $name() {
            for plan in [$($plan),+] {
                let mut faults = 0;
                for seed in 1..=2 {
                    faults += check(seed, plan).await;
                }
                assert!(faults > 0, "{plan}: nothing went wrong");
            }
        })*
    };
}

faults! {
    frames_that_are_lost_are_made_good: "drop=0.3";
    frames_that_come_twice_late_or_out_of_order_change_nothing: "dup=0.3" "delay=0.3" "reorder=0.3:by=3"
        "positions-first=1" "fills-first=1";
    frames_that_are_broken_are_made_good: "garble=0.2" "truncate=0.2";
    sockets_that_are_cut_or_fall_silent_are_replaced: "disconnect=0.2" "half-open=private:0.2" "refuse=0.5,disconnect=0.2";
    keys_that_end_are_replaced: "expire-key=0.2" "expire-key-silently=0.2";
    answers_that_are_lost_are_found: "timeout-after=place:0.5,timeout-before=place:0.3" "cut-after=any:0.1,cut-before=any:0.1"
        "unknown-after=place:0.4,unknown-before=place:0.4" "short-body=any:0.1" "408-after=place:0.5" "500-after=place:0.5"
        "502-after=place:0.4,502-before=place:0.4";
    limits_and_overloads_are_waited_out: "503=place:0.5" "overload=0.5" "429=place:0.3:retry=50ms";
}
