//! The fast road through a message: plain JSON, as venues write it, read once and borrowed throughout.
//!
//! It knows strings without escapes, numbers without an exponent, words, objects and lists. Whatever else it meets (an escape, a member twice,
//! a member missing, a value of another kind, broken JSON) it gives up without a verdict, and serde reads the message
//! again from the start: what is right and what an error says is decided there alone.

use crate::json::{self, DecodeError, Num, Raw, Text};
use serde::Deserialize;

/// A message of this shape, by the fast road where that leads to the end, and by serde where it does not.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn read<'a, T: Plain<'a> + Deserialize<'a>>(text: &'a str) -> Result<T, DecodeError> {
    let mut scan = Scan { text, at: 0 };
    match T::take(&mut scan).filter(|_| scan.is_at_end()) {
        Some(message) => Ok(message),
        None => json::read(text),
    }
}

/// What can be read by the fast road.
pub trait Plain<'a>: Sized {
    /// The value that comes next; `None` to give up.
    fn take(scan: &mut Scan<'a>) -> Option<Self>;
}

/// The bytes at which a string ends or stops being plain: the quote, the backslash, and what JSON wants escaped.
const ENDS_PLAIN: [bool; 256] = {
    let mut ends = [false; 256];
    let mut byte = 0;
    while byte < 32 {
        ends[byte] = true;
        byte += 1;
    }
    ends[b'"' as usize] = true;
    ends[b'\\' as usize] = true;
    ends
};

/// How deep lists and objects that nobody wants may be nested.
const DEEPEST: u8 = 8;

/// A place in a message.
pub struct Scan<'a> {
    text: &'a str,
    at: usize,
}

/// A value that is neither an object nor a list.
enum Scalar<'a> {
    Text(&'a str),
    Number(&'a str),
    True,
    False,
    Null,
}

impl<'a> Scan<'a> {
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(&byte) = bytes.get(self.at) {
            if byte > b' ' || !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(byte);
            }
            self.at += 1;
        }
        None
    }

    fn is_at_end(&mut self) -> bool {
        self.peek().is_none()
    }

    #[inline]
    fn eat(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    /// Gives the name of each member to `member`, which takes its value.
    pub fn object(&mut self, mut member: impl FnMut(&mut Self, &'a str) -> Option<()>) -> Option<()> {
        if !self.eat(b'{') {
            return None;
        }
        if self.eat(b'}') {
            return Some(());
        }
        loop {
            let name = self.name()?;
            member(self, name)?;
            let end = self.peek()?;
            self.at += 1;
            match end {
                b',' => {}
                b'}' => return Some(()),
                _ => return None,
            }
        }
    }

    /// The name of a member and the colon after it. Where venues write one letter, the road is shorter.
    #[inline]
    fn name(&mut self) -> Option<&'a str> {
        if let Some([b'"', letter, b'"', b':', ..]) = self.text.as_bytes().get(self.at..)
            && letter.is_ascii_alphanumeric()
        {
            let from = self.at + 1;
            self.at += 4;
            return self.text.get(from..=from);
        }
        let name = self.quoted()?;
        self.eat(b':').then_some(name)
    }

    /// Gives each place of a list to `item`, which takes the value there.
    pub fn list(&mut self, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        if !self.eat(b'[') {
            return None;
        }
        if self.eat(b']') {
            return Some(());
        }
        loop {
            item(self)?;
            if self.eat(b']') {
                return Some(());
            }
            if !self.eat(b',') {
                return None;
            }
        }
    }

    /// Passes a value that nobody wants. What is nested deeper than messages are is left to serde.
    pub fn pass(&mut self) -> Option<()> {
        self.pass_within(DEEPEST)
    }

    fn pass_within(&mut self, depth: u8) -> Option<()> {
        match self.peek()? {
            b'{' if depth > 0 => self.object(|scan, _| scan.pass_within(depth - 1)),
            b'[' if depth > 0 => self.list(|scan| scan.pass_within(depth - 1)),
            _ => self.scalar().map(|_| ()),
        }
    }

    /// The text of the value that comes next, whatever it is.
    fn raw(&mut self) -> Option<&'a str> {
        self.peek()?;
        let from = self.at;
        self.pass()?;
        self.text.get(from..self.at)
    }

    fn scalar(&mut self) -> Option<Scalar<'a>> {
        match self.peek()? {
            b'"' => self.quoted().map(Scalar::Text),
            b'-' | b'0'..=b'9' => self.number().map(Scalar::Number),
            b't' => self.word("true").map(|()| Scalar::True),
            b'f' => self.word("false").map(|()| Scalar::False),
            b'n' => self.word("null").map(|()| Scalar::Null),
            _ => None,
        }
    }

    #[inline]
    fn quoted(&mut self) -> Option<&'a str> {
        if !self.eat(b'"') {
            return None;
        }
        let from = self.at;
        let rest = self.text.as_bytes().get(from..)?;
        let length = rest.iter().position(|byte| ENDS_PLAIN[usize::from(*byte)])?;
        self.at = from + length;
        let text = self.text.get(from..self.at)?;
        self.eat_here(b'"').then_some(text)
    }

    fn eat_here(&mut self, wanted: u8) -> bool {
        let found = self.text.as_bytes().get(self.at) == Some(&wanted);
        self.at += usize::from(found);
        found
    }

    fn word(&mut self, word: &str) -> Option<()> {
        let found = self.text.get(self.at..)?.starts_with(word);
        self.at += word.len();
        found.then_some(())
    }

    /// `-?(0|[1-9][0-9]*)(\.[0-9]+)?`; an exponent is rare enough to be left to serde.
    fn number(&mut self) -> Option<&'a str> {
        let from = self.at;
        self.eat_here(b'-');
        let leading_zero = self.text.as_bytes().get(self.at) == Some(&b'0');
        let whole = self.digits();
        if whole == 0 || leading_zero && whole > 1 {
            return None;
        }
        if self.eat_here(b'.') && self.digits() == 0 {
            return None;
        }
        if matches!(self.text.as_bytes().get(self.at), Some(b'e' | b'E')) {
            return None;
        }
        self.text.get(from..self.at)
    }

    /// Passes digits, and says how many.
    fn digits(&mut self) -> usize {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        count
    }
}

impl<'a> Plain<'a> for Num<'a> {
    fn take(scan: &mut Scan<'a>) -> Option<Self> {
        match scan.scalar()? {
            Scalar::Text(text) | Scalar::Number(text) => Some(Self(text)),
            Scalar::Null => Some(Self("")),
            Scalar::True | Scalar::False => None,
        }
    }
}

impl<'a> Plain<'a> for Text<'a> {
    fn take(scan: &mut Scan<'a>) -> Option<Self> {
        scan.peek()?;
        scan.quoted().map(Self::borrowed)
    }
}

impl<'a> Plain<'a> for Raw<'a> {
    fn take(scan: &mut Scan<'a>) -> Option<Self> {
        scan.raw().map(Self)
    }
}

impl<'a> Plain<'a> for &'a str {
    fn take(scan: &mut Scan<'a>) -> Option<Self> {
        scan.peek()?;
        scan.quoted()
    }
}

impl<'a> Plain<'a> for bool {
    fn take(scan: &mut Scan<'a>) -> Option<Self> {
        match scan.scalar()? {
            Scalar::True => Some(true),
            Scalar::False => Some(false),
            Scalar::Text(_) | Scalar::Number(_) | Scalar::Null => None,
        }
    }
}

impl<'a, T: Plain<'a>> Plain<'a> for Option<T> {
    fn take(scan: &mut Scan<'a>) -> Option<Self> {
        if scan.peek()? == b'n' {
            return scan.word("null").map(|()| None);
        }
        T::take(scan).map(Some)
    }
}

impl<'a, T: Plain<'a>> Plain<'a> for Vec<T> {
    fn take(scan: &mut Scan<'a>) -> Option<Self> {
        let mut items = Vec::new();
        scan.list(|scan| {
            items.push(T::take(scan)?);
            Some(())
        })?;
        Some(items)
    }
}

impl<'a, T: Plain<'a>> Plain<'a> for [T; 2] {
    fn take(scan: &mut Scan<'a>) -> Option<Self> {
        <[T; 2]>::try_from(Vec::take(scan)?).ok()
    }
}

/// A message with the venue's letters for its members, read by both roads. Members that are not named are passed over;
/// an optional member that is missing is its type's default. The crate that declares messages depends on `serde`.
///
/// ```
/// use plimsoll_venue::json::{Num, Text};
/// use plimsoll_venue::{message, plain};
///
/// message! {
///     struct Leg {
///         required { price = "p": Num<'a>, }
///         optional { coin = "c": Text<'a>, }
///     }
/// }
/// message! {
///     struct Trade {
///         required { symbol = "s": Text<'a>, legs = "legs": Vec<Leg<'a>>, }
///         optional { maker = "m": bool, }
///     }
/// }
///
/// let trade: Trade<'_> = plain::read(r#"{"s":"BTCUSDT","legs":[{"p":60000.5,"other":[1,2]}]}"#)?;
/// assert_eq!((trade.symbol.as_str(), trade.maker, trade.legs[0].coin.as_str()), ("BTCUSDT", false, ""));
/// assert_eq!(trade.legs[0].price.price("legs p")?.to_string(), "60000.5");
/// # Ok::<(), plimsoll_venue::DecodeError>(())
/// ```
#[macro_export]
macro_rules! message {
    (
        $(#[$doc:meta])*
        $visible:vis struct $name:ident {
            required { $($required:ident = $required_as:literal: $required_type:ty,)* }
            optional { $($optional:ident = $optional_as:literal: $optional_type:ty,)* }
        }
    ) => {
        $(#[$doc])*
        #[derive(serde::Deserialize)]
        #[serde(bound(deserialize = "'de: 'a"))]
        $visible struct $name<'a> {
            $(#[serde(rename = $required_as)] $visible $required: $required_type,)*
            $(#[serde(rename = $optional_as, default)] $visible $optional: $optional_type,)*
        }

        impl<'a> $crate::plain::Plain<'a> for $name<'a> {
            fn take(scan: &mut $crate::plain::Scan<'a>) -> Option<Self> {
                /// Patterns of bytes are a tree of comparisons, patterns of text a list.
                struct Names;
                #[allow(non_upper_case_globals, reason = "named after the members")]
                impl Names {
                    $(const $required: &'static [u8] = $required_as.as_bytes();)*
                    $(const $optional: &'static [u8] = $optional_as.as_bytes();)*
                }
                $(let mut $required: Option<$required_type> = None;)*
                $(let mut $optional: Option<$optional_type> = None;)*
                scan.object(|scan, name| {
                    match name.as_bytes() {
                        $(Names::$required => $crate::plain::once(&mut $required, scan),)*
                        $(Names::$optional => $crate::plain::once(&mut $optional, scan),)*
                        _ => scan.pass(),
                    }
                })?;
                Some(Self { $($required: $required?,)* $($optional: $optional.unwrap_or_default(),)* })
            }
        }
    };
}

/// Fills a member, unless it was there before. For [`message!`](crate::message).
#[doc(hidden)]
pub fn once<'a, T: Plain<'a>>(slot: &mut Option<T>, scan: &mut Scan<'a>) -> Option<()> {
    if slot.is_some() {
        return None;
    }
    *slot = Some(T::take(scan)?);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    message! {
        #[derive(Debug, PartialEq)]
        struct Sample {
            required { s = "s": Text<'a>, q = "q": Num<'a>, }
            optional { m = "m": bool, n = "N": Option<Text<'a>>, b = "b": Vec<[Num<'a>; 2]>, r = "r": Raw<'a>, }
        }
    }

    fn fast(text: &str) -> Option<Sample<'_>> {
        let mut scan = Scan { text, at: 0 };
        Sample::take(&mut scan).filter(|_| scan.is_at_end())
    }

    #[test]
    fn plain_messages_take_the_fast_road() {
        for text in [
            r#"{"s":"BTCUSDT","q":"0.1"}"#,
            r#" { "q" : 7 , "s" : "测试USDT" , "m" : true , "N" : null , "b" : [ [ "1" , "2" ] ] } "#,
            r#"{"s":"a","q":null,"N":"x","b":[],"unknown":-12,"other":false}"#,
            r#"{"s":"a","q":0.5,"b":[[-0.001,10.25]],"unknown":-0.0}"#,
            r#"{"s":"a","q":"1","unknown":{"a":[1,{"b":null}],"c":{}},"other":[ [ ] , 7 ]}"#,
            r#"{"s":"a","q":"1","r": {"x" : [1.5, "y"]} }"#,
            r#"{"s":"a","q":"1","r":null}"#,
        ] {
            assert_eq!(fast(text), Some(json::read(text).unwrap()), "{text}");
        }
    }

    #[test]
    fn everything_else_is_left_to_serde() {
        for text in [
            r#"{"s":"\u0061","q":"1"}"#,
            r#"{"s":"a","q":1e-7}"#,
            r#"{"s":"a","q":0.5E3}"#,
            r#"{"s":"a","q":1.}"#,
            r#"{"s":"a","q":.5}"#,
            r#"{"s":"a","q":-}"#,
            r#"{"s":"a","q":1.5.5}"#,
            r#"{"s":"a","q":00.5}"#,
            r#"{"s":"a","q":01}"#,
            r#"{"s":"a"}"#,
            r#"{"s":"a","q":"1","q":"2"}"#,
            r#"{"s":"a","q":true}"#,
            r#"{"s":"a","q":"1","unknown":[[[[[[[[[]]]]]]]]]}"#,
            r#"{"s":"a","q":"1","unknown":{"a"}}"#,
            r#"{"s":"a","q":"1","unknown":[1,]}"#,
            r#"{"s":"a","q":"1","r":"\n"}"#,
            r#"{"s":"a","q":"1"}}"#,
            r#"{"s":"a","q":"1""#,
            r#"{"s":"a","q":"1",}"#,
            r#"{"s":"a","q":nul}"#,
            "",
        ] {
            assert_eq!(fast(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn where_the_fast_road_arrives_serde_arrives_too(text in r#"\{("(s|q|m|N|b|r|u)":("[0-9a-z"\\]{0,3}"|-?[0-9.e]{1,5}|true|null|\[\]|\[\["1",2.5\]\]|\{"a":[0-9.,]{1,3}\}),? ?){0,5}\} ?"#) {
            if let Some(message) = fast(&text) {
                prop_assert_eq!(message, json::read(&text).unwrap());
            }
        }
    }
}
