//! Figures and moments as every surface shows them: exact, and never a float.

use plimsoll_domain::{Decimal, MarginRatio, Money, Price, Quantity, Rate, Timestamp};
use serde::{Serialize, Serializer};
use std::fmt;

/// A number with all its digits and no trailing zeros; in JSON a string.
///
/// ```
/// use plimsoll_service::Figure;
/// use plimsoll_ports::domain::Money;
///
/// let margin: Money = "200.50".parse()?;
/// assert_eq!(Figure::from(margin).to_string(), "200.5");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Figure(Decimal);

impl Figure {
    /// The number.
    #[must_use]
    pub const fn get(self) -> Decimal {
        self.0
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.normalize().fmt(f)
    }
}

impl Serialize for Figure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl From<Decimal> for Figure {
    fn from(number: Decimal) -> Self {
        Self(number)
    }
}

macro_rules! from {
    ($($name:ty),+) => {
        $(impl From<$name> for Figure {
            fn from(it: $name) -> Self {
                Self(it.get())
            }
        })+
    };
}
from!(Money, Price, Quantity, Rate, MarginRatio);

/// The figure, if there is one.
pub(crate) fn known<T: Into<Figure>>(figure: Option<T>) -> Option<Figure> {
    figure.map(Into::into)
}

/// A moment in UTC; in JSON a string as RFC 3339 has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub Timestamp);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl From<Timestamp> for Moment {
    fn from(time: Timestamp) -> Self {
        Self(time)
    }
}

#[cfg(feature = "schemas")]
mod schemas {
    use super::{Figure, Moment};
    use std::borrow::Cow;
    use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
    use utoipa::openapi::{RefOr, Schema};
    use utoipa::{PartialSchema, ToSchema};

    impl PartialSchema for Figure {
        fn schema() -> RefOr<Schema> {
            let text = ObjectBuilder::new().schema_type(Type::String).description(Some("A decimal number, exact."));
            text.pattern(Some(r"^-?\d+(\.\d+)?$")).examples(["60000.1"]).into()
        }
    }

    impl ToSchema for Figure {
        fn name() -> Cow<'static, str> {
            "Figure".into()
        }
    }

    impl PartialSchema for Moment {
        fn schema() -> RefOr<Schema> {
            let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
            ObjectBuilder::new().schema_type(Type::String).format(Some(format)).into()
        }
    }

    impl ToSchema for Moment {
        fn name() -> Cow<'static, str> {
            "Moment".into()
        }
    }
}

/// Answers: what every one of them can do is said once.
macro_rules! answers {
    ($($item:item)+) => {
        $(
            #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
            #[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
            $item
        )+
    };
}
pub(crate) use answers;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_a_string_with_all_its_digits_and_no_others() {
        for (written, shown) in [
            ("60000.10", "\"60000.1\""),
            ("40160.709497990000", "\"40160.70949799\""),
            ("0.00", "\"0\""),
            ("-0.0001", "\"-0.0001\""),
            ("79228162514264337593543950335", "\"79228162514264337593543950335\""),
        ] {
            let figure = Figure::from(written.parse::<Decimal>().unwrap());
            assert_eq!(serde_json::to_string(&figure).unwrap(), shown);
        }
    }

    #[test]
    fn a_moment_is_rfc_3339() {
        let moment = Moment(Timestamp::from_millis(1_767_599_970_250));
        assert_eq!(serde_json::to_string(&moment).unwrap(), "\"2026-01-05T07:59:30.25Z\"");
    }
}
