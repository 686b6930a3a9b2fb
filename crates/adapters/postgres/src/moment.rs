//! `TIMESTAMPTZ` and back, to the microsecond.

use plimsoll_domain::Timestamp;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo, PgValueFormat, PgValueRef};
use sqlx::{Decode, Encode, Postgres, Type};

/// A moment as a `TIMESTAMPTZ` column holds it. The beginning of time, which is no moment of any record, is `-infinity`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment(pub(crate) Timestamp);

/// The type's number in every PostgreSQL.
const TIMESTAMPTZ: Oid = Oid(1184);
/// That of an array of it.
const TIMESTAMPTZ_ARRAY: Oid = Oid(1185);

/// PostgreSQL counts from the year 2000: this many microseconds after 1970.
const YEAR_2000: i64 = 946_684_800_000_000;

/// The first moment that PostgreSQL knows, 24 November 4714 BC, in its own count.
const FIRST: i64 = -211_813_488_000_000_000;

impl Moment {
    /// For a question about what is later: before the first moment that can be on record nothing is.
    pub(crate) fn bound(time: Timestamp) -> Self {
        Self(time.max(Timestamp::from_micros(FIRST + YEAR_2000)))
    }
}

impl Type<Postgres> for Moment {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(TIMESTAMPTZ)
    }
}

impl PgHasArrayType for Moment {
    fn array_type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(TIMESTAMPTZ_ARRAY)
    }
}

impl Encode<'_, Postgres> for Moment {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        buffer.extend_from_slice(&to_wire(self.0)?.to_be_bytes());
        Ok(IsNull::No)
    }
}

impl Decode<'_, Postgres> for Moment {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        match value.format() {
            PgValueFormat::Binary => Ok(Self(from_wire(i64::from_be_bytes(value.as_bytes()?.try_into()?))?)),
            PgValueFormat::Text => Err("a time is read as a number, not as text".into()),
        }
    }
}

fn to_wire(time: Timestamp) -> Result<i64, &'static str> {
    match time.as_micros() {
        i64::MIN => Ok(i64::MIN),
        micros => {
            let since_2000 = micros.checked_sub(YEAR_2000).filter(|it| *it >= FIRST);
            since_2000.ok_or("a time before 4714 BC cannot be recorded")
        }
    }
}

fn from_wire(since_2000: i64) -> Result<Timestamp, &'static str> {
    match since_2000 {
        i64::MIN => Ok(Timestamp::from_micros(i64::MIN)),
        _ => since_2000.checked_add(YEAR_2000).map(Timestamp::from_micros).ok_or("a time after the year 294246"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_ends_of_time_are_kept() {
        for (micros, since_2000) in [
            (0, -YEAR_2000),
            (YEAR_2000, 0),
            (i64::MAX, i64::MAX - YEAR_2000),
            (i64::MIN, i64::MIN),
            (FIRST + YEAR_2000, FIRST),
        ] {
            assert_eq!(to_wire(Timestamp::from_micros(micros)), Ok(since_2000));
            assert_eq!(from_wire(since_2000), Ok(Timestamp::from_micros(micros)));
        }
        assert!(to_wire(Timestamp::from_micros(i64::MIN + 1)).is_err());
        assert!(to_wire(Timestamp::from_micros(FIRST + YEAR_2000 - 1)).is_err());
        assert!(from_wire(i64::MAX).is_err(), "infinity");
        assert_eq!(Moment::bound(Timestamp::from_micros(i64::MIN)).0, Timestamp::from_micros(FIRST + YEAR_2000));
    }

    proptest! {
        #[test]
        fn every_moment_comes_back(micros in FIRST + YEAR_2000..=i64::MAX) {
            let time = Timestamp::from_micros(micros);
            prop_assert_eq!(to_wire(time).and_then(from_wire), Ok(time));
        }
    }
}
