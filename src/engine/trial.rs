//! The journal of a test: nothing it does has to survive it, except what an adapter remembers of the instance.

use super::{core::Core, facts};
use crate::{
    adapters::{Attempt, Before, Journal},
    domain::{Fault, FaultKind, Identity, InstanceId, OperationKey},
};
use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::Value;
use std::sync::Arc;

/// The journal of a test on one instance.
pub(super) struct TrialJournal {
    /// The engine.
    pub core: Arc<Core>,
    /// Whose facts are remembered.
    pub instance: InstanceId,
}

fn refused() -> Fault {
    Fault::new(
        FaultKind::Internal,
        "A test may not change keys; nothing was changed.",
    )
    .hint("This is a mistake of Guildhall; please report it.")
}

#[async_trait]
impl Journal for TrialJournal {
    async fn intend(&self, _step: &str) -> Result<Attempt, Fault> {
        Ok(Attempt {
            key: OperationKey::fresh(),
            before: Before::Never,
        })
    }

    async fn intend_again(&self, _step: &str) -> Result<(), Fault> {
        Ok(())
    }

    async fn record(&self, _step: &str, _result: Value) -> Result<(), Fault> {
        Ok(())
    }

    async fn remember(&self, name: &str, value: Value) -> Result<(), Fault> {
        facts::require_adapters(name)?;
        let (instance, name) = (self.instance, name.to_owned());
        self.core
            .change(move |writer, _| facts::remember(writer, instance, &name, &value))
            .await
    }

    async fn forget(&self, name: &str) -> Result<(), Fault> {
        facts::require_adapters(name)?;
        let (instance, name) = (self.instance, name.to_owned());
        self.core
            .change(move |writer, _| facts::forget(writer, instance, &name))
            .await
    }

    async fn keep_secret(
        &self,
        _field: &str,
        _secret: &SecretString,
        _identity: Option<Identity>,
    ) -> Result<(), Fault> {
        Err(refused())
    }

    async fn drop_secret(&self, _field: &str) -> Result<(), Fault> {
        Err(refused())
    }
}
