//! An account's books in words, so that those of two processes can be held against each other, field by field.

use super::venue::Wire;
use plimsoll_domain::{AccountId, Decimal, Money, Order, Position};
use plimsoll_engine::AccountView;
use plimsoll_exchange::Exchange;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// Each field by its subject and name.
pub(super) type Books = BTreeMap<String, String>;

/// One field, or one row, that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Of what.
    pub subject: String,
    /// As the follower has it.
    pub ours: String,
    /// As the exchange has it.
    pub truth: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ours {}, the exchange's {}", self.subject, self.ours, self.truth)
    }
}

const ABSENT: &str = "none";

/// What not every venue tells: compared where it is told.
const WHERE_TOLD: [&str; 2] = ["cross wallet", "realised profit of the fills"];

/// What differs.
pub(super) fn differences(ours: &Books, truth: &Books) -> Vec<Difference> {
    let fields: std::collections::BTreeSet<&String> = ours.keys().chain(truth.keys()).collect();
    let value = |of: &Books, field: &String| of.get(field).cloned().unwrap_or_else(|| ABSENT.to_owned());
    let is_told = |field: &String| !WHERE_TOLD.contains(&field.as_str()) || ours.contains_key(field);
    let differs = |field: &&String| is_told(field) && ours.get(*field) != truth.get(*field);
    let wrong = fields.into_iter().filter(differs);
    wrong.map(|it| Difference { subject: it.clone(), ours: value(ours, it), truth: value(truth, it) }).collect()
}

/// What the exchange holds.
pub(super) fn of_exchange(wire: Wire, exchange: &Exchange, account: &AccountId) -> Books {
    let mut books = Writer::default();
    books.note("position mode", exchange.position_mode(account).map(|it| it.to_string()));
    for it in exchange.positions(account) {
        let Some(position) = it.position else { continue };
        let mut row = books.row(format!("position {} {}", it.symbol, it.position_side));
        row.position(position);
        row.note("mark", number(it.mark_price.map(|it| it.get())));
        row.note("unrealised profit", money(it.unrealized_pnl));
        row.note("leverage", it.leverage.map(|it| it.to_string()));
        row.note("margin mode", it.margin_mode.map(|it| it.to_string()));
        row.note("isolated margin", money(it.isolated_margin));
    }
    let plain = exchange.open_orders(account).into_iter().map(|it| it.order);
    for mut order in plain.chain(exchange.open_conditionals(account).into_iter().map(|it| it.order)) {
        order.client_order_id = wire.without_prefix(&order.client_order_id);
        books.order(&order);
    }
    let balance = exchange.balance(account);
    books.note("wallet", money(balance.as_ref().and_then(|it| it.wallet)));
    books.note("cross wallet", money(balance.as_ref().and_then(|it| it.cross_wallet)));
    let totals = exchange.totals(account).unwrap_or_default();
    books.note("fills", Some(totals.fills.to_string()));
    books.note("turnover of the fills", money(Some(totals.turnover)));
    books.note("fees of the fills", money(Some(totals.fees)));
    books.note("realised profit of the fills", money(Some(totals.realized)));
    books.0
}

/// What a follower believes.
pub(super) fn of_view(wire: Wire, view: &AccountView) -> Books {
    let mut books = Writer::default();
    books.note("position mode", view.position_mode.map(|it| it.to_string()));
    for it in &view.positions {
        let mut row = books.row(format!("position {} {}", it.symbol, it.position_side));
        row.position(it.position);
        row.note("mark", number(it.mark_price.map(|it| it.get())));
        row.note("unrealised profit", money(it.unrealized_pnl));
        row.note("leverage", it.leverage.map(|it| it.to_string()));
        row.note("margin mode", it.margin_mode.map(|it| it.to_string()));
        row.note("isolated margin", money(it.isolated_margin));
    }
    view.orders.iter().for_each(|order| books.order(order));
    let (balance, tally) = (view.balances.first().map(|(_, balance)| *balance).unwrap_or_default(), &view.tally);
    books.note("wallet", money(balance.wallet));
    books.note("cross wallet", money(balance.cross_wallet));
    let first = |of: &BTreeMap<_, Money>| money(of.values().next().copied());
    books.note("fills", Some(tally.fills.to_string()));
    books.note("turnover of the fills", first(&tally.turnover));
    books.note("fees of the fills", first(&tally.fees));
    if wire.tells_profit_of_fills() {
        books.note("realised profit of the fills", first(&tally.realized));
    }
    books.0
}

#[derive(Default)]
struct Writer(Books);

struct Row<'a> {
    books: &'a mut Writer,
    subject: String,
}

impl Writer {
    fn note(&mut self, field: impl Into<String>, value: Option<String>) {
        if let Some(value) = value {
            self.0.insert(field.into(), value);
        }
    }

    fn row(&mut self, subject: String) -> Row<'_> {
        Row { books: self, subject }
    }

    fn order(&mut self, order: &Order) {
        let mut row = self.row(format!("order {} {}", order.symbol, order.order_id));
        row.note("client order id", Some(order.client_order_id.to_string()));
        row.note("side", Some(order.side.to_string()));
        row.note("position side", Some(order.position_side.to_string()));
        row.note("type", Some(order.order_type.to_string()));
        row.note("price", number(order.price.map(|it| it.get())));
        row.note("trigger", number(order.trigger.map(|it| it.get())));
        row.note("quantity", number(order.quantity.map(|it| it.get())));
        row.note("filled", number(order.filled.map(|it| it.get())));
        // What closes a whole position or its leg only reduces, whether or not the venue says so too.
        row.note("reduce-only", Some((!order.adds_exposure()).to_string()));
        row.note("whole position", Some(order.close_position.to_string()));
        row.note("status", Some(order.status.to_string()));
    }
}

impl Row<'_> {
    fn note(&mut self, field: &str, value: Option<String>) {
        self.books.note(format!("{}, {field}", self.subject), value);
    }

    fn position(&mut self, it: Position) {
        self.note("direction", Some(it.direction.to_string()));
        self.note("size", number(Some(it.quantity.get())));
        self.note("entry", number(Some(it.entry.get())));
    }
}

/// Without zeros at the end.
fn number(it: Option<Decimal>) -> Option<String> {
    it.map(|it| it.normalize().to_string())
}

fn money(it: Option<Money>) -> Option<String> {
    it.map(|it| it.get().normalize().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn books(rows: &[(&str, &str)]) -> Books {
        rows.iter().map(|(field, value)| ((*field).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn every_field_that_differs_is_named() {
        let truth = books(&[("wallet", "10"), ("cross wallet", "9"), ("fills", "3")]);
        assert_eq!(differences(&books(&[("wallet", "10"), ("fills", "3")]), &truth), []);
        let ours = books(&[("wallet", "11"), ("cross wallet", "8"), ("order 1, side", "buy")]);
        let named = differences(&ours, &truth).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(
            named,
            [
                "cross wallet: ours 8, the exchange's 9",
                "fills: ours none, the exchange's 3",
                "order 1, side: ours buy, the exchange's none",
                "wallet: ours 11, the exchange's 10",
            ]
        );
    }
}
