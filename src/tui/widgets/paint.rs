//! Writing into the buffer: never outside an area, always cleaned text.

use crate::domain;
use crate::tui::theme::{Ink, Look};
use ratatui::{buffer::Buffer, layout::Rect, style::Style};
use unicode_width::UnicodeWidthStr;

/// A brush on a buffer with a look.
pub struct Paint<'a> {
    pub buffer: &'a mut Buffer,
    pub look: &'a Look,
}

impl Paint<'_> {
    /// Writes a text at a place of an area, cut to `width` and to the area. Answers the columns it took.
    pub fn text(&mut self, area: Rect, x: u16, y: u16, width: u16, text: &str, ink: Ink) -> u16 {
        let style = self.look.style(ink);
        self.styled(area, x, y, width, text, style)
    }

    /// The same with a style of its own.
    pub fn styled(
        &mut self,
        area: Rect,
        x: u16,
        y: u16,
        width: u16,
        text: &str,
        style: Style,
    ) -> u16 {
        let room = width.min(area.width.saturating_sub(x));
        if room == 0 || y >= area.height {
            return 0;
        }
        let text = domain::shorten(
            &domain::clean(text).replace('\n', " "),
            usize::from(room),
            self.look.glyphs.ellipsis,
        );
        self.buffer
            .set_stringn(area.x + x, area.y + y, &text, usize::from(room), style);
        u16::try_from(text.width()).unwrap_or(room)
    }

    /// A rule down the middle of the three columns left of an area.
    pub fn rule_before(&mut self, area: Rect) {
        if self.look.plain || area.x < 2 {
            return;
        }
        let style = self.look.style(Ink::Rule);
        for y in area.top()..area.bottom() {
            self.buffer
                .set_string(area.x - 2, y, self.look.glyphs.rule, style);
        }
    }
}
