//! What units cannot see: they have folders for temporary files of their own (`PrivateTmp=`, `systemd.exec(5)`), so what
//! lies in the host's is not there for them.

use super::super::ServiceDescription;
use crate::domain::{Fault, FaultKind};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The folders of which each unit has its own.
const PRIVATE: [&str; 2] = ["/tmp", "/var/tmp"];

/// The private folder in which this lies, links followed as far as it is there.
pub fn lies_in(path: &Path) -> Option<&'static str> {
    let real = path
        .ancestors()
        .find_map(|known| Some((known, fs::canonicalize(known).ok()?)))
        .map_or_else(
            || path.to_owned(),
            |(known, real)| real.join(path.strip_prefix(known).unwrap_or(Path::new(""))),
        );
    PRIVATE.into_iter().find(|private| {
        let there = fs::canonicalize(private).unwrap_or_else(|_| PathBuf::from(private));
        real.starts_with(there)
    })
}

/// Refuses a service of which a unit would not see everything.
///
/// # Errors
/// [`FaultKind::Host`].
pub fn require_seen(service: &ServiceDescription) -> Result<(), Fault> {
    // What the walls show is bound to its place, wherever that is.
    let is_shown = |path: &Path| {
        service.walls.as_ref().is_some_and(|walls| {
            let mut shown = walls.reads.iter().chain([&walls.own]);
            shown.any(|shown| path.starts_with(shown))
        })
    };
    let launches = service.launches();
    let mut paths = launches.flat_map(|(_, launch)| {
        [&launch.program, &launch.folder]
            .into_iter()
            .chain(&launch.writes)
    });
    let hidden = paths.find_map(|path| {
        let private = lies_in(path).filter(|_| !is_shown(path))?;
        Some((path, private))
    });
    let Some((path, private)) = hidden else {
        return Ok(());
    };
    Err(Fault::new(
        FaultKind::Host,
        format!(
            "{} lies below {private}, and what systemd runs has a {private} of its own, so {} was not started.",
            path.display(),
            service.title
        ),
    )
    .hint(WAY_ON))
}

/// What to do about it.
pub const WAY_ON: &str = "Let the installation and the program lie elsewhere (--home), or set GUILDHALL_SUPERVISOR=plain to run services without systemd.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_unit_has_its_own_of_is_known_also_behind_a_link_and_before_it_is_made() {
        assert_eq!(
            lies_in(Path::new("/tmp/no-such-home/communities")),
            Some("/tmp")
        );
        assert_eq!(lies_in(Path::new("/var/tmp/x")), Some("/var/tmp"));
        assert_eq!(lies_in(Path::new("/tmpfiles/home")), None);
        assert_eq!(lies_in(Path::new("/srv/guildhall")), None);
        let folder = tempfile::tempdir_in(env!("CARGO_MANIFEST_DIR")).unwrap();
        let link = folder.path().join("home");
        std::os::unix::fs::symlink("/tmp", &link).unwrap();
        assert_eq!(lies_in(&link.join("x/y")), Some("/tmp"));
    }
}
