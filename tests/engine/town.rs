//! Three communities, with everything that can be asked about, and somebody of a role who asks.

use super::*;
use guildhall::{
    domain::{
        ActorId, Admin, CommunityId, ConnectionId, Delegation, LoginKey, OperationId, RequestId,
        Role, Wish,
    },
    store::Store,
};

/// Two public keys; nobody has the other halves.
pub const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti amina";
pub const OTHER_KEY: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBHwf2HMM5TRXvo2SQJjsNkiDD5KqiiNjrGVv3UUh+mMT5RHxiRtOnlqvjhQtBq0VpmpCV/PwUdhOig4vkbqAcEc= kofi";

pub fn key(text: &str) -> LoginKey {
    LoginKey::parse(text).unwrap()
}

/// A community with everything that can be asked about.
#[derive(Clone)]
pub struct Place {
    pub slug: Slug,
    pub id: CommunityId,
    pub operation: OperationId,
    pub connection: ConnectionId,
    pub request: RequestId,
}

/// What is asked about that nobody has.
pub fn nowhere() -> Place {
    Place {
        slug: slug("nowhere"),
        id: CommunityId(99_999),
        operation: OperationId(99_999),
        connection: ConnectionId(99_999),
        request: RequestId(99_999),
    }
}

/// One of the three kinds of community.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Where {
    Own,
    Other,
    Archived,
}

pub struct Town {
    pub engine: Engine,
    pub actor: Actor,
    pub home: Home,
    pub own: Place,
    pub other: Place,
    pub archived: Place,
}

impl Town {
    /// Three communities, and one who acts: for an administrator the first and the third are the own ones.
    pub async fn new(role: Role) -> Self {
        let home = Home::new();
        let engine = home.init().await;
        let ada = ada(&engine).await;
        let mut places = Vec::new();
        for name in ["own", "other", "archived"] {
            places.push(place(&engine, &ada, name).await);
        }
        let store = Store::open(&home.options.home).unwrap();
        let now = jiff::Timestamp::now();
        let given = [places[0].id, places[2].id];
        let id = store
            .write(move |writer| {
                let actor = writer.insert_actor("grace", role, now)?;
                if role == Role::CommunityAdmin {
                    for community in given {
                        writer.grant_community(actor.id, community)?;
                    }
                }
                Ok(actor.id)
            })
            .await
            .unwrap();
        engine
            .submit(
                &ada,
                Intent::ArchiveCommunity {
                    community: places[2].id,
                },
            )
            .await
            .unwrap();
        settle(&engine).await;
        let actor = engine.actor(Some(id)).await.unwrap();
        let [own, other, archived] = places.try_into().ok().unwrap();
        Self {
            engine,
            actor,
            home,
            own,
            other,
            archived,
        }
    }

    pub fn place(&self, whose: Where) -> &Place {
        match whose {
            Where::Own => &self.own,
            Where::Other => &self.other,
            Where::Archived => &self.archived,
        }
    }
}

async fn place(engine: &Engine, ada: &Actor, name: &str) -> Place {
    let new = NewCommunity {
        slug: slug(name),
        name: format!("The {name} one"),
        ..rosewood()
    };
    let community = engine
        .submit(ada, Intent::CreateCommunity(new))
        .await
        .unwrap()
        .community
        .unwrap();
    settle(engine).await;
    let connect = Intent::Connect {
        community,
        from: id("beta"),
        to: id("alpha"),
    };
    engine.submit(ada, connect).await.unwrap();
    let clerk = Intent::Delegate(Delegation::AddAdmin {
        community,
        name: "clerk".into(),
        key: key(OTHER_KEY),
    });
    engine.submit(ada, clerk).await.unwrap();
    let clerk = clerk_of(engine, ada).await;
    let ask = Intent::Delegate(Delegation::Ask {
        community,
        wish: Wish::Other,
        words: "a word with you".into(),
    });
    engine.submit(&clerk, ask).await.unwrap();
    let detail = engine.community(ada, &slug(name)).await.unwrap();
    let operations = engine
        .operations(
            ada,
            Operations {
                community: Some(community),
                ..Operations::default()
            },
        )
        .await
        .unwrap();
    Place {
        slug: slug(name),
        id: community,
        operation: operations[0].operation.id,
        connection: detail.connections[0].connection.id,
        request: engine.requests(ada).await.unwrap()[0].id,
    }
}

async fn clerk_of(engine: &Engine, ada: &Actor) -> Actor {
    let admins: Vec<Admin> = engine.admins(ada, None).await.unwrap();
    let id: ActorId = admins.iter().find(|each| each.name == "clerk").unwrap().id;
    engine.actor(Some(id)).await.unwrap()
}
