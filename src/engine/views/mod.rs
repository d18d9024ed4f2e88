//! What the engine shows: read models for the screen and the command line, cut to what the actor may see.
//!
//! | file | of what |
//! |---|---|
//! | `overview` | the title bar, and what the engine answers and tells |
//! | `communities` | communities, their instances and what joins them |
//! | `work` | operations, and what waits for a person |
//! | `keys` | keys, and the accounts that they belong to |
//! | `accounts` | adding accounts, and moving what works with them |
//! | `services` | services that run on this host |

mod accounts;
mod communities;
mod keys;
mod overview;
mod services;
mod work;

pub use super::key_age::Due;
pub use crate::adapters::Discovered;
pub use accounts::{AccountMoves, AccountOffer, MoveTarget, MovingCommunity};
pub use communities::{CommunityDetail, CommunityRow, ConnectionRow, InstanceDetail, PlatformRow};
pub use keys::{AccountRow, Examination, KeySharing, SlotRow};
pub use overview::{EngineEvent, Overview, Receipt, VaultState};
pub use services::{ServiceLine, ServiceRow};
pub use work::{KeyWanted, OperationDetail, OperationRow, TaskRow, TaskSubject};
