//! Which programs of this host a runtime needs, which are here, and what brings the missing ones.

use super::command::{Command, Commands};
use crate::domain::{Fault, FaultKind};
use std::{
    fmt,
    path::{Path, PathBuf},
};

/// A program that a runtime needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tool {
    /// What it is called in messages.
    pub name: &'static str,
    /// The names under which it is looked for, the best first.
    pub programs: &'static [&'static str],
    /// The oldest version that works, major and minor; none when any does.
    pub at_least: Option<(u32, u32)>,
    /// The newest minor version that works; none when newer ones do.
    pub at_most: Option<(u32, u32)>,
    /// The Debian package that brings it.
    pub package: &'static str,
    /// What it is needed for.
    pub needed_for: &'static str,
}

/// Node, as a runtime from npm needs it: 18 is the oldest that is still found on servers (sheet: sourcecred 3 asks for 12).
pub const NODE: Tool = Tool {
    name: "Node",
    programs: &["node", "nodejs"],
    at_least: Some((18, 0)),
    at_most: None,
    package: "nodejs",
    needed_for: "running what is installed from npm",
};
/// npm; from 8.3 it knows overrides (sheet: sourcecred 3).
pub const NPM: Tool = Tool {
    name: "npm",
    programs: &["npm"],
    at_least: Some((8, 3)),
    at_most: None,
    package: "npm",
    needed_for: "installing from npm",
};
/// A C++ compiler.
pub const COMPILER: Tool = Tool {
    name: "a C++ compiler",
    programs: &["c++", "g++", "clang++"],
    at_least: None,
    at_most: None,
    package: "g++",
    needed_for: "building native modules",
};
/// make.
pub const MAKE: Tool = Tool {
    name: "make",
    programs: &["make"],
    at_least: None,
    at_most: None,
    package: "make",
    needed_for: "building native modules",
};
/// Python 3, which node-gyp runs.
pub const PYTHON: Tool = Tool {
    name: "Python 3",
    programs: &["python3"],
    at_least: Some((3, 8)),
    at_most: None,
    package: "python3",
    needed_for: "building native modules",
};

/// A program that fetches sources at a commit.
pub const GIT: Tool = Tool {
    name: "git",
    programs: &["git"],
    at_least: None,
    at_most: None,
    package: "git",
    needed_for: "fetching sources",
};
/// Python for PolicyKit and the Gateway (sheets: policykit 3, metagov 3: on 3.11; 3.13 lacks a module, 3.12 was not run).
pub const PYTHON_3_11: Tool = Tool {
    name: "Python 3.10 or 3.11",
    programs: &["python3.11", "python3.10", "python3"],
    at_least: Some((3, 10)),
    at_most: Some((3, 11)),
    package: "python3.11-venv",
    needed_for: "running PolicyKit and the Metagov Gateway",
};
/// Python for Kybern (sheet: kybern 3: Django 3.0 cannot be imported by 3.12).
pub const PYTHON_3_8: Tool = Tool {
    name: "Python 3.8 to 3.11",
    programs: &[
        "python3.11",
        "python3.10",
        "python3.9",
        "python3.8",
        "python3",
    ],
    at_least: Some((3, 8)),
    at_most: Some((3, 11)),
    package: "python3.11-venv",
    needed_for: "running Kybern",
};
/// Node for PolicyKit's front end (sheet: policykit 3: built with 20, others were not tried).
pub const NODE_20: Tool = Tool {
    name: "Node 20",
    programs: &["node", "nodejs"],
    at_least: Some((20, 0)),
    at_most: None,
    package: "nodejs",
    needed_for: "building PolicyKit's pages",
};

/// The tools that manifests name, by these names.
const KNOWN: [(&str, Tool); 9] = [
    ("c++", COMPILER),
    ("git", GIT),
    ("make", MAKE),
    ("node", NODE),
    ("node-20", NODE_20),
    ("npm", NPM),
    ("python-3", PYTHON),
    ("python-3.8-3.11", PYTHON_3_8),
    ("python-3.10-3.11", PYTHON_3_11),
];

/// A tool by the name that manifests give it.
#[must_use]
pub fn named(name: &str) -> Option<Tool> {
    let found = KNOWN.iter().find(|(known, _)| *known == name);
    found.map(|(_, tool)| *tool)
}

/// A version as programs tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// The first number.
    pub major: u32,
    /// The second.
    pub minor: u32,
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)
    }
}

impl Version {
    /// The first two numbers, joined by a dot, in what a program says of itself.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        text.split(|character: char| !character.is_ascii_digit() && character != '.')
            .find_map(|word| {
                let mut numbers = word.split('.').map(str::parse::<u32>);
                Some(Self {
                    major: numbers.next()?.ok()?,
                    minor: numbers.next()?.ok()?,
                })
            })
    }
}

/// What was found of a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Which tool.
    pub tool: Tool,
    /// Where it is; none when it is missing.
    pub path: Option<PathBuf>,
    /// Its version, when it told one.
    pub version: Option<Version>,
}

impl Found {
    /// What is wrong with it, in half a sentence; none when it will do.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        let Tool {
            name,
            at_least,
            at_most,
            ..
        } = self.tool;
        if self.path.is_none() {
            return Some(format!("{name} is not installed"));
        }
        if at_least.is_none() && at_most.is_none() {
            return None;
        }
        let Some(version) = self.version else {
            return Some(format!("{name} does not tell its version"));
        };
        let told = |(major, minor), which| {
            format!("{name} is {version}, and {major}.{minor} is the {which} that works")
        };
        let number = (version.major, version.minor);
        at_least
            .filter(|oldest| number < *oldest)
            .map(|oldest| told(oldest, "oldest"))
            .or_else(|| {
                at_most
                    .filter(|newest| number > *newest)
                    .map(|newest| told(newest, "newest"))
            })
    }
}

/// Looks for a tool in `PATH` and asks for its version. Of several it is the first that will do, else the first.
///
/// # Errors
/// [`FaultKind::Cancelled`] and other faults of running it; that it is missing is no fault.
pub async fn find(commands: &dyn Commands, tool: Tool) -> Result<Found, Fault> {
    let mut best: Option<Found> = None;
    for path in tool.programs.iter().filter_map(|program| in_path(program)) {
        let mut found = Found {
            tool,
            path: Some(path.clone()),
            version: None,
        };
        if tool.at_least.is_some() || tool.at_most.is_some() {
            let asked = commands
                .run(Command::new(path).arguments(["--version"]))
                .await?;
            // A program that only stands in for others may be there and have no version to run.
            if asked.code == Some(0) {
                found.version =
                    Version::read(&asked.output).or_else(|| Version::read(&asked.errors));
            }
        }
        if found.trouble().is_none() {
            return Ok(found);
        }
        best.get_or_insert(found);
    }
    Ok(best.unwrap_or(Found {
        tool,
        path: None,
        version: None,
    }))
}

/// The places of these tools, in their order.
///
/// # Errors
/// [`FaultKind::Host`] naming everything that is missing at once, with the packages that bring it.
pub async fn require(commands: &dyn Commands, tools: &[Tool]) -> Result<Vec<PathBuf>, Fault> {
    let mut places = Vec::new();
    let mut troubles = Vec::new();
    let mut packages = Vec::new();
    for tool in tools {
        let found = find(commands, *tool).await?;
        if let Some(trouble) = found.trouble() {
            troubles.push(trouble);
            packages.push(tool.package);
        }
        places.extend(found.path);
    }
    if troubles.is_empty() {
        return Ok(places);
    }
    packages.dedup();
    Err(
        Fault::new(FaultKind::Host, format!("{}.", troubles.join("; "))).hint(format!(
            "Install what is missing (Debian: apt install {}), then try again.",
            packages.join(" ")
        )),
    )
}

/// The folder of Node's headers, when they are on this host: with them a native module is built without the network.
#[must_use]
pub fn node_headers(node: &Path) -> Option<PathBuf> {
    let real = node.canonicalize().ok()?;
    let prefix = real.parent()?.parent()?;
    prefix
        .join("include/node/node_version.h")
        .is_file()
        .then(|| prefix.to_owned())
}

/// Where a program lies; none when it is not in `PATH`.
#[must_use]
pub fn in_path(program: &str) -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt as _;
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(program))
        .find(|path| {
            path.metadata()
                .is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_the_programs_write_them() {
        let read = |text| Version::read(text).map(|version| (version.major, version.minor));
        assert_eq!(read("v20.20.2\n"), Some((20, 20)));
        assert_eq!(read("11.19.1"), Some((11, 19)));
        assert_eq!(read("Python 3.11.7"), Some((3, 11)));
        assert_eq!(read("no number"), None);
    }

    #[test]
    fn every_tool_of_a_manifest_is_known() {
        let catalog = crate::catalog::Catalog::builtin().unwrap();
        let all: Vec<&String> = catalog
            .iter()
            .flat_map(|manifest| &manifest.tools)
            .collect();
        assert!(all.len() > 8, "{all:?}");
        for name in all {
            assert!(named(name).is_some(), "{name}");
        }
    }

    #[test]
    fn the_wrong_python_is_told_with_what_would_be_right() {
        let of = |tool: Tool, version| Found {
            tool,
            path: Some("/usr/bin/python3".into()),
            version: Version::read(version),
        };
        let newer = of(PYTHON_3_11, "Python 3.13.1").trouble().unwrap();
        assert!(newer.contains("3.13") && newer.contains("3.11"), "{newer}");
        assert_eq!(of(PYTHON_3_11, "Python 3.11.2").trouble(), None);
        let none = Found {
            tool: PYTHON_3_11,
            path: None,
            version: None,
        };
        assert!(none.trouble().is_some());
    }

    #[test]
    fn an_old_tool_is_told_with_both_versions() {
        let found = Found {
            tool: NODE,
            path: Some("/usr/bin/node".into()),
            version: Version::read("v12.22.0"),
        };
        assert_eq!(
            found.trouble().unwrap(),
            "Node is 12.22, and 18.0 is the oldest that works"
        );
    }
}
