//! What [`Strategy`] promises.

use super::suite::{Outcome, Suite, ensure, ensure_eq};
use plimsoll_domain::{AccountId, MarketEvent};
use plimsoll_ports::{Decision, Strategy, StrategyEvent, StrategyView};

/// A strategy, what it is shown, and what happens to it.
pub trait StrategyStage: Send + Sync {
    /// A strategy as new.
    fn strategy(&self) -> Box<dyn Strategy>;

    /// The account on whose venue things happen.
    fn account(&self) -> &AccountId;

    /// What it is shown.
    fn view(&self) -> StrategyView<'_>;

    /// A market, one event after the other: long enough that the strategy wants something.
    fn events(&self) -> Vec<MarketEvent>;

    /// A text that is no state of it.
    fn nonsense(&self) -> String {
        "\u{0}no state of any strategy".to_owned()
    }
}

/// Runs every case, each on a fresh stage.
///
/// # Panics
/// If a promise is broken; the message names every broken one.
pub async fn run<S: StrategyStage>(fresh: impl AsyncFn() -> S) {
    let mut suite = Suite::new("Strategy");
    macro_rules! cases {
        ($($case:ident),+ $(,)?) => {
            $(suite.case(stringify!($case), async { $case(&fresh().await) }).await;)+
        };
    }
    cases![
        it_has_a_name,
        it_says_what_it_has_to_hear,
        it_decides_the_same_of_the_same,
        restored_it_goes_on_as_if_nothing_had_happened,
        nonsense_is_refused_and_leaves_it_as_new,
    ];
    suite.finish();
}

fn decided(stage: &dyn StrategyStage, strategy: &mut dyn Strategy, events: &[MarketEvent]) -> Vec<Vec<Decision>> {
    let account = stage.account();
    events.iter().map(|event| strategy.decide(&stage.view(), &StrategyEvent::Market { account, event })).collect()
}

fn it_has_a_name(stage: &dyn StrategyStage) -> Outcome {
    let name = stage.strategy().name();
    ensure!(!name.trim().is_empty(), "its name is empty");
    ensure_eq!(stage.strategy().name(), name, "the name of another one");
    Ok(())
}

fn it_says_what_it_has_to_hear(stage: &dyn StrategyStage) -> Outcome {
    let feeds = stage.strategy().feeds();
    ensure!(!feeds.is_empty(), "it hears nothing");
    ensure_eq!(stage.strategy().feeds(), feeds, "what another one hears");
    Ok(())
}

fn it_decides_the_same_of_the_same(stage: &dyn StrategyStage) -> Outcome {
    let events = stage.events();
    let first = decided(stage, &mut *stage.strategy(), &events);
    ensure!(first.iter().any(|intents| !intents.is_empty()), "it wants nothing of {} events", events.len());
    ensure_eq!(decided(stage, &mut *stage.strategy(), &events), first, "what another one wants");
    Ok(())
}

fn restored_it_goes_on_as_if_nothing_had_happened(stage: &dyn StrategyStage) -> Outcome {
    let events = stage.events();
    let whole = decided(stage, &mut *stage.strategy(), &events);
    for cut in [0, 1, events.len() / 2, events.len()] {
        let (past, future) = events.split_at(cut.min(events.len()));
        let mut first = stage.strategy();
        decided(stage, &mut *first, past);
        let mut second = stage.strategy();
        second.restore(&first.state())?;
        ensure_eq!(second.state(), first.state(), "its state after {cut} events, given and taken up");
        let expected = whole.iter().skip(past.len()).cloned().collect::<Vec<_>>();
        ensure_eq!(decided(stage, &mut *second, future), expected, "what it wants after {cut} events");
    }
    Ok(())
}

fn nonsense_is_refused_and_leaves_it_as_new(stage: &dyn StrategyStage) -> Outcome {
    let events = stage.events();
    let mut strategy = stage.strategy();
    decided(stage, &mut *strategy, &events);
    ensure!(strategy.restore(&stage.nonsense()).is_err(), "it took nonsense for a state");
    let expected = decided(stage, &mut *stage.strategy(), &events);
    ensure_eq!(decided(stage, &mut *strategy, &events), expected, "what it wants afterwards");
    Ok(())
}
