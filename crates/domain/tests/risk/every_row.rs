//! Every check in one table, just allowed and just refused.

use crate::{calm, engaged, modest, money, times};
use plimsoll_domain::risk::*;
use plimsoll_domain::*;
use rust_decimal_macros::dec;
use std::collections::BTreeSet;
use std::time::Duration;

/// Which check, the figure that is judged, and whether that is allowed. The account has 100,000, so that the absolute limits
/// are the stricter ones, except where the row says `share`: then it has 10,000.
const ROWS: &str = "
    leverage              1          allowed
    leverage              0.999      refused
    leverage              2.5        refused
    leverage              5          allowed
    leverage              6          refused
    tier                  4          allowed
    tier                  5          refused
    position_size         10000      allowed
    position_size         10000.01   refused
    position_share        3000       allowed
    position_share        3000.01    refused
    exposure              30000      allowed
    exposure              30000.01   refused
    exposure_share        20000      allowed
    exposure_share        20000.01   refused
    venue                 40000      allowed
    venue                 40000.01   refused
    portfolio             50000      allowed
    portfolio             50000.01   refused
    margin                50000      allowed
    margin                50000.01   refused
    daily_loss            500        allowed
    daily_loss            500.01     refused
    daily_loss_share      400        allowed
    daily_loss_share      400.01     refused
    drawdown              1000       allowed
    drawdown              1000.01    refused
    positions             3          allowed
    positions             4          refused
    liquidation_distance  0.03       allowed
    liquidation_distance  0.0299     refused
    funding               10         allowed
    funding               10.01      refused
    reduce_only           2          allowed
    reduce_only           2.001      refused
    freshness             10         allowed
    freshness             10.001     refused
    kill_switch           0          allowed
    kill_switch           1          refused
    ladder                500        allowed
    ladder                500.01     refused
    paper                 0          allowed
    paper                 60         refused
";

/// The check that a row is of, and whether it refuses this figure.
fn judged(row: &str, figure: Decimal) -> (RiskCheck, bool) {
    let switch = if row == "kill_switch" && !figure.is_zero() { engaged() } else { KillSwitch::Released };
    let (mut order, mut account) = (modest(), calm(&switch));
    let mut settings = LimitSettings { funding_over_limit: OverLimit::Refuse, ..LimitSettings::default() };
    let of_ten_thousand = |account: &mut AccountFacts<'_>| {
        let equity = money(dec!(10000));
        (account.equity, account.day_start_equity, account.peak_equity) = (equity, equity, equity);
    };
    let check = match row {
        "leverage" => {
            order.leverage = figure;
            RiskCheck::Leverage
        }
        "tier" => {
            (order.leverage, order.tier_max_leverage) = (figure, times(4));
            RiskCheck::Leverage
        }
        "position_size" | "position_share" => {
            order.resulting_notional = money(figure);
            if row == "position_share" {
                of_ten_thousand(&mut account);
            }
            RiskCheck::PositionSize
        }
        "exposure" | "exposure_share" => {
            order.other_notional = money(figure) - order.resulting_notional;
            settings.max_exposure = Some(money(dec!(30000)));
            settings.max_exposure_share = Some(Rate::new(dec!(2)));
            if row == "exposure_share" {
                of_ten_thousand(&mut account);
            }
            RiskCheck::Exposure
        }
        "venue" => {
            let notional = money(figure) - order.resulting_notional;
            account.elsewhere.venue = Exposed { notional, equity: Money::ZERO };
            settings.max_venue_exposure = Some(money(dec!(40000)));
            RiskCheck::Exposure
        }
        "portfolio" => {
            // Half of the equity of both accounts, which is all in this one.
            let notional = money(figure) - order.resulting_notional;
            account.elsewhere.portfolio = Exposed { notional, equity: Money::ZERO };
            settings.max_portfolio_exposure_share = Some(Rate::new(dec!(0.5)));
            RiskCheck::Exposure
        }
        "margin" => {
            order.required_margin = money(figure) - order.fees;
            RiskCheck::Margin
        }
        "daily_loss" => {
            account.equity = account.day_start_equity - money(figure);
            RiskCheck::DailyLoss
        }
        "daily_loss_share" => {
            let day_start = money(dec!(8000));
            (account.day_start_equity, account.peak_equity) = (day_start, day_start);
            account.equity = day_start - money(figure);
            RiskCheck::DailyLoss
        }
        "drawdown" => {
            account.peak_equity = account.equity + money(figure);
            RiskCheck::Drawdown
        }
        "positions" => {
            order.open_positions = figure.try_into().unwrap();
            RiskCheck::Positions
        }
        "liquidation_distance" => {
            order.liquidation_distance = Some(Rate::new(figure));
            RiskCheck::LiquidationDistance
        }
        "funding" => {
            order.funding_per_day = Some(money(figure));
            RiskCheck::Funding
        }
        "reduce_only" => {
            let quantity = |size| Some(Quantity::new(size).unwrap());
            let order = OrderFacts::Reduces { quantity: quantity(figure), held: quantity(dec!(2)) };
            let found = check(&order, &account, &RiskLimits::new(settings).unwrap());
            return (RiskCheck::ReduceOnly, found.is_err());
        }
        "freshness" => {
            let millis: u64 = (figure * dec!(1000)).try_into().unwrap();
            account.state_age = Some(Duration::from_millis(millis));
            RiskCheck::Freshness
        }
        "kill_switch" => RiskCheck::KillSwitch,
        "ladder" => {
            order.resulting_notional = money(dec!(150));
            account.margin_in_use = money(figure) - order.required_margin - order.fees;
            account.allowance = Allowance::Capital(money(dec!(500)));
            RiskCheck::Ladder
        }
        "paper" => {
            let days = figure.try_into().unwrap();
            account.allowance = if days == 0 { Allowance::Whole } else { Allowance::PaperOnly { days } };
            RiskCheck::Ladder
        }
        row => panic!("no check is called {row}"),
    };
    let found = plimsoll_domain::risk::check(&OrderFacts::Adds(order), &account, &RiskLimits::new(settings).unwrap());
    let refused: Vec<RiskCheck> =
        found.map_or_else(|it| it.reasons.iter().map(Reason::check).collect(), |_| Vec::new());
    assert!(refused.iter().all(|it| *it == check), "{row} {figure}: also {refused:?}");
    (check, !refused.is_empty())
}

#[test]
fn every_check_has_an_edge_on_both_sides() {
    let (mut allowed, mut refused) = (BTreeSet::new(), BTreeSet::new());
    for line in ROWS.lines().filter(|line| !line.trim().is_empty()) {
        let [row, figure, answer] = line.split_whitespace().collect::<Vec<_>>()[..] else { panic!("{line}") };
        let (check, is_refused) = judged(row, figure.parse().unwrap());
        assert_eq!(if is_refused { "refused" } else { "allowed" }, answer, "{line}");
        let seen = if is_refused { &mut refused } else { &mut allowed };
        seen.insert(check);
    }
    assert_eq!(allowed, refused, "a check with one edge");
    use RiskCheck::*;
    let every = [
        Leverage,
        PositionSize,
        Exposure,
        Margin,
        DailyLoss,
        Drawdown,
        Positions,
        LiquidationDistance,
        Funding,
        ReduceOnly,
        Freshness,
        KillSwitch,
        Ladder,
    ];
    assert_eq!(refused, BTreeSet::from(every));
}
