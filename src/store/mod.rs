//! State in one SQLite file: one writer thread behind a handle, migrations, typed queries, journal, audit chain, backup.
//!
//! Every query is a method of [`Reader`] (or of [`Writer`], which can do all that a reader can), grouped by topic in the
//! files of this folder; no type of the database library leaves this room. It must not know adapters, screens,
//! authority, or how secrets are sealed: it keeps their sealed bytes.
//!
//! # Faults
//! `Storage`: the disk, the file or its rights. `InUse`: another process held the file for longer than five seconds.
//! `NotFound`: a query by id found no row. `Conflict`: a row that exists already stands in the way. `Internal`: a
//! mistake of ours. Each method's documentation names what it adds to `Storage`, `InUse` and `Internal`.

mod accounts;
mod actors;
mod admins;
mod audit;
mod backup;
mod budgets;
mod columns;
mod commits;
mod communities;
mod connect;
mod connections;
mod counts;
mod credentials;
mod elsewhere;
mod facts;
mod fault;
mod handle;
mod header;
mod health;
mod installation;
mod instance_changes;
mod instances;
mod keys_digest;
mod leases;
mod lines;
mod migrate;
mod operation_changes;
mod operations;
mod place;
mod ports;
mod queries;
mod reach;
mod requests;
mod reserve;
mod rotations;
mod slots;
mod steps;
mod tasks;
mod vault;
mod wakes;
mod wanted_accounts;

#[cfg(test)]
mod tests;

pub use accounts::NewAccount;
pub use audit::{AuditBreak, AuditFilter, AuditVerdict, KEYS_CHANGED, KEYS_DIFFER, NewAuditEntry};
pub use budgets::{CallRule, Reserved};
pub use communities::{CommunityFilter, CommunitySummary};
pub use counts::{MarkCounts, Totals};
pub use credentials::{NewCredential, SealedSecret};
pub use elsewhere::FileWatch;
pub use handle::Store;
pub use health::Depth;
pub use installation::Installation;
pub use instance_changes::{InstancePlace, NewInstance};
pub use leases::Lease;
pub use operation_changes::NewOperation;
pub use operations::{OperationCount, OperationFilter};
pub use queries::{Reader, Writer};
pub use requests::NewRequest;
pub use rotations::NewRotation;
pub use slots::MeasuredSlots;
pub use tasks::WaitingTask;
pub use vault::{VaultRecipient, VaultRecord};
