//! Funding rates from CSV.

use crate::prices::calendar::timestamp;
use crate::prices::candle_file::{CandleFileError, LineError, read_rows};
use plimsoll_domain::{Rate, Timestamp};
use std::io::Read;

/// Reads funding rates from CSV with the columns `timestamp,funding_rate`: what
/// [`schedule_funding`](crate::Exchange::schedule_funding) takes.
///
/// # Errors
/// [`CandleFileError`] names the line and what is wrong with it.
pub fn read_funding(input: impl Read) -> Result<Vec<(Timestamp, Rate)>, CandleFileError> {
    let mut rates = Vec::new();
    read_rows(input, ["timestamp", "funding_rate"], |[time, rate]| {
        let time = timestamp(time).ok_or_else(|| LineError::Time(time.to_owned()))?;
        let rate = rate.parse().map_err(|_| LineError::Number("funding_rate", rate.to_owned()))?;
        rates.push((time, rate));
        Ok(())
    })?;
    Ok(rates)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_with_their_times() {
        let file = "timestamp,funding_rate\n2021-11-18T00:00:00.017000Z,0.0001\n2021-11-18T08:00:00Z,-0.00025\n";
        let rates = read_funding(file.as_bytes()).unwrap();
        assert_eq!(rates[0].0.as_millis(), 1_637_193_600_017);
        assert_eq!(rates[1].1, "-0.00025".parse().unwrap());
        let error = read_funding("timestamp,funding_rate\n2021-11-18T00:00:00Z,high\n".as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "line 2: 'high' is no funding_rate");
    }
}
