//! What is known of a platform. Plain data; the rules of its forms are in `credential` and `setting`.

use super::{
    CredentialField, Exposure, Holder, HomeSigns, KindOffer, Needs, RateLimit, SettingField,
    SlotLimit,
};
use crate::domain::{Capability, Choice, PlatformId, Verb, words};
use jiff::civil::Date;
use serde::{Deserialize, Serialize, Serializer};
use std::{collections::BTreeMap, fmt, path::PathBuf, str::FromStr, time::Duration};

words! {
    /// Where a platform stands in the bundle, in the order of the lists.
    Group {
        /// A tool of governance.
        Governance = "governance",
        /// Joins tools and homes.
        Gateway = "gateway",
        /// A place where a community lives.
        Home = "home",
    }
}

words! {
    /// How far a platform has come and who looks after it.
    Maturity {
        /// In wide use, with a versioned interface.
        Stable = "stable",
        /// Developed; its interface may change.
        Active = "active",
        /// Meant for trying.
        Beta = "beta",
        /// A prototype.
        Experimental = "experimental",
        /// Kept alive for the needs of others only.
        Maintenance = "maintenance",
        /// Nobody looks after it.
        Unmaintained = "unmaintained",
    }
}

/// Where a manifest comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// Part of this program.
    Builtin,
    /// The operator's own.
    File(PathBuf),
}

/// Everything that is known of a platform before it is asked.
#[derive(Debug, Clone, Serialize)]
pub struct Manifest {
    /// Its id, which is also the name of its file.
    pub id: PlatformId,
    /// Its name as people write it.
    pub name: String,
    /// Where it stands in the bundle.
    pub group: Group,
    /// Its place within the group; unique.
    pub order: u32,
    /// What it is for, in one sentence.
    pub summary: String,
    /// Where people read about it.
    pub homepage: String,
    /// What an instance is there, in one sentence.
    pub instance: String,
    /// The kinds of instance it offers; the first is the default.
    pub kinds: Vec<KindOffer>,
    /// What a new community gets unless the template says otherwise.
    pub default: Choice,
    /// Its licence, and what follows from it.
    pub licence: String,
    /// How far it has come.
    pub maturity: Maturity,
    /// How its upstream does, as of a day.
    pub upstream: Upstream,
    /// What a person should know before using it, the gravest first.
    pub warnings: Vec<String>,
    /// The secrets (and their companions) it works with.
    pub credentials: Vec<CredentialField>,
    /// Which of them it cannot do without.
    pub needs: Needs,
    /// What can be set.
    pub settings: Vec<SettingField>,
    /// The limits of an account there.
    pub slots: Vec<SlotLimit>,
    /// How fast it may be asked.
    pub rate_limits: Vec<RateLimit>,
    /// How it does each verb. Every verb is stated.
    pub capabilities: BTreeMap<Verb, CapabilityNote>,
    /// What it can be joined to.
    pub connections: Vec<ConnectionOffer>,
    /// By what a server of it is known without a key, where it has servers of its own.
    pub discover: Option<HomeSigns>,
    /// What a proxy may publish, where an instance runs on this host.
    pub exposure: Option<Exposure>,
    /// Programs of this host that installing it needs, by their names in the list of tools.
    pub tools: Vec<String>,
    /// What an instance costs this host.
    pub resources: Resources,
    /// How long something that was created may stay invisible to a look-up.
    #[serde(rename = "settling_seconds", serialize_with = "whole_seconds")]
    pub settling: Duration,
    /// Where that comes from.
    pub settling_source: String,
    /// Where this manifest comes from.
    pub origin: Origin,
}

impl Manifest {
    /// How it does a verb.
    #[must_use]
    pub fn capability(&self, verb: Verb) -> Capability {
        self.capabilities
            .get(&verb)
            .map_or(Capability::Unsupported, |note| note.how)
    }

    /// Whether its instances run on this host.
    #[must_use]
    pub fn runs_here(&self) -> bool {
        self.exposure.is_some()
    }

    /// A credential field by its name.
    #[must_use]
    pub fn credential(&self, field: &str) -> Option<&CredentialField> {
        self.credentials
            .iter()
            .find(|credential| credential.field == field)
    }

    /// The licence without what is said about it after that.
    #[must_use]
    pub fn licence_in_short(&self) -> &str {
        let first = |text: &'_ str, mark: &str| text.find(mark).unwrap_or(text.len());
        let end = first(&self.licence, ". ").min(first(&self.licence, ": "));
        self.licence[..end].trim_end_matches('.')
    }

    /// The credential fields that a person fills in: all but those which Guildhall makes itself.
    pub fn entered_credentials(&self) -> impl Iterator<Item = &CredentialField> {
        self.credentials
            .iter()
            .filter(|credential| !credential.made_by_us)
    }

    /// A setting by its name.
    #[must_use]
    pub fn setting(&self, field: &str) -> Option<&SettingField> {
        self.settings.iter().find(|setting| setting.field == field)
    }

    /// What changes to settings can cost where an instance stands already: the setting's label and what can be lost.
    /// `set` is what is set, `changes` what is to be set.
    #[must_use]
    pub fn dangers(
        &self,
        set: &BTreeMap<String, String>,
        changes: &BTreeMap<String, String>,
    ) -> Vec<(&str, &str)> {
        self.settings
            .iter()
            .filter_map(|setting| {
                let value = changes.get(&setting.field)?;
                let former = self.setting_value(set, &setting.field);
                let danger = setting.danger_of(value)?;
                (former != Some(value.as_str())).then_some((setting.label.as_str(), danger))
            })
            .collect()
    }

    /// The value of a setting: as entered, else its default. An empty entry counts as none.
    #[must_use]
    pub fn setting_value<'a>(
        &'a self,
        settings: &'a BTreeMap<String, String>,
        field: &str,
    ) -> Option<&'a str> {
        settings
            .get(field)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
            .or_else(|| self.setting(field)?.default.as_deref())
    }

    /// The template with each `{setting}` replaced by its value; none when a value is not known yet.
    #[must_use]
    pub fn fill(&self, template: &str, settings: &BTreeMap<String, String>) -> Option<String> {
        let mut filled = String::new();
        let mut rest = template;
        while let Some((before, field, after)) = next_reference(rest) {
            filled.push_str(before);
            filled.push_str(self.setting_value(settings, field)?);
            rest = after;
        }
        filled.push_str(rest);
        Some(filled)
    }

    /// The first required setting that has no value yet.
    #[must_use]
    pub fn missing_setting(&self, settings: &BTreeMap<String, String>) -> Option<&SettingField> {
        self.settings.iter().find(|setting| {
            setting.required && self.setting_value(settings, &setting.field).is_none()
        })
    }

    /// The limit on all requests together, to which a shared budget keeps. None where the platform counts only certain
    /// calls, whose limits stand in `rate_limits` by themselves.
    #[must_use]
    pub fn budget(&self) -> Option<&RateLimit> {
        self.rate_limits.iter().find(|limit| limit.budget)
    }

    /// Who may set a setting or hold a credential: the operator for what concerns the whole installation.
    #[must_use]
    pub fn holder_of(&self, field: &str) -> Option<Holder> {
        self.credential(field)
            .map(|credential| credential.holder)
            .or_else(|| self.setting(field).map(|setting| setting.holder))
    }

    /// The setting names that a template refers to.
    pub(super) fn references(template: &str) -> Vec<&str> {
        let mut names = Vec::new();
        let mut rest = template;
        while let Some((_, name, after)) = next_reference(rest) {
            names.push(name);
            rest = after;
        }
        names
    }
}

/// The first `{name}` of a template: what stands before it, the name, what follows.
fn next_reference(template: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = template.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

pub(super) fn whole_seconds<S: Serializer>(
    value: &Duration,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(value.as_secs())
}

/// How a platform's upstream does.
#[derive(Debug, Clone, Serialize)]
pub struct Upstream {
    /// In a sentence or two.
    pub health: String,
    /// The day this was so.
    pub as_of: Date,
    /// Where it was read.
    pub source: String,
}

/// How a verb is done, and what to know about it.
#[derive(Debug, Clone, Serialize)]
pub struct CapabilityNote {
    /// By Guildhall, by a person, or not at all.
    pub how: Capability,
    /// What that means here, in one sentence.
    pub note: String,
}

/// What a platform can be joined to, and how.
#[derive(Debug, Clone, Serialize)]
pub struct ConnectionOffer {
    /// What it does there: "reads", "announces in".
    pub verb: String,
    /// The platforms at the other end.
    pub to: Vec<PlatformId>,
    /// By Guildhall, by a person, or not at all.
    pub how: Capability,
    /// What to know about it.
    pub note: String,
}

/// What an instance costs this host. All in MiB.
#[derive(Debug, Clone, Serialize)]
pub struct Resources {
    /// Memory while inactive.
    pub memory_inactive_mib: u64,
    /// Memory while active and at rest.
    pub memory_active_mib: u64,
    /// The most memory it takes for a while.
    pub memory_peak_mib: u64,
    /// Disk for the runtime that all instances share.
    pub disk_runtime_mib: u64,
    /// Disk for each instance, before its people fill it.
    pub disk_instance_mib: u64,
    /// Where this comes from.
    pub source: String,
}
