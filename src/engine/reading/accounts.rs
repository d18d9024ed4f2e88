//! Accounts with their keys and limits.

use crate::{
    catalog::Manifest,
    domain::{Account, Actor, CredentialMeta, Fault, IntentKind, Slots},
    engine::{Engine, rules::Rules, titles, views::AccountRow},
    store::{CommunityFilter, Reader},
};

impl Engine {
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
    let reaches_communities = match account.community {
        Some(_) => 1,
        None => users_of(reader, &account)?,
    };
    Ok(AccountRow {
        platform_name: titles::platform(&rules.catalog, &account.platform),
        slots: rules
            .catalog
            .get(&account.platform)
            .map(|manifest| slots(manifest, &keys))
            .unwrap_or_default(),
        slug,
        keys,
        reaches_communities,
        account,
    })
}

/// An account of the installation serves every community that has an instance of its platform.
fn users_of(reader: &Reader<'_>, account: &Account) -> Result<u64, Fault> {
    let mut count = 0;
    let mut after = None;
    loop {
        let page = reader.communities(&CommunityFilter::default(), after, 500)?;
        let Some(last) = page.last() else {
            return Ok(count);
        };
        after = Some(last.community.id);
        for row in &page {
            if reader
                .instance_of(row.community.id, &account.platform)?
                .is_some()
            {
                count += 1;
            }
        }
    }
}

/// The manifest's limits, corrected by what the latest verification measured.
fn slots(manifest: &Manifest, keys: &[CredentialMeta]) -> Vec<Slots> {
    let mut slots: Vec<Slots> = manifest
        .slots
        .iter()
        .map(|limit| Slots {
            unit: limit.unit.clone(),
            max: limit.max,
            used: None,
            source: limit.source.clone(),
        })
        .collect();
    for measured in keys
        .iter()
        .filter_map(|key| key.identity.as_ref())
        .flat_map(|identity| &identity.slots)
    {
        match slots.iter_mut().find(|slot| slot.unit == measured.unit) {
            Some(slot) => {
                slot.max = measured.max.or(slot.max);
                slot.used = measured.used.or(slot.used);
                slot.source.clone_from(&measured.source);
            }
            None => slots.push(measured.clone()),
        }
    }
    slots
}
