//! A form that asks for something, sends it and waits for what comes of it: the one way in which every such dialog sends,
//! waits, shows a refusal and ends. What each asks and sends is a [`Question`].

use super::{Layer, Overlay, Turn, plan_preview::PlanPreview};
use crate::domain::{Fault, Intent};
use crate::tui::{
    effect::Effect,
    input::Input,
    message::{Answer, Ticket},
    state::State,
    theme::Ink,
    widgets::{
        field::Verdict,
        form::{Did, Form},
        sheet::{Sheet, SheetBuilder},
    },
};
use std::fmt;

/// The button that ends a dialog without doing anything, whatever it says.
pub const CANCEL: &str = "cancel";

/// What a dialog asks, what it sends, and what it makes of the answer.
pub trait Question: fmt::Debug + Send {
    /// What stands on top.
    fn title(&self) -> String;

    /// The fields and buttons to begin with.
    fn form(&self) -> Form;

    /// What is said above the fields.
    fn introduce(&self, _form: &Form, _state: &State, _sheet: &mut SheetBuilder<'_>) {}

    /// What is said while the answer is waited for; may be empty.
    fn waiting(&self) -> &'static str {
        ""
    }

    /// The keys of the footer, before the one that goes back.
    fn hints(&self) -> &'static [(&'static str, &'static str)] {
        &[("tab", "next"), ("enter", "choose")]
    }

    /// A field has another value; what follows for the form. What was said of the field is forgotten already.
    fn changed(&mut self, _place: usize, _form: &mut Form) {}

    /// A button other than [`CANCEL`] was pressed.
    fn send(&mut self, button: &str, form: &mut Form, asking: &mut Asking<'_>) -> Sent;

    /// What came of it, where that is no refusal: those are shown, with the form as it was.
    fn answered(&mut self, _answer: Answer, _form: &mut Form, _state: &mut State) -> Turn {
        Turn::close()
    }

    /// It was refused; the fault is shown in any case.
    fn refused(&mut self, _form: &mut Form) {}
}

/// What a question may use while it sends.
pub struct Asking<'a> {
    /// By what the answer finds the dialog.
    pub ticket: Ticket,
    /// The screen.
    pub state: &'a mut State,
}

impl Asking<'_> {
    /// Shows first what an intent would do; `does` is the word on the button that does it. The dialog goes with the plan
    /// once that is done.
    pub fn plan(&mut self, title: &str, does: &str, intent: Intent) -> Sent {
        let (preview, effect) = PlanPreview::ask(self.state, title, does, intent);
        Sent::Turn(Turn::open(Layer::Plan(Box::new(preview)), vec![effect]))
    }
}

/// What becomes of a pressed button.
pub enum Sent {
    /// It was sent; the answer comes under the ticket.
    Waits(Effect),
    /// A field cannot be right.
    Wrong(&'static str, String),
    /// Nothing is sent: another layer opens, or the dialog goes.
    Turn(Turn),
}

/// A dialog.
#[derive(Debug)]
pub struct Dialog {
    ticket: Ticket,
    question: Box<dyn Question>,
    form: Form,
    sending: bool,
    fault: Option<Fault>,
}

impl Dialog {
    /// Asks a question.
    pub fn ask(ticket: Ticket, question: impl Question + 'static) -> Layer {
        Layer::Dialog(Box::new(Self {
            ticket,
            form: question.form(),
            question: Box::new(question),
            sending: false,
            fault: None,
        }))
    }

    fn press(&mut self, button: &str, state: &mut State) -> Turn {
        if button == CANCEL {
            return Turn::close();
        }
        if self.sending {
            return Turn::stay();
        }
        let mut asking = Asking {
            ticket: self.ticket,
            state,
        };
        match self.question.send(button, &mut self.form, &mut asking) {
            Sent::Waits(effect) => {
                self.sending = true;
                self.fault = None;
                Turn::with(vec![effect])
            }
            Sent::Wrong(field, reason) => {
                if let Some(field) = self.form.field_mut(field) {
                    field.verdict = Verdict::Wrong(reason);
                }
                self.form.focus_on(field);
                Turn::stay()
            }
            Sent::Turn(turn) => turn,
        }
    }
}

impl Overlay for Dialog {
    fn handle(&mut self, input: &Input, state: &mut State) -> Turn {
        match self.form.handle(input) {
            Did::Passed => Turn::passed(),
            Did::Moved => Turn::stay(),
            Did::Changed(place) => {
                if let Some(field) = self.form.fields.get_mut(place) {
                    field.verdict = Verdict::None;
                }
                self.question.changed(place, &mut self.form);
                Turn::stay()
            }
            Did::Pressed(button) => self.press(button, state),
            Did::Left => Turn::close(),
        }
    }

    fn ticket(&self) -> Option<Ticket> {
        Some(self.ticket)
    }

    fn answer(&mut self, answer: Answer, state: &mut State) -> Turn {
        self.sending = false;
        match answer.refusal() {
            Some(fault) => {
                self.fault = Some(fault);
                self.question.refused(&mut self.form);
                Turn::stay()
            }
            None => self.question.answered(answer, &mut self.form, state),
        }
    }

    fn sheet(&self, state: &State, width: u16) -> Option<Sheet> {
        let mut sheet = SheetBuilder::new(self.question.title(), width, state.look.glyphs);
        self.question.introduce(&self.form, state, &mut sheet);
        self.form.draw(&mut sheet);
        if self.sending && !self.question.waiting().is_empty() {
            sheet.gap();
            sheet.paragraph(self.question.waiting(), Ink::Dim);
        }
        if let Some(fault) = &self.fault {
            sheet.gap();
            sheet.paragraph(&fault.what, Ink::Error);
            sheet.paragraph(&fault.hint, Ink::Text);
        }
        for (key, does) in self.question.hints() {
            sheet.hint(*key, *does);
        }
        sheet.hint("esc", "back");
        Some(sheet.done())
    }
}
