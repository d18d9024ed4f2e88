//! Opening the vault for this session.

use super::{Overlay, Turn};
use crate::domain::Fault;
use crate::tui::{
    effect::{Effect, Opener},
    hidden::Hidden,
    input::Input,
    message::{Answer, Ticket},
    state::State,
    theme::Ink,
    widgets::{
        field::{Field, Verdict},
        form::{Did, Form},
        sheet::{Sheet, SheetBuilder},
    },
};
use std::path::PathBuf;

/// The form.
#[derive(Debug)]
pub struct UnlockForm {
    ticket: Ticket,
    form: Form,
    opening: bool,
    fault: Option<Fault>,
}

impl UnlockForm {
    /// An empty form.
    pub fn new(ticket: Ticket) -> Self {
        let ways = [
            ("passphrase", "the passphrase"),
            ("recovery", "the recovery key"),
            ("file", "a key file on this host"),
            ("ssh", "an SSH key on this host"),
        ]
        .map(|(id, label)| (id.to_owned(), label.to_owned()));
        let fields = vec![
            Field::choice("with", "With", ways.to_vec(), "passphrase"),
            Field::secret("secret", "Passphrase"),
        ];
        let mut form = Form::new(
            fields,
            &[("cancel", "Cancel"), ("unlock", "Unlock")],
            Some("unlock"),
        );
        form.focus = 1;
        Self {
            ticket,
            form,
            opening: false,
            fault: None,
        }
    }

    /// Puts the fields there that the chosen way needs.
    fn reshape(&mut self) {
        let way = self.form.value("with").to_owned();
        self.form.fields.truncate(1);
        let path =
            |label| Field::text("path", label, "", 4_096).help("The full path on this host.");
        match way.as_str() {
            "recovery" => self
                .form
                .fields
                .push(Field::secret("secret", "Recovery key")),
            "file" => self.form.fields.push(path("Key file")),
            "ssh" => {
                self.form.fields.push(path("SSH key"));
                self.form.fields.push(
                    Field::secret("secret", "Its passphrase").help("Empty when the key has none."),
                );
            }
            _ => self.form.fields.push(Field::secret("secret", "Passphrase")),
        }
    }

    fn open(&mut self) -> Turn {
        if self.opening {
            return Turn::stay();
        }
        let secret = self.form.field("secret").and_then(Field::hidden).cloned();
        let path = PathBuf::from(self.form.value("path").trim());
        let nothing = match self.form.value("with") {
            "file" | "ssh" => path.as_os_str().is_empty(),
            _ => secret.as_ref().is_none_or(Hidden::is_empty),
        };
        if nothing {
            if let Some(field) = self.form.fields.get_mut(1) {
                field.verdict = Verdict::Wrong(format!("{} is empty.", field.label));
            }
            self.form.focus = 1;
            return Turn::stay();
        }
        let secret = secret.unwrap_or_else(Hidden::new);
        let opener = match self.form.value("with") {
            "recovery" => Opener::RecoveryKey(secret),
            "file" => Opener::KeyFile(path),
            "ssh" => Opener::SshKey(path, (!secret.is_empty()).then_some(secret)),
            _ => Opener::Passphrase(secret),
        };
        self.opening = true;
        self.fault = None;
        Turn::with(vec![Effect::Unlock(self.ticket, opener)])
    }
}

impl Overlay for UnlockForm {
    fn handle(&mut self, input: &Input, _state: &mut State) -> Turn {
        match self.form.handle(input) {
            Did::Passed => Turn::passed(),
            Did::Moved => Turn::stay(),
            Did::Changed(0) => {
                self.reshape();
                Turn::stay()
            }
            Did::Changed(place) => {
                if let Some(field) = self.form.fields.get_mut(place) {
                    field.verdict = Verdict::None;
                }
                Turn::stay()
            }
            Did::Pressed("unlock") => self.open(),
            Did::Pressed(_) | Did::Left => Turn::close(),
        }
    }

    fn ticket(&self) -> Option<Ticket> {
        Some(self.ticket)
    }

    fn answer(&mut self, answer: Answer, state: &mut State) -> Turn {
        self.opening = false;
        match answer {
            Answer::Unlocked(_, Ok(())) => {
                state
                    .notices
                    .done(state.now, "The vault is open; what waited for it goes on.");
                Turn::close()
            }
            Answer::Unlocked(_, Err(fault)) => {
                self.fault = Some(fault);
                Turn::stay()
            }
            _ => Turn::stay(),
        }
    }

    fn sheet(&self, state: &State, width: u16) -> Option<Sheet> {
        let mut sheet = SheetBuilder::new("Unlock the vault", width, state.look.glyphs);
        sheet.paragraph(
            "Locked, everything but keys works. Open until Guildhall ends or you lock it.",
            Ink::Dim,
        );
        sheet.gap();
        self.form.draw(&mut sheet);
        if self.opening {
            sheet.gap();
            sheet.paragraph("Opening; this takes a moment on purpose.", Ink::Dim);
        }
        if let Some(fault) = &self.fault {
            sheet.gap();
            sheet.paragraph(&fault.what, Ink::Error);
            sheet.paragraph(&fault.hint, Ink::Text);
        }
        sheet.hint("tab", "next");
        sheet.hint("enter", "unlock");
        sheet.hint("esc", "back");
        Some(sheet.done())
    }
}
