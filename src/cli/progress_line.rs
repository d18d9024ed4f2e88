//! One line on standard error that says how far the work is, renewed in place while a person looks at it.

use super::{
    hall::{Context, Hall},
    shapes::progress_words,
};
use crate::domain::OperationId;
use std::{
    io::Write,
    time::{Duration, Instant},
};

/// How often the line is renewed.
pub const TICK: Duration = Duration::from_millis(200);

/// The line; nothing of it is written where nobody looks.
pub struct ProgressLine {
    is_shown: bool,
    is_drawn: bool,
    since: Instant,
    titles: Vec<(OperationId, String)>,
    width: usize,
}

impl ProgressLine {
    /// A line for the operations of a command.
    pub async fn new(context: &Context, hall: &Hall, operations: &[OperationId]) -> Self {
        let is_shown = context.out.may_move();
        let mut titles = Vec::new();
        for &id in operations.iter().filter(|_| is_shown) {
            // A line without its title is left out; the result is told in full at the end.
            if let Ok(detail) = hall.engine.operation(&hall.actor, id).await {
                let row = detail.row;
                titles.push((id, format!("{}, {}", row.platform_name, row.community)));
            }
        }
        Self {
            is_shown,
            is_drawn: false,
            since: Instant::now(),
            titles,
            width: context.out.width,
        }
    }

    /// Whether somebody looks at it.
    pub const fn is_shown(&self) -> bool {
        self.is_shown
    }

    /// Writes it anew.
    pub fn draw(&mut self, hall: &Hall) {
        let running: Vec<String> = self
            .titles
            .iter()
            .filter_map(|(id, title)| {
                let progress = hall.engine.progress(*id)?;
                let words = progress_words(&progress.borrow());
                Some(format!("{title}  {words}"))
            })
            .collect();
        let seconds = self.since.elapsed().as_secs();
        let text = format!(
            "{}:{:02}  {}",
            seconds / 60,
            seconds % 60,
            match running.as_slice() {
                [] => "working".to_owned(),
                [only] => only.clone(),
                [first, others @ ..] => format!("{first}  and {} more", others.len()),
            }
        );
        let text = crate::domain::shorten(&text, self.width.saturating_sub(1), "~");
        let _ = write!(std::io::stderr(), "\r{text}\u{1b}[K");
        self.is_drawn = true;
    }

    /// Takes it away.
    pub fn clear(&self) {
        if self.is_drawn {
            let _ = write!(std::io::stderr(), "\r\u{1b}[K");
        }
    }
}
