//! A stateful imitation of Loomio 3.8: its user interface for programs (b2) as the sheet describes it (sheet: loomio 7),
//! traps included, and a stand-in for scripts run in its container. Written from the sheet; nothing of Loomio is copied.
//!
//! One state serves hosted Loomio and an own server. Knows no adapter.

mod access;
mod announce;
mod chatbots;
mod container;
mod control;
mod discussions;
mod groups;
mod memberships;
mod model;

pub(super) use container::run_here;
pub use container::{StandInOutput, stand_in_docker};

use super::{Incoming, Reply, SimulatedPlatform};
use access::{Outcome, unknown};
use model::{BOT, HOSTED, Loomio, OWN, PERSON, SPARE};
use serde_json::{Value, json};

/// The imitation.
pub(super) struct SimulatedLoomio;

impl SimulatedPlatform for SimulatedLoomio {
    type State = Loomio;

    fn id(&self) -> &'static str {
        "loomio"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &[HOSTED, OWN]
    }

    fn fresh(&self) -> Loomio {
        Loomio::fresh()
    }

    fn keys(&self, server: &Loomio) -> Value {
        let key = |id: u64| server.users.get(&id).map(|user| user.api_key.clone());
        json!({
            "base_url": format!("https://{HOSTED}"),
            "own_server": format!("https://{OWN}"),
            "group": "rosewood",
            "api_key": key(BOT),
            "bot_without_group": key(SPARE),
            "key_of_a_person": key(PERSON),
        })
    }

    fn handle(&self, server: &mut Loomio, incoming: &Incoming) -> Reply {
        answer(server, incoming).unwrap_or_else(|refusal| *refusal)
    }

    fn control(&self, server: &mut Loomio, action: &str, input: &Value) -> Result<Value, String> {
        control::act(server, action, input)
    }
}

fn answer(server: &mut Loomio, incoming: &Incoming) -> Outcome {
    server.let_through(incoming)?;
    let segments = incoming.segments();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let method = incoming.method.as_str();
    match (method, segments.as_slice()) {
        ("GET", ["api", "v1", "boot", "version"]) => Ok(Reply::json(
            200,
            json!({"version": server.version, "release": "stable", "reload": false}),
        )),
        (_, ["api", "b2", rest @ ..]) => server.b2(method, rest, incoming),
        ("GET", [handle] | ["g", handle]) => Ok(server.page(handle)),
        _ => unknown(),
    }
}

impl Loomio {
    fn b2(&mut self, method: &str, path: &[&str], incoming: &Incoming) -> Outcome {
        let me = self.caller(incoming)?;
        if self.is_old() {
            // Before 3.1 there is no list of groups, and every refusal looks the same (sheet: loomio 5).
            return Err(Box::new(Reply::json(403, json!({"error": 403}))));
        }
        match (method, path) {
            ("GET", ["groups"]) => Ok(self.own_groups(me, incoming)),
            ("GET", ["groups", reference]) => self.show_group(me, reference),
            ("GET", ["memberships"]) => self.list_members(me, incoming),
            ("POST", ["memberships"]) => self.invite(me, incoming),
            ("GET", ["discussions"]) => self.list_discussions(me, incoming),
            ("POST", ["discussions"]) => self.open_discussion(me, incoming),
            ("DELETE", ["discussions", id]) => self.close_discussion(me, id),
            ("POST", ["comments"]) => self.comment(me, incoming),
            ("GET", ["chatbots"]) => self.list_chatbots(me, incoming),
            ("POST", ["chatbots"]) => self.make_chatbot(me, incoming),
            ("POST", ["chatbots", "check"]) => self.check_chatbot(me, incoming),
            ("PATCH", ["chatbots", id]) => self.change_chatbot(me, id, incoming),
            ("DELETE", ["chatbots", id]) => self.delete_chatbot(me, id),
            _ => unknown(),
        }
    }
}
