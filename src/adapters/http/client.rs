//! The client itself: its options, and the two transports behind it, each made when it is first needed.

use super::{
    budget::{LocalBudget, RateBudget},
    request::Call,
};
use crate::domain::{Fault, FaultKind};
use jiff::Timestamp;
use reqwest::{Client, Method};
use secrecy::SecretString;
use std::{collections::HashMap, fmt, sync::Arc, time::Duration};
use tokio::sync::OnceCell;
use url::Url;

/// Tells the time; replaceable in tests.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;
/// A number from 0 to 1 that spreads waits; replaceable in tests.
pub type Jitter = Arc<dyn Fn() -> f64 + Send + Sync>;
/// Sees every exchange, without secrets; for contract tests.
pub type Recorder = Arc<dyn Fn(&Recorded) + Send + Sync>;

/// One exchange as it happened, with every known secret struck out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The method.
    pub method: String,
    /// The host the call was meant for, before any override.
    pub host: String,
    /// The path as sent; `/[secret]` where the whole address is a secret.
    pub path: String,
    /// The query as sent.
    pub query: Option<String>,
    /// The names of the headers, sorted; never their values.
    pub header_names: Vec<String>,
    /// The body.
    pub body: Option<String>,
    /// The status of the answer; none when there was no complete one.
    pub status: Option<u16>,
}

/// How the client behaves. The defaults are those of the program.
#[derive(Clone)]
pub struct HttpOptions {
    /// Sent with every call: some platforms answer 403 without one (sheet: loomio, errors).
    pub user_agent: String,
    /// Calls to these hosts (`name` or `name:port`) go to this base instead.
    pub overrides: HashMap<String, Url>,
    /// The longest wait for one complete answer.
    pub timeout: Duration,
    /// The longest wait for a connection.
    pub connect_timeout: Duration,
    /// The longest time for one call with all its waits and repetitions; a call with a longer `timeout` of its own gets that.
    pub total: Duration,
    /// A wait longer than this is not sat out: the call ends as `RateLimited`.
    pub longest_wait: Duration,
    /// How often a call is tried at most.
    pub attempts: u32,
    /// The first pause before a repetition; it doubles each time.
    pub first_pause: Duration,
    /// The most bytes read of one answer.
    pub body_limit: usize,
    /// Grants calls.
    pub budget: Arc<dyn RateBudget>,
    /// Tells the time.
    pub clock: Clock,
    /// Spreads waits.
    pub jitter: Jitter,
    /// Sees every exchange.
    pub recorder: Option<Recorder>,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            user_agent: concat!("guildhall/", env!("CARGO_PKG_VERSION")).to_owned(),
            overrides: HashMap::new(),
            timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            total: Duration::from_secs(60),
            longest_wait: Duration::from_secs(20),
            attempts: 4,
            first_pause: Duration::from_millis(500),
            body_limit: 8 * 1024 * 1024,
            budget: Arc::new(LocalBudget::default()),
            clock: Arc::new(Timestamp::now),
            jitter: Arc::new(rand::random::<f64>),
            recorder: None,
        }
    }
}

/// The one HTTP client. Cheap to make and to clone; certificates are read when the first encrypted call is made.
#[derive(Clone)]
pub struct Http {
    shared: Arc<Shared>,
}

struct Shared {
    options: HttpOptions,
    clear: OnceCell<Client>,
    encrypted: OnceCell<Client>,
}

impl fmt::Debug for Http {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Http")
    }
}

impl Default for Http {
    fn default() -> Self {
        Self::new(HttpOptions::default())
    }
}

impl Http {
    /// A client with these options.
    #[must_use]
    pub fn new(options: HttpOptions) -> Self {
        Self {
            shared: Arc::new(Shared {
                options,
                clear: OnceCell::new(),
                encrypted: OnceCell::new(),
            }),
        }
    }

    /// A call of `path` below `base`. The path is encoded already (see [`segment`](super::segment)) and may carry a query.
    pub fn request(&self, method: Method, base: &Url, path: &str) -> Call {
        Call::new(self.clone(), method, base, path)
    }

    /// A GET.
    pub fn get(&self, base: &Url, path: &str) -> Call {
        self.request(Method::GET, base, path)
    }

    /// A POST.
    pub fn post(&self, base: &Url, path: &str) -> Call {
        self.request(Method::POST, base, path)
    }

    /// A PUT.
    pub fn put(&self, base: &Url, path: &str) -> Call {
        self.request(Method::PUT, base, path)
    }

    /// A PATCH.
    pub fn patch(&self, base: &Url, path: &str) -> Call {
        self.request(Method::PATCH, base, path)
    }

    /// A DELETE.
    pub fn delete(&self, base: &Url, path: &str) -> Call {
        self.request(Method::DELETE, base, path)
    }

    /// A call of an address that is itself a secret, such as an incoming webhook. Only its host is ever shown.
    pub fn secret_address(&self, method: Method, address: &SecretString) -> Call {
        Call::to_secret_address(self.clone(), method, address)
    }

    pub(super) fn options(&self) -> &HttpOptions {
        &self.shared.options
    }

    /// The transport for an address: the one for clear text never reads certificates.
    pub(super) async fn transport(&self, url: &Url) -> Result<&Client, Fault> {
        let options = &self.shared.options;
        if url.scheme() == "http" {
            return self
                .shared
                .clear
                .get_or_try_init(|| async { build(options, false) })
                .await;
        }
        self.shared
            .encrypted
            .get_or_try_init(|| async {
                let options = options.clone();
                // Reading the host's certificates blocks.
                tokio::task::spawn_blocking(move || build(&options, true))
                    .await
                    .map_err(no_transport)?
            })
            .await
    }
}

fn build(options: &HttpOptions, encrypted: bool) -> Result<Client, Fault> {
    // Fails only when a provider is installed already, which is what is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder()
        .user_agent(options.user_agent.as_str())
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .connect_timeout(options.connect_timeout)
        // Shorter than what common servers keep (Node: 5 s), so that no call dies on a connection closed meanwhile.
        .pool_idle_timeout(Duration::from_secs(4));
    let builder = if encrypted {
        builder.https_only(true)
    } else {
        builder.tls_certs_only([])
    };
    builder.build().map_err(no_transport)
}

fn no_transport(error: impl fmt::Display) -> Fault {
    Fault::new(
        FaultKind::Host,
        "No encrypted connection can be made from this machine; nothing was sent.",
    )
    .hint("Install the host's certificates (Debian: apt install ca-certificates).")
    .detail(error)
}
