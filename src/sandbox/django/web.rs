//! A web server of a stand-in, on the port that it was told.

use super::{Instance, StandIn, say, say_failed};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::header::HOST,
    response::Response,
};
use serde_json::Value;
use std::{net::Ipv4Addr, sync::Arc};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

/// More than any page is sent.
const LONGEST: usize = 1024 * 1024;

/// What is asked.
pub struct Asked {
    pub path: String,
    pub body: Value,
}

/// What is shown.
pub struct Shown {
    pub status: u16,
    pub kind: &'static str,
    pub text: String,
}

impl Shown {
    /// A page.
    pub fn page(status: u16, text: impl Into<String>) -> Self {
        Self {
            status,
            kind: "text/html; charset=utf-8",
            text: text.into(),
        }
    }
}

struct Server {
    instance: Instance,
    page: fn(&Instance, &Asked) -> Shown,
}

/// Serves until it is told to end (TERM).
pub async fn serve(stand_in: &StandIn, port: u16) -> u8 {
    let instance = match Instance::here() {
        Ok(instance) => instance,
        Err(text) => return say_failed(&text),
    };
    let listener = match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
        Ok(listener) => listener,
        Err(error) => {
            return say_failed(&format!(
                "[ERROR] Can't connect to ('127.0.0.1', {port}): {error}"
            ));
        }
    };
    let Ok(mut term) = signal(SignalKind::terminate()) else {
        return say_failed("no signals");
    };
    let server = Arc::new(Server {
        instance,
        page: stand_in.page,
    });
    say(&format!("[INFO] Listening at: http://127.0.0.1:{port}"));
    let router = Router::new().fallback(answer).with_state(server);
    let serving = axum::serve(listener, router).with_graceful_shutdown(async move {
        term.recv().await;
    });
    match serving.await {
        Ok(()) => 0,
        Err(error) => say_failed(&error.to_string()),
    }
}

async fn answer(State(server): State<Arc<Server>>, request: Request) -> Response {
    let host = request.headers().get(HOST);
    let host = host
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let path = request.uri().path().to_owned();
    let bytes = to_bytes(request.into_body(), LONGEST)
        .await
        .unwrap_or_default();
    let asked = Asked {
        path,
        body: serde_json::from_slice(&bytes).unwrap_or_default(),
    };
    let shown = if server.instance.knows_host(&host) {
        // Each request touches the database, so that a lost one comes back as an empty file.
        let touched = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(server.instance.database());
        drop(touched);
        (server.page)(&server.instance, &asked)
    } else {
        Shown::page(400, "<h1>Bad Request (400)</h1>")
    };
    let response = Response::builder()
        .status(shown.status)
        .header("content-type", shown.kind)
        .header("x-guildhall-site", &server.instance.name)
        .body(Body::from(shown.text));
    response.unwrap_or_default()
}
