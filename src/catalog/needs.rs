//! Which credentials a platform cannot do without, given the settings of an instance.

use serde::Serialize;
use std::collections::BTreeMap;

/// Which credential fields are needed. Each list of lists is a choice: having every field of any one list suffices;
/// no list at all means that nothing is needed.
#[derive(Debug, Clone, Serialize)]
pub struct Needs {
    /// To make an instance.
    pub provision: Vec<Vec<String>>,
    /// To work with it afterwards.
    pub operate: Vec<Vec<String>>,
    /// Where settings change what is needed. The first that applies counts, so the most particular stands first.
    pub exceptions: Vec<NeedException>,
}

impl Needs {
    /// What is needed to make an instance with these settings.
    #[must_use]
    pub fn to_provision(&self, settings: &BTreeMap<String, String>) -> &[Vec<String>] {
        self.exception(settings)
            .map_or(&self.provision, |exception| &exception.provision)
    }

    /// What is needed to work with an instance that has these settings.
    #[must_use]
    pub fn to_operate(&self, settings: &BTreeMap<String, String>) -> &[Vec<String>] {
        self.exception(settings)
            .map_or(&self.operate, |exception| &exception.operate)
    }

    /// Whether what is held is enough for one of the alternatives.
    #[must_use]
    pub fn met(alternatives: &[Vec<String>], holds: impl Fn(&str) -> bool) -> bool {
        alternatives.is_empty()
            || alternatives
                .iter()
                .any(|fields| fields.iter().all(|field| holds(field)))
    }

    fn exception(&self, settings: &BTreeMap<String, String>) -> Option<&NeedException> {
        self.exceptions
            .iter()
            .find(|exception| exception.applies(settings))
    }
}

/// Other needs, for instances whose settings are so.
#[derive(Debug, Clone, Serialize)]
pub struct NeedException {
    /// The settings that must all be entered.
    pub when: Vec<String>,
    /// To make an instance.
    pub provision: Vec<Vec<String>>,
    /// To work with it afterwards.
    pub operate: Vec<Vec<String>>,
}

impl NeedException {
    fn applies(&self, settings: &BTreeMap<String, String>) -> bool {
        self.when
            .iter()
            .all(|setting| settings.get(setting).is_some_and(|value| !value.is_empty()))
    }
}
