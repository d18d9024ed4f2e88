//! Somebody with a token on a real homeserver: what people do in their Matrix client, and what administrators do by calls.

use guildhall::adapters::http::{Answer, Http, Method, segment};
use secrecy::SecretString;
use serde_json::{Value, json};
use url::Url;

/// Somebody with a token.
#[derive(Clone)]
pub struct Person {
    pub id: String,
    pub token: String,
    http: Http,
    base: Url,
}

impl Person {
    /// Somebody whose token is known.
    pub fn new(http: &Http, base: &Url, id: &str, token: &str) -> Self {
        Self {
            id: id.to_owned(),
            token: token.to_owned(),
            http: http.clone(),
            base: base.clone(),
        }
    }

    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let token = SecretString::from(self.token.clone());
        let call = self.http.request(method, &self.base, path).bearer(&token);
        let call = match body {
            Some(body) => call.json(&body),
            None => call,
        };
        call.send()
            .await
            .unwrap_or_else(|fault| panic!("{path}: {fault:?}"))
    }

    pub async fn get(&self, path: &str) -> Value {
        let answer = self.call(Method::GET, path, None).await;
        assert!(
            answer.is_success(),
            "{path}: {} {}",
            answer.status,
            answer.text()
        );
        answer.value()
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Some(body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PUT, path, Some(body)).await
    }

    /// Joins; the status.
    pub async fn join(&self, room: &str) -> u16 {
        let path = format!("/_matrix/client/v3/join/{}", segment(room));
        self.post(&path, json!({})).await.status
    }

    /// Writes a message; the status.
    pub async fn say(&self, room: &str, text: &str) -> u16 {
        let path = format!(
            "/_matrix/client/v3/rooms/{}/send/m.room.message/{:032x}",
            segment(room),
            rand::random::<u128>()
        );
        self.put(&path, json!({"msgtype": "m.text", "body": text}))
            .await
            .status
    }

    /// A piece of state, as this person sees it.
    pub async fn state(&self, room: &str, kind: &str, key: &str) -> Value {
        let path = format!(
            "/_matrix/client/v3/rooms/{}/state/{}/{}",
            segment(room),
            segment(kind),
            segment(key)
        );
        self.get(&path).await
    }

    /// Writes a piece of state.
    pub async fn set_state(&self, room: &str, kind: &str, key: &str, content: Value) -> u16 {
        let path = format!(
            "/_matrix/client/v3/rooms/{}/state/{}/{}",
            segment(room),
            segment(kind),
            segment(key)
        );
        self.put(&path, content).await.status
    }

    pub async fn invite(&self, room: &str, user: &str) -> u16 {
        let path = format!("/_matrix/client/v3/rooms/{}/invite", segment(room));
        self.post(&path, json!({"user_id": user})).await.status
    }

    /// Makes a room; its id.
    pub async fn make_room(&self, body: Value) -> String {
        let answer = self.post("/_matrix/client/v3/createRoom", body).await;
        assert!(answer.is_success(), "{}", answer.text());
        answer.value()["room_id"].as_str().unwrap().to_owned()
    }
}
