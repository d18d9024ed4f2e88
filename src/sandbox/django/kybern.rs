//! Kybern's orders and pages. Like the real one it answers 200 to everything but a foreign host.

use super::{
    Instance, Refusal, StandIn, keep,
    web::{Asked, Shown},
};
use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::{Value, json};

pub const STAND_IN: StandIn = StandIn {
    command: "sandbox-kybern",
    runtime: "kybern-6c689a2-1",
    version: "6c689a2-1",
    manage: "src/kybern",
    schema: "
        CREATE TABLE groups_group (id INTEGER PRIMARY KEY, name TEXT, group_description TEXT, owner TEXT);
        INSERT INTO groups_group (name, group_description, owner)
            VALUES ('Kybern Template Community', '', 'superuser');
        CREATE TABLE auth_user (id INTEGER PRIMARY KEY, username TEXT UNIQUE, password TEXT);
        ",
    order,
    page,
};

const ADMINISTRATOR: &str = "guildhall-admin";

fn order(instance: &Instance, order: &Value) -> Result<Value, Refusal> {
    let mut database = instance.open()?;
    let text = |field: &str| order[field].as_str().unwrap_or_default().to_owned();
    match order["do"].as_str() {
        Some("settle") => {
            let work = database.transaction()?;
            work.execute(
                "INSERT OR IGNORE INTO auth_user (username, password) VALUES (?1, 'sealed')",
                [ADMINISTRATOR],
            )?;
            let found: Option<i64> = work
                .query_row(
                    "SELECT id FROM groups_group WHERE (id = ?1 OR name = ?2) AND instr(owner, ?3) > 0",
                    params![order["group"].as_i64(), text("name"), ADMINISTRATOR],
                    |row| row.get(0),
                )
                .optional()?;
            let created = found.is_none();
            if created {
                work.execute(
                    "INSERT INTO groups_group (name, group_description, owner) VALUES (?1, ?2, ?3)",
                    (text("name"), text("description"), ADMINISTRATOR),
                )?;
            }
            let id = found.unwrap_or_else(|| work.last_insert_rowid());
            let mut answer = describe(&work, id)?;
            answer["created"] = created.into();
            work.commit()?;
            Ok(answer)
        }
        Some("edit") => {
            let id = order["group"].as_i64().unwrap_or_default();
            database.execute(
                "UPDATE groups_group SET name = ?2, group_description = ?3 WHERE id = ?1",
                params![id, text("name"), text("description")],
            )?;
            describe(&database, id)
        }
        Some("look") => {
            let mut found = Vec::new();
            for id in ids(&database)? {
                found.push(describe(&database, id)?);
            }
            Ok(json!({ "groups": found }))
        }
        Some("save") => keep(order, &json!(ids(&database)?)),
        Some("tick") => Ok(json!({ "retried": 0 })),
        _ => Err(Refusal(1, "KeyError: 'do'".to_owned())),
    }
}

fn ids(database: &Connection) -> Result<Vec<i64>, Refusal> {
    let mut statement =
        database.prepare("SELECT id FROM groups_group WHERE instr(owner, ?1) > 0 ORDER BY id")?;
    let rows = statement.query_map([ADMINISTRATOR], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn describe(database: &Connection, id: i64) -> Result<Value, Refusal> {
    let (name, description, owner): (String, String, String) = database.query_row(
        "SELECT name, group_description, owner FROM groups_group WHERE id = ?1",
        [id],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    let owners: Vec<&str> = owner.split(',').collect();
    Ok(json!({
        "group": id, "name": name, "description": description, "owners": owners, "status": "implemented",
    }))
}

fn page(instance: &Instance, asked: &Asked) -> Shown {
    match asked.path.as_str() {
        "/login/" => Shown::page(200, "<!doctype html><title>Kybern (simulated)</title>"),
        "/" => front(instance),
        _ => broken(),
    }
}

fn front(instance: &Instance) -> Shown {
    let names = instance.open().and_then(|database| {
        let mut statement = database.prepare("SELECT name FROM groups_group")?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
        Ok(rows.collect::<Result<Vec<_>, _>>()?)
    });
    match names {
        Ok(names) => {
            let rows: Vec<String> = names.iter().map(|name| escaped(name)).collect();
            let rows = rows.join("</li><li>");
            Shown::page(
                200,
                format!("<!doctype html><title>Kybern (simulated)</title><ul><li>{rows}</li></ul>"),
            )
        }
        Err(_) => broken(),
    }
}

/// The error page has no status of its own.
fn broken() -> Shown {
    Shown::page(200, "<h1>There was a problem with our server</h1>")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#x27;")
}
