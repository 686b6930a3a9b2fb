//! Messages that came while the account was read, and follow its snapshot.

use std::collections::VecDeque;

/// So many messages wait: a busy account's of half a minute.
const FRAMES: usize = 65_536;

pub(super) struct Waiting {
    frames: VecDeque<Vec<u8>>,
    bytes: usize,
    most_bytes: usize,
}

impl Waiting {
    pub(super) fn new(most_bytes: usize) -> Self {
        Self { frames: VecDeque::new(), bytes: 0, most_bytes }
    }

    /// Whether there was room for it.
    pub(super) fn push(&mut self, frame: Vec<u8>) -> bool {
        let bytes = self.bytes.saturating_add(frame.len());
        let has_room = self.frames.len() < FRAMES && bytes <= self.most_bytes;
        if has_room {
            self.bytes = bytes;
            self.frames.push_back(frame);
        }
        has_room
    }

    pub(super) fn pop(&mut self) -> Option<Vec<u8>> {
        let frame = self.frames.pop_front()?;
        self.bytes = self.bytes.saturating_sub(frame.len());
        Some(frame)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    pub(super) fn clear(&mut self) {
        (self.frames, self.bytes) = (VecDeque::new(), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_wait_up_to_a_number_and_a_size() {
        let mut waiting = Waiting::new(10);
        assert_eq!([4, 6, 1].map(|size| waiting.push(vec![0; size])), [true, true, false]);
        assert_eq!(waiting.pop().map(|it| it.len()), Some(4));
        assert_eq!([5, 4].map(|size| waiting.push(vec![0; size])), [false, true]);
        waiting.clear();
        assert!(waiting.is_empty() && waiting.push(vec![0; 10]));

        let mut waiting = Waiting::new(10);
        assert!((0..FRAMES).all(|_| waiting.push(Vec::new())));
        assert!(!waiting.push(Vec::new()));
    }
}
