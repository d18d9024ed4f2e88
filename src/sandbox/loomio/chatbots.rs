//! Chat integrations: 404 for everybody but administrators, names that may occur twice, a test that proves nothing.

use super::access::{Outcome, bad, generic, refuse, unknown};
use super::memberships::group_of;
use super::model::{Chatbot, Loomio};
use crate::sandbox::{Incoming, Reply};
use serde_json::{Value, json};
use std::net::IpAddr;
use url::{Host, Url};

impl Loomio {
    pub fn list_chatbots(&self, me: u64, incoming: &Incoming) -> Outcome {
        let Some(group) = group_of(incoming) else {
            return bad();
        };
        self.require_admin(group, me)?;
        let rows: Vec<Value> = self
            .chatbots
            .iter()
            .filter(|(_, one)| one.group == group)
            .map(|(id, one)| row(*id, one))
            .collect();
        Ok(Reply::json(200, json!({"chatbots": rows})))
    }

    pub fn make_chatbot(&mut self, me: u64, incoming: &Incoming) -> Outcome {
        let body = incoming.json().unwrap_or(Value::Null);
        let Some(group) = body["group_id"].as_u64() else {
            return bad();
        };
        self.require_admin(group, me)?;
        let mut one = Chatbot {
            group,
            name: String::new(),
            kind: "webhook".to_owned(),
            webhook_kind: None,
            server: String::new(),
            channel: None,
            access_token: None,
            event_kinds: Vec::new(),
            notification_only: false,
        };
        self.fill(&mut one, &body)?;
        let id = self.fresh_id();
        let shown = row(id, &one);
        self.chatbots.insert(id, one);
        Ok(Reply::json(200, json!({"chatbots": [shown]})))
    }

    pub fn change_chatbot(&mut self, me: u64, id: &str, incoming: &Incoming) -> Outcome {
        let body = incoming.json().unwrap_or(Value::Null);
        let (id, mut one) = self.own_chatbot(me, id)?;
        self.fill(&mut one, &body)?;
        let shown = row(id, &one);
        self.chatbots.insert(id, one);
        Ok(Reply::json(200, json!({"chatbots": [shown]})))
    }

    pub fn delete_chatbot(&mut self, me: u64, id: &str) -> Outcome {
        let (id, _) = self.own_chatbot(me, id)?;
        self.chatbots.remove(&id);
        Ok(Reply::json(200, json!({"success": "success"})))
    }

    /// Sends the message, whatever comes of it. What is not public is refused in the words of a dead key.
    pub fn check_chatbot(&mut self, me: u64, incoming: &Incoming) -> Outcome {
        let body = incoming.json().unwrap_or(Value::Null);
        let Some(group) = body["group_id"].as_u64() else {
            return bad();
        };
        self.require_admin(group, me)?;
        let server = body["server"].as_str().unwrap_or_default();
        if !self.may_call(server) {
            return generic();
        }
        let probe = Chatbot {
            group,
            name: String::new(),
            kind: text(&body, "kind").unwrap_or_else(|| "webhook".to_owned()),
            webhook_kind: text(&body, "webhook_kind"),
            server: server.to_owned(),
            channel: text(&body, "channel"),
            access_token: text(&body, "access_token"),
            event_kinds: Vec::new(),
            notification_only: false,
        };
        let name = self
            .groups
            .get(&group)
            .map(|group| group.name.clone())
            .unwrap_or_default();
        let said = format!("Test message for {name}");
        Ok(Reply::empty(200).delivering(super::announce::message(&probe, &said)))
    }

    fn require_admin(&self, group: u64, me: u64) -> Result<(), Box<Reply>> {
        let there = self
            .groups
            .get(&group)
            .is_some_and(|group| !group.discarded);
        if there && self.is_admin(group, me) {
            return Ok(());
        }
        unknown()
    }

    fn own_chatbot(&self, me: u64, id: &str) -> Result<(u64, Chatbot), Box<Reply>> {
        let id: u64 = id.parse().unwrap_or_default();
        match self.chatbots.get(&id) {
            Some(one) if self.is_admin(one.group, me) => Ok((id, one.clone())),
            _ => unknown(),
        }
    }

    fn fill(&self, one: &mut Chatbot, body: &Value) -> Result<(), Box<Reply>> {
        const PERMITTED: [&str; 7] = [
            "group_id",
            "name",
            "kind",
            "webhook_kind",
            "server",
            "event_kinds",
            "notification_only",
        ];
        let room = body["kind"] == "matrix" && self.takes_rooms;
        let permitted = |field: &str| {
            PERMITTED.contains(&field) || (room && matches!(field, "channel" | "access_token"))
        };
        if body
            .as_object()
            .is_none_or(|fields| fields.keys().any(|field| !permitted(field)))
        {
            return bad();
        }
        for (field, place) in [
            ("name", &mut one.name),
            ("kind", &mut one.kind),
            ("server", &mut one.server),
        ] {
            if let Some(value) = text(body, field) {
                *place = value;
            }
        }
        for (field, place) in [
            ("webhook_kind", &mut one.webhook_kind),
            ("channel", &mut one.channel),
            ("access_token", &mut one.access_token),
        ] {
            if let Some(value) = text(body, field) {
                *place = Some(value);
            }
        }
        if let Some(kinds) = body["event_kinds"].as_array() {
            one.event_kinds = kinds
                .iter()
                .filter_map(|kind| kind.as_str().map(str::to_owned))
                .collect();
        }
        if let Some(only) = body["notification_only"].as_bool() {
            one.notification_only = only;
        }
        if one.name.is_empty() {
            return refuse(422, json!({"errors": {"name": ["can't be blank"]}}));
        }
        if !self.may_call(&one.server) {
            return refuse(
                422,
                json!({"errors": {"server": ["must be a public address"]}}),
            );
        }
        Ok(())
    }

    /// Whether an address is public, as far as it can be told without asking anybody.
    fn may_call(&self, server: &str) -> bool {
        let Ok(address) = Url::parse(server) else {
            return false;
        };
        let private = match address.host() {
            None => return false,
            Some(Host::Domain(name)) => {
                name == "localhost" || name.rsplit('.').next() == Some("local")
            }
            Some(Host::Ipv4(ip)) => is_private(ip.into()),
            Some(Host::Ipv6(ip)) => is_private(ip.into()),
        };
        !private || self.allow_loopback
    }
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local(),
    }
}

fn text(body: &Value, field: &str) -> Option<String> {
    body[field].as_str().map(str::to_owned)
}

fn row(id: u64, one: &Chatbot) -> Value {
    json!({
        "id": id, "group_id": one.group, "name": one.name, "kind": one.kind,
        "webhook_kind": one.webhook_kind, "server": one.server, "event_kinds": one.event_kinds,
        "notification_only": one.notification_only,
    })
}
