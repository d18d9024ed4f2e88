//! Asking an operator for what one may not do: this instance switched on, or something in words.

use super::{Overlay, Turn};
use crate::domain::{CommunityId, Delegation, Fault, Intent, PlatformId, Wish};
use crate::tui::{
    effect::Effect,
    input::Input,
    message::{Answer, Ticket},
    state::State,
    theme::Ink,
    widgets::{
        field::Field,
        form::{Did, Form},
        sheet::{Sheet, SheetBuilder},
    },
};

/// The most characters of what is said.
const WORDS: usize = 500;

/// The form.
#[derive(Debug)]
pub struct Ask {
    ticket: Ticket,
    title: String,
    community: CommunityId,
    /// The platform under the cursor, when it is off.
    platform: Option<PlatformId>,
    form: Form,
    sending: bool,
    fault: Option<Fault>,
}

impl Ask {
    /// Asks for something in a community; for the platform where it is off.
    pub fn new(
        ticket: Ticket,
        (community, name): (CommunityId, &str),
        platform: Option<(PlatformId, &str)>,
    ) -> Self {
        let mut options = Vec::new();
        if let Some((_, platform)) = &platform {
            options.push(("activate".to_owned(), format!("activate {platform}")));
        }
        options.push(("other".to_owned(), "something else".to_owned()));
        let first = options[0].0.clone();
        let fields = vec![
            Field::choice("wish", "For", options, &first),
            Field::text("words", "Why", "", WORDS).help("A sentence that the operator reads."),
        ];
        Self {
            ticket,
            title: format!("Ask the operator, for {name}"),
            community,
            platform: platform.map(|(id, _)| id),
            form: Form::new(
                fields,
                &[("send", "Ask"), ("cancel", "Cancel")],
                Some("send"),
            ),
            sending: false,
            fault: None,
        }
    }

    fn send(&mut self) -> Turn {
        if self.sending {
            return Turn::stay();
        }
        self.sending = true;
        let wish = match &self.platform {
            Some(platform) if self.form.value("wish") == "activate" => Wish::Activate {
                platform: platform.clone(),
            },
            _ => Wish::Other,
        };
        let intent = Intent::Delegate(Delegation::Ask {
            community: self.community,
            wish,
            words: self.form.value("words").trim().to_owned(),
        });
        Turn::with(vec![Effect::Submit(Some(self.ticket), Box::new(intent))])
    }
}

impl Overlay for Ask {
    fn handle(&mut self, input: &Input, _state: &mut State) -> Turn {
        match self.form.handle(input) {
            Did::Passed => Turn::passed(),
            Did::Moved | Did::Changed(_) => Turn::stay(),
            Did::Pressed("send") => self.send(),
            Did::Pressed(_) | Did::Left => Turn::close(),
        }
    }

    fn ticket(&self) -> Option<Ticket> {
        Some(self.ticket)
    }

    fn answer(&mut self, answer: Answer, _state: &mut State) -> Turn {
        self.sending = false;
        match answer {
            Answer::Submitted(_, Err(fault)) => {
                self.fault = Some(fault);
                Turn::stay()
            }
            _ => Turn::close(),
        }
    }

    fn sheet(&self, state: &State, width: u16) -> Option<Sheet> {
        let mut sheet = SheetBuilder::new(self.title.clone(), width, state.look.glyphs);
        self.form.draw(&mut sheet);
        if let Some(fault) = &self.fault {
            sheet.gap();
            sheet.paragraph(&fault.what, Ink::Error);
            sheet.paragraph(&fault.hint, Ink::Text);
        }
        sheet.hint("tab", "next");
        sheet.hint("left right", "choose");
        sheet.hint("esc", "back");
        Some(sheet.done())
    }
}
