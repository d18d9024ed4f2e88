//! What an instance writes on this host: followed, wrapped, searched. What stands there has no keys in it any more.
//!
//! While it is followed it is read again each second and its end is in sight; whoever scrolls stops following, so that a
//! new line never moves what is being read.

use super::{Overlay, Turn};
use crate::domain::{Fault, PlatformId, Role, Slug};
use crate::engine::views::ServiceLine;
use crate::tui::{
    effect::Effect,
    input::Input,
    message::{Answer, Ticket},
    state::State,
    text,
    theme::Ink,
    widgets::{
        field::{Entry, Field, Taken},
        sheet::{Piece, Sheet, SheetBuilder, piece},
    },
};
use crossterm::event::{KeyCode, KeyEvent};

/// Ticks between two readings.
const EVERY: u8 = 4;
/// The most characters that are searched for.
const MOST: usize = 60;

/// The page.
#[derive(Debug)]
pub struct LogSheet {
    ticket: Ticket,
    slug: Slug,
    platform: PlatformId,
    title: String,
    read: Option<Result<Vec<ServiceLine>, Fault>>,
    follow: bool,
    wrap: bool,
    /// What is searched for; written while `writing`.
    search: Field,
    writing: bool,
    /// The line that is in sight while it is not followed.
    at: usize,
    /// How long ago it was read, in ticks; none while a reading is under way.
    ticks: Option<u8>,
}

impl LogSheet {
    /// The log of an instance, followed, which is being read.
    pub fn new(ticket: Ticket, slug: Slug, platform: PlatformId, name: &str) -> Self {
        Self {
            ticket,
            title: format!("Log of {name}, {slug}"),
            slug,
            platform,
            read: None,
            follow: true,
            wrap: false,
            search: Field::text("search", "Search", "", MOST),
            writing: false,
            at: 0,
            ticks: None,
        }
    }

    /// Reads it.
    pub fn read(&self) -> Effect {
        Effect::Log(self.ticket, self.slug.clone(), self.platform.clone())
    }

    fn lines(&self) -> &[ServiceLine] {
        match &self.read {
            Some(Ok(lines)) => lines,
            _ => &[],
        }
    }

    fn again(&mut self) -> Vec<Effect> {
        match self.ticks.take() {
            Some(_) => vec![self.read()],
            None => vec![],
        }
    }

    fn last(&self) -> usize {
        self.lines().len().saturating_sub(1)
    }

    fn go(&mut self, to: usize) -> Turn {
        self.follow = false;
        self.at = to.min(self.last());
        Turn::stay()
    }

    fn fits(&self, line: &ServiceLine) -> bool {
        let wanted = self.search.value();
        !wanted.is_empty() && line.text.to_lowercase().contains(&wanted.to_lowercase())
    }

    /// The next or the former line that fits, from the one in sight.
    fn find(&mut self, forward: bool) -> Turn {
        let many = self.lines().len();
        let from = if self.follow { self.last() } else { self.at };
        let found = (1..=many)
            .map(|step| {
                if forward {
                    (from + step) % many
                } else {
                    (from + many - step) % many
                }
            })
            .find(|place| self.lines().get(*place).is_some_and(|line| self.fits(line)));
        match found {
            Some(place) => self.go(place),
            None => Turn::stay(),
        }
    }

    fn write(&mut self, key: &KeyEvent) -> Turn {
        match key.code {
            KeyCode::Enter => {
                self.writing = false;
                // The newest first: that is what one looks for in a log.
                return self.find(false);
            }
            KeyCode::Esc => {
                self.writing = false;
                self.search.set("");
            }
            _ => return written(self.search.key(key)),
        }
        Turn::stay()
    }
}

fn written(taken: Taken) -> Turn {
    match taken {
        Taken::Passed => Turn::passed(),
        Taken::Kept | Taken::Changed => Turn::stay(),
    }
}

impl Overlay for LogSheet {
    fn handle(&mut self, input: &Input, state: &mut State) -> Turn {
        let key = match input {
            Input::Key(key) => key,
            Input::Paste(text) if self.writing => return written(self.search.paste(text)),
            Input::Paste(_) => return Turn::stay(),
        };
        if self.writing {
            return self.write(key);
        }
        let page = state.list_height().max(4) - 3;
        let here = if self.follow { self.last() } else { self.at };
        match key.code {
            KeyCode::Esc | KeyCode::Left | KeyCode::Char('q') => Turn::close(),
            KeyCode::Char('f') => {
                self.follow = !self.follow;
                self.at = here;
                let effects = if self.follow { self.again() } else { vec![] };
                Turn::with(effects)
            }
            KeyCode::Char('w') => {
                self.wrap = !self.wrap;
                Turn::stay()
            }
            KeyCode::Char('/') => {
                self.writing = true;
                Turn::stay()
            }
            KeyCode::Char('n') => self.find(true),
            KeyCode::Char('N') => self.find(false),
            KeyCode::Char('r') => Turn::with(self.again()),
            KeyCode::Char('s') if may_save(state) => Turn::with(vec![Effect::SaveLog(
                self.ticket,
                self.slug.clone(),
                self.platform.clone(),
            )]),
            KeyCode::Down | KeyCode::Char('j') => self.go(here + 1),
            KeyCode::Up | KeyCode::Char('k') => self.go(here.saturating_sub(1)),
            KeyCode::PageDown => self.go(here + page),
            KeyCode::PageUp => self.go(here.saturating_sub(page)),
            KeyCode::Home | KeyCode::Char('g') => self.go(0),
            KeyCode::End | KeyCode::Char('G') => self.go(self.last()),
            _ => Turn::passed(),
        }
    }

    fn sheet(&self, state: &State, width: u16) -> Option<Sheet> {
        let mut sheet = SheetBuilder::new(self.title.clone(), width, state.look.glyphs);
        if self.writing
            && let Entry::Text(input) = &self.search.entry
        {
            sheet.text_field(&self.search.label, input, true, false);
        }
        sheet.place(self.standing());
        match &self.read {
            None => sheet.paragraph("Reading it.", Ink::Dim),
            Some(Err(fault)) => {
                sheet.paragraph(&fault.what, Ink::Error);
                sheet.paragraph(&fault.hint, Ink::Text);
            }
            Some(Ok(lines)) if lines.is_empty() => {
                sheet.paragraph("Nothing was written yet.", Ink::Dim);
            }
            Some(Ok(lines)) => self.show(&mut sheet, lines),
        }
        if self.writing {
            sheet.hint("enter", "find");
            sheet.hint("esc", "no search");
        } else {
            sheet.hint("f", if self.follow { "stand still" } else { "follow" });
            sheet.hint("w", if self.wrap { "cut" } else { "wrap" });
            sheet.hint("/", "search");
            if !self.search.is_empty() {
                sheet.hint("n N", "next, former");
            } else if may_save(state) {
                sheet.hint("s", "save");
            }
            sheet.hint("esc", "back");
        }
        Some(sheet.done())
    }

    fn ticket(&self) -> Option<Ticket> {
        Some(self.ticket)
    }

    fn is_live(&self) -> bool {
        self.follow && !self.writing
    }

    fn tick(&mut self) -> Vec<Effect> {
        match &mut self.ticks {
            Some(ticks) if *ticks < EVERY => {
                *ticks += 1;
                vec![]
            }
            _ => self.again(),
        }
    }

    fn answer(&mut self, answer: Answer, state: &mut State) -> Turn {
        match answer {
            Answer::Log(_, result) => {
                self.ticks = Some(0);
                self.read = Some(result);
                self.at = self.at.min(self.last());
            }
            Answer::LogSaved(_, Ok(path)) => {
                let said = format!("Saved in {}, keys struck out.", path.display());
                state.notices.done(state.now, said);
            }
            Answer::LogSaved(_, Err(fault)) => state.notices.fault(state.now, &fault),
            _ => {}
        }
        Turn::stay()
    }
}

/// Files are written for who runs this host, and nobody else.
fn may_save(state: &State) -> bool {
    state.role() == Some(Role::Operator)
}

impl LogSheet {
    /// Whether it is followed, and how much of it fits what is searched for.
    fn standing(&self) -> String {
        let standing = if self.follow {
            "follows"
        } else {
            "stands still"
        };
        if self.search.is_empty() {
            return standing.to_owned();
        }
        let fitting = self.lines().iter().filter(|line| self.fits(line)).count();
        let fitting = text::counted(fitting, "line", "lines");
        format!("{}: {fitting}, {standing}", self.search.value())
    }

    fn show(&self, sheet: &mut SheetBuilder<'_>, lines: &[ServiceLine]) {
        let here = if self.follow { self.last() } else { self.at };
        for (place, line) in lines.iter().enumerate() {
            let ink = if self.fits(line) { Ink::Key } else { Ink::Text };
            if place == here && !self.writing {
                sheet.focus_here();
            }
            if self.wrap {
                sheet.fact(&line.process, &line.text, ink);
            } else {
                sheet.line(vec![
                    piece(&format!("{:<8} ", line.process), Ink::Dim),
                    Piece {
                        text: line.text.clone(),
                        ink,
                    },
                ]);
            }
        }
    }
}
