//! Whether one key of a platform may serve several communities. Who wants that types how many: so many has whoever steals
//! it.

use super::dialog::{Asking, CANCEL, Question, Sent};
use crate::domain::{AccountPolicy, Intent};
use crate::engine::views::KeySharing;
use crate::tui::{
    effect::Effect,
    state::State,
    text,
    theme::Ink,
    widgets::{field::Field, form::Form, sheet::SheetBuilder},
};

/// The question, with what holds now.
#[derive(Debug)]
pub struct Sharing(pub KeySharing);

fn is_shared(form: &Form) -> bool {
    form.value("policy") == AccountPolicy::Shared.word()
}

fn reshape(form: &mut Form) {
    form.fields.truncate(1);
    if is_shared(form) {
        form.fields.push(
            Field::text("typed", "Communities", "", 6)
                .help("Type how many one key may reach, as confirmation."),
        );
    }
}

impl Question for Sharing {
    fn title(&self) -> String {
        format!(
            "Keys of {}: for one community, or for several",
            self.0.platform_name
        )
    }

    fn form(&self) -> Form {
        let policies = [
            (AccountPolicy::Own, "one community each"),
            (AccountPolicy::Shared, "several communities"),
        ]
        .map(|(policy, label)| (policy.word().to_owned(), label.to_owned()));
        let chosen = self.0.policy.word();
        let fields = vec![Field::choice(
            "policy",
            "One key serves",
            policies.to_vec(),
            chosen,
        )];
        let mut form = Form::new(fields, &[(CANCEL, "Cancel"), ("set", "Set")], None);
        reshape(&mut form);
        form
    }

    fn introduce(&self, form: &Form, _state: &State, sheet: &mut SheetBuilder<'_>) {
        let known = &self.0;
        let name = &known.platform_name;
        let now = match known.policy {
            AccountPolicy::Own => "one community each".to_owned(),
            AccountPolicy::Shared => format!(
                "up to {}",
                text::counted(known.most, "community", "communities")
            ),
        };
        sheet.fact("now", &now, Ink::Text);
        let there = text::counted(known.communities, "community has", "communities have");
        if is_shared(form) {
            sheet.paragraph(
                &format!("Whoever steals a shared key of {name} has every community that it reaches; {there} an instance there now."),
                Ink::Waiting,
            );
        } else {
            sheet.paragraph(
                "A stolen key opens one community. What was made with a shared key keeps it until that is replaced.",
                Ink::Text,
            );
        }
        sheet.gap();
    }

    fn changed(&mut self, place: usize, form: &mut Form) {
        if place == 0 {
            reshape(form);
        }
    }

    fn send(&mut self, _button: &str, form: &mut Form, asking: &mut Asking<'_>) -> Sent {
        let policy = if is_shared(form) {
            AccountPolicy::Shared
        } else {
            AccountPolicy::Own
        };
        let intent = Intent::SetAccountPolicy {
            platform: self.0.platform.clone(),
            policy,
            typed: form.value("typed").to_owned(),
        };
        Sent::Waits(Effect::Submit(Some(asking.ticket), Box::new(intent)))
    }

    fn refused(&mut self, form: &mut Form) {
        form.focus_on("typed");
    }
}
