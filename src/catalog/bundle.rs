//! All platforms together: the built-in manifests, and the operator's own beside or instead of them.

use super::{
    CatalogError, Manifest, Origin, ShapeCheck, folder, parse, reader::Result, source::Source,
    suggestion::nearest,
};
use crate::domain::PlatformId;
use std::path::Path;

/// The manifests that are part of this program: file name without its ending, and text.
const BUILTIN: &[(&str, &str)] = &[
    (
        "policykit",
        include_str!("../../assets/platforms/policykit.toml"),
    ),
    ("kybern", include_str!("../../assets/platforms/kybern.toml")),
    (
        "sourcecred",
        include_str!("../../assets/platforms/sourcecred.toml"),
    ),
    (
        "opencollective",
        include_str!("../../assets/platforms/opencollective.toml"),
    ),
    ("loomio", include_str!("../../assets/platforms/loomio.toml")),
    (
        "metagov",
        include_str!("../../assets/platforms/metagov.toml"),
    ),
    ("slack", include_str!("../../assets/platforms/slack.toml")),
    (
        "discord",
        include_str!("../../assets/platforms/discord.toml"),
    ),
    ("matrix", include_str!("../../assets/platforms/matrix.toml")),
    (
        "mastodon",
        include_str!("../../assets/platforms/mastodon.toml"),
    ),
    (
        "discourse",
        include_str!("../../assets/platforms/discourse.toml"),
    ),
];

/// The platforms this installation knows.
#[derive(Debug, Clone)]
pub struct Catalog {
    manifests: Vec<Manifest>,
}

impl<'a> IntoIterator for &'a Catalog {
    type Item = &'a Manifest;
    type IntoIter = std::slice::Iter<'a, Manifest>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Catalog {
    /// The built-in platforms. Their patterns are compiled when first asked.
    ///
    /// # Errors
    /// A built-in manifest is incomplete; a test keeps that from happening.
    pub fn builtin() -> Result<Self> {
        Self::load(None)
    }

    /// The built-in platforms, and those of the `*.toml` files in a folder: a file whose id is known replaces that
    /// manifest whole, another adds a platform. A folder that does not exist adds nothing.
    ///
    /// # Errors
    /// The first manifest that is wrong, with file, line and what to write.
    pub fn load(extra: Option<&Path>) -> Result<Self> {
        let own_files = extra
            .map(folder::manifests)
            .transpose()?
            .unwrap_or_default();
        let names: Vec<String> = own_files.iter().map(|path| folder::stem(path)).collect();
        let known: Vec<&str> = BUILTIN
            .iter()
            .map(|(name, _)| *name)
            .chain(names.iter().map(String::as_str))
            .collect();
        let mut manifests = builtin(&known, false)?;
        for path in own_files {
            let own = operator_manifest(&path, &known)?;
            match manifests.iter_mut().find(|known| known.id == own.id) {
                Some(known) => *known = own,
                None => manifests.push(own),
            }
        }
        manifests.sort_by_key(|manifest| (manifest.group, manifest.order));
        check_order(&manifests)?;
        Ok(Self { manifests })
    }

    /// A catalog of these alone, in the order given, unchecked: for screens and tests on made-up platforms.
    #[must_use]
    pub fn of(manifests: Vec<Manifest>) -> Self {
        Self { manifests }
    }

    /// A platform by its id.
    #[must_use]
    pub fn get(&self, id: &PlatformId) -> Option<&Manifest> {
        self.manifests.iter().find(|manifest| manifest.id == *id)
    }

    /// The platforms in the order of the bundle: governance tools, gateway, homes.
    pub fn iter(&self) -> std::slice::Iter<'_, Manifest> {
        self.manifests.iter()
    }

    /// The known id nearest to one that is not known, for "did you mean".
    #[must_use]
    pub fn nearest(&self, wrong: &str) -> Option<&PlatformId> {
        let ids = self.manifests.iter().map(|manifest| manifest.id.as_str());
        let near = nearest(wrong, ids)?;
        self.manifests
            .iter()
            .map(|manifest| &manifest.id)
            .find(|id| id.as_str() == near)
    }

    /// The text of a built-in manifest, for an operator who wants to write an own one from it.
    #[must_use]
    pub fn builtin_text(id: &PlatformId) -> Option<&'static str> {
        BUILTIN
            .iter()
            .find(|(name, _)| *name == id.as_str())
            .map(|(_, text)| *text)
    }

    /// The platforms whose keys look like this one. Empty for most keys: few platforms mark theirs.
    #[must_use]
    pub fn guess_platform(&self, entry: &str) -> Vec<PlatformId> {
        self.look_alikes(entry.trim())
            .map(|(manifest, _)| manifest.id.clone())
            .collect()
    }

    /// The platforms with a telltale that matches, and whether one of those is sure.
    fn look_alikes<'a>(&'a self, key: &'a str) -> impl Iterator<Item = (&'a Manifest, bool)> {
        self.manifests.iter().filter_map(move |manifest| {
            let mut matching = manifest
                .credentials
                .iter()
                .filter_map(|credential| credential.telltale.as_ref())
                .filter(|telltale| telltale.pattern.matches(key))
                .peekable();
            matching.peek()?;
            Some((manifest, matching.any(|telltale| telltale.sure)))
        })
    }

    /// What the shape of an entry says: what the field itself knows, and whether it is a key of another platform.
    #[must_use]
    pub fn check_credential(&self, id: &PlatformId, field: &str, entry: &str) -> ShapeCheck {
        let Some((manifest, credential)) = self
            .get(id)
            .and_then(|manifest| Some((manifest, manifest.credential(field)?)))
        else {
            return ShapeCheck::Wrong(format!("There is no key {field:?} for {id}."));
        };
        let own = credential.check(entry);
        let issuer = credential.issued_by.as_ref().unwrap_or(id);
        let found: Vec<_> = self.look_alikes(entry.trim()).collect();
        if found
            .iter()
            .any(|(other, _)| other.id == *issuer || other.id == manifest.id)
        {
            return own;
        }
        let surest = found.iter().find(|(_, sure)| *sure).or(found.first());
        let Some((other, sure)) = surest else {
            return own;
        };
        let reason = format!(
            "This looks like a key of {}; {} of {} is {}.",
            other.name, credential.label, manifest.name, credential.shape
        );
        match own {
            ShapeCheck::Ok | ShapeCheck::Soft(_) if !sure => ShapeCheck::Soft(reason),
            _ => ShapeCheck::Wrong(reason),
        }
    }
}

/// The built-in manifests, with their patterns compiled or not.
pub(super) fn builtin(known: &[&str], compile_patterns: bool) -> Result<Vec<Manifest>> {
    BUILTIN
        .iter()
        .map(|(name, text)| {
            let source = Source {
                file: &builtin_file(name),
                text,
                compile_patterns,
                known,
            };
            read(name, source, Origin::Builtin)
        })
        .collect()
}

fn builtin_file(name: &str) -> String {
    format!("assets/platforms/{name}.toml")
}

/// Reads one manifest, whose id must be the name of its file.
pub(super) fn read(name: &str, source: Source<'_>, origin: Origin) -> Result<Manifest> {
    let manifest = parse::manifest(source, origin)?;
    if manifest.id.as_str() == name {
        return Ok(manifest);
    }
    Err(at_key(
        source,
        "id",
        format!(
            "The file is called {name:?} and its id is {:?}.",
            manifest.id.as_str()
        ),
        format!("Write id = {name:?}, or rename the file."),
    ))
}

/// The error about a key at the top of a manifest that was read before.
fn at_key(source: Source<'_>, key: &str, message: String, suggestion: String) -> CatalogError {
    let mut at = 0;
    for line in source.text.split_inclusive('\n') {
        let written = line.split('=').next().unwrap_or_default();
        if written.trim() == key {
            break;
        }
        at += line.len();
    }
    source.error(at, message, suggestion)
}

fn operator_manifest(path: &Path, known: &[&str]) -> Result<Manifest> {
    let text = folder::read(path)?;
    let file = path.display().to_string();
    let source = Source {
        file: &file,
        text: &text,
        compile_patterns: true,
        known,
    };
    read(&folder::stem(path), source, Origin::File(path.to_owned()))
}

/// No two platforms may claim one place in the lists.
fn check_order(manifests: &[Manifest]) -> Result<()> {
    for pair in manifests.windows(2) {
        let [first, second] = pair else { continue };
        if (first.group, first.order) != (second.group, second.order) {
            continue;
        }
        let (blamed, other) = match second.origin {
            Origin::File(_) => (second, first),
            Origin::Builtin => (first, second),
        };
        let (file, text) = match &blamed.origin {
            Origin::File(path) => (path.display().to_string(), folder::read(path)?),
            Origin::Builtin => (
                builtin_file(blamed.id.as_str()),
                Catalog::builtin_text(&blamed.id)
                    .unwrap_or_default()
                    .to_owned(),
            ),
        };
        let source = Source {
            file: &file,
            text: &text,
            compile_patterns: false,
            known: &[],
        };
        return Err(at_key(
            source,
            "order",
            format!("{} has the order {} already.", other.name, other.order),
            "Write an order that no other platform of the group has.".to_owned(),
        ));
    }
    Ok(())
}
