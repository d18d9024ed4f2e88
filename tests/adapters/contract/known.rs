//! Where the descriptions are wrong or silent, and why the adapters are right all the same.

use serde_json::{Value, json};

/// Calls that no description holds: platform, method (all when empty), path (`{}` is one part, `**` the rest), reason.
const UNDESCRIBED: &[(&str, &str, &str, &str)] = &[
    (
        "",
        "",
        "/[secret]",
        "The whole address is a secret: an incoming webhook.",
    ),
    (
        "matrix",
        "",
        "/_synapse/admin/**",
        "Synapse's administration has no machine-readable description (sheet: matrix 4).",
    ),
    (
        "matrix",
        "GET",
        "/_matrix/client/v1/rooms/{}/hierarchy",
        "Described upstream; left out of the folder (sheet: matrix 4, health).",
    ),
    (
        "matrix",
        "GET",
        "/_matrix/client/v3/rooms/{}/state/{}/{}",
        "Described upstream in the module of rooms; left out of the folder, which has the PUT only.",
    ),
    (
        "matrix",
        "GET",
        "/_matrix/client/v3/rooms/{}/members",
        "Described upstream in the module of room lists; left out of the folder.",
    ),
    (
        "matrix",
        "GET",
        "/_matrix/client/v3/rooms/{}/messages",
        "Described upstream in the module of message pages; left out of the folder.",
    ),
    (
        "matrix",
        "GET",
        "/_matrix/client/v3/profile/{}/displayname",
        "Described upstream in the module of profiles; left out of the folder.",
    ),
    (
        "discourse",
        "PUT",
        "/groups/{}/owners.json",
        "A route of the forum's own pages for owners of a group; the description has the one for members only.",
    ),
    (
        "slack",
        "POST",
        "/api/apps.manifest.create",
        "Newer than the description, which was archived in 2021 (sheet: slack 1, H2b).",
    ),
    (
        "slack",
        "POST",
        "/api/apps.manifest.validate",
        "Newer than the description, which was archived in 2021 (sheet: slack 1, H2b).",
    ),
    (
        "slack",
        "POST",
        "/api/apps.manifest.delete",
        "Newer than the description, which was archived in 2021 (sheet: slack 1, H2b).",
    ),
    (
        "slack",
        "POST",
        "/api/tooling.tokens.rotate",
        "Newer than the description, which was archived in 2021 (sheet: slack 2).",
    ),
    (
        "slack",
        "GET",
        "/api/pins.list",
        "Described upstream; left out of the folder.",
    ),
    (
        "slack",
        "GET",
        "/api/users.list",
        "Described upstream; left out of the folder.",
    ),
    (
        "slack",
        "GET",
        "/api/conversations.history",
        "Described upstream; left out of the folder.",
    ),
    (
        "discord",
        "GET",
        "/api/v10/channels/{}/messages",
        "Described upstream; left out of the folder, which has the POST only.",
    ),
    (
        "mastodon",
        "",
        "/api/v1/admin/**",
        "The description has no administration (sheet: mastodon 4, deactivate and remove).",
    ),
    (
        "mastodon",
        "GET",
        "/api/v1/instance",
        "Described upstream; left out of the folder. Servers before 4.0 know only this (sheet: mastodon 4, probe).",
    ),
    (
        "discourse",
        "GET",
        "/session/**",
        "The description has no sessions (sheet: discourse 4, verify and identity).",
    ),
    (
        "discourse",
        "",
        "/admin/api/**",
        "The description has neither webhooks nor API keys (sheet: discourse 4, P6 to P8).",
    ),
    (
        "discourse",
        "",
        "/admin/plugins/chat-integration/**",
        "The description holds no calls of plugins.",
    ),
    (
        "discourse",
        "DELETE",
        "/categories/{}",
        "The description cannot delete a category (sheet: discourse 4, remove hard).",
    ),
    (
        "discourse",
        "DELETE",
        "/invites.json",
        "The description can make an invite and not end it (sheet: discourse 4, P5).",
    ),
    (
        "discourse",
        "GET",
        "/u/{}/invited/pending.json",
        "The description has no list of invites (sheet: discourse 4, P5).",
    ),
    (
        "discourse",
        "POST",
        "/users.json",
        "Described upstream; left out of the folder. Makes the user of the run-time key (sheet: discourse 2).",
    ),
];

/// Why a call may be made that no description holds.
pub fn reason(platform: &str, method: &str, path: &str) -> Option<&'static str> {
    let found = UNDESCRIBED.iter().find(|(of, with, pattern, _)| {
        (of.is_empty() || *of == platform)
            && (with.is_empty() || *with == method)
            && fits(pattern, path)
    });
    found.map(|(_, _, _, reason)| *reason)
}

fn fits(pattern: &str, path: &str) -> bool {
    let mut parts = path.split('/');
    for wanted in pattern.split('/') {
        if wanted == "**" {
            return true;
        }
        let Some(part) = parts.next() else {
            return false;
        };
        if wanted != "{}" && wanted != part {
            return false;
        }
    }
    parts.next().is_none()
}

/// Mends what is known to be wrong in a description.
pub fn mend(platform: &str, document: &mut Value) {
    match platform {
        // Permissions are decimal texts by the documentation; the description knows numbers only.
        "discord" => replace(
            document,
            &["allow", "deny", "permissions"],
            &json!({"type": ["string", "integer", "null"]}),
        ),
        // One address may be sent as a text instead of a list of one.
        "mastodon" => replace(
            document,
            &["redirect_uris"],
            &json!({"type": ["string", "array"]}),
        ),
        // Letting in whom the workspace takes of several (specs/README: missing arguments).
        "slack" => add_parameters(document, "/paths/~1conversations.invite/post", &["force"]),
        // Who sees the members (sheet: discourse 4, P1), and the pages of a list that has hundreds of them.
        "discourse" => {
            let members = "/paths/~1groups~1{name}~1members.json/get";
            add_parameters(document, members, &["limit", "offset"]);
            let group = "/paths/~1admin~1groups.json/post/requestBody/content/application~1json\
                /schema/properties/group/properties";
            if let Some(properties) = document.pointer_mut(group) {
                properties["members_visibility_level"] = json!({"type": "integer"});
            }
        }
        _ => {}
    }
}

/// Adds parameters that a call takes and its description leaves out.
fn add_parameters(document: &mut Value, call: &str, names: &[&str]) {
    let Some(call) = document.pointer_mut(call) else {
        return;
    };
    let added = names
        .iter()
        .map(|name| json!({"name": name, "in": "query", "schema": true}));
    if let Some(parameters) = call["parameters"].as_array_mut() {
        parameters.extend(added);
    }
}

/// Replaces the schema of every property with one of these names.
fn replace(value: &mut Value, names: &[&str], schema: &Value) {
    match value {
        Value::Array(entries) => {
            for entry in entries {
                replace(entry, names, schema);
            }
        }
        Value::Object(fields) => {
            if let Some(Value::Object(properties)) = fields.get_mut("properties") {
                for name in names {
                    if let Some(property) = properties.get_mut(*name) {
                        *property = schema.clone();
                    }
                }
            }
            for field in fields.values_mut() {
                replace(field, names, schema);
            }
        }
        _ => {}
    }
}

/// Parameters of Slack's description that are not sent: the token travels in a header (sheet: slack).
pub fn is_never_sent(platform: &str, parameter: &str) -> bool {
    platform == "slack" && parameter == "token"
}

/// Parameters that the description calls optional and the platform does not do without.
pub fn is_required(platform: &str, path: &str, parameter: &str) -> bool {
    (platform, path, parameter) == ("slack", "/conversations.create", "name")
}
