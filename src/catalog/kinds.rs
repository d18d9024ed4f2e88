//! The kinds of instance that a platform offers, and which of them settings choose.

use super::{
    Manifest, SettingField, SettingKind,
    reader::{Reader, Result},
};
use crate::domain::InstanceKind;
use serde::Serialize;
use std::collections::BTreeMap;

/// A kind of instance, and what it means on this platform.
#[derive(Debug, Clone, Serialize)]
pub struct KindOffer {
    /// The kind.
    pub kind: InstanceKind,
    /// What it means here.
    pub text: String,
    /// The setting that chooses it by holding the kind's own word; none for the default and for what comes by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chosen_by: Option<String>,
    /// The switch that says that somebody accepts what it means; without it the kind cannot be chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted_by: Option<String>,
}

impl Manifest {
    /// The offer that these settings choose; the first one where they choose none.
    #[must_use]
    pub fn chosen_offer(&self, settings: &BTreeMap<String, String>) -> Option<&KindOffer> {
        let chosen = self.kinds.iter().find(|offer| {
            let field = offer.chosen_by.as_deref();
            field
                .is_some_and(|field| self.setting_value(settings, field) == Some(offer.kind.word()))
        });
        chosen.or_else(|| self.kinds.first())
    }

    /// The switch with which what these settings choose is accepted first, where it is not on.
    #[must_use]
    pub fn unaccepted_kind(
        &self,
        settings: &BTreeMap<String, String>,
    ) -> Option<(&KindOffer, &SettingField)> {
        let offer = self.chosen_offer(settings)?;
        let switch = self.setting(offer.accepted_by.as_deref()?)?;
        let is_on = self.setting_value(settings, &switch.field) == Some("true");
        (!is_on).then_some((offer, switch))
    }

    /// What is to be said of a setting that is fixed once the instance is made, and what to do about it.
    #[must_use]
    pub fn way_around(&self, setting: &SettingField) -> &'static str {
        let chooses = |offer: &KindOffer| offer.chosen_by.as_deref() == Some(&setting.field);
        if self.kinds.iter().any(chooses) {
            return "Remove the instance, which leaves what people wrote in a file, and make it again as you want it; what is \
                    in the file is then entered by hand.";
        }
        "Remove the instance and make it again with another value."
    }

    /// Whether an instance of this kind is a row in a service that runs on this host for several communities.
    #[must_use]
    pub fn shares_a_service_here(&self, kind: InstanceKind) -> bool {
        self.runs_here() && kind == InstanceKind::Tenant
    }
}

/// Reads the part of a manifest.
pub(super) fn kinds(root: &mut Reader<'_>) -> Result<Vec<KindOffer>> {
    let mut kinds = Vec::new();
    for mut table in root.tables("kinds")? {
        kinds.push(KindOffer {
            kind: table.word("kind", "\"dedicated\"")?,
            text: table.text("text", "\"what that means here\"")?,
            chosen_by: table.optional_text("chosen_by")?,
            accepted_by: table.optional_text("accepted_by")?,
        });
        table.finish()?;
    }
    if kinds.is_empty() {
        return Err(root.error_at(
            "kinds",
            "No kind of instance is offered.",
            "Write a section [[kinds]] with kind and text; the first is the default.",
        ));
    }
    Ok(kinds)
}

/// What the kinds say about the settings.
pub(super) fn check_references(manifest: &Manifest, root: &Reader<'_>) -> Result<()> {
    for offer in &manifest.kinds {
        let setting = |field: &Option<String>| manifest.setting(field.as_deref()?);
        let chooses = setting(&offer.chosen_by).is_some_and(|setting| {
            setting.immutable && setting.choices.iter().any(|word| word == offer.kind.word())
        });
        if offer.chosen_by.is_some() && !chooses {
            return Err(root.error_at(
                "kinds",
                format!("{} cannot be chosen by its setting.", offer.kind),
                "Name an immutable setting one of whose choices is the kind's word.",
            ));
        }
        let accepts =
            setting(&offer.accepted_by).is_some_and(|setting| setting.kind == SettingKind::Switch);
        if offer.accepted_by.is_some() && !accepts {
            return Err(root.error_at(
                "kinds",
                format!("{} cannot be accepted by its setting.", offer.kind),
                "Name a setting that is a switch.",
            ));
        }
    }
    Ok(())
}
