//! A stateful imitation of a Discourse forum, as its sheet describes it (sheet: discourse 7).
//!
//! Strict where the real one is: what only administrators may do is "not found" to moderators, unknown parameters of a
//! scope are dropped in silence, permissions replace all that was there. Knows no adapter.

mod access;
mod categories;
mod chat;
mod control;
mod groups;
mod invites;
mod keys;
mod limits;
mod model;
mod people;
mod reply;
mod routes;
mod scopes;
mod topics;
mod webhooks;

use super::{Incoming, Reply, SimulatedPlatform};
use model::Forum;
use serde_json::{Value, json};

/// The imitation.
pub(super) struct SimulatedDiscourse;

impl SimulatedPlatform for SimulatedDiscourse {
    type State = Forum;

    fn id(&self) -> &'static str {
        "discourse"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &["discourse.sandbox"]
    }

    fn fresh(&self) -> Forum {
        Forum::fresh()
    }

    fn keys(&self, forum: &Forum) -> Value {
        let key = |name: &str| forum.ready.get(name).cloned().unwrap_or_default();
        json!({
            "base_url": "https://discourse.sandbox",
            "api_username": model::BOT,
            "api_key": key("api_key"),
            "moderator": model::KEEPER,
            "moderator_key": key("moderator_key"),
            "member_key": key("member_key"),
            "key_for_all_users": key("all_users_key"),
            "narrow_key": key("narrow_key"),
            "people": model::PEOPLE,
        })
    }

    fn handle(&self, forum: &mut Forum, incoming: &Incoming) -> Reply {
        forum.answer(incoming).unwrap_or_else(|refusal| *refusal)
    }

    fn control(&self, forum: &mut Forum, action: &str, input: &Value) -> Result<Value, String> {
        control::act(forum, action, input)
    }
}
