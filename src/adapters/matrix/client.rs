//! Calls to a homeserver with one token.

use super::{SERVER, errors};
use crate::adapters::{
    contract::Site,
    durable::Op,
    http::{Answer, BucketKey, Call, Http, Method, RateRule, entries, segment},
};
use crate::domain::{Fault, FaultKind};
use jiff::Timestamp;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use url::Url;

/// A homeserver, called with one token.
#[derive(Clone)]
pub(super) struct Client {
    http: Http,
    base: Url,
    token: SecretString,
    bucket: BucketKey,
    cancel: CancellationToken,
    /// Whether the server's limits were raised, so that none is kept here.
    unlimited: bool,
}

/// How it went at the door of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    /// The user is in, now or before.
    In,
    /// It lets in only who is invited.
    Shut,
    /// The server knows no such room.
    Nowhere,
}

/// Whose token it is.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Whoami {
    pub user_id: String,
    #[serde(default)]
    pub is_guest: bool,
    pub device_id: Option<String>,
}

/// A member of a room.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub id: String,
    pub display_name: String,
}

impl Whoami {
    /// The server's name in users and aliases: everything after the first colon.
    pub fn server(&self) -> &str {
        self.user_id.split_once(':').map_or("", |(_, name)| name)
    }
}

impl Client {
    pub fn new(site: &Site, base: &Url, token: SecretString, cancel: &CancellationToken) -> Self {
        Self {
            http: site.http.clone(),
            base: base.clone(),
            token,
            bucket: BucketKey::named(&site.credential_key),
            cancel: cancel.clone(),
            unlimited: site.settings.is_on("raised_limits"),
        }
    }

    /// The client with the token in a field, for a running operation.
    pub fn of(op: &Op, base: &Url, field: &str) -> Result<Self, Fault> {
        Ok(Self::new(op.site(), base, op.secret(field)?, op.cancel()))
    }

    /// Waits, and stops waiting when the operation is cancelled.
    pub async fn wait(&self, duration: Duration) -> Result<(), Fault> {
        tokio::select! {
            () = tokio::time::sleep(duration) => Ok(()),
            () = self.cancel.cancelled() => Err(Fault::new(
                FaultKind::Cancelled,
                "The operation was stopped while it waited for the homeserver.",
            )
            .hint("What it had done stays done; resume it to go on.")),
        }
    }

    pub fn call(&self, method: Method, path: &str) -> Call {
        self.http
            .request(method, &self.base, path)
            .bearer(&self.token)
            .cancel(&self.cancel)
    }

    /// A call without token, of what anybody may ask.
    pub fn open_call(&self, method: Method, path: &str) -> Call {
        self.http
            .request(method, &self.base, path)
            .cancel(&self.cancel)
    }

    /// A call that counts against one of Synapse's limits. The rule is the burst within the time in which one more is
    /// granted: it spares the refusal that is certain, and the server's own word corrects the rest (sheet: matrix 3).
    pub fn limited(&self, call: Call, part: &str, burst: u32, refill: Duration) -> Call {
        if self.unlimited {
            return call;
        }
        call.bucket(self.bucket.within(part), &[RateRule::new(burst, refill)])
    }

    /// `rc_message`: 0.2 per second after 10.
    fn message_call(&self, method: Method, path: &str) -> Call {
        let call = self.call(method, path);
        self.limited(call, "messages", 10, Duration::from_secs(5))
    }

    pub async fn whoami(&self) -> Result<Whoami, Fault> {
        let answer = self
            .call(Method::GET, "/_matrix/client/v3/account/whoami")
            .send()
            .await?;
        errors::accept(answer, "say whose token it is")?.json()
    }

    /// Whether the token's user administers the server; `None` where the server cannot be asked.
    pub async fn is_admin(&self, user: &str) -> Result<Option<bool>, Fault> {
        let path = format!("/_synapse/admin/v1/users/{}/admin", segment(user));
        let answer = self.call(Method::GET, &path).send().await?;
        if answer.status == 403 {
            return Ok(Some(false));
        }
        // A proxy that does not pass these paths on answers 404 without an errcode.
        if answer.status == 404 || errors::is_unrecognized(&answer) {
            return Ok(None);
        }
        let answer = errors::accept(answer, "say who administers the server")?;
        answer.json::<Value>()?["admin"]
            .as_bool()
            .map(Some)
            .ok_or_else(|| bad_answer("whether the user administers the server"))
    }

    pub async fn joined_rooms(&self) -> Result<Vec<String>, Fault> {
        #[derive(Deserialize)]
        struct Joined {
            joined_rooms: Vec<String>,
        }
        let answer = self
            .call(Method::GET, "/_matrix/client/v3/joined_rooms")
            .send()
            .await?;
        let answer = errors::accept(answer, "list the bot's rooms")?;
        Ok(answer.json::<Joined>()?.joined_rooms)
    }

    /// The room behind an alias.
    pub async fn resolve(&self, alias: &str) -> Result<Option<String>, Fault> {
        let path = format!("/_matrix/client/v3/directory/room/{}", segment(alias));
        let answer = self.call(Method::GET, &path).send().await?;
        if answer.status == 404 && errors::code(&answer) == "M_NOT_FOUND" {
            return Ok(None);
        }
        let found: Value = errors::accept(answer, "look up an alias")?.json()?;
        found["room_id"]
            .as_str()
            .map(|room| Some(room.to_owned()))
            .ok_or_else(|| bad_answer("the room of an alias"))
    }

    /// Deletes an alias; one that is not there is fine.
    pub async fn delete_alias(&self, alias: &str) -> Result<(), Fault> {
        let path = format!("/_matrix/client/v3/directory/room/{}", segment(alias));
        let answer = self.call(Method::DELETE, &path).send().await?;
        if answer.status == 404 {
            return Ok(());
        }
        errors::accept(answer, "free an alias").map(|_| ())
    }

    /// Goes into a room; one the bot is in is fine.
    ///
    /// # Errors
    /// [`FaultKind::ScopeMissing`] where the user is banned, which an invitation alone does not mend.
    pub async fn join(&self, room: &str) -> Result<Door, Fault> {
        let path = format!("{}/join", room_path(room));
        let call = self.call(Method::POST, &path).keyed().json(&json!({}));
        let answer = self
            .limited(call, "joins", 10, Duration::from_secs(10))
            .send()
            .await?;
        at_the_door(answer)
    }

    /// The raw answer to reading a piece of state.
    pub async fn state_answer(&self, room: &str, kind: &str, key: &str) -> Result<Answer, Fault> {
        let path = format!("{}{}", state_path(room, kind), segment(key));
        self.call(Method::GET, &path).send().await
    }

    /// A piece of state, when the room has it.
    ///
    /// # Errors
    /// [`FaultKind::NotFound`] when the bot does not see the room.
    pub async fn state(&self, room: &str, kind: &str, key: &str) -> Result<Option<Value>, Fault> {
        let answer = self.state_answer(room, kind, key).await?;
        if answer.status == 404 && errors::code(&answer) == "M_NOT_FOUND" {
            return Ok(None);
        }
        errors::accept(answer, "read a room")?.json().map(Some)
    }

    /// The whole event of a piece of state, with its sender.
    pub async fn state_event(&self, room: &str, kind: &str) -> Result<Option<Value>, Fault> {
        let path = state_path(room, kind);
        let call = self.call(Method::GET, &path);
        let answer = call.query([("format", "event")]).send().await?;
        if answer.status == 404 {
            return Ok(None);
        }
        errors::accept(answer, "read a room")?.json().map(Some)
    }

    /// Writes a piece of state. The same content again makes no new event.
    pub async fn put_state(
        &self,
        room: &str,
        kind: &str,
        key: &str,
        content: &Value,
        doing: &str,
    ) -> Result<(), Fault> {
        let path = format!("{}{}", state_path(room, kind), segment(key));
        let call = self.message_call(Method::PUT, &path).json(content);
        errors::accept(call.send().await?, doing).map(|_| ())
    }

    /// Sends a notice. The same transaction again sends nothing.
    pub async fn notice(&self, room: &str, transaction: &str, text: &str) -> Result<(), Fault> {
        let path = format!(
            "{}/send/m.room.message/{}",
            room_path(room),
            segment(transaction)
        );
        let call = self
            .message_call(Method::PUT, &path)
            .json(&json!({"msgtype": "m.notice", "body": text}));
        errors::accept(call.send().await?, "send a notice").map(|_| ())
    }

    /// The texts of the newest messages.
    pub async fn texts(
        &self,
        room: &str,
        most: u32,
        since: Timestamp,
    ) -> Result<Vec<String>, Fault> {
        let path = format!("{}/messages", room_path(room));
        let call = self.call(Method::GET, &path);
        let call = call.query([("dir", "b".to_owned()), ("limit", most.to_string())]);
        let answer = errors::accept(call.send().await?, "read messages")?;
        let page: Value = answer.json()?;
        let events = entries(&page["chunk"], SERVER, "the messages")?;
        Ok(events
            .iter()
            .filter(|event| event["origin_server_ts"].as_i64() >= Some(since.as_millisecond()))
            .filter_map(|event| event["content"]["body"].as_str())
            .map(str::to_owned)
            .collect())
    }

    /// Invites somebody; one who is in already is fine.
    pub async fn invite(&self, room: &str, user: &str) -> Result<(), Fault> {
        let path = format!("{}/invite", room_path(room));
        let call = self.call(Method::POST, &path).keyed();
        let call = self.limited(call, "invitations", 10, Duration::from_secs(3));
        let answer = call.json(&json!({"user_id": user})).send().await?;
        if answer.status == 403 && answer.excerpt().contains("already in the room") {
            return Ok(());
        }
        errors::accept(answer, &format!("invite {user}")).map(|_| ())
    }

    /// Takes somebody out. False when the room does not let the bot.
    pub async fn kick(&self, room: &str, user: &str, reason: &str) -> Result<bool, Fault> {
        let path = format!("{}/kick", room_path(room));
        let call = self.call(Method::POST, &path).keyed();
        let call = self.limited(call, "messages", 10, Duration::from_secs(5));
        let body = json!({"user_id": user, "reason": reason});
        let answer = call.json(&body).send().await?;
        if answer.status == 403 && errors::code(&answer) == "M_FORBIDDEN" {
            return Ok(false);
        }
        errors::accept(answer, "take a member out").map(|_| true)
    }

    /// Leaves and forgets a room; one the bot is not in is fine.
    pub async fn leave(&self, room: &str) -> Result<(), Fault> {
        for what in ["leave", "forget"] {
            let path = format!("{}/{what}", room_path(room));
            let call = self.call(Method::POST, &path).keyed().json(&json!({}));
            let answer = call.send().await?;
            let done = answer.is_success()
                || errors::is_not_in_room(&answer)
                || matches!(answer.status, 400 | 404);
            if !done {
                return Err(errors::fault(&answer, "leave a room"));
            }
        }
        Ok(())
    }

    /// The ids of those with a membership: "join", "invite".
    pub async fn members(&self, room: &str, membership: &str) -> Result<Vec<String>, Fault> {
        let people = self.people(room, membership).await?;
        Ok(people.into_iter().map(|person| person.id).collect())
    }

    /// Those with a membership, and how they are called in the room.
    pub async fn people(&self, room: &str, membership: &str) -> Result<Vec<Person>, Fault> {
        let path = format!("{}/members", room_path(room));
        let call = self.call(Method::GET, &path);
        let answer = call.query([("membership", membership)]).send().await?;
        let page: Value = errors::accept(answer, "list the members")?.json()?;
        let events = entries(&page["chunk"], SERVER, "the members")?;
        Ok(events
            .iter()
            .filter(|event| event["content"]["membership"] == membership)
            .filter_map(|event| {
                let name = event["content"]["displayname"].as_str();
                Some(Person {
                    id: event["state_key"].as_str()?.to_owned(),
                    display_name: name.unwrap_or_default().to_owned(),
                })
            })
            .collect())
    }

    /// Whether a user is known. The server accepts an invitation of a name that nobody has, and whoever registers it
    /// later has the seat (sheet: matrix 6). `None` where the server does not tell.
    pub async fn knows(&self, user: &str) -> Result<Option<bool>, Fault> {
        // Not the whole profile: for a person without name and picture that answers as if there were nobody (run on Synapse
        // 1.163.2: 404 M_NOT_FOUND for the nameless, 404 M_UNKNOWN for nobody).
        let path = format!("/_matrix/client/v3/profile/{}/displayname", segment(user));
        let answer = self.call(Method::GET, &path).send().await?;
        match (answer.status, errors::code(&answer).as_str()) {
            (200..=299, _) => Ok(Some(true)),
            (404, "M_NOT_FOUND") => Ok(Some(false)),
            (400..=499, _) => Ok(None),
            _ => Err(errors::fault(&answer, "look up a person")),
        }
    }

    /// Ends the token itself.
    pub async fn logout(&self) -> Result<(), Fault> {
        let call = self.call(Method::POST, "/_matrix/client/v3/logout").keyed();
        let answer = call.json(&json!({})).send().await?;
        if answer.status == 401 {
            return Ok(());
        }
        errors::accept(answer, "end the token").map(|_| ())
    }
}

/// What the answer to a join says: a room that is gone answers 404, one that lets in only who is invited 403.
pub(super) fn at_the_door(answer: Answer) -> Result<Door, Fault> {
    match (answer.status, errors::code(&answer).as_str()) {
        (404, "M_NOT_FOUND" | "M_UNKNOWN") => Ok(Door::Nowhere),
        (403, "M_FORBIDDEN") if answer.excerpt().contains("banned") => Err(Fault::new(
            FaultKind::ScopeMissing,
            "The bot is banned from the room, so it cannot come in.",
        )
        .hint("Let somebody in the room end the ban and invite the bot, then resume the operation.")
        .detail(answer.excerpt())),
        (403, "M_FORBIDDEN") => Ok(Door::Shut),
        _ => errors::accept(answer, "go into a room").map(|_| Door::In),
    }
}

/// `/_matrix/client/v3/rooms/{room}`.
pub(super) fn room_path(room: &str) -> String {
    format!("/_matrix/client/v3/rooms/{}", segment(room))
}

fn state_path(room: &str, kind: &str) -> String {
    format!("{}/state/{}/", room_path(room), segment(kind))
}

/// The fault for an answer that lacks what the specification promises.
pub(super) fn bad_answer(what: &str) -> Fault {
    Fault::new(
        FaultKind::BadAnswer,
        format!("The homeserver's answer does not hold {what}."),
    )
    .hint("Check that the address is that of a Matrix homeserver.")
}
