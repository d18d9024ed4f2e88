//! Joining an instance to another one of its community: with which, then the plan.

use super::dialog::{Asking, CANCEL, Question, Sent};
use crate::domain::{CommunityId, Intent, PlatformId};
use crate::tui::widgets::{
    field::{Field, Listed},
    form::Form,
};

/// The question: from an instance to one of these, and what it would do there.
#[derive(Debug)]
pub struct Connect {
    pub title: String,
    pub community: CommunityId,
    pub from: PlatformId,
    pub targets: Vec<(PlatformId, String)>,
}

impl Question for Connect {
    fn title(&self) -> String {
        self.title.clone()
    }

    fn form(&self) -> Form {
        let options = self
            .targets
            .iter()
            .map(|(id, meaning)| Listed::new(id.as_str(), meaning, ""))
            .collect();
        let fields = vec![Field::list("to", "", options, "")];
        Form::new(
            fields,
            &[(CANCEL, "Cancel"), ("plan", "Plan")],
            Some("plan"),
        )
    }

    fn hints(&self) -> &'static [(&'static str, &'static str)] {
        &[("up down", "choose"), ("tab", "next")]
    }

    fn send(&mut self, _button: &str, form: &mut Form, asking: &mut Asking<'_>) -> Sent {
        let intent = Intent::Connect {
            community: self.community,
            from: self.from.clone(),
            to: PlatformId::new(form.value("to")),
        };
        asking.plan(&self.title, "Connect", intent)
    }
}
