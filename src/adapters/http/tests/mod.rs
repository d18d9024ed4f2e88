//! The client against servers that misbehave in every way the sheets tell of.

mod patience;
mod secrecy;
mod server;
mod trouble;

use super::{Http, HttpOptions};
use ::secrecy::SecretString;
use std::{sync::Arc, time::Duration};

const CANARY: &str = "canary-5ecret/with+marks=";

fn canary() -> SecretString {
    SecretString::from(CANARY)
}

/// Quick repetitions, no spread, and a clock that stands still.
fn options() -> HttpOptions {
    HttpOptions {
        first_pause: Duration::from_millis(1),
        jitter: Arc::new(|| 0.0),
        clock: Arc::new(|| "2026-11-22T12:00:00Z".parse().unwrap()),
        ..HttpOptions::default()
    }
}

fn http() -> Http {
    Http::new(options())
}

/// Gives up on an answer quickly.
fn hurried() -> Http {
    Http::new(HttpOptions {
        timeout: Duration::from_millis(500),
        total: Duration::from_secs(5),
        attempts: 2,
        ..options()
    })
}
