//! `plimsoll calc funding`.

use crate::failure::Failure;
use crate::screen::{self, Facts, full};
use clap::Args;
use plimsoll_domain::{Decimal, Direction, Money, Position, Price, Quantity, Rate, funding};
use serde::Serialize;

/// What a position pays at each funding, and a day.
///
/// Positive is paid by the position, negative is received: at a positive rate longs pay shorts.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  plimsoll calc funding --side long --size 1 --price 50000 --rate 0.0001")]
pub(crate) struct Funding {
    /// long or short
    #[arg(long)]
    side: Direction,
    /// Size in base units
    #[arg(long, allow_negative_numbers = true)]
    size: Quantity,
    /// The mark price at the funding
    #[arg(long, allow_negative_numbers = true)]
    price: Price,
    /// The funding rate as a fraction: 0.0001 is 0.01 %
    #[arg(long, allow_negative_numbers = true)]
    rate: Rate,
    /// Hours between fundings
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=24))]
    interval_hours: u32,
    /// Entry and exit fees of both legs of a hedged carry, for its break-even
    #[arg(long, allow_negative_numbers = true)]
    fees: Option<Money>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Answer {
    payment: String,
    per_day: Option<String>,
    payments_per_day: Option<String>,
    annualised_rate: Option<String>,
    break_even_intervals: Option<String>,
}

impl Funding {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let position = Position { direction: self.side, quantity: self.size, entry: self.price };
        let payment = funding::payment(position, self.price, self.rate);
        let per_day = funding::daily_estimate(position, self.price, self.rate, self.interval_hours);
        let times = funding::per_day(self.interval_hours);
        let annualised = funding::annualised(self.rate, self.interval_hours);
        let break_even = self.fees.and_then(|fees| funding::break_even_intervals(fees, -payment));
        if self.json {
            return screen::json(&Answer {
                payment: full(payment.get()),
                per_day: per_day.map(|money| full(money.get())),
                payments_per_day: times.map(full),
                annualised_rate: annualised.map(|rate| full(rate.get())),
                break_even_intervals: break_even.map(full),
            });
        }
        let verb = if payment.is_negative() { "receives" } else { "pays" };
        let shown = |times: Decimal| times.round_dp(4).normalize().to_string();
        Facts::default()
            .line(format!("each funding it {verb}"), screen::money(payment.abs()))
            .maybe(format!("a day it {verb}"), per_day.map(|money| screen::money(money.abs())))
            .maybe("fundings a day", times.map(shown))
            .maybe("annualised rate", annualised.map(|rate| screen::percent(rate.get())))
            .maybe("fees earned back after", break_even.map(|times| format!("{} fundings", shown(times))))
            .print()
    }
}
