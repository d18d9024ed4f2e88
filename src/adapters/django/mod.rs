//! What the three Django services have in common: PolicyKit, Kybern and the Metagov Gateway.
//!
//! Each community has a folder with a database of its own, copied from the runtime's template; a private file that tells
//! its processes everything, secrets included; and processes that the supervisor keeps. What has to be made or changed
//! inside is ordered through the service's own models, by a script of ours in its `manage.py`. What is asked often is read
//! from the database itself, because the services' pages go on saying 200 when it is gone.
//!
//! | file | reason to be |
//! |---|---|
//! | `runtime` | what all instances share |
//! | `place` | what lies where, and the marker by which a folder is known as ours |
//! | `told` | the private file |
//! | `orders` | orders and their answers |
//! | `life` | folder, secret, database, port; start and stop |
//! | `look` | what a look has in common |
//! | `upgrade` | a database of another version: brought up beside, checked, switched |
//! | `shared` | one service for several communities |
//! | `remove` | to the dated trash, or for good after an export |

mod life;
mod look;
mod orders;
mod place;
mod remove;
mod runtime;
pub mod shared;
mod told;
mod upgrade;
mod without_keys;

pub use life::{Parts, begin, keys, log_tail, must_stand, prepare, secret, start, stop, url};
pub use look::{Look, blank};
pub use orders::{Order, belongings, give, part, save, secret_named};
pub use place::Place;
pub use remove::{Export, remove, remove_shared};
pub use runtime::{Service, ensure_runtime};
pub use told::Told;
pub use upgrade::current;
