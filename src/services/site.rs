//! Static files on loopback: exactly what is mounted, nothing that is hidden, GET and HEAD only.

use super::files;
use crate::domain::{Fault, FaultKind};
use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderValue, Method, Request, Response, StatusCode, header},
};
use serde::{Deserialize, Serialize};
use std::{
    net::Ipv4Addr,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::Semaphore,
};
use tokio_util::sync::CancellationToken;

/// A file larger than this is not served.
const LARGEST: u64 = 128 * 1024 * 1024;
/// So many files are read at once; more wait.
const AT_ONCE: usize = 4;
/// A longer path is refused.
const LONGEST_PATH: usize = 2048;

/// The header in which a site says which one it is.
pub const NAME: &str = "x-guildhall-site";

/// A file or folder shown at a path of the site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// The path without a slash in front; empty for the root.
    pub at: String,
    /// The file or folder.
    pub target: PathBuf,
}

/// What is served where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SitePlan {
    /// What the site calls itself in [`NAME`], so that a stranger on its port is not taken for it.
    pub name: String,
    /// The port of loopback.
    pub port: u16,
    /// What is shown; the longest path that fits decides, so that a mount hides what lies below it in another.
    pub mounts: Vec<Mount>,
}

struct Shared {
    name: HeaderValue,
    mounts: Vec<Mount>,
    room: Semaphore,
}

/// The hidden command `site FILE`: serves what is described there until it is told to end (TERM).
///
/// # Errors
/// [`FaultKind::NotFound`] when nothing is described there, and as [`serve`].
pub async fn serve_file(path: &Path) -> Result<(), Fault> {
    let plan: SitePlan = files::read_json(path)?.ok_or_else(|| {
        Fault::new(
            FaultKind::NotFound,
            format!("There is no site described at {}.", path.display()),
        )
        .hint("Activate the instance again.")
    })?;
    let mut term = signal(SignalKind::terminate()).map_err(|error| {
        Fault::new(FaultKind::Host, "The site cannot hear signals.")
            .hint("Try again.")
            .detail(error)
    })?;
    let stop = CancellationToken::new();
    tokio::select! {
        served = serve(&plan, &stop) => served,
        _ = term.recv() => Ok(()),
    }
}

/// Serves until told to stop.
///
/// # Errors
/// [`FaultKind::Host`] when the port cannot be had or serving fails.
pub async fn serve(plan: &SitePlan, stop: &CancellationToken) -> Result<(), Fault> {
    let fault = |error: std::io::Error| {
        Fault::new(
            FaultKind::Host,
            format!(
                "The site cannot be served on port {} of this host.",
                plan.port
            ),
        )
        .hint("Check the instance; another port is chosen when the old one is taken.")
        .detail(error)
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, plan.port))
        .await
        .map_err(fault)?;
    let name = HeaderValue::from_str(&plan.name).map_err(|error| {
        Fault::new(
            FaultKind::Internal,
            "The site has no name that can be sent.",
        )
        .hint("This is a mistake of Guildhall; please report it.")
        .detail(error)
    })?;
    let shared = Arc::new(Shared {
        name,
        mounts: plan.mounts.clone(),
        room: Semaphore::new(AT_ONCE),
    });
    let router = Router::new().fallback(answer).with_state(shared);
    tokio::select! {
        served = async { axum::serve(listener, router).await } => served.map_err(fault),
        () = stop.cancelled() => Ok(()),
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request<Body>) -> Response<Body> {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let mut response = find(&shared, &method, &path).await;
    let headers = response.headers_mut();
    headers.insert(NAME, shared.name.clone());
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

async fn find(shared: &Shared, method: &Method, path: &str) -> Response<Body> {
    let head = method == Method::HEAD;
    if !head && method != Method::GET {
        return plain(StatusCode::METHOD_NOT_ALLOWED);
    }
    let Some(segments) = segments(path) else {
        return plain(StatusCode::NOT_FOUND);
    };
    let Ok(_room) = shared.room.acquire().await else {
        return plain(StatusCode::SERVICE_UNAVAILABLE);
    };
    let Some(path) = resolve(&shared.mounts, &segments).await else {
        return plain(StatusCode::NOT_FOUND);
    };
    let Ok(about) = tokio::fs::metadata(&path).await else {
        return plain(StatusCode::NOT_FOUND);
    };
    if !about.is_file() || about.len() > LARGEST {
        return plain(StatusCode::NOT_FOUND);
    }
    let length = about.len();
    let body = if head {
        Body::empty()
    } else {
        match tokio::fs::read(&path).await {
            Ok(bytes) => Body::from(bytes),
            Err(_) => return plain(StatusCode::NOT_FOUND),
        }
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, content_type(&path));
    if head {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    response
}

fn plain(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::from(status.as_str().to_owned()));
    *response.status_mut() = status;
    response
}

/// The decoded parts of a path; none for one that is too long, is not text, climbs, or names something hidden.
fn segments(path: &str) -> Option<Vec<String>> {
    if path.len() > LONGEST_PATH {
        return None;
    }
    let mut segments = Vec::new();
    for raw in path.split('/').filter(|part| !part.is_empty()) {
        let segment = decode(raw)?;
        let foul = segment.starts_with('.')
            || segment.contains(['/', '\\', '\0'])
            || segment.chars().any(char::is_control);
        if foul {
            return None;
        }
        segments.push(segment);
    }
    Some(segments)
}

fn decode(raw: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next()?, rest.next()?];
        let digits = std::str::from_utf8(&digits).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
    }
    String::from_utf8(bytes).ok()
}

/// The file behind a path, when one is mounted there and lies, links followed, inside what is mounted.
async fn resolve(mounts: &[Mount], segments: &[String]) -> Option<PathBuf> {
    let path = segments.join("/");
    let inside = |at: &str| {
        at.is_empty()
            || path == at
            || path
                .strip_prefix(at)
                .is_some_and(|rest| rest.starts_with('/'))
    };
    let mount = mounts
        .iter()
        .filter(|mount| inside(&mount.at))
        .max_by_key(|mount| mount.at.len())?;
    let rest = path[mount.at.len()..].trim_start_matches('/');
    let root = tokio::fs::canonicalize(&mount.target).await.ok()?;
    let wanted = if rest.is_empty() {
        root.clone()
    } else {
        root.join(rest)
    };
    let mut found = tokio::fs::canonicalize(wanted).await.ok()?;
    if tokio::fs::metadata(&found).await.ok()?.is_dir() {
        found = tokio::fs::canonicalize(found.join("index.html"))
            .await
            .ok()?;
    }
    found.starts_with(&root).then_some(found)
}

fn content_type(path: &Path) -> HeaderValue {
    let ending = path.extension().and_then(|ending| ending.to_str());
    HeaderValue::from_static(match ending.unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "woff" => "font/woff",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn parts(path: &str) -> Vec<String> {
        segments(path).unwrap()
    }

    #[test]
    fn paths_that_climb_hide_or_deceive_are_refused() {
        for path in [
            "/../etc/passwd",
            "/%2e%2e/etc/passwd",
            "/a/%2fetc",
            "/.lock",
            "/a/.env",
            "/a%00",
            "/%zz",
            "/%c3",
            "/a\\..\\b",
        ] {
            assert_eq!(segments(path), None, "{path}");
        }
        assert_eq!(segments(&format!("/{}", "a".repeat(3000))), None);
        assert_eq!(parts("//data/%6cedger.json"), ["data", "ledger.json"]);
    }

    #[tokio::test]
    async fn only_what_is_mounted_is_found_and_links_do_not_lead_out() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        fs::create_dir_all(at("template/data")).unwrap();
        fs::create_dir_all(at("mine/output")).unwrap();
        for file in [
            "template/index.html",
            "template/data/secret",
            "mine/output/a.json",
            "mine/env",
        ] {
            fs::write(at(file), "x").unwrap();
        }
        std::os::unix::fs::symlink(at("mine/env"), at("mine/output/out")).unwrap();
        let mounts = [
            ("", "template"),
            ("output", "mine/output"),
            ("data", "none"),
        ]
        .map(|(path, target)| Mount {
            at: path.into(),
            target: at(target),
        });
        let found = async |path: &str| resolve(&mounts, &parts(path)).await;
        let real = |path: &str| Some(at(path).canonicalize().unwrap());
        assert_eq!(found("/").await, real("template/index.html"));
        assert_eq!(found("/output/a.json").await, real("mine/output/a.json"));
        assert_eq!(found("/output/out").await, None);
        assert_eq!(found("/data/secret").await, None);
        assert_eq!(found("/env").await, None);
        assert_eq!(found("/outputs").await, None);
    }
}
