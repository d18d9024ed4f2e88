//! One attempt: send, follow redirects within the server, read the answer up to the limit, strike out the secrets.

use super::{address, client::Recorded, failure::Failure, request::Call};
use crate::domain::Fault;
use reqwest::{
    Client, Response,
    header::{HeaderMap, HeaderValue, LOCATION},
};
use std::time::Duration;
use tokio::time::Instant;
use url::Url;

/// How many redirects within a server are followed.
const MOST_REDIRECTS: usize = 3;

/// A complete answer, without secrets.
pub(super) struct Raw {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    /// Where a redirect that was not followed leads: the other server's host, or none when it stays on this one.
    pub(super) elsewhere: Option<String>,
}

/// Sends the call once and waits at most `limit`.
///
/// The outer fault: it could not even be tried. The inner failure: it brought no complete answer.
pub(super) async fn attempt(
    call: &Call,
    actual: &Url,
    limit: Duration,
) -> Result<Result<Raw, Failure>, Fault> {
    let transport = call.http.transport(actual).await?;
    let began = Instant::now();
    let outcome = tokio::select! {
        biased;
        () = call.cancel.cancelled() => Err(Failure::Stopped),
        outcome = tokio::time::timeout(limit, exchange(call, transport, actual)) => {
            outcome.unwrap_or(Err(Failure::Late))
        }
    };
    let status = outcome.as_ref().ok().map(|raw| raw.status);
    tracing::debug!(
        method = %call.method,
        host = call.host(),
        path = call.scrubber.strike(call.path()),
        status,
        millis = began.elapsed().as_millis(),
        "call"
    );
    record(call, status);
    Ok(outcome)
}

async fn exchange(call: &Call, transport: &Client, actual: &Url) -> Result<Raw, Failure> {
    let mut address = actual.clone();
    for _ in 0..=MOST_REDIRECTS {
        let mut request = transport
            .request(call.method.clone(), address.clone())
            .headers(call.headers.clone());
        if let Some(body) = &call.body {
            request = request.body(body.clone());
        }
        let response = request.send().await.map_err(Failure::from_transport)?;
        let target = redirect(call, &address, &response);
        match target {
            Some(next) if call.follow && next.origin() == address.origin() => address = next,
            other => {
                let elsewhere = other
                    .filter(|next| next.origin() != address.origin())
                    .map(|next| address::host_of(&next));
                return read(call, response, elsewhere).await;
            }
        }
    }
    Err(Failure::TooManyRedirects)
}

/// Where a redirect leads. An address of the platform itself is called through its override, as the first one was.
fn redirect(call: &Call, from: &Url, response: &Response) -> Option<Url> {
    if !response.status().is_redirection() {
        return None;
    }
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    let next = from.join(location).ok()?;
    let asked = call.url.as_ref().ok()?;
    if next.origin() != asked.origin() {
        return Some(next);
    }
    address::resolve(&next, &call.http.options().overrides).ok()
}

async fn read(
    call: &Call,
    mut response: Response,
    elsewhere: Option<String>,
) -> Result<Raw, Failure> {
    let limit = call.http.options().body_limit;
    let status = response.status().as_u16();
    let mut headers = response.headers().clone();
    for value in headers.values_mut() {
        let struck = call.scrubber.strike_bytes(value.as_bytes().to_vec());
        if struck != value.as_bytes() {
            *value = HeaderValue::from_bytes(&struck)
                .unwrap_or_else(|_| HeaderValue::from_static(super::scrub::STRUCK));
        }
    }
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(Failure::from_transport)? {
        if body.len() + piece.len() > limit {
            return Err(Failure::TooLarge);
        }
        body.extend_from_slice(&piece);
    }
    Ok(Raw {
        status,
        headers,
        body: call.scrubber.strike_bytes(body),
        elsewhere: elsewhere.map(|host| call.scrubber.strike(&host)),
    })
}

fn record(call: &Call, status: Option<u16>) {
    let (Some(recorder), Ok(url)) = (&call.http.options().recorder, &call.url) else {
        return;
    };
    let mut header_names: Vec<String> = call.headers.keys().map(ToString::to_string).collect();
    header_names.push("user-agent".to_owned());
    header_names.sort();
    header_names.dedup();
    recorder(&Recorded {
        method: call.method.to_string(),
        host: call.host(),
        path: call.path().to_owned(),
        query: url.query().filter(|_| !call.hidden).map(str::to_owned),
        header_names,
        body: call
            .body
            .as_ref()
            .map(|body| call.scrubber.strike(&String::from_utf8_lossy(body))),
        status,
    });
}
