//! Somebody new who may open the vault: a passphrase, a public SSH key, or a key file that is made here.

use super::{
    Turn,
    dialog::{Asking, CANCEL, Question, Sent},
};
use crate::tui::{
    effect::{Effect, Load, NewOperator, OperatorsWay},
    hidden::Hidden,
    message::Answer,
    state::State,
    theme::Ink,
    widgets::{field::Field, form::Form, sheet::SheetBuilder},
};
use std::path::PathBuf;

/// The most characters of a name.
const LABEL: usize = 60;
/// The most characters of a path.
const PATH: usize = 4_096;
/// The place of the field that says with what they open it.
const WITH: usize = 1;

/// The question.
#[derive(Debug)]
pub struct OperatorForm;

/// Puts the fields there that the chosen way needs.
fn reshape(form: &mut Form) {
    form.fields.truncate(WITH + 1);
    let fields = match form.value("with") {
        "ssh" => vec![
            Field::text("path", "Public key", "", PATH)
                .help("The path of its public half on this host: ssh-ed25519."),
        ],
        "file" => vec![
            Field::text("path", "New key file", "", PATH)
                .help("A path on this host; whoever has the file opens the vault."),
        ],
        _ => vec![
            Field::secret("secret", "Passphrase").help("They type it."),
            Field::secret("again", "The same again"),
        ],
    };
    form.fields.extend(fields);
}

impl Question for OperatorForm {
    fn title(&self) -> String {
        "Somebody who may open the vault".to_owned()
    }

    fn form(&self) -> Form {
        let ways = [
            ("passphrase", "a passphrase of their own"),
            ("ssh", "their SSH key"),
            ("file", "a key file that is made now"),
        ]
        .map(|(id, label)| (id.to_owned(), label.to_owned()));
        let fields = vec![
            Field::text("label", "Name", "", LABEL).help("Such as: Ada's laptop."),
            Field::choice("with", "With", ways.to_vec(), "passphrase"),
        ];
        let mut form = Form::new(fields, &[(CANCEL, "Cancel"), ("add", "Add")], None);
        reshape(&mut form);
        form
    }

    fn introduce(&self, _form: &Form, _state: &State, sheet: &mut SheetBuilder<'_>) {
        sheet.paragraph("They can read every stored key from then on.", Ink::Dim);
        sheet.gap();
    }

    fn waiting(&self) -> &'static str {
        "The vault's key is wrapped; this takes a moment on purpose."
    }

    fn changed(&mut self, place: usize, form: &mut Form) {
        if place == WITH {
            reshape(form);
        }
    }

    fn send(&mut self, _button: &str, form: &mut Form, asking: &mut Asking<'_>) -> Sent {
        let wrong = |field, reason: &str| Sent::Wrong(field, reason.to_owned());
        let label = form.value("label").trim().to_owned();
        if label.is_empty() {
            return wrong("label", "Name them, so that they can be found again.");
        }
        let hidden = |field| form.field(field).and_then(Field::hidden).cloned();
        let path = PathBuf::from(form.value("path").trim());
        let with = match form.value("with") {
            "passphrase" => {
                let secret = hidden("secret").unwrap_or_else(Hidden::new);
                if secret.is_empty() {
                    return wrong("secret", "The passphrase is empty.");
                }
                if hidden("again").as_ref() != Some(&secret) {
                    return wrong("again", "The two passphrases differ.");
                }
                OperatorsWay::Passphrase(secret)
            }
            _ if path.as_os_str().is_empty() => return wrong("path", "The path is empty."),
            "ssh" => OperatorsWay::SshKey(path),
            _ => OperatorsWay::NewKeyFile(path),
        };
        let new = Box::new(NewOperator { label, with });
        Sent::Waits(Effect::AddOperator(asking.ticket, new))
    }

    fn answered(&mut self, answer: Answer, _form: &mut Form, state: &mut State) -> Turn {
        if let Answer::OperatorAdded(_, Ok(row)) = answer {
            let said = format!("{} may open the vault from now on.", row.label);
            state.notices.done(state.now, said);
        }
        Turn {
            effects: state.ask(Load::Operators),
            ..Turn::close()
        }
    }
}
