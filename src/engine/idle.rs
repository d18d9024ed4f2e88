//! A vault that a person opened locks itself when nobody has been there for long enough. One timer, and only while such a
//! vault is open; a vault that opens without anybody (key file, agent) stays open for the work that goes on unattended.

use super::{Engine, core::Core, views::EngineEvent};
use crate::{
    domain::{Actor, Fault, FaultKind, IntentKind},
    store::Reader,
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::sleep_until;

/// The name under which the operator's choice is kept: minutes, 0 for never.
const SETTING: &str = "idle-lock-minutes";
/// The longest that can be chosen: a day.
const LONGEST: u64 = 24 * 60;

impl Engine {
    /// A person is there: a key was pressed. The vault stays open for another while.
    pub fn touch(&self) {
        self.core.custody.touch(Instant::now());
    }

    /// After how many minutes without a key or a use of a secret an open vault locks itself; none for never.
    ///
    /// # Errors
    /// `NotAllowed`, `Storage`.
    pub async fn idle_lock(&self, actor: &Actor) -> Result<Option<Duration>, Fault> {
        let (asking, usual) = (actor.clone(), self.core.options.limits.idle_lock);
        self.core
            .store
            .read(move |reader| {
                super::rules::Rules::require(reader, &asking, IntentKind::View, None)?;
                chosen(reader, usual)
            })
            .await
    }

    /// Chooses after how many minutes a vault locks itself that nobody uses; 0 for never. Holds from the next unlocking on,
    /// in every process.
    ///
    /// # Errors
    /// `NotAllowed`; `BadInput` for more than a day; `Storage`.
    pub async fn set_idle_lock(&self, actor: &Actor, minutes: u64) -> Result<(), Fault> {
        self.core.require_writable()?;
        if minutes > LONGEST {
            return Err(Fault::new(
                FaultKind::BadInput,
                "A vault that nobody uses locks itself after a day at the latest, or never.",
            )
            .hint("Write 1 to 1440 minutes, or never."));
        }
        let asking = actor.clone();
        self.core
            .change(move |writer, rules| {
                let actor =
                    super::rules::Rules::require(writer, &asking, IntentKind::Settings, None)?;
                writer.set_setting(SETTING, &minutes)?;
                rules.audit(
                    writer,
                    &super::submit::label(&actor),
                    "idle-lock",
                    "vault",
                    None,
                    crate::domain::AuditResult::Done,
                    &crate::domain::counted(minutes, "minute", "minutes"),
                )
            })
            .await
    }
}

fn chosen(reader: &Reader<'_>, usual: Duration) -> Result<Option<Duration>, Fault> {
    let minutes: Option<u64> = reader.setting(SETTING)?;
    let after = minutes.map_or(usual, |minutes| Duration::from_secs(minutes * 60));
    Ok((!after.is_zero()).then_some(after))
}

/// Lets the vault lock itself from now on: a person opens it.
pub(super) async fn arm(core: &Core) -> Result<(), Fault> {
    let usual = core.options.limits.idle_lock;
    let after = core.store.read(move |reader| chosen(reader, usual)).await?;
    core.custody.set_idle_after(after);
    Ok(())
}

/// Begins to lock the vault when nobody has been there for long enough.
pub(super) fn attend(core: &Arc<Core>) {
    let (custody, closing) = (core.custody.clone(), core.desk.closing().clone());
    let mut state = custody.watch();
    let core = Arc::downgrade(core);
    tokio::spawn(async move {
        loop {
            let deadline = custody.idle_deadline();
            tokio::select! {
                () = closing.cancelled() => return,
                changed = state.changed() => if changed.is_err() { return },
                () = until(deadline) => {
                    if custody.lock_if_idle(Instant::now()) {
                        let Some(core) = core.upgrade() else { return };
                        core.held.clear();
                        core.emit(EngineEvent::LockedItself);
                        core.emit_changed(None);
                    }
                }
            }
        }
    });
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}
