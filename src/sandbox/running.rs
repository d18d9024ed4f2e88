//! Starts and stops the sandbox, and steers it from inside the process.

use super::controls::Controls;
use super::cut::{Cut, CuttableListener};
use super::faults::Trouble;
use super::recorder::{RecordedCall, Recorder};
use super::serve::answer;
use super::shared::Shared;
use super::state::States;
use crate::domain::{Fault, FaultKind};
use axum::Router;
use serde_json::Value;
use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};
use tokio::{net::TcpListener, task::JoinHandle};
use url::Url;

/// How a sandbox is started.
#[derive(Debug, Clone, Default)]
pub struct SandboxOptions {
    /// The home in whose folder `sandbox` the state is kept; in memory only when absent.
    pub home: Option<PathBuf>,
    /// The port on loopback; a free one when 0.
    pub port: u16,
    /// How late every answer comes; what the state says when absent.
    pub latency: Option<Duration>,
    /// How many calls are remembered; a few thousand when absent.
    pub remembered: Option<usize>,
}

/// The simulated platforms.
pub struct Sandbox;

impl Sandbox {
    /// Starts serving on loopback.
    ///
    /// # Errors
    /// [`FaultKind::Storage`] when the state cannot be kept, [`FaultKind::Host`] when the port cannot be had.
    pub async fn start(options: SandboxOptions) -> Result<RunningSandbox, Fault> {
        let no_port = |error: std::io::Error| {
            Fault::new(
                FaultKind::Host,
                format!(
                    "The sandbox cannot listen on port {} of this host.",
                    options.port
                ),
            )
            .hint("Choose another port, or 0 for any free one.")
            .detail(error)
        };
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, options.port)))
            .await
            .map_err(no_port)?;
        let address = listener.local_addr().map_err(no_port)?;
        let base = Url::parse(&format!("http://{address}/")).map_err(|error| {
            Fault::new(FaultKind::Internal, "The sandbox has no address.")
                .hint("This is a mistake of Guildhall; please report it.")
                .detail(error)
        })?;
        let states = match options.home {
            Some(home) => {
                let folder = home.join("sandbox");
                tokio::task::spawn_blocking(move || States::in_folder(&folder))
                    .await
                    .map_err(|error| {
                        Fault::new(FaultKind::Storage, "The sandbox could not open its state.")
                            .hint("Run `guildhall sandbox reset`.")
                            .detail(error)
                    })??
            }
            None => States::in_memory(),
        };
        let shared = Arc::new(Shared::new(base, states, Recorder::new(options.remembered)));
        if let Some(latency) = options.latency {
            let milliseconds = u64::try_from(latency.as_millis()).unwrap_or(u64::MAX);
            shared
                .controls(move |controls| controls.latency_ms = milliseconds)
                .await?;
        }
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&shared));
        let service = router.into_make_service_with_connect_info::<Cut>();
        let all = Cut::default();
        let listener = CuttableListener {
            listener,
            all: all.clone(),
        };
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, service).await {
                tracing::error!(%error, "the sandbox stopped");
            }
        });
        Ok(RunningSandbox {
            shared,
            server,
            all,
        })
    }
}

/// A sandbox that serves until it is dropped.
pub struct RunningSandbox {
    shared: Arc<Shared>,
    server: JoinHandle<()>,
    /// Cuts the connections that are still open.
    all: Cut,
}

impl Drop for RunningSandbox {
    fn drop(&mut self) {
        self.server.abort();
        self.all.everything();
    }
}

impl RunningSandbox {
    /// Where it serves: one prefix per platform below this.
    #[must_use]
    pub fn base(&self) -> &Url {
        &self.shared.base
    }

    /// Where a platform is served.
    #[must_use]
    pub fn base_of(&self, platform: &str) -> Option<Url> {
        self.shared.platform(platform)?;
        self.shared.base.join(platform).ok()
    }

    /// For the one HTTP client: requests to these hosts go here instead.
    #[must_use]
    pub fn overrides(&self) -> HashMap<String, Url> {
        let mut overrides = HashMap::new();
        for platform in self.shared.platforms() {
            if let Some(base) = self.base_of(platform.id()) {
                for host in platform.hosts() {
                    overrides.insert((*host).to_owned(), base.clone());
                }
            }
        }
        overrides
    }

    /// Ready-made keys and addresses, by platform.
    ///
    /// # Errors
    /// [`FaultKind::Storage`].
    pub async fn keys(&self) -> Result<Value, Fault> {
        self.shared.keys().await
    }

    /// Orders trouble.
    ///
    /// # Errors
    /// [`FaultKind::Storage`].
    pub async fn trouble(&self, trouble: Trouble) -> Result<(), Fault> {
        let add = move |controls: &mut Controls| controls.troubles.push(trouble);
        self.shared.controls(add).await
    }

    /// Takes back all ordered trouble, and says what had not happened yet.
    ///
    /// # Errors
    /// [`FaultKind::Storage`].
    pub async fn calm(&self) -> Result<Vec<Trouble>, Fault> {
        self.shared
            .controls(|controls| std::mem::take(&mut controls.troubles))
            .await
    }

    /// Sets how late every answer comes.
    ///
    /// # Errors
    /// [`FaultKind::Storage`].
    pub async fn set_latency(&self, latency: Duration) -> Result<(), Fault> {
        let milliseconds = u64::try_from(latency.as_millis()).unwrap_or(u64::MAX);
        self.shared
            .controls(move |controls| controls.latency_ms = milliseconds)
            .await
    }

    /// Moves the sandbox's clock forward.
    ///
    /// # Errors
    /// [`FaultKind::Storage`].
    pub async fn advance(&self, by: Duration) -> Result<(), Fault> {
        let milliseconds = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.shared
            .controls(move |controls| {
                controls.ahead_ms = controls.ahead_ms.saturating_add(milliseconds);
            })
            .await
    }

    /// Does something behind Guildhall's back on a platform.
    ///
    /// # Errors
    /// [`FaultKind::BadInput`] when the platform has no such action; [`FaultKind::Storage`].
    pub async fn act(&self, platform: &str, action: &str, input: Value) -> Result<Value, Fault> {
        self.shared.act(platform, action, input).await
    }

    /// The whole state of a platform.
    ///
    /// # Errors
    /// [`FaultKind::Storage`].
    pub async fn state(&self, platform: &str) -> Result<Value, Fault> {
        self.shared.state(platform).await
    }

    /// Every call since the start or the last [`RunningSandbox::forget_calls`], oldest first.
    #[must_use]
    pub fn calls(&self) -> Vec<RecordedCall> {
        self.shared.recorder().all()
    }

    /// Forgets the recorded calls.
    pub fn forget_calls(&self) {
        self.shared.recorder().clear();
    }

    /// Begins anew: every platform as at the first start.
    ///
    /// # Errors
    /// [`FaultKind::Storage`].
    pub async fn reset(&self) -> Result<(), Fault> {
        self.shared.states(States::reset).await
    }

    /// Serves until the process is told to end.
    pub async fn served(&mut self) {
        if let Err(error) = (&mut self.server).await {
            tracing::debug!(%error, "the sandbox was stopped");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::{LimitShape, TroubleKind};
    use serde_json::json;
    use std::io::{Read, Write};

    /// A call made by hand, so that the server is seen without the client it is meant for.
    async fn call(base: &Url, method: &'static str, path: &'static str, body: Value) -> String {
        let address = format!("127.0.0.1:{}", base.port().unwrap());
        tokio::task::spawn_blocking(move || {
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            let body = body.to_string();
            let request = format!(
                "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(request.as_bytes()).unwrap();
            let mut answer = Vec::new();
            // A connection that was cut is an empty answer.
            let _ = stream.read_to_end(&mut answer);
            String::from_utf8_lossy(&answer).into_owned()
        })
        .await
        .unwrap()
    }

    #[tokio::test]
    async fn ordered_trouble_hits_as_often_as_ordered_and_then_stops() {
        let sandbox = Sandbox::start(SandboxOptions::default()).await.unwrap();
        let base = sandbox.base().clone();
        sandbox
            .trouble(
                Trouble::new(TroubleKind::TooMany {
                    shape: LimitShape::Seconds,
                    seconds: 7,
                })
                .matching("/limited")
                .skip(1),
            )
            .await
            .unwrap();
        let limited = || call(&base, "GET", "/matrix/limited", json!({}));
        assert!(limited().await.starts_with("HTTP/1.1 404"));
        assert!(limited().await.contains("retry-after: 7"));
        assert!(limited().await.starts_with("HTTP/1.1 404"));
        let calls = sandbox.calls();
        assert_eq!(
            calls.iter().map(|call| call.status).collect::<Vec<_>>(),
            [404, 429, 404]
        );
    }

    #[tokio::test]
    async fn trouble_can_be_ordered_over_http_and_a_cut_leaves_no_byte() {
        let sandbox = Sandbox::start(SandboxOptions::default()).await.unwrap();
        let base = sandbox.base().clone();
        let order = json!({"kind": "cut", "after_work": true, "times": 1});
        let ordered = call(&base, "POST", "/_control/faults", order).await;
        assert!(ordered.starts_with("HTTP/1.1 200"), "{ordered}");
        assert_eq!(call(&base, "GET", "/matrix/x", json!({})).await, "");
        assert_ne!(call(&base, "GET", "/matrix/x", json!({})).await, "");
    }

    #[tokio::test]
    async fn a_second_process_on_the_same_home_has_the_same_keys() {
        let home = tempfile::tempdir().unwrap();
        let options = || SandboxOptions {
            home: Some(home.path().to_owned()),
            ..SandboxOptions::default()
        };
        let one = Sandbox::start(options()).await.unwrap();
        let keys = one.keys().await.unwrap();
        let other = Sandbox::start(options()).await.unwrap();
        assert_eq!(other.keys().await.unwrap(), keys);
        assert_ne!(one.base(), other.base());
    }
}
