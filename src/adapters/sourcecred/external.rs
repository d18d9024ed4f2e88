//! The external graph: contributions that the tool has no plugin for, written by anybody (sheet: sourcecred, connections).

use super::folder::Folder;
use crate::{domain::Fault, services::files};
use serde_json::{Value, json};

/// Puts an empty graph where there is none, so that a run says "no contributions yet" instead of failing.
///
/// # Errors
/// Storage trouble.
pub fn begin(folder: &Folder, name: &str) -> Result<(), Fault> {
    let place = folder.path(&format!("config/plugins/external/{name}"));
    let path = place.join("graph.json");
    if files::read(&path)?.is_none() {
        files::make_folder(&place)?;
        files::write_json(&path, &empty())?;
    }
    Ok(())
}

/// A graph without anything in it.
fn empty() -> Value {
    json!([
        {"type": "sourcecred/weightedGraph", "version": "0.1.0"},
        {
            "graphJSON": [
                {"type": "sourcecred/graph", "version": "0.8.0"},
                {"sortedNodeAddresses": [], "edges": [], "nodes": []},
            ],
            "weightsJSON": [
                {"type": "sourcecred/weights", "version": "0.2.0"},
                {"nodeWeights": {}, "edgeWeights": {}},
            ],
        },
    ])
}
