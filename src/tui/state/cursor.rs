//! The chosen row of a list, held by the row's key and never by its number alone, so that it survives refresh and filter.

/// Rows kept in sight when the list turns a page.
const CONTEXT: usize = 3;

/// The chosen row, and the first row in sight.
#[derive(Debug, Clone, PartialEq)]
pub struct Cursor<K> {
    /// The chosen row's key.
    pub key: Option<K>,
    /// Where it stood last.
    pub index: usize,
    top: usize,
}

impl<K> Default for Cursor<K> {
    fn default() -> Self {
        Self {
            key: None,
            index: 0,
            top: 0,
        }
    }
}

impl<K: Clone + PartialEq> Cursor<K> {
    /// Finds its row again after the rows changed; a row that is gone gives way to the one in its place.
    pub fn settle(&mut self, rows: &[K], height: usize) {
        let found = self
            .key
            .as_ref()
            .and_then(|key| rows.iter().position(|row| row == key));
        self.go(found.unwrap_or(self.index), rows, height);
    }

    /// Chooses a row by number, or the last one.
    pub fn go(&mut self, index: usize, rows: &[K], height: usize) {
        self.index = index.min(rows.len().saturating_sub(1));
        self.key = rows.get(self.index).cloned();
        self.top = self.top(rows.len(), height);
    }

    /// Moves by some rows.
    pub fn step(&mut self, by: isize, rows: &[K], height: usize) {
        self.go(self.index.saturating_add_signed(by), rows, height);
    }

    /// The first row in sight in a list of this height. The list turns by most of its height: scrolling by single
    /// rows would send the whole list for every key.
    pub fn top(&self, count: usize, height: usize) -> usize {
        let height = height.max(1);
        let context = CONTEXT.min(height.saturating_sub(1) / 2);
        let top = if self.index < self.top {
            (self.index + context + 1).saturating_sub(height)
        } else if self.index >= self.top + height {
            self.index.saturating_sub(context)
        } else {
            self.top
        };
        top.min(count.saturating_sub(height))
    }

    /// How far a page key moves.
    pub fn page(height: usize) -> isize {
        isize::try_from(height.saturating_sub(CONTEXT).max(1)).unwrap_or(isize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_row_is_always_in_sight_and_pages_turn() {
        let rows: Vec<u32> = (0..50).collect();
        let mut cursor = Cursor::default();
        let mut turns = 0;
        for _ in 0..49 {
            let before = cursor.top(rows.len(), 10);
            cursor.step(1, &rows, 10);
            let top = cursor.top(rows.len(), 10);
            turns += usize::from(top != before);
            assert!((top..top + 10).contains(&cursor.index));
        }
        assert!(
            turns < 9,
            "the list scrolled {turns} times instead of turning"
        );
        cursor.step(-100, &rows, 10);
        assert_eq!((cursor.index, cursor.top(rows.len(), 10)), (0, 0));
    }

    #[test]
    fn the_choice_follows_its_row_and_outlives_it() {
        let mut cursor = Cursor::default();
        cursor.go(2, &["a", "b", "c"], 10);
        cursor.settle(&["0", "a", "b", "c"], 10);
        assert_eq!((cursor.index, cursor.key), (3, Some("c")));
        cursor.settle(&["0", "a"], 10);
        assert_eq!(cursor.key, Some("a"));
        cursor.settle(&[], 0);
        assert_eq!(cursor.key, None);
    }
}
