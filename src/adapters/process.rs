//! The one process runner.

/// The one process runner.
#[derive(Clone, Default)]
pub struct Runner;
