//! Another account of a platform: made there, or recorded as a step for a person. The plan says which.

use super::{
    dialog::{Asking, CANCEL, Question, Sent},
    new_account::{contact_field, name_field, unnamed},
};
use crate::domain::{Intent, PlatformId};
use crate::tui::widgets::form::Form;

/// The question.
#[derive(Debug)]
pub struct AnotherAccount {
    pub platform: PlatformId,
    pub platform_name: String,
}

impl Question for AnotherAccount {
    fn title(&self) -> String {
        format!("Make another account of {}", self.platform_name)
    }

    fn form(&self) -> Form {
        let fields = vec![name_field(), contact_field("")];
        Form::new(
            fields,
            &[(CANCEL, "Cancel"), ("plan", "Plan")],
            Some("plan"),
        )
    }

    fn hints(&self) -> &'static [(&'static str, &'static str)] {
        &[("tab", "next"), ("enter", "go on")]
    }

    fn send(&mut self, _button: &str, form: &mut Form, asking: &mut Asking<'_>) -> Sent {
        let name = form.value("name").trim().to_owned();
        if name.is_empty() {
            return unnamed();
        }
        let intent = Intent::WantAccount {
            platform: self.platform.clone(),
            name,
            contact: form.value("contact").trim().to_owned(),
        };
        asking.plan(&self.title(), "Make it", intent)
    }
}
