//! A step that only a person can do on the platform: why, where, with which permissions, who; and the look whether it
//! is done.

use super::{Overlay, Turn};
use crate::domain::{Fault, HumanTask, InstanceId, IntentKind, OperationId, OperationState};
use crate::engine::views::TaskRow;
use crate::tui::{
    effect::Effect,
    input::Input,
    message::{Answer, Ticket},
    state::State,
    text,
    theme::Ink,
    widgets::sheet::{Sheet, SheetBuilder},
};
use crossterm::event::KeyCode;
use jiff::Timestamp;

/// Whether it was looked for.
#[derive(Debug)]
enum Check {
    NotYet,
    Looking,
    /// It was not there at this time.
    Missing(Timestamp),
}

/// The page.
#[derive(Debug)]
pub struct TaskSheet {
    ticket: Ticket,
    row: TaskRow,
    check: Check,
    top: usize,
}

/// What the table of authority has to give for a step to be gone on with from here.
pub fn needed(row: &TaskRow) -> IntentKind {
    match (&row.key, row.wanted()) {
        (Some(_), None) => IntentKind::SetKey,
        (Some(_), Some(_)) => IntentKind::AddAccount,
        (None, _) => row.check().kind(),
    }
}

impl TaskSheet {
    /// For a task.
    pub fn new(ticket: Ticket, row: TaskRow) -> Self {
        Self {
            ticket,
            row,
            check: Check::NotYet,
            top: 0,
        }
    }

    /// An operation came to a stop. Answers whether the page has served its purpose.
    pub fn stopped(
        &mut self,
        operation: OperationId,
        state: OperationState,
        now: Timestamp,
    ) -> bool {
        if self.row.operation != Some(operation) {
            return false;
        }
        match state {
            OperationState::Queued | OperationState::Running => {
                self.check = Check::Looking;
                false
            }
            OperationState::WaitsHuman => {
                self.check = Check::Missing(now);
                false
            }
            _ => true,
        }
    }

    /// An instance was looked at. Answers what is to be said, and whether the page has served its purpose.
    pub fn looked(
        &mut self,
        instance: InstanceId,
        task: Option<&HumanTask>,
        fault: Option<&Fault>,
        state: &mut State,
    ) -> bool {
        if self.row.operation.is_some() || self.row.subject.instance() != Some(instance) {
            return false;
        }
        if let Some(fault) = fault {
            self.check = Check::NotYet;
            state.notices.fault(state.now, fault);
            return false;
        }
        if let Some(task) = task {
            self.row.task = task.clone();
            self.check = Check::Missing(state.now);
            return false;
        }
        let row = &self.row;
        let said = format!(
            "{} of {}: done: {}.",
            row.platform_name,
            row.subject.whose(),
            row.task.title
        );
        state.notices.done(state.now, said);
        true
    }
}

impl Overlay for TaskSheet {
    fn handle(&mut self, input: &Input, state: &mut State) -> Turn {
        let Input::Key(key) = input else {
            return Turn::stay();
        };
        match key.code {
            KeyCode::Esc | KeyCode::Char('l' | 'q') => Turn::close(),
            KeyCode::Enter if state.may(needed(&self.row)) => {
                self.check = Check::Looking;
                let intent = Box::new(self.row.check());
                Turn::with(vec![Effect::Submit(Some(self.ticket), intent)])
            }
            KeyCode::Char('y') => match &self.row.task.url {
                Some(address) => {
                    state.notices.done(
                        state.now,
                        "The address was sent to your terminal's clipboard.",
                    );
                    Turn::with(vec![Effect::Clipboard(address.clone())])
                }
                None => Turn::stay(),
            },
            KeyCode::Down | KeyCode::Char('j') => {
                self.top += 1;
                Turn::stay()
            }
            KeyCode::Up | KeyCode::Char('k') => {
                self.top = self.top.saturating_sub(1);
                Turn::stay()
            }
            _ => Turn::passed(),
        }
    }

    fn ticket(&self) -> Option<Ticket> {
        Some(self.ticket)
    }

    fn answer(&mut self, answer: Answer, state: &mut State) -> Turn {
        if let Answer::Submitted(_, Err(fault)) = answer {
            self.check = Check::NotYet;
            state.notices.fault(state.now, &fault);
        }
        Turn::stay()
    }

    fn sheet(&self, state: &State, width: u16) -> Option<Sheet> {
        let task = &self.row.task;
        let waits = if task.others_decide {
            "waits for somebody's decision"
        } else {
            "needs you"
        };
        let title = format!("{} {waits}: {}", self.row.platform_name, task.title);
        let mut sheet = SheetBuilder::new(title, width, state.look.glyphs);
        sheet.fact("community", self.row.subject.whose(), Ink::Text);
        sheet.fact("why", &task.why, Ink::Text);
        if let Some(address) = &task.url {
            sheet.address("open", address);
        }
        sheet.fact("asks for", &task.asks_for.join(", "), Ink::Text);
        sheet.fact("who", &task.who, Ink::Text);
        sheet.gap();
        sheet.steps(&task.instructions);
        sheet.gap();
        match &self.check {
            Check::NotYet => {
                let obstacle = state.obstacle(needed(&self.row));
                let said = obstacle
                    .as_deref()
                    .unwrap_or("Press enter when it is done.");
                sheet.paragraph(said, Ink::Dim);
            }
            Check::Looking => sheet.paragraph("Looking whether it is done.", Ink::Working),
            Check::Missing(at) => sheet.paragraph(
                &format!(
                    "Not there yet (checked {}).",
                    text::when(state.now, *at, &state.zone)
                ),
                Ink::Waiting,
            ),
        }
        sheet.scroll_to(self.top);
        if state.may(needed(&self.row)) {
            sheet.hint("enter", "check now");
        }
        if task.url.is_some() {
            sheet.hint("y", "address");
        }
        sheet.hint("l", "later");
        Some(sheet.done())
    }
}
