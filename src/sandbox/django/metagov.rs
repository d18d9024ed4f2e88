//! The Gateway's orders and pages.

use super::{
    Instance, Refusal, StandIn, keep,
    web::{Asked, Shown},
};
use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::{Value, json};

pub const STAND_IN: StandIn = StandIn {
    command: "sandbox-metagov",
    runtime: "metagov-41f4f35-1",
    version: "41f4f35-1",
    manage: "src/metagov",
    schema: "
        CREATE TABLE core_community (id INTEGER PRIMARY KEY, slug TEXT UNIQUE, readable_name TEXT);
        CREATE TABLE core_plugin
            (id INTEGER PRIMARY KEY, name TEXT, config TEXT, community_id INTEGER, community_platform_id TEXT);
        ",
    order,
    page,
};

/// The plugins with the key of their configuration that says what they work on.
const PLUGINS: [(&str, &str); 6] = [
    ("slack", "team_id"),
    ("discord", "guild_id"),
    ("discourse", "server_url"),
    ("opencollective", "collective_slug"),
    ("sourcecred", "server_url"),
    ("randomness", ""),
];

fn order(instance: &Instance, order: &Value) -> Result<Value, Refusal> {
    let mut database = instance.open()?;
    let text = |field: &str| order[field].as_str().unwrap_or_default().to_owned();
    let (slug, plugin) = (text("slug"), text("plugin"));
    match order["do"].as_str() {
        Some("settle") => {
            let created = database.execute(
                "INSERT OR IGNORE INTO core_community (slug, readable_name) VALUES (?1, ?2)",
                (&slug, text("name")),
            )? == 1;
            database.execute(
                "UPDATE core_community SET readable_name = ?2 WHERE slug = ?1",
                (&slug, text("name")),
            )?;
            let mut answer = describe(&database, &slug)?;
            answer["created"] = created.into();
            Ok(answer)
        }
        Some("enable") => {
            let community = must_be(&database, &slug)?;
            let known = PLUGINS.iter().find(|(name, _)| *name == plugin);
            let Some((_, key)) = known else {
                return Err(Refusal(2, format!("there is no plugin {plugin}")));
            };
            let config = &order["config"];
            let id = match &config[*key] {
                Value::String(id) => id.clone(),
                Value::Null if key.is_empty() => String::new(),
                Value::Null => {
                    return Err(Refusal(
                        2,
                        format!("the plugin {plugin} does not take this configuration: its fields"),
                    ));
                }
                other => other.to_string(),
            };
            let work = database.transaction()?;
            work.execute(
                "DELETE FROM core_plugin WHERE community_id = ?1 AND name = ?2",
                params![community, plugin],
            )?;
            work.execute(
                "INSERT INTO core_plugin (name, config, community_id, community_platform_id) VALUES (?1, '{}', ?2, ?3)",
                params![plugin, community, id],
            )?;
            let answer = describe(&work, &slug)?;
            work.commit()?;
            Ok(answer)
        }
        Some("disable") => {
            let community = must_be(&database, &slug)?;
            database.execute(
                "DELETE FROM core_plugin WHERE community_id = ?1 AND name = ?2",
                params![community, plugin],
            )?;
            describe(&database, &slug)
        }
        Some("probe") => {
            let found = describe(&database, &slug)?;
            let plugins = found["plugins"].as_array().into_iter().flatten();
            let mut names = plugins.filter_map(|each| each.as_str()?.split(' ').next());
            if names.any(|name| name == plugin) {
                return Ok(json!({ "seen": format!("an answer to {plugin} (simulated)") }));
            }
            Err(Refusal(
                1,
                "DoesNotExist: Plugin matching query does not exist.".to_owned(),
            ))
        }
        Some("look") => {
            let mut statement = database.prepare("SELECT slug FROM core_community ORDER BY id")?;
            let slugs = statement.query_map([], |row| row.get::<_, String>(0))?;
            let mut found = Vec::new();
            for slug in slugs {
                found.push(describe(&database, &slug?)?);
            }
            Ok(json!({ "communities": found }))
        }
        Some("save") => keep(order, &describe(&database, &slug)?),
        _ => Err(Refusal(1, "KeyError: 'do'".to_owned())),
    }
}

fn must_be(database: &Connection, slug: &str) -> Result<i64, Refusal> {
    database
        .query_row(
            "SELECT id FROM core_community WHERE slug = ?1",
            [slug],
            |row| row.get(0),
        )
        .optional()?
        .ok_or_else(|| Refusal(2, format!("there is no community {slug} here")))
}

fn describe(database: &Connection, slug: &str) -> Result<Value, Refusal> {
    let id = must_be(database, slug)?;
    let name: String = database.query_row(
        "SELECT readable_name FROM core_community WHERE id = ?1",
        [id],
        |row| row.get(0),
    )?;
    let mut statement = database.prepare(
        "SELECT trim(name || ' ' || community_platform_id) FROM core_plugin WHERE community_id = ?1 ORDER BY 1",
    )?;
    let plugins = statement.query_map([id], |row| row.get::<_, String>(0))?;
    let plugins: Vec<String> = plugins.collect::<Result<_, _>>()?;
    Ok(json!({ "community": id, "slug": slug, "name": name, "plugins": plugins }))
}

fn page(instance: &Instance, asked: &Asked) -> Shown {
    let json = |status, value: Value| Shown {
        status,
        kind: "application/json",
        text: value.to_string(),
    };
    let path = asked.path.as_str();
    if path == "/api/internal/plugin-schemas" {
        let schemas = PLUGINS
            .iter()
            .map(|(name, _)| ((*name).to_owned(), json!({ "type": "object" })));
        return json(200, Value::Object(schemas.collect()));
    }
    if let Some(slug) = path.strip_prefix("/api/internal/community/") {
        return match instance
            .open()
            .and_then(|database| describe(&database, slug))
        {
            Ok(found) => json(200, found),
            Err(Refusal(2, _)) => Shown::page(404, ""),
            // Bodies of errors are JSON and say that they are pages.
            Err(_) => Shown::page(500, r#"{"detail": "A server error occurred."}"#),
        };
    }
    match path {
        "/api/hooks/slack" if asked.body["type"] == "url_verification" => {
            Shown::page(200, asked.body["challenge"].as_str().unwrap_or_default())
        }
        "/api/hooks/slack" => Shown::page(500, r#"{"detail": "A server error occurred."}"#),
        _ => Shown::page(404, "<h1>Not Found</h1>"),
    }
}
