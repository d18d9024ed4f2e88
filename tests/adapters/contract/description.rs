//! Reads descriptions (`OpenAPI` 3.1, Swagger 2.0) as far as requests are concerned.

use super::{REGISTRY, known};
use jsonschema::Validator;
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs, path::Path};

/// What begins the address of every document.
const SCHEME: &str = "https://specs.invalid/";
const METHODS: [&str; 6] = ["get", "put", "post", "delete", "patch", "head"];

/// One call as described.
pub struct Operation {
    platform: &'static str,
    method: String,
    /// Whether it may be sent by POST although only GET is described.
    or_post: bool,
    /// The parts of the path; one in braces stands for any.
    path: Vec<String>,
    described_path: String,
    /// Whether query and body are one list of arguments.
    pub is_one_list: bool,
    parameters: Vec<Parameter>,
    body: Option<Body>,
}

struct Parameter {
    name: String,
    required: bool,
    schema: Value,
}

struct Body {
    required: bool,
    schema: Value,
}

/// Every document below the folder, mended, by its address.
pub fn documents(folder: &Path) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(place) = folders.pop() {
        for entry in fs::read_dir(&place).unwrap() {
            let path = entry.unwrap().path();
            let extension = path.extension().unwrap_or_default();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let mut document: Value = if extension == "json" {
                serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap()
            } else if extension == "yaml" {
                serde_saphyr::from_str(&fs::read_to_string(&path).unwrap()).unwrap()
            } else {
                continue;
            };
            let name = path.strip_prefix(folder).unwrap().display();
            let address = format!("{SCHEME}{name}");
            known::mend(platform_of(&address), &mut document);
            found.insert(address, document);
        }
    }
    found
}

/// The platform whose description a document is.
pub fn platform_of(address: &str) -> &'static str {
    let name = address.trim_start_matches(SCHEME);
    ["slack", "discord", "mastodon", "discourse", "matrix"]
        .into_iter()
        .find(|platform| name.starts_with(platform))
        .unwrap_or("none")
}

/// Every call that a document describes.
pub fn operations(address: &str, document: &Value) -> Vec<Operation> {
    let platform = platform_of(address);
    let base = base_path(document);
    let mut found = Vec::new();
    for (path, calls) in document["paths"].as_object().into_iter().flatten() {
        for method in METHODS {
            let call = &calls[method];
            if call.is_null() {
                continue;
            }
            let place = format!("{address}#/paths/{}/{method}", pointer(path));
            let shared = calls["parameters"].as_array().into_iter().flatten();
            let own = call["parameters"].as_array().into_iter().flatten();
            let is_old = document["swagger"].is_string();
            let parameters = shared
                .chain(own)
                .filter_map(|one| parameter(address, document, one));
            let whole = format!("{base}{path}");
            found.push(Operation {
                platform,
                method: method.to_uppercase(),
                or_post: is_old,
                path: parts(&whole),
                described_path: path.clone(),
                is_one_list: is_old,
                parameters: parameters.collect(),
                body: body(&place, call),
            });
        }
    }
    found
}

/// The path below which all others lie.
fn base_path(document: &Value) -> String {
    if let Some(base) = document["basePath"].as_str() {
        return base.to_owned();
    }
    let server = &document["servers"][0];
    if let Some(base) = server["variables"]["basePath"]["default"].as_str() {
        return base.to_owned();
    }
    let address = server["url"].as_str().unwrap_or_default();
    let after_host = address
        .split("://")
        .nth(1)
        .and_then(|rest| rest.split_once('/'));
    after_host.map_or_else(String::new, |(_, path)| format!("/{path}"))
}

/// The parts of a path. Some descriptions end one in a space, to write it twice.
fn parts(path: &str) -> Vec<String> {
    let path = path.trim().trim_start_matches('/').split('/');
    path.map(str::to_owned).collect()
}

/// A name as a step of a JSON pointer inside an address.
fn pointer(name: &str) -> String {
    let escaped = name.replace('~', "~0").replace('/', "~1");
    let escaped = escaped.replace('{', "%7B").replace('}', "%7D");
    escaped.replace(' ', "%20")
}

fn parameter(address: &str, document: &Value, described: &Value) -> Option<Parameter> {
    let described = match described["$ref"].as_str() {
        Some(target) => document.pointer(target.trim_start_matches('#'))?,
        None => described,
    };
    let place = described["in"].as_str()?;
    if !["query", "formData"].contains(&place) {
        return None;
    }
    let schema = match described.get("schema") {
        // Taken out of its document, a reference has to say into which document it leads.
        Some(schema) => match schema["$ref"].as_str() {
            Some(target) => json!({"$ref": format!("{address}{target}")}),
            None => schema.clone(),
        },
        None => json!({"type": described["type"]}),
    };
    Some(Parameter {
        name: described["name"].as_str()?.to_owned(),
        required: described["required"] == true,
        schema,
    })
}

fn body(place: &str, call: &Value) -> Option<Body> {
    let described = call.get("requestBody")?;
    let (kind, content) = described["content"].as_object()?.iter().next()?;
    let target = format!("{place}/requestBody/content/{}/schema", pointer(kind));
    // What a schema neither names nor leaves open is not described.
    let schema = if is_open(&content["schema"]) {
        json!({"$ref": target})
    } else {
        json!({"$ref": target, "unevaluatedProperties": false})
    };
    Some(Body {
        required: described["required"] == true,
        schema,
    })
}

/// Whether a schema names no field at all: any object is meant.
fn is_open(schema: &Value) -> bool {
    let names = ["properties", "$ref", "allOf", "anyOf", "oneOf"];
    !names.iter().any(|name| schema.get(name).is_some())
}

fn validator(schema: &Value) -> Validator {
    let options = jsonschema::options().with_registry(&REGISTRY).offline();
    let built = options.build(schema);
    built.unwrap_or_else(|error| panic!("{schema}: {error}"))
}

impl Operation {
    /// Whether it is this call.
    pub fn is(&self, method: &str, path: &str) -> bool {
        let is_method = self.method == method || (self.or_post && method == "POST");
        let sent = parts(path);
        is_method
            && sent.len() == self.path.len()
            && self
                .path
                .iter()
                .zip(&sent)
                .all(|(wanted, part)| wanted == part || fits(wanted, part))
    }

    /// Every parameter is described and right, and none is missing.
    pub fn judge_parameters(&self, sent: &[(String, Value)]) -> Result<(), String> {
        for (name, value) in sent {
            let plain = name.trim_end_matches("[]");
            let known = self
                .parameters
                .iter()
                .find(|one| one.name == *name || one.name.trim_end_matches("[]") == plain);
            let Some(known) = known else {
                return Err(format!("the parameter {name} is not described"));
            };
            let schema = if name.ends_with("[]") {
                known.schema.get("items").unwrap_or(&Value::Bool(true))
            } else {
                &known.schema
            };
            if !is_right(&validator(schema), value) {
                return Err(format!(
                    "the parameter {name} is {value}, which is not {schema}"
                ));
            }
        }
        for parameter in &self.parameters {
            let name = &parameter.name;
            let must = (parameter.required
                || known::is_required(self.platform, &self.described_path, name))
                && !known::is_never_sent(self.platform, name);
            if must && !sent.iter().any(|(sent, _)| sent == name) {
                return Err(format!("the parameter {name} is missing"));
            }
        }
        Ok(())
    }

    /// The body is as described.
    pub fn judge_body(&self, sent: &Value, is_form: bool) -> Result<(), String> {
        let Some(body) = &self.body else {
            // Some clients must send an empty object where nothing is asked for.
            let nothing = sent.is_null() || sent.as_object().is_some_and(serde_json::Map::is_empty);
            return if nothing {
                Ok(())
            } else {
                Err(format!("a body is sent where none is described: {sent}"))
            };
        };
        if sent.is_null() {
            return if body.required {
                Err("the body is missing".to_owned())
            } else {
                Ok(())
            };
        }
        let validator = validator(&body.schema);
        if is_form && is_right_as_form(&validator, sent) {
            return Ok(());
        }
        let wrong: Vec<String> = validator
            .iter_errors(sent)
            .map(|error| format!("{} at {}", error, error.instance_path()))
            .collect();
        if wrong.is_empty() {
            Ok(())
        } else {
            Err(format!("the body {sent}: {}", wrong.join(", ")))
        }
    }
}

/// A part of a path that is described with something in braces: `{id}`, `{id}.json`.
fn fits(wanted: &str, part: &str) -> bool {
    let Some((before, rest)) = wanted.split_once('{') else {
        return false;
    };
    let Some((_, after)) = rest.split_once('}') else {
        return false;
    };
    // The key of a piece of state may be empty, as that of most is.
    let least = before.len() + after.len() + usize::from(wanted != "{stateKey}");
    part.len() >= least && part.starts_with(before) && part.ends_with(after)
}

/// A text is read as what the schema wants it to be.
fn is_right(validator: &Validator, value: &Value) -> bool {
    let read = value
        .as_str()
        .and_then(|text| serde_json::from_str(text).ok());
    validator.is_valid(value) || read.is_some_and(|read: Value| validator.is_valid(&read))
}

/// A form knows texts only: numbers and switches in it are read as such.
fn is_right_as_form(validator: &Validator, sent: &Value) -> bool {
    let fields = sent.as_object().into_iter().flatten();
    let read: serde_json::Map<String, Value> = fields
        .map(|(name, value)| {
            let text = value.as_str().unwrap_or_default();
            let read = serde_json::from_str(text).ok();
            let scalar = read.filter(|read: &Value| read.is_number() || read.is_boolean());
            (name.clone(), scalar.unwrap_or_else(|| value.clone()))
        })
        .collect();
    validator.is_valid(sent) || validator.is_valid(&Value::Object(read))
}
