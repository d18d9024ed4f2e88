//! A request: what was asked for, by whom, and what became of it. An operator answers it here; who asked can take it back.

use super::dialog::{Asking, CANCEL, Question, Sent};
use crate::domain::{Delegation, Intent, RemoveMode, Request, RequestState, Role, Wish};
use crate::tui::{
    effect::Effect,
    state::State,
    text,
    theme::Ink,
    widgets::{field::Field, form::Form, sheet::SheetBuilder},
};

/// The most characters of what is said.
const WORDS: usize = 500;
/// The field for the community's short name.
const TYPED: &str = "typed";

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
                [
                    Some(Field::text("words", "Answer", "", WORDS).help("They read it.")),
                    self.request.wish.needs_name().then(|| self.name_field()),
                ]
                .into_iter()
                .flatten()
                .collect(),
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
        if let (RequestState::Open, Some(loss)) = (request.state, loss(&request.wish)) {
            sheet.paragraph(loss, Ink::Waiting);
        }
        if let (Some(by), Some(at)) = (&request.answered_by, request.answered_at) {
            sheet.fact("answered", &format!("{by}, {}", when(at)), Ink::Text);
            sheet.fact("answer", &request.answer, Ink::Text);
        }
        sheet.gap();
    }

    fn send(&mut self, button: &str, form: &mut Form, asking: &mut Asking<'_>) -> Sent {
        let request = self.request.id;
        let typed = form.value(TYPED).trim().to_owned();
        if button == "approve"
            && self.request.wish.needs_name()
            && typed != *self.request.slug.as_str()
        {
            let slug = &self.request.slug;
            let reason = format!("Type {slug} to approve; nothing was done.");
            return Sent::Wrong(TYPED, reason);
        }
        let delegation = if button == "withdraw" {
            Delegation::Withdraw { request }
        } else {
            Delegation::Answer {
                request,
                approve: button == "approve",
                typed,
                words: form.value("words").trim().to_owned(),
            }
        };
        let intent = Intent::Delegate(delegation);
        Sent::Waits(Effect::Submit(Some(asking.ticket), Box::new(intent)))
    }

    fn refused(&mut self, form: &mut Form) {
        // A change of settings may turn out to cost the community something.
        if matches!(self.request.wish, Wish::Configure { .. }) && form.field_mut(TYPED).is_none() {
            form.fields.push(self.name_field());
        }
    }
}

/// What there will not be any more, where that is asked for.
const fn loss(wish: &Wish) -> Option<&'static str> {
    match wish {
        Wish::Remove {
            mode: RemoveMode::Soft,
            ..
        } => Some("It is forgotten here and hidden there."),
        Wish::Remove {
            mode: RemoveMode::Hard,
            ..
        } => Some("What is there is destroyed; this cannot be undone."),
        Wish::Archive => Some("It is kept, does nothing any more, and nobody comes in for it."),
        _ => None,
    }
}

impl RequestSheet {
    fn name_field(&self) -> Field {
        let label = format!("Type {}", self.request.slug);
        Field::text(TYPED, &label, "", 60).help("To approve it; a refusal needs none.")
    }
}
