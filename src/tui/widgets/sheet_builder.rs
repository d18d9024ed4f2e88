//! Fills a sheet from the top, wrapped to a width: paragraphs, labelled facts, steps, fields, rows.

use super::sheet::{Piece, Sheet, piece};
use crate::domain;
use crate::tui::{
    hidden::Hidden,
    text,
    theme::{Glyphs, Ink},
};
use tui_input::Input;
use unicode_width::UnicodeWidthStr;

/// Columns of the labels left of fields and facts, where there is room.
const LABEL: usize = 18;
/// The same on pages narrower than `ROOMY`.
const SHORT_LABEL: usize = 12;
/// Widths from which labels have all their columns.
const ROOMY: usize = 60;
/// Widths below which labels stand above instead of beside.
const NARROW: usize = 30;

/// Fills a sheet.
pub struct SheetBuilder<'a> {
    sheet: Sheet,
    width: usize,
    glyphs: &'a Glyphs,
}

impl<'a> SheetBuilder<'a> {
    /// An empty page of this width.
    pub fn new(title: impl Into<String>, width: u16, glyphs: &'a Glyphs) -> Self {
        Self {
            sheet: Sheet {
                title: title.into(),
                ..Sheet::default()
            },
            width: usize::from(width).max(1),
            glyphs,
        }
    }

    /// How many lines it has so far.
    pub fn length(&self) -> usize {
        self.sheet.lines.len()
    }

    /// Where in a row of pages one is.
    pub fn place(&mut self, place: impl Into<String>) {
        self.sheet.place = place.into();
    }

    /// An empty line.
    pub fn gap(&mut self) {
        if self.sheet.lines.last().is_some_and(|line| !line.is_empty()) {
            self.sheet.lines.push(vec![]);
        }
    }

    /// A text over the full width.
    pub fn paragraph(&mut self, content: &str, ink: Ink) {
        for line in text::wrap(content, self.width) {
            self.line(vec![Piece { text: line, ink }]);
        }
    }

    /// A secret in the clear, over the full width: its characters are put into the cells one by one and into no other text.
    pub fn secret(&mut self, secret: &Hidden) {
        let lines = secret.length().div_ceil(self.width).max(1);
        self.sheet.secret = Some((self.sheet.lines.len(), secret.clone()));
        for _ in 0..lines {
            self.line(vec![piece("", Ink::Text)]);
        }
    }

    /// One line as it is, cut at the width.
    pub fn line(&mut self, pieces: Vec<Piece>) {
        self.sheet.lines.push(pieces);
    }

    /// A label and what belongs to it; nothing where there is nothing to say.
    pub fn fact(&mut self, label: &str, content: &str, ink: Ink) {
        if content.is_empty() {
            return;
        }
        let indent = self.indent();
        let above = indent == 0 || label.width() >= indent;
        if above && !label.is_empty() {
            self.line(vec![piece(label, Ink::Dim)]);
        }
        let room = self.width.saturating_sub(indent.max(2));
        for (place, line) in text::wrap(content, room).into_iter().enumerate() {
            let left = if place == 0 && !above {
                text::fit(label, indent, self.glyphs)
            } else {
                " ".repeat(indent.max(2))
            };
            self.line(vec![piece(&left, Ink::Dim), Piece { text: line, ink }]);
        }
    }

    /// A label and an address that can be followed.
    pub fn address(&mut self, label: &str, address: &str) {
        let first = self.sheet.lines.len();
        self.fact(label, address, Ink::Key);
        let left = self.indent().max(2);
        for line in first..self.sheet.lines.len() {
            let Some([_, shown]) = self.sheet.lines.get(line).map(Vec::as_slice) else {
                continue;
            };
            let width = u16::try_from(shown.text.width()).unwrap_or(0);
            let column = u16::try_from(left).unwrap_or(0);
            self.sheet
                .links
                .push((line, column, width, address.to_owned()));
        }
    }

    /// Numbered or listed sentences.
    pub fn steps(&mut self, sentences: &[String]) {
        for (place, sentence) in sentences.iter().enumerate() {
            let room = self.width.saturating_sub(4);
            for (line, content) in text::wrap(sentence, room).into_iter().enumerate() {
                let number = if line == 0 {
                    format!(" {:>2} ", place + 1)
                } else {
                    "    ".to_owned()
                };
                self.line(vec![piece(&number, Ink::Dim), piece(&content, Ink::Text)]);
            }
        }
    }

    /// A line of text to be edited; one that was proposed looks chosen, since typing replaces it.
    pub fn text_field(&mut self, label: &str, input: &Input, focused: bool, proposed: bool) {
        let room = self.begin_field(label, focused);
        let scroll = input.visual_scroll(room.saturating_sub(1));
        let shown = cut_left(input.value(), scroll);
        let shown = text::fit(
            &shown,
            room,
            &Glyphs {
                ellipsis: "",
                ..*self.glyphs
            },
        );
        let at = input.visual_cursor().saturating_sub(scroll);
        if proposed && focused {
            let text = shown.trim_end();
            let rest = " ".repeat(shown.width().saturating_sub(text.width()));
            self.end_field(&[(text, Ink::Selected), (&rest, Ink::Resting)], focused, at);
        } else {
            self.end_field(&[(&shown, Ink::Resting)], focused, at);
        }
    }

    /// A secret: masked, with its length and, when it is long enough, its last four.
    pub fn secret_field(&mut self, label: &str, hidden: &Hidden, focused: bool) {
        let room = self.begin_field(label, focused);
        let length = hidden.length();
        let mask = self
            .glyphs
            .mask
            .repeat(length.min(room.saturating_sub(1)).min(32));
        let mask_width = mask.width();
        let mut said = String::new();
        if length > 0 {
            said = format!(
                "  {}",
                text::counted(length as u64, "character", "characters")
            );
            let ending = domain::last_four(hidden.reveal());
            if !ending.is_empty() {
                said.push_str(", ends in ");
                said.push_str(&ending);
            }
        }
        let shown = text::fit(&format!("{mask}{said}"), room, self.glyphs);
        self.end_field(&[(&shown, Ink::Resting)], focused, mask_width);
    }

    /// A choice: its meaning between signs that say it can be changed.
    pub fn choice_field(&mut self, label: &str, meaning: &str, focused: bool) {
        let room = self.begin_field(label, focused);
        let shown = if focused {
            format!("< {meaning} >")
        } else {
            format!("  {meaning}")
        };
        let shown = domain::shorten(&shown, room, self.glyphs.ellipsis);
        if let Some(line) = self.sheet.lines.last_mut() {
            line.push(piece(
                &shown,
                if focused { Ink::Selected } else { Ink::Text },
            ));
        }
    }

    fn begin_field(&mut self, label: &str, focused: bool) -> usize {
        if focused {
            self.focus_here();
        }
        let ink = if focused { Ink::Key } else { Ink::Text };
        let indent = self.indent();
        if indent == 0 || label.width() >= indent {
            let indent = indent.max(2);
            self.line(vec![piece(label, ink)]);
            self.line(vec![piece(&" ".repeat(indent), Ink::Dim)]);
            return self.width.saturating_sub(indent);
        }
        let label = text::fit(label, indent - 1, self.glyphs);
        self.line(vec![piece(&label, ink), piece(" ", Ink::Text)]);
        self.width.saturating_sub(indent)
    }

    fn end_field(&mut self, shown: &[(&str, Ink)], focused: bool, at: usize) {
        let last = self.sheet.lines.len().saturating_sub(1);
        let Some(line) = self.sheet.lines.last_mut() else {
            return;
        };
        let left: usize = line.iter().map(|piece| piece.text.width()).sum();
        line.extend(shown.iter().map(|(text, ink)| piece(text, *ink)));
        if focused {
            self.sheet.cursor = Some((last, u16::try_from(left + at).unwrap_or(u16::MAX)));
        }
    }

    /// A word below a field.
    pub fn remark(&mut self, content: &str, ink: Ink) {
        let indent = self.indent().max(2);
        let room = self.width.saturating_sub(indent);
        for line in text::wrap(content, room) {
            self.line(vec![
                piece(&" ".repeat(indent), Ink::Dim),
                Piece { text: line, ink },
            ]);
        }
    }

    /// A row of a list that can be chosen: the name, and what is said of it.
    pub fn row(&mut self, chosen: bool, name: &str, said: &str, name_width: usize) {
        if chosen {
            self.focus_here();
        }
        let cursor = if chosen { self.glyphs.cursor } else { " " };
        let name = text::fit(
            name,
            name_width.min(self.width.saturating_sub(2)),
            self.glyphs,
        );
        let ink = if chosen { Ink::Selected } else { Ink::Text };
        self.line(vec![
            piece(&format!("{cursor} "), Ink::Text),
            piece(&name, ink),
            piece("  ", Ink::Text),
            piece(said, Ink::Dim),
        ]);
    }

    /// A button at the bottom of the page.
    pub fn button(&mut self, label: &str, focused: bool) {
        self.sheet.buttons.push((label.to_owned(), focused));
    }

    /// The line about to be written must be in sight.
    pub fn focus_here(&mut self) {
        self.sheet.focus = self.sheet.lines.len();
    }

    /// This line must be in sight; for pages that are only read.
    pub fn scroll_to(&mut self, line: usize) {
        self.sheet.focus = line.min(self.sheet.lines.len().saturating_sub(1));
    }

    /// A key and what it does here.
    pub fn hint(&mut self, key: impl Into<String>, does: impl Into<String>) {
        self.sheet.hints.push((key.into(), does.into()));
    }

    /// The page.
    pub fn done(self) -> Sheet {
        self.sheet
    }

    fn indent(&self) -> usize {
        match self.width {
            ROOMY.. => LABEL,
            NARROW.. => SHORT_LABEL,
            _ => 0,
        }
    }
}

fn cut_left(value: &str, columns: usize) -> String {
    let mut skipped = 0;
    value
        .chars()
        .skip_while(|character| {
            let skip = skipped < columns;
            skipped += UnicodeWidthStr::width(character.to_string().as_str());
            skip
        })
        .collect()
}
