//! Whether one key of a platform may serve several communities. Who wants that types how many: so many has whoever steals
//! it.

use super::{Overlay, Turn};
use crate::domain::{AccountPolicy, Fault, Intent};
use crate::engine::views::KeySharing;
use crate::tui::{
    effect::Effect,
    input::Input,
    message::{Answer, Ticket},
    state::State,
    text,
    theme::Ink,
    widgets::{
        field::{Field, Verdict},
        form::{Did, Form},
        sheet::{Sheet, SheetBuilder},
    },
};

/// The question.
#[derive(Debug)]
pub struct Sharing {
    ticket: Ticket,
    known: KeySharing,
    form: Form,
    sending: bool,
    fault: Option<Fault>,
}

impl Sharing {
    /// The question, with what holds now.
    pub fn new(ticket: Ticket, known: KeySharing) -> Self {
        let policies = [
            (AccountPolicy::Own, "one community each"),
            (AccountPolicy::Shared, "several communities"),
        ]
        .map(|(policy, label)| (policy.word().to_owned(), label.to_owned()));
        let chosen = known.policy.word();
        let fields = vec![Field::choice(
            "policy",
            "One key serves",
            policies.to_vec(),
            chosen,
        )];
        let mut made = Self {
            ticket,
            known,
            form: Form::new(fields, &[("cancel", "Cancel"), ("set", "Set")], None),
            sending: false,
            fault: None,
        };
        made.reshape();
        made
    }

    fn is_shared(&self) -> bool {
        self.form.value("policy") == AccountPolicy::Shared.word()
    }

    fn reshape(&mut self) {
        self.form.fields.truncate(1);
        if self.is_shared() {
            self.form.fields.push(
                Field::text("typed", "Communities", "", 6)
                    .help("Type how many one key may reach, as confirmation."),
            );
        }
    }

    fn send(&mut self) -> Turn {
        if self.sending {
            return Turn::stay();
        }
        self.sending = true;
        self.fault = None;
        let policy = if self.is_shared() {
            AccountPolicy::Shared
        } else {
            AccountPolicy::Own
        };
        let intent = Intent::SetAccountPolicy {
            platform: self.known.platform.clone(),
            policy,
            typed: self.form.value("typed").to_owned(),
        };
        Turn::with(vec![Effect::Submit(Some(self.ticket), Box::new(intent))])
    }
}

impl Overlay for Sharing {
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
            Did::Pressed("set") => self.send(),
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
                self.form.focus_on("typed");
                Turn::stay()
            }
            _ => Turn::close(),
        }
    }

    fn sheet(&self, state: &State, width: u16) -> Option<Sheet> {
        let name = &self.known.platform_name;
        let title = format!("Keys of {name}: for one community, or for several");
        let mut sheet = SheetBuilder::new(title, width, state.look.glyphs);
        let now = match self.known.policy {
            AccountPolicy::Own => "one community each".to_owned(),
            AccountPolicy::Shared => format!(
                "up to {}",
                text::counted(self.known.most, "community", "communities")
            ),
        };
        sheet.fact("now", &now, Ink::Text);
        let there = text::counted(self.known.communities, "community has", "communities have");
        if self.is_shared() {
            sheet.paragraph(
                &format!("Whoever steals a shared key of {name} has every community that it reaches; {there} an instance there now."),
                Ink::Waiting,
            );
        } else {
            sheet.paragraph(
                "A stolen key opens one community. What was made with a shared key keeps it until that is replaced.",
                Ink::Text,
            );
        }
        sheet.gap();
        self.form.draw(&mut sheet);
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
