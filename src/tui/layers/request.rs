//! A request: what was asked for, by whom, and what became of it. An operator answers it here; who asked can take it back.

use super::dialog::{Asking, CANCEL, Question, Sent};
use crate::domain::{Delegation, Intent, Request, RequestState, Role};
use crate::tui::{
    effect::Effect,
    state::State,
    text,
    theme::Ink,
    widgets::{field::Field, form::Form, sheet::SheetBuilder},
};

/// The most characters of what is said.
const WORDS: usize = 500;

/// A request, shown to somebody of this role, who can give the answers of that role.
#[derive(Debug)]
pub struct RequestSheet {
    pub request: Request,
    pub role: Option<Role>,
}

impl Question for RequestSheet {
    fn title(&self) -> String {
        format!("Request {}: {}", self.request.id, self.request.wish)
    }

    fn form(&self) -> Form {
        let open = self.request.state == RequestState::Open;
        match self.role {
            Some(Role::Operator) if open => Form::new(
                vec![Field::text("words", "Answer", "", WORDS).help("They read it.")],
                &[
                    ("approve", "Approve"),
                    ("refuse", "Refuse"),
                    (CANCEL, "Later"),
                ],
                None,
            ),
            Some(Role::CommunityAdmin) if open => Form::new(
                vec![],
                &[(CANCEL, "Close"), ("withdraw", "Take it back")],
                None,
            ),
            _ => Form::new(vec![], &[(CANCEL, "Close")], None),
        }
    }

    fn introduce(&self, _form: &Form, state: &State, sheet: &mut SheetBuilder<'_>) {
        let request = &self.request;
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
    }

    fn send(&mut self, button: &str, form: &mut Form, asking: &mut Asking<'_>) -> Sent {
        let request = self.request.id;
        let delegation = if button == "withdraw" {
            Delegation::Withdraw { request }
        } else {
            Delegation::Answer {
                request,
                approve: button == "approve",
                words: form.value("words").trim().to_owned(),
            }
        };
        let intent = Intent::Delegate(delegation);
        Sent::Waits(Effect::Submit(Some(asking.ticket), Box::new(intent)))
    }
}
