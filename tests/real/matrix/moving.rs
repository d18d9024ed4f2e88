//! The rooms are brought to another bot, and stay with the one they had where that is stopped.

use crate::journal::Death;
use crate::person::Person;
use crate::synapse::{Limits, Synapse};
use crate::world::{World, adapter, content};
use guildhall::adapters::{Halt, Journal as _, contract::HALF_MOVED};
use guildhall::domain::{Fault, FaultKind};
use secrecy::SecretString;
use serde_json::Value;

impl World<'_> {
    /// As the engine does before it asks the adapter.
    async fn work_with(&self, key: &str) {
        self.journal.revive(None);
        let key = SecretString::from(key);
        let kept = self.journal.keep_secret("access_token", &key, None);
        kept.await.unwrap();
    }

    async fn carry(&self, former: &str, to: &Person, death: Option<Death>) -> Result<String, Halt> {
        self.work_with(&to.token).await;
        self.journal.revive(death);
        let (op, former) = (self.op(), SecretString::from(former));
        let adapter = adapter();
        let moved = tokio::select! {
            biased;
            () = self.journal.death() => Err(Fault::new(FaultKind::Internal, "killed").into()),
            moved = adapter.move_account(&op, "access_token", Some(&former)) => moved,
        }?;
        // As the engine does where it notes that the move is done.
        op.forget(HALF_MOVED).await?;
        Ok(moved)
    }

    /// Who is in each room, and who may do what there.
    async fn standing(&self) -> Vec<(Vec<String>, Value)> {
        let mut rooms = Vec::new();
        for (_, id) in self.marked_rooms().await {
            let state = self.server.room_state(&id).await;
            let mut members: Vec<String> = state
                .iter()
                .filter(|event| event["type"] == "m.room.member")
                .filter(|event| event["content"]["membership"] == "join")
                .map(|event| event["state_key"].as_str().unwrap().to_owned())
                .collect();
            members.sort();
            rooms.push((members, content(&state, "m.room.power_levels", "")));
        }
        rooms
    }
}

#[tokio::test]
async fn another_bot_has_the_rooms_and_can_do_in_them_what_the_former_could() {
    let Some(server) = Synapse::start(Limits::Raised).await else {
        return;
    };
    for version in ["12", "11"] {
        let mut world = World::new(&server, &format!("carried-{version}"));
        world.set("room_version", version);
        world.provision().await.unwrap();
        let amina = world.member(&format!("carla{version}")).await;
        let former = world.bot();
        let second = server.register(&format!("second{version}"), false).await;
        // Also while it is switched off.
        adapter().deactivate(&world.op()).await.unwrap();
        let said = world.carry(&former.token, &second, None).await.unwrap();
        assert!(said.contains(&second.id), "{said}");
        for (members, levels) in world.standing().await {
            assert!(members.contains(&second.id), "{members:?}");
            assert!(!members.contains(&former.id), "{members:?}");
            assert!(levels["users"].get(&former.id).is_none(), "{levels}");
        }
        let general = world.room("general").await;
        assert_eq!(amina.say(&general, "while off").await, 403);
        let seen = adapter().observe(&world.site()).await.unwrap();
        assert!(seen.drift.is_empty(), "{version}: {:?}", seen.drift);
        adapter().activate(&world.op()).await.unwrap();
        assert_eq!(amina.say(&general, "on again").await, 200);
        adapter().deactivate(&world.op()).await.unwrap();
        assert_eq!(amina.say(&general, "off again").await, 403);
        assert_eq!(second.say(&general, "the bot itself").await, 200);
    }
}

#[tokio::test]
async fn a_move_that_is_cut_off_goes_on_or_is_taken_back() {
    let Some(server) = Synapse::start(Limits::Raised).await else {
        return;
    };
    for version in ["12", "11"] {
        let whole = begun(&server, version, 0).await;
        whole.0.carry(&whole.1, &whole.2, None).await.unwrap();
        let calls = whole.0.journal.calls();
        for call in (1..calls).step_by(7) {
            let (world, former, second) = begun(&server, version, call).await;
            let before = world.standing().await;
            let death = Some(Death::AfterCall(call));
            world.carry(&former, &second, death).await.unwrap_err();
            world.work_with(&former).await;
            let other = SecretString::from(second.token.as_str());
            let left = adapter()
                .take_back_move(&world.op(), "access_token", Some(&other))
                .await
                .unwrap();
            assert!(left.is_empty(), "call {call}: {left:?}");
            assert_eq!(world.standing().await, before, "call {call}");
            world.carry(&former, &second, death).await.unwrap_err();
            world.carry(&former, &second, None).await.unwrap();
            for (members, _) in world.standing().await {
                assert_eq!(members, [second.id.as_str()], "call {call}");
            }
        }
    }
}

async fn begun<'a>(
    server: &'a Synapse,
    version: &str,
    number: usize,
) -> (World<'a>, String, Person) {
    let name = format!("cut-{version}-{number}");
    let mut world = World::new(server, &name);
    world.set("room_version", version);
    world.provision().await.unwrap();
    let former = world.bot().token;
    let second = server.register(&format!("heir-{name}"), false).await;
    world.journal.revive(None);
    (world, former, second)
}
