//! Who comes in over SSH, what they may switch on, and what they asked for.

use super::{only, seen};
use crate::{
    domain::{
        Actor, Admin, Allowance, Fault, IntentKind, Request, RequestId, Role, Slug, Subject,
        permits,
    },
    engine::{Engine, requests, rules::Rules},
};

/// The most requests that are listed.
const REQUESTS: u32 = 1000;

impl Engine {
    /// Those who come in over SSH: of one community, or all that the actor may know of.
    ///
    /// # Errors
    /// `NotFound` for a community that does not exist or that the actor may not know of; `NotAllowed`, `Storage`.
    pub async fn admins(&self, actor: &Actor, slug: Option<&Slug>) -> Result<Vec<Admin>, Fault> {
        let (asking, slug) = (actor.clone(), slug.cloned());
        self.core
            .store
            .read(move |reader| {
                let wanted = match &slug {
                    Some(slug) => {
                        let community = seen(reader, &asking, slug)?;
                        Rules::require(
                            reader,
                            &asking,
                            IntentKind::ViewAdmins,
                            Some(community.id),
                        )?;
                        Some(community.id)
                    }
                    None => None,
                };
                let asking = reader.actor(asking.id)?;
                let sees_all = permits(&asking, IntentKind::ViewAdmins, Subject::Installation);
                let mut admins = Vec::new();
                for person in reader.actors()? {
                    let given = reader.communities_given(person.id)?;
                    let shown: Vec<_> = given
                        .iter()
                        .filter(|(id, _)| sees_all || asking.communities.contains(id))
                        .collect();
                    let concerned = match wanted {
                        Some(wanted) => shown.iter().any(|(id, _)| *id == wanted),
                        None => !shown.is_empty() || (sees_all && person.role == Role::Auditor),
                    };
                    if concerned {
                        admins.push(Admin {
                            id: person.id,
                            name: person.name,
                            role: person.role,
                            communities: shown.iter().map(|(_, slug)| slug.clone()).collect(),
                            keys: reader.keys_of_actor(person.id)?,
                        });
                    }
                }
                Ok(admins)
            })
            .await
    }

    /// What the administrators of a community may switch on.
    ///
    /// # Errors
    /// As [`Engine::admins`].
    pub async fn allowance(&self, actor: &Actor, slug: &Slug) -> Result<Allowance, Fault> {
        let (asking, slug) = (actor.clone(), slug.clone());
        self.core
            .store
            .read(move |reader| {
                let community = seen(reader, &asking, &slug)?;
                reader.allowance(community.id)
            })
            .await
    }

    /// What was asked for where the actor may look: the open requests first, each kind the newest first.
    ///
    /// # Errors
    /// `Storage`.
    pub async fn requests(&self, actor: &Actor) -> Result<Vec<Request>, Fault> {
        let asking = actor.id;
        self.core
            .store
            .read(move |reader| {
                let actor = reader.actor(asking)?;
                reader.requests(only(&actor).as_deref(), REQUESTS)
            })
            .await
    }

    /// The actor has looked at what became of all that they asked for. Nothing is written where nothing is new.
    ///
    /// # Errors
    /// `NotAllowed`, `Storage`, `InUse`.
    pub async fn answers_seen(&self, actor: &Actor) -> Result<(), Fault> {
        let asking = actor.id;
        let only_new = self
            .core
            .store
            .read(move |reader| {
                let actor = reader.actor(asking)?;
                reader.unseen_answers(&actor.name, None, 1)
            })
            .await?;
        if only_new.is_empty() || self.core.options.read_only {
            return Ok(());
        }
        self.core
            .change(move |writer, rules| {
                let actor = writer.actor(asking)?;
                writer.answers_seen(&actor.name, rules.now).map(drop)
            })
            .await?;
        self.core.emit_changed(None);
        Ok(())
    }

    /// One request.
    ///
    /// # Errors
    /// `NotFound`, also for one that the actor may not know of.
    pub async fn request(&self, actor: &Actor, id: RequestId) -> Result<Request, Fault> {
        let asking = actor.clone();
        self.core
            .store
            .read(move |reader| requests::seen(reader, &asking, id))
            .await
    }
}
