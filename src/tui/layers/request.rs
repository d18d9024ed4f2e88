//! A request: what was asked for, by whom, and what became of it. An operator answers it here; who asked can take it back.

use super::{Overlay, Turn};
use crate::domain::{Delegation, Fault, Intent, Request, RequestState, Role};
use crate::tui::{
    effect::Effect,
    input::Input,
    message::{Answer, Ticket},
    state::State,
    text,
    theme::Ink,
    widgets::{
        field::Field,
        form::{Did, Form},
        sheet::{Sheet, SheetBuilder},
    },
};

/// The most characters of what is said.
const WORDS: usize = 500;

/// The sheet.
#[derive(Debug)]
pub struct RequestSheet {
    ticket: Ticket,
    request: Request,
    form: Form,
    sending: bool,
    fault: Option<Fault>,
}

impl RequestSheet {
    /// The sheet of a request, with the answers that this role can give.
    pub fn new(ticket: Ticket, request: Request, role: Option<Role>) -> Self {
        let open = request.state == RequestState::Open;
        let form = match role {
            Some(Role::Operator) if open => Form::new(
                vec![Field::text("words", "Answer", "", WORDS).help("They read it.")],
                &[
                    ("approve", "Approve"),
                    ("refuse", "Refuse"),
                    ("close", "Later"),
                ],
                None,
            ),
            Some(Role::CommunityAdmin) if open => Form::new(
                vec![],
                &[("close", "Close"), ("withdraw", "Take it back")],
                None,
            ),
            _ => Form::new(vec![], &[("close", "Close")], None),
        };
        Self {
            ticket,
            request,
            form,
            sending: false,
            fault: None,
        }
    }

    fn send(&mut self, pressed: &str) -> Turn {
        if self.sending {
            return Turn::stay();
        }
        self.sending = true;
        let request = self.request.id;
        let delegation = if pressed == "withdraw" {
            Delegation::Withdraw { request }
        } else {
            Delegation::Answer {
                request,
                approve: pressed == "approve",
                words: self.form.value("words").trim().to_owned(),
            }
        };
        let intent = Intent::Delegate(delegation);
        Turn::with(vec![Effect::Submit(Some(self.ticket), Box::new(intent))])
    }
}

impl Overlay for RequestSheet {
    fn handle(&mut self, input: &Input, _state: &mut State) -> Turn {
        match self.form.handle(input) {
            Did::Passed => Turn::passed(),
            Did::Moved | Did::Changed(_) => Turn::stay(),
            Did::Pressed("close") | Did::Left => Turn::close(),
            Did::Pressed(button) => self.send(button),
        }
    }

    fn ticket(&self) -> Option<Ticket> {
        Some(self.ticket)
    }

    fn answer(&mut self, answer: Answer, _state: &mut State) -> Turn {
        self.sending = false;
        match answer {
            Answer::Submitted(_, Err(fault)) => {
                self.fault = Some(fault);
                Turn::stay()
            }
            _ => Turn::close(),
        }
    }

    fn sheet(&self, state: &State, width: u16) -> Option<Sheet> {
        let request = &self.request;
        let title = format!("Request {}: {}", request.id, request.wish);
        let mut sheet = SheetBuilder::new(title, width, state.look.glyphs);
        let when = |at| text::when(state.now, at, &state.zone);
        sheet.fact("community", request.slug.as_str(), Ink::Text);
        let asked = format!("{}, {}", request.asked_by, when(request.asked_at));
        sheet.fact("asked", &asked, Ink::Text);
        sheet.fact("why", &request.words, Ink::Text);
        sheet.fact("state", request.state.word(), Ink::Text);
        if let (Some(by), Some(at)) = (&request.answered_by, request.answered_at) {
            sheet.fact("answered", &format!("{by}, {}", when(at)), Ink::Text);
            sheet.fact("answer", &request.answer, Ink::Text);
        }
        sheet.gap();
        self.form.draw(&mut sheet);
        if let Some(fault) = &self.fault {
            sheet.gap();
            sheet.paragraph(&fault.what, Ink::Error);
            sheet.paragraph(&fault.hint, Ink::Text);
        }
        sheet.hint("tab", "next");
        sheet.hint("enter", "choose");
        sheet.hint("esc", "back");
        Some(sheet.done())
    }
}
