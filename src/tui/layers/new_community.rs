//! A new community: name, suggested short name, description, and where it departs from the template. Then the plan.

use super::{Layer, Overlay, Turn, plan_preview::PlanPreview};
use crate::domain::{Choice, Intent, NewCommunity, PlatformId, Slug, clean_line};
use crate::tui::{
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

/// The form.
#[derive(Debug)]
pub struct NewCommunityForm {
    ticket: Ticket,
    form: Form,
    template: BTreeMap<PlatformId, Choice>,
    /// Whether the short name still follows the name.
    suggesting: bool,
    /// "5 of 5" within the set-up.
    place: String,
}

/// The most characters of a description. Two sentences; platforms cut longer ones.
const DESCRIPTION: usize = 300;

/// The three choices with their words.
pub fn choices() -> Vec<(String, String)> {
    Choice::ALL
        .iter()
        .map(|choice| (choice.word().to_owned(), choice.word().to_owned()))
        .collect()
}

impl NewCommunityForm {
    /// An empty form; the template is filled in when it is read.
    pub fn new(ticket: Ticket, place: &str) -> Self {
        let fields = vec![
            Field::text("name", "Name", "", NewCommunity::MAX_NAME).help("As its people write it."),
            Field::text("slug", "Short name", "", Slug::MAX_LENGTH).help(
                "Letters a-z, digits and dashes; in addresses and commands, fixed once created.",
            ),
            Field::text("description", "Description", "", DESCRIPTION)
                .help("What it is, in a sentence. May be empty."),
        ];
        Self {
            ticket,
            form: Form::new(
                fields,
                &[("cancel", "Cancel"), ("plan", "Plan")],
                Some("plan"),
            ),
            template: BTreeMap::new(),
            suggesting: true,
            place: place.to_owned(),
        }
    }

    /// With a template that is known already.
    pub fn with_template(
        ticket: Ticket,
        place: &str,
        state: &State,
        template: BTreeMap<PlatformId, Choice>,
    ) -> Self {
        let mut form = Self::new(ticket, place);
        form.take_template(state, template);
        form
    }

    fn take_template(&mut self, state: &State, template: BTreeMap<PlatformId, Choice>) {
        self.form.fields.truncate(3);
        for manifest in state.catalog.iter() {
            let choice = template
                .get(&manifest.id)
                .copied()
                .unwrap_or(manifest.default);
            let id = format!("platform:{}", manifest.id);
            self.form.fields.push(
                Field::choice(&id, &manifest.name, choices(), choice.word())
                    .help(manifest.summary.clone()),
            );
        }
        self.template = template;
    }

    fn changed(&mut self, place: usize) {
        let name = clean_line(self.form.value("name"));
        match self.form.fields.get(place).map(|field| field.id.as_str()) {
            Some("name") => {
                if let Some(field) = self.form.field_mut("name") {
                    field.verdict = if name.is_empty() {
                        Verdict::Wrong("A community needs a name.".to_owned())
                    } else {
                        Verdict::None
                    };
                }
                if self.suggesting {
                    let slug = Slug::suggest(&name).map_or(String::new(), |slug| slug.to_string());
                    if let Some(field) = self.form.field_mut("slug") {
                        field.set(&slug);
                        field.verdict = Verdict::None;
                    }
                }
            }
            Some("slug") => {
                self.suggesting = false;
                self.check_slug();
            }
            _ => {}
        }
    }

    fn check_slug(&mut self) {
        if let Some(field) = self.form.field_mut("slug") {
            field.verdict = match field.value().parse::<Slug>() {
                Ok(_) => Verdict::None,
                Err(error) => Verdict::Wrong(format!("{}.", capital(&error.to_string()))),
            };
        }
    }

    fn plan(&mut self, state: &mut State) -> Turn {
        self.changed(0);
        self.check_slug();
        if self.form.first_wrong().is_some() {
            return Turn::stay();
        }
        let Ok(slug) = self.form.value("slug").parse::<Slug>() else {
            return Turn::stay();
        };
        let choices = self
            .form
            .fields
            .iter()
            .filter_map(|field| {
                let id = PlatformId::new(field.id.strip_prefix("platform:")?);
                let choice: Choice = field.value().parse().ok()?;
                (self.template.get(&id) != Some(&choice)).then_some((id, choice))
            })
            .collect();
        let name = clean_line(self.form.value("name"));
        let intent = Intent::CreateCommunity(NewCommunity {
            slug,
            description: clean_line(self.form.value("description")),
            choices,
            settings: BTreeMap::new(),
            name: name.clone(),
        });
        let title = format!("Create {name}");
        let (preview, effect) = PlanPreview::ask(state, &title, "Create", intent);
        Turn::open(Layer::Plan(Box::new(preview)), vec![effect])
    }
}

/// The sentence with a capital letter at its beginning.
pub fn capital(sentence: &str) -> String {
    let mut characters = sentence.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().collect::<String>() + characters.as_str()
    })
}

impl Overlay for NewCommunityForm {
    fn handle(&mut self, input: &Input, state: &mut State) -> Turn {
        match self.form.handle(input) {
            Did::Passed => Turn::passed(),
            Did::Moved => Turn::stay(),
            Did::Changed(place) => {
                self.changed(place);
                Turn::stay()
            }
            Did::Pressed("plan") => self.plan(state),
            Did::Pressed(_) | Did::Left => Turn::close(),
        }
    }

    fn ticket(&self) -> Option<Ticket> {
        Some(self.ticket)
    }

    fn answer(&mut self, answer: Answer, state: &mut State) -> Turn {
        if let Answer::Template(_, result) = answer {
            match result {
                Ok(template) => self.take_template(state, template),
                Err(fault) => state.notices.fault(state.now, &fault),
            }
        }
        Turn::stay()
    }

    fn sheet(&self, state: &State, width: u16) -> Option<Sheet> {
        let mut sheet = SheetBuilder::new("New community", width, state.look.glyphs);
        sheet.place(self.place.clone());
        self.form.draw(&mut sheet);
        if self.form.focus < 3 {
            sheet.gap();
            sheet.paragraph(
                "Below: what it gets. Off makes nothing, inactive makes it and leaves it off, active switches it on.",
                Ink::Dim,
            );
        }
        sheet.hint("tab", "next");
        sheet.hint("left right", "choose");
        sheet.hint("esc", "back");
        Some(sheet.done())
    }
}
