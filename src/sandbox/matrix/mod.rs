//! A stateful imitation of a Matrix homeserver: Synapse 1.163 as it was observed, with its traps (sheet: matrix 4, 7).
//!
//! Strict where the real one is: power levels decide, aliases are claimed before a late failure, a missing room and one
//! that the caller is not in give the same refusal, tokens die by the rules of their kind. Knows no adapter.

mod access;
mod admin;
mod control;
mod creation;
mod limits;
mod membership;
mod model;
mod power;
mod purges;
mod reply;
mod rooms;
mod token;

use super::{Incoming, Reply, SimulatedPlatform};
use model::{ADMIN, Homeserver, PEOPLE, READY_BOT, SERVER};
use reply::{Outcome, fine, unrecognized};
use serde_json::{Value, json};

/// The imitation.
pub(super) struct SimulatedMatrix;

impl SimulatedPlatform for SimulatedMatrix {
    type State = Homeserver;

    fn id(&self) -> &'static str {
        "matrix"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &[SERVER]
    }

    fn fresh(&self) -> Homeserver {
        Homeserver::fresh()
    }

    fn keys(&self, server: &Homeserver) -> Value {
        let token = |user: &str| server.ready.get(user).cloned().unwrap_or_default();
        let people: serde_json::Map<String, Value> = PEOPLE
            .iter()
            .map(|person| ((*person).to_owned(), json!(token(person))))
            .collect();
        json!({
            "homeserver": format!("https://{SERVER}"),
            "admin_token": token(ADMIN),
            "access_token": token(READY_BOT),
            "people": people,
        })
    }

    fn handle(&self, server: &mut Homeserver, incoming: &Incoming) -> Reply {
        answer(server, incoming).unwrap_or_else(|refusal| *refusal)
    }

    fn control(
        &self,
        server: &mut Homeserver,
        action: &str,
        input: &Value,
    ) -> Result<Value, String> {
        control::act(server, action, input)
    }
}

fn answer(server: &mut Homeserver, incoming: &Incoming) -> Outcome<Reply> {
    let segments = incoming.segments();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let method = incoming.method.as_str();
    match (method, segments.as_slice()) {
        ("GET", ["health"]) => Ok(Reply::text(200, "OK")),
        ("GET", [".well-known", "matrix", "client"]) => {
            fine(json!({"m.homeserver": {"base_url": format!("https://{SERVER}/")}}))
        }
        ("GET", ["_matrix", "client", "versions"]) => {
            fine(json!({"versions": ["v1.11", "v1.12", "v1.13", "v1.14", "v1.15"]}))
        }
        (_, ["_matrix", "client", "v3", rest @ ..]) => client_call(server, method, rest, incoming),
        ("GET", ["_matrix", "client", "v1", "rooms", id, "hierarchy"]) => {
            let caller = server.caller(incoming)?;
            server.hierarchy(&caller, id, incoming)
        }
        (_, ["_synapse", "admin", rest @ ..]) => server.admin_call(method, rest, incoming),
        _ => unrecognized(),
    }
}

fn client_call(
    server: &mut Homeserver,
    method: &str,
    segments: &[&str],
    incoming: &Incoming,
) -> Outcome<Reply> {
    match (method, segments) {
        ("GET", ["login"]) => return fine(Homeserver::flows()),
        ("POST", ["login"]) => return server.login(incoming),
        ("GET", ["directory", "room", alias]) => return server.find_alias(alias),
        (_, ["rooms", id, rest @ ..]) => return server.room_call(method, id, rest, incoming),
        _ => {}
    }
    let caller = server.caller(incoming)?;
    match (method, segments) {
        ("GET", ["account", "whoami"]) => Homeserver::whoami(&caller),
        ("GET", ["capabilities"]) => {
            let default = &server.room_version;
            fine(json!({"capabilities": {"m.room_versions": {
                "default": default, "available": {"11": "stable", "12": "stable"},
            }}}))
        }
        ("GET", ["joined_rooms"]) => server.joined_rooms(&caller),
        ("GET", ["profile", user]) => server.profile(user),
        ("GET", ["profile", user, "displayname"]) => server.display_name(user),
        ("POST", ["logout"]) => server.logout(&caller),
        ("POST", ["logout", "all"]) => server.logout_all(&caller),
        ("POST", ["createRoom"]) => server.create_room(&caller, incoming),
        ("POST", ["join", reference]) => server.join_by(&caller, reference, incoming),
        ("PUT", ["directory", "room", alias]) => server.add_alias(&caller, alias, incoming),
        ("DELETE", ["directory", "room", alias]) => server.remove_alias(&caller, alias),
        _ => unrecognized(),
    }
}
