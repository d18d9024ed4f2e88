//! Whether the programs are here with which services on this host are installed, and what brings those that are missing.

use crate::{
    adapters::process::Runner,
    catalog::Catalog,
    domain::{Choice, Fault, PlatformId},
    engine::Check,
    services::toolchain::{self, Tool},
};
use std::collections::BTreeMap;

/// A check for each tool that a manifest names. One that is missing is trouble where the template of new communities has a
/// platform that needs it, unless the platforms are simulated.
///
/// # Errors
/// What looking for a program brings.
pub async fn checks(
    catalog: &Catalog,
    template: &BTreeMap<PlatformId, Choice>,
    simulated: bool,
) -> Result<Vec<Check>, Fault> {
    let mut needed: Vec<(Tool, Vec<String>, bool)> = Vec::new();
    for manifest in catalog {
        let choice = template.get(&manifest.id).copied();
        let wanted = !simulated && choice.unwrap_or(manifest.default) != Choice::Off;
        for tool in manifest
            .tools
            .iter()
            .filter_map(|name| toolchain::named(name))
        {
            match needed.iter_mut().find(|(known, ..)| *known == tool) {
                Some((_, names, is_wanted)) => {
                    names.push(manifest.name.clone());
                    *is_wanted |= wanted;
                }
                None => needed.push((tool, vec![manifest.name.clone()], wanted)),
            }
        }
    }
    let runner = Runner::default();
    let mut checks = Vec::new();
    for (tool, names, wanted) in needed {
        let found = toolchain::find(&runner, tool).await?;
        let whom = names.join(", ");
        let package = format!("Debian: apt install {}", tool.package);
        let (well, said, hint) = match (found.trouble(), found.path) {
            (None, Some(path)) => {
                let version = found.version.map(|version| format!(", {version}"));
                let version = version.unwrap_or_default();
                (
                    true,
                    format!("{}: {}{version}; for {whom}", tool.name, path.display()),
                    String::new(),
                )
            }
            (trouble, _) => {
                let trouble = trouble.unwrap_or_else(|| format!("{} is not installed", tool.name));
                let said = format!("{trouble}; {whom} cannot be installed without it");
                (!wanted, said, package)
            }
        };
        checks.push(Check {
            what: "tools".to_owned(),
            well,
            found: said,
            hint,
        });
    }
    Ok(checks)
}
