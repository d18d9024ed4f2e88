//! Answers in the forum's shapes (sheet: discourse 5).

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

pub fn success() -> Outcome<Reply> {
    fine(json!({"success": "OK"}))
}

pub fn refuse<T>(status: u16, kind: &str, words: impl Into<String>) -> Outcome<T> {
    let body = json!({"errors": [words.into()], "error_type": kind});
    Err(Box::new(Reply::json(status, body)))
}

/// A right or a scope is missing.
pub fn no_access<T>() -> Outcome<T> {
    refuse(
        403,
        "invalid_access",
        "You are not permitted to view the requested resource.",
    )
}

/// The key, its user or its address is wrong.
pub fn bad_key<T>() -> Outcome<T> {
    refuse(
        403,
        "invalid_access",
        "You are not permitted to view the requested resource. The API username or key is invalid.",
    )
}

pub fn not_signed_in<T>() -> Outcome<T> {
    refuse(403, "not_logged_in", "You need to be logged in to do that.")
}

pub fn not_found<T>() -> Outcome<T> {
    refuse(
        404,
        "not_found",
        "The requested URL or resource could not be found.",
    )
}

/// A parameter is missing or wrong.
pub fn bad_parameter<T>(name: &str) -> Outcome<T> {
    refuse(
        400,
        "invalid_parameters",
        format!("You supplied invalid parameters to the request: {name}"),
    )
}

/// Validation: no `error_type`.
pub fn invalid<T>(words: impl Into<String>) -> Outcome<T> {
    Err(Box::new(Reply::json(
        422,
        json!({"errors": [words.into()]}),
    )))
}
