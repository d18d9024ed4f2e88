//! A stand-in for a local service: a real process on a real port, with the manners of the real ones on demand.

use crate::domain::{Fault, FaultKind};
use axum::{
    Router,
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Deserialize;
use std::{collections::BTreeMap, io::Write as _, net::Ipv4Addr, process::Stdio, time::Duration};
use tokio::{
    io::AsyncReadExt as _,
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

/// In which the stand-in says which one it is.
pub const NAME: &str = "x-stand-in";

/// How a stand-in behaves, as JSON in its one argument.
#[derive(Debug, Clone, Default, Deserialize, serde::Serialize)]
#[serde(default)]
pub struct Manners {
    /// What it calls itself.
    pub name: String,
    /// Where it listens; nowhere (a worker) when absent.
    pub port: Option<u16>,
    /// How long it takes to come up.
    pub start_ms: u64,
    /// How long it takes to end when asked to.
    pub stop_ms: u64,
    /// Whether it does not end when asked to.
    pub stubborn: bool,
    /// Ends with this code instead of coming up.
    pub fails: Option<i32>,
    /// Whether it starts a child of its own that outlives it.
    pub leaves_child: bool,
    /// Tells in its log the values of these variables.
    pub tells: Vec<String>,
    /// Tells in its log how many bytes came on its input.
    pub reads_input: bool,
}

/// The hidden command `sandbox-service MANNERS`.
///
/// Pages: `/` its name; `/crash` ends it with 3; `/log?lines=N&text=T` writes so many lines to its log.
///
/// # Errors
/// [`FaultKind::BadInput`] when the manners cannot be read, [`FaultKind::Host`] when the port cannot be had.
pub async fn run_here(arguments: &[String]) -> Result<u8, Fault> {
    let manners: Manners = arguments
        .first()
        .and_then(|text| serde_json::from_str(text).ok())
        .ok_or_else(|| {
            Fault::new(FaultKind::BadInput, "The stand-in was given no manners.")
                .hint("It is called by Guildhall itself only.")
        })?;
    let host = |error: std::io::Error| {
        Fault::new(FaultKind::Host, format!("{} cannot work.", manners.name))
            .hint("Free its port.")
            .detail(error)
    };
    let mut term = signal(SignalKind::terminate()).map_err(host)?;
    if let Some(code) = manners.fails {
        say("I cannot work");
        return Ok(u8::try_from(code).unwrap_or(1));
    }
    for name in &manners.tells {
        let value = std::env::var(name).unwrap_or_default();
        say(&format!("{name} is {value}"));
    }
    if manners.reads_input {
        let mut input = Vec::new();
        tokio::io::stdin()
            .read_to_end(&mut input)
            .await
            .map_err(host)?;
        say(&format!("{} bytes came", input.len()));
    }
    if manners.leaves_child {
        std::process::Command::new("sleep")
            .arg("600")
            .stdin(Stdio::null())
            .spawn()
            .map_err(host)?;
    }
    let serve = async {
        tokio::time::sleep(Duration::from_millis(manners.start_ms)).await;
        say(&format!("{} is ready", manners.name));
        match manners.port {
            Some(port) => serve(&manners.name, port).await,
            None => std::future::pending().await,
        }
    };
    tokio::pin!(serve);
    loop {
        tokio::select! {
            served = &mut serve => return served.map(|()| 0).map_err(host),
            _ = term.recv() => {
                say("asked to end");
                if !manners.stubborn {
                    tokio::time::sleep(Duration::from_millis(manners.stop_ms)).await;
                    return Ok(0);
                }
            }
        }
    }
}

async fn serve(name: &str, port: u16) -> std::io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let router = Router::new()
        .route("/", get(home))
        .route("/crash", get(crash))
        .route("/log", get(log))
        .with_state(name.to_owned());
    axum::serve(listener, router).await
}

async fn home(State(name): State<String>) -> Response {
    let mut headers = HeaderMap::new();
    match HeaderValue::from_str(&name) {
        Ok(value) => headers.insert(NAME, value),
        Err(_) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    };
    (headers, format!("This is {name}.")).into_response()
}

async fn crash() {
    say("crashing");
    std::process::exit(3);
}

async fn log(Query(query): Query<BTreeMap<String, String>>) -> &'static str {
    let lines: u32 = query
        .get("lines")
        .and_then(|lines| lines.parse().ok())
        .unwrap_or(1);
    for _ in 0..lines {
        say(query.get("text").map_or("a line", String::as_str));
    }
    "written"
}

/// Its log is its output. Nobody reading it is no trouble of a stand-in.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
