//! The server: takes a request, applies the trouble that was ordered, lets the platform do its work, answers.
//! Also the sandbox's own paths under `/_control/`. Knows no platform by name.

use super::controls::{Controls, ControlsDocument};
use super::cut::Cut;
use super::exchange::{Incoming, Reply, ReplyBody};
use super::faults::{self, Trouble, TroubleKind};
use super::platform::Simulated;
use super::recorder::{RecordedCall, Recorder};
use super::state::States;
use super::{delivery, platforms};
use crate::domain::{Fault, FaultKind};
use axum::{
    body::{Body, Bytes},
    extract::{ConnectInfo, Request, State},
    http::{HeaderName, HeaderValue, Response, StatusCode, request::Parts},
};
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use url::Url;

/// The most bytes of a request.
const MOST_BODY: usize = 8 * 1024 * 1024;
/// How long a call that is never answered is held; clients give up long before.
const NO_ANSWER: Duration = Duration::from_secs(900);

/// What all requests share.
pub(super) struct Shared {
    pub base: Url,
    platforms: Vec<Arc<dyn Simulated>>,
    states: Arc<Mutex<States>>,
    recorder: Mutex<Recorder>,
}

impl Shared {
    pub fn new(base: Url, states: States) -> Self {
        Self {
            base,
            platforms: platforms(),
            states: Arc::new(Mutex::new(states)),
            recorder: Mutex::new(Recorder::default()),
        }
    }

    pub fn platforms(&self) -> &[Arc<dyn Simulated>] {
        &self.platforms
    }

    pub fn platform(&self, id: &str) -> Option<Arc<dyn Simulated>> {
        let found = self.platforms.iter().find(|platform| platform.id() == id);
        found.cloned()
    }

    pub fn platform_of_host(&self, host: &str) -> Option<Arc<dyn Simulated>> {
        let mut platforms = self.platforms.iter();
        platforms
            .find(|platform| platform.hosts().contains(&host))
            .cloned()
    }

    /// The platform and the path below its prefix, when an address is one of this server.
    pub fn own_path(&self, address: &Url) -> Option<(Arc<dyn Simulated>, String)> {
        if address.origin() != self.base.origin() {
            return None;
        }
        let (id, path) = split_prefix(address.path());
        Some((self.platform(id)?, path))
    }

    pub fn recorder(&self) -> MutexGuard<'_, Recorder> {
        self.recorder.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Uses the states on a thread that may block.
    pub async fn states<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut States) -> Result<R, Fault> + Send + 'static,
    ) -> Result<R, Fault> {
        let states = Arc::clone(&self.states);
        tokio::task::spawn_blocking(move || {
            work(&mut states.lock().unwrap_or_else(PoisonError::into_inner))
        })
        .await
        .unwrap_or_else(|error| {
            Err(Fault::new(
                FaultKind::Internal,
                "The sandbox stopped in the middle of a call.",
            )
            .hint("This is a mistake of Guildhall; please report it.")
            .detail(error))
        })
    }

    /// Uses the sandbox's own switches.
    pub async fn controls<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Controls) -> R + Send + 'static,
    ) -> Result<R, Fault> {
        self.states(move |states| {
            states.with(&ControlsDocument, |state| {
                state.get_mut::<Controls>().map(work)
            })
        })
        .await?
        .ok_or_else(|| {
            Fault::new(FaultKind::Internal, "The sandbox mixed up its states.")
                .hint("This is a mistake of Guildhall; please report it.")
        })
    }

    /// Lets a platform do its work.
    pub async fn work(
        &self,
        platform: &Arc<dyn Simulated>,
        incoming: Incoming,
    ) -> Result<Reply, Fault> {
        let platform = Arc::clone(platform);
        self.states(move |states| {
            let document = Arc::clone(&platform).document();
            states.with(document.as_ref(), |state| platform.handle(state, &incoming))
        })
        .await
    }

    /// Does something behind Guildhall's back on a platform.
    pub async fn act(&self, id: &str, action: &str, input: Value) -> Result<Value, Fault> {
        let wrong = |what: String| {
            Fault::new(FaultKind::BadInput, what).hint("See the sandbox's module of that platform.")
        };
        let platform = self
            .platform(id)
            .ok_or_else(|| wrong(format!("The sandbox does not simulate {id}.")))?;
        let action = action.to_owned();
        self.states(move |states| {
            let document = Arc::clone(&platform).document();
            states.with(document.as_ref(), |state| {
                platform.control(state, &action, &input)
            })
        })
        .await?
        .map_err(wrong)
    }

    /// The whole state of a platform, as JSON.
    pub async fn state(&self, id: &str) -> Result<Value, Fault> {
        let Some(platform) = self.platform(id) else {
            return Ok(Value::Null);
        };
        self.states(move |states| {
            let document = platform.document();
            let text = states.with(document.as_ref(), |state| document.write(state))??;
            Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
        })
        .await
    }

    /// The ready-made keys of every platform.
    pub async fn keys(&self) -> Result<Value, Fault> {
        let platforms = self.platforms.clone();
        self.states(move |states| {
            let mut keys = serde_json::Map::new();
            for platform in platforms {
                let document = Arc::clone(&platform).document();
                let of_this = states.with(document.as_ref(), |state| platform.keys(state))?;
                keys.insert(platform.id().to_owned(), of_this);
            }
            Ok(Value::Object(keys))
        })
        .await
    }
}

/// Answers every request.
pub(super) async fn answer(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MOST_BODY).await else {
        return response(Reply::text(413, "too large"));
    };
    let (id, path) = split_prefix(parts.uri.path());
    if id == "_control" {
        return response(control(&shared, &parts, &path, &body).await);
    }
    let Some(platform) = shared.platform(id) else {
        return response(Reply::json(
            404,
            json!({"error": "the sandbox simulates no such platform"}),
        ));
    };
    let mut incoming = incoming(&parts, path, &body);
    let mut call = RecordedCall {
        platform: platform.id().to_owned(),
        method: parts.method.to_string(),
        path: incoming.path.clone(),
        query_names: incoming
            .query
            .iter()
            .map(|(name, _)| name.clone())
            .collect(),
        status: 0,
    };
    match exchange(&shared, &platform, &mut incoming, &cut).await {
        Ok(Some(reply)) => {
            call.status = reply.status();
            shared.recorder().add(call);
            reply.into_response()
        }
        Ok(None) => {
            shared.recorder().add(call);
            cut.now();
            response(Reply::empty(500))
        }
        Err(fault) => {
            call.status = 500;
            shared.recorder().add(call);
            tracing::warn!(%fault, "the sandbox failed");
            response(Reply::text(500, fault.to_string()))
        }
    }
}

/// What goes out.
enum Outgoing {
    Whole(Reply),
    /// The headers promise a body that never comes whole.
    CutBody(Reply),
}

impl Outgoing {
    fn status(&self) -> u16 {
        match self {
            Self::Whole(reply) | Self::CutBody(reply) => reply.status,
        }
    }

    fn into_response(self) -> Response<Body> {
        match self {
            Self::Whole(reply) => response(reply),
            Self::CutBody(reply) => {
                let parts: [Result<Bytes, std::io::Error>; 2] = [
                    Ok(Bytes::from_static(b"{\"a\":")),
                    Err(std::io::ErrorKind::ConnectionReset.into()),
                ];
                let mut cut = response(reply);
                *cut.body_mut() = Body::from_stream(futures::stream::iter(parts));
                cut
            }
        }
    }
}

/// One request with its trouble; `None` when the connection is to be cut.
async fn exchange(
    shared: &Shared,
    platform: &Arc<dyn Simulated>,
    incoming: &mut Incoming,
    cut: &Cut,
) -> Result<Option<Outgoing>, Fault> {
    let (id, method, path) = (
        platform.id(),
        incoming.method.to_string(),
        incoming.path.clone(),
    );
    let body = incoming.body.clone();
    let (trouble, latency, now) = shared
        .controls(move |controls| {
            let hit = faults::take(&mut controls.troubles, id, &method, &path, &body);
            (hit, controls.latency_ms, controls.now())
        })
        .await?;
    incoming.now = now;
    tokio::time::sleep(Duration::from_millis(latency)).await;
    if let Some(trouble) = trouble.as_ref().filter(|trouble| !trouble.after_work) {
        match before_work(trouble, incoming, cut).await {
            Before::GoOn => {}
            Before::Answer(reply) => return Ok(Some(Outgoing::Whole(reply))),
            Before::Cut => return Ok(None),
        }
    }
    let reply = shared.work(platform, incoming.clone()).await?;
    for delivery in &reply.deliveries {
        // A platform that delivers to itself or to another one must not wait for its own transaction.
        Box::pin(delivery::deliver(shared, delivery)).await;
    }
    tokio::time::sleep(reply.hold).await;
    let Some(trouble) = trouble else {
        return Ok(Some(Outgoing::Whole(reply)));
    };
    match trouble.kind {
        TroubleKind::HalfJson => Ok(Some(Outgoing::Whole(faults::halved(reply)))),
        TroubleKind::CutBody => Ok(Some(Outgoing::CutBody(reply))),
        _ if !trouble.after_work => Ok(Some(Outgoing::Whole(reply))),
        _ => match before_work(&trouble, incoming, cut).await {
            Before::GoOn => Ok(Some(Outgoing::Whole(reply))),
            Before::Answer(reply) => Ok(Some(Outgoing::Whole(reply))),
            Before::Cut => Ok(None),
        },
    }
}

/// How a call goes on after its trouble.
enum Before {
    GoOn,
    Answer(Reply),
    Cut,
}

async fn before_work(trouble: &Trouble, incoming: &Incoming, cut: &Cut) -> Before {
    match trouble.kind {
        TroubleKind::Slow { milliseconds } => {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            Before::GoOn
        }
        TroubleKind::TooMany { shape, seconds } => {
            Before::Answer(faults::too_many(shape, seconds, incoming.now))
        }
        TroubleKind::Status { status } => Before::Answer(Reply::json(
            status,
            json!({"errcode": "M_UNKNOWN", "error": "Internal server error"}),
        )),
        TroubleKind::Html { status } => Before::Answer(faults::page(status)),
        TroubleKind::NoAnswer => {
            tokio::time::sleep(NO_ANSWER).await;
            Before::Cut
        }
        TroubleKind::Cut => {
            cut.now();
            Before::Cut
        }
        TroubleKind::Echo => {
            let headers: Vec<String> = incoming
                .headers
                .iter()
                .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap_or_default()))
                .collect();
            let body = String::from_utf8_lossy(&incoming.body).into_owned();
            Before::Answer(Reply::json(
                400,
                json!({"error": format!("cannot read {} {body}", headers.join(", "))}),
            ))
        }
        TroubleKind::HalfJson | TroubleKind::CutBody => Before::GoOn,
    }
}

fn incoming(parts: &Parts, path: String, body: &Bytes) -> Incoming {
    let query = parts.uri.query().unwrap_or_default();
    Incoming {
        method: parts.method.clone(),
        path,
        query: url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect(),
        headers: parts.headers.clone(),
        body: body.to_vec(),
        now: jiff::Timestamp::now(),
    }
}

/// The sandbox's own paths.
async fn control(shared: &Shared, parts: &Parts, path: &str, body: &Bytes) -> Reply {
    let input: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let result =
        match (parts.method.as_str(), segments.as_slice()) {
            ("GET", ["keys"]) => shared.keys().await,
            ("GET", ["calls"]) => Ok(json!(shared.recorder().all())),
            ("DELETE", ["calls"]) => {
                shared.recorder().clear();
                Ok(json!({}))
            }
            ("GET", ["state", platform]) => shared.state(platform).await,
            ("GET", ["faults"]) => shared.controls(|controls| json!(controls.troubles)).await,
            ("POST", ["faults"]) => match serde_json::from_value::<Trouble>(input) {
                Ok(trouble) => {
                    let add = move |controls: &mut Controls| controls.troubles.push(trouble);
                    shared.controls(add).await.map(|()| json!({}))
                }
                Err(error) => Err(Fault::new(FaultKind::BadInput, error.to_string())
                    .hint("See sandbox::Trouble.")),
            },
            ("DELETE", ["faults"]) => shared
                .controls(|controls| controls.troubles.clear())
                .await
                .map(|()| json!({})),
            ("POST", ["latency"]) => {
                let milliseconds = input["ms"].as_u64().unwrap_or(0);
                shared
                    .controls(move |controls| controls.latency_ms = milliseconds)
                    .await
                    .map(|()| json!({}))
            }
            ("POST", ["clock"]) => {
                let milliseconds = input["advance_ms"].as_i64().unwrap_or(0);
                shared
                    .controls(move |controls| {
                        controls.ahead_ms = controls.ahead_ms.saturating_add(milliseconds);
                    })
                    .await
                    .map(|()| json!({}))
            }
            ("POST", ["reset"]) => shared.states(States::reset).await.map(|()| json!({})),
            ("POST", [platform, action]) => shared.act(platform, action, input).await,
            _ => Err(
                Fault::new(FaultKind::NotFound, "The sandbox has no such control.")
                    .hint("See the sandbox's module for its controls."),
            ),
        };
    match result {
        Ok(value) => Reply::json(200, value),
        Err(fault) => Reply::json(400, json!({"error": fault.to_string()})),
    }
}

/// `/matrix/_matrix/x` is `matrix` and `/_matrix/x`.
fn split_prefix(path: &str) -> (&str, String) {
    let path = path.strip_prefix('/').unwrap_or(path);
    match path.split_once('/') {
        Some((id, rest)) => (id, format!("/{rest}")),
        None => (path, "/".to_owned()),
    }
}

fn response(reply: Reply) -> Response<Body> {
    let (content_type, body) = match reply.body {
        ReplyBody::Empty => ("", String::new()),
        ReplyBody::Json(value) => ("application/json", value.to_string()),
        ReplyBody::Text(text) => ("text/plain; charset=utf-8", text),
        ReplyBody::Html(text) => ("text/html; charset=utf-8", text),
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if !content_type.is_empty() {
        response
            .headers_mut()
            .insert("content-type", HeaderValue::from_static(content_type));
    }
    for (name, value) in reply.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
