//! A record as it is kept.

use super::{Measured, Open, Order, Track};
use plimsoll_domain::{AccountId, Money, Timestamp};
use plimsoll_ports::BadState;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::str::FromStr;

/// A [`Track`] as text: figures are decimal texts, times microseconds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrackState {
    trips: Vec<(i64, String)>,
    costs: Vec<(i64, String)>,
    left_out: u32,
    open: Vec<OpenState>,
    /// Order, quantity and notional.
    recent: Vec<(String, String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct OpenState {
    account: String,
    symbol: String,
    most: String,
    entered: (String, String),
    net: String,
    is_unknown: bool,
}

impl Track {
    /// The record as it is kept.
    #[must_use]
    pub fn state(&self) -> TrackState {
        let kept = |them: &[Measured]| them.iter().map(|it| (it.time.as_micros(), it.share.to_string())).collect();
        let open = self.open.iter().map(|((account, symbol), it)| OpenState {
            account: account.to_string(),
            symbol: symbol.to_string(),
            most: it.most.to_string(),
            entered: (it.entered.0.to_string(), it.entered.1.get().to_string()),
            net: it.net.get().to_string(),
            is_unknown: it.is_unknown,
        });
        let order = |it: &Order| (it.id.clone(), it.quantity.to_string(), it.notional.get().to_string());
        TrackState {
            trips: kept(&self.trips),
            costs: kept(&self.costs),
            left_out: self.left_out,
            open: open.collect(),
            recent: self.recent.iter().map(order).collect(),
        }
    }

    /// The record that was kept.
    ///
    /// # Errors
    /// [`BadState`] with what cannot be read of it.
    pub fn restored(state: &TrackState) -> Result<Self, BadState> {
        let measured = |them: &[(i64, String)]| {
            let one = |(time, share): &(i64, String)| {
                Ok(Measured { time: Timestamp::from_micros(*time), share: read(share)? })
            };
            them.iter().map(one).collect::<Result<Vec<_>, BadState>>()
        };
        let mut open = BTreeMap::new();
        for it in &state.open {
            let key = (AccountId::new(it.account.as_str()), read(&it.symbol)?);
            let entered = (read(&it.entered.0)?, read::<Money>(&it.entered.1)?);
            let held = Open { most: read(&it.most)?, entered, net: read(&it.net)?, is_unknown: it.is_unknown };
            open.insert(key, held);
        }
        let order = |(id, quantity, notional): &(String, String, String)| {
            Ok(Order { id: id.clone(), quantity: read(quantity)?, notional: read(notional)? })
        };
        let costs = measured(&state.costs)?;
        // Each is of a cost: what is cut off, by whomever, is none of these.
        let first = state.recent.len().saturating_sub(costs.len());
        let recent = state.recent.iter().skip(first).map(order).collect::<Result<_, BadState>>()?;
        Ok(Self { trips: measured(&state.trips)?, costs, left_out: state.left_out, open, recent })
    }
}

fn read<T: FromStr>(text: &str) -> Result<T, BadState> {
    text.parse().map_err(|_| BadState(text.to_owned()))
}
