//! The vault key in this process: here while unlocked, wiped when locked. Knows no timer; the caller brings the time.

use super::{
    InboxPublic, SealContext, Sealed, VaultKey, inbox_public, open, open_from_inbox, seal,
    seal_to_inbox,
};
use crate::domain::{Fault, FaultKind};
use secrecy::SecretString;
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// Whether the secrets of this installation can be read at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockState {
    /// They cannot; new ones go into the inbox.
    Locked,
    /// They can.
    Unlocked,
}

/// The one place of the process that holds the vault key. Cheap to clone; all clones are the same lock.
#[derive(Clone)]
pub struct Custody(Arc<Shared>);

struct Shared {
    held: Mutex<Held>,
    state: watch::Sender<LockState>,
}

struct Held {
    inbox: InboxPublic,
    key: Option<VaultKey>,
    /// After how long without a sign of the operator to lock; none for unattended work.
    idle_after: Option<Duration>,
    last_sign: Instant,
}

impl Custody {
    /// Custody of a vault that is locked. Its inbox takes secrets already.
    #[must_use]
    pub fn locked(inbox: InboxPublic) -> Self {
        Self(Arc::new(Shared {
            held: Mutex::new(Held {
                inbox,
                key: None,
                idle_after: None,
                last_sign: Instant::now(),
            }),
            state: watch::Sender::new(LockState::Locked),
        }))
    }

    /// Takes the key into custody, and with it the right to every secret.
    ///
    /// # Errors
    /// [`FaultKind::Locked`] when it is the key of another vault: its inbox is not ours. Nothing changes then.
    pub fn unlock(&self, key: VaultKey) -> Result<(), Fault> {
        let mut held = self.held();
        if inbox_public(&key) != held.inbox {
            return Err(Fault::new(
                FaultKind::Locked,
                "That key opens, but not this vault; it stays as it was.",
            )
            .hint(
                "The wrapped keys do not belong to this database: restore both from one backup.",
            ));
        }
        held.key = Some(key);
        held.last_sign = Instant::now();
        self.tell(LockState::Unlocked);
        Ok(())
    }

    /// Takes the new key of the same vault into custody: everything was sealed anew under it.
    pub fn replace(&self, key: VaultKey) {
        let mut held = self.held();
        held.inbox = inbox_public(&key);
        held.key = Some(key);
        held.last_sign = Instant::now();
        self.tell(LockState::Unlocked);
    }

    /// Wipes the key. Whatever was opened already stays with whoever opened it.
    pub fn lock(&self) {
        let mut held = self.held();
        held.key = None;
        self.tell(LockState::Locked);
    }

    /// Does something that needs the key. Short work only, that does not come back to the custody: others wait meanwhile.
    ///
    /// # Errors
    /// [`FaultKind::Locked`] without calling `work` when the vault is locked, else what `work` answers.
    pub fn with<T>(&self, work: impl FnOnce(&VaultKey) -> Result<T, Fault>) -> Result<T, Fault> {
        match &self.held().key {
            Some(key) => work(key),
            None => Err(Fault::new(
                FaultKind::Locked,
                "The vault is locked, and this needs a secret.",
            )
            .hint("Unlock it; what waits for it goes on by itself then.")),
        }
    }

    /// Seals a secret, locked or not: into its row when the key is here, else to the inbox ([`Sealed::is_inbox`]).
    ///
    /// # Errors
    /// As [`seal`] and [`seal_to_inbox`].
    pub fn seal(&self, context: &SealContext, secret: &SecretString) -> Result<Sealed, Fault> {
        let held = self.held();
        match &held.key {
            Some(key) => seal(key, context, secret),
            None => seal_to_inbox(&held.inbox, context, secret),
        }
    }

    /// Opens what [`Custody::seal`] sealed, wherever it lies.
    ///
    /// # Errors
    /// [`FaultKind::Locked`] while the vault is locked; [`FaultKind::NeedsKey`] when this one secret does not open.
    pub fn open(&self, context: &SealContext, sealed: &Sealed) -> Result<SecretString, Fault> {
        self.with(|key| {
            if sealed.is_inbox() {
                open_from_inbox(key, context, sealed)
            } else {
                open(key, context, sealed)
            }
        })
    }

    /// Whether secrets can be read now.
    #[must_use]
    pub fn is_unlocked(&self) -> bool {
        self.held().key.is_some()
    }

    /// Where secrets go that are entered while the vault is locked.
    #[must_use]
    pub fn inbox(&self) -> InboxPublic {
        self.held().inbox
    }

    /// Tells of every change between locked and unlocked.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<LockState> {
        self.0.state.subscribe()
    }

    /// Locks after this long without [`Custody::touch`]; none means never, as unattended work needs it.
    pub fn set_idle_after(&self, idle_after: Option<Duration>) {
        self.held().idle_after = idle_after;
    }

    /// A sign of the operator: a key pressed.
    pub fn touch(&self, now: Instant) {
        let mut held = self.held();
        held.last_sign = held.last_sign.max(now);
    }

    /// When to call [`Custody::lock_if_idle`] next; none while that would change nothing.
    #[must_use]
    pub fn idle_deadline(&self) -> Option<Instant> {
        let held = self.held();
        held.key.as_ref()?;
        held.last_sign.checked_add(held.idle_after?)
    }

    /// Locks when the operator has been away long enough. Whether it did.
    #[must_use]
    pub fn lock_if_idle(&self, now: Instant) -> bool {
        let mut held = self.held();
        let Some(idle_after) = held.idle_after.filter(|_| held.key.is_some()) else {
            return false;
        };
        let idle = now.saturating_duration_since(held.last_sign) >= idle_after;
        if idle {
            held.key = None;
            self.tell(LockState::Locked);
        }
        idle
    }

    /// Called with the key's lock held, so that watchers see the changes in their order.
    fn tell(&self, state: LockState) {
        self.0
            .state
            .send_if_modified(|told| std::mem::replace(told, state) != state);
    }

    /// A panic while the key was in use leaves it whole: it is only ever exchanged as one.
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Custody {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Custody({:?})", *self.0.state.borrow())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{check_value, fingerprint};
    use super::*;
    use secrecy::ExposeSecret;

    const MINUTE: Duration = Duration::from_secs(60);

    fn unlocked() -> (Custody, String) {
        let key = VaultKey::generate().unwrap();
        let check = check_value(&key);
        let custody = Custody::locked(inbox_public(&key));
        custody.unlock(key).unwrap();
        (custody, check)
    }

    #[test]
    fn locked_nothing_that_needs_the_key_runs() {
        let (custody, check) = unlocked();
        assert_eq!(custody.with(|key| Ok(check_value(key))).unwrap(), check);
        custody.lock();
        assert!(!custody.is_unlocked());
        let fault = custody
            .with(|_| -> Result<(), Fault> { panic!("called while locked") })
            .unwrap_err();
        assert_eq!(fault.kind, FaultKind::Locked);
    }

    #[test]
    fn locked_a_secret_can_be_entered_and_is_read_at_the_next_unlock() {
        let key = VaultKey::generate().unwrap();
        let again = VaultKey::from_bytes(key.bytes()).unwrap();
        let custody = Custody::locked(inbox_public(&key));
        let context = super::super::context::tests::context();
        let secret = SecretString::from("canary");

        let entry = custody.seal(&context, &secret).unwrap();
        assert!(entry.is_inbox());
        let fault = custody.open(&context, &entry).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Locked);

        custody.unlock(again).unwrap();
        let read = custody.open(&context, &entry).unwrap();
        let row = custody.seal(&context, &read).unwrap();
        assert!(!row.is_inbox());
        let opened = custody.open(&context, &row).unwrap();
        assert_eq!(opened.expose_secret(), "canary");
    }

    #[test]
    fn the_key_of_another_vault_is_refused_and_changes_nothing() {
        let (custody, check) = unlocked();
        let fault = custody.unlock(VaultKey::generate().unwrap()).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Locked);
        assert_eq!(custody.with(|key| Ok(check_value(key))).unwrap(), check);
    }

    #[test]
    fn it_locks_when_the_operator_was_away_and_not_before() {
        let (custody, _) = unlocked();
        assert_eq!(custody.idle_deadline(), None);
        custody.set_idle_after(Some(10 * MINUTE));
        let sign = Instant::now() + MINUTE;
        custody.touch(sign);
        assert_eq!(custody.idle_deadline(), Some(sign + 10 * MINUTE));
        assert!(!custody.lock_if_idle(sign + 9 * MINUTE));
        custody.touch(sign + 9 * MINUTE);
        assert!(!custody.lock_if_idle(sign + 18 * MINUTE));
        assert!(custody.is_unlocked());
        assert!(custody.lock_if_idle(sign + 19 * MINUTE));
        assert!(!custody.is_unlocked());
        assert_eq!(custody.idle_deadline(), None);
        assert!(!custody.lock_if_idle(sign + 99 * MINUTE));
    }

    #[test]
    fn unattended_it_never_locks_by_itself() {
        let (custody, _) = unlocked();
        assert!(!custody.lock_if_idle(Instant::now() + 10_000 * MINUTE));
        assert!(custody.is_unlocked());
    }

    #[test]
    fn watchers_learn_of_each_change_once() {
        let (custody, _) = unlocked();
        let mut watcher = custody.watch();
        assert_eq!(*watcher.borrow_and_update(), LockState::Unlocked);
        custody.clone().lock();
        assert!(watcher.has_changed().unwrap());
        assert_eq!(*watcher.borrow_and_update(), LockState::Locked);
        custody.lock();
        assert!(!watcher.has_changed().unwrap());
    }

    #[test]
    fn a_panic_in_the_work_leaves_the_vault_usable() {
        let (custody, check) = unlocked();
        let other = custody.clone();
        let panicked = std::thread::spawn(move || {
            other.with(|_| -> Result<(), Fault> { panic!("in the work") })
        });
        assert!(panicked.join().is_err());
        assert_eq!(custody.with(|key| Ok(check_value(key))).unwrap(), check);
    }

    #[test]
    fn custody_prints_its_state_and_nothing_else() {
        let (custody, _) = unlocked();
        assert_eq!(format!("{custody:?}"), "Custody(Unlocked)");
        let secret = SecretString::from("canary");
        let print = custody.with(|key| Ok(fingerprint(key, &secret))).unwrap();
        assert!(!print.contains("canary"));
    }
}
