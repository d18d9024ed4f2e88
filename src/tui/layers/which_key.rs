//! Several keys are stored where something is to be done to one of them: which is meant. What is done follows.

use super::{
    After, Layer, Turn,
    confirm::Confirm,
    dialog::{Asking, CANCEL, Question, Sent},
};
use crate::domain::{CredentialId, CredentialMeta, Intent, RotationReason};
use crate::tui::{
    effect::Load,
    views,
    widgets::{
        field::{Field, Listed},
        form::Form,
    },
};

/// What is to be done to a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyMatter {
    /// It is replaced, for this reason.
    Replace(RotationReason),
    /// What it reaches is shown.
    Reach,
}

/// The question.
#[derive(Debug)]
pub struct WhichKey {
    /// "guildhall-shared on Epsilon".
    pub named: String,
    /// The keys that are stored there.
    pub keys: Vec<CredentialMeta>,
    /// The one that is proposed.
    pub first: Option<CredentialId>,
    /// What is to be done to it.
    pub matter: KeyMatter,
}

/// How a key is told from the others of its account.
pub fn label(key: &CredentialMeta) -> String {
    if key.last_four.is_empty() {
        key.field.clone()
    } else {
        format!("{}, ..{}", key.field, key.last_four)
    }
}

/// Asks before a key is replaced.
pub fn replacing(key: &CredentialMeta, named: &str, reason: RotationReason) -> Layer {
    let (title, button) = match reason {
        RotationReason::Leaked => ("Assume that this key is in other hands", "Replace it"),
        _ => ("Replace this key", "Replace"),
    };
    let intent = Intent::RotateKey {
        key: key.id,
        reason,
        why: String::new(),
    };
    let question = Confirm::new(title, button, vec![intent])
        .says(format!("It is the key {} of {named}.", label(key)))
        .says("Everything that works with it moves to a new key, in every community; where a person has to make that, a step says so.")
        .says("The old key is kept until the last has moved. Then it is ended on the platform, and Guildhall looks whether it is dead.")
        .says("What it reaches is shown under reach. This goes on over days and across restarts.");
    Layer::Confirm(Box::new(question))
}

impl Question for WhichKey {
    fn title(&self) -> String {
        let named = &self.named;
        match self.matter {
            KeyMatter::Replace(RotationReason::Leaked) => {
                format!("Which key of {named} is in other hands?")
            }
            KeyMatter::Replace(_) => format!("Which key of {named} is to be replaced?"),
            KeyMatter::Reach => format!("Which key of {named} is to be looked at?"),
        }
    }

    fn form(&self) -> Form {
        let options = self
            .keys
            .iter()
            .map(|key| Listed::new(&key.id.to_string(), &label(key), &views::key_words(key)))
            .collect();
        let first = self.first.map_or_else(String::new, |key| key.to_string());
        let fields = vec![Field::list("key", "", options, &first)];
        // Nothing is done yet by going on.
        Form::new(
            fields,
            &[(CANCEL, "Cancel"), ("next", "Next")],
            Some("next"),
        )
    }

    fn hints(&self) -> &'static [(&'static str, &'static str)] {
        &[("up down", "choose"), ("enter", "next")]
    }

    fn send(&mut self, _button: &str, form: &mut Form, asking: &mut Asking<'_>) -> Sent {
        let chosen = form.value("key").parse().map(CredentialId).ok();
        let Some(key) = self.keys.iter().find(|key| Some(key.id) == chosen) else {
            return Sent::Turn(Turn::close());
        };
        Sent::Turn(match self.matter {
            KeyMatter::Replace(reason) => {
                Turn::replace(replacing(key, &self.named, reason), vec![])
            }
            KeyMatter::Reach => Turn {
                effects: asking.state.ask(Load::Reach(key.id)),
                after: After::Close,
                ..Turn::stay()
            },
        })
    }
}
