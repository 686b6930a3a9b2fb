//! What reads a venue's messages.

use crate::cli::request::gateio;
use crate::failure::Failure;
use crate::venue::VenueName;
use plimsoll_binance::wire as binance;
use plimsoll_bitget::wire as bitget;
use plimsoll_domain::PositionMode;
use plimsoll_gateio::wire as gate;
use plimsoll_venue::{DecodeError, Event};
use std::path::Path;

/// A venue's reader, with its names of contracts.
pub(super) enum Reader {
    Binance(binance::Symbols),
    Gateio(gate::Symbols, PositionMode),
    Bitget(bitget::Symbols, bitget::Protocol),
}

impl Reader {
    /// Names come from the venue's own list where `instruments` holds it, or are split as the venue writes them.
    pub(super) fn of(
        venue: VenueName,
        instruments: Option<&Path>,
        mode: PositionMode,
        dialect: bitget::Protocol,
    ) -> Result<Self, Failure> {
        Ok(match venue {
            VenueName::Binance => Self::Binance(match instruments {
                Some(file) => binance::Symbols::listed(
                    &read(file, "GET /fapi/v1/exchangeInfo", binance::body::contracts)?.contracts,
                ),
                None => binance::Symbols::by_suffix(),
            }),
            VenueName::Gateio => {
                Self::Gateio(instruments.map_or_else(|| Ok(gate::Symbols::by_name()), gateio::listed)?, mode)
            }
            VenueName::Bitget => {
                let symbols = match instruments {
                    Some(file) => {
                        let call = "GET /api/v2/mix/market/contracts";
                        bitget::Symbols::listed(&read(file, call, bitget::body::contracts)?.contracts)
                    }
                    None => bitget::Symbols::by_suffix(),
                };
                Self::Bitget(symbols, dialect)
            }
        })
    }

    /// The events of a WebSocket message, or of the REST body that answers `endpoint`.
    pub(super) fn read(&self, endpoint: Option<&str>, line: &[u8], arrival: u64) -> Result<Vec<Event>, DecodeError> {
        match (self, endpoint) {
            (Self::Binance(symbols), Some(endpoint)) => binance::body::decode_endpoint(endpoint, line, symbols),
            (Self::Binance(symbols), None) => binance::decode(line, symbols, arrival),
            (Self::Gateio(symbols, mode), Some(endpoint)) => {
                gate::body::decode_endpoint(endpoint, line, gate::Reading::new(symbols, *mode))
            }
            (Self::Gateio(symbols, mode), None) => gate::decode(line, gate::Reading::new(symbols, *mode), arrival),
            (Self::Bitget(symbols, _), Some(endpoint)) => bitget::body::decode_endpoint(endpoint, line, symbols),
            (Self::Bitget(symbols, dialect), None) => bitget::decode(line, symbols, *dialect, arrival),
        }
    }

    /// Sizes are contracts, since only the venue's list tells how much a contract is.
    pub(super) const fn counts_contracts(&self) -> bool {
        matches!(self, Self::Gateio(symbols, _) if symbols.counts_contracts())
    }
}

fn read<T>(file: &Path, call: &str, contracts: impl Fn(&[u8]) -> Result<T, DecodeError>) -> Result<T, Failure> {
    let unreadable = |error: &dyn std::fmt::Display| {
        Failure::usage(format!("cannot read {}: {error}", file.display())).help(format!("It holds the body of {call}."))
    };
    let text = std::fs::read(file).map_err(|error| unreadable(&error))?;
    contracts(&text).map_err(|error| unreadable(&error))
}
