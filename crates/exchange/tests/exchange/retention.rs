use crate::venue::*;
use plimsoll_domain::Money;
use plimsoll_exchange::{OrderRef, Settings};

fn forgetful() -> Venue {
    Venue::with(Settings { keeps: Some(4), ..Settings::default() }, "10000")
}

#[test]
fn histories_keep_the_newest_and_whatever_is_open() {
    let mut venue = forgetful();
    let resting = venue.place("buy 0.1 at 49000");
    let stop = venue.place("sell 0.1 stop 40000");
    let first = venue.place("buy 0.1");
    for _ in 0..10 {
        venue.place("sell 0.1");
        venue.place("buy 0.1");
        let stop = venue.place("sell 0.1 stop 40000");
        venue.exchange.cancel_conditional(&alice(), &OrderRef::Id(stop.order_id)).unwrap();
    }
    // The history is trimmed before something else is done.
    venue.place("buy 0.1 at 49000");
    let (orders, conditionals) =
        (venue.exchange.orders(&alice(), &btc()), venue.exchange.conditionals(&alice(), &btc()));
    assert!((6..=7).contains(&orders.len()), "four or five that have ended, and two that are open: {}", orders.len());
    assert!((5..=6).contains(&conditionals.len()), "{}", conditionals.len());
    assert!((4..=5).contains(&venue.exchange.fills(&alice(), &btc()).count()));
    assert!((4..=5).contains(&venue.exchange.income(&alice()).len()));
    assert_eq!(venue.now(&resting), resting);
    assert_eq!(venue.exchange.open_conditionals(&alice()).len(), 1);
    assert_eq!(venue.exchange.open_conditionals(&alice())[0].order, stop);
    let which = [OrderRef::Id(first.order_id.clone()), OrderRef::Client(first.client_order_id.clone())];
    for which in which {
        assert_eq!(venue.exchange.order(&alice(), &btc(), &which), None);
    }
}

#[test]
fn an_order_that_ended_lately_is_kept_however_old_it_is() {
    let mut venue = forgetful();
    let old = venue.place("buy 0.1 at 49000");
    for _ in 0..10 {
        venue.place("buy 0.1");
        venue.place("sell 0.1");
    }
    venue.exchange.cancel(&alice(), &btc(), &OrderRef::Id(old.order_id.clone())).unwrap();
    venue.place("buy 0.1");
    assert!(venue.now(&old).status.is_final());
}

#[test]
fn totals_count_what_is_forgotten() {
    let check = |keeps: Option<usize>| {
        let mut venue = Venue::with(Settings { keeps, ..Settings::default() }, "10000");
        let before = venue.exchange.totals(&alice()).unwrap();
        assert_eq!((before.fills, before.fees), (0, Money::ZERO));
        for _ in 0..10 {
            venue.place("buy 0.1");
            venue.place("sell 0.1");
        }
        let totals = venue.exchange.totals(&alice()).unwrap();
        // Each is accepted and filled.
        assert_eq!((totals.fills, totals.events - before.events), (20, 40));
        assert_eq!(totals.turnover, money("100000.1"));
        assert_eq!(totals.realized, money("-0.1"));
        let wallet = venue.exchange.balance(&alice()).unwrap().wallet.unwrap();
        assert_eq!(wallet, money("10000") + totals.realized - totals.fees);
    };
    check(None);
    check(Some(4));
}
