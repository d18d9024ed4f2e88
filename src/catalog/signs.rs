//! By what a server of a platform is known before anybody has a key: an address that answers without one.

use serde::Serialize;

/// How servers of a platform are found.
#[derive(Debug, Clone, Serialize)]
pub struct HomeSigns {
    /// The setting that takes the address of one.
    pub setting: String,
    /// Where one usually listens on its own host, as addresses.
    pub loopback: Vec<String>,
    /// What is asked there, without a key; one of them suffices.
    pub unauthenticated: Vec<HomeSign>,
}

/// One address that tells.
#[derive(Debug, Clone, Serialize)]
pub struct HomeSign {
    /// The path.
    pub path: String,
    /// What a JSON answer must hold, as a JSON pointer (RFC 6901).
    pub pointer: String,
    /// What that proves, in one sentence.
    pub proves: String,
    /// Where this comes from.
    pub source: String,
}
