//! All platforms together: the built-in manifests, and the operator's own beside or instead of them.

use super::{
    CatalogError, Manifest, Origin, ShapeCheck,
    entry::{Entry, Heading},
    folder, parse,
    reader::Result,
    source::Source,
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
    entries: Vec<Entry>,
}

/// The manifests in the order of the bundle.
pub type Manifests<'a> =
    std::iter::FilterMap<std::slice::Iter<'a, Entry>, fn(&'a Entry) -> Option<&'a Manifest>>;

impl<'a> IntoIterator for &'a Catalog {
    type Item = &'a Manifest;
    type IntoIter = Manifests<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Catalog {
    /// The built-in platforms. Each manifest is read when it is first asked for, its patterns likewise.
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
        let mut entries = BUILTIN
            .iter()
            .map(|(name, text)| Entry::builtin(name, text))
            .collect::<Result<Vec<_>>>()?;
        for path in own_files {
            let own = Entry::of(operator_manifest(&path, &known)?);
            match entries
                .iter_mut()
                .find(|known| known.heading.id == own.heading.id)
            {
                Some(known) => *known = own,
                None => entries.push(own),
            }
        }
        entries.sort_by_key(|entry| (entry.heading.group, entry.heading.order));
        check_order(&entries)?;
        Ok(Self { entries })
    }

    /// A catalog of these alone, in the order given, unchecked: for screens and tests on made-up platforms.
    #[must_use]
    pub fn of(manifests: Vec<Manifest>) -> Self {
        Self {
            entries: manifests.into_iter().map(Entry::of).collect(),
        }
    }

    /// A platform by its id.
    #[must_use]
    pub fn get(&self, id: &PlatformId) -> Option<&Manifest> {
        self.entries
            .iter()
            .find(|entry| entry.heading.id == *id)?
            .manifest()
    }

    /// The platforms in the order of the bundle: governance tools, gateway, homes. Reads every manifest; where a name and
    /// a place are enough, [`Catalog::headings`] is cheaper.
    pub fn iter(&self) -> Manifests<'_> {
        self.entries.iter().filter_map(Entry::manifest)
    }

    /// What every platform is called and where it stands, in the order of the bundle.
    pub fn headings(&self) -> impl Iterator<Item = &Heading> {
        self.entries.iter().map(|entry| &entry.heading)
    }

    /// What a platform is called and where it stands.
    #[must_use]
    pub fn heading(&self, id: &PlatformId) -> Option<&Heading> {
        self.headings().find(|heading| heading.id == *id)
    }

    /// The known id nearest to one that is not known, for "did you mean".
    #[must_use]
    pub fn nearest(&self, wrong: &str) -> Option<&PlatformId> {
        let near = nearest(wrong, self.headings().map(|heading| heading.id.as_str()))?;
        self.headings()
            .map(|heading| &heading.id)
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
        self.iter().filter_map(move |manifest| {
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

fn builtin_file(name: &str) -> String {
    format!("assets/platforms/{name}.toml")
}

/// Reads a built-in manifest whole, with its patterns compiled or not.
pub(super) fn read_builtin(name: &str, text: &str, compile_patterns: bool) -> Result<Manifest> {
    let known: Vec<&str> = BUILTIN.iter().map(|(name, _)| *name).collect();
    let source = Source {
        file: &builtin_file(name),
        text,
        compile_patterns,
        known: &known,
    };
    read(name, source, Origin::Builtin)
}

/// Reads the heading of a built-in manifest from the keys at its top.
pub(super) fn builtin_heading(name: &str, top: &str) -> Result<Heading> {
    let source = Source {
        file: &builtin_file(name),
        text: top,
        compile_patterns: false,
        known: &[],
    };
    let heading = parse::heading(source)?;
    check_name(name, source, &heading.id)?;
    Ok(heading)
}

/// Reads one manifest, whose id must be the name of its file.
fn read(name: &str, source: Source<'_>, origin: Origin) -> Result<Manifest> {
    let manifest = parse::manifest(source, origin)?;
    check_name(name, source, &manifest.id)?;
    Ok(manifest)
}

fn check_name(name: &str, source: Source<'_>, id: &PlatformId) -> Result<()> {
    if id.as_str() == name {
        return Ok(());
    }
    Err(at_key(
        source,
        "id",
        format!(
            "The file is called {name:?} and its id is {:?}.",
            id.as_str()
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
fn check_order(entries: &[Entry]) -> Result<()> {
    for pair in entries.windows(2) {
        let [first, second] = pair else { continue };
        let (one, another) = (&first.heading, &second.heading);
        if (one.group, one.order) != (another.group, another.order) {
            continue;
        }
        let (blamed, other) = match second.file() {
            Some(_) => (second, one),
            None => (first, another),
        };
        let (file, text) = match blamed.file() {
            Some(path) => (path.display().to_string(), folder::read(path)?),
            None => (
                builtin_file(blamed.heading.id.as_str()),
                Catalog::builtin_text(&blamed.heading.id)
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
