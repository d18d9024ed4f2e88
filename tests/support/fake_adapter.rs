//! A platform that lives in memory, outlives engines, and does what a test tells it to: pause, fail, die, ask for a person.

use async_trait::async_trait;
use guildhall::{
    adapters::{
        Adapter, Discovered, Halt, MadeAccount, Observation, Op, OurHold, Ownership, Peer,
        Presence, Probe, Removed, Site, Standing, Target, VerifyRequest,
        contract::{FORMER, HALF_MOVED},
        registry::Registry,
    },
    catalog::Catalog,
    domain::{
        Drift, DriftKind, Fault, FaultKind, Health, HumanTask, Identity, InstanceKind,
        OperationKey, PlatformId, Reach, ReachedObject, RemoveMode, Slots,
    },
};
use secrecy::{ExposeSecret, SecretString};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    path::Path,
    sync::{Arc, Mutex, MutexGuard},
};
use tokio::sync::{Notify, watch};
use url::Url;

/// The parts that an instance is made of, each created exactly once.
pub const PARTS: [&str; 3] = ["hall", "room-1", "room-2"];

/// What exists there and what was called, whichever engine called it.
#[derive(Default)]
pub struct World {
    state: Mutex<State>,
    arrived: watch::Sender<Option<String>>,
    go_on: Notify,
}

#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one independent order of a test"
)]
struct State {
    /// By the key that its creation carried.
    objects: BTreeMap<String, Object>,
    calls: Vec<String>,
    faults: BTreeMap<String, VecDeque<Fault>>,
    stop_at: Option<String>,
    /// How many calls there have been when the next one stops.
    stop_at_call: Option<usize>,
    panic_at: Option<String>,
    person_did_it: bool,
    /// At which points a person is asked for.
    asks_for_person: BTreeSet<&'static str>,
    /// At which points a person is asked for a key, and a part of that key.
    asks_for_key: BTreeMap<&'static str, &'static str>,
    /// Whether a move to another account does something there.
    carries: bool,
    /// The keys that a move was told to be those of the former account, and of the other where it is taken back.
    told_of: Vec<String>,
    gone: bool,
    messages: Vec<String>,
    /// What was said in rooms.
    said: Vec<String>,
    filled: Option<u64>,
    over_full: Option<u64>,
    others_decide: bool,
    /// Whether the platforms take no key any more.
    revoked: bool,
    /// Whoever of the people owns what is there.
    owner: Option<String>,
    /// Whoever was made an owner by a call and has not accepted it.
    invited: Option<String>,
    /// Whether nobody is told who owns what.
    keeps_owner_secret: bool,
    roomy: bool,
    drift: Vec<Drift>,
    look_for: Option<String>,
    /// Accounts that the platform has made by itself, by the marker of the wish.
    accounts: BTreeSet<String>,
    /// Keys that the platform does not accept any more.
    dead: BTreeSet<String>,
    /// How many keys the platform has made by itself; none where it does not.
    minted: Option<usize>,
    inside: BTreeMap<i64, u32>,
    most_inside: u32,
}

/// Something that was made there.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// Which part it is.
    pub part: String,
    /// Of which incarnation of which instance.
    pub marker: String,
    /// Whether it is switched on.
    pub active: bool,
}

impl World {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Stops whoever comes to this point, until [`World::release`].
    pub fn stop_at(&self, point: &str) {
        self.arrived.send_replace(None);
        self.state().stop_at = Some(point.to_owned());
    }

    /// Stops whoever makes the call with this number from now on, the first being 0, until [`World::release`].
    pub fn stop_at_call(&self, number: usize) {
        self.arrived.send_replace(None);
        let mut state = self.state();
        state.stop_at_call = Some(state.calls.len() + number);
    }

    /// Waits until somebody stands at the point.
    pub async fn somebody_stopped(&self) {
        let mut arrived = self.arrived.subscribe();
        arrived
            .wait_for(Option::is_some)
            .await
            .expect("the world is there");
    }

    /// Lets everybody go on.
    pub fn release(&self) {
        self.state().stop_at = None;
        self.state().stop_at_call = None;
        self.go_on.notify_waiters();
    }

    /// The next call at this point fails so.
    pub fn fail(&self, point: &str, fault: Fault) {
        self.state()
            .faults
            .entry(point.to_owned())
            .or_default()
            .push_back(fault);
    }

    /// The next call at this point panics.
    pub fn panic_at(&self, point: &str) {
        self.state().panic_at = Some(point.to_owned());
    }

    /// Provisioning asks for a person from now on.
    pub fn ask_for_person(&self) {
        self.state().asks_for_person.insert("provision");
    }

    /// A move to another account asks for one.
    pub fn ask_for_person_to_move(&self) {
        self.state().asks_for_person.insert("carry");
    }

    /// From now on "provision" or "offer" has a step for a person, who enters a token with this part.
    pub fn ask_for_key(&self, point: &'static str, part: &'static str) {
        self.state().asks_for_key.insert(point, part);
    }

    /// From now on a move to another account does something there.
    pub fn carry(&self) {
        self.state().carries = true;
    }

    /// The keys that moves were told of.
    pub fn told_of(&self) -> Vec<String> {
        self.state().told_of.clone()
    }

    fn tell_of(&self, key: Option<&SecretString>) {
        let key = key.map_or("none", |key| key.expose_secret());
        self.state().told_of.push(key.to_owned());
    }

    /// A look finds from now on that a person is needed.
    pub fn need_person_later(&self) {
        self.state().asks_for_person.insert("observe");
    }

    /// From now on the platform refuses this key.
    pub fn kill(&self, key: &str) {
        self.state().dead.insert(key.to_owned());
    }

    /// From now on the platform makes and ends keys by itself.
    pub fn mint_keys(&self) {
        self.state().minted = Some(0);
    }

    /// From now on a person makes them again.
    pub fn mint_nothing(&self) {
        self.state().minted = None;
    }

    fn accepts(&self, key: &str) -> Result<(), Fault> {
        let dead = self.state().dead.contains(key);
        accepted(if dead { "bad" } else { key })
    }

    /// The person did it.
    pub fn person_does_it(&self) {
        self.state().person_did_it = true;
    }

    /// Everything is gone there, as far as a look can tell.
    pub fn vanish(&self) {
        self.state().gone = true;
    }

    /// A look finds this difference, until making or sending puts it back.
    pub fn differ(&self, kind: DriftKind, what: &str) {
        self.state().drift.push(Drift::new(kind, what.to_owned()));
    }

    fn is_as_it_was(&self, kind: DriftKind) {
        self.state().drift.retain(|drift| drift.kind != kind);
    }

    /// Everything is there again.
    pub fn come_back(&self) {
        self.state().gone = false;
    }

    /// From now on an account holds so many of its ten halls, as far as the platform tells.
    pub fn fill(&self, halls: u64) {
        self.state().filled = Some(halls);
    }

    /// A look tells from now on that an account holds so many of its ten halls.
    pub fn overfill(&self, halls: u64) {
        self.state().over_full = Some(halls);
    }

    /// What a look finds to be needed is somebody else's to decide.
    pub fn others_decide(&self) {
        self.need_person_later();
        self.state().others_decide = true;
    }

    /// Somebody of the people owns what is there from now on.
    pub fn taken_by(&self, person: &str) {
        self.state().owner = Some(person.to_owned());
    }

    /// Whoever was made an owner accepts it.
    pub fn accept_ownership(&self) {
        let mut state = self.state();
        state.owner = state.invited.take();
    }

    /// From now on nobody is told who owns what.
    pub fn keep_owner_secret(&self) {
        self.state().keeps_owner_secret = true;
    }

    /// Every key is revoked on its platform.
    pub fn revoke_keys(&self) {
        self.state().revoked = true;
    }

    /// From now on an account holds a hundred halls.
    pub fn make_room(&self) {
        self.state().roomy = true;
    }

    /// Who sends through a connection does not see from there whether it arrives.
    pub fn send_blindly(&self) {
        self.state().look_for = Some("hello".into());
    }

    /// Something arrives at the other end.
    pub fn arrive(&self, text: &str) {
        self.state().messages.push(text.to_owned());
    }

    /// What was said in rooms.
    pub fn said(&self) -> Vec<String> {
        self.state().said.clone()
    }

    /// What exists.
    pub fn objects(&self) -> Vec<Object> {
        self.state().objects.values().cloned().collect()
    }

    /// How many of a part exist.
    pub fn count(&self, part: &str) -> usize {
        self.objects()
            .iter()
            .filter(|object| object.part == part)
            .count()
    }

    /// Everything that was called, in order.
    pub fn calls(&self) -> Vec<String> {
        self.state().calls.clone()
    }

    /// How many accounts the platform has made by itself.
    pub fn accounts(&self) -> usize {
        self.state().accounts.len()
    }

    /// How often a point was passed.
    pub fn passed(&self, point: &str) -> usize {
        self.calls().iter().filter(|call| *call == point).count()
    }

    /// The most operations that were ever at work on one instance at the same time.
    pub fn most_inside(&self) -> u32 {
        self.state().most_inside
    }

    async fn point(&self, point: &str) -> Result<(), Fault> {
        loop {
            let go_on = self.go_on.notified();
            let stopped = {
                let state = self.state();
                state.stop_at.as_deref() == Some(point)
                    || state.stop_at_call == Some(state.calls.len())
            };
            if !stopped {
                break;
            }
            self.arrived.send_replace(Some(point.to_owned()));
            go_on.await;
        }
        let mut state = self.state();
        state.calls.push(point.to_owned());
        if state.panic_at.as_deref() == Some(point) {
            state.panic_at = None;
            drop(state);
            panic!("canary-in-a-panic");
        }
        match state.faults.get_mut(point).and_then(VecDeque::pop_front) {
            Some(fault) => Err(fault),
            None => Ok(()),
        }
    }

    fn enter(self: &Arc<Self>, instance: i64) -> Inside {
        let mut state = self.state();
        let count = state.inside.entry(instance).or_default();
        *count += 1;
        let count = *count;
        state.most_inside = state.most_inside.max(count);
        Inside {
            world: self.clone(),
            instance,
        }
    }
}

struct Inside {
    world: Arc<World>,
    instance: i64,
}

impl Drop for Inside {
    fn drop(&mut self) {
        if let Some(count) = self.world.state().inside.get_mut(&self.instance) {
            *count -= 1;
        }
    }
}

/// The adapter of such a platform.
pub struct FakeAdapter {
    /// Its id in the catalog.
    pub platform: &'static str,
    /// Whether it needs the key `token`.
    pub needs_token: bool,
    /// What exists there.
    pub world: Arc<World>,
}

impl FakeAdapter {
    fn token(&self, op: &Op) -> Result<(), Fault> {
        if !self.needs_token {
            return Ok(());
        }
        let token = op
            .secret("token")
            .or_else(|fault| op.secret("master").map_err(|_| fault))?;
        self.world.accepts(token.expose_secret())
    }

    async fn key_of_a_person(&self, point: &'static str, op: &Op) -> Result<(), Halt> {
        let Some(part) = self.world.state().asks_for_key.get(point).copied() else {
            return Ok(());
        };
        let task = HumanTask {
            step: format!("key for {point}"),
            title: "enter the key that is shown there".into(),
            ..invitation()
        };
        op.human(task, || async {
            let entered = op.secret("token").ok();
            Ok(entered
                .filter(|key| key.expose_secret().contains(part))
                .map(|_| true))
        })
        .await
        .map(drop)
    }

    async fn make(&self, part: &'static str, op: &Op) -> Result<String, Halt> {
        let world = &self.world;
        let marker = op.site().marker.clone();
        op.ensure(
            part,
            |key: OperationKey| async move {
                world.point(&format!("find {part}")).await?;
                Ok(world
                    .state()
                    .objects
                    .contains_key(key.as_str())
                    .then(|| key.as_str().to_owned()))
            },
            |key: OperationKey| {
                let marker = marker.clone();
                async move {
                    world.point(&format!("before {part}")).await?;
                    let object = Object {
                        part: part.to_owned(),
                        marker,
                        active: false,
                    };
                    let former = world
                        .state()
                        .objects
                        .insert(key.as_str().to_owned(), object);
                    assert!(former.is_none(), "{part} was made twice under one key");
                    world.point(&format!("after {part}")).await?;
                    Ok(key.as_str().to_owned())
                }
            },
        )
        .await
    }

    fn switch(&self, marker: &str, active: bool) {
        for object in self.world.state().objects.values_mut() {
            if object.marker == marker {
                object.active = active;
            }
        }
    }
}

fn invitation() -> HumanTask {
    HumanTask {
        step: "invite".into(),
        title: "invite the bot".into(),
        why: "a program cannot".into(),
        who: "somebody there".into(),
        url: None,
        instructions: vec!["Press the button.".into()],
        asks_for: Vec::new(),
        others_decide: false,
    }
}

fn accepted(token: &str) -> Result<(), Fault> {
    if token.contains("bad") {
        return Err(Fault::new(
            FaultKind::KeyRejected,
            "The platform does not accept this key.",
        )
        .hint("Enter a new one."));
    }
    if token.contains("offline") {
        return Err(
            Fault::new(FaultKind::Unreachable, "The platform cannot be reached.")
                .hint("Try again later."),
        );
    }
    Ok(())
}

#[async_trait]
impl Adapter for FakeAdapter {
    fn platform(&self) -> PlatformId {
        PlatformId::new(self.platform)
    }

    async fn move_account(
        &self,
        op: &Op,
        field: &str,
        former: Option<&SecretString>,
    ) -> Result<String, Halt> {
        if !self.world.state().carries {
            return self.move_key(op, field).await;
        }
        self.world.tell_of(former);
        op.remember(HALF_MOVED, &true).await?;
        self.world.point("carry").await?;
        if self.world.state().asks_for_person.contains("carry") {
            op.human(invitation(), || async { Ok(None::<bool>) })
                .await?;
        }
        Ok("It was carried over.".into())
    }

    async fn take_back_move(
        &self,
        op: &Op,
        _field: &str,
        other: Option<&SecretString>,
    ) -> Result<Vec<String>, Halt> {
        self.world.tell_of(op.secret("token").ok().as_ref());
        self.world.tell_of(other);
        self.world.point("taken back").await?;
        op.forget(HALF_MOVED).await?;
        Ok(vec!["A chair stays there.".into()])
    }

    fn makes_account_with(&self) -> Option<&'static str> {
        Some("master")
    }

    async fn make_account(&self, site: &Site) -> Result<MadeAccount, Fault> {
        self.world.point("account").await?;
        let master = site.secrets.get("master").expect("the key for it");
        self.world.accepts(master.expose_secret())?;
        self.world.state().accounts.insert(site.marker.clone());
        self.world.point("account made").await?;
        Ok(MadeAccount {
            field: "token",
            secret: SecretString::from(format!("tok-{}", site.marker)),
            identity: Identity {
                external_id: format!("made-{}", site.slug),
                who: "a bot that was made".into(),
                ..Identity::default()
            },
        })
    }

    async fn verify(&self, request: &VerifyRequest<'_>) -> Result<Identity, Fault> {
        self.world.point("verify").await?;
        for secret in request.entered.0.values() {
            self.world.accepts(secret.expose_secret())?;
        }
        if self.world.state().revoked {
            accepted("bad")?;
        }
        let object = |external_id: &String| ReachedObject {
            external_id: external_id.clone(),
            name: "a hall".into(),
            role: "admin".into(),
            community: None,
        };
        let mut secrets = request.entered.0.values();
        let bot = secrets
            .next()
            .map_or(0, |secret| secret.expose_secret().len());
        let used = self.world.state().filled.unwrap_or(3);
        let most = if self.world.state().roomy { 100 } else { 10 };
        Ok(Identity {
            external_id: format!("bot-{bot}"),
            who: "a bot".into(),
            reach: Reach {
                unit: "hall".into(),
                objects: self.world.state().objects.keys().map(object).collect(),
                total: None,
                everything: None,
            },
            slots: vec![Slots {
                unit: "halls".into(),
                max: Some(most),
                used: Some(used),
                source: "measured".into(),
            }],
            ..Identity::default()
        })
    }

    async fn provision(&self, op: &Op) -> Result<Presence, Halt> {
        let _inside = self.world.enter(op.site().instance.0);
        self.world.point("provision").await?;
        self.token(op)?;
        if self.world.state().asks_for_person.contains("provision") {
            op.human(invitation(), || async {
                Ok(self.world.state().person_did_it.then_some(true))
            })
            .await?;
        }
        if self.needs_token {
            self.key_of_a_person("provision", op).await?;
        }
        if op.former_fact::<String>("color")?.is_some() {
            self.world.point("former taken in").await?;
            op.forget(FORMER).await?;
        }
        let mut hall = String::new();
        for (done, part) in PARTS.into_iter().enumerate() {
            op.progress("parts", done, PARTS.len(), part);
            let made = self.make(part, op).await?;
            if part == PARTS[0] {
                hall = made;
            }
        }
        op.step("link", || async {
            self.world.point("link").await?;
            Ok(true)
        })
        .await?;
        op.remember("color", &"blue").await?;
        self.world.is_as_it_was(DriftKind::Missing);
        self.world.point("provisioned").await?;
        Ok(Presence {
            external_id: hall,
            url: Some("http://127.0.0.1:1/".into()),
            kind: InstanceKind::Account,
            made_by_us: true,
            note: String::new(),
        })
    }

    async fn configure(&self, op: &Op, changed: &[String]) -> Result<Presence, Halt> {
        let _inside = self.world.enter(op.site().instance.0);
        for field in changed {
            let value = op.site().settings.get(field).unwrap_or_default().to_owned();
            self.world
                .point(&format!("configure {field}={value}"))
                .await?;
        }
        self.world.point("configured").await?;
        Ok(Presence {
            external_id: op.site().external_id.clone().unwrap_or_default(),
            url: None,
            kind: op.site().kind,
            made_by_us: op.site().made_by_us,
            note: String::new(),
        })
    }

    async fn activate(&self, op: &Op) -> Result<String, Halt> {
        let _inside = self.world.enter(op.site().instance.0);
        self.world.point("activate").await?;
        self.token(op)?;
        self.world.is_as_it_was(DriftKind::Changed);
        self.switch(&op.site().marker, true);
        self.world.point("activated").await?;
        Ok("It is on.".into())
    }

    async fn deactivate(&self, op: &Op) -> Result<String, Halt> {
        let _inside = self.world.enter(op.site().instance.0);
        self.world.point("deactivate").await?;
        self.token(op)?;
        self.switch(&op.site().marker, false);
        Ok("It is off; everything is kept.".into())
    }

    fn mints(&self, _op: &Op, field: &str) -> bool {
        field == "token" && self.world.state().minted.is_some()
    }

    async fn mint_key(
        &self,
        _op: &Op,
        _field: &str,
    ) -> Result<(SecretString, Option<Identity>), Halt> {
        self.world.point("mint").await?;
        let mut state = self.world.state();
        let number = state.minted.unwrap_or_default() + 1;
        state.minted = Some(number);
        Ok((
            SecretString::from(format!("tok-minted-by-itself-{number}")),
            None,
        ))
    }

    fn revokes(&self, op: &Op, field: &str) -> bool {
        self.mints(op, field)
    }

    async fn revoke_key(&self, _op: &Op, _field: &str, old: &SecretString) -> Result<bool, Halt> {
        self.world.point("revoke").await?;
        self.world.kill(old.expose_secret());
        Ok(true)
    }

    async fn key_lives(
        &self,
        _site: &Site,
        _field: &str,
        old: &SecretString,
    ) -> Result<bool, Fault> {
        self.world.point("ask with the old key").await?;
        Ok(self.world.accepts(old.expose_secret()).is_ok())
    }

    async fn observe(&self, site: &Site) -> Result<Observation, Fault> {
        self.world.point("observe").await?;
        if let Some(token) = site.secrets.get("token").filter(|_| self.needs_token) {
            self.world.accepts(token.expose_secret())?;
        }
        let there = site
            .external_id
            .as_ref()
            .is_some_and(|id| self.world.state().objects.contains_key(id));
        let gone = self.world.state().gone || !there;
        let needs_person = {
            let state = self.world.state();
            state.asks_for_person.contains("observe") && !state.person_did_it
        };
        let (others_decide, over_full, drift) = {
            let state = self.world.state();
            (state.others_decide, state.over_full, state.drift.clone())
        };
        let full = over_full.map(|used| Slots {
            unit: "halls".into(),
            max: Some(10),
            used: Some(used),
            source: "measured".into(),
        });
        Ok(Observation {
            standing: if gone {
                Standing::Gone
            } else {
                Standing::Present
            },
            health: if gone { Health::Down } else { Health::Ok },
            note: String::new(),
            drift,
            task: needs_person.then(|| HumanTask {
                others_decide,
                ..invitation()
            }),
            slots: full.into_iter().collect(),
            url: None,
        })
    }

    async fn ownership(&self, site: &Site) -> Result<Ownership, Fault> {
        self.world.point("ownership").await?;
        if self.needs_token {
            self.world.accepts(site.secret("token")?.expose_secret())?;
        }
        let state = self.world.state();
        if state.revoked {
            accepted("bad")?;
        }
        if state.keeps_owner_secret {
            return Err(
                Fault::new(FaultKind::Unsupported, "Nobody is told who owns a hall.")
                    .hint("Ask around."),
            );
        }
        Ok(Ownership::of(state.owner.clone(), OurHold::Beside))
    }

    fn names_owner_by(&self, _site: &Site) -> Option<&'static str> {
        Some("a name")
    }

    async fn hand_to(&self, _site: &Site, person: &str) -> Result<String, Fault> {
        self.world.point("hand to").await?;
        self.world.state().invited = Some(person.to_owned());
        Ok(format!("{person} is asked."))
    }

    async fn discover(&self, _site: &Site) -> Result<Vec<Discovered>, Fault> {
        Ok(vec![Discovered {
            reference: "old-hall".into(),
            name: "Old Hall".into(),
            what: "hall".into(),
            obstacle: None,
        }])
    }

    async fn adopt(&self, op: &Op, reference: &str) -> Result<Presence, Halt> {
        self.world.point("adopt").await?;
        Ok(Presence {
            external_id: reference.to_owned(),
            url: None,
            kind: op.site().kind,
            made_by_us: false,
            note: String::new(),
        })
    }

    async fn remove(&self, op: &Op, mode: RemoveMode) -> Result<Removed, Halt> {
        let _inside = self.world.enter(op.site().instance.0);
        self.world.point(&format!("remove {mode}")).await?;
        if mode == RemoveMode::Hard {
            let marker = &op.site().marker;
            self.world
                .state()
                .objects
                .retain(|_, object| object.marker != *marker);
        }
        Ok(Removed::default())
    }

    fn announces(&self) -> bool {
        self.needs_token
    }

    async fn announce(&self, site: &Site, text: &str, _key: &str) -> Result<(), Fault> {
        self.world.point("announce").await?;
        self.world.accepts(site.secret("token")?.expose_secret())?;
        self.world.state().said.push(text.to_owned());
        Ok(())
    }

    async fn offer_target(&self, op: &Op, _for_platform: &PlatformId) -> Result<Target, Halt> {
        self.key_of_a_person("offer", op).await?;
        op.step("door", || async {
            self.world.point("door").await?;
            Ok(true)
        })
        .await?;
        let address = Url::parse("http://127.0.0.1:1/").expect("an address");
        Ok(Target::Site { address })
    }

    async fn withdraw_target(
        &self,
        _op: &Op,
        _for_platform: &PlatformId,
    ) -> Result<Option<String>, Halt> {
        self.world.point("door closed").await?;
        Ok(None)
    }

    async fn connect(&self, op: &Op, peer: &Peer) -> Result<String, Halt> {
        assert!(peer.target.is_some(), "the other end offers something");
        op.step("join", || async {
            self.world.point("join").await?;
            Ok(true)
        })
        .await?;
        Ok("It reads.".into())
    }

    async fn disconnect(&self, _op: &Op, _peer: &Peer) -> Result<(), Halt> {
        self.world.point("part").await?;
        Ok(())
    }

    async fn probe_connection(&self, _op: &Op, _peer: &Peer) -> Result<Probe, Halt> {
        self.world.point("probe").await?;
        let look_for = self.world.state().look_for.clone();
        Ok(Probe {
            arrived: look_for.is_none(),
            sent: true,
            look_for,
            what: "hello was sent.".into(),
        })
    }

    async fn saw_message(
        &self,
        site: &Site,
        text: &str,
        _since: jiff::Timestamp,
    ) -> Result<bool, Fault> {
        assert_eq!(site.platform.as_str(), "alpha", "the other end is asked");
        self.world.point("look").await?;
        Ok(self
            .world
            .state()
            .messages
            .iter()
            .any(|said| said.contains(text)))
    }
}

/// Three platforms: `alpha` needs nothing, `beta` needs a key, of `gamma` there is no adapter.
pub fn registry(world: &Arc<World>) -> Registry {
    let adapter = |platform, needs_token| -> Arc<dyn Adapter> {
        Arc::new(FakeAdapter {
            platform,
            needs_token,
            world: world.clone(),
        })
    };
    Registry::of([adapter("alpha", false), adapter("beta", true)])
}

/// The catalog with these three, all others off.
pub fn catalog(folder: &Path) -> Catalog {
    std::fs::create_dir_all(folder).expect("a folder");
    for (id, order, needs) in [
        ("alpha", 101, ""),
        ("beta", 102, r#"["token"], ["master"]"#),
        ("gamma", 103, ""),
    ] {
        let other = if id == "alpha" { "beta" } else { "alpha" };
        let text = include_str!("fake_manifest.toml")
            .replace(r#"to = ["alpha"]"#, &format!("to = [\"{other}\"]"))
            .replace("@id@", id)
            .replace("@order@", &order.to_string())
            .replace("@another@", if id == "alpha" { "auto" } else { "human" })
            .replace("@provision@", needs)
            .replace("@operate@", if needs.is_empty() { "" } else { needs });
        std::fs::write(folder.join(format!("{id}.toml")), text).expect("a manifest");
    }
    Catalog::load(Some(folder)).expect("the catalog loads")
}
