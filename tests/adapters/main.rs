//! Every adapter against its simulated platform: what an operator and the members of a community would notice.
//!
//! `world.rs` is the house all of them are tried in. `conformance` is the list of cases that every platform goes through;
//! what is peculiar to one platform stands in the folder of its name.
//!
//! To add a platform: a file here that describes it (`impl Platform`, see `description.rs`), and its name in the list in
//! `conformance.rs`. Tests of its own go into a folder of the same name.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod chat_keys;
mod conformance;
mod contract;
mod description;
mod discord;
mod discourse;
mod django_world;
#[path = "../support/journal.rs"]
mod journal;
mod kybern;
mod loomio;
mod mastodon;
mod matrix;
mod metagov;
mod opencollective;
mod policykit;
mod slack;
mod sourcecred;
mod world;
