//! Plans with numbers that a reader can follow.

use super::{contract, guarded, thresholds};
use crate::given::{decimal, money, position, price, rate, single, step, symbol, tiers};
use plimsoll_domain::afloat::{
    Action, Backing, Guarded, GuardedAccount, RestingEntries, Stage, Thresholds, plan, stage,
};
use plimsoll_domain::{Collateral, HedgeMargin, Instrument, Symbol};

/// A plan in words: `warn pool`, `cancel A B`, `add 0 12.5`, `reduce 1 3`, `flatten pool level: 0 1`.
fn said(actions: &[Action]) -> Vec<String> {
    let backing = |it: &Backing| match it {
        Backing::Pool => "pool".to_owned(),
        Backing::Isolated(place) => place.to_string(),
    };
    let word = |action: &Action| match action {
        Action::AlreadyDue { backing: of, margin } => {
            format!("due {} {}/{}", backing(of), margin.maintenance, margin.equity)
        }
        Action::Warn { backing: of, stage, .. } => format!("warn {} {stage}", backing(of)),
        Action::CancelEntries { symbols } => {
            let names: Vec<&str> = symbols.iter().map(|it| it.as_str().split('/').next().unwrap()).collect();
            format!("cancel {}", names.join(" "))
        }
        Action::AddMargin { place, amount, restores } => {
            format!("add {place} {amount}{}", if *restores { "" } else { ", too little" })
        }
        Action::Reduce { place, cut } => format!("reduce {place} {}", cut.quantity),
        Action::Flatten { backing: of, cause, closes } => {
            let places: Vec<String> = closes.iter().map(|(place, _)| place.to_string()).collect();
            format!("flatten {} {cause:?}: {}", backing(of), places.join(" "))
        }
    };
    actions.iter().map(word).collect()
}

/// `contract direction size`, one after the other, at 100 each, in lots of 1: cross, or `=` isolated with this margin. A
/// contract with `~` before it is somebody else's.
fn account<'a>(contracts: &'a [Instrument], wallet: &str, held: &str) -> GuardedAccount<'a> {
    let one = |text: &str| {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (name, left_alone) = words[0].strip_prefix('~').map_or((words[0], false), |name| (name, true));
        let symbol = symbol(&format!("{name}/USDT:USDT"));
        let contract = contracts.iter().find(|it| it.symbol == symbol).unwrap();
        let own = words.get(3).map(|margin| Collateral::Isolated(money(margin.strip_prefix('=').unwrap())));
        let held = position(words[1], words[2], "100");
        Guarded { left_alone, ..guarded(contract, held, price("100"), own.unwrap_or(Collateral::Cross)) }
    };
    GuardedAccount {
        wallet: money(wallet),
        positions: held.split(',').map(one).collect(),
        entries: Vec::new(),
        free: money("0"),
        money_step: step("0.01"),
    }
}

/// A, B and C ask for 5 %, 5 % above a notional of 500 and 10 % from there, and 2 %.
fn contracts() -> Vec<Instrument> {
    let of = |name: &str, table| contract(name, table, "1", "1", "1000", "1");
    vec![
        of("A", single("0.05", "0")),
        of("B", tiers("0:0.05:0,500:0.1:25")),
        of("C", single("0.02", "0")),
        of("H", single("0.05", "0").hedged(HedgeMargin::LargerLeg)),
        of("E", single("0.05", "0")),
    ]
}

#[test]
fn a_calm_account_has_nothing_to_do() {
    let contracts = contracts();
    // Ten units ask for 50: a ratio of 0.69 with 72 and a little.
    let check = |wallet: &str, held: &str, expected: &[&str]| {
        assert_eq!(
            said(&plan(&account(&contracts, wallet, held), &Thresholds::default())),
            expected,
            "{wallet} {held}"
        );
    };
    check("72", "A long 10", &[]);
    check("71", "A long 10", &["warn pool warn"]);
    check("200", "A long 10 =72", &[]);
    check("200", "A long 10 =71", &["warn 0 warn"]);
}

#[test]
fn an_empty_account_has_nothing_to_do() {
    let nothing = GuardedAccount {
        wallet: money("-5"),
        positions: Vec::new(),
        entries: Vec::new(),
        free: money("0"),
        money_step: step("0.01"),
    };
    assert_eq!(plan(&nothing, &Thresholds::default()), []);
}

#[test]
fn no_more_is_done_than_is_needed() {
    let contracts = contracts();
    let check = |wallet: &str, held: &str, expected: &[&str]| {
        assert_eq!(
            said(&plan(&account(&contracts, wallet, held), &Thresholds::default())),
            expected,
            "{wallet} {held}"
        );
    };
    // 60 allow 36 at a ratio of 0.6: seven units are left.
    check("60", "A long 10", &["warn pool reduce", "reduce 0 3"]);
    check("60", "A short 10", &["warn pool reduce", "reduce 0 3"]);
    check("200", "A long 10 =60", &["warn 0 reduce", "reduce 0 3"]);
    check("52", "A long 10", &["warn pool flatten", "flatten pool Level: 0"]);
    // Beyond liquidation, and exactly there: it is said, and whatever the venue leaves is closed.
    check("50", "A long 10", &["due pool 50/50", "flatten pool AlreadyDue: 0"]);
    check("-7", "A long 10", &["due pool 50/-7", "flatten pool AlreadyDue: 0"]);
    check("200", "A long 10 =40,C long 1", &["due 0 50/40", "flatten 0 AlreadyDue: 0"]);
}

#[test]
fn the_worst_is_first_and_each_is_judged_by_its_own_margin() {
    let contracts = contracts();
    let held = "A long 10 =60,C long 10 =23,E short 10 =52,H long 1";
    let actions = plan(&account(&contracts, "1000", held), &Thresholds::default());
    // Ratios of 50 ÷ 60, 20 ÷ 23, 50 ÷ 52, and of the pool 5 ÷ 865.
    let expected =
        ["warn 2 flatten", "flatten 2 Level: 2", "warn 1 reduce", "reduce 1 4", "warn 0 reduce", "reduce 0 3"];
    assert_eq!(said(&actions), expected);
}

#[test]
fn the_pool_sells_first_where_the_ratio_falls_fastest() {
    let contracts = contracts();
    let check = |wallet: &str, held: &str, expected: &[&str]| {
        let actions = plan(&account(&contracts, wallet, held), &Thresholds::default());
        assert_eq!(said(&actions)[1..], *expected, "{wallet} {held}");
    };
    // 50 and 20 are asked for, 84 allow 50.4: A asks for 5 a unit, C for 2.
    check("84", "C long 10,A long 10", &["reduce 1 4"]);
    check("84", "A long 10,C short 10", &["reduce 0 4"]);
    // B asks for 5 a unit up to five and for 10 beyond: 75 and 50 against 150, and 35 have to go.
    check("150", "A long 10,B long 10", &["reduce 1 4"]);
    check("150", "B short 10,A long 10", &["reduce 0 4"]);
}

#[test]
fn what_is_sold_of_one_can_go_on_with_another() {
    let contracts = contracts();
    // B's upper tier gives 30 with three units: 105 of 135 are left. 160 allow 96: two more of A, the larger.
    let actions = plan(&account(&contracts, "160", "B long 8,A long 16"), &Thresholds::default());
    assert_eq!(said(&actions)[1..], ["reduce 0 3", "reduce 1 2"]);
}

#[test]
fn fees_count_into_what_falls_fastest() {
    let contracts = contracts();
    let mut account = account(&contracts, "120", "A long 10,E long 10");
    // At equal rates, what is cheaper to close goes first: 0.1 % against 2 %. 100 of 120, and 72 less fees are allowed.
    account.positions[0].fee = rate("0.02");
    account.positions[1].fee = rate("0.001");
    // Six units of E leave 70 against 0.6 × (120 − 0.6) = 71.64.
    assert_eq!(said(&plan(&account, &Thresholds::default())), ["warn pool reduce", "reduce 1 6"]);
}

#[test]
fn a_hedge_is_made_smaller_on_both_sides_at_once() {
    let contracts = contracts();
    let check = |wallet: &str, held: &str, expected: &[&str]| {
        let actions = plan(&account(&contracts, wallet, held), &Thresholds::default());
        assert_eq!(said(&actions)[1..], *expected, "{wallet} {held}");
    };
    // Both legs are asked for, 50 each. 120 allow 72, 28 have to go: three units of each.
    check("120", "E long 10,E short 10", &["reduce 0 3", "reduce 1 3"]);
    // The larger leg goes down to the smaller first: 75 + 50 − 25 − 30.
    check("150", "E long 15,E short 10", &["reduce 0 6", "reduce 1 1"]);
    // Where the larger leg alone is asked for, the smaller only follows. 60 allow 36: three units.
    check("60", "H long 10,H short 10", &["reduce 0 3", "reduce 1 3"]);
    check("60", "H long 5,H short 10", &["reduce 1 3"]);
    // A and H ask for 5 a unit, but H gives it only for two units sold: A goes first, and all of it.
    check("112", "H long 10,H short 10,A long 9", &["reduce 2 6"]);
    check("85", "H long 10,H short 10,A long 4", &["reduce 2 4"]);
}

#[test]
fn entries_give_back_their_margin_before_anything_is_sold() {
    let contracts = contracts();
    let (own, other): (Symbol, Symbol) = (symbol("A/USDT:USDT"), symbol("Z/USDT:USDT"));
    let check = |wallet: &str, margins: [&str; 2], held: &str, expected: &[&str]| {
        let mut account = account(&contracts, wallet, held);
        account.entries = [&own, &other]
            .into_iter()
            .zip(margins)
            .map(|(symbol, margin)| RestingEntries { symbol, margin: money(margin) })
            .collect();
        assert_eq!(said(&plan(&account, &Thresholds::default())), expected, "{wallet} {margins:?} {held}");
    };
    check("70", ["5", "5"], "A long 10", &["warn pool warn"]);
    check("65", ["0", "0"], "A long 10", &["warn pool cancel", "cancel A Z"]);
    check("60", ["5", "5"], "A long 10", &["warn pool reduce", "cancel A Z"]);
    // 55 and 5 allow 36; with nothing given back, 33: one unit more.
    check("55", ["5", "0"], "A long 10", &["warn pool reduce", "cancel A Z", "reduce 0 3"]);
    check("55", ["0", "0"], "A long 10", &["warn pool reduce", "cancel A Z", "reduce 0 4"]);
    // What is due is due, whatever orders hold; and an isolated position cancels what would add to it.
    check("50", ["50", "0"], "A long 10", &["due pool 50/50", "cancel A Z", "flatten pool AlreadyDue: 0"]);
    check("200", ["5", "5"], "A long 10 =65", &["warn 0 cancel", "cancel A"]);
    check("200", ["5", "5"], "C long 10 =26", &["warn 0 cancel"]);
}

#[test]
fn isolated_margin_is_added_where_that_is_allowed_and_free() {
    let contracts = contracts();
    let thresholds = thresholds("0.6 0.7 0.75 0.8 0.95", Some("0.77 50"));
    let check = |free: &str, wallet: &str, held: &str, expected: &[&str]| {
        let mut account = account(&contracts, wallet, held);
        account.free = money(free);
        assert_eq!(said(&plan(&account, &thresholds)), expected, "{free} {wallet} {held}");
    };
    // 50 ÷ 0.6 is 83.34, up to the cent.
    check("100", "500", "A long 10 =65", &["warn 0 cancel"]);
    check("100", "500", "A long 10 =64", &["warn 0 top_up", "add 0 19.34"]);
    check("10.005", "500", "A long 10 =64", &["warn 0 top_up", "add 0 10, too little"]);
    check("0", "500", "A long 10 =64", &["warn 0 top_up"]);
    // What is not free has to be sold: 60 and 10 allow 42, eight units.
    check("10", "500", "A long 10 =60", &["warn 0 reduce", "add 0 10, too little", "reduce 0 2"]);
    check("100", "500", "A long 10 =60", &["warn 0 reduce", "add 0 23.34"]);
    // At most 50 in all, and the worst first.
    check(
        "100",
        "500",
        "A long 10 =64,E long 20 =121",
        &["warn 1 reduce", "add 1 45.67", "warn 0 top_up", "add 0 4.33, too little"],
    );
    // The pool needs 50 ÷ 0.6 itself, and has 91: 7.66 can go.
    check("100", "155", "A long 10 =64,E long 10", &["warn 0 top_up", "add 0 7.66, too little"]);
    // 50 ÷ 66 is no calm pool: it has nothing to give.
    check("100", "130", "A long 10 =64,E long 10", &["warn 0 top_up", "warn pool cancel"]);
}

#[test]
fn a_position_near_its_liquidation_is_reduced_by_its_distance() {
    let contracts = contracts();
    let thresholds = thresholds("0.6@0.2 0.7@0.15 0.75 0.8@0.1 0.95@0.01", None);
    let check = |wallet: &str, held: &str, expected: &[&str]| {
        assert_eq!(said(&plan(&account(&contracts, wallet, held), &thresholds)), expected, "{wallet} {held}");
    };
    // A long of ten with 145 is liquidated at (1,000 − 145) ÷ 9.5 = 90, 10 % below; its ratio is 50 ÷ 145, and calm. At 80
    // each unit needs 20 of loss and 4 of maintenance: 145 allow six.
    check("145", "A long 10", &["warn pool reduce", "reduce 0 4"]);
    check("500", "A long 10 =145", &["warn 0 reduce", "reduce 0 4"]);
    // A short needs 20 and 6 at 120.
    check("145", "A short 10", &["warn pool reduce", "reduce 0 5"]);
    check("149", "A long 10", &["warn pool warn"]);
    check("500", "A long 10", &[]);
    // Two longs share 290: each alone could fall further, and nothing is near.
    check("290", "A long 10,E long 10", &[]);
    // Of a hedge, what is not hedged is what can be hurt: 134 lose 8 a point, and 60 less 0.6 a point are asked for, so 90
    // liquidates. At 80 they have lost 160 and need 48; each unit of the long less is 24 of the 74 that are missing.
    check("150", "E long 10,E short 2", &["warn pool warn"]);
    check("134", "E long 10,E short 2", &["warn pool reduce", "reduce 0 4"]);
}

#[test]
fn what_the_venue_would_not_take_is_closed_whole() {
    let odd = [contract("A", single("0.05", "0"), "1", "3", "4", "1")];
    let check = |wallet: &str, held: &str, expected: &str| {
        let actions = plan(&account(&odd, wallet, held), &Thresholds::default());
        let Some(Action::Reduce { cut, .. }) = actions.last() else { panic!("{actions:?}") };
        let slices: Vec<String> = cut.slices.iter().map(|slice| slice.to_string()).collect();
        assert_eq!(format!("{}: {}", cut.quantity, slices.join(" ")), expected, "{wallet} {held}");
    };
    check("60", "A long 10", "3: 3");
    // Two units would be enough, and three are the smallest order.
    check("62", "A long 10", "3: 3");
    // One of four would stay, and could never be sold.
    check("24", "A long 4", "4: 4");
    check("24", "A long 4", "4: 4");
    check("120", "A long 20", "6: 3 3");
}

#[test]
fn where_closing_costs_more_than_it_relieves_everything_goes() {
    let contracts = contracts();
    let mut account = account(&contracts, "60", "A long 10");
    account.positions[0].fee = rate("0.09");
    // Each unit gives 5 and takes 0.6 × 9.
    let expected = ["warn pool reduce", "flatten pool OutOfReach: 0"];
    assert_eq!(said(&plan(&account, &Thresholds::default())), expected);
    account.positions[0].collateral = Collateral::Isolated(money("60"));
    let expected = ["warn 0 reduce", "flatten 0 OutOfReach: 0"];
    assert_eq!(said(&plan(&account, &Thresholds::default())), expected);
}

#[test]
fn a_warning_carries_its_figures() {
    let contracts = contracts();
    let actions =
        plan(&account(&contracts, "145", "A long 10,C long 1 =50"), &thresholds("0.2@0.2 0.3@0.1 0.4 0.8 1", None));
    // 95 back ten units: (1,000 − 95) ÷ 9.5.
    let [Action::Warn { ratio: Some(ratio), distance: Some(distance), .. }] = actions[..] else {
        panic!("{actions:?}")
    };
    assert_eq!(ratio.get(), decimal("50") / decimal("95"));
    assert_eq!(distance.get().round_dp(10), decimal("0.0473684211"));
}

#[test]
fn what_is_somebody_elses_counts_and_is_left_alone() {
    let contracts = contracts();
    for (wallet, held, expected, reached) in [
        // 60 of 75 are asked for; with A left alone 8 of C are closed, down to 44 of 45.
        ("75", "~A long 8,C long 10", vec!["warn pool reduce", "reduce 1 8"], Stage::Reduce),
        ("50", "~A long 8", vec!["warn pool reduce"], Stage::Reduce),
        ("62", "~A long 10,C long 5", vec!["warn pool flatten", "flatten pool Level: 1"], Stage::Flatten),
        ("500", "~A long 10 =55", vec!["warn 0 reduce"], Stage::Reduce),
        ("500", "~A long 10 =50", vec!["due 0 50/50"], Stage::Flatten),
        // Closing what is ours cannot make good what is asked for the rest.
        ("45", "~A long 8,C long 1", vec!["warn pool reduce", "flatten pool OutOfReach: 1"], Stage::Reduce),
    ] {
        let account = account(&contracts, wallet, held);
        assert_eq!(said(&plan(&account, &Thresholds::default())), expected, "{wallet} {held}");
        let (portfolio, thresholds) = (account.portfolio(), Thresholds::default());
        assert_eq!(stage(&portfolio, &thresholds, |_| true), Some(reached), "{wallet} {held}");
        // Margin of its own backs nothing else.
        let is_apart = held.contains('=');
        assert_eq!(stage(&portfolio, &thresholds, |_| false), (!is_apart).then_some(reached), "{wallet} {held}");
    }
    let calm = account(&contracts, "1000", "A long 8");
    assert_eq!(stage(&calm.portfolio(), &Thresholds::default(), |_| true), None);
}
