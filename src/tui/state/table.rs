//! A list that is held whole: rows, filter, chosen row.

use super::cursor::Cursor;
use super::filter;

/// What a row of a list is known by and searched by.
pub trait Row {
    /// Its stable key.
    type Key: Clone + PartialEq;
    /// Its key.
    fn key(&self) -> Self::Key;
    /// The words that a filter looks at.
    fn words(&self) -> String;
}

/// Rows with a filter and a chosen one.
#[derive(Debug)]
pub struct Table<R: Row> {
    rows: Vec<R>,
    passing: Vec<usize>,
    /// The filter as written.
    pub filter: String,
    /// The chosen row.
    pub cursor: Cursor<R::Key>,
    /// Whether it was read at all.
    pub loaded: bool,
}

impl<R: Row> Default for Table<R> {
    fn default() -> Self {
        Self {
            rows: vec![],
            passing: vec![],
            filter: String::new(),
            cursor: Cursor::default(),
            loaded: false,
        }
    }
}

impl<R: Row> Table<R> {
    /// Takes new rows; the chosen one stays chosen.
    pub fn replace(&mut self, rows: Vec<R>, height: usize) {
        self.rows = rows;
        self.loaded = true;
        self.sift(height);
    }

    /// Takes a new filter.
    pub fn set_filter(&mut self, filter: &str, height: usize) {
        filter.clone_into(&mut self.filter);
        self.sift(height);
    }

    fn sift(&mut self, height: usize) {
        self.passing = (0..self.rows.len())
            .filter(|index| {
                self.filter.is_empty() || filter::passes(&self.filter, &self.rows[*index].words())
            })
            .collect();
        self.cursor.settle(&self.keys(), height);
    }

    /// The keys of the rows that pass, in order.
    pub fn keys(&self) -> Vec<R::Key> {
        self.visible().map(Row::key).collect()
    }

    /// The rows that pass, in order.
    pub fn visible(&self) -> impl Iterator<Item = &R> {
        self.passing
            .iter()
            .filter_map(|index| self.rows.get(*index))
    }

    /// How many pass.
    pub fn count(&self) -> usize {
        self.passing.len()
    }

    /// All rows, whether they pass or not.
    pub fn all(&self) -> &[R] {
        &self.rows
    }

    /// The chosen row.
    pub fn chosen(&self) -> Option<&R> {
        let key = self.cursor.key.as_ref()?;
        self.visible().find(|row| row.key() == *key)
    }

    /// Moves the choice.
    pub fn step(&mut self, by: isize, height: usize) {
        let keys = self.keys();
        self.cursor.step(by, &keys, height);
    }
}
