//! One exchange with bitcoin at 50,000, and short words to drive it.

use plimsoll_domain::*;
use plimsoll_exchange::{Exchange, ExchangeEvent, News, OrderRef, Rejection, Settings, Tick, listings};
use std::time::Duration;

pub(crate) const START: Timestamp = Timestamp::from_millis(1_704_067_200_000);

pub(crate) struct Venue {
    pub(crate) exchange: Exchange,
    orders: u32,
}

pub(crate) fn alice() -> AccountId {
    AccountId::new("alice")
}

pub(crate) fn bob() -> AccountId {
    AccountId::new("bob")
}

pub(crate) fn btc() -> Symbol {
    listings::btc_usdt().symbol
}

pub(crate) fn eth() -> Symbol {
    listings::eth_usdt().symbol
}

pub(crate) fn price(text: &str) -> Price {
    text.parse().unwrap()
}

pub(crate) fn quantity(text: &str) -> Quantity {
    text.parse().unwrap()
}

pub(crate) fn money(text: &str) -> Money {
    text.parse().unwrap()
}

pub(crate) fn leverage(times: u32) -> Leverage {
    Leverage::new(times).unwrap()
}

impl Venue {
    /// Alice and Bob with 10,000 each, bitcoin at 50,000 and ether at 2,500.
    pub(crate) fn new() -> Self {
        Self::with(Settings::default(), "10000")
    }

    pub(crate) fn with(settings: Settings, wallet: &str) -> Self {
        let mut exchange = Exchange::with_settings(START, settings);
        exchange.list(listings::btc_usdt(), price("50000")).unwrap();
        exchange.list(listings::eth_usdt(), price("2500")).unwrap();
        exchange.open_account(alice(), money(wallet)).unwrap();
        exchange.open_account(bob(), money(wallet)).unwrap();
        exchange.drain_events();
        Self { exchange, orders: 0 }
    }

    /// Alice in this mode and at this leverage in bitcoin.
    pub(crate) fn set(mut self, mode: MarginMode, times: u32) -> Self {
        if mode == MarginMode::Isolated {
            self.exchange.set_margin_mode(&alice(), &btc(), mode).unwrap();
        }
        self.exchange.set_leverage(&alice(), &btc(), leverage(times)).unwrap();
        self
    }

    pub(crate) fn hedge(mut self) -> Self {
        self.exchange.set_position_mode(&alice(), PositionMode::Hedge).unwrap();
        self
    }

    /// Bitcoin's last and mark price, a second on.
    pub(crate) fn tick(&mut self, last: &str) -> &mut Self {
        self.tick_apart(last, last)
    }

    pub(crate) fn tick_apart(&mut self, last: &str, mark: &str) -> &mut Self {
        let time = self.exchange.now().plus(Duration::from_secs(1));
        let tick = Tick { symbol: btc(), time, last: price(last), mark: price(mark), index: None };
        self.exchange.advance(&tick).unwrap();
        self
    }

    pub(crate) fn tick_ether(&mut self, last: &str) -> &mut Self {
        let time = self.exchange.now().plus(Duration::from_secs(1));
        self.exchange.advance(&Tick::at(eth(), time, price(last))).unwrap();
        self
    }

    pub(crate) fn send(&mut self, account: &AccountId, order: NewOrder) -> Result<Order, Rejection> {
        self.exchange.place(account, &order)
    }

    /// A new order of Alice's, in words: `buy 0.1`, `sell 0.1 at 51000 gtc`, `sell all stop 49000 mark`,
    /// `buy 0.1 take 49000 last`, and any of `reduce`, `long`, `short`, `eth`.
    pub(crate) fn order(&mut self, words: &str) -> NewOrder {
        self.orders += 1;
        let words: Vec<&str> = words.split_whitespace().collect();
        let after = |word: &str| words.iter().position(|it| *it == word).map(|place| words[place + 1]);
        let has = |word: &str| words.contains(&word);
        let trigger_by = if has("mark") { TriggerBy::Mark } else { TriggerBy::Last };
        let time_in_force =
            ["ioc", "fok", "post_only", "gtd", "rpi"].into_iter().find(|word| has(word)).unwrap_or("gtc");
        let kind = if let Some(limit) = after("at") {
            OrderKind::Limit { price: price(limit), time_in_force: time_in_force.parse().unwrap() }
        } else if let Some(trigger) = after("stop") {
            OrderKind::StopMarket { trigger: price(trigger), trigger_by }
        } else if let Some(trigger) = after("take") {
            OrderKind::TakeProfitMarket { trigger: price(trigger), trigger_by }
        } else {
            OrderKind::Market
        };
        let side = words.iter().find_map(|word| word.parse::<PositionSide>().ok());
        NewOrder {
            client_order_id: ClientOrderId::new(&format!("order-{}", self.orders)).unwrap(),
            symbol: if has("eth") { eth() } else { btc() },
            side: words[0].parse().unwrap(),
            position_side: side.unwrap_or(PositionSide::Both),
            kind,
            size: if words[1] == "all" { OrderSize::WholePosition } else { OrderSize::Quantity(quantity(words[1])) },
            reduce_only: has("reduce"),
        }
    }

    pub(crate) fn try_place(&mut self, words: &str) -> Result<Order, Rejection> {
        let order = self.order(words);
        self.exchange.place(&alice(), &order)
    }

    pub(crate) fn place(&mut self, words: &str) -> Order {
        self.try_place(words).unwrap()
    }

    pub(crate) fn bob(&mut self, words: &str) -> Order {
        let order = self.order(words);
        self.exchange.place(&bob(), &order).unwrap()
    }

    /// An order of Alice's as it is now.
    pub(crate) fn now(&self, order: &Order) -> Order {
        let which = OrderRef::Id(order.order_id.clone());
        let placed = self.exchange.order(&alice(), &order.symbol, &which);
        placed.or_else(|| self.exchange.order(&bob(), &order.symbol, &which)).unwrap().order
    }

    /// Alice's one-way bitcoin position: `long 0.1 at 50000`, or `flat`.
    pub(crate) fn position(&self) -> String {
        self.leg(PositionSide::Both)
    }

    pub(crate) fn leg(&self, side: PositionSide) -> String {
        held(self.exchange.position(&alice(), &btc(), side).unwrap().position)
    }

    pub(crate) fn bobs_position(&self) -> String {
        held(self.exchange.position(&bob(), &btc(), PositionSide::Both).unwrap().position)
    }

    pub(crate) fn wallet(&self) -> String {
        self.exchange.balance(&alice()).unwrap().wallet.unwrap().to_string()
    }

    pub(crate) fn available(&self) -> String {
        self.exchange.balance(&alice()).unwrap().available.unwrap().to_string()
    }

    pub(crate) fn report(&self) -> PositionReport {
        self.exchange.position(&alice(), &btc(), PositionSide::Both).unwrap()
    }

    /// What happened since the last look, a word each.
    pub(crate) fn story(&mut self) -> Vec<String> {
        self.exchange.drain_events().iter().map(word).collect()
    }
}

fn held(position: Option<Position>) -> String {
    position.map_or("flat".to_owned(), |it| format!("{} {} at {}", it.direction, it.quantity, it.entry))
}

fn word(event: &ExchangeEvent) -> String {
    match &event.news {
        News::OrderAccepted(_) => "accepted".to_owned(),
        News::OrderFilled(news) => format!("filled {} at {}", news.fill.quantity, news.fill.price),
        News::OrderCancelled(_) => "cancelled".to_owned(),
        News::OrderExpired { reason, .. } => format!("expired {reason:?}"),
        News::OrderAmended(order) => format!("amended to {}", order.order.quantity.unwrap()),
        News::ConditionalStored(_) => "stored".to_owned(),
        News::ConditionalTriggering(_) => "triggering".to_owned(),
        News::ConditionalTriggered(_) => "triggered".to_owned(),
        News::ConditionalFinished(_) => "finished".to_owned(),
        News::ConditionalRejected(_) => "rejected".to_owned(),
        News::ConditionalCancelled(_) => "conditional cancelled".to_owned(),
        News::ConditionalExpired { reason, .. } => format!("conditional expired {reason:?}"),
        News::FundingPaid { payment, .. } => format!("funding {}", payment.payment),
        News::MarginCall { .. } => "margin call".to_owned(),
        News::LiquidationStarted { .. } => "liquidation started".to_owned(),
        News::Liquidated { fee, .. } => format!("liquidated, fee {fee}"),
        News::Deleveraged(close) => format!("deleveraged {} at {}", close.quantity.unwrap(), close.price.unwrap()),
        News::Covered { amount, .. } => format!("covered {amount}"),
        News::LeverageChanged { leverage, .. } => format!("leverage {leverage}"),
        News::MarginModeChanged { mode, .. } => format!("margin mode {mode}"),
        News::PositionModeChanged(mode) => format!("position mode {mode}"),
        News::IsolatedMarginChanged { amount, .. } => format!("isolated margin {amount}"),
        News::Transferred { amount, .. } => format!("transferred {amount}"),
        News::Trade(_) => "trade".to_owned(),
        News::ForcedOrder(_) => "forced order".to_owned(),
        News::FundingSettled(_) => "funding settled".to_owned(),
    }
}
