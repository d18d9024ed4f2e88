//! The server: takes a request, applies the trouble that was ordered, lets the platform do its work, answers.
//! Knows no platform by name.

use super::cut::Cut;
use super::exchange::{Incoming, Reply, ReplyBody};
use super::faults::{self, Trouble, TroubleKind};
use super::platform::Simulated;
use super::recorder::RecordedCall;
use super::shared::Shared;
use super::{delivery, own_paths::control};
use crate::domain::Fault;
use axum::{
    body::{Body, Bytes},
    extract::{ConnectInfo, Request, State},
    http::{HeaderName, HeaderValue, Response, StatusCode, request::Parts},
};
use serde_json::json;
use std::{sync::Arc, time::Duration};

/// The most bytes of a request.
const MOST_BODY: usize = 8 * 1024 * 1024;
/// How long a call that is never answered is held; clients give up long before.
const NO_ANSWER: Duration = Duration::from_secs(900);

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
        at: incoming.now,
        credential: shared.recorder().credential(&incoming.headers),
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
        TroubleKind::WrongShape => Ok(Some(Outgoing::Whole(faults::misshapen(reply)))),
        TroubleKind::Without { field } => Ok(Some(Outgoing::Whole(faults::lacking(reply, &field)))),
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
    match &trouble.kind {
        TroubleKind::Slow { milliseconds } => {
            tokio::time::sleep(Duration::from_millis(*milliseconds)).await;
            Before::GoOn
        }
        TroubleKind::TooMany { shape, seconds } => {
            Before::Answer(faults::too_many(*shape, *seconds, incoming.now))
        }
        TroubleKind::Status { status } => Before::Answer(Reply::json(
            *status,
            json!({"errcode": "M_UNKNOWN", "error": "Internal server error"}),
        )),
        TroubleKind::Html { status } => Before::Answer(faults::page(*status)),
        TroubleKind::Redirect { to } => Before::Answer(faults::redirect(to)),
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
        TroubleKind::HalfJson
        | TroubleKind::WrongShape
        | TroubleKind::Without { .. }
        | TroubleKind::CutBody => Before::GoOn,
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

/// `/matrix/_matrix/x` is `matrix` and `/_matrix/x`.
pub(super) fn split_prefix(path: &str) -> (&str, String) {
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
