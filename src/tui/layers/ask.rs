//! Asking an operator for what one may not do: this instance switched on, or something in words.

use super::dialog::{Asking, CANCEL, Question, Sent};
use crate::domain::{CommunityId, Delegation, Intent, PlatformId, Wish};
use crate::tui::{
    effect::Effect,
    widgets::{field::Field, form::Form},
};

/// The most characters of what is said.
const WORDS: usize = 500;

/// The question.
#[derive(Debug)]
pub struct Ask {
    title: String,
    community: CommunityId,
    /// The platform under the cursor, when it is off, with its name.
    platform: Option<(PlatformId, String)>,
}

impl Ask {
    /// Asks for something in a community; for the platform where it is off.
    pub fn new(
        (community, name): (CommunityId, &str),
        platform: Option<(PlatformId, String)>,
    ) -> Self {
        Self {
            title: format!("Ask the operator, for {name}"),
            community,
            platform,
        }
    }
}

impl Question for Ask {
    fn title(&self) -> String {
        self.title.clone()
    }

    fn form(&self) -> Form {
        let mut options = Vec::new();
        if let Some((_, platform)) = &self.platform {
            options.push(("activate".to_owned(), format!("activate {platform}")));
        }
        options.push(("other".to_owned(), "something else".to_owned()));
        let first = options[0].0.clone();
        let fields = vec![
            Field::choice("wish", "For", options, &first),
            Field::text("words", "Why", "", WORDS).help("A sentence that the operator reads."),
        ];
        Form::new(fields, &[("send", "Ask"), (CANCEL, "Cancel")], Some("send"))
    }

    fn hints(&self) -> &'static [(&'static str, &'static str)] {
        &[("tab", "next"), ("left right", "choose")]
    }

    fn send(&mut self, _button: &str, form: &mut Form, asking: &mut Asking<'_>) -> Sent {
        let wish = match &self.platform {
            Some((platform, _)) if form.value("wish") == "activate" => Wish::Activate {
                platform: platform.clone(),
            },
            _ => Wish::Other,
        };
        let intent = Intent::Delegate(Delegation::Ask {
            community: self.community,
            wish,
            words: form.value("words").trim().to_owned(),
        });
        Sent::Waits(Effect::Submit(Some(asking.ticket), Box::new(intent)))
    }
}
