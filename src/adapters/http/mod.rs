//! The one HTTP client: patient, bounded, and silent about secrets. Knows no platform, no screen, no table.
//!
//! [`Http`] starts a [`Call`]; [`Call::send`] returns an [`Answer`] for every complete HTTP answer, whatever its status, or
//! a [`Fault`](crate::domain::Fault) whose kind says what is known:
//!
//! | what happened | a call that only reads | a call that changes something |
//! |---|---|---|
//! | no connection, unknown name, untrusted certificate | `Unreachable` | `Unreachable` |
//! | no answer in time, connection cut, body cut | `Unreachable` | `OutcomeUnknown` |
//! | too large, or (from [`Answer::json`]) HTML, half a JSON, nothing | `BadAnswer` | `OutcomeUnknown`, or `BadAnswer` where the status says no |
//! | 5xx (from [`Answer::json`], [`Answer::success`]) | `Unreachable` | `OutcomeUnknown` |
//! | 429, and a wait longer than twenty seconds | `RateLimited` | `RateLimited` |
//! | stopped on request | `Cancelled` | `OutcomeUnknown` once sent, else `Cancelled` |
//!
//! What it does not do, on purpose: no cookies, no proxy from the environment (a key must not travel through a program that
//! happens to be named there), no compression, no redirect to another origin, no clear text except to this machine or an
//! overridden host, no secret in an address.

mod address;
mod answer;
mod budget;
mod client;
mod exchange;
mod failure;
mod request;
mod retry;
mod scrub;
mod shape;
mod wait;

#[cfg(test)]
mod tests;

pub use address::segment;
pub use answer::Answer;
pub use budget::{BucketKey, LocalBudget, RateBudget, RateRule};
pub use client::{Clock, Http, HttpOptions, Jitter, Recorded, Recorder};
pub use request::Call;
pub use reqwest::{
    Method,
    header::{HeaderMap, HeaderName, HeaderValue},
};
pub use scrub::{STRUCK, Scrubber};
pub use shape::{entries, required};
