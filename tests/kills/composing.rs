//! Orders that go on: what they are told to do, near enough to the market that it happens.

use super::command::Command;
use super::stage::Stage;
use plimsoll_domain::{Decimal, Direction, Price, Rounding, Step};
use plimsoll_trial::random::Random;

/// The kinds that are placed.
pub(super) const VERBS: [&str; 4] = ["bracket", "iceberg", "twap", "oco"];

/// One of them that makes sense now: it opens in this direction or, if something is held, may close it.
pub(super) fn composed(
    verb: &'static str,
    (direction, is_held): (Direction, bool),
    random: &mut Random,
    stage: &Stage,
) -> Command {
    let near = Near { direction, price: stage.price(), tick: stage.instrument.tick };
    let closes = is_held && random.percent(40);
    let opens = |random: &mut Random| {
        let mut words = vec!["--side".to_owned(), direction.to_string(), "--quantity".to_owned()];
        words.push(random.pick(&["0.006", "0.009", "0.012"]).to_owned());
        words.extend(["--stop".to_owned(), near.behind(random.share(30, 300))]);
        if random.percent(50) {
            words.extend(["--take-profit".to_owned(), near.ahead(random.share(30, 300))]);
        }
        words
    };
    let mut arguments = vec![stage.symbol().to_string()];
    match verb {
        "bracket" => {
            // Some fill at once, some rest until the market comes by.
            arguments.extend(["--limit".to_owned(), near.behind(random.share(0, 40) - near.little())]);
            arguments.extend(opens(random));
        }
        "iceberg" if closes => {
            arguments.extend(["--close".to_owned(), "--visible".to_owned(), "0.002".to_owned()]);
            arguments.extend(["--limit".to_owned(), near.ahead(random.share(0, 40) - near.little())]);
        }
        "iceberg" => {
            arguments.extend(["--visible".to_owned(), "0.003".to_owned()]);
            arguments.extend(["--limit".to_owned(), near.behind(random.share(0, 40) - near.little())]);
            arguments.extend(opens(random));
        }
        "twap" => {
            let every = random.pick(&["20ms", "60ms", "150ms"]).to_owned();
            let slices = if closes { "2" } else { "5" }.to_owned();
            arguments.extend(["--slices".to_owned(), slices, "--every".to_owned(), every]);
            arguments.extend(if closes { vec!["--close".to_owned()] } else { opens(random) });
        }
        _ => {
            let (stop, target) = (near.behind(random.share(10, 100)), near.ahead(random.share(10, 100)));
            arguments.extend(["--stop".to_owned(), stop, "--target".to_owned(), target]);
        }
    }
    if random.percent(75) {
        arguments.push("--wait".to_owned());
    }
    Command { verb, arguments }
}

/// Prices about the market, seen by whoever holds this direction.
struct Near {
    direction: Direction,
    price: Price,
    tick: Step,
}

impl Near {
    /// Half of what a limit is away at the most.
    fn little(&self) -> Decimal {
        Decimal::new(2, 3)
    }

    /// So far on the losing side.
    fn behind(&self, share: Decimal) -> String {
        self.at(-share)
    }

    /// So far on the winning side.
    fn ahead(&self, share: Decimal) -> String {
        self.at(share)
    }

    fn at(&self, share: Decimal) -> String {
        let factor = Decimal::ONE + self.direction.sign() * share;
        let price = Price::new(self.price.get() * factor).ok();
        price.and_then(|it| it.round(self.tick, Rounding::Down)).expect("a price near the market").to_string()
    }
}
