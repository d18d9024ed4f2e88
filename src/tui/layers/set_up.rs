//! The first start: name, how keys are protected with the recovery key, what a new community gets, homes that are there
//! already, the first community. What is done when one leaves is kept: the installation exists from the recovery key on.

use super::{
    After, Layer, Overlay, Turn, homes,
    new_community::{self, NewCommunityForm},
    proposals::Proposals,
    protection,
};
use crate::domain::{Choice, Fault, Intent, PlatformId, clean_line, mebibytes};
use crate::tui::{
    effect::{Effect, SetUp},
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
use std::collections::BTreeMap;

/// The pages of the five steps; the last step is the form of a new community.
#[derive(Debug)]
enum Step {
    Name,
    Protection,
    /// The installation is being made.
    Making,
    /// The recovery key is shown.
    Recovery(Hidden),
    Template,
    /// Homes are looked for; what a new community gets was chosen.
    Homes(homes::Homes, BTreeMap<PlatformId, Choice>),
}

/// The wizard.
#[derive(Debug)]
pub struct SetUpWizard {
    ticket: Ticket,
    proposals: Proposals,
    name: String,
    step: Step,
    form: Form,
    fault: Option<Fault>,
}

const NEXT: &[(&str, &str)] = &[("next", "Next")];

/// The most characters of an installation's name: it stands in every title bar.
const NAME: usize = 60;

impl SetUpWizard {
    /// The first step.
    pub fn new(ticket: Ticket, proposals: Proposals) -> Self {
        let mut wizard = Self {
            ticket,
            name: proposals.name.clone(),
            proposals,
            step: Step::Name,
            form: Form::default(),
            fault: None,
        };
        wizard.ask_name();
        wizard
    }

    fn ask_name(&mut self) {
        let fields = vec![
            Field::text("name", "Name", &self.name, NAME)
                .help("What this installation is called, in every title bar."),
        ];
        self.form = Form::new(fields, NEXT, Some("next"));
        self.step = Step::Name;
    }

    fn ask_template(&mut self, state: &State) {
        let fields = state
            .catalog
            .iter()
            .map(|manifest| {
                let memory = manifest.resources.memory_active_mib;
                let memory = if memory > 0 {
                    format!(", about {} when active", mebibytes(memory))
                } else {
                    String::new()
                };
                Field::choice(
                    manifest.id.as_str(),
                    &manifest.name,
                    new_community::choices(),
                    manifest.default.word(),
                )
                .help(format!(
                    "{} {}, {}{memory}.",
                    manifest.summary,
                    manifest.licence_in_short(),
                    manifest.maturity
                ))
            })
            .collect();
        self.form = Form::new(fields, NEXT, Some("next"));
        self.step = Step::Template;
    }

    fn next(&mut self, state: &mut State) -> Turn {
        self.fault = None;
        match &self.step {
            Step::Name => {
                let name = clean_line(self.form.value("name"));
                if name.is_empty() {
                    self.wrong("name", "The installation needs a name.");
                    return Turn::stay();
                }
                self.name = name;
                self.form = protection::form(&self.proposals);
                self.step = Step::Protection;
                Turn::stay()
            }
            Step::Protection => match protection::chosen(&mut self.form) {
                None => Turn::stay(),
                Some(protection) => {
                    self.step = Step::Making;
                    let choices = state
                        .catalog
                        .iter()
                        .map(|manifest| (manifest.id.clone(), manifest.default))
                        .collect();
                    let set_up = SetUp {
                        name: self.name.clone(),
                        protection,
                        choices,
                    };
                    Turn::with(vec![Effect::Initialise(self.ticket, Box::new(set_up))])
                }
            },
            Step::Making => Turn::stay(),
            Step::Recovery(key) => {
                let typed = self.form.value("typed").trim();
                if typed.eq_ignore_ascii_case(&last_four(key.reveal())) {
                    self.ask_template(state);
                } else {
                    self.wrong(
                        "typed",
                        "These are not its last four; write the key down, then type them.",
                    );
                }
                Turn::stay()
            }
            Step::Template => self.ask_homes(),
            Step::Homes(..) => self.next_of_homes(state),
        }
    }

    fn ask_homes(&mut self) -> Turn {
        let choices: BTreeMap<PlatformId, Choice> = self
            .form
            .fields
            .iter()
            .filter_map(|field| Some((PlatformId::new(&field.id), field.value().parse().ok()?)))
            .collect();
        let mut homes = homes::Homes::default();
        homes.ask_this_host();
        self.form = homes::form();
        self.step = Step::Homes(homes, choices);
        Turn::with(vec![Effect::FindHomes(self.ticket, vec![])])
    }

    fn next_of_homes(&mut self, state: &mut State) -> Turn {
        let Step::Homes(homes, choices) = &mut self.step else {
            return Turn::stay();
        };
        if let Some(domains) = homes.ask(&self.form) {
            return Turn::with(vec![Effect::FindHomes(self.ticket, domains)]);
        }
        let (homes, choices) = (homes.chosen(&self.form), choices.clone());
        finish(state, homes, choices)
    }

    fn wrong(&mut self, id: &str, reason: &str) {
        if let Some(field) = self.form.field_mut(id) {
            field.verdict = Verdict::Wrong(reason.to_owned());
        }
    }

    fn back(&mut self) -> Turn {
        if matches!(self.step, Step::Protection) {
            self.ask_name();
        }
        Turn::stay()
    }
}

/// Sends what was chosen, and gives way to the form of the first community.
fn finish(
    state: &mut State,
    homes: BTreeMap<PlatformId, String>,
    mut choices: BTreeMap<PlatformId, Choice>,
) -> Turn {
    let changed: BTreeMap<_, _> = choices
        .iter()
        .filter(|(id, choice)| {
            state
                .catalog
                .get(id)
                .is_none_or(|manifest| manifest.default != **choice)
        })
        .map(|(id, choice)| (id.clone(), *choice))
        .collect();
    let mut effects = Vec::new();
    if !changed.is_empty() {
        let intent = Intent::SetTemplate { choices: changed };
        effects.push(Effect::Submit(None, Box::new(intent)));
    }
    if !homes.is_empty() {
        for platform in homes.keys() {
            // A home that was found is made for a community; more than that was said before.
            let choice = choices.entry(platform.clone()).or_insert(Choice::Off);
            if *choice == Choice::Off {
                *choice = Choice::Inactive;
            }
        }
        effects.push(Effect::Submit(None, Box::new(Intent::TakeHomes { homes })));
    }
    let ticket = state.ticket();
    let form = NewCommunityForm::with_template(ticket, "5 of 5", state, choices);
    Turn {
        effects,
        after: After::Replace(Layer::NewCommunity(Box::new(form))),
        ..Turn::stay()
    }
}

/// The last four letters or digits, as they are typed back.
fn last_four(key: &str) -> String {
    let letters: Vec<char> = key.chars().filter(char::is_ascii_alphanumeric).collect();
    letters[letters.len().saturating_sub(4)..].iter().collect()
}

impl Overlay for SetUpWizard {
    fn handle(&mut self, input: &Input, state: &mut State) -> Turn {
        match self.form.handle(input) {
            Did::Passed => Turn::passed(),
            Did::Moved => Turn::stay(),
            Did::Changed(place) => {
                if matches!(self.step, Step::Protection) {
                    protection::changed(&mut self.form, place, &self.proposals);
                } else if let Some(field) = self.form.fields.get_mut(place) {
                    field.verdict = Verdict::None;
                }
                Turn::stay()
            }
            Did::Pressed(_) => self.next(state),
            Did::Left => self.back(),
        }
    }

    fn ticket(&self) -> Option<Ticket> {
        Some(self.ticket)
    }

    fn answer(&mut self, answer: Answer, state: &mut State) -> Turn {
        let result = match answer {
            Answer::Initialised(_, result) => result,
            Answer::Homes(_, result) => {
                if let Step::Homes(homes, _) = &mut self.step {
                    homes.take(result, &mut self.form);
                }
                return Turn::stay();
            }
            _ => return Turn::stay(),
        };
        match result {
            Ok(key) => {
                let fields = vec![Field::text("typed", "Last four", "", 8)];
                self.form = Form::new(fields, NEXT, Some("next"));
                self.step = Step::Recovery(key);
                Turn::with(state.opening_loads())
            }
            Err(fault) => {
                // The form stays as it was filled in: what is wrong is often one character of a path.
                self.step = Step::Protection;
                self.fault = Some(fault);
                Turn::stay()
            }
        }
    }

    fn sheet(&self, state: &State, width: u16) -> Option<Sheet> {
        let mut sheet = SheetBuilder::new("Set up this server", width, state.look.glyphs);
        let number = match self.step {
            Step::Name => 1,
            Step::Protection | Step::Making | Step::Recovery(_) => 2,
            Step::Template => 3,
            Step::Homes(..) => 4,
        };
        sheet.place(format!("{number} of 5"));
        match &self.step {
            Step::Name => {
                sheet.paragraph("What is this installation called?", Ink::Text);
                sheet.gap();
            }
            Step::Protection | Step::Making => protection::explain(&mut sheet),
            Step::Recovery(key) => {
                // The key and the field come first: both must be in sight on the smallest screen.
                sheet.paragraph("Your recovery key, shown once. Write it down:", Ink::Text);
                sheet.paragraph(key.reveal(), Ink::Heading);
                sheet.gap();
            }
            Step::Homes(..) => homes::explain(&mut sheet),
            Step::Template => {
                sheet.paragraph(
                    "What does a new community get? Off makes nothing, inactive makes it and leaves it off, active \
                     switches it on. Each community can depart from this.",
                    Ink::Text,
                );
                sheet.gap();
            }
        }
        if matches!(self.step, Step::Making) {
            sheet.gap();
            sheet.paragraph("Making the installation; this takes a moment.", Ink::Dim);
        } else {
            self.form.draw(&mut sheet);
        }
        if matches!(self.step, Step::Name) {
            self.proposals.warn(&mut sheet);
        }
        if matches!(self.step, Step::Protection) {
            protection::announce(&mut sheet);
        }
        if let Step::Homes(homes, _) = &self.step {
            homes.result(&mut sheet, &self.form);
        }
        if matches!(self.step, Step::Recovery(_)) {
            sheet.gap();
            sheet.paragraph(
                "Type its last four characters, to show that you have it. Keep it away from this machine. Without it \
                 and without the other way in, keys have to be entered again; nothing else is lost.",
                Ink::Text,
            );
        }
        if let Some(fault) = &self.fault {
            sheet.gap();
            sheet.paragraph(&fault.what, Ink::Error);
            sheet.paragraph(&fault.hint, Ink::Text);
        }
        sheet.hint("enter", "next");
        if matches!(self.step, Step::Template) {
            sheet.hint("left right", "choose");
        }
        if matches!(self.step, Step::Protection) {
            sheet.hint("up down", "choose");
            sheet.hint("esc", "back");
        }
        sheet.hint("ctrl-c", "leave (what is done so far is kept)");
        Some(sheet.done())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_four_are_letters_and_digits_only() {
        assert_eq!(last_four("ABCD-EFGH-12"), "GH12");
        assert_eq!(last_four("AB"), "AB");
    }
}
