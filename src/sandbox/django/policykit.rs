//! PolicyKit's orders and pages.

use super::{
    Instance, Refusal, StandIn, keep,
    web::{Asked, Shown},
};
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use serde_json::{Value, json};

pub const STAND_IN: StandIn = StandIn {
    command: "sandbox-policykit",
    runtime: "policykit-5fdb97ab-2",
    version: "5fdb97ab-2",
    manage: "src/policykit",
    schema: "
        CREATE TABLE policyengine_community (id INTEGER PRIMARY KEY, metagov_slug TEXT UNIQUE);
        CREATE TABLE policyengine_communityplatform
            (id INTEGER PRIMARY KEY, community_name TEXT, community_id INTEGER, platform TEXT, team_id TEXT);
        CREATE TABLE policyengine_policy (id INTEGER PRIMARY KEY, name TEXT, community_id INTEGER);
        CREATE TABLE policyengine_communityrole (id INTEGER PRIMARY KEY, role_name TEXT, community_id INTEGER);
        CREATE TABLE policyengine_communityuser
            (id INTEGER PRIMARY KEY, username TEXT UNIQUE, is_community_admin INTEGER, community_id INTEGER);
        CREATE TABLE core_community (id INTEGER PRIMARY KEY, slug TEXT UNIQUE, readable_name TEXT);
        CREATE TABLE core_plugin
            (id INTEGER PRIMARY KEY, name TEXT, config TEXT, community_id INTEGER, community_platform_id TEXT);
        ",
    order,
    page,
};

/// The platforms that a plugin can be enabled for.
const PLUGINS: [&str; 4] = ["slack", "discord", "sourcecred", "opencollective"];

fn order(instance: &Instance, order: &Value) -> Result<Value, Refusal> {
    let mut database = instance.open()?;
    let text = |field: &str| order[field].as_str().unwrap_or_default().to_owned();
    let slug = text("slug");
    match order["do"].as_str() {
        Some("settle") => {
            // One transaction: a kill leaves all of it or nothing.
            let work = database.transaction()?;
            let created = settle(&work, order, &slug)?;
            let mut answer = describe(&work, &slug)?;
            answer["created"] = created.into();
            work.commit()?;
            Ok(answer)
        }
        Some("look") => {
            let mut found = Vec::new();
            for slug in column(
                &database,
                "SELECT metagov_slug FROM policyengine_community",
                [],
            )? {
                found.push(describe(&database, &slug)?);
            }
            Ok(json!({ "communities": found }))
        }
        Some("disconnect") => {
            let work = database.transaction()?;
            let community = must_be(&work, &slug)?;
            leave(&work, community, &text("platform"))?;
            let answer = describe(&work, &slug)?;
            work.commit()?;
            Ok(answer)
        }
        Some("probe") => {
            let community = must_be(&database, &slug)?;
            let platform = text("platform");
            let found = column(
                &database,
                "SELECT community_platform_id FROM core_plugin WHERE community_id = ?1 AND name = ?2",
                params![community, platform],
            )?;
            match found.first() {
                Some(id) => Ok(json!({ "seen": format!("{platform} {id} (simulated)") })),
                None => Err(Refusal(
                    1,
                    "DoesNotExist: Plugin matching query does not exist.".to_owned(),
                )),
            }
        }
        Some("policies") => {
            let community = must_be(&database, &slug)?;
            let names = column(
                &database,
                "SELECT name FROM policyengine_policy WHERE community_id = ?1",
                [community],
            )?;
            keep(order, &json!(names))
        }
        Some("rows") => {
            must_be(&database, &slug)?;
            keep(order, &json!([describe(&database, &slug)?]))
        }
        Some("remove") => {
            let work = database.transaction()?;
            let removed = remove(&work, &slug)?;
            work.commit()?;
            Ok(json!({ "removed": removed }))
        }
        _ => Err(Refusal(1, "KeyError: 'do'".to_owned())),
    }
}

fn settle(work: &Transaction<'_>, order: &Value, slug: &str) -> Result<bool, Refusal> {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    if slug.is_empty() || slug.len() > 36 || !slug.chars().all(fits) {
        return Err(Refusal(2, format!("'{slug}' cannot be a short name here")));
    }
    let name = order["name"].as_str().unwrap_or_default();
    work.execute(
        "INSERT OR IGNORE INTO core_community (slug, readable_name) VALUES (?1, ?2)",
        (slug, name),
    )?;
    let created = work.execute(
        "INSERT OR IGNORE INTO policyengine_community (metagov_slug) VALUES (?1)",
        [slug],
    )? == 1;
    let community = must_be(work, slug)?;
    if created {
        platform_row(work, community, "constitution", "", name)?;
    }
    for wanted in order["platforms"].as_array().into_iter().flatten() {
        join(work, community, wanted)?;
    }
    begin_rules(work, community, order)?;
    Ok(created)
}

fn platform_row(
    work: &Connection,
    community: i64,
    platform: &str,
    team: &str,
    name: &str,
) -> Result<(), Refusal> {
    work.execute(
        "INSERT INTO policyengine_communityplatform (community_name, community_id, platform, team_id)
         VALUES (?1, ?2, ?3, ?4)",
        params![name, community, platform, team],
    )?;
    Ok(())
}

fn join(work: &Transaction<'_>, community: i64, wanted: &Value) -> Result<(), Refusal> {
    let text = |field: &str| wanted[field].as_str().unwrap_or_default();
    let (platform, team) = (text("platform"), text("team_id"));
    let holder: Option<(i64, i64)> = work
        .query_row(
            "SELECT community_id, id FROM policyengine_communityplatform WHERE platform = ?1 AND team_id = ?2",
            (platform, team),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    if holder.is_some_and(|(other, _)| other != community) {
        return Err(Refusal(
            3,
            format!("{team} of {platform} belongs to another community here"),
        ));
    }
    if holder.is_none() {
        leave(work, community, platform)?;
        platform_row(work, community, platform, team, text("team_name"))?;
    }
    if !wanted["config"].is_null() {
        let known = PLUGINS.contains(&platform);
        if !known {
            return Err(Refusal(
                1,
                format!("ValueError: No such plugin registered: {platform}"),
            ));
        }
        work.execute(
            "DELETE FROM core_plugin WHERE community_id = ?1 AND name = ?2",
            params![community, platform],
        )?;
        work.execute(
            "INSERT INTO core_plugin (name, config, community_id, community_platform_id) VALUES (?1, '{}', ?2, ?3)",
            params![platform, community, team],
        )?;
    }
    for administrator in wanted["administrators"].as_array().into_iter().flatten() {
        let elsewhere = work.query_row(
            "SELECT count(*) FROM policyengine_communityuser WHERE username = ?1 AND community_id != ?2",
            params![administrator.as_str(), community],
            |row| row.get::<_, i64>(0),
        )?;
        if elsewhere > 0 {
            let name = administrator.as_str().unwrap_or_default();
            return Err(Refusal(
                3,
                format!("the person {name} belongs to another community here"),
            ));
        }
        work.execute(
            "INSERT INTO policyengine_communityuser (username, is_community_admin, community_id) VALUES (?1, 1, ?2)
             ON CONFLICT (username) DO UPDATE SET is_community_admin = 1",
            params![administrator.as_str(), community],
        )?;
    }
    Ok(())
}

/// Everything of one community, as its deletion upstream takes it along.
fn remove(work: &Connection, slug: &str) -> Result<bool, Refusal> {
    let Ok(community) = must_be(work, slug) else {
        return Ok(false);
    };
    for table in [
        "policyengine_communityplatform",
        "policyengine_policy",
        "policyengine_communityrole",
        "policyengine_communityuser",
        "core_plugin",
    ] {
        work.execute(
            &format!("DELETE FROM {table} WHERE community_id = ?1"),
            [community],
        )?;
    }
    work.execute(
        "DELETE FROM policyengine_community WHERE id = ?1",
        [community],
    )?;
    work.execute("DELETE FROM core_community WHERE slug = ?1", [slug])?;
    Ok(true)
}

fn leave(work: &Connection, community: i64, platform: &str) -> Result<(), Refusal> {
    for table in ["policyengine_communityplatform", "core_plugin"] {
        let column = if table == "core_plugin" {
            "name"
        } else {
            "platform"
        };
        work.execute(
            &format!("DELETE FROM {table} WHERE community_id = ?1 AND {column} = ?2"),
            params![community, platform],
        )?;
    }
    Ok(())
}

fn begin_rules(work: &Transaction<'_>, community: i64, order: &Value) -> Result<(), Refusal> {
    let count = |query: &str| work.query_row(query, [community], |row| row.get::<_, i64>(0));
    let homes = count(
        "SELECT count(*) FROM policyengine_communityplatform WHERE community_id = ?1
         AND platform IN ('slack', 'discord', 'discourse')",
    )?;
    let rules = count("SELECT count(*) FROM policyengine_policy WHERE community_id = ?1")?;
    let Some(kit) = order["kit"].as_str().filter(|_| homes > 0 && rules == 0) else {
        return Ok(());
    };
    let role = match kit {
        "0_testing" => None,
        "1_dictator" => Some("Dictator"),
        "4_moderators" => Some("Moderator"),
        _ => return Err(Refusal(2, format!("the starter kit {kit} cannot be used"))),
    };
    let administrators =
        count("SELECT count(*) FROM policyengine_communityuser WHERE community_id = ?1")?;
    if kit == "1_dictator" && administrators == 0 {
        return Err(Refusal(
            2,
            format!("the starter kit {kit} needs at least one administrator"),
        ));
    }
    for name in ["All Platform Actions Pass", "All Constitution Actions Pass"] {
        work.execute(
            "INSERT INTO policyengine_policy (name, community_id) VALUES (?1, ?2)",
            params![name, community],
        )?;
    }
    for name in ["Base User", "Integration Admin"].into_iter().chain(role) {
        work.execute(
            "INSERT INTO policyengine_communityrole (role_name, community_id) VALUES (?1, ?2)",
            params![name, community],
        )?;
    }
    Ok(())
}

fn must_be(database: &Connection, slug: &str) -> Result<i64, Refusal> {
    let found = database.query_row(
        "SELECT id FROM policyengine_community WHERE metagov_slug = ?1",
        [slug],
        |row| row.get(0),
    );
    found
        .optional()?
        .ok_or_else(|| Refusal(2, format!("there is no community {slug} here")))
}

fn column(
    database: &Connection,
    query: &str,
    values: impl rusqlite::Params,
) -> Result<Vec<String>, Refusal> {
    let mut statement = database.prepare(query)?;
    let rows = statement.query_map(values, |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn describe(database: &Connection, slug: &str) -> Result<Value, Refusal> {
    let id = must_be(database, slug)?;
    let all = |query: &str| column(database, query, [id]);
    Ok(json!({
        "community": id,
        "slug": slug,
        "name": all("SELECT community_name FROM policyengine_communityplatform WHERE community_id = ?1 AND platform = 'constitution'")?.first(),
        "policies": all("SELECT name FROM policyengine_policy WHERE community_id = ?1")?.len(),
        "roles": all("SELECT role_name FROM policyengine_communityrole WHERE community_id = ?1 ORDER BY 1")?,
        "administrators": all("SELECT username FROM policyengine_communityuser WHERE community_id = ?1 ORDER BY 1")?,
        "platforms": all("SELECT platform FROM policyengine_communityplatform WHERE community_id = ?1 AND platform != 'constitution' ORDER BY 1")?,
        "plugins": all("SELECT name || ' ' || community_platform_id FROM core_plugin WHERE community_id = ?1 ORDER BY 1")?,
    }))
}

fn page(_instance: &Instance, asked: &Asked) -> Shown {
    match asked.path.as_str() {
        "/" | "/login/" | "/admin/login/" => Shown::page(
            200,
            "<!doctype html><title>PolicyKit (simulated)</title><h1>PolicyKit (simulated)</h1>",
        ),
        "/api/hooks/slack" => slack(&asked.body),
        path if path.starts_with("/api/hooks/") => Shown::page(500, "<h1>Server Error (500)</h1>"),
        _ => Shown::page(404, "<h1>Not Found</h1>"),
    }
}

/// The echo, and nothing else: what carries no signature is refused.
fn slack(body: &Value) -> Shown {
    if body["type"] == "url_verification" {
        return Shown::page(200, body["challenge"].as_str().unwrap_or_default());
    }
    Shown::page(500, "<h1>Server Error (500)</h1>")
}
