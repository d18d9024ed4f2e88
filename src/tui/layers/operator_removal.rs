//! Removing somebody from the vault: it gets another key, and what could be read until then is listed and replaced.

use super::{Layer, Overlay, Turn};
use crate::domain::{Fault, Intent, RotationReason};
use crate::engine::{RecipientRow, Removal};
use crate::tui::{
    effect::{Effect, Load},
    input::Input,
    layers::page::Page,
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

/// The question.
#[derive(Debug)]
pub struct OperatorRemoval {
    ticket: Ticket,
    row: RecipientRow,
    /// Those whose passphrase is asked for, so that the vault's new key can be wrapped to them.
    stay: Vec<String>,
    form: Form,
    sending: bool,
    fault: Option<Fault>,
}

impl OperatorRemoval {
    /// The question about one of these.
    pub fn new(ticket: Ticket, row: RecipientRow, all: &[RecipientRow]) -> Self {
        let stay: Vec<String> = all
            .iter()
            .filter(|other| other.id != row.id && other.kind == "passphrase")
            .map(|other| other.label.clone())
            .collect();
        let answers = [
            ("yes", "replace every key they could have read"),
            ("no", "only list what they could have read"),
        ]
        .map(|(id, label)| (id.to_owned(), label.to_owned()));
        let mut fields = vec![Field::choice("replace", "Then", answers.to_vec(), "yes")];
        if !stay.is_empty() {
            fields.push(
                Field::secret("secret", "Passphrase")
                    .help("Of the one who stays; without it they are removed too."),
            );
        }
        Self {
            ticket,
            row,
            stay,
            form: Form::new(fields, &[("cancel", "Cancel"), ("remove", "Remove")], None),
            sending: false,
            fault: None,
        }
    }

    fn send(&mut self) -> Turn {
        if self.sending {
            return Turn::stay();
        }
        self.sending = true;
        self.fault = None;
        let secret = self.form.field("secret").and_then(Field::hidden);
        let secret = secret.filter(|secret| !secret.is_empty()).cloned();
        let id = self.row.id.clone();
        Turn::with(vec![Effect::RemoveOperator(self.ticket, id, secret)])
    }

    fn removed(&self, removal: &Removal, state: &mut State) -> Turn {
        let mut effects = state.ask(Load::Operators);
        if self.form.value("replace") == "yes" {
            effects.extend(removal.exposed.iter().map(|exposed| {
                let intent = Intent::RotateKey {
                    key: exposed.key,
                    reason: RotationReason::OperatorLeft,
                    why: removal.removed.label.clone(),
                };
                Effect::Submit(None, Box::new(intent))
            }));
        }
        let mut turn = Turn::with(effects);
        turn.after = super::After::Replace(Layer::Page(Box::new(told(removal))));
        turn
    }
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

impl Overlay for OperatorRemoval {
    fn handle(&mut self, input: &Input, _state: &mut State) -> Turn {
        match self.form.handle(input) {
            Did::Passed => Turn::passed(),
            Did::Moved | Did::Changed(_) => Turn::stay(),
            Did::Pressed("remove") => self.send(),
            Did::Pressed(_) | Did::Left => Turn::close(),
        }
    }

    fn ticket(&self) -> Option<Ticket> {
        Some(self.ticket)
    }

    fn answer(&mut self, answer: Answer, state: &mut State) -> Turn {
        self.sending = false;
        match answer {
            Answer::OperatorRemoved(_, removed) => match *removed {
                Ok(removal) => self.removed(&removal, state),
                Err(fault) => {
                    self.fault = Some(fault);
                    Turn::stay()
                }
            },
            _ => Turn::stay(),
        }
    }

    fn sheet(&self, state: &State, width: u16) -> Option<Sheet> {
        let title = format!("Remove {} from the vault", self.row.label);
        let mut sheet = SheetBuilder::new(title, width, state.look.glyphs);
        sheet.paragraph(
            "They knew the vault's key, so it gets another one and every key is sealed anew. What they have read they have still: only another key in its place ends that.",
            Ink::Text,
        );
        if !self.stay.is_empty() {
            let who = self.stay.join(", ");
            sheet.paragraph(&format!("With a passphrase stays: {who}."), Ink::Dim);
        }
        sheet.gap();
        self.form.draw(&mut sheet);
        if self.sending {
            sheet.gap();
            sheet.paragraph("Everything is sealed anew.", Ink::Dim);
        }
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
