//! Accounts with their keys and limits.

use crate::{
    domain::{
        Account, AccountId, AccountPolicy, Actor, CommunityId, Fault, IntentKind, PlatformId,
    },
    engine::{
        Engine, key_age, key_policy, moving, reach,
        rules::Rules,
        slots, titles,
        views::{
            AccountMoves, AccountOffer, AccountRow, KeySharing, MoveTarget, MovingCommunity,
            SlotRow,
        },
        wanting,
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

impl Engine {
    /// What is known already of an account of the installation that is about to be added.
    ///
    /// # Errors
    /// `NotAllowed`, `NotFound`, `Storage`.
    pub async fn account_offer(
        &self,
        actor: &Actor,
        platform: &PlatformId,
        name: &str,
    ) -> Result<AccountOffer, Fault> {
        let (asking, platform, rules) = (actor.clone(), platform.clone(), self.core.rules());
        let name = name.to_owned();
        self.core
            .store
            .read(move |reader| {
                Rules::require(reader, &asking, IntentKind::AddAccount, None)?;
                rules.manifest(&platform)?;
                wanting::checked_name(&name)?;
                let wanted = reader.wanted_account_named(&platform, &name)?;
                Ok(AccountOffer {
                    settings: wanting::shared_settings(reader, &platform)?,
                    contact: wanted.map(|wanted| wanted.contact).unwrap_or_default(),
                    platform,
                })
            })
            .await
    }

    /// What works with an account, and to which others of its platform that could be moved.
    ///
    /// # Errors
    /// `NotAllowed`, `NotFound`, `Storage`.
    pub async fn account_moves(
        &self,
        actor: &Actor,
        account: AccountId,
    ) -> Result<AccountMoves, Fault> {
        let (asking, rules) = (actor.clone(), self.core.rules());
        self.core
            .store
            .read(move |reader| {
                Rules::require(reader, &asking, IntentKind::RotateKey, None)?;
                moves(reader, &rules, &reader.account(account)?)
            })
            .await
    }
}

fn moves(reader: &Reader<'_>, rules: &Rules, from: &Account) -> Result<AccountMoves, Fault> {
    let mut communities = Vec::new();
    for (instance, community) in reader.instances_using(from.id)? {
        if reader.instance(instance)?.platform != from.platform {
            continue;
        }
        let known = reader.community(community)?;
        communities.push(MovingCommunity {
            id: community,
            slug: known.slug,
            name: known.name,
        });
    }
    communities.sort_by(|one, other| one.name.cmp(&other.name));
    let theirs = |owner: CommunityId| communities.iter().any(|known| known.id == owner);
    let mut targets = Vec::new();
    for account in reader.accounts()? {
        let usable = account.community.is_none_or(theirs);
        if account.platform != from.platform || account.id == from.id || !usable {
            continue;
        }
        let rows = slots::rows(reader, rules, &account)?;
        let taken = rows.iter().find(|row| row.takes > 0);
        targets.push(MoveTarget {
            owner: match account.community {
                Some(community) => Some(reader.community(community)?.slug),
                None => None,
            },
            words: taken.map(SlotRow::words).unwrap_or_default(),
            obstacle: moving::obstacle(reader, rules, &account)?,
            name: account.name,
        });
    }
    Ok(AccountMoves {
        platform_name: titles::platform(&rules.catalog, &from.platform),
        platform: from.platform.clone(),
        name: from.name.clone(),
        communities,
        targets,
    })
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
