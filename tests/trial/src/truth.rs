//! What the exchange holds, read from the exchange itself, not through any wire.

use plimsoll_domain::{
    AccountId, BalanceReport, ClientOrderId, Fill, FillCause, Order, PositionMode, PositionReport, SettledFunding,
    Symbol,
};
use plimsoll_exchange::{ConditionalOrder, Exchange, Income, MarketView, PlacedOrder};

/// The exchange's side of the books at one moment.
#[derive(Debug, Clone)]
pub struct Truth {
    /// One-way or hedge.
    pub position_mode: PositionMode,
    /// Every open position.
    pub positions: Vec<PositionReport>,
    /// The wallet and what it is worth.
    pub balance: BalanceReport,
    /// Every ordinary order that there ever was, but for children of conditional ones and what the exchange did by force.
    pub ordinary: Vec<PlacedOrder>,
    /// Every conditional order that there ever was.
    pub conditional: Vec<ConditionalOrder>,
    /// What rests: ordinary orders, and conditional ones that wait.
    pub open: Vec<Order>,
    /// Every fill.
    pub fills: Vec<Fill>,
    /// Every change of the wallet.
    pub income: Vec<Income>,
    /// Of every contract: prices, and the funding to come.
    pub markets: Vec<MarketView>,
    /// Every funding since the market began.
    pub settled: Vec<SettledFunding>,
}

impl Truth {
    /// Reads the books of an account, which is open.
    #[must_use]
    pub fn read(exchange: &Exchange, account: &AccountId) -> Self {
        let symbols: Vec<Symbol> = exchange.instruments().map(|it| it.symbol.clone()).collect();
        let is_of_account = |order: &PlacedOrder| order.parent.is_none() && order.cause == FillCause::Order;
        let ordinary = symbols.iter().flat_map(|symbol| exchange.orders(account, symbol)).filter(is_of_account);
        let waiting = exchange.open_conditionals(account).into_iter().map(|it| it.order);
        Self {
            position_mode: exchange.position_mode(account).expect("the account is open"),
            positions: exchange.positions(account),
            balance: exchange.balance(account).expect("the account is open"),
            ordinary: ordinary.collect(),
            conditional: symbols.iter().flat_map(|symbol| exchange.conditionals(account, symbol)).collect(),
            open: exchange.open_orders(account).into_iter().map(|it| it.order).chain(waiting).collect(),
            fills: symbols.iter().flat_map(|symbol| exchange.fills(account, symbol).cloned()).collect(),
            income: exchange.income(account).to_vec(),
            markets: symbols.iter().filter_map(|symbol| exchange.market(symbol)).collect(),
            settled: symbols.iter().flat_map(|symbol| exchange.funding_history(symbol)).cloned().collect(),
        }
    }

    /// Gives every order that we named the name that we gave it, without what a venue wants before it.
    pub fn rename(&mut self, name: impl Fn(&ClientOrderId) -> ClientOrderId) {
        let name = |id: &mut ClientOrderId| *id = name(id);
        self.ordinary.iter_mut().for_each(|it| name(&mut it.order.client_order_id));
        self.conditional.iter_mut().for_each(|it| name(&mut it.order.client_order_id));
        self.open.iter_mut().for_each(|it| name(&mut it.client_order_id));
        self.fills.iter_mut().for_each(|it| name(&mut it.client_order_id));
    }

    /// Every order of this name that there ever was.
    pub fn named<'a>(&'a self, id: &'a ClientOrderId) -> impl Iterator<Item = &'a Order> {
        self.orders().filter(move |order| order.client_order_id == *id)
    }

    /// Every order that the account ever sent.
    pub fn orders(&self) -> impl Iterator<Item = &Order> {
        let conditional = self.conditional.iter().map(|it| &it.order);
        self.ordinary.iter().map(|it| &it.order).chain(conditional)
    }

    /// Whether it rests, or waits for its trigger.
    #[must_use]
    pub fn is_open(&self, id: &ClientOrderId) -> bool {
        self.open.iter().any(|order| order.client_order_id == *id)
    }
}
