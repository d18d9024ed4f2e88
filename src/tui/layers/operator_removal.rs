//! Removing somebody from the vault: it gets another key, and what could be read until then is listed and replaced.

use super::{
    Layer, Turn,
    dialog::{Asking, CANCEL, Question, Sent},
};
use crate::domain::{Intent, RotationReason};
use crate::engine::{RecipientRow, Removal};
use crate::tui::{
    effect::{Effect, Load},
    layers::page::Page,
    message::Answer,
    state::State,
    text,
    theme::Ink,
    widgets::{field::Field, form::Form, sheet::SheetBuilder},
};

/// The question.
#[derive(Debug)]
pub struct OperatorRemoval {
    row: RecipientRow,
    /// Those whose passphrase is asked for, so that the vault's new key can be wrapped to them.
    stay: Vec<String>,
}

impl OperatorRemoval {
    /// The question about one of these.
    pub fn new(row: RecipientRow, all: &[RecipientRow]) -> Self {
        let stay: Vec<String> = all
            .iter()
            .filter(|other| other.id != row.id && other.kind == "passphrase")
            .map(|other| other.label.clone())
            .collect();
        Self { row, stay }
    }
}

fn removed(removal: &Removal, form: &Form, state: &mut State) -> Turn {
    let mut effects = state.ask(Load::Operators);
    if form.value("replace") == "yes" {
        effects.extend(removal.exposed.iter().map(|exposed| {
            let intent = Intent::RotateKey {
                key: exposed.key,
                reason: RotationReason::OperatorLeft,
                why: removal.removed.label.clone(),
            };
            Effect::Submit(None, Box::new(intent))
        }));
    }
    Turn::replace(Layer::Page(Box::new(told(removal))), effects)
}

/// What the removal did.
fn told(removal: &Removal) -> Page {
    let mut page = Page::new(format!("{} was removed", removal.removed.label));
    page.fact(
        "now",
        "The vault has another key. Every other Guildhall on this installation must be started again and unlocked.",
        Ink::Text,
    );
    for dropped in &removal.dropped {
        let said = format!(
            "{} was removed too, since the passphrase was not given: add it again.",
            dropped.label
        );
        page.fact("!", said, Ink::Waiting);
    }
    if removal.lost > 0 {
        let said = format!(
            "{} did not open before and must be entered again.",
            text::counted(removal.lost, "key", "keys")
        );
        page.fact("!", said, Ink::Failed);
    }
    for exposed in &removal.exposed {
        let of = exposed
            .community
            .as_ref()
            .map_or("the installation", crate::domain::Slug::as_str);
        let reaches = text::counted(exposed.reaches_communities, "community", "communities");
        page.fact(
            "could read",
            format!(
                "{} of {}, {of}, ..{}; reaches {reaches}",
                exposed.field, exposed.platform_name, exposed.last_four
            ),
            Ink::Waiting,
        );
    }
    if removal.exposed.is_empty() {
        page.fact("could read", "No key is stored, so none.", Ink::Text);
    }
    page
}

impl Question for OperatorRemoval {
    fn title(&self) -> String {
        format!("Remove {} from the vault", self.row.label)
    }

    fn form(&self) -> Form {
        let answers = [
            ("yes", "replace every key they could have read"),
            ("no", "only list what they could have read"),
        ]
        .map(|(id, label)| (id.to_owned(), label.to_owned()));
        let mut fields = vec![Field::choice("replace", "Then", answers.to_vec(), "yes")];
        if !self.stay.is_empty() {
            fields.push(
                Field::secret("secret", "Passphrase")
                    .help("Of the one who stays; without it they are removed too."),
            );
        }
        Form::new(fields, &[(CANCEL, "Cancel"), ("remove", "Remove")], None)
    }

    fn introduce(&self, _form: &Form, _state: &State, sheet: &mut SheetBuilder<'_>) {
        sheet.paragraph(
            "They knew the vault's key, so it gets another one and every key is sealed anew. What they have read they have still: only another key in its place ends that.",
            Ink::Text,
        );
        if !self.stay.is_empty() {
            let who = self.stay.join(", ");
            sheet.paragraph(&format!("With a passphrase stays: {who}."), Ink::Dim);
        }
        sheet.gap();
    }

    fn waiting(&self) -> &'static str {
        "Everything is sealed anew."
    }

    fn send(&mut self, _button: &str, form: &mut Form, asking: &mut Asking<'_>) -> Sent {
        let secret = form.field("secret").and_then(Field::hidden);
        let secret = secret.filter(|secret| !secret.is_empty()).cloned();
        let id = self.row.id.clone();
        Sent::Waits(Effect::RemoveOperator(asking.ticket, id, secret))
    }

    fn answered(&mut self, answer: Answer, form: &mut Form, state: &mut State) -> Turn {
        match answer {
            Answer::OperatorRemoved(_, result) => match *result {
                Ok(removal) => removed(&removal, form, state),
                Err(_) => Turn::stay(),
            },
            _ => Turn::stay(),
        }
    }
}
