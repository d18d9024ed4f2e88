//! A stored key is to be read on this screen: which, why, and for how long. The reason stands in the audit.

use super::{
    Layer, Turn,
    dialog::{Asking, CANCEL, Question, Sent},
    revealed::Revealed,
    which_key::label,
};
use crate::domain::{CredentialId, CredentialMeta};
use crate::tui::{
    effect::Effect,
    message::Answer,
    state::State,
    theme::Ink,
    widgets::{field::Field, form::Form, sheet::SheetBuilder},
};
/// The most characters of a reason.
const WHY: usize = 500;
/// For how long it is shown unless somebody says otherwise, in seconds; as on the command line.
const USUAL: &str = "30";
/// The longest, in seconds; as on the command line.
const LONGEST: u64 = 300;

/// The question.
#[derive(Debug)]
pub struct Reveal {
    /// "guildhall-shared on Epsilon".
    pub named: String,
    /// The keys that are stored there.
    pub keys: Vec<CredentialMeta>,
}

impl Question for Reveal {
    fn title(&self) -> String {
        format!("Read a key of {}", self.named)
    }

    fn form(&self) -> Form {
        let options = self
            .keys
            .iter()
            .map(|key| (key.id.to_string(), label(key)))
            .collect();
        let fields = vec![
            Field::choice("key", "Which", options, ""),
            Field::text("why", "Why", "", WHY).help("A sentence; it stands in the audit."),
            Field::text("seconds", "For seconds", USUAL, 3)
                .help("After that, or when any key is pressed, it is taken off the screen."),
        ];
        let mut form = Form::new(fields, &[(CANCEL, "Cancel"), ("show", "Show it")], None);
        form.focus = usize::from(self.keys.len() == 1);
        form
    }

    fn introduce(&self, _form: &Form, _state: &State, sheet: &mut SheetBuilder<'_>) {
        sheet.paragraph(
            "It is shown in full on this screen. Whoever sees it has what it reaches; that it was read, by whom and why, is written down before it is shown.",
            Ink::Waiting,
        );
        sheet.gap();
    }

    fn send(&mut self, _button: &str, form: &mut Form, asking: &mut Asking<'_>) -> Sent {
        let why = form.value("why").trim().to_owned();
        if why.is_empty() {
            let reason = "Say why it has to be read; nothing was opened.";
            return Sent::Wrong("why", reason.to_owned());
        }
        if seconds(form).is_none() {
            return Sent::Wrong("seconds", format!("From 1 to {LONGEST} seconds."));
        }
        let Ok(key) = form.value("key").parse().map(CredentialId) else {
            return Sent::Turn(Turn::close());
        };
        Sent::Waits(Effect::Reveal(asking.ticket, key, why))
    }

    fn answered(&mut self, answer: Answer, form: &mut Form, state: &mut State) -> Turn {
        let Answer::Revealed(_, Ok(key)) = answer else {
            return Turn::stay();
        };
        let page = Revealed::new(key, state.now, seconds(form).unwrap_or(1));
        Turn::replace(Layer::Revealed(Box::new(page)), vec![])
    }
}

fn seconds(form: &Form) -> Option<u64> {
    let written = form.value("seconds").trim().parse().ok();
    written.filter(|seconds| (1..=LONGEST).contains(seconds))
}
