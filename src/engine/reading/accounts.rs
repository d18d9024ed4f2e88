//! Accounts with their keys and limits.

use crate::{
    domain::{Account, AccountPolicy, Actor, Fault, IntentKind, PlatformId},
    engine::{
        Engine, key_age, key_policy, reach,
        rules::Rules,
        slots, titles,
        views::{AccountRow, KeySharing},
    },
    store::Reader,
};

impl Engine {
    /// Which accounts communities may use on a platform for keys that belong to a community.
    ///
    /// # Errors
    /// `NotAllowed`, `Storage`.
    pub async fn account_policy(
        &self,
        actor: &Actor,
        platform: &PlatformId,
    ) -> Result<AccountPolicy, Fault> {
        let (asking, platform) = (actor.clone(), platform.clone());
        self.core
            .store
            .read(move |reader| {
                Rules::require(reader, &asking, IntentKind::ViewAccounts, None)?;
                key_policy::policy(reader, &platform)
            })
            .await
    }

    /// Whether one key of a platform may serve several communities, and how many those are.
    ///
    /// # Errors
    /// `NotAllowed`, `NotFound`, `Storage`.
    pub async fn key_sharing(
        &self,
        actor: &Actor,
        platform: &PlatformId,
    ) -> Result<KeySharing, Fault> {
        let (asking, platform) = (actor.clone(), platform.clone());
        let rules = self.core.rules();
        self.core
            .store
            .read(move |reader| {
                Rules::require(reader, &asking, IntentKind::ViewAccounts, None)?;
                Ok(KeySharing {
                    platform_name: rules.manifest(&platform)?.name.clone(),
                    policy: key_policy::policy(reader, &platform)?,
                    most: key_policy::most(reader, &platform)?,
                    communities: u64::from(reader.instances_of_platform(&platform)?),
                    platform,
                })
            })
            .await
    }

    /// Every account, by platform and name.
    ///
    /// # Errors
    /// `NotAllowed`, `Storage`.
    pub async fn accounts(&self, actor: &Actor) -> Result<Vec<AccountRow>, Fault> {
        let (asking, rules) = (actor.clone(), self.core.rules());
        self.core
            .store
            .read(move |reader| {
                Rules::require(reader, &asking, IntentKind::ViewAccounts, None)?;
                reader
                    .accounts()?
                    .into_iter()
                    .map(|account| row(reader, &rules, account))
                    .collect()
            })
            .await
    }
}

fn row(reader: &Reader<'_>, rules: &Rules, account: Account) -> Result<AccountRow, Fault> {
    let keys = reader.credentials(account.id)?;
    let slug = match account.community {
        Some(community) => Some(reader.community(community)?.slug),
        None => None,
    };
    let reached = reach::communities(reader, &account, &keys)?;
    let reaches_communities = u64::try_from(reached.len()).unwrap_or(u64::MAX);
    let mut due = Vec::new();
    for key in &keys {
        due.extend(key_age::of(reader, rules, &account.platform, key)?);
    }
    Ok(AccountRow {
        platform_name: titles::platform(&rules.catalog, &account.platform),
        slots: slots::rows(reader, rules, &account)?,
        slug,
        keys,
        due,
        reaches_communities,
        account,
    })
}
