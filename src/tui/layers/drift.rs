//! What differs between the record and what is there, and the three answers: take over, put back, ignore until a day.

use super::{Layer, Overlay, Turn, plan_preview::PlanPreview};
use crate::domain::{CommunityId, Drift, DriftAnswer, Intent, PlatformId};
use crate::tui::{
    input::Input,
    state::State,
    theme::Ink,
    widgets::{
        field::{Field, Listed, Verdict},
        form::{Did, Form},
        sheet::{Sheet, SheetBuilder},
    },
};
use jiff::{ToSpan, civil::Date};

/// How long ignoring is proposed for, in days.
const DAYS: i64 = 14;

/// What differs, and of which instance.
#[derive(Debug)]
pub struct Subject {
    /// "Drift of Alpha, Rosewood Co-op".
    pub title: String,
    /// Whose.
    pub community: CommunityId,
    /// Of which platform.
    pub platform: PlatformId,
    /// What differs.
    pub drift: Vec<Drift>,
    /// Whether all of it is gone there.
    pub gone: bool,
}

/// The dialog.
#[derive(Debug)]
pub struct DriftDialog {
    subject: Subject,
    /// The day that is proposed for ignoring.
    proposed: String,
    form: Form,
}

impl DriftDialog {
    /// For an instance that differs; `state` tells which day it is.
    pub fn new(subject: Subject, state: &State) -> Self {
        let today = state.now.to_zoned(state.zone.clone()).date();
        let proposed = today.checked_add(DAYS.days()).unwrap_or(today).to_string();
        let (take, put) = if subject.gone {
            ("remove it here too", "make another in its place")
        } else {
            ("take over what is there", "put back what was")
        };
        let option = |id: &str, label: &str| (id.to_owned(), label.to_owned());
        let answers = vec![
            Listed::new("put-back", put, ""),
            Listed::new("take-over", take, ""),
            Listed::new("ignore", "ignore it until a day", ""),
        ];
        let mut fields = Vec::new();
        let mut kinds: Vec<_> = subject.drift.iter().map(|drift| drift.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        if kinds.len() > 1 {
            let mut about = vec![option("", "everything that differs")];
            about.extend(kinds.iter().map(|kind| option(kind.word(), kind.word())));
            fields.push(Field::choice("only", "About", about, ""));
        }
        fields.push(Field::list("answer", "", answers, "put-back"));
        let form = Form::new(
            fields,
            &[("cancel", "Cancel"), ("plan", "Plan")],
            Some("plan"),
        );
        Self {
            subject,
            proposed,
            form,
        }
    }

    /// Only who ignores needs a day.
    fn reshape(&mut self) {
        let wanted = self.form.value("answer") == "ignore";
        let has = self.form.field("until").is_some();
        if wanted && !has {
            let day = Field::text("until", "Until", &self.proposed, 10)
                .help("A day as 2027-01-31; from then on it is shown again.");
            self.form.fields.push(day);
        } else if !wanted {
            self.form.fields.retain(|field| field.id != "until");
        }
    }

    fn answer(&mut self, state: &State) -> Option<DriftAnswer> {
        match self.form.value("answer") {
            "take-over" => return Some(DriftAnswer::TakeOver),
            "put-back" => return Some(DriftAnswer::PutBack),
            _ => {}
        }
        let until = self
            .form
            .value("until")
            .trim()
            .parse::<Date>()
            .ok()
            .and_then(|day| day.to_zoned(state.zone.clone()).ok())
            .map(|day| day.timestamp())
            .filter(|until| *until > state.now);
        if until.is_none() {
            if let Some(field) = self.form.field_mut("until") {
                field.verdict =
                    Verdict::Wrong("This is no day to come; write it as 2027-01-31.".to_owned());
            }
            self.form.focus_on("until");
        }
        until.map(DriftAnswer::IgnoreUntil)
    }
}

impl Overlay for DriftDialog {
    fn handle(&mut self, input: &Input, state: &mut State) -> Turn {
        match self.form.handle(input) {
            Did::Passed => Turn::passed(),
            Did::Moved => Turn::stay(),
            Did::Changed(place) => {
                if let Some(field) = self.form.fields.get_mut(place) {
                    field.verdict = Verdict::None;
                }
                self.reshape();
                Turn::stay()
            }
            Did::Pressed("plan") => {
                let Some(answer) = self.answer(state) else {
                    return Turn::stay();
                };
                let intent = Intent::AnswerDrift {
                    community: self.subject.community,
                    platform: self.subject.platform.clone(),
                    only: self.form.value("only").parse().ok(),
                    answer,
                };
                let does = match answer {
                    DriftAnswer::TakeOver => "Take over",
                    DriftAnswer::PutBack => "Put back",
                    DriftAnswer::IgnoreUntil(_) => "Ignore",
                };
                let title = &self.subject.title;
                let (preview, effect) = PlanPreview::ask(state, title, does, intent);
                Turn::open(Layer::Plan(Box::new(preview)), vec![effect])
            }
            Did::Pressed(_) | Did::Left => Turn::close(),
        }
    }

    fn sheet(&self, state: &State, width: u16) -> Option<Sheet> {
        let title = self.subject.title.clone();
        let mut sheet = SheetBuilder::new(title, width, state.look.glyphs);
        for drift in &self.subject.drift {
            sheet.fact(drift.kind.word(), &drift.what, Ink::Drift);
        }
        if self.subject.gone {
            sheet.paragraph("All of it is gone there.", Ink::Failed);
        }
        sheet.gap();
        self.form.draw(&mut sheet);
        sheet.hint("up down", "choose");
        sheet.hint("tab", "next");
        sheet.hint("esc", "back");
        Some(sheet.done())
    }
}
