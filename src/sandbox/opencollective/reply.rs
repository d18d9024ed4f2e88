//! Answers in the service's shapes: refusals come as HTTP 200 with `errors` (sheet: opencollective 5).

use crate::sandbox::{Incoming, Reply};
use serde_json::{Value, json};

/// What an operation leads to: its data, or a refusal as it goes out.
pub type Outcome<T> = Result<T, Box<Reply>>;

/// HTTP 200 with a code. `field` is null in the data.
pub fn refuse<T>(field: &str, code: &str, message: &str) -> Outcome<T> {
    refuse_with(field, code, message, json!({}))
}

/// [`refuse`] with more in `extensions`.
pub fn refuse_with<T>(field: &str, code: &str, message: &str, more: Value) -> Outcome<T> {
    let body = json!({
        "errors": [error(field, code, message, more)],
        "data": {field: null},
    });
    Err(Box::new(Reply::json(200, body)))
}

/// One entry of `errors`.
pub fn error(field: &str, code: &str, message: &str, more: Value) -> Value {
    let mut extensions = json!({"code": code, "id": uuid::Uuid::new_v4().to_string()});
    if let (Some(extensions), Value::Object(more)) = (extensions.as_object_mut(), more) {
        extensions.extend(more);
    }
    json!({
        "message": message,
        "locations": [{"line": 1, "column": 2}],
        "path": field.split('.').collect::<Vec<_>>(),
        "extensions": extensions,
    })
}

/// HTTP 400: the document or a variable.
pub fn invalid<T>(code: &str, message: &str) -> Outcome<T> {
    let body = json!({"errors": [{"message": message, "extensions": {"code": code}}]});
    Err(Box::new(Reply::json(400, body)))
}

/// A refused token: the answer repeats it.
pub fn unauthorized(message: &str) -> Box<Reply> {
    let error = json!({"code": 401, "type": "unauthorized", "message": message});
    Box::new(Reply::json(401, json!({"error": error})))
}

/// Broken JSON: the answer repeats the body.
pub fn broken_json(incoming: &Incoming) -> Reply {
    let body = String::from_utf8_lossy(&incoming.body).into_owned();
    let error = json!({"expose": true, "statusCode": 400, "status": 400, "body": body,
        "type": "entity.parse.failed", "message": "Unexpected token in JSON"});
    Reply::json(400, json!({"error": error}))
}

/// A scope is missing.
pub fn no_scope<T>(field: &str, scope: &str) -> Outcome<T> {
    let message = format!("The Personal Token is not allowed for operations in scope \"{scope}\".");
    refuse(field, "Forbidden", &message)
}
