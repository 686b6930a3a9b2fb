//! The text of an id, without an allocation where it is as short as ids are.

use arrayvec::ArrayString;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

/// As long as a client order id of our own may be, and longer than the numbers that venues call orders and trades by.
const INLINE: usize = 28;

/// Every message of an order makes and drops several ids, so up to [`INLINE`] bytes are held in place; a longer one is
/// shared. A text has one form only: its length decides.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Id {
    Inline(ArrayString<INLINE>),
    Shared(Arc<str>),
}

impl Id {
    pub(super) fn new(text: &str) -> Self {
        ArrayString::from(text).map_or_else(|_| Self::Shared(text.into()), Self::Inline)
    }
}

impl Deref for Id {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Inline(text) => text,
            Self::Shared(text) => text,
        }
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl Hash for Id {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl PartialOrd for Id {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Id {
    fn cmp(&self, other: &Self) -> Ordering {
        (**self).cmp(&**other)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Id {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// On both sides of the length that is held in place, ids compare and read as their texts do.
        #[test]
        fn an_id_is_its_text_however_it_is_held(a in "[0-9é]{0,40}", b in "[0-9é]{0,40}") {
            let (one, other) = (Id::new(&a), Id::new(&b));
            prop_assert_eq!(&*one, a.as_str());
            prop_assert_eq!(one.cmp(&other), a.cmp(&b));
            prop_assert_eq!(one == other, a == b);
            prop_assert_eq!(matches!(one, Id::Inline(_)), a.len() <= INLINE);
        }
    }
}
