//! Which actions are possible where one is. The footer, the help, the palette and the keys all ask here, so that
//! nothing is offered that does nothing, or that the table of authority gives to others only. Whether it is *allowed* is
//! the engine's to say.

use super::{Pane, State, View};
use crate::domain::{
    ActionId, CredentialMeta, Danger, Grant, IntentKind, Observed, OperationState, PlatformId,
    Scope, line_of,
};
use crate::engine::views::{Due, VaultState};
use crate::tui::keymap;

impl State {
    /// Whether an action is possible here and now.
    pub fn offers(&self, id: ActionId) -> bool {
        let action = keymap::entry(id);
        let changes =
            action.danger > Danger::None && id != ActionId::Unlock && id != ActionId::Lock;
        if (changes && self.is_read_only()) || !self.is_granted(id) {
            return false;
        }
        let here = match action.scope {
            Scope::Anywhere | Scope::List => true,
            Scope::Community => self.view == View::Communities,
            Scope::Instance => self.view == View::Communities && self.pane != Pane::Communities,
            Scope::Operation => matches!(self.view, View::Operations | View::Tasks),
            Scope::Account => self.view == View::Accounts,
        };
        here && self.has_subject(id)
    }

    /// Whether the table of authority gives this role what the action needs. Until the role is known, everything.
    pub fn is_granted(&self, id: ActionId) -> bool {
        verb_of(id).is_none_or(|verb| self.has_grant(verb))
    }

    fn has_grant(&self, verb: IntentKind) -> bool {
        self.role()
            .is_none_or(|role| line_of(verb).of(role) != Grant::Nowhere)
    }

    /// Whether something may be changed from this screen by this role: for what a layer offers by keys of its own.
    pub fn may(&self, verb: IntentKind) -> bool {
        !self.is_read_only() && self.has_grant(verb)
    }

    /// Why something is not done from here, and by whom it is; none where it may be.
    pub fn obstacle(&self, verb: IntentKind) -> Option<String> {
        if self.may(verb) {
            return None;
        }
        if self.has_grant(verb) {
            return Some(
                "This screen is read-only; do it from one that may change something.".to_owned(),
            );
        }
        let others = if line_of(verb).admin == Grant::Nowhere {
            "an operator"
        } else {
            "an operator or whoever administers the community"
        };
        Some(format!(
            "Your role only looks at this; ask {others} to do it."
        ))
    }

    /// The keys of the account or instance under the cursor.
    pub fn chosen_keys(&self) -> &[CredentialMeta] {
        match self.view {
            View::Accounts => self.accounts.chosen().map_or(&[], |row| &row.keys),
            View::Communities if self.pane != Pane::Communities => {
                self.present_instance().map_or(&[], |detail| &detail.keys)
            }
            _ => &[],
        }
    }

    /// The first of them that should be replaced.
    pub fn chosen_due(&self) -> Option<&Due> {
        match self.view {
            View::Accounts => self.accounts.chosen()?.due.first(),
            _ => self.present_instance()?.due.first(),
        }
    }

    /// The platform whose keys are under the cursor, where there are keys on platforms of that kind.
    pub fn chosen_keys_platform(&self) -> Option<PlatformId> {
        let platform = match self.view {
            View::Accounts => &self.accounts.chosen()?.account.platform,
            View::Platforms => &self.platforms.chosen()?.id,
            View::Communities if self.pane != Pane::Communities => {
                &self.chosen_platform()?.platform
            }
            _ => return None,
        };
        let manifest = self.catalog.get(platform)?;
        let has_keys = manifest.entered_credentials().next().is_some();
        has_keys.then(|| platform.clone())
    }

    /// Whether nothing may be changed from this screen.
    pub fn is_read_only(&self) -> bool {
        self.read_only || self.overview.as_ref().is_some_and(|o| o.read_only)
    }

    fn has_subject(&self, id: ActionId) -> bool {
        let archived = || {
            self.communities
                .chosen()
                .is_some_and(|community| community.archived)
        };
        let made = || self.targets().iter().any(|row| row.instance.is_some());
        match id {
            ActionId::Ask => self.present_community().is_some() && !archived(),
            ActionId::AskSettings => made() && !archived(),
            ActionId::Toggle | ActionId::EnterKey | ActionId::Configure | ActionId::Adopt => {
                !self.targets().is_empty() && !archived()
            }
            ActionId::AnswerDrift => self.chosen_platform().is_some_and(|row| {
                row.instance
                    .as_ref()
                    .is_some_and(|known| known.drifted || known.observed == Observed::Gone)
            }),
            ActionId::Connect => made() && !archived() && !self.connection_targets().is_empty(),
            ActionId::Connections => self.chosen_platform().is_some_and(|row| {
                self.present_community().is_some_and(|detail| {
                    detail
                        .connections
                        .iter()
                        .any(|known| known.from == row.name || known.to == row.name)
                })
            }),
            ActionId::Logs => self.chosen_platform().is_some_and(|row| {
                row.instance.is_some()
                    && self
                        .catalog
                        .get(&row.platform)
                        .is_some_and(crate::catalog::Manifest::runs_here)
            }),
            ActionId::Open => self.has_chosen(),
            ActionId::Reach
            | ActionId::RotateKey
            | ActionId::AssumeLeaked
            | ActionId::RevealKey => !self.chosen_keys().is_empty(),
            ActionId::AnotherAccount | ActionId::MoveAccount | ActionId::AccountContact => {
                self.accounts.chosen().is_some()
            }
            ActionId::ShareKeys => self.chosen_keys_platform().is_some(),
            ActionId::Mark => self.chosen_platform().is_some() && self.pane == Pane::Instances,
            ActionId::Check | ActionId::RemoveSoft | ActionId::RemoveHard => made(),
            ActionId::CopyAddress => self.address().is_some(),
            ActionId::ArchiveCommunity => self.communities.chosen().is_some() && !archived(),
            ActionId::Resume => match self.view {
                View::Tasks => self
                    .tasks
                    .chosen()
                    .is_some_and(|row| row.key.is_none() || row.wanted().is_some()),
                _ => self.acting_operation().is_some_and(|row| {
                    !row.operation.state.is_final()
                        && row.operation.state != OperationState::Running
                }),
            },
            ActionId::Cancel => match self.view {
                View::Tasks => self
                    .tasks
                    .chosen()
                    .is_some_and(|row| row.operation.is_some() || row.wanted().is_some()),
                _ => self
                    .acting_operation()
                    .is_some_and(|row| !row.operation.state.is_final()),
            },
            ActionId::Unlock => self.vault() == Some(VaultState::Locked),
            ActionId::Lock => self.vault() == Some(VaultState::Unlocked),
            ActionId::PaneLeft => self.view == View::Communities && self.pane != Pane::Communities,
            ActionId::PaneRight => self.view == View::Communities && self.pane != Pane::Details,
            ActionId::Suspend => self.may_suspend,
            _ => true,
        }
    }

    /// Whether there is a row to open.
    fn has_chosen(&self) -> bool {
        match self.view {
            View::Communities => self.communities.chosen().is_some(),
            View::Operations => self.operations.chosen().is_some(),
            View::Tasks => self.tasks.chosen().is_some(),
            View::Accounts => self.accounts.chosen().is_some(),
            View::Requests => self.requests.chosen().is_some(),
            View::Platforms => self.platforms.chosen().is_some(),
            View::Audit => self.audit.chosen().is_some(),
            View::Messages => self.messages.chosen().is_some(),
        }
    }

    fn vault(&self) -> Option<VaultState> {
        self.overview.as_ref().map(|overview| overview.vault)
    }

    /// The platforms that the row under the cursor can be joined to: its manifest's, as far as the community has them.
    pub fn connection_targets(&self) -> Vec<PlatformId> {
        let Some(row) = self.chosen_platform() else {
            return vec![];
        };
        let Some(manifest) = self.catalog.get(&row.platform) else {
            return vec![];
        };
        let have = |id: &PlatformId| {
            self.present_community().is_some_and(|detail| {
                detail
                    .platforms
                    .iter()
                    .any(|row| row.platform == *id && row.instance.is_some())
            })
        };
        let mut targets: Vec<_> = manifest
            .connections
            .iter()
            .flat_map(|offer| &offer.to)
            .filter(|id| have(id))
            .cloned()
            .collect();
        targets.sort();
        targets.dedup();
        targets
    }

    /// The address that belongs to the row under the cursor.
    pub fn address(&self) -> Option<String> {
        if let Some(task) = self
            .present_instance()
            .and_then(|detail| detail.task.as_ref())
            && task.task.url.is_some()
        {
            return task.task.url.clone();
        }
        self.chosen_platform()?.instance.as_ref()?.url.clone()
    }
}

/// What an action needs of the table of authority; none for what everybody can do who sees the screen.
const fn verb_of(id: ActionId) -> Option<IntentKind> {
    Some(match id {
        ActionId::NewCommunity => IntentKind::CreateCommunity,
        ActionId::ArchiveCommunity => IntentKind::ArchiveCommunity,
        ActionId::Toggle => IntentKind::Activate,
        ActionId::EnterKey => IntentKind::SetKey,
        ActionId::Configure => IntentKind::Configure,
        ActionId::Adopt => IntentKind::Adopt,
        ActionId::AnswerDrift => IntentKind::AnswerDrift,
        ActionId::Check => IntentKind::Check,
        ActionId::Connect => IntentKind::Connect,
        ActionId::RemoveSoft | ActionId::RemoveHard => IntentKind::Remove,
        ActionId::Resume => IntentKind::ResumeOperation,
        ActionId::Cancel => IntentKind::CancelOperation,
        ActionId::Accounts | ActionId::Reach | ActionId::Rotations => IntentKind::ViewAccounts,
        ActionId::RevealKey => IntentKind::RevealKey,
        ActionId::AddAccount | ActionId::AnotherAccount | ActionId::AccountContact => {
            IntentKind::AddAccount
        }
        ActionId::ShareKeys => IntentKind::SetAccountPolicy,
        ActionId::Operators => IntentKind::Recipients,
        ActionId::RotateKey | ActionId::AssumeLeaked | ActionId::MoveAccount => {
            IntentKind::RotateKey
        }
        ActionId::Ask | ActionId::AskSettings => IntentKind::MakeRequest,
        // The vault is the operators'.
        ActionId::Unlock | ActionId::Lock => IntentKind::Settings,
        _ => return None,
    })
}
