//! Keys that lie in memory and nowhere else: examined ones until they are stored, and powerful ones until the operation
//! they were entered for is done. Forgotten with the process; zeroed when dropped.

use crate::domain::{CommunityId, ExaminationId, Identity, PlatformId};
use jiff::Timestamp;
use secrecy::SecretString;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Whose keys they are: those of a platform of one community, or of the installation.
pub(super) type Owner = (PlatformId, Option<CommunityId>);

/// A key that was examined and waits for somebody to say "store".
#[derive(Clone)]
pub(super) struct Examined {
    /// Whose it is to be.
    pub owner: Owner,
    /// Who examined it: nobody else may store it.
    pub actor: crate::domain::ActorId,
    /// The fields, trimmed.
    pub entries: BTreeMap<String, SecretString>,
    /// Settings that were entered along with it, checked.
    pub settings: BTreeMap<String, String>,
    /// What was found; none when the platform could not be asked.
    pub identity: Option<Identity>,
    /// Whether it may be kept although it was not verified: only when nobody could ask.
    pub may_keep_unverified: bool,
    /// When it is forgotten.
    pub until: Timestamp,
}

/// The keys in memory.
#[derive(Default)]
pub(super) struct HeldKeys {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    last: u64,
    examined: HashMap<u64, Examined>,
    powerful: HashMap<Owner, BTreeMap<String, SecretString>>,
}

impl HeldKeys {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps an examined key. Those whose time is over are dropped on the way: no timer is needed for it.
    pub fn keep(&self, examined: Examined, now: Timestamp) -> ExaminationId {
        let mut state = self.state();
        state.examined.retain(|_, kept| kept.until > now);
        state.last += 1;
        let id = state.last;
        state.examined.insert(id, examined);
        ExaminationId(id)
    }

    /// An examined key, while its time is not over.
    pub fn examined(&self, id: ExaminationId, now: Timestamp) -> Option<Examined> {
        let mut state = self.state();
        state.examined.retain(|_, kept| kept.until > now);
        state.examined.get(&id.0).cloned()
    }

    /// Forgets an examined key.
    pub fn drop_examined(&self, id: ExaminationId) {
        self.state().examined.remove(&id.0);
    }

    /// Keeps a powerful key for the operation it enables.
    pub fn lend(&self, owner: Owner, entries: BTreeMap<String, SecretString>) {
        self.state()
            .powerful
            .entry(owner)
            .or_default()
            .extend(entries);
    }

    /// The powerful keys at hand for an owner.
    pub fn lent(&self, owner: &Owner) -> BTreeMap<String, SecretString> {
        self.state()
            .powerful
            .get(owner)
            .cloned()
            .unwrap_or_default()
    }

    /// The fields of the powerful keys at hand, without the keys.
    pub fn lent_fields(&self) -> HashMap<Owner, BTreeSet<String>> {
        let state = self.state();
        state
            .powerful
            .iter()
            .map(|(owner, entries)| (owner.clone(), entries.keys().cloned().collect()))
            .collect()
    }

    /// Forgets the powerful keys of an owner: what they were entered for is done.
    pub fn take_back(&self, owner: &Owner) {
        self.state().powerful.remove(owner);
    }

    /// Forgets everything: the vault was locked.
    pub fn clear(&self) {
        let mut state = self.state();
        state.examined.clear();
        state.powerful.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ActorId;

    #[test]
    fn an_examined_key_is_forgotten_after_its_time() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let held = HeldKeys::default();
        let examined = Examined {
            owner: (PlatformId::new("alpha"), Some(CommunityId(1))),
            actor: ActorId(1),
            entries: BTreeMap::from([("key".into(), SecretString::from("canary"))]),
            settings: BTreeMap::new(),
            identity: None,
            may_keep_unverified: false,
            until: at(600),
        };
        let id = held.keep(examined, at(0));
        assert!(held.examined(id, at(599)).is_some());
        assert!(held.examined(id, at(600)).is_none());
        assert!(held.examined(id, at(0)).is_none(), "it is gone for good");
    }
}
