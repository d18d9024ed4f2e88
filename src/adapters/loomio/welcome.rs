//! The welcome thread. A thread's JSON is nested; sent flat, Loomio answers 200 and makes a private thread outside the
//! group, so the answer's group is looked at (sheet: loomio 4.4).

use super::client::Client;
use crate::adapters::{
    durable::{Halt, Op},
    http::Method,
};
use crate::domain::{Fault, FaultKind};
use serde::Deserialize;
use serde_json::json;

#[derive(Debug, Deserialize)]
struct Thread {
    id: u64,
    group_id: Option<u64>,
    #[serde(default)]
    title: String,
}

#[derive(Debug, Deserialize)]
struct Threads {
    discussions: Vec<Thread>,
}

/// Opens the thread that the settings ask for, once per title.
pub(super) async fn open(op: &Op, client: &Client, group: u64) -> Result<(), Halt> {
    let settings = &op.site().settings;
    let Some(title) = settings.get("welcome_title") else {
        return Ok(());
    };
    let text = settings.get("welcome_text").unwrap_or_default();
    let find = || find(client, group, title);
    // No idempotency key exists: the title is what is looked for, before the first attempt too, since a person may have
    // opened it.
    if find().await?.is_some() {
        return Ok(());
    }
    let step = format!("welcome:{title}");
    op.ensure(&step, |_| find(), |_| create(client, group, title, text))
        .await?;
    Ok(())
}

async fn find(client: &Client, group: u64, title: &str) -> Result<Option<u64>, Fault> {
    let path = format!("/api/b2/discussions?group_id={group}");
    let call = client.call(Method::GET, &path);
    let threads: Threads = client.write(call, "list the group's threads").await?;
    Ok(threads
        .discussions
        .iter()
        .find(|thread| thread.title == title && thread.group_id == Some(group))
        .map(|thread| thread.id))
}

async fn create(client: &Client, group: u64, title: &str, text: &str) -> Result<u64, Fault> {
    let call = client
        .call(Method::POST, "/api/b2/discussions")
        .json(&json!({"discussion": {
            "group_id": group, "title": title, "description": text, "description_format": "md",
        }}));
    let made: Threads = client.write(call, "open the welcome thread").await?;
    let thread = made.discussions.first().ok_or_else(|| {
        Fault::new(
            FaultKind::OutcomeUnknown,
            "Loomio accepted the welcome thread and shows none.",
        )
        .hint("Resume the operation: it looks before it opens another one.")
    })?;
    if thread.group_id == Some(group) {
        return Ok(thread.id);
    }
    let call = client.call(
        Method::DELETE,
        &format!("/api/b2/discussions/{}", thread.id),
    );
    client
        .send(call, "take the misplaced thread away again")
        .await?;
    Err(Fault::new(
        FaultKind::BadAnswer,
        "Loomio opened the welcome thread outside the group; it was taken away again.",
    )
    .hint("This Loomio reads threads otherwise than version 3.8; please report its version."))
}
