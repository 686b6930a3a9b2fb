//! An expectation as a file: JSON, decimals as texts.

use super::{Costs, Expectation};
use plimsoll_domain::{Decimal, Symbol, Timestamp, decimal};
use serde::{Deserialize, Serialize};

/// What this program writes and reads.
const VERSION: u32 = 1;

/// Why a text is no expectation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnExpectation {
    /// It is no JSON, or lacks something.
    #[error("it is not what `plimsoll backtest --expectation` writes: {0}")]
    Unreadable(String),
    /// It was written by another version of the program.
    #[error("it is of version {0}, and this program reads version {VERSION}")]
    Version(u32),
    /// A figure that is none.
    #[error("its {name} says '{text}', which is none")]
    Figure {
        /// Which.
        name: &'static str,
        /// What is written.
        text: String,
    },
}

#[derive(Debug, Serialize, Deserialize)]
struct File {
    version: u32,
    strategy: String,
    settings: String,
    contracts: Vec<String>,
    from: String,
    to: String,
    round_trips: u64,
    /// For people: nothing reads it.
    #[serde(default)]
    trips_a_day: Option<String>,
    returns: Vec<String>,
    costs: Option<CostsFile>,
    hash: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct CostsFile {
    orders: u64,
    mean: String,
    deviation: String,
}

impl Expectation {
    /// The file.
    #[must_use]
    pub fn json(&self) -> String {
        let costs = |it: &Costs| CostsFile {
            orders: it.orders,
            mean: it.mean.to_string(),
            deviation: it.deviation.to_string(),
        };
        let file = File {
            version: VERSION,
            strategy: self.strategy.clone(),
            settings: self.settings.clone(),
            contracts: self.contracts.iter().map(ToString::to_string).collect(),
            from: self.from.to_string(),
            to: self.to.to_string(),
            round_trips: self.round_trips,
            trips_a_day: self.trips_a_day().map(|it| it.to_string()),
            returns: self.returns.iter().map(ToString::to_string).collect(),
            costs: self.costs.as_ref().map(costs),
            hash: self.hash.clone(),
        };
        // Strings and numbers are always JSON.
        let mut text = serde_json::to_string_pretty(&file).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`NotAnExpectation`].
    pub fn read(text: &str) -> Result<Self, NotAnExpectation> {
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let unreadable = |error: serde_json::Error| NotAnExpectation::Unreadable(error.to_string());
        let Version { version } = serde_json::from_str(text).map_err(unreadable)?;
        if version != VERSION {
            return Err(NotAnExpectation::Version(version));
        }
        let file: File = serde_json::from_str(text).map_err(unreadable)?;
        let costs = |it: CostsFile| {
            let (mean, deviation) = (figure("costs", &it.mean)?, figure("costs", &it.deviation)?);
            Ok(Costs { orders: it.orders, mean, deviation })
        };
        Ok(Self {
            strategy: file.strategy,
            settings: file.settings,
            contracts: file.contracts.iter().map(|text| contract(text)).collect::<Result<_, _>>()?,
            from: time("from", &file.from)?,
            to: time("to", &file.to)?,
            round_trips: file.round_trips,
            returns: file.returns.iter().map(|text| figure("returns", text)).collect::<Result<_, _>>()?,
            costs: file.costs.map(costs).transpose()?,
            hash: file.hash,
        })
    }
}

fn figure(name: &'static str, text: &str) -> Result<Decimal, NotAnExpectation> {
    decimal::exact(text).map_err(|_| NotAnExpectation::Figure { name, text: text.to_owned() })
}

fn contract(text: &str) -> Result<Symbol, NotAnExpectation> {
    text.parse().map_err(|_| NotAnExpectation::Figure { name: "contracts", text: text.to_owned() })
}

fn time(name: &'static str, text: &str) -> Result<Timestamp, NotAnExpectation> {
    let none = || NotAnExpectation::Figure { name, text: text.to_owned() };
    let read = time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).map_err(|_| none())?;
    let micros = i64::try_from(read.unix_timestamp_nanos() / 1000).map_err(|_| none())?;
    Ok(Timestamp::from_micros(micros))
}
