//! The settings of an instance, drawn from the manifest.

use super::{
    Turn,
    dialog::{Asking, CANCEL, Question, Sent},
    setting_fields,
};
use crate::catalog::Manifest;
use crate::domain::{CommunityId, Delegation, Intent, Slug, Wish};
use crate::tui::{
    effect::Effect,
    state::State,
    theme::Ink,
    widgets::{
        field::{Field, Verdict},
        form::Form,
        sheet::SheetBuilder,
    },
};
use std::collections::BTreeMap;

/// The field for the community's short name.
const TYPED: &str = "typed";
/// The field for what is said to the operator.
const WHY: &str = "words";
/// The most characters of what is said.
const WORDS: usize = 500;

/// The question.
#[derive(Debug)]
pub struct Settings {
    title: String,
    community: CommunityId,
    slug: Slug,
    manifest: Manifest,
    set: BTreeMap<String, String>,
    made: bool,
    /// Whether an operator is asked for the changes, by somebody who may not make them.
    asks: bool,
    /// What the changes can cost, once that was asked.
    dangers: Vec<String>,
}

impl Settings {
    /// For an instance with these settings; `made` is whether it exists on its platform.
    pub fn new(
        title: String,
        (community, slug): (CommunityId, Slug),
        manifest: Manifest,
        set: BTreeMap<String, String>,
        made: bool,
    ) -> Self {
        Self {
            title,
            community,
            slug,
            manifest,
            set,
            made,
            asks: false,
            dangers: Vec::new(),
        }
    }

    /// The same for somebody who may only ask for the changes.
    pub fn asking(mut self) -> Self {
        self.asks = true;
        self
    }

    /// Whether the changes are harmless, or the community's short name was typed. Else a field for it is there, with
    /// what they can cost.
    fn confirmed(&mut self, settings: &BTreeMap<String, String>, form: &mut Form) -> bool {
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
            form.fields.retain(|field| field.id != TYPED);
            return true;
        }
        let slug = self.slug.as_str();
        let Some(field) = form.field_mut(TYPED) else {
            let field = Field::text(TYPED, &format!("Type {slug}"), "", 60);
            form.fields.push(field);
            form.focus_on(TYPED);
            return false;
        };
        if field.value().trim() == slug {
            return true;
        }
        field.verdict = Verdict::Wrong(format!("Type {slug} to go on; nothing was changed."));
        form.focus_on(TYPED);
        false
    }
}

impl Question for Settings {
    fn title(&self) -> String {
        self.title.clone()
    }

    fn form(&self) -> Form {
        let mut fields = setting_fields::fields(&self.manifest, &self.set, self.made);
        if self.asks {
            let why = Field::text(WHY, "Why", "", WORDS);
            fields.push(why.help("A sentence that the operator reads."));
        }
        let does = if self.asks { "Ask" } else { "Save" };
        Form::new(fields, &[(CANCEL, "Cancel"), ("save", does)], None)
    }

    fn introduce(&self, _form: &Form, _state: &State, sheet: &mut SheetBuilder<'_>) {
        if self.manifest.settings.is_empty() {
            sheet.paragraph("There is nothing to set here.", Ink::Dim);
        }
        for danger in &self.dangers {
            sheet.paragraph(danger, Ink::Waiting);
        }
    }

    fn hints(&self) -> &'static [(&'static str, &'static str)] {
        &[("tab", "next"), ("left right", "choose")]
    }

    fn changed(&mut self, place: usize, form: &mut Form) {
        if let Some(field) = form.fields.get_mut(place) {
            setting_fields::check(&self.manifest, field);
        }
    }

    fn send(&mut self, _button: &str, form: &mut Form, asking: &mut Asking<'_>) -> Sent {
        let values = setting_fields::values(&self.manifest, form);
        // It is looked at again below; a change that is not dangerous any more asks for nothing.
        if let Some(field) = form.field_mut(TYPED) {
            field.verdict = Verdict::None;
        }
        if form.first_wrong().is_some() {
            return Sent::Turn(Turn::stay());
        }
        let settings = setting_fields::changed(&self.manifest, values, &self.set);
        if settings.is_empty() {
            return Sent::Turn(Turn::close());
        }
        if self.asks {
            let intent = Intent::Delegate(Delegation::Ask {
                community: self.community,
                wish: Wish::Configure {
                    platform: self.manifest.id.clone(),
                    settings,
                },
                words: form.value(WHY).trim().to_owned(),
            });
            return Sent::Waits(Effect::Submit(Some(asking.ticket), Box::new(intent)));
        }
        if !self.confirmed(&settings, form) {
            return Sent::Turn(Turn::stay());
        }
        let intent = Intent::Configure {
            community: self.community,
            platform: self.manifest.id.clone(),
            settings,
            typed: form.value(TYPED).trim().to_owned(),
        };
        Sent::Waits(Effect::Submit(Some(asking.ticket), Box::new(intent)))
    }
}
