//! The real program, run as a person or a script runs it: what it prints, what it keeps, what it ends with.

#[path = "cli/accounts.rs"]
mod accounts;
#[path = "cli/admins.rs"]
mod admins;
#[path = "cli/bad_luck.rs"]
mod bad_luck;
#[path = "cli/bad_servers.rs"]
mod bad_servers;
#[path = "cli/described.rs"]
mod described;
#[path = "cli/handing_over.rs"]
mod handing_over;
#[path = "cli/on_this_host.rs"]
mod on_this_host;
#[path = "cli/program.rs"]
mod program;
#[path = "cli/secrets.rs"]
mod secrets;
#[path = "cli/story.rs"]
mod story;
