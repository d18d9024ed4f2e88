//! Somebody new who may open the vault: a passphrase, a public SSH key, or a key file that is made here.

use super::{Overlay, Turn};
use crate::domain::Fault;
use crate::tui::{
    effect::{Effect, Load, NewOperator, OperatorsWay},
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

/// The most characters of a name.
const LABEL: usize = 60;
/// The most characters of a path.
const PATH: usize = 4_096;

/// The form.
#[derive(Debug)]
pub struct OperatorForm {
    ticket: Ticket,
    form: Form,
    sending: bool,
    fault: Option<Fault>,
}

impl OperatorForm {
    /// An empty form.
    pub fn new(ticket: Ticket) -> Self {
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
        let buttons = [("cancel", "Cancel"), ("add", "Add")];
        let mut made = Self {
            ticket,
            form: Form::new(fields, &buttons, None),
            sending: false,
            fault: None,
        };
        made.reshape();
        made
    }

    /// Puts the fields there that the chosen way needs.
    fn reshape(&mut self) {
        let way = self.form.value("with").to_owned();
        self.form.fields.truncate(2);
        let fields = &mut self.form.fields;
        match way.as_str() {
            "ssh" => fields.push(
                Field::text("path", "Public key", "", PATH)
                    .help("The path of its public half on this host: ssh-ed25519."),
            ),
            "file" => fields.push(
                Field::text("path", "New key file", "", PATH)
                    .help("A path on this host; whoever has the file opens the vault."),
            ),
            _ => {
                fields.push(Field::secret("secret", "Passphrase").help("They type it."));
                fields.push(Field::secret("again", "The same again"));
            }
        }
    }

    fn wrong(&mut self, field: &'static str, reason: &str) -> Turn {
        if let Some(field) = self.form.field_mut(field) {
            field.verdict = Verdict::Wrong(reason.to_owned());
        }
        self.form.focus_on(field);
        Turn::stay()
    }

    fn send(&mut self) -> Turn {
        if self.sending {
            return Turn::stay();
        }
        let label = self.form.value("label").trim().to_owned();
        if label.is_empty() {
            return self.wrong("label", "Name them, so that they can be found again.");
        }
        let hidden = |field| self.form.field(field).and_then(Field::hidden).cloned();
        let path = PathBuf::from(self.form.value("path").trim());
        let with = match self.form.value("with") {
            "passphrase" => {
                let secret = hidden("secret").unwrap_or_else(Hidden::new);
                if secret.is_empty() {
                    return self.wrong("secret", "The passphrase is empty.");
                }
                if hidden("again").as_ref() != Some(&secret) {
                    return self.wrong("again", "The two passphrases differ.");
                }
                OperatorsWay::Passphrase(secret)
            }
            _ if path.as_os_str().is_empty() => return self.wrong("path", "The path is empty."),
            "ssh" => OperatorsWay::SshKey(path),
            _ => OperatorsWay::NewKeyFile(path),
        };
        self.sending = true;
        self.fault = None;
        let new = Box::new(NewOperator { label, with });
        Turn::with(vec![Effect::AddOperator(self.ticket, new)])
    }
}

impl Overlay for OperatorForm {
    fn handle(&mut self, input: &Input, _state: &mut State) -> Turn {
        match self.form.handle(input) {
            Did::Passed => Turn::passed(),
            Did::Moved => Turn::stay(),
            Did::Changed(1) => {
                self.reshape();
                Turn::stay()
            }
            Did::Changed(place) => {
                if let Some(field) = self.form.fields.get_mut(place) {
                    field.verdict = Verdict::None;
                }
                Turn::stay()
            }
            Did::Pressed("add") => self.send(),
            Did::Pressed(_) | Did::Left => Turn::close(),
        }
    }

    fn ticket(&self) -> Option<Ticket> {
        Some(self.ticket)
    }

    fn answer(&mut self, answer: Answer, state: &mut State) -> Turn {
        self.sending = false;
        match answer {
            Answer::OperatorAdded(_, Ok(row)) => {
                let said = format!("{} may open the vault from now on.", row.label);
                state.notices.done(state.now, said);
                Turn {
                    effects: state.ask(Load::Operators),
                    ..Turn::close()
                }
            }
            Answer::OperatorAdded(_, Err(fault)) => {
                self.fault = Some(fault);
                Turn::stay()
            }
            _ => Turn::stay(),
        }
    }

    fn sheet(&self, state: &State, width: u16) -> Option<Sheet> {
        let mut sheet =
            SheetBuilder::new("Somebody who may open the vault", width, state.look.glyphs);
        sheet.paragraph("They can read every stored key from then on.", Ink::Dim);
        sheet.gap();
        self.form.draw(&mut sheet);
        if self.sending {
            sheet.gap();
            sheet.paragraph(
                "The vault's key is wrapped; this takes a moment on purpose.",
                Ink::Dim,
            );
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
