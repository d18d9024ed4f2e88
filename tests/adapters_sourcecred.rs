//! The SourceCred adapter with the sandbox's stand-in for the tool: real processes, real ports, a real folder.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[expect(dead_code, reason = "shared with other tests")]
#[path = "support/journal.rs"]
mod journal;
#[path = "sourcecred/keeping.rs"]
mod keeping;
#[path = "sourcecred/life.rs"]
mod life;
#[path = "sourcecred/sources.rs"]
mod sources;
#[path = "sourcecred/world.rs"]
mod world;
