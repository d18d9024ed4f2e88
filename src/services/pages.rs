//! Asking a page of loopback, as this room asks for it. Who really asks is not known here.

use crate::domain::Fault;
use async_trait::async_trait;
use std::time::Duration;
use url::Url;

/// What a page answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The status of HTTP.
    pub status: u16,
    /// The value of the header that was asked for.
    pub header: Option<String>,
    /// The text.
    pub text: String,
}

/// Asks pages.
#[async_trait]
pub trait Pages: Send + Sync {
    /// Asks once, without a credential. An answer of any status is one.
    ///
    /// # Errors
    /// [`FaultKind::Unreachable`](crate::domain::FaultKind::Unreachable) when nobody answers within the limit, and what
    /// an answer that cannot be read brings.
    async fn page(&self, url: &Url, header: Option<&str>, limit: Duration) -> Result<Page, Fault>;
}
