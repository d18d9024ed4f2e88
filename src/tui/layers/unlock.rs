//! Opening the vault for this session.

use super::{
    Turn,
    dialog::{Asking, CANCEL, Question, Sent},
};
use crate::tui::{
    effect::{Effect, Opener},
    hidden::Hidden,
    message::Answer,
    state::State,
    theme::Ink,
    widgets::{field::Field, form::Form, sheet::SheetBuilder},
};
use std::path::PathBuf;

/// The most characters of a path.
const PATH: usize = 4_096;

/// The question.
#[derive(Debug)]
pub struct Unlock;

/// Puts the fields there that the chosen way needs.
fn reshape(form: &mut Form) {
    form.fields.truncate(1);
    let path = |label| Field::text("path", label, "", PATH).help("The full path on this host.");
    let fields = match form.value("with") {
        "recovery" => vec![Field::secret("secret", "Recovery key")],
        "file" => vec![path("Key file")],
        "ssh" => vec![
            path("SSH key"),
            Field::secret("secret", "Its passphrase").help("Empty when the key has none."),
        ],
        _ => vec![Field::secret("secret", "Passphrase")],
    };
    form.fields.extend(fields);
}

impl Question for Unlock {
    fn title(&self) -> String {
        "Unlock the vault".to_owned()
    }

    fn form(&self) -> Form {
        let ways = [
            ("passphrase", "the passphrase"),
            ("recovery", "the recovery key"),
            ("file", "a key file on this host"),
            ("ssh", "an SSH key on this host"),
        ]
        .map(|(id, label)| (id.to_owned(), label.to_owned()));
        let fields = vec![Field::choice("with", "With", ways.to_vec(), "passphrase")];
        let mut form = Form::new(
            fields,
            &[(CANCEL, "Cancel"), ("unlock", "Unlock")],
            Some("unlock"),
        );
        reshape(&mut form);
        form.focus = 1;
        form
    }

    fn introduce(&self, _form: &Form, _state: &State, sheet: &mut SheetBuilder<'_>) {
        sheet.paragraph(
            "Locked, everything but keys works. Open until Guildhall ends or you lock it.",
            Ink::Dim,
        );
        sheet.gap();
    }

    fn waiting(&self) -> &'static str {
        "Opening; this takes a moment on purpose."
    }

    fn hints(&self) -> &'static [(&'static str, &'static str)] {
        &[("tab", "next"), ("enter", "unlock")]
    }

    fn changed(&mut self, place: usize, form: &mut Form) {
        if place == 0 {
            reshape(form);
        }
    }

    fn send(&mut self, _button: &str, form: &mut Form, asking: &mut Asking<'_>) -> Sent {
        let secret = form.field("secret").and_then(Field::hidden).cloned();
        let path = PathBuf::from(form.value("path").trim());
        let wanted = match form.value("with") {
            "file" | "ssh" => "path",
            _ => "secret",
        };
        if let Some(field) = form.field(wanted).filter(|field| field.is_empty()) {
            return Sent::Wrong(wanted, format!("{} is empty.", field.label));
        }
        let secret = secret.unwrap_or_else(Hidden::new);
        let opener = match form.value("with") {
            "recovery" => Opener::RecoveryKey(secret),
            "file" => Opener::KeyFile(path),
            "ssh" => Opener::SshKey(path, (!secret.is_empty()).then_some(secret)),
            _ => Opener::Passphrase(secret),
        };
        Sent::Waits(Effect::Unlock(asking.ticket, opener))
    }

    fn answered(&mut self, _answer: Answer, _form: &mut Form, state: &mut State) -> Turn {
        state
            .notices
            .done(state.now, "The vault is open; what waited for it goes on.");
        Turn::close()
    }
}
