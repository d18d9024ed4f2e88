//! A stand-in for Docker on the host of an own Loomio: `docker exec ... rails runner -` and `docker ps`.
//!
//! It runs as a program of its own, in place of `docker`, and reaches the simulated server through the sandbox's own
//! paths. The script is not interpreted: it must be one that reads its data from the environment, and what its data ask
//! for is done here.

use super::model::{Loomio, User, fresh_key};
use crate::domain::{Fault, FaultKind};
use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    net::TcpStream,
    thread,
    time::Duration,
};
use url::Url;

/// What the stand-in prints, and how it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandInOutput {
    /// For standard output. Holds the bot's key.
    pub stdout: String,
    /// For standard error.
    pub stderr: String,
    /// The exit code.
    pub code: u8,
}

/// Does what `docker <arguments>` would do on the simulated host. `base` is the sandbox's address, `data` the value of the
/// variable GUILDHALL, `script` the standard input. Blocks.
#[must_use]
pub fn stand_in_docker(
    base: &Url,
    arguments: &[String],
    data: Option<&str>,
    script: &str,
) -> StandInOutput {
    let input = json!({"arguments": arguments, "data": data, "script": script});
    let answer = match ask(base, &input) {
        Ok(answer) => answer,
        Err(reason) => {
            return StandInOutput {
                stdout: String::new(),
                stderr: format!("Cannot connect to the Docker daemon: {reason}\n"),
                code: 1,
            };
        }
    };
    thread::sleep(Duration::from_millis(
        answer["hold_ms"].as_u64().unwrap_or(0),
    ));
    let text = |field: &str| answer[field].as_str().unwrap_or_default().to_owned();
    StandInOutput {
        stdout: text("stdout"),
        stderr: text("stderr"),
        code: answer["code"]
            .as_u64()
            .and_then(|code| u8::try_from(code).ok())
            .unwrap_or(1),
    }
}

/// The stand-in as this process: `BASE docker's arguments...`, the script on standard input.
///
/// # Errors
/// [`FaultKind::BadInput`] when the first argument is no address; [`FaultKind::Host`] when the streams cannot be used.
pub async fn run_here(arguments: Vec<String>) -> Result<u8, Fault> {
    let stuck = |error: &dyn std::fmt::Display| {
        Fault::new(
            FaultKind::Host,
            "The stand-in for Docker cannot use its streams.",
        )
        .hint("It is called by Guildhall itself only.")
        .detail(error)
    };
    tokio::task::spawn_blocking(move || {
        let (base, rest) = arguments
            .split_first()
            .and_then(|(base, rest)| Some((Url::parse(base).ok()?, rest)))
            .ok_or_else(|| {
                Fault::new(
                    FaultKind::BadInput,
                    "The stand-in for Docker needs the sandbox's address.",
                )
                .hint("It is called by Guildhall itself only.")
            })?;
        let mut script = String::new();
        if rest.first().is_some_and(|first| first == "exec") {
            std::io::stdin()
                .read_to_string(&mut script)
                .map_err(|error| stuck(&error))?;
        }
        let data = std::env::var("GUILDHALL").ok();
        let output = stand_in_docker(&base, rest, data.as_deref(), &script);
        let mut out = std::io::stdout().lock();
        out.write_all(output.stdout.as_bytes())
            .and_then(|()| out.flush())
            .and_then(|()| std::io::stderr().write_all(output.stderr.as_bytes()))
            .map_err(|error| stuck(&error))?;
        Ok(output.code)
    })
    .await
    .map_err(|error| stuck(&error))?
}

/// One call of the sandbox's own paths.
fn ask(base: &Url, input: &Value) -> Result<Value, String> {
    let said = |error: std::io::Error| error.to_string();
    let port = base.port_or_known_default().unwrap_or(80);
    let mut stream = TcpStream::connect(("127.0.0.1", port)).map_err(said)?;
    let body = input.to_string();
    let head = format!(
        "POST /_control/loomio/run-script HTTP/1.1\r\nHost: sandbox\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).map_err(said)?;
    stream.write_all(body.as_bytes()).map_err(said)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(said)?;
    let (_, body) = answer
        .split_once("\r\n\r\n")
        .ok_or_else(|| "no answer".to_owned())?;
    serde_json::from_str(body).map_err(|error| error.to_string())
}

/// What the application prints while it starts.
const WARNINGS: &str = "warning: parser/current is loading parser/ruby33\n{\"level\":\"info\",\"message\":\"booted\"}\n";

/// The server's half.
pub fn run(server: &mut Loomio, input: &Value) -> Result<Value, String> {
    let arguments: Vec<&str> = input["arguments"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let hold_ms = std::mem::take(&mut server.script.hold_ms);
    let ended = |code: u8, stdout: String, stderr: &str| {
        Ok(json!({"code": code, "stdout": stdout, "stderr": stderr, "hold_ms": hold_ms}))
    };
    if arguments.first() == Some(&"ps") {
        let lines: Vec<String> = server
            .containers
            .iter()
            .map(|(name, state)| format!("{name} {state}\n"))
            .collect();
        return ended(0, lines.concat(), "");
    }
    let [
        "exec",
        "-i",
        "-e",
        "GUILDHALL",
        container,
        "bundle",
        "exec",
        "rails",
        "runner",
        "-",
    ] = arguments.as_slice()
    else {
        return ended(125, String::new(), "unknown shorthand flag\n");
    };
    match server.containers.get(*container).map(String::as_str) {
        Some("running") => {}
        Some(_) => {
            let said =
                format!("Error response from daemon: container {container} is not running\n");
            return ended(1, String::new(), &said);
        }
        None => {
            let said = format!("Error response from daemon: No such container: {container}\n");
            return ended(1, String::new(), &said);
        }
    }
    let data: Value = input["data"]
        .as_str()
        .and_then(|data| serde_json::from_str(data).ok())
        .unwrap_or(Value::Null);
    let script = input["script"].as_str().unwrap_or_default();
    if !script.contains("ENV.fetch(\"GUILDHALL\")")
        || data["bot_email"]
            .as_str()
            .is_none_or(|email| script.contains(email))
    {
        return ended(
            1,
            WARNINGS.to_owned(),
            "the data must come in the environment\n",
        );
    }
    match part(server, &data) {
        Ok(result) => ended(0, format!("{WARNINGS}GUILDHALL {result}\n"), ""),
        Err(reason) => ended(1, WARNINGS.to_owned(), &format!("script.rb:1: {reason}\n")),
    }
}

fn part(server: &mut Loomio, data: &Value) -> Result<Value, String> {
    let email = data["bot_email"].as_str().unwrap_or_default();
    let bot = server.find_user(email);
    match data["do"].as_str().unwrap_or_default() {
        "make" => make(server, data, email),
        "rename" => {
            let group = own(server, data, bot)?;
            data["name"]
                .as_str()
                .unwrap_or_default()
                .clone_into(&mut group.name);
            Ok(json!({}))
        }
        "rekey" => {
            own(server, data, bot)?;
            let user = bot.and_then(|bot| server.users.get_mut(&bot));
            let user = user.ok_or("no such user")?;
            user.api_key = fresh_key();
            Ok(json!({"api_key": user.api_key}))
        }
        "look" => {
            let group = subscribed(server, data, bot)?;
            Ok(json!({"state": group.state}))
        }
        "suspend" | "restore" => {
            let group = subscribed(server, data, bot)?;
            data["state"]
                .as_str()
                .unwrap_or_default()
                .clone_into(&mut group.state);
            Ok(json!({"state": group.state}))
        }
        "discard" => {
            let id = data["group_id"].as_u64().unwrap_or_default();
            let open = server.groups.get(&id).is_some_and(|group| !group.discarded);
            if open {
                own(server, data, bot)?.discarded = true;
                server.chatbots.retain(|_, one| one.group != id);
            }
            if let Some(user) = bot.and_then(|bot| server.users.get_mut(&bot)) {
                user.active = false;
            }
            Ok(json!({}))
        }
        _ => Err("unknown part of the script".to_owned()),
    }
}

fn own<'server>(
    server: &'server mut Loomio,
    data: &Value,
    bot: Option<u64>,
) -> Result<&'server mut super::model::Group, String> {
    let id = data["group_id"].as_u64().unwrap_or_default();
    let group = server.groups.get_mut(&id).ok_or("no such group")?;
    if Some(group.creator) == bot {
        Ok(group)
    } else {
        Err("the group is not the bot's".to_owned())
    }
}

fn subscribed<'server>(
    server: &'server mut Loomio,
    data: &Value,
    bot: Option<u64>,
) -> Result<&'server mut super::model::Group, String> {
    let group = own(server, data, bot)?;
    if group.parent.is_some() {
        return Err("a subgroup shares its parent's subscription".to_owned());
    }
    Ok(group)
}

/// User, group, administrator: three steps, between which it can be told to die.
fn make(server: &mut Loomio, data: &Value, email: &str) -> Result<Value, String> {
    let fatal = server.script.die_after.take();
    let died = |after: &str| {
        if fatal.as_deref() == Some(after) {
            return Err("Killed".to_owned());
        }
        Ok(())
    };
    let text = |field: &str| data[field].as_str().unwrap_or_default();
    let bot = server.find_user(email).unwrap_or_else(|| {
        let id = server.fresh_id();
        server.users.insert(id, User::of(text("bot_name"), email));
        id
    });
    died("user")?;
    let own = server
        .groups
        .iter()
        .find(|(_, group)| group.creator == bot && group.parent.is_none())
        .map(|(id, _)| *id);
    let id = match own {
        Some(id) => id,
        None if server.handles.iter().any(|used| used == text("handle")) => {
            return Err("handle taken (RuntimeError)".to_owned());
        }
        None => server.bare_group(text("handle"), text("name"), bot),
    };
    died("group")?;
    if !server.is_admin(id, bot) {
        server.join(id, bot, true, true);
    }
    let group = server.groups.get(&id).ok_or("no such group")?;
    let key = server.users.get(&bot).map(|user| user.api_key.clone());
    Ok(json!({
        "group_id": id, "key": group.key, "handle": group.handle, "api_key": key,
    }))
}
