//! Reading a forum on loopback, at the real tool's pace, into a mirror that a failed load empties.

use super::{
    graph::{Contributions, Person},
    say, write_json,
};
use serde_json::Value;
use std::{
    collections::{BTreeSet, HashMap},
    fs,
    io::{Read as _, Write as _},
    net::{TcpStream, ToSocketAddrs as _},
    path::Path,
    time::Duration,
};
use url::Url;

/// A forum as the settings name it, and where it is asked.
pub struct Server {
    named: String,
    asked: String,
}

impl Server {
    /// A simulated one is asked where it is simulated.
    pub fn of(named: &str, hosts: &HashMap<String, Url>) -> Self {
        let host = Url::parse(named).ok();
        let host = host.as_ref().and_then(Url::host_str);
        let asked = host.and_then(|host| hosts.get(host));
        Self {
            named: named.to_owned(),
            asked: asked.map_or(named, Url::as_str).to_owned(),
        }
    }
}

/// Loads the mirror. When it cannot, an existing mirror is emptied and it is tried once more, as the real tool does.
///
/// # Errors
/// The tool's own words.
pub fn mirror(server: &Server, cache: &Path, pace: Duration) -> Result<(), String> {
    let mut loaded = load(server, pace);
    if let (Err(message), true) = (&loaded, cache.is_dir()) {
        say(true, message);
        say(true, "clearing cache and restarting");
        fs::remove_dir_all(cache).map_err(|error| error.to_string())?;
        loaded = load(server, pace);
    }
    write_json(&cache.join("mirror.json"), &loaded?)
}

fn load(server: &Server, pace: Duration) -> Result<Contributions, String> {
    let get = |path: &str| {
        std::thread::sleep(pace);
        fetch(&server.asked, path)
    };
    let latest = get("/latest.json")?;
    get("/categories.json")?;
    let mut found = Contributions::default();
    let mut seen = BTreeSet::new();
    for topic in array(&latest["topic_list"]["topics"]) {
        let Some(id) = topic["id"].as_u64() else {
            continue;
        };
        let whole = get(&format!("/t/{id}.json"))?;
        for post in array(&whole["post_stream"]["posts"]) {
            let Some(user) = post["username"].as_str().filter(|user| *user != "system") else {
                found.made.push((0, Vec::new()));
                continue;
            };
            let address = format!("N\0sourcecred\0discourse\0user\0{}\0{user}\0", server.named);
            if seen.insert(user.to_owned()) {
                get(&format!("/users/{user}.json"))?;
                get(&format!(
                    "/user_actions.json?username={user}&filter=1&offset=0"
                ))?;
                found.people.push(Person {
                    name: user.replace('_', "-"),
                    address: address.clone(),
                });
            }
            let time = post["created_at"]
                .as_str()
                .and_then(|time| time.parse::<jiff::Timestamp>().ok())
                .map_or(0, jiff::Timestamp::as_millisecond);
            found.made.push((time, vec![address]));
        }
    }
    Ok(found)
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// One request over plain HTTP; the sandbox reads nothing but loopback.
fn fetch(server: &str, path: &str) -> Result<Value, String> {
    let failed = |reason: &dyn std::fmt::Display| {
        format!("FetchError: request to {server}{path} failed, reason: {reason}")
    };
    let url = Url::parse(server).map_err(|error| failed(&error))?;
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or(80);
    let address = (host, port)
        .to_socket_addrs()
        .map_err(|error| failed(&error))?
        .find(|address| address.ip().is_loopback())
        .ok_or_else(|| failed(&"ENOTFOUND (the sandbox reads loopback only)"))?;
    let refused = |_| failed(&format!("connect ECONNREFUSED {address}"));
    let mut stream =
        TcpStream::connect_timeout(&address, Duration::from_secs(5)).map_err(refused)?;
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .map_err(|error| failed(&error))?;
    let base = url.path().trim_end_matches('/');
    write!(
        stream,
        "GET {base}{path} HTTP/1.0\r\nhost: {host}\r\naccept: application/json\r\n\r\n"
    )
    .map_err(|error| failed(&error))?;
    let mut answer = Vec::new();
    stream
        .take(8 * 1024 * 1024)
        .read_to_end(&mut answer)
        .map_err(|error| failed(&error))?;
    let text = String::from_utf8_lossy(&answer);
    let (head, body) = text
        .split_once("\r\n\r\n")
        .ok_or_else(|| failed(&"no answer"))?;
    if !head.lines().next().unwrap_or_default().contains(" 200") {
        return Err(failed(&head.lines().next().unwrap_or_default()));
    }
    serde_json::from_str(body).map_err(|error| failed(&error))
}
