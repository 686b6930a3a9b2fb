//! The fast road through a message: plain JSON, as venues write it, read once and borrowed throughout.
//!
//! It knows strings without escapes, numbers without an exponent, words, objects and lists. Whatever else it meets (an escape, a member twice,
//! a member missing, a value of another kind, broken JSON) it gives up without a verdict, and serde reads the message
//! again from the start: what is right and what an error says is decided there alone.

use crate::eight;
use crate::json::{self, DecodeError, Num, Raw, Text};
use serde::Deserialize;

/// A message of this shape, by the fast road where that leads to the end, and by serde where it does not.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn read<'a, T: Plain<'a> + Deserialize<'a>>(text: &'a str) -> Result<T, DecodeError> {
    let mut scan = Scan::new(text);
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

/// How deep lists and objects that nobody wants may be nested.
const DEEPEST: u8 = 8;

/// A place in a message.
pub struct Scan<'a> {
    text: &'a str,
    rest: &'a [u8],
}

impl<'a> Scan<'a> {
    const fn new(text: &'a str) -> Self {
        Self { text, rest: text.as_bytes() }
    }

    /// The next byte that is not space.
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        match self.rest.first() {
            Some(byte) if *byte > b' ' => Some(*byte),
            _ => self.peek_past_space(),
        }
    }

    #[cold]
    fn peek_past_space(&mut self) -> Option<u8> {
        while let [b' ' | b'\t' | b'\n' | b'\r', rest @ ..] = self.rest {
            self.rest = rest;
        }
        self.rest.first().copied()
    }

    #[inline]
    fn eat(&mut self, wanted: u8) -> bool {
        self.peek() == Some(wanted) && self.eat_here(wanted)
    }

    #[inline]
    fn eat_here(&mut self, wanted: u8) -> bool {
        match self.rest {
            [first, rest @ ..] if *first == wanted => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// Passes so many bytes.
    #[inline]
    fn skip(&mut self, count: usize) {
        self.rest = self.rest.get(count..).unwrap_or_default();
    }

    fn is_at_end(&mut self) -> bool {
        self.peek().is_none()
    }

    const fn at(&self) -> usize {
        self.text.len() - self.rest.len()
    }

    /// Gives the name of each member to `member`, which takes its value.
    #[inline]
    pub fn object(&mut self, mut member: impl FnMut(&mut Self, &'a [u8]) -> Option<()>) -> Option<()> {
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
            self.skip(1);
            match end {
                b',' => {}
                b'}' => return Some(()),
                _ => return None,
            }
        }
    }

    /// The name of a member, and the colon after it. Where venues write one letter or two, the road is shorter.
    #[inline]
    fn name(&mut self) -> Option<&'a [u8]> {
        let plain = |letter: u8| letter >= b'A' && letter != b'\\';
        let [b'"', name @ ..] = self.rest else { return self.longer_name() };
        match name {
            [one, b'"', b':', rest @ ..] if plain(*one) => {
                self.rest = rest;
                name.get(..1)
            }
            [one, two, b'"', b':', rest @ ..] if plain(*one) && plain(*two) => {
                self.rest = rest;
                name.get(..2)
            }
            _ => self.longer_name(),
        }
    }

    fn longer_name(&mut self) -> Option<&'a [u8]> {
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
            b'"' => self.quoted().map(|_| ()),
            b'-' | b'0'..=b'9' => self.number().map(|_| ()),
            b'{' if depth > 0 => self.object(|scan, _| scan.pass_within(depth - 1)),
            b'[' if depth > 0 => self.list(|scan| scan.pass_within(depth - 1)),
            b'n' => self.word("null"),
            _ => self.truth().map(|_| ()),
        }
    }

    /// The text of the value that comes next, whatever it is.
    fn raw(&mut self) -> Option<&'a str> {
        self.peek()?;
        let from = self.at();
        self.pass()?;
        self.text.get(from..self.at())
    }

    fn string(&mut self) -> Option<&'a str> {
        let length = self.quoted()?.len();
        let to = self.at() - 1;
        self.text.get(to - length..to)
    }

    /// The string that comes next, as bytes.
    #[inline(always)]
    fn quoted(&mut self) -> Option<&'a [u8]> {
        if !self.eat(b'"') {
            return None;
        }
        let (text, rest) = self.rest.split_at_checked(eight::plain_length(self.rest))?;
        self.rest = rest;
        self.eat_here(b'"').then_some(text)
    }

    fn truth(&mut self) -> Option<bool> {
        match self.peek()? {
            b't' => self.word("true").map(|()| true),
            b'f' => self.word("false").map(|()| false),
            _ => None,
        }
    }

    fn word(&mut self, word: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(word.as_bytes())?;
        Some(())
    }

    /// `-?(0|[1-9][0-9]*)(\.[0-9]+)?`; an exponent is rare enough to be left to serde.
    fn number(&mut self) -> Option<&'a str> {
        let from = self.at();
        self.eat_here(b'-');
        let leading_zero = self.rest.first() == Some(&b'0');
        let whole = self.digits();
        if whole == 0 || leading_zero && whole > 1 {
            return None;
        }
        if self.eat_here(b'.') && self.digits() == 0 {
            return None;
        }
        if matches!(self.rest.first(), Some(b'e' | b'E')) {
            return None;
        }
        self.text.get(from..self.at())
    }

    /// Passes digits, and says how many.
    #[inline]
    fn digits(&mut self) -> usize {
        let count = eight::digits_length(self.rest);
        self.skip(count);
        count
    }
}

impl<'a> Plain<'a> for Num<'a> {
    fn take(scan: &mut Scan<'a>) -> Option<Self> {
        match scan.peek()? {
            b'"' => scan.string().map(Self),
            b'n' => scan.word("null").map(|()| Self("")),
            _ => scan.number().map(Self),
        }
    }
}

impl<'a> Plain<'a> for Text<'a> {
    fn take(scan: &mut Scan<'a>) -> Option<Self> {
        scan.string().map(Self::borrowed)
    }
}

impl<'a> Plain<'a> for Raw<'a> {
    fn take(scan: &mut Scan<'a>) -> Option<Self> {
        scan.raw().map(Self)
    }
}

impl<'a> Plain<'a> for &'a str {
    fn take(scan: &mut Scan<'a>) -> Option<Self> {
        scan.string()
    }
}

impl<'a> Plain<'a> for bool {
    fn take(scan: &mut Scan<'a>) -> Option<Self> {
        scan.truth()
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
                    match name {
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
        let mut scan = Scan::new(text);
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
