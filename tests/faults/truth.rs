//! What the exchange holds, read from the exchange itself, not through any wire.

use super::stage::Stage;
use super::step::Contract;
use plimsoll_domain::{
    AccountId, BalanceReport, ClientOrderId, Fill, FillCause, Order, PositionMode, PositionReport, SettledFunding,
};
use plimsoll_exchange::{ConditionalOrder, Exchange, Income, MarketView, PlacedOrder};

/// The exchange's side of the books at one moment.
#[derive(Debug, Clone)]
pub(crate) struct Truth {
    pub(crate) position_mode: PositionMode,
    /// Every open position.
    pub(crate) positions: Vec<PositionReport>,
    pub(crate) balance: BalanceReport,
    /// Every ordinary order that there ever was, but for children of conditional ones and what the exchange did by force.
    pub(crate) ordinary: Vec<PlacedOrder>,
    /// Every conditional order that there ever was.
    pub(crate) conditional: Vec<ConditionalOrder>,
    /// What rests: ordinary orders, and conditional ones that wait.
    pub(crate) open: Vec<Order>,
    pub(crate) fills: Vec<Fill>,
    pub(crate) income: Vec<Income>,
    /// Of every contract: prices, and the funding to come.
    pub(crate) markets: Vec<MarketView>,
    /// Every funding since the market began.
    pub(crate) settled: Vec<SettledFunding>,
}

impl Truth {
    pub(crate) fn of(stage: &Stage) -> Self {
        let mut truth = stage.venue.exchange(|exchange| Self::read(exchange, &stage.account));
        let name = |id: &mut ClientOrderId| *id = stage.wire.without_prefix(id);
        truth.ordinary.iter_mut().for_each(|it| name(&mut it.order.client_order_id));
        truth.conditional.iter_mut().for_each(|it| name(&mut it.order.client_order_id));
        truth.open.iter_mut().for_each(|it| name(&mut it.client_order_id));
        truth.fills.iter_mut().for_each(|it| name(&mut it.client_order_id));
        truth
    }

    fn read(exchange: &Exchange, account: &AccountId) -> Self {
        let symbols = Contract::ALL.map(Contract::symbol);
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

    /// Every order of this name that there ever was.
    pub(crate) fn named<'a>(&'a self, id: &'a ClientOrderId) -> impl Iterator<Item = &'a Order> {
        self.orders().filter(move |order| order.client_order_id == *id)
    }

    /// Every order that the account ever sent.
    pub(crate) fn orders(&self) -> impl Iterator<Item = &Order> {
        let conditional = self.conditional.iter().map(|it| &it.order);
        self.ordinary.iter().map(|it| &it.order).chain(conditional)
    }

    pub(crate) fn is_open(&self, id: &ClientOrderId) -> bool {
        self.open.iter().any(|order| order.client_order_id == *id)
    }
}
