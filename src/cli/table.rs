//! Calm tables and paragraphs for a terminal of any width.

use super::output::Output;
use crate::domain::shorten;
use unicode_width::UnicodeWidthStr;

/// The narrowest the last column is cut to before others give way, and the narrowest of those: a date stays whole.
const NARROW: (usize, usize) = (10, 16);
/// The narrowest any column is cut to.
const NARROWEST: usize = 6;

/// Rows under a head, columns two spaces apart.
pub struct Table {
    head: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns.
    pub fn new(head: &[&'static str]) -> Self {
        Self {
            head: head.to_vec(),
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }

    /// The table. For a terminal, its last and widest columns are cut until it fits; the first stays whole while there is
    /// another, because it is what one types next.
    pub fn render(&self, output: &Output) -> String {
        let available = if output.fit { output.width } else { usize::MAX };
        let widths = self.widths(available);
        let mut text = String::new();
        let head: Vec<String> = self.head.iter().map(|&cell| cell.to_owned()).collect();
        for row in std::iter::once(&head).chain(&self.rows) {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                let cell = shorten(cell, *width, output.ellipsis());
                line.push_str(&cell);
                line.push_str(&" ".repeat(width.saturating_sub(cell.width()) + 2));
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    fn widths(&self, available: usize) -> Vec<usize> {
        let mut widths: Vec<usize> = self.head.iter().map(|cell| cell.width()).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        let gaps = widths.len().saturating_sub(1) * 2;
        while widths.iter().sum::<usize>() + gaps > available {
            let Some((last, others)) = widths.split_last_mut() else {
                break;
            };
            let (first, between) = match others.split_first_mut() {
                Some((first, between)) => (Some(first), between),
                None => (None, others),
            };
            match between.iter_mut().max() {
                _ if *last > NARROW.0 => *last -= 1,
                Some(widest) if *widest > NARROW.1 => *widest -= 1,
                _ if *last > NARROWEST => *last -= 1,
                Some(widest) if *widest > NARROWEST => *widest -= 1,
                _ => match first {
                    Some(first) if *first > NARROWEST => *first -= 1,
                    _ => break,
                },
            }
        }
        widths
    }
}

/// A heading with indented lines, for what is shown in full.
#[derive(Default)]
pub struct Page {
    text: String,
}

impl Page {
    /// A heading, with a free line before it.
    pub fn heading(&mut self, heading: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(heading);
        self.text.push('\n');
    }

    /// A name and its value, wrapped.
    pub fn field(&mut self, output: &Output, name: &str, value: &str) {
        if value.is_empty() {
            return;
        }
        let indent = 18;
        let lines = wrap(value, output.width.saturating_sub(indent));
        for (number, line) in lines.iter().enumerate() {
            let name = if number == 0 { name } else { "" };
            let gap = indent.saturating_sub(2 + name.width()).max(1);
            self.text.push_str("  ");
            self.text.push_str(name);
            self.text.push_str(&" ".repeat(gap));
            self.text.push_str(line);
            self.text.push('\n');
        }
    }

    /// A line of its own, wrapped, after a sign such as "-" or "1".
    pub fn item(&mut self, output: &Output, sign: &str, value: &str) {
        let indent = 4 + sign.width().saturating_sub(1);
        for (number, line) in wrap(value, output.width.saturating_sub(indent))
            .iter()
            .enumerate()
        {
            let sign = if number == 0 { sign } else { "" };
            self.text.push_str("  ");
            self.text.push_str(sign);
            self.text
                .push_str(&" ".repeat(indent.saturating_sub(2 + sign.width())));
            self.text.push_str(line);
            self.text.push('\n');
        }
    }

    /// Text as it is.
    pub fn push(&mut self, text: &str) {
        self.text.push_str(text);
        if !text.ends_with('\n') {
            self.text.push('\n');
        }
    }

    /// The whole page.
    pub fn render(self) -> String {
        self.text
    }
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.width() + 1 + word.width() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(width: usize) -> Output {
        Output {
            json: false,
            ascii: true,
            plain: true,
            width,
            fit: true,
            sandbox: false,
        }
    }

    #[test]
    fn a_table_fits_and_says_what_it_cut() {
        let mut table = Table::new(&["name", "note"]);
        table.row(["short".to_owned(), "x".repeat(200)]);
        let text = table.render(&output(80));
        assert!(text.lines().all(|line| line.width() <= 80), "{text}");
        assert!(text.lines().nth(1).unwrap().ends_with('~'), "{text}");
        assert!(text.starts_with("name   note"), "{text}");
    }

    #[test]
    fn what_one_types_next_stays_whole_and_nothing_is_cut_for_a_program() {
        let mut table = Table::new(&["id", "community", "what to do"]);
        let id = "a-community-with-a-long-name/a-platform";
        table.row([id.to_owned(), "y".repeat(60), "x".repeat(200)]);
        let text = table.render(&output(80));
        assert!(text.lines().all(|line| line.width() <= 80), "{text}");
        assert!(text.contains(id), "{text}");
        let mut piped = output(80);
        piped.fit = false;
        assert!(table.render(&piped).contains(&"x".repeat(200)));
    }

    #[test]
    fn long_values_are_wrapped_under_their_name() {
        let mut page = Page::default();
        page.heading("One");
        page.field(
            &output(40),
            "about",
            "many words that do not fit in one line",
        );
        let text = page.render();
        assert!(text.lines().all(|line| line.width() <= 40), "{text}");
        assert_eq!(text.matches("about").count(), 1);
    }
}
