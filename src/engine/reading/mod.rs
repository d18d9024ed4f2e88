//! Read models for the screen and the command line. Every one takes the actor, reads the actor's rights anew, and shows
//! nothing of what that actor may not know.

mod accounts;
mod communities;
mod delegation;
mod instances;
mod operations;
mod tasks;

use super::{
    Engine, communities as templates,
    rules::{Rules, hidden},
    unlocking,
    views::Overview,
};
use crate::{
    adapters::Discovered,
    catalog::Catalog,
    domain::{
        Actor, ActorId, AuditEntry, AuditSequence, Choice, Community, CommunityId, Fault,
        FaultKind, IntentKind, OperationState, PlatformId, Role, Slug, Subject, permits,
    },
    store::{AuditFilter, Reader},
};
use std::collections::BTreeMap;

/// Answers of operators that are told at a time; the list of requests has them all.
const ANSWERS: u32 = 20;

/// Which communities a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Communities {
    /// Only those whose name or short name holds this text.
    pub text: String,
    /// Leave the archived ones out.
    pub without_archived: bool,
    /// Only those with an instance that failed, drifted or waits.
    pub needing_attention: bool,
}

/// Which part of a list is read: after a row of it, so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page<Id> {
    /// After this row; none: from the beginning.
    pub after: Option<Id>,
    /// At most so many.
    pub limit: u32,
}

impl<Id> Page<Id> {
    /// The first rows.
    #[must_use]
    pub fn first(limit: u32) -> Self {
        Self { after: None, limit }
    }

    /// The rows after this one.
    #[must_use]
    pub fn after(row: Id, limit: u32) -> Self {
        Self {
            after: Some(row),
            limit,
        }
    }
}

/// Which operations a list shows, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operations {
    /// Only those that are neither done nor cancelled.
    pub open: bool,
    /// Only those of this community.
    pub community: Option<CommunityId>,
    /// Only those older than this one: the next page.
    pub before: Option<crate::domain::OperationId>,
    /// At most so many.
    pub limit: u32,
}

impl Default for Operations {
    fn default() -> Self {
        Self {
            open: false,
            community: None,
            before: None,
            limit: 100,
        }
    }
}

impl Engine {
    /// The actor of an id; without one, the operator who is logged in. Whoever can open the database as its owner is an
    /// operator; an unknown login acts as the first one. In a session over SSH it is the actor of that session.
    ///
    /// # Errors
    /// `NotFound`; `NotAllowed` for another actor than that of the session, and for an administrator of nothing.
    pub async fn actor(&self, id: Option<ActorId>) -> Result<Actor, Fault> {
        let login = self
            .core
            .options
            .login
            .clone()
            .unwrap_or_else(super::login::name);
        let session = self.core.options.only;
        if session.is_some() && id.is_some() && id != session {
            return Err(no_entrance());
        }
        self.core
            .store
            .read(move |reader| match (session, id) {
                (Some(session), _) => in_session(reader, session),
                (None, Some(id)) => reader.actor(id),
                (None, None) => operator(reader, &login),
            })
            .await
    }

    /// What is known of the platforms.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.core.options.catalog
    }

    /// Whether this build has a platform's adapter.
    #[must_use]
    pub fn has_adapter(&self, platform: &PlatformId) -> bool {
        self.core.options.registry.get(platform).is_some()
    }

    /// What a new community gets.
    ///
    /// # Errors
    /// `NotAllowed`, `Storage`.
    pub async fn template(&self, actor: &Actor) -> Result<BTreeMap<PlatformId, Choice>, Fault> {
        let (asking, rules) = (actor.clone(), self.core.rules());
        self.core
            .store
            .read(move |reader| {
                Rules::require(reader, &asking, IntentKind::View, None)?;
                templates::template(reader, &rules)
            })
            .await
    }

    /// The title bar.
    ///
    /// # Errors
    /// `NotAllowed`, `Storage`.
    pub async fn overview(&self, actor: &Actor) -> Result<Overview, Fault> {
        let (asking, rules) = (actor.id, self.core.rules());
        let (actor, totals, counts, badges, (requests, answers)) = self
            .core
            .store
            .read(move |reader| {
                let actor = reader.actor(asking)?;
                let only = only(&actor);
                let totals = reader.totals(only.as_deref())?;
                let counts = reader.open_operation_counts(only.as_deref())?;
                let badges = match only {
                    None => (
                        reader.accounts_near_full()?,
                        reader.keys_refused()?,
                        super::key_age::count(reader, &rules)?,
                        reader.count_wanted_accounts()?,
                    ),
                    Some(_) => (0, 0, 0, 0),
                };
                let requests = reader.count_open_requests(only.as_deref())?;
                let answers = reader.unseen_answers(&actor.name, only.as_deref(), ANSWERS)?;
                Ok((actor, totals, counts, badges, (requests, answers)))
            })
            .await?;
        let (nearly_full, keys_refused, keys_due, wanted) = badges;
        let working: u32 = counts
            .iter()
            .filter(|entry| {
                matches!(
                    entry.state,
                    OperationState::Queued | OperationState::Running
                )
            })
            .map(|entry| entry.count)
            .sum();
        Ok(Overview {
            installation: self.core.installation.name.clone(),
            host: rustix::system::uname()
                .nodename()
                .to_string_lossy()
                .into_owned(),
            sandbox: self.core.options.sandbox,
            read_only: self.core.options.read_only,
            vault: unlocking::state_of(&self.core),
            actor: actor.name,
            role: actor.role.to_string(),
            communities: u64::from(totals.communities) + u64::from(totals.archived),
            need_you: u64::from(totals.counts.waiting - totals.counts.others) + wanted,
            working: u64::from(working),
            failed: u64::from(totals.counts.failed),
            nearly_full,
            requests,
            answers,
            keys_refused,
            keys_due,
        })
    }

    /// A page of the audit, the newest first.
    ///
    /// # Errors
    /// `NotAllowed`, `Storage`.
    pub async fn audit(
        &self,
        actor: &Actor,
        page: Page<AuditSequence>,
    ) -> Result<Vec<AuditEntry>, Fault> {
        let asking = actor.id;
        self.core
            .store
            .read(move |reader| {
                let actor = reader.actor(asking)?;
                let filter = AuditFilter {
                    or_by: Some(super::submit::label(&actor)),
                    only: only(&actor),
                    before: page.after,
                    ..Default::default()
                };
                reader.audit(&filter, page.limit)
            })
            .await
    }

    /// What exists on a platform already and could be adopted for a community.
    ///
    /// # Errors
    /// `NotAllowed`, `NotFound`, `Unsupported`, and what the platform answers.
    pub async fn discover(
        &self,
        actor: &Actor,
        slug: &Slug,
        platform: &PlatformId,
    ) -> Result<Vec<Discovered>, Fault> {
        let core = &self.core;
        let rules = core.rules();
        let (asking, slug, id) = (actor.clone(), slug.clone(), platform.clone());
        let scene = core
            .store
            .read(move |reader| {
                let community = seen(reader, &asking, &slug)?;
                Rules::require(reader, &asking, IntentKind::Adopt, Some(community.id))?;
                let instance = match reader.instance_of(community.id, &id)? {
                    Some(instance) => instance,
                    None => super::examine::imagined(&rules, community.id, &id)?,
                };
                super::scene::Scene::read(reader, &rules, instance)
            })
            .await?;
        let adapter = core.options.registry.get(platform).ok_or_else(|| {
            Fault::new(
                FaultKind::Unsupported,
                format!("The adapter of {platform} is not there yet."),
            )
            .hint("A later Guildhall can look there.")
        })?;
        let (site, bad) = scene.open(core);
        super::keyring::mark_bad(core, bad).await?;
        adapter.discover(&site).await
    }
}

/// The actor of a session over SSH, as long as there is something to come in for.
fn in_session(reader: &Reader<'_>, id: ActorId) -> Result<Actor, Fault> {
    let actor = match reader.actor(id) {
        Err(fault) if fault.kind == FaultKind::NotFound => return Err(no_entrance()),
        found => found?,
    };
    match actor.role {
        Role::CommunityAdmin if actor.communities.is_empty() => Err(no_entrance()),
        // An operator has a login of their own on this host.
        Role::Operator => Err(no_entrance()),
        Role::CommunityAdmin | Role::Auditor => Ok(actor),
    }
}

fn no_entrance() -> Fault {
    Fault::new(
        FaultKind::NotAllowed,
        "You do not administer anything here.",
    )
    .hint("Ask the operator of this server to add your key.")
}

/// The communities to which a list is cut for an actor; none for one who sees all.
fn only(actor: &Actor) -> Option<Vec<CommunityId>> {
    match actor.role {
        Role::Operator | Role::Auditor => None,
        Role::CommunityAdmin => Some(actor.communities.clone()),
    }
}

/// A community that the actor may see. One that it may not know of does not exist.
pub(super) fn seen(reader: &Reader<'_>, actor: &Actor, slug: &Slug) -> Result<Community, Fault> {
    let actor = reader.actor(actor.id)?;
    let missing = || {
        let Fault { kind, hint, .. } = hidden();
        Fault::new(kind, format!("There is no community {slug} here.")).hint(hint)
    };
    let community = reader.community_by_slug(slug)?.ok_or_else(missing)?;
    let subject = Subject::Community {
        id: community.id,
        archived: community.archived_at.is_some(),
    };
    if actor.sees(community.id) && permits(&actor, IntentKind::View, subject) {
        return Ok(community);
    }
    Err(missing())
}

fn operator(reader: &Reader<'_>, login: &str) -> Result<Actor, Fault> {
    let mut operators = reader
        .actors()?
        .into_iter()
        .filter(|actor| actor.role == Role::Operator);
    let mut first: Option<Actor> = None;
    for actor in &mut operators {
        if actor.name == login {
            return Ok(actor);
        }
        if first.as_ref().is_none_or(|known| actor.id < known.id) {
            first = Some(actor);
        }
    }
    first.ok_or_else(|| {
        Fault::new(FaultKind::NotFound, "This installation has no operator.")
            .hint("Restore the latest backup.")
    })
}
