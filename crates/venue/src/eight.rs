//! Eight bytes of a message at a time, each in its own part of one number: where a text or a number ends, and what
//! digits are worth.

/// This in each of eight bytes.
const fn each(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

const HIGH: u64 = each(0x80);

/// How many bytes from the first on are plain text: before a quote, a backslash, what JSON wants escaped, or the end.
#[inline]
pub(crate) fn plain_length(bytes: &[u8]) -> usize {
    length_before(bytes, not_plain)
}

/// How many bytes from the first on are digits.
#[inline]
pub(crate) fn digits_length(bytes: &[u8]) -> usize {
    length_before(bytes, not_digits)
}

/// The number that eight digits write.
#[inline]
pub(crate) fn number(digits: [u8; 8]) -> Option<u64> {
    let eight = u64::from_le_bytes(digits);
    if not_digits(eight) != 0 {
        return None;
    }
    // Neighbours are joined: digits to pairs, pairs to fours, fours to the number. The first byte, which is worth most,
    // is the lowest.
    let pairs = ((eight & each(0x0f)).wrapping_mul((10 << 8) | 1) >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul((100 << 16) | 1) >> 16) & 0x0000_ffff_0000_ffff;
    Some(fours.wrapping_mul((10_000 << 32) | 1) >> 32)
}

/// Where the first mark is that `marks` leaves on eight bytes, on their highest bits. It marks zeros, so the bytes' end is
/// found too.
#[inline]
fn length_before(bytes: &[u8], marks: fn(u64) -> u64) -> usize {
    let mut rest = bytes;
    while let Some((eight, after)) = rest.split_first_chunk() {
        let marked = marks(u64::from_le_bytes(*eight));
        if marked != 0 {
            return bytes.len() - rest.len() + first(marked);
        }
        rest = after;
    }
    bytes.len() - rest.len() + length_at_end(rest, marks)
}

/// The same of the last bytes, fewer than eight.
#[cold]
#[inline(never)]
fn length_at_end(bytes: &[u8], marks: fn(u64) -> u64) -> usize {
    let mut eight = [0; 8];
    for (to, from) in eight.iter_mut().zip(bytes) {
        *to = *from;
    }
    first(marks(u64::from_le_bytes(eight)))
}

/// The place of the first byte that is marked.
const fn first(marked: u64) -> usize {
    marked.trailing_zeros() as usize / 8
}

/// Marks quotes, backslashes and control characters.
const fn not_plain(eight: u64) -> u64 {
    below(eight, 0x20) | below(eight ^ each(b'"'), 1) | below(eight ^ each(b'\\'), 1)
}

/// Marks bytes below `limit`, which is at most 128. After the first mark there may be wrong ones, by a borrow.
const fn below(eight: u64, limit: u8) -> u64 {
    eight.wrapping_sub(each(limit)) & !eight & HIGH
}

/// Marks bytes that are no digits.
const fn not_digits(eight: u64) -> u64 {
    let worth = eight ^ each(b'0');
    (((worth & !HIGH) + each(0x80 - 10)) | worth) & HIGH
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn plain_text_ends_where_a_look_at_each_byte_ends_it(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let ends = |byte: &u8| *byte < 0x20 || matches!(byte, b'"' | b'\\');
            prop_assert_eq!(plain_length(&bytes), bytes.iter().position(ends).unwrap_or(bytes.len()));
        }

        #[test]
        fn digits_end_where_a_look_at_each_byte_ends_them(bytes in r"[0-9]{0,30}[\x00-\x7fé]{0,20}") {
            let digits = bytes.bytes().take_while(u8::is_ascii_digit).count();
            prop_assert_eq!(digits_length(bytes.as_bytes()), digits);
        }

        #[test]
        fn eight_digits_are_the_number_that_they_write(value in 0_u64..100_000_000) {
            let text = format!("{value:08}");
            prop_assert_eq!(number(text.as_bytes().try_into().unwrap()), Some(value));
        }

        #[test]
        fn what_is_not_eight_digits_is_no_number(bytes in any::<[u8; 8]>()) {
            prop_assert_eq!(number(bytes).is_some(), bytes.iter().all(u8::is_ascii_digit));
        }
    }
}
