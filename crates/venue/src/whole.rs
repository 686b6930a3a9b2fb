//! An account that was told whole.

use crate::call_error::CallError;
use plimsoll_domain::AccountSnapshot;

/// The snapshot, unless the balance is missing that its positions are held in: an equity of nothing would be made of it, and
/// everything be closed for that.
///
/// # Errors
/// [`CallError::Unreadable`] with the currency.
pub fn whole(snapshot: AccountSnapshot) -> Result<AccountSnapshot, CallError> {
    match snapshot.unbacked() {
        Some(settle) => {
            Err(CallError::Unreadable(format!("positions are held in {settle}, and no balance of it is listed")))
        }
        None => Ok(snapshot),
    }
}
