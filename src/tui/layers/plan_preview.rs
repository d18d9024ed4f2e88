//! What an intent will do, before anything is sent: where something is made or taken away.

use super::{After, Overlay, Turn};
use crate::domain::{Fault, FaultKind, Intent, Plan, PlanItem, PlanItemKind, mebibytes};
use crate::tui::{
    effect::Effect,
    input::Input,
    message::{Answer, Ticket},
    state::State,
    theme::Ink,
    widgets::{
        field::{Field, Verdict},
        form::{Did, Form},
        sheet::{Sheet, SheetBuilder},
    },
};
use crossterm::event::KeyCode;

/// Where it stands.
#[derive(Debug)]
enum Stage {
    /// The engine is asked.
    Asked,
    /// It is shown.
    Shown(Plan),
    /// It is being submitted.
    Sent(Plan),
    /// It could not be made.
    Refused(Fault),
}

/// A plan and the question whether to do it.
#[derive(Debug)]
pub struct PlanPreview {
    ticket: Ticket,
    title: String,
    /// The word on the button that does it.
    does: String,
    intent: Intent,
    stage: Stage,
    fault: Option<Fault>,
    form: Form,
    /// The line that was scrolled to.
    top: usize,
}

impl PlanPreview {
    /// Asks the engine for a plan; `does` is the word on the button that does it.
    pub fn ask(state: &mut State, title: &str, does: &str, intent: Intent) -> (Self, Effect) {
        let ticket = state.ticket();
        let effect = Effect::Plan(ticket, Box::new(intent.clone()));
        let form = Form::new(vec![], &[("cancel", "Cancel"), ("do", does)], None);
        let preview = Self {
            ticket,
            title: title.to_owned(),
            does: does.to_owned(),
            intent,
            stage: Stage::Asked,
            fault: None,
            form,
            top: 0,
        };
        (preview, effect)
    }

    fn run(&mut self) -> Turn {
        let Stage::Shown(plan) = &self.stage else {
            return Turn::stay();
        };
        let written = self.form.value("typed").trim().to_owned();
        if let Some(word) = &plan.typed_confirmation
            && *word != written
        {
            let reason = format!("Type {word} to go on; nothing was done.");
            if let Some(field) = self.form.field_mut("typed") {
                field.verdict = Verdict::Wrong(reason);
            }
            self.form.focus_on("typed");
            return Turn::stay();
        }
        if let Intent::Remove { typed, .. } = &mut self.intent {
            *typed = written;
        }
        self.fault = None;
        let basis = plan.basis.clone();
        self.stage = Stage::Sent(plan.clone());
        Turn::with(vec![Effect::SubmitPlanned(
            self.ticket,
            Box::new(self.intent.clone()),
            basis,
        )])
    }

    fn show(&mut self, plan: Plan) {
        self.title.clone_from(&plan.title);
        if let Some(word) = &plan.typed_confirmation {
            self.form.fields = vec![Field::text("typed", &format!("Type {word}"), "", 60)];
        }
        let accepts = plan
            .items
            .iter()
            .any(|item| item.kind == PlanItemKind::Accept);
        let does = self
            .form
            .buttons
            .iter_mut()
            .find(|button| button.id == "do");
        if let Some(button) = does.filter(|_| accepts) {
            button.label = format!("Accept and {}", self.does.to_lowercase());
        }
        self.form.focus = 0;
        self.stage = Stage::Shown(plan);
    }
}

/// Rows of the screen around a page: title bar, the page's own title with a gap, buttons, footer.
const AROUND: usize = 6;

impl PlanPreview {
    /// Whether a key turned the page. Up and down do where no field takes them.
    fn scrolled(&mut self, input: &Input, state: &State) -> bool {
        let Input::Key(key) = input else { return false };
        let is_free = self.form.fields.is_empty();
        let height = usize::from(state.size.1).saturating_sub(AROUND).max(1);
        let lines = self
            .sheet(state, state.size.0)
            .map_or(0, |sheet| sheet.lines.len());
        if lines <= height {
            return false;
        }
        self.top = match key.code {
            KeyCode::PageDown => self.top + height,
            KeyCode::PageUp => self.top.saturating_sub(height),
            KeyCode::Down if is_free => self.top + height,
            KeyCode::Up if is_free => self.top.saturating_sub(height),
            _ => return false,
        }
        .min(lines);
        true
    }
}

impl Overlay for PlanPreview {
    fn handle(&mut self, input: &Input, state: &mut State) -> Turn {
        if self.scrolled(input, state) {
            return Turn::stay();
        }
        match self.form.handle(input) {
            Did::Passed => Turn::passed(),
            Did::Moved | Did::Changed(_) => Turn::stay(),
            Did::Pressed("do") => self.run(),
            // What was submitted cannot be called back by closing the page; the operations view can cancel it.
            Did::Pressed(_) | Did::Left => Turn::close(),
        }
    }

    fn ticket(&self) -> Option<Ticket> {
        Some(self.ticket)
    }

    fn answer(&mut self, answer: Answer, state: &mut State) -> Turn {
        match answer {
            Answer::Planned(_, Ok(plan)) => self.show(plan),
            Answer::Planned(_, Err(fault)) => {
                self.fault = None;
                self.stage = Stage::Refused(fault);
            }
            Answer::Submitted(_, Ok(receipt)) => {
                if receipt.community.is_some() && matches!(self.intent, Intent::CreateCommunity(_))
                {
                    state.going_to = receipt.community;
                }
                return Turn {
                    after: After::CloseWithForm,
                    ..Turn::stay()
                };
            }
            Answer::Submitted(_, Err(fault)) => {
                if let Stage::Sent(plan) = &self.stage {
                    self.stage = Stage::Shown(plan.clone());
                }
                // What stands in the way is in the plan as it is now.
                let is_stale = fault.kind == FaultKind::Conflict;
                self.fault = Some(fault);
                if is_stale {
                    return Turn::with(vec![Effect::Plan(
                        self.ticket,
                        Box::new(self.intent.clone()),
                    )]);
                }
            }
            _ => {}
        }
        Turn::stay()
    }

    fn sheet(&self, state: &State, width: u16) -> Option<Sheet> {
        let mut sheet = SheetBuilder::new(self.title.clone(), width, state.look.glyphs);
        match &self.stage {
            Stage::Asked => sheet.paragraph("Looking at what this will do.", Ink::Dim),
            Stage::Refused(fault) => {
                sheet.paragraph(&fault.what, Ink::Error);
                sheet.paragraph(&fault.hint, Ink::Text);
            }
            Stage::Shown(plan) | Stage::Sent(plan) => draw_plan(&mut sheet, state, plan),
        }
        sheet.gap();
        if let Some(fault) = &self.fault {
            sheet.focus_here();
            sheet.paragraph(&fault.what, Ink::Error);
            sheet.paragraph(&fault.hint, Ink::Text);
        } else {
            sheet.paragraph(
                match self.stage {
                    Stage::Sent(_) => "Sent; working on it.",
                    _ => "Nothing has been sent yet.",
                },
                Ink::Dim,
            );
        }
        if let Stage::Shown(plan) | Stage::Sent(plan) = &self.stage {
            draw_accepted(&mut sheet, state, plan);
        }
        self.form.draw(&mut sheet);
        if self.top > 0 {
            sheet.scroll_to(self.top);
        }
        sheet.hint("tab", "next");
        sheet.hint("enter", "choose");
        if sheet.length() + AROUND > usize::from(state.size.1) {
            sheet.hint("down", "read on");
        }
        sheet.hint("esc", "back");
        Some(sheet.done())
    }
}

fn draw_plan(sheet: &mut SheetBuilder<'_>, state: &State, plan: &Plan) {
    let is_accepted = |item: &&PlanItem| item.kind == PlanItemKind::Accept;
    draw_items(
        sheet,
        state,
        plan.items.iter().filter(|item| !is_accepted(item)),
    );
    if plan.memory_mib > 0 {
        let free = if plan.memory_free_mib > 0 {
            format!(" of {} free", mebibytes(plan.memory_free_mib))
        } else {
            String::new()
        };
        let ink = if plan.memory_free_mib > 0 && plan.memory_mib > plan.memory_free_mib {
            Ink::Failed
        } else {
            Ink::Text
        };
        sheet.fact(
            "memory",
            &format!("{}{free}", mebibytes(plan.memory_mib)),
            ink,
        );
    }
    if plan.disk_mib > 0 {
        sheet.fact("disk", &mebibytes(plan.disk_mib), Ink::Text);
    }
}

/// What is accepted by going on: below everything else, since it is long, told once, and read by scrolling.
fn draw_accepted(sheet: &mut SheetBuilder<'_>, state: &State, plan: &Plan) {
    let mut accepted = plan
        .items
        .iter()
        .filter(|item| item.kind == PlanItemKind::Accept)
        .peekable();
    if accepted.peek().is_some() {
        sheet.gap();
        draw_items(sheet, state, accepted);
    }
}

fn draw_items<'a>(
    sheet: &mut SheetBuilder<'_>,
    state: &State,
    items: impl Iterator<Item = &'a PlanItem>,
) {
    let mut last = None;
    for item in items {
        let label = if last == Some(item.kind) {
            ""
        } else {
            label(item.kind)
        };
        last = Some(item.kind);
        sheet.fact(label, &sentence(state, item), ink(item.kind));
    }
}

fn sentence(state: &State, item: &PlanItem) -> String {
    let name = item
        .platform
        .as_ref()
        .map(|id| state.platform_name(id))
        .unwrap_or_default();
    match (name.is_empty(), item.text.is_empty()) {
        (true, _) => item.text.clone(),
        (false, true) => name,
        (false, false) if item.text.starts_with(&name) => item.text.clone(),
        (false, false) => format!("{name}: {}", item.text),
    }
}

fn label(kind: PlanItemKind) -> &'static str {
    match kind {
        PlanItemKind::Now => "now",
        PlanItemKind::Record => "recorded",
        PlanItemKind::Remember => "from now on",
        PlanItemKind::NeedsKey => "needs a key",
        PlanItemKind::NeedsHuman => "needs you",
        PlanItemKind::Deactivate => "switched off",
        PlanItemKind::RemoveSoft => "removed",
        PlanItemKind::RemoveHard => "destroyed",
        PlanItemKind::Slot => "slots",
        PlanItemKind::Connection => "connections",
        PlanItemKind::Accept => "you accept",
        PlanItemKind::Warning => "mind",
        PlanItemKind::NotYet => "not yet",
    }
}

fn ink(kind: PlanItemKind) -> Ink {
    match kind {
        PlanItemKind::RemoveHard => Ink::Failed,
        PlanItemKind::RemoveSoft | PlanItemKind::Warning | PlanItemKind::Accept => Ink::Waiting,
        PlanItemKind::NotYet => Ink::Dim,
        _ => Ink::Text,
    }
}
