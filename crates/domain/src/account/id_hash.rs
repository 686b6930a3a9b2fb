//! Where ids, and notices without one, are kept in the tables of what is known.

use std::hash::{BuildHasherDefault, Hasher};

/// Ids are a venue's own and not chosen to collide, so that the standard library's protection against that is not wanted
/// here. It was an eighth of a fill's way from its bytes to the account.
pub(crate) type ByIds = BuildHasherDefault<IdHasher>;

/// Eight bytes at a time, each time stirred by a multiplication.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct IdHasher(u64);

/// The golden ratio's share of 2⁶⁴, made odd: its multiples are spread evenly.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

impl IdHasher {
    const fn stir(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(SPREAD);
    }
}

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (eights, rest) = bytes.as_chunks();
        for eight in eights {
            self.stir(u64::from_le_bytes(*eight));
        }
        let rest = rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
        self.stir(rest);
    }

    fn write_u8(&mut self, byte: u8) {
        self.stir(u64::from(byte));
    }

    /// A product's high bits depend on every byte, its low ones do not, and tables use the low ones first.
    fn finish(&self) -> u64 {
        (self.0 ^ (self.0 >> 32)).wrapping_mul(SPREAD).rotate_left(29)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::OrderId;
    use std::collections::HashSet;
    use std::hash::BuildHasher;

    /// How many of as many places as there are ids, by the low bits as tables choose them: by chance 63 of 100 would be
    /// used. And how many of the 128 marks that tables tell neighbours by, which are the high bits.
    fn used(ids: impl Iterator<Item = String>) -> (usize, usize) {
        let hash = |id: String| ByIds::default().hash_one((false, OrderId::new(id)));
        let hashes: Vec<u64> = ids.map(hash).collect();
        let count = |part: fn(u64) -> u64| hashes.iter().map(|hash| part(*hash)).collect::<HashSet<_>>().len();
        (count(|hash| hash % 4096), count(|hash| hash >> 57))
    }

    #[test]
    fn the_ids_of_every_venue_are_spread_over_the_table() {
        type Numbered = fn(usize) -> String;
        let ids: [(&str, Numbered); 5] = [
            ("in a row", |it| (70_010_001 + it).to_string()),
            ("with gaps", |it| (8_389_765_000_000 + it * 10_000).to_string()),
            ("a venue's 19 digits", |it| format!("{}", 1_298_533_424_000_000_000_u64 + it as u64 * 4_194_304)),
            ("ours", |it| format!("pl0a1b2{it:012}x9y8z700")),
            ("backwards", |it| it.to_string().chars().rev().collect()),
        ];
        for (name, id) in ids {
            let (places, marks) = used((0..4096).map(id));
            assert!(places > 2400 && marks == 128, "{name}: {places} of 4096 places, {marks} of 128 marks");
        }
    }
}
