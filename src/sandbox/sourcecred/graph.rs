//! What a source contributed: the stand-in's graph.

use super::{missing, read_json_as};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeMap, path::Path};

/// A person as a source names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The name, as the tool coerces it.
    pub name: String,
    /// The address of the alias.
    pub address: String,
}

/// Everything a source contributed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Contributions {
    /// The people in it.
    pub people: Vec<Person>,
    /// For each contribution: when, and the addresses of those it is credited to.
    pub made: Vec<(i64, Vec<String>)>,
}

impl Contributions {
    /// What a source contributed, from its cache or its files.
    pub fn of(folder: &Path, plugin: &str) -> Result<Self, String> {
        match plugin.split_once('/') {
            Some(("external", name)) => Self::external(folder, name),
            Some(("sourcecred", "discourse")) => {
                let cache = folder.join("cache/sourcecred/discourse/mirror.json");
                if cache.is_file() {
                    read_json_as(&cache)
                } else {
                    Ok(Self::default())
                }
            }
            _ => Ok(Self::default()),
        }
    }

    fn external(folder: &Path, name: &str) -> Result<Self, String> {
        let place = folder.join(format!("config/plugins/external/{name}"));
        let path = place.join("graph.json");
        if !path.is_file() {
            return Err(missing(&place.join("graph")));
        }
        let whole: Value = read_json_as(&path)?;
        let graph = &whole[1]["graphJSON"][1];
        let addresses: Vec<String> = list(&graph["sortedNodeAddresses"])
            .map(|parts| {
                let words: Vec<&str> = list(parts).filter_map(Value::as_str).collect();
                format!("N\0{}\0", words.join("\0"))
            })
            .collect();
        let times: BTreeMap<u64, i64> = list(&graph["nodes"])
            .filter_map(|node| Some((node["index"].as_u64()?, node["timestampMs"].as_i64()?)))
            .collect();
        let mut made: BTreeMap<u64, (i64, Vec<String>)> = times
            .into_iter()
            .map(|(index, time)| (index, (time, Vec::new())))
            .collect();
        for edge in list(&graph["edges"]) {
            let ends = (edge["srcIndex"].as_u64(), edge["dstIndex"].as_u64());
            if let (Some(from), Some(to)) = ends {
                let person = usize::try_from(to).ok().and_then(|to| addresses.get(to));
                if let (Some(contribution), Some(person)) = (made.get_mut(&from), person) {
                    contribution.1.push(person.clone());
                }
            }
        }
        let proposals = place.join("identityProposals.json");
        let people = if proposals.is_file() {
            let proposals: Value = read_json_as(&proposals)?;
            list(&proposals)
                .filter_map(|proposal| {
                    Some(Person {
                        name: proposal["name"].as_str()?.to_owned(),
                        address: proposal["alias"]["address"].as_str()?.to_owned(),
                    })
                })
                .collect()
        } else {
            Vec::new()
        };
        Ok(Self {
            people,
            made: made.into_values().collect(),
        })
    }

    /// Joins what another source contributed.
    pub fn add(&mut self, other: Self) {
        self.people.extend(other.people);
        self.made.extend(other.made);
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
