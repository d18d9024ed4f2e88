//! The journal of a running operation: what an adapter intends, records and remembers, each committed before it returns,
//! each refused once the operation is in other hands.

use super::{core::Core, facts, keyring};
use crate::{
    adapters::{Attempt, Before, Journal},
    domain::{
        CommunityId, Fault, Identity, InstanceId, OperationId, OperationKey, PlatformId, StepState,
    },
};
use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{fmt::Write as _, sync::Arc};

/// The journal of one operation.
pub(super) struct StoreJournal {
    /// The engine.
    pub core: Arc<Core>,
    /// Which operation.
    pub operation: OperationId,
    /// The instance the operation is on: its steps are looked for among all operations on that one.
    pub steps_of: InstanceId,
    /// The instance whose facts and keys these are: the same, or the other end of a connection.
    pub instance: InstanceId,
    /// Whose that is.
    pub community: CommunityId,
    /// Of which platform.
    pub platform: PlatformId,
    /// The marker of this incarnation of the instance.
    pub marker: String,
    /// Put before the names of steps that are done on another instance than the operation's own.
    pub prefix: String,
}

/// The marker of a step: the same for every attempt of it in this incarnation, whichever operation makes it.
pub(super) fn step_key(marker: &str, step: &str) -> OperationKey {
    let mut hash = Sha256::new();
    hash.update(b"guildhall/step/v1");
    hash.update((marker.len() as u64).to_be_bytes());
    hash.update(marker);
    hash.update(step);
    let mut digits = String::with_capacity(32);
    for byte in hash.finalize().iter().take(16) {
        // Writing to a String does not fail.
        let _ = write!(digits, "{byte:02x}");
    }
    OperationKey::recorded(digits)
}

#[async_trait]
impl Journal for StoreJournal {
    async fn intend(&self, step: &str) -> Result<Attempt, Fault> {
        let key = step_key(&self.marker, step);
        let name = format!("{}{step}", self.prefix);
        let (operation, instance) = (self.operation, self.steps_of);
        let holder = self.core.holder.clone();
        self.core
            .change(move |writer, rules| {
                writer.require_lease(operation, &holder)?;
                let earlier = writer.step_on_instance(instance, &name)?;
                let latest = earlier.iter().map(|(_, record)| record.intended_at).max();
                let record = writer.intend_step(operation, &name, &key, rules.now)?;
                let before = match (record.state, record.result, latest) {
                    (StepState::Recorded, Some(result), _) => Before::Recorded(result),
                    (_, _, Some(latest)) => Before::Intended(latest),
                    (_, _, None) => Before::Never,
                };
                Ok(Attempt { key, before })
            })
            .await
    }

    async fn intend_again(&self, step: &str) -> Result<(), Fault> {
        let name = format!("{}{step}", self.prefix);
        let operation = self.operation;
        let holder = self.core.holder.clone();
        self.core
            .change(move |writer, rules| {
                writer.require_lease(operation, &holder)?;
                writer.intend_step_again(operation, &name, rules.now)
            })
            .await
    }

    async fn record(&self, step: &str, result: Value) -> Result<(), Fault> {
        let name = format!("{}{step}", self.prefix);
        let operation = self.operation;
        let holder = self.core.holder.clone();
        self.core
            .change(move |writer, rules| {
                writer.require_lease(operation, &holder)?;
                writer.record_step(operation, &name, &result, rules.now)?;
                Ok(())
            })
            .await
    }

    async fn remember(&self, name: &str, value: Value) -> Result<(), Fault> {
        facts::require_adapters(name)?;
        let (operation, instance, name) = (self.operation, self.instance, name.to_owned());
        let holder = self.core.holder.clone();
        self.core
            .change(move |writer, _| {
                writer.require_lease(operation, &holder)?;
                facts::remember(writer, instance, &name, &value)
            })
            .await
    }

    async fn forget(&self, name: &str) -> Result<(), Fault> {
        facts::require_adapters(name)?;
        let (operation, instance, name) = (self.operation, self.instance, name.to_owned());
        let holder = self.core.holder.clone();
        self.core
            .change(move |writer, _| {
                writer.require_lease(operation, &holder)?;
                facts::forget(writer, instance, &name)
            })
            .await
    }

    async fn keep_secret(
        &self,
        field: &str,
        secret: &SecretString,
        identity: Option<Identity>,
    ) -> Result<(), Fault> {
        let new = keyring::NewKey {
            field: field.to_owned(),
            secret: secret.clone(),
            // It was just minted there: nothing could be better verified.
            verified: true,
            identity,
        };
        let (operation, community, platform) =
            (self.operation, self.community, self.platform.clone());
        let (holder, instance) = (self.core.holder.clone(), self.instance);
        let owner = (platform.clone(), Some(community));
        self.core
            .change(move |writer, rules| {
                writer.require_lease(operation, &holder)?;
                let account = keyring::account_of_community(writer, rules, &platform, community)?;
                keyring::store(writer, rules, &account, new)?;
                writer.use_accounts(instance, &[account.id], rules.now)
            })
            .await?;
        // One that was lent for this run is spent, and would stand before the one that was stored.
        self.core.held.take_back_field(&owner, field);
        Ok(())
    }

    async fn drop_secret(&self, field: &str) -> Result<(), Fault> {
        let (operation, community, platform) =
            (self.operation, self.community, self.platform.clone());
        let (holder, field) = (self.core.holder.clone(), field.to_owned());
        self.core
            .change(move |writer, rules| {
                writer.require_lease(operation, &holder)?;
                keyring::forget(writer, rules, &platform, community, Some(&field))?;
                Ok(())
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_has_one_key_in_an_incarnation_and_another_one_in_the_next() {
        assert_eq!(step_key("a", "space"), step_key("a", "space"));
        assert_ne!(step_key("a", "space"), step_key("b", "space"));
        assert_ne!(step_key("a", "bspace"), step_key("ab", "space"));
        let key = step_key("a", "space");
        assert!(key.as_str().len() == 32 && key.as_str().chars().all(|c| c.is_ascii_hexdigit()));
    }
}
