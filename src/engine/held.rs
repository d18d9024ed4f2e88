//! Keys that lie in memory and nowhere else: examined ones until they are stored, and powerful ones until the operation
//! they were entered for is done. Forgotten with the process; zeroed when dropped.

use crate::domain::{CommunityId, ExaminationId, Identity, PlatformId};
use jiff::Timestamp;
use secrecy::SecretString;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
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
    /// The fields of those, ready to be handed out: every decision looks at them, and many communities may be under way.
    lent: Arc<LentFields>,
}

/// Which fields of powerful keys are at hand, by owner.
pub(super) type LentFields = HashMap<Owner, BTreeSet<String>>;

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
        let mut state = self.state();
        Arc::make_mut(&mut state.lent)
            .entry(owner.clone())
            .or_default()
            .extend(entries.keys().cloned());
        state.powerful.entry(owner).or_default().extend(entries);
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
    pub fn lent_fields(&self) -> Arc<LentFields> {
        Arc::clone(&self.state().lent)
    }

    /// Forgets the powerful keys of an owner: what they were entered for is done.
    pub fn take_back(&self, owner: &Owner) {
        let mut state = self.state();
        if state.powerful.remove(owner).is_some() {
            Arc::make_mut(&mut state.lent).remove(owner);
        }
    }

    /// Forgets one powerful key of an owner: another one was stored in its place.
    pub fn take_back_field(&self, owner: &Owner, field: &str) {
        let mut state = self.state();
        let state = &mut *state;
        let Some(entries) = state.powerful.get_mut(owner) else {
            return;
        };
        if entries.remove(field).is_none() {
            return;
        }
        let none_left = entries.is_empty();
        let lent = Arc::make_mut(&mut state.lent);
        if none_left {
            lent.remove(owner);
            state.powerful.remove(owner);
        } else if let Some(fields) = lent.get_mut(owner) {
            fields.remove(field);
        }
    }

    /// Forgets everything: the vault was locked.
    pub fn clear(&self) {
        let mut state = self.state();
        state.examined.clear();
        state.powerful.clear();
        state.lent = Arc::default();
    }
}

/// Powerful keys that are at hand already while the change that asks for them is still being written: whoever sees the
/// work sees its key too. Taken back when it is dropped, unless that change is on disk.
pub(super) struct Lending {
    held: Arc<HeldKeys>,
    owner: Owner,
    fields: Vec<String>,
}

impl Lending {
    pub fn begin(
        held: &Arc<HeldKeys>,
        owner: Owner,
        entries: BTreeMap<String, SecretString>,
    ) -> Self {
        let fields = entries.keys().cloned().collect();
        held.lend(owner.clone(), entries);
        Self {
            held: Arc::clone(held),
            owner,
            fields,
        }
    }

    /// The change is on disk: they stay until the work is over.
    pub fn keep(mut self) {
        self.fields.clear();
    }
}

impl Drop for Lending {
    fn drop(&mut self) {
        for field in &self.fields {
            self.held.take_back_field(&self.owner, field);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ActorId;

    #[test]
    fn what_is_said_to_be_lent_is_what_is_lent() {
        let held = HeldKeys::default();
        let owner = |community| (PlatformId::new("alpha"), Some(CommunityId(community)));
        let key = |field: &str| BTreeMap::from([(field.to_owned(), SecretString::from("canary"))]);
        held.lend(owner(1), key("token"));
        let earlier = held.lent_fields();
        held.lend(owner(1), key("secret"));
        held.lend(owner(2), key("token"));
        held.take_back(&owner(2));
        held.lend(owner(3), key("token"));
        held.take_back_field(&owner(3), "token");
        assert!(held.lent(&owner(3)).is_empty());
        assert!(!held.lent_fields().contains_key(&owner(3)));
        let now = held.lent_fields();
        assert_eq!(earlier[&owner(1)].len(), 1, "a decision keeps what it saw");
        assert_eq!(now[&owner(1)].len(), 2);
        assert!(!now.contains_key(&owner(2)));
        assert!(held.lent(&owner(2)).is_empty());
        held.clear();
        assert!(held.lent_fields().is_empty() && held.lent(&owner(1)).is_empty());
    }

    #[test]
    fn a_key_lent_for_a_change_that_was_not_written_is_taken_back() {
        let held = Arc::new(HeldKeys::default());
        let owner = (PlatformId::new("alpha"), None);
        let key = || BTreeMap::from([("token".to_owned(), SecretString::from("canary"))]);
        let lending = Lending::begin(&held, owner.clone(), key());
        assert_eq!(held.lent(&owner).len(), 1, "it is at hand before that");
        drop(lending);
        assert!(held.lent(&owner).is_empty() && held.lent_fields().is_empty());
        Lending::begin(&held, owner.clone(), key()).keep();
        assert_eq!(held.lent(&owner).len(), 1);
    }

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
