//! A stateful imitation of Open Collective's GraphQL server, version 2, as it was observed (sheet: opencollective 7).
//!
//! No GraphQL engine: an operation is recognised by its name, and an unknown one is refused as the real server refuses a
//! document it does not understand. Strict where the real one is: scopes, null rules, rewriting, commit-then-error. Knows
//! no adapter.

mod access;
mod accounts;
mod control;
mod hooks;
mod hosts;
mod model;
mod people;
mod reply;
mod slugs;

use super::{Incoming, Reply, SimulatedPlatform};
use access::Caller;
use model::Service;
use reply::Outcome;
use serde_json::{Value, json};

/// The imitation.
pub(super) struct SimulatedOpenCollective;

impl SimulatedPlatform for SimulatedOpenCollective {
    type State = Service;

    fn id(&self) -> &'static str {
        "opencollective"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &[
            "opencollective.sandbox",
            "api.opencollective.com",
            "api-staging.opencollective.com",
        ]
    }

    fn fresh(&self) -> Service {
        Service::fresh()
    }

    fn keys(&self, service: &Service) -> Value {
        json!({
            "base_url": "https://api.opencollective.com/graphql/v2",
            "token": service.ready["token"],
            "token_of_another_user": service.ready["other"],
            "token_of_the_host": service.ready["host"],
            "token_with_too_much": service.ready["excess"],
            "open_host": model::OPEN_HOST,
            "closed_host": model::CLOSED_HOST,
        })
    }

    fn handle(&self, service: &mut Service, incoming: &Incoming) -> Reply {
        service.answer(incoming)
    }

    fn control(&self, service: &mut Service, action: &str, input: &Value) -> Result<Value, String> {
        control::act(service, action, input)
    }
}

impl Service {
    fn answer(&mut self, incoming: &Incoming) -> Reply {
        let caller = match self.caller(incoming) {
            Ok(caller) => caller,
            Err(refused) => return *refused,
        };
        let counted = match self.count(&caller, incoming) {
            Ok(headers) => headers,
            Err(refused) => return *refused,
        };
        let reply = match self.operation(&caller, incoming) {
            Ok(data) => Reply::json(200, json!({"data": data})),
            Err(refused) => *refused,
        };
        let reply = counted
            .into_iter()
            .fold(reply, |reply, (name, value)| reply.header(name, value));
        let outgoing = std::mem::take(&mut self.outgoing);
        outgoing.into_iter().fold(reply, Reply::delivering)
    }

    fn operation(&mut self, caller: &Caller, incoming: &Incoming) -> Outcome<Value> {
        if incoming.header("content-type") != Some("application/json") {
            return reply::invalid("BAD_REQUEST", "POST body missing, invalid Content-Type");
        }
        let Some(body) = incoming.json() else {
            return Err(Box::new(reply::broken_json(incoming)));
        };
        let name = body["operationName"].as_str().unwrap_or_default();
        let query = body["query"].as_str().unwrap_or_default();
        if !query.contains(name) || name.is_empty() {
            let what = format!("Unknown operation named \"{name}\".");
            return reply::invalid("GRAPHQL_VALIDATION_FAILED", &what);
        }
        let aliases = query.matches(": account(").count();
        if aliases > 100 {
            let what = format!("Syntax Error: Aliases limit of 100 exceeded, found {aliases}.");
            return reply::invalid("GRAPHQL_VALIDATION_FAILED", &what);
        }
        self.dispatch(caller, name, query, &body["variables"], incoming)
    }

    fn dispatch(
        &mut self,
        caller: &Caller,
        name: &str,
        query: &str,
        variables: &Value,
        incoming: &Incoming,
    ) -> Outcome<Value> {
        match name {
            "GuildhallVerify" => self.verify(caller),
            "GuildhallVerifyHooks" => self.verify_hooks(caller),
            "GuildhallWho" => Ok(self.who(caller)),
            "GuildhallReach" => Ok(self.reach(caller, variables)),
            "GuildhallFind" => Ok(self.find(caller, variables)),
            "GuildhallObserve" => self.observe(caller, query, variables),
            "GuildhallCreate" => self.create(caller, variables, incoming),
            "GuildhallEdit" => self.edit(caller, variables),
            "GuildhallSet" => self.set(caller, variables, incoming),
            "GuildhallDelete" => self.delete(caller, variables, incoming),
            "GuildhallHost" => Ok(self.host(variables)),
            "GuildhallApplications" => self.applications(caller, variables),
            "GuildhallApply" => self.apply(caller, variables),
            "GuildhallFreeze" => self.freeze(caller, variables),
            "GuildhallHooks" => self.hooks(caller, variables),
            "GuildhallHook" => self.hook(caller, variables, incoming),
            "GuildhallAdministrators" => Ok(self.administrators(caller, variables)),
            "GuildhallInvite" => self.invite(caller, variables),
            "GuildhallUnhook" => self.unhook(caller, variables, query),
            _ => {
                let what = format!("The sandbox does not know the operation {name}.");
                reply::invalid("GRAPHQL_VALIDATION_FAILED", &what)
            }
        }
    }
}
