//! The ledger: `[]` at first, then one JSON event a line, and what is told of the accounts in it.

use super::graph::Person;
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs, path::Path};

/// The events of the ledger.
pub struct Ledger(Vec<Value>);

impl Ledger {
    /// Reads it.
    ///
    /// # Errors
    /// The tool's own words when it is missing or damaged.
    pub fn read(folder: &Path) -> Result<Self, String> {
        let path = folder.join("data/ledger.json");
        let text = fs::read_to_string(&path).map_err(|_| super::missing(&path))?;
        if matches!(text.trim(), "" | "[]") {
            return Ok(Self(Vec::new()));
        }
        let event = |(number, line)| {
            serde_json::from_str(line)
                .map_err(|_| format!("Error: line {} is not valid JSON", number + 1))
        };
        let events: Result<Vec<Value>, String> = text.lines().enumerate().map(event).collect();
        events.map(Self)
    }

    /// Writes it; the last writer wins, and without events it is an empty file, as with the real tool.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), String> {
        let mut text = String::new();
        for event in &self.0 {
            text.push_str(&event.to_string());
            text.push('\n');
        }
        fs::write(folder.join("data/ledger.json"), text).map_err(|error| error.to_string())
    }

    fn actions<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.0
            .iter()
            .map(|event| &event["action"])
            .filter(move |action| action["type"] == kind)
    }

    /// Makes an identity for everybody who has none. Identities start inactive.
    pub fn add_people(&mut self, people: &[Person]) {
        for Person { name, address } in people {
            let known = self
                .actions("ADD_ALIAS")
                .any(|action| action["alias"]["address"] == address.as_str());
            if known {
                continue;
            }
            let id = uuid::Uuid::new_v4().simple().to_string();
            let identity = json!({
                "address": format!("N\0sourcecred\0core\0IDENTITY\0{id}\0"),
                "aliases": [], "id": id, "name": name, "subtype": "USER",
            });
            self.push(&json!({"identity": identity, "type": "CREATE_IDENTITY"}));
            let alias = json!({"address": address, "description": name});
            self.push(&json!({"alias": alias, "identityId": id, "type": "ADD_ALIAS"}));
        }
    }

    fn push(&mut self, action: &Value) {
        self.0.push(json!({
            "action": action,
            "ledgerTimestamp": jiff::Timestamp::now().as_millisecond(),
            "uuid": uuid::Uuid::new_v4().simple().to_string(),
            "version": "1",
        }));
    }

    /// `output/accounts.json`, as other platforms read it.
    pub fn accounts(&self, scores: &BTreeMap<String, f64>) -> Value {
        let accounts: Vec<Value> = self
            .actions("CREATE_IDENTITY")
            .map(|action| {
                let mut identity = action["identity"].clone();
                let id = identity["id"].clone();
                let aliases: Vec<Value> = self
                    .actions("ADD_ALIAS")
                    .filter(|action| action["identityId"] == id)
                    .map(|action| action["alias"].clone())
                    .collect();
                let cred: f64 = aliases
                    .iter()
                    .filter_map(|alias| scores.get(alias["address"].as_str()?))
                    .sum();
                identity["aliases"] = Value::from(aliases);
                json!({
                    "account": {
                        "active": self.is_active(&id), "allocationHistory": [], "balance": "0",
                        "identity": identity, "mergedIdentityIds": [id], "paid": "0", "payoutAddresses": {},
                    },
                    "cred": [cred],
                    "totalCred": cred,
                })
            })
            .collect();
        json!({"accounts": accounts, "unclaimedAliases": []})
    }

    fn is_active(&self, id: &Value) -> bool {
        self.actions("TOGGLE_ACTIVATION")
            .filter(|action| action["identityId"] == *id)
            .count()
            % 2
            == 1
    }

    /// Distributes Grain.
    ///
    /// # Errors
    /// The tool's own words: nobody is active, or there is no new Cred.
    pub fn distribute(
        &mut self,
        config: &Value,
        scores: &BTreeMap<String, f64>,
    ) -> Result<String, String> {
        let policies = config["allocationPolicies"].as_array();
        let Some(policy) = policies.and_then(|list| list.first()) else {
            return Ok("Distributed 0g to 0 identities in 0 distributions".to_owned());
        };
        let active: Vec<Value> = self
            .actions("CREATE_IDENTITY")
            .map(|action| action["identity"]["id"].clone())
            .filter(|id| self.is_active(id))
            .collect();
        if active.is_empty() {
            return Err("Error: must have at least one identity to allocate grain to".to_owned());
        }
        let total: f64 = scores.values().sum();
        let last = self.actions("DISTRIBUTE_GRAIN").last();
        if last.is_some_and(|action| action["credTotal"].as_f64() == Some(total)) {
            return Err(
                "Error: participant grain per interval [0] mismatched with participant grain total 100"
                    .to_owned(),
            );
        }
        let budget = policy["budget"].as_str().unwrap_or("0").to_owned();
        let many = active.len();
        self.push(&json!({"type": "DISTRIBUTE_GRAIN", "budget": budget, "receipts": active, "credTotal": total}));
        Ok(format!(
            "Distributed {budget}g to {many} identities in 1 distributions"
        ))
    }
}
