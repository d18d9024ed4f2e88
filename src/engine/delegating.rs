//! Intents about those who come in over SSH: adding and removing them. How much they may switch on is in `allowances`.

use super::{allowances, rules::Rules, submit::Applied, views::Receipt};
use crate::{
    domain::{
        Actor, CommunityId, Delegation, Fault, FaultKind, LoginKey, Role, clean_line, counted,
    },
    store::{Reader, Writer},
};

/// The most characters of a name.
const MAX_NAME: usize = 60;
/// The most keys of one person.
const MAX_KEYS: usize = 20;

/// Does what is not a request; those are in `requests`.
pub(super) fn apply(
    writer: &Writer<'_>,
    rules: &Rules,
    actor: &Actor,
    delegation: Delegation,
) -> Result<Applied, Fault> {
    let kind = delegation.kind();
    let allow = |community| Rules::require(writer, actor, kind, community);
    match delegation {
        Delegation::AddAdmin {
            community,
            name,
            key,
        } => {
            allow(Some(community))?;
            add_admin(writer, rules, community, &name, &key)
        }
        Delegation::RemoveAdmin { community, name } => {
            allow(Some(community))?;
            remove_admin(writer, community, &name)
        }
        Delegation::AddAuditor { name, key } => {
            allow(None)?;
            add_auditor(writer, rules, &name, &key)
        }
        Delegation::RemoveAuditor { name } => {
            allow(None)?;
            remove_auditor(writer, &name)
        }
        Delegation::SetAllowance {
            community,
            allowance,
        } => {
            allow(Some(community))?;
            allowances::set(writer, rules, community, &allowance)
        }
        Delegation::Ask {
            community,
            wish,
            words,
        } => {
            let actor = allow(Some(community))?;
            super::requests::ask(writer, rules, &actor, community, wish, &words)
        }
        Delegation::Answer {
            request,
            approve,
            typed,
            words,
        } => {
            let said = super::requests::Said {
                approve,
                typed: &typed,
                words: &words,
            };
            super::requests::answer(writer, rules, actor, request, &said)
        }
        Delegation::Withdraw { request } => {
            super::requests::withdraw(writer, rules, actor, request)
        }
    }
}

/// The community that a delegation is about; none for the installation.
pub(super) fn concerned(
    reader: &Reader<'_>,
    actor: &Actor,
    delegation: &Delegation,
) -> Result<Option<CommunityId>, Fault> {
    Ok(match delegation {
        Delegation::AddAdmin { community, .. }
        | Delegation::RemoveAdmin { community, .. }
        | Delegation::SetAllowance { community, .. }
        | Delegation::Ask { community, .. } => Some(*community),
        Delegation::AddAuditor { .. } | Delegation::RemoveAuditor { .. } => None,
        Delegation::Answer { request, .. } | Delegation::Withdraw { request } => {
            Some(super::requests::seen(reader, actor, *request)?.community)
        }
    })
}

fn checked_name(entered: &str) -> Result<String, Fault> {
    let name = clean_line(entered);
    let length = name.chars().count();
    // Labels of the audit are "name (role)": a name must not look like one.
    if length == 0 || length > MAX_NAME || name.contains(['(', ')']) || name != entered {
        return Err(Fault::new(
            FaultKind::BadInput,
            format!("A name has 1 to {MAX_NAME} visible characters and no brackets."),
        )
        .hint("Write the person's name or login, such as amina."));
    }
    Ok(name)
}

/// The person of a name and role who may be given the key, or nobody yet.
fn person(
    writer: &Writer<'_>,
    name: &str,
    role: Role,
    key: &LoginKey,
) -> Result<(Option<Actor>, bool), Fault> {
    let named = writer.actor_named(name)?;
    if let Some(other) = &named
        && other.role != role
    {
        return Err(Fault::new(
            FaultKind::Conflict,
            format!("{name} is here already, as {}.", other.role),
        )
        .hint("Choose another name."));
    }
    let owner = writer.actor_with_key(&key.fingerprint)?;
    if let Some(owner) = &owner
        && Some(owner.id) != named.as_ref().map(|known| known.id)
    {
        return Err(Fault::new(
            FaultKind::Conflict,
            format!("{} comes in by that key already.", owner.name),
        )
        .hint(
            "A key tells who is there, so each person has keys of their own; ask for another one.",
        ));
    }
    Ok((named, owner.is_some()))
}

fn take_key(
    writer: &Writer<'_>,
    rules: &Rules,
    actor: &Actor,
    key: &LoginKey,
) -> Result<(), Fault> {
    if writer.keys_of_actor(actor.id)?.len() >= MAX_KEYS {
        return Err(Fault::new(
            FaultKind::Conflict,
            format!("{} has {MAX_KEYS} keys already.", actor.name),
        )
        .hint("Remove the person and add the keys that are still used."));
    }
    writer.add_login_key(actor.id, key, rules.now)
}

fn add_admin(
    writer: &Writer<'_>,
    rules: &Rules,
    community: CommunityId,
    name: &str,
    key: &LoginKey,
) -> Result<Applied, Fault> {
    let record = writer.community(community)?;
    if record.archived_at.is_some() {
        return Err(Fault::new(
            FaultKind::Conflict,
            format!(
                "{} is archived; nobody administers it any more.",
                record.name
            ),
        )
        .hint("Add administrators to a community that is not archived."));
    }
    let name = checked_name(name)?;
    let (known, has_key) = person(writer, &name, Role::CommunityAdmin, key)?;
    let given = match &known {
        Some(known) => writer.communities_given(known.id)?,
        None => Vec::new(),
    };
    let here = given.iter().any(|(id, _)| *id == community);
    if known.is_some() && !here && !has_key {
        // Two people of one name would come into each other's communities.
        return Err(Fault::new(
            FaultKind::Conflict,
            format!("An administrator {name} is here already, for another community and with other keys."),
        )
        .hint("The same person: send one of the keys they have here. Somebody else: choose another name."));
    }
    if here && has_key {
        return Err(Fault::new(
            FaultKind::Conflict,
            format!("{name} administers {} already, with that key.", record.name),
        )
        .hint("Send another key to add it to the person."));
    }
    let person = match known {
        Some(known) => known,
        None => writer.insert_actor(&name, Role::CommunityAdmin, rules.now)?,
    };
    if !has_key {
        take_key(writer, rules, &person, key)?;
    }
    writer.grant_community(person.id, community)?;
    let message = if here {
        format!("{name} comes in by one more key: {}.", key.fingerprint)
    } else {
        format!(
            "{name} administers {} now, coming in by {}.",
            record.name, key.fingerprint
        )
    };
    Ok(Applied {
        subject: format!("{}/{name}", record.slug),
        detail: format!("{} {}", key.kind, key.fingerprint),
        receipt: Receipt {
            message,
            community: Some(community),
            operations: Vec::new(),
        },
        ..Applied::default()
    })
}

fn remove_admin(writer: &Writer<'_>, community: CommunityId, name: &str) -> Result<Applied, Fault> {
    let record = writer.community(community)?;
    let name = clean_line(name);
    let nobody = || {
        Fault::new(
            FaultKind::NotFound,
            format!("Nobody called {name} administers {}.", record.name),
        )
        .hint("List the administrators to see their names.")
    };
    let person = writer.actor_named(&name)?.ok_or_else(nobody)?;
    if person.role != Role::CommunityAdmin || !writer.revoke_community(person.id, community)? {
        return Err(nobody());
    }
    let left = writer.communities_given(person.id)?.len();
    let message = if left == 0 {
        writer.remove_actor(person.id)?;
        format!("{name} does not come in any more; open sessions end now.")
    } else {
        format!(
            "{name} does not administer {} any more, and {} still.",
            record.name,
            counted(left, "other community", "other communities")
        )
    };
    Ok(Applied {
        subject: format!("{}/{name}", record.slug),
        detail: "removed".to_owned(),
        receipt: Receipt {
            message,
            community: Some(community),
            operations: Vec::new(),
        },
        ..Applied::default()
    })
}

fn add_auditor(
    writer: &Writer<'_>,
    rules: &Rules,
    name: &str,
    key: &LoginKey,
) -> Result<Applied, Fault> {
    let name = checked_name(name)?;
    let (known, has_key) = person(writer, &name, Role::Auditor, key)?;
    if has_key {
        return Err(Fault::new(
            FaultKind::Conflict,
            format!("{name} is an auditor already, with that key."),
        )
        .hint("Send another key to add it to the person."));
    }
    let person = match known {
        Some(known) => known,
        None => writer.insert_actor(&name, Role::Auditor, rules.now)?,
    };
    take_key(writer, rules, &person, key)?;
    Ok(told(
        &name,
        format!("{} {}", key.kind, key.fingerprint),
        format!(
            "{name} sees everything but secrets now, coming in by {}.",
            key.fingerprint
        ),
    ))
}

fn remove_auditor(writer: &Writer<'_>, name: &str) -> Result<Applied, Fault> {
    let name = clean_line(name);
    let person = writer
        .actor_named(&name)?
        .filter(|person| person.role == Role::Auditor)
        .ok_or_else(|| {
            Fault::new(
                FaultKind::NotFound,
                format!("There is no auditor called {name}."),
            )
            .hint("List those who come in to see their names.")
        })?;
    writer.remove_actor(person.id)?;
    let message = format!("{name} does not come in any more; open sessions end now.");
    Ok(told(&name, "removed".to_owned(), message))
}

fn told(name: &str, detail: String, message: String) -> Applied {
    Applied {
        subject: format!("auditor/{name}"),
        detail,
        receipt: Receipt {
            message,
            ..Receipt::default()
        },
        ..Applied::default()
    }
}
