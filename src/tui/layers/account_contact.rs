//! Whom one asks about an account.

use super::{
    dialog::{Asking, CANCEL, Question, Sent},
    new_account::contact_field,
};
use crate::domain::{AccountId, Intent};
use crate::tui::{effect::Effect, widgets::form::Form};

/// The question.
#[derive(Debug)]
pub struct AccountContact {
    pub account: AccountId,
    /// "guildhall-shared on Epsilon".
    pub named: String,
    pub known: String,
}

impl Question for AccountContact {
    fn title(&self) -> String {
        format!("Whom one asks about {}", self.named)
    }

    fn form(&self) -> Form {
        let fields = vec![contact_field(&self.known)];
        Form::new(fields, &[(CANCEL, "Cancel"), ("set", "Set")], Some("set"))
    }

    fn send(&mut self, _button: &str, form: &mut Form, asking: &mut Asking<'_>) -> Sent {
        let intent = Intent::SetAccountContact {
            account: self.account,
            contact: form.value("contact").trim().to_owned(),
        };
        Sent::Waits(Effect::Submit(Some(asking.ticket), Box::new(intent)))
    }
}
