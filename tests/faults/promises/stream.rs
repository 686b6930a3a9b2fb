//! What a private stream promises.

use super::Promises;
use async_trait::async_trait;
use plimsoll_domain::AccountEvent;
use plimsoll_ports::{AccountStream, StreamItem};

/// A stream of which every item is judged.
pub(super) struct JudgedStream {
    stream: Box<dyn AccountStream>,
    flow: Flow,
    promises: Promises,
}

/// What may come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    /// Nothing but word of the connection.
    Down,
    /// A snapshot, before any other event: it has just been connected.
    SnapshotDue,
    /// Anything.
    Flows,
}

impl JudgedStream {
    pub(super) fn new(stream: Box<dyn AccountStream>, promises: Promises) -> Self {
        Self { stream, flow: Flow::Down, promises }
    }

    fn judge(&mut self, item: &StreamItem) {
        let before = self.flow;
        let (promise, is_kept, after) = match item {
            StreamItem::Connected => ("it was not connected", before == Flow::Down, Flow::SnapshotDue),
            StreamItem::Disconnected { .. } => ("a connection may end", true, Flow::Down),
            // Until the snapshot that follows, events may go on: the doubt is not lifted by them.
            StreamItem::Resync { .. } => ("what is missed is missed while connected", before != Flow::Down, before),
            StreamItem::Alive => ("what is not connected shows no life", before != Flow::Down, before),
            StreamItem::Event(AccountEvent::Snapshot(_)) => {
                ("events flow while connected", before != Flow::Down, Flow::Flows)
            }
            StreamItem::Event(_) => ("a snapshot comes before any other event", before == Flow::Flows, before),
        };
        self.promises.hold(promise, is_kept, || format!("{before:?}, and then {item:?}"));
        self.flow = after;
    }
}

#[async_trait]
impl AccountStream for JudgedStream {
    async fn next(&mut self) -> Option<StreamItem> {
        let item = self.stream.next().await?;
        self.judge(&item);
        Some(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::paper::Paper;
    use crate::faults::step::Contract;
    use plimsoll_domain::{AccountId, Money};
    use plimsoll_exchange::Exchange;

    /// Says what it is given.
    struct Scripted(Vec<StreamItem>);

    #[async_trait]
    impl AccountStream for Scripted {
        async fn next(&mut self) -> Option<StreamItem> {
            if self.0.is_empty() { None } else { Some(self.0.remove(0)) }
        }
    }

    #[tokio::test]
    async fn a_stream_is_held_to_its_order() {
        let mut exchange = Exchange::new(crate::faults::market::START);
        exchange.list(Contract::Bitcoin.instrument(), Contract::Bitcoin.opening()).unwrap();
        let paper = Paper::open(exchange, AccountId::new("main"), Money::new(1.into())).unwrap();
        let account = paper.connect(1).broker.account().await.unwrap();
        let balance = StreamItem::Event(AccountEvent::Balance(account.balances[0].clone()));
        let snapshot = StreamItem::Event(AccountEvent::Snapshot(Box::new(account)));
        let (up, alive) = (StreamItem::Connected, StreamItem::Alive);
        let down = StreamItem::Disconnected { reason: String::new() };
        let resync = StreamItem::Resync { reason: String::new() };
        for (said, broken) in [
            (vec![&up, &snapshot, &balance, &alive, &down, &down, &up, &alive, &snapshot, &balance], 0),
            (vec![&up, &snapshot, &resync, &balance, &snapshot, &balance, &snapshot], 0),
            (vec![&up, &balance, &snapshot], 1),
            (vec![&balance], 1),
            (vec![&snapshot], 1),
            (vec![&up, &snapshot, &up], 1),
            (vec![&up, &snapshot, &down, &balance, &alive, &resync], 3),
        ] {
            let promises = Promises::default();
            let script = said.iter().map(|item| (*item).clone()).collect();
            let mut stream = JudgedStream::new(Box::new(Scripted(script)), promises.clone());
            while stream.next().await.is_some() {}
            assert_eq!(promises.broken().len(), broken, "{said:?}: {:?}", promises.broken());
        }
    }
}
