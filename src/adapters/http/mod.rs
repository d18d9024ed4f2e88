//! The one HTTP client.

/// The one HTTP client.
#[derive(Clone, Default)]
pub struct Http;
