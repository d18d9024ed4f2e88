//! The settings of an instance, drawn from the manifest.

use super::{Overlay, Turn, setting_fields};
use crate::catalog::Manifest;
use crate::domain::{CommunityId, Fault, Intent};
use crate::tui::{
    effect::Effect,
    input::Input,
    message::{Answer, Ticket},
    state::State,
    theme::Ink,
    widgets::{
        form::{Did, Form},
        sheet::{Sheet, SheetBuilder},
    },
};
use std::collections::BTreeMap;

/// The form.
#[derive(Debug)]
pub struct SettingsForm {
    ticket: Ticket,
    title: String,
    community: CommunityId,
    manifest: Manifest,
    set: BTreeMap<String, String>,
    form: Form,
    sending: bool,
    fault: Option<Fault>,
}

impl SettingsForm {
    /// For an instance with these settings; `made` is whether it exists on its platform.
    pub fn new(
        ticket: Ticket,
        title: String,
        community: CommunityId,
        manifest: Manifest,
        set: BTreeMap<String, String>,
        made: bool,
    ) -> Self {
        let fields = setting_fields::fields(&manifest, &set, made);
        Self {
            ticket,
            title,
            community,
            form: Form::new(fields, &[("cancel", "Cancel"), ("save", "Save")], None),
            manifest,
            set,
            sending: false,
            fault: None,
        }
    }

    fn save(&mut self) -> Turn {
        let values = setting_fields::values(&self.manifest, &mut self.form);
        if self.form.first_wrong().is_some() || self.sending {
            return Turn::stay();
        }
        let settings = setting_fields::changed(&self.manifest, values, &self.set);
        if settings.is_empty() {
            return Turn::close();
        }
        self.sending = true;
        let intent = Intent::Configure {
            community: self.community,
            platform: self.manifest.id.clone(),
            settings,
        };
        Turn::with(vec![Effect::Submit(Some(self.ticket), Box::new(intent))])
    }
}

impl Overlay for SettingsForm {
    fn handle(&mut self, input: &Input, _state: &mut State) -> Turn {
        match self.form.handle(input) {
            Did::Passed => Turn::passed(),
            Did::Moved => Turn::stay(),
            Did::Changed(place) => {
                if let Some(field) = self.form.fields.get_mut(place) {
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
