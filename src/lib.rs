//! Guildhall: community governance as a software bundle.
//!
//! The map of the house. Arrows point one way (held by `tests/layers.rs`):
//!
//! ```text
//! domain <- catalog, store, vault <- adapters, services <- engine <- tui, cli <- main
//!                                                    sandbox <- cli
//! ```
//!
//! | room | reason to be |
//! |---|---|
//! | [`domain`] | words and rules; pure |
//! | [`catalog`] | the platforms as data |
//! | [`store`] | state in one SQLite file |
//! | [`vault`] | keys at rest |
//! | [`adapters`] | speak to one platform each, through one HTTP client and one process runner |
//! | [`services`] | local services on this host |
//! | [`engine`] | authority, plan, journal, run, observe |
//! | [`sandbox`] | simulated platforms |
//! | [`tui`] | the screen |
//! | [`cli`] | the command line |

pub mod adapters;
pub mod catalog;
pub mod cli;
pub mod domain;
pub mod engine;
pub mod sandbox;
pub mod services;
pub mod store;
pub mod tui;
pub mod vault;
