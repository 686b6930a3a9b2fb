//! Market orders that nothing has been heard of yet.

use serde::{Deserialize, Serialize};

/// Whether a market order is on its way, so that the same is not decided twice. Where nothing is heard of it for two
/// candles, what is held is what counts again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct OnItsWay(u8);

impl OnItsWay {
    pub(crate) fn sent(&mut self) {
        self.0 = 2;
    }

    pub(crate) fn heard(&mut self) {
        self.0 = 0;
    }

    pub(crate) fn candle(&mut self) {
        self.0 = self.0.saturating_sub(1);
    }

    pub(crate) fn is(self) -> bool {
        self.0 > 0
    }
}
