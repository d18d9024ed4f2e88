//! Scores by plain arithmetic: one Cred for each contribution, shared by those it is credited to.

use super::graph::Contributions;
use std::collections::BTreeMap;

/// The Cred of each address.
///
/// # Errors
/// The tool's own words when there is nothing to score.
pub fn view(all: &Contributions) -> Result<BTreeMap<String, f64>, String> {
    if all.made.is_empty() {
        return Err("Error: need at least one interval".to_owned());
    }
    let known = |address: &&String| all.people.iter().any(|person| person.address == **address);
    let mut scores = BTreeMap::new();
    for (_, addresses) in &all.made {
        let credited: Vec<&String> = addresses.iter().filter(known).collect();
        let many = u32::try_from(credited.len()).unwrap_or(u32::MAX);
        for address in credited {
            *scores.entry(address.clone()).or_insert(0.0) += 1.0 / f64::from(many);
        }
    }
    if scores.is_empty() {
        return Err("Error: No outflow from seed; add cred-minting nodes".to_owned());
    }
    Ok(scores)
}
