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
    package: "nodejs",
    needed_for: "running what is installed from npm",
};
/// npm; from 8.3 it knows overrides (sheet: sourcecred 3).
pub const NPM: Tool = Tool {
    name: "npm",
    programs: &["npm"],
    at_least: Some((8, 3)),
    package: "npm",
    needed_for: "installing from npm",
};
/// A C++ compiler.
pub const COMPILER: Tool = Tool {
    name: "a C++ compiler",
    programs: &["c++", "g++", "clang++"],
    at_least: None,
    package: "g++",
    needed_for: "building native modules",
};
/// make.
pub const MAKE: Tool = Tool {
    name: "make",
    programs: &["make"],
    at_least: None,
    package: "make",
    needed_for: "building native modules",
};
/// Python 3, which node-gyp runs.
pub const PYTHON: Tool = Tool {
    name: "Python 3",
    programs: &["python3"],
    at_least: Some((3, 8)),
    package: "python3",
    needed_for: "building native modules",
};

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
        let Tool { name, at_least, .. } = self.tool;
        if self.path.is_none() {
            return Some(format!("{name} is not installed"));
        }
        let (major, minor) = at_least?;
        match self.version {
            Some(version) if version >= (Version { major, minor }) => None,
            Some(version) => Some(format!(
                "{name} is {version}, and {major}.{minor} is the oldest that works"
            )),
            None => Some(format!("{name} does not tell its version")),
        }
    }
}

/// Looks for a tool in `PATH` and asks for its version.
///
/// # Errors
/// [`FaultKind::Cancelled`] and other faults of running it; that it is missing is no fault.
pub async fn find(commands: &dyn Commands, tool: Tool) -> Result<Found, Fault> {
    let path = tool.programs.iter().find_map(|program| in_path(program));
    let mut found = Found {
        tool,
        path,
        version: None,
    };
    if let (Some(path), Some(_)) = (&found.path, tool.at_least) {
        let asked = commands
            .run(Command::new(path).arguments(["--version"]))
            .await?;
        found.version = Version::read(&asked.output).or_else(|| Version::read(&asked.errors));
    }
    Ok(found)
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

fn in_path(program: &str) -> Option<PathBuf> {
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
