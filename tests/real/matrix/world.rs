//! One instance of one community on a real homeserver, worked on by the adapter with a journal in memory.

use crate::journal::MemoryJournal;
use crate::person::Person;
use crate::synapse::{SERVER, Synapse};
use guildhall::adapters::http::{Http, HttpOptions};
use guildhall::adapters::process::Runner;
use guildhall::adapters::registry::Registry;
use guildhall::adapters::{Adapter, Halt, Op, Presence, Secrets, Settings, Site, VerifyRequest};
use guildhall::domain::{
    CommunityId, Fault, FaultKind, Identity, InstanceId, InstanceKind, PlatformId, Progress,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// One instance of one community.
pub struct World<'a> {
    pub server: &'a Synapse,
    pub slug: String,
    pub name: String,
    pub marker: String,
    pub journal: Arc<MemoryJournal>,
    pub http: Http,
    pub settings: BTreeMap<String, String>,
    pub secrets: BTreeMap<String, SecretString>,
    pub active: bool,
    pub made_by_us: bool,
}

impl<'a> World<'a> {
    /// With an administrator's token, two rooms, and the server's limits said to be raised.
    pub fn new(server: &'a Synapse, slug: &str) -> Self {
        let journal = MemoryJournal::new();
        let seen = Arc::clone(&journal);
        let http = Http::new(HttpOptions {
            first_pause: Duration::from_millis(50),
            recorder: Some(Arc::new(move |_| seen.saw_call())),
            ..HttpOptions::default()
        });
        let settings = [
            ("homeserver", server.base.as_str()),
            ("rooms", "general,proposals"),
            ("raised_limits", "true"),
        ];
        Self {
            server,
            slug: slug.to_owned(),
            name: format!("Community {slug}"),
            marker: format!("{:032x}", rand::random::<u128>()),
            journal,
            http,
            settings: settings
                .map(|(field, value)| (field.to_owned(), value.to_owned()))
                .into(),
            secrets: BTreeMap::from([(
                "admin_token".to_owned(),
                server.admin.token.clone().into(),
            )]),
            active: true,
            made_by_us: true,
        }
    }

    pub fn set(&mut self, field: &str, value: &str) {
        self.settings.insert(field.to_owned(), value.to_owned());
    }

    pub fn site(&self) -> Site {
        let secrets = self.journal.secrets_besides(&self.secrets);
        Site {
            installation: "installation-1".into(),
            community: CommunityId(1),
            slug: self.slug.parse().unwrap(),
            community_name: self.name.clone(),
            description: "A housing co-op.".into(),
            instance: InstanceId(1),
            platform: PlatformId::new("matrix"),
            marker: self.marker.clone(),
            kind: InstanceKind::Tenant,
            external_id: None,
            made_by_us: self.made_by_us,
            active: self.active,
            settings: Settings(self.settings.clone()),
            facts: self.journal.facts(),
            secrets: Secrets(secrets),
            credential_key: self.marker.clone(),
            locked: false,
            data_folder: "/nonexistent".into(),
            runtime_folder: "/nonexistent".into(),
            settling: Duration::from_millis(200),
            http: self.http.clone(),
            runner: Runner::default(),
            supervisor: guildhall::services::supervisor::Supervisor::default().without_systemd(),
        }
    }

    pub fn op(&self) -> Op {
        Op::new(
            self.site(),
            Arc::clone(&self.journal) as Arc<_>,
            watch::Sender::new(Progress::default()),
            CancellationToken::new(),
        )
    }

    /// Provisions until it ends or dies as planned.
    pub async fn provision(&self) -> Result<Presence, Halt> {
        let op = self.op();
        let adapter = adapter();
        tokio::select! {
            biased;
            () = self.journal.death() => Err(Fault::new(FaultKind::Internal, "killed").into()),
            result = adapter.provision(&op) => result,
        }
    }

    pub async fn verify(&self, entered: &[(&str, &str)]) -> Result<Identity, Fault> {
        let entered = entered
            .iter()
            .map(|(field, token)| ((*field).to_owned(), SecretString::from(*token)));
        adapter()
            .verify(&VerifyRequest {
                site: &self.site(),
                entered: &Secrets(entered.collect()),
            })
            .await
    }

    /// The bot's user name where Guildhall chooses it.
    pub fn bot_name(&self) -> String {
        format!("@gov-{}:{SERVER}", self.slug)
    }

    /// Somebody who speaks with the minted token.
    pub fn bot(&self) -> Person {
        let token = self.journal.secrets()["access_token"]
            .expose_secret()
            .to_owned();
        self.server.person(&self.bot_name(), &token)
    }

    /// The rooms on the server that carry the marker of this instance: part and id, sorted by part.
    pub async fn marked_rooms(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for room in self.server.rooms().await {
            let id = room["room_id"].as_str().unwrap();
            let state = self.server.room_state(id).await;
            let marker = content(&state, "org.guildhall.instance", "");
            if marker["instance"] == self.marker.as_str() {
                let part = marker["part"].as_str().unwrap().to_owned();
                found.push((part, id.to_owned()));
            }
        }
        found.sort();
        found
    }

    /// The id of one of them.
    pub async fn room(&self, part: &str) -> String {
        let rooms = self.marked_rooms().await;
        let found = rooms.into_iter().find(|(name, _)| name == part);
        found.unwrap_or_else(|| panic!("no room {part}")).1
    }

    /// Everything the server has that this community's bot made, marked or not.
    pub async fn rooms_made(&self) -> usize {
        let bot = self.bot_name();
        let rooms = self.server.rooms().await;
        rooms
            .iter()
            .filter(|room| room["creator"] == bot.as_str())
            .filter(|room| room["joined_members"] != 0)
            .count()
    }

    /// A member of the community: invited to the space, in the space and in its first room.
    pub async fn member(&self, name: &str) -> Person {
        let person = self.server.register(name, false).await;
        let space = self.room("space").await;
        assert_eq!(self.bot().invite(&space, &person.id).await, 200);
        assert_eq!(person.join(&space).await, 200);
        assert_eq!(person.join(&self.room("general").await).await, 200);
        person
    }
}

/// The content of a piece of state in a list of events; null when it is not there.
pub fn content(state: &[Value], kind: &str, key: &str) -> Value {
    let found = state
        .iter()
        .find(|event| event["type"] == kind && event["state_key"] == key);
    found.map_or(Value::Null, |event| event["content"].clone())
}

pub fn adapter() -> Arc<dyn Adapter> {
    let registry = Registry::builtin();
    Arc::clone(registry.get(&PlatformId::new("matrix")).unwrap())
}

pub fn fault(halt: Halt) -> Fault {
    match halt {
        Halt::Stopped(fault) => *fault,
        Halt::Human(task) => panic!("waits for a person: {}", task.title),
    }
}
