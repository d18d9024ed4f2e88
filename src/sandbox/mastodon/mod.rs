//! A stateful imitation of a Mastodon server, as its sheet describes it (sheet: mastodon 7), strict where the known
//! imitation is lax: a wrong client secret gets nothing, an application's token is no account's. Knows no adapter.

mod access;
mod accounts;
mod admin;
mod control;
mod limits;
mod model;
mod oauth;
mod reply;
mod routes;
mod statuses;

use super::{Incoming, Reply, SimulatedPlatform};
use model::Server;
use serde_json::{Value, json};

/// The imitation.
pub(super) struct SimulatedMastodon;

impl SimulatedPlatform for SimulatedMastodon {
    type State = Server;

    fn id(&self) -> &'static str {
        "mastodon"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &["mastodon.sandbox"]
    }

    fn fresh(&self) -> Server {
        Server::fresh()
    }

    fn keys(&self, server: &Server) -> Value {
        let ready = |name: &str| server.ready.get(name).cloned().unwrap_or_default();
        json!({
            "base_url": "https://mastodon.sandbox",
            "access_token": ready("access_token"),
            "client_id": ready("client_id"),
            "client_secret": ready("client_secret"),
            "token_of_another_account": ready("other_token"),
            "narrow_token": ready("narrow_token"),
            "token_with_too_much": ready("broad_token"),
            "application_token": ready("app_token"),
            "admin_token": ready("admin_token"),
            "admin_token_that_cannot_say_whose_it_is": ready("unread_admin_token"),
            "account": model::OURS,
            "other_account": model::OTHER,
        })
    }

    fn handle(&self, server: &mut Server, incoming: &Incoming) -> Reply {
        server.answer(incoming)
    }

    fn control(&self, server: &mut Server, action: &str, input: &Value) -> Result<Value, String> {
        control::act(server, action, input)
    }
}
