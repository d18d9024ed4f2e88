//! Asking an operator for what one may not do: this instance switched on, set otherwise or removed, the community archived,
//! or something in words.

use super::{
    Turn,
    dialog::{Asking, CANCEL, Question, Sent},
};
use crate::domain::{ActionId, CommunityId, Delegation, Intent, PlatformId, RemoveMode, Wish};
use crate::tui::{
    effect::Effect,
    widgets::{field::Field, form::Form},
};

/// The most characters of what is said.
const WORDS: usize = 500;

/// The instance under the cursor.
#[derive(Debug)]
pub struct Subject {
    /// Which platform.
    pub platform: PlatformId,
    /// Its name for people.
    pub name: String,
    /// Whether it is switched on.
    pub is_on: bool,
    /// Whether there is an instance.
    pub is_there: bool,
    /// Whether it can be set otherwise.
    pub settable: bool,
}

/// The question.
#[derive(Debug)]
pub struct Ask {
    title: String,
    community: CommunityId,
    subject: Option<Subject>,
}

impl Ask {
    /// Asks for something in a community, and about what is under the cursor.
    pub fn new((community, name): (CommunityId, &str), subject: Option<Subject>) -> Self {
        Self {
            title: format!("Ask the operator, for {name}"),
            community,
            subject,
        }
    }

    fn options(&self) -> Vec<(String, String)> {
        let mut options = Vec::new();
        let mut offer = |word: &str, text: String| options.push((word.to_owned(), text));
        if let Some(subject) = &self.subject {
            let name = &subject.name;
            if !subject.is_on {
                offer("activate", format!("activate {name}"));
            }
            if subject.settable {
                offer("settings", format!("set {name} otherwise"));
            }
            if subject.is_there {
                offer("remove", format!("remove {name}"));
                offer("destroy", format!("remove {name} and destroy it there"));
            }
        }
        offer("archive", "archive the community".to_owned());
        offer("other", "something else".to_owned());
        options
    }

    fn wish(&self, chosen: &str) -> Wish {
        let remove = |subject: &Subject, mode| Wish::Remove {
            platform: subject.platform.clone(),
            mode,
        };
        match (chosen, &self.subject) {
            ("activate", Some(subject)) => Wish::Activate {
                platform: subject.platform.clone(),
            },
            ("remove", Some(subject)) => remove(subject, RemoveMode::Soft),
            ("destroy", Some(subject)) => remove(subject, RemoveMode::Hard),
            ("archive", _) => Wish::Archive,
            _ => Wish::Other,
        }
    }
}

impl Question for Ask {
    fn title(&self) -> String {
        self.title.clone()
    }

    fn form(&self) -> Form {
        // What is harmless is there first; what is in words needs words.
        let options = self.options();
        let first = match options[0].0.as_str() {
            "activate" => "activate",
            _ => "other",
        };
        let fields = vec![
            Field::choice("wish", "For", options, first),
            Field::text("words", "Why", "", WORDS).help("A sentence that the operator reads."),
        ];
        Form::new(fields, &[("send", "Ask"), (CANCEL, "Cancel")], Some("send"))
    }

    fn hints(&self) -> &'static [(&'static str, &'static str)] {
        &[("tab", "next"), ("left right", "choose")]
    }

    fn send(&mut self, _button: &str, form: &mut Form, asking: &mut Asking<'_>) -> Sent {
        let chosen = form.value("wish");
        if chosen == "settings" {
            return Sent::Turn(Turn {
                run: Some(ActionId::AskSettings),
                ..Turn::close()
            });
        }
        let intent = Intent::Delegate(Delegation::Ask {
            community: self.community,
            wish: self.wish(chosen),
            words: form.value("words").trim().to_owned(),
        });
        Sent::Waits(Effect::Submit(Some(asking.ticket), Box::new(intent)))
    }
}
