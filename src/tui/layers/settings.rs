//! The settings of an instance, drawn from the manifest.

use super::{Overlay, Turn, setting_fields};
use crate::catalog::Manifest;
use crate::domain::{CommunityId, Fault, Intent, Slug};
use crate::tui::{
    effect::Effect,
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

/// The field for the community's short name.
const TYPED: &str = "typed";

/// The form.
#[derive(Debug)]
pub struct SettingsForm {
    ticket: Ticket,
    title: String,
    community: CommunityId,
    slug: Slug,
    manifest: Manifest,
    set: BTreeMap<String, String>,
    made: bool,
    /// What the changes can cost, once that was asked.
    dangers: Vec<String>,
    form: Form,
    sending: bool,
    fault: Option<Fault>,
}

impl SettingsForm {
    /// For an instance with these settings; `made` is whether it exists on its platform.
    pub fn new(
        ticket: Ticket,
        title: String,
        (community, slug): (CommunityId, Slug),
        manifest: Manifest,
        set: BTreeMap<String, String>,
        made: bool,
    ) -> Self {
        let fields = setting_fields::fields(&manifest, &set, made);
        Self {
            ticket,
            title,
            community,
            slug,
            made,
            dangers: Vec::new(),
            form: Form::new(fields, &[("cancel", "Cancel"), ("save", "Save")], None),
            manifest,
            set,
            sending: false,
            fault: None,
        }
    }

    fn save(&mut self) -> Turn {
        let values = setting_fields::values(&self.manifest, &mut self.form);
        // It is looked at again below; a change that is not dangerous any more asks for nothing.
        if let Some(field) = self.form.field_mut(TYPED) {
            field.verdict = Verdict::None;
        }
        if self.form.first_wrong().is_some() || self.sending {
            return Turn::stay();
        }
        let settings = setting_fields::changed(&self.manifest, values, &self.set);
        if settings.is_empty() {
            return Turn::close();
        }
        if !self.confirmed(&settings) {
            return Turn::stay();
        }
        self.sending = true;
        let intent = Intent::Configure {
            community: self.community,
            platform: self.manifest.id.clone(),
            settings,
            typed: self.form.value(TYPED).trim().to_owned(),
        };
        Turn::with(vec![Effect::Submit(Some(self.ticket), Box::new(intent))])
    }

    /// Whether the changes are harmless, or the community's short name was typed. Else a field for it is there, with
    /// what they can cost.
    fn confirmed(&mut self, settings: &BTreeMap<String, String>) -> bool {
        let dangers = if self.made {
            self.manifest.dangers(&self.set, settings)
        } else {
            Vec::new()
        };
        self.dangers = dangers
            .into_iter()
            .map(|(label, what)| format!("{label}: {what}"))
            .collect();
        if self.dangers.is_empty() {
            self.form.fields.retain(|field| field.id != TYPED);
            return true;
        }
        let slug = self.slug.as_str();
        let Some(field) = self.form.field_mut(TYPED) else {
            let field = Field::text(TYPED, &format!("Type {slug}"), "", 60);
            self.form.fields.push(field);
            self.form.focus_on(TYPED);
            return false;
        };
        if field.value().trim() == slug {
            return true;
        }
        field.verdict = Verdict::Wrong(format!("Type {slug} to go on; nothing was changed."));
        self.form.focus_on(TYPED);
        false
    }
}

impl Overlay for SettingsForm {
    fn handle(&mut self, input: &Input, _state: &mut State) -> Turn {
        match self.form.handle(input) {
            Did::Passed => Turn::passed(),
            Did::Moved => Turn::stay(),
            Did::Changed(place) => {
                if let Some(field) = self.form.fields.get_mut(place) {
                    field.verdict = Verdict::None;
                    setting_fields::check(&self.manifest, field);
                }
                Turn::stay()
            }
            Did::Pressed("save") => self.save(),
            Did::Pressed(_) | Did::Left => Turn::close(),
        }
    }

    fn ticket(&self) -> Option<Ticket> {
        Some(self.ticket)
    }

    fn answer(&mut self, answer: Answer, _state: &mut State) -> Turn {
        self.sending = false;
        match answer {
            Answer::Submitted(_, Ok(_)) => Turn::close(),
            Answer::Submitted(_, Err(fault)) => {
                self.fault = Some(fault);
                Turn::stay()
            }
            _ => Turn::stay(),
        }
    }

    fn sheet(&self, state: &State, width: u16) -> Option<Sheet> {
        let mut sheet = SheetBuilder::new(self.title.clone(), width, state.look.glyphs);
        if self.manifest.settings.is_empty() {
            sheet.paragraph("There is nothing to set here.", Ink::Dim);
        }
        for danger in &self.dangers {
            sheet.paragraph(danger, Ink::Waiting);
        }
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
