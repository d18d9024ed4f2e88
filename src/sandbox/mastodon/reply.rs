//! Answers in Mastodon's shapes: a text, no code (sheet: mastodon 5).

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

pub fn refuse<T>(status: u16, words: &str) -> Outcome<T> {
    Err(Box::new(Reply::json(status, json!({"error": words}))))
}

/// OAuth's own pages add a description.
pub fn refuse_oauth<T>(status: u16, error: &str, words: &str) -> Outcome<T> {
    let body = json!({"error": error, "error_description": words});
    Err(Box::new(Reply::json(status, body)))
}

pub fn not_found<T>() -> Outcome<T> {
    refuse(404, "Record not found")
}

pub fn invalid<T>(words: &str) -> Outcome<T> {
    refuse(422, &format!("Validation failed: {words}"))
}
