//! The manifests that ship, and what happens with broken ones.

use super::*;
use crate::domain::PlatformId;

#[test]
fn every_builtin_manifest_is_complete_and_its_patterns_compile() {
    let catalog = Catalog::builtin().unwrap();
    let ids: Vec<&str> = catalog
        .iter()
        .map(|manifest| manifest.id.as_str())
        .collect();
    let known: Vec<&str> = bundle::NOT_DESCRIBED_YET
        .iter()
        .copied()
        .chain(ids.iter().copied())
        .collect();
    let manifests = bundle::builtin(&known, true).unwrap();
    assert_eq!(manifests.len(), ids.len());
    for manifest in manifests {
        for setting in &manifest.settings {
            for value in setting.default.iter().chain(&setting.placeholder) {
                assert_eq!(
                    setting.check(value).map(|_| ()),
                    Ok(()),
                    "{} {}",
                    manifest.id,
                    setting.field
                );
            }
        }
    }
    assert!(catalog.get(&PlatformId::new("matrix")).is_some());
}
