//! What of an instance on this host a proxy may publish, and what it must not.

use super::{
    Manifest,
    reader::{Reader, Result},
};
use serde::Serialize;

/// What may be published of an instance that listens on loopback.
#[derive(Debug, Clone, Serialize)]
pub struct Exposure {
    /// Paths that may be published, each with everything below it. `{community}` stands for the short name.
    pub publish: Vec<String>,
    /// Paths that are left out, wherever they lie.
    pub left_out: Vec<LeftOut>,
    /// The only methods that are let through; none where every method is.
    pub methods: Vec<String>,
    /// Why the proxy itself must ask who comes; none where the service does.
    pub ask_who: Option<String>,
    /// The setting that must hold the public address.
    pub address: Option<String>,
    /// What becomes known or possible by publishing.
    pub tells: Vec<String>,
    /// Where this was read.
    pub source: String,
}

/// A path that is not published, with everything below it.
#[derive(Debug, Clone, Serialize)]
pub struct LeftOut {
    /// The path.
    pub path: String,
    /// Why.
    pub why: String,
    /// The credential with which it is published after all.
    pub unless_key: Option<String>,
    /// Whether an operator may ask for it.
    pub on_request: bool,
}

/// Reads the part of a manifest.
pub(super) fn exposure(mut table: Reader<'_>) -> Result<Exposure> {
    let exposure = Exposure {
        publish: paths(&mut table)?,
        left_out: table
            .optional_tables("left_out")?
            .into_iter()
            .map(left_out)
            .collect::<Result<_>>()?,
        methods: table.optional_texts("methods")?,
        ask_who: table.optional_text("ask_who")?,
        address: table.optional_text("address")?,
        tells: table.optional_texts("tells")?,
        source: table.text("source", "\"where this was read\"")?,
    };
    table.finish()?;
    Ok(exposure)
}

fn paths(table: &mut Reader<'_>) -> Result<Vec<String>> {
    let paths = table.texts("publish", "[\"/\"]")?;
    for path in &paths {
        check("publish", path, table)?;
    }
    Ok(paths)
}

fn left_out(mut table: Reader<'_>) -> Result<LeftOut> {
    let left = LeftOut {
        path: table.text("path", "\"/admin/\"")?,
        why: table.text("why", "\"why it is not published\"")?,
        unless_key: table.optional_text("unless_key")?,
        on_request: table.flag("on_request", false)?,
    };
    check("path", &left.path, &table)?;
    table.finish()?;
    Ok(left)
}

/// A path goes into a proxy's configuration as it is.
fn check(key: &str, path: &str, table: &Reader<'_>) -> Result<()> {
    let plain = path.replace("{community}", "");
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/-_.".contains(letter);
    if path.starts_with('/') && plain.chars().all(is_plain) {
        return Ok(());
    }
    Err(table.error_at(
        key,
        format!("{path:?} is no plain path."),
        "Begin it with / and use letters, digits, dots, dashes and underscores.",
    ))
}

/// What it says about the rest of its manifest.
pub(super) fn check_references(
    exposure: &Exposure,
    manifest: &Manifest,
    root: &Reader<'_>,
) -> Result<()> {
    let wrong = |what: String, write: &str| Err(root.error_at("exposure", what, write));
    if let Some(address) = &exposure.address
        && manifest.setting(address).is_none()
    {
        return wrong(
            format!("{address:?} takes the public address and is no setting."),
            "Write the field of one of the [[settings]].",
        );
    }
    let mut keys = exposure
        .left_out
        .iter()
        .filter_map(|left| left.unless_key.as_ref());
    match keys.find(|key| manifest.credential(key).is_none()) {
        None => Ok(()),
        Some(key) => wrong(
            format!("{key:?} decides what is published and is no credential."),
            "Write the field of one of the [[credentials]].",
        ),
    }
}
