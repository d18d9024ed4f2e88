//! Adopting what exists on a platform already: found there, or named by hand. It is only looked at; managing it is another
//! step.

use super::{Layer, Overlay, Turn, plan_preview::PlanPreview};
use crate::domain::{CommunityId, Fault, Intent, PlatformId, clean_line};
use crate::engine::views::Discovered;
use crate::tui::{
    input::Input,
    message::{Answer, Ticket},
    state::State,
    theme::Ink,
    widgets::{
        field::{Field, Listed, Verdict},
        form::{Did, Form},
        sheet::{Sheet, SheetBuilder},
    },
};

/// The dialog.
#[derive(Debug)]
pub struct Adopt {
    ticket: Ticket,
    title: String,
    community: CommunityId,
    platform: PlatformId,
    found: Option<Result<Vec<Discovered>, Fault>>,
    form: Form,
}

impl Adopt {
    /// For a platform of a community; what is there is being looked for.
    pub fn new(
        ticket: Ticket,
        title: String,
        community: CommunityId,
        platform: PlatformId,
    ) -> Self {
        let fields = vec![
            Field::text("reference", "By name", "", 500)
                .help("Its name, address or number there, when it is not among those found."),
        ];
        Self {
            ticket,
            title,
            community,
            platform,
            found: None,
            form: Form::new(
                fields,
                &[("cancel", "Cancel"), ("plan", "Plan")],
                Some("plan"),
            ),
        }
    }

    fn take(&mut self, found: Result<Vec<Discovered>, Fault>) {
        if let Ok(found) = &found
            && !found.is_empty()
        {
            let mut options: Vec<_> = found
                .iter()
                .map(|found| {
                    let label = format!("{}, {}", found.name, found.what);
                    let obstacle = found.obstacle.as_deref().unwrap_or_default();
                    Listed::new(&found.reference, &label, obstacle)
                })
                .collect();
            options.push(Listed::new("", "none of these", ""));
            let first = options
                .first()
                .map_or("", |first| first.value.as_str())
                .to_owned();
            let list = Field::list("found", "", options, &first);
            self.form.fields.insert(0, list);
            self.form.focus = 0;
        }
        self.found = Some(found);
    }

    fn plan(&mut self, state: &mut State) -> Turn {
        let written = clean_line(self.form.value("reference"));
        let reference = if written.is_empty() {
            self.form.value("found").to_owned()
        } else {
            written
        };
        if reference.is_empty() {
            if let Some(field) = self.form.field_mut("reference") {
                field.verdict =
                    Verdict::Wrong("Choose one of those found, or name one.".to_owned());
            }
            self.form.focus_on("reference");
            return Turn::stay();
        }
        let obstacle = self
            .listed()
            .iter()
            .find(|found| found.reference == reference)
            .and_then(|found| found.obstacle.clone());
        if let Some(obstacle) = obstacle {
            if let Some(field) = self.form.field_mut("found") {
                field.verdict = Verdict::Wrong(obstacle);
            }
            self.form.focus_on("found");
            return Turn::stay();
        }
        let intent = Intent::Adopt {
            community: self.community,
            platform: self.platform.clone(),
            reference,
            observe_only: true,
        };
        let (preview, effect) = PlanPreview::ask(state, &self.title, "Adopt", intent);
        Turn::open(Layer::Plan(Box::new(preview)), vec![effect])
    }

    fn listed(&self) -> &[Discovered] {
        match &self.found {
            Some(Ok(found)) => found,
            _ => &[],
        }
    }
}

impl Overlay for Adopt {
    fn handle(&mut self, input: &Input, state: &mut State) -> Turn {
        match self.form.handle(input) {
            Did::Passed => Turn::passed(),
            Did::Moved => Turn::stay(),
            Did::Changed(place) => {
                if let Some(field) = self.form.fields.get_mut(place) {
                    field.verdict = Verdict::None;
                }
                Turn::stay()
            }
            Did::Pressed("plan") => self.plan(state),
            Did::Pressed(_) | Did::Left => Turn::close(),
        }
    }

    fn ticket(&self) -> Option<Ticket> {
        Some(self.ticket)
    }

    fn answer(&mut self, answer: Answer, _state: &mut State) -> Turn {
        if let Answer::Discovered(_, found) = answer {
            self.take(found);
        }
        Turn::stay()
    }

    fn sheet(&self, state: &State, width: u16) -> Option<Sheet> {
        let mut sheet = SheetBuilder::new(self.title.clone(), width, state.look.glyphs);
        match &self.found {
            None => sheet.paragraph("Looking at what is there.", Ink::Dim),
            Some(Err(fault)) => {
                sheet.paragraph(&fault.what, Ink::Error);
                sheet.paragraph(&fault.hint, Ink::Text);
            }
            Some(Ok(found)) if found.is_empty() => {
                sheet.paragraph("Nothing was found that the key can see.", Ink::Dim);
            }
            Some(Ok(_)) => sheet.paragraph("What is there:", Ink::Text),
        }
        sheet.gap();
        self.form.draw(&mut sheet);
        sheet.gap();
        sheet.paragraph(
            "It is only looked at from then on; adopting it once more manages it from here.",
            Ink::Dim,
        );
        sheet.hint("up down", "choose");
        sheet.hint("tab", "next");
        sheet.hint("esc", "back");
        Some(sheet.done())
    }
}
