//! Other processes that trade the same account.

/// Which processes trade the account at this moment: an operator's `open` beside a guard that runs for months, say.
///
/// What one of them has in hand is left to it: only it knows whether an order that cannot be found was not sent yet, or
/// never arrived. What belongs to a process that has died is anybody's, at once.
pub trait Colleagues: Send + Sync {
    /// Whether the process whose orders carry this part in their names lives still; see
    /// [`ClientOrderIds::process`](crate::ClientOrderIds::process).
    fn is_alive(&self, process: &str) -> bool;

    /// Whether any process of this account lives but this one.
    fn is_anyone_alive(&self) -> bool;
}

/// Nobody else trades the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Alone;

impl Colleagues for Alone {
    fn is_alive(&self, _: &str) -> bool {
        false
    }

    fn is_anyone_alive(&self) -> bool {
        false
    }
}
