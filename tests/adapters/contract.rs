//! Holds every request that an adapter sends, in whatever test, against its platform's published description.
//!
//! The descriptions are not in this repository; they are looked for in `../shared/specs`. Without them a test says that it
//! was skipped, and requests are not held against anything. Where a description is wrong or leaves out what the platform
//! has, `known.rs` says so, with the reason. Answers are not held against them: platforms add fields at any time.

mod description;
mod known;

use crate::world::World;
use description::Operation;
use guildhall::adapters::http::Recorded;
use jsonschema::Registry;
use serde_json::{Map, Value};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::LazyLock,
};

/// Where the descriptions are, when they are there.
fn folder() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/specs");
    beside.is_dir().then_some(beside)
}

/// The documents under their addresses, by which they refer to each other.
static DOCUMENTS: LazyLock<BTreeMap<String, Value>> = LazyLock::new(|| {
    folder()
        .map(|folder| description::documents(&folder))
        .unwrap_or_default()
});

static REGISTRY: LazyLock<Registry<'static>> = LazyLock::new(|| {
    let documents = DOCUMENTS.iter();
    let registry = documents.fold(Registry::new(), |registry, (address, document)| {
        registry.add(address, document).unwrap()
    });
    registry.prepare().unwrap()
});

static OPERATIONS: LazyLock<BTreeMap<&'static str, Vec<Operation>>> = LazyLock::new(|| {
    let mut operations: BTreeMap<&str, Vec<Operation>> = BTreeMap::new();
    for (address, document) in DOCUMENTS.iter() {
        let platform = description::platform_of(address);
        let found = description::operations(address, document);
        operations.entry(platform).or_default().extend(found);
    }
    operations
});

/// Every request of every test is as the platform describes it.
impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let requests = self.requests();
        let wrong: BTreeSet<String> = requests
            .iter()
            .filter_map(|request| objection(self.platform, request))
            .collect();
        assert!(wrong.is_empty(), "not as described: {wrong:#?}");
    }
}

/// What is wrong with a request, in a sentence; none when it is as described or when there is no description.
pub fn objection(platform: &str, request: &Recorded) -> Option<String> {
    let operations = OPERATIONS.get(platform)?;
    let call = format!("{platform}: {} {}", request.method, request.path);
    if known::reason(platform, &request.method, &request.path).is_some() {
        return None;
    }
    let mut objections = Vec::new();
    let fitting = operations
        .iter()
        .filter(|operation| operation.is(&request.method, &request.path));
    // The same path may be described by names and by a pattern: one description that fits is enough.
    for operation in fitting {
        match judge(operation, request) {
            Ok(()) => return None,
            Err(objection) => objections.push(objection),
        }
    }
    if objections.is_empty() {
        return Some(format!("{call} is not described"));
    }
    Some(format!("{call}: {}", objections.join("; or ")))
}

fn judge(operation: &Operation, request: &Recorded) -> Result<(), String> {
    let query = request.query.as_deref().unwrap_or_default();
    let query: Vec<(String, Value)> = form(query);
    let body = request.body.as_deref().filter(|body| !body.is_empty());
    let (sent, is_form) = match body.map(serde_json::from_str::<Value>) {
        None => (Value::Null, false),
        Some(Ok(json)) => (json, false),
        Some(Err(_)) => {
            let fields: Map<String, Value> = form(body.unwrap_or_default()).into_iter().collect();
            (Value::Object(fields), true)
        }
    };
    if operation.is_one_list {
        let mut all = query;
        all.extend(sent.as_object().cloned().unwrap_or_default());
        return operation.judge_parameters(&all);
    }
    operation.judge_parameters(&query)?;
    operation.judge_body(&sent, is_form)
}

/// Names and values of a query or form, as text.
fn form(text: &str) -> Vec<(String, Value)> {
    url::form_urlencoded::parse(text.as_bytes())
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
        .collect()
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test must say so")]
fn the_judge_refuses_what_is_not_described() {
    if folder().is_none() {
        eprintln!("skipped: there are no descriptions in ../shared/specs");
        return;
    }
    let request = |method: &str, path: &str, query: Option<&str>, body: Option<&str>| Recorded {
        method: method.into(),
        host: "matrix.sandbox".into(),
        path: path.into(),
        query: query.map(str::to_owned),
        header_names: Vec::new(),
        body: body.map(str::to_owned),
        status: Some(200),
    };
    let create = "/_matrix/client/v3/createRoom";
    let join = "/_matrix/client/v3/rooms/%21a/invite";
    for (what, request, part) in [
        (
            "an unknown path",
            request("POST", "/_matrix/client/v3/makeRoom", None, None),
            "not described",
        ),
        (
            "an unknown method",
            request("PUT", create, None, Some("{}")),
            "not described",
        ),
        (
            "an unknown field",
            request("POST", create, None, Some("{\"nome\": \"x\"}")),
            "nome",
        ),
        (
            "a field of another type",
            request("POST", create, None, Some("{\"name\": 7}")),
            "7",
        ),
        (
            "a missing field",
            request("POST", join, None, Some("{}")),
            "user_id",
        ),
        ("a missing body", request("POST", join, None, None), "body"),
        (
            "an unknown parameter",
            request("POST", create, Some("dir=b"), Some("{}")),
            "dir",
        ),
    ] {
        let objection = objection("matrix", &request);
        let objection = objection.unwrap_or_else(|| panic!("{what} was let through"));
        assert!(objection.contains(part), "{what}: {objection}");
    }
    let fine = request("POST", create, None, Some("{\"name\": \"Rosewood\"}"));
    assert_eq!(objection("matrix", &fine), None);
}

#[test]
fn every_description_that_is_there_was_read() {
    let Some(folder) = folder() else { return };
    for platform in ["slack", "discord", "mastodon", "discourse", "matrix"] {
        let operations = OPERATIONS.get(platform);
        let count = operations.map_or(0, Vec::len);
        assert!(
            count > 5,
            "{platform}: {count} operations in {}",
            folder.display()
        );
    }
}
