//! Answers in Matrix's shapes.

use crate::sandbox::Reply;
use serde_json::{Value, json};

/// What a call leads to: a value, or a refusal as it goes out.
pub type Outcome<T> = Result<T, Box<Reply>>;

/// 200 with a body.
#[expect(
    clippy::unnecessary_wraps,
    reason = "the end of nearly every call, which may be refused"
)]
pub fn fine(body: Value) -> Outcome<Reply> {
    Ok(Reply::json(200, body))
}

/// A refusal.
pub fn refuse<T>(status: u16, errcode: &str, error: impl Into<String>) -> Outcome<T> {
    Err(Box::new(refuse_with(status, errcode, error, json!({}))))
}

/// A refusal with more fields.
pub fn refuse_with(status: u16, errcode: &str, error: impl Into<String>, more: Value) -> Reply {
    let mut body = json!({"errcode": errcode, "error": error.into()});
    if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
    Reply::json(status, body)
}

/// The 403 that unknown rooms, purged rooms and rooms one was removed from have in common.
pub fn not_in_room<T>(user: &str, room: &str) -> Outcome<T> {
    refuse(
        403,
        "M_FORBIDDEN",
        format!("User {user} not in room {room}, and room previews are disabled"),
    )
}

/// A path or method the server does not have.
pub fn unrecognized<T>() -> Outcome<T> {
    refuse(404, "M_UNRECOGNIZED", "Unrecognized request")
}
