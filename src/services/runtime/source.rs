//! Sources of a runtime: fetched at a pinned commit, or taken from a folder of this host.

use super::steps::Installation;
use crate::{
    domain::{Fault, FaultKind},
    services::{command::Command, files, toolchain},
};
use std::path::{Path, PathBuf};

/// Where a runtime's sources are kept by those who write them.
#[derive(Debug, Clone, Copy)]
pub struct Source {
    /// What it is called in messages.
    pub name: &'static str,
    /// Where it goes, below the runtime's folder.
    pub folder: &'static str,
    /// Its Git repository.
    pub address: &'static str,
    /// The commit that was tried, in full.
    pub commit: &'static str,
    /// A file that must be in it: by it a wrong folder is told.
    pub holds: &'static str,
    /// What is not taken.
    pub leave_out: &'static [&'static str],
}

/// Where the sources are taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// From the repository that the recipe names.
    Upstream,
    /// From another repository that has the same commit.
    Repository(String),
    /// From a folder of this host, as it is there.
    Folder(PathBuf),
}

impl Origin {
    /// As a person wrote it: nothing, a folder in full, or the address of a Git repository.
    ///
    /// # Errors
    /// [`FaultKind::BadInput`] when it is neither.
    pub fn read(entered: Option<&str>) -> Result<Self, Fault> {
        let Some(entered) = entered.map(str::trim).filter(|text| !text.is_empty()) else {
            return Ok(Self::Upstream);
        };
        if Path::new(entered).is_absolute() {
            return Ok(Self::Folder(entered.into()));
        }
        let known = ["https://", "ssh://", "git://", "file://"];
        if known.iter().any(|scheme| entered.starts_with(scheme)) {
            return Ok(Self::Repository(entered.to_owned()));
        }
        Err(Fault::new(
            FaultKind::BadInput,
            "Where sources are fetched is neither a full path nor an address of a Git repository.",
        )
        .hint("Write a folder beginning with /, or an address beginning with https://."))
    }

    /// Whether git is needed to get them.
    #[must_use]
    pub fn needs_git(&self) -> bool {
        !matches!(self, Self::Folder(_))
    }
}

/// Puts the sources into their place, and says where they came from.
///
/// # Errors
/// [`FaultKind::Host`] when git fails, [`FaultKind::BadInput`] when the folder is another one or at another commit,
/// [`FaultKind::Storage`], [`FaultKind::Cancelled`].
pub(super) async fn take(
    making: &Installation<'_>,
    source: &Source,
    origin: &Origin,
) -> Result<(), Fault> {
    let place = making.folder.join(source.folder);
    files::remove(&place)?;
    match origin {
        Origin::Folder(folder) => copy(making, source, folder, &place).await?,
        Origin::Upstream => fetch(making, source, source.address, &place).await?,
        Origin::Repository(address) => fetch(making, source, address, &place).await?,
    }
    files::remove(&place.join(".git"))?;
    for name in source.leave_out {
        files::remove(&place.join(name))?;
    }
    Ok(())
}

/// What is written down about where they came from.
pub(super) fn told(source: &Source, origin: &Origin) -> String {
    match origin {
        Origin::Upstream => format!("{} at {}", source.address, source.commit),
        Origin::Repository(address) => format!("{address} at {}", source.commit),
        Origin::Folder(folder) => format!("the folder {}", folder.display()),
    }
}

async fn copy(
    making: &Installation<'_>,
    source: &Source,
    folder: &Path,
    place: &Path,
) -> Result<(), Fault> {
    if !folder.join(source.holds).is_file() {
        return Err(Fault::new(
            FaultKind::BadInput,
            format!(
                "{} holds no {}: {} is missing.",
                folder.display(),
                source.name,
                source.holds
            ),
        )
        .hint("Name the top folder of a checkout."));
    }
    if folder.join(".git").exists() && toolchain::in_path("git").is_some() {
        let ended = making
            .run_ours(git(making).arguments([
                "-C".as_ref(),
                folder.as_os_str(),
                "rev-parse".as_ref(),
                "HEAD".as_ref(),
            ]))
            .await?;
        // A checkout that git refuses to look into (somebody else's folder) is taken as it is.
        let other = ended.code == Some(0) && ended.output.trim() != source.commit;
        if other {
            return Err(Fault::new(
                FaultKind::BadInput,
                format!(
                    "{} is at the commit {}, and {} was tried at {} only.",
                    folder.display(),
                    ended.output.trim(),
                    source.name,
                    source.commit
                ),
            )
            .hint(format!(
                "Check that commit out there: git -C {} checkout {}",
                folder.display(),
                source.commit
            )));
        }
    }
    let (from, to) = (folder.to_owned(), place.to_owned());
    let left_out: Vec<PathBuf> = source
        .leave_out
        .iter()
        .chain(&[".git"])
        .map(|name| from.join(name))
        .collect();
    let copying =
        tokio::task::spawn_blocking(move || files::copy_folder_without(&from, &to, &left_out));
    copying.await.map_err(|error| {
        making
            .fault("Copying the sources was broken off")
            .detail(error)
    })?
}

async fn fetch(
    making: &Installation<'_>,
    source: &Source,
    address: &str,
    place: &Path,
) -> Result<(), Fault> {
    files::make_folder(place)?;
    let what = format!("The sources of {} could not be fetched", source.name);
    let calls: [&[&str]; 3] = [
        &["init", "--quiet"],
        &[
            "fetch",
            "--quiet",
            "--depth=1",
            "--no-tags",
            address,
            source.commit,
        ],
        &["checkout", "--quiet", "--detach", "FETCH_HEAD"],
    ];
    for arguments in calls {
        let mut call = git(making).arguments(arguments);
        call.folder = Some(place.to_owned());
        making.need(&making.run_ours(call).await?, &what)?;
    }
    let mut call = git(making).arguments(["rev-parse", "HEAD"]);
    call.folder = Some(place.to_owned());
    let ended = making.run_ours(call).await?;
    making.need(&ended, &what)?;
    if ended.output.trim() != source.commit || !place.join(source.holds).is_file() {
        return Err(making.fault(&format!(
            "What came from {address} is not {} at {}",
            source.name, source.commit
        )));
    }
    Ok(())
}

/// git that asks nobody for a password.
fn git(making: &Installation<'_>) -> Command {
    let mut call = making.call("git");
    call.package = Some(toolchain::GIT.package.to_owned());
    call.environment
        .push(("GIT_TERMINAL_PROMPT".to_owned(), "0".into()));
    call
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::{
        command::{Commands, Ended},
        runtime::{
            Watch,
            steps::{Plan, Tools},
        },
    };
    use async_trait::async_trait;
    use std::sync::Arc;
    use tokio_util::sync::CancellationToken;

    #[test]
    fn where_sources_come_from_is_read_as_people_write_it() {
        assert_eq!(Origin::read(None).unwrap(), Origin::Upstream);
        assert_eq!(Origin::read(Some(" ")).unwrap(), Origin::Upstream);
        assert_eq!(
            Origin::read(Some("/srv/kybern")).unwrap(),
            Origin::Folder("/srv/kybern".into())
        );
        let address = "https://git.example.org/kybern.git";
        assert_eq!(
            Origin::read(Some(address)).unwrap(),
            Origin::Repository(address.to_owned())
        );
        let fault = Origin::read(Some("kybern")).unwrap_err();
        assert_eq!(fault.kind, FaultKind::BadInput);
    }
    /// Runs what it is told to.
    struct Real;

    #[async_trait]
    impl Commands for Real {
        async fn run(&self, command: Command) -> Result<Ended, Fault> {
            let mut call = tokio::process::Command::new(&command.program);
            call.args(&command.arguments).envs(command.environment);
            if let Some(folder) = &command.folder {
                call.current_dir(folder);
            }
            let ended = call.output().await.unwrap();
            Ok(Ended {
                code: ended.status.code(),
                output: String::from_utf8_lossy(&ended.stdout).into_owned(),
                errors: String::from_utf8_lossy(&ended.stderr).into_owned(),
            })
        }
    }

    fn by_hand(folder: &Path, arguments: &[&str]) -> String {
        let ended = std::process::Command::new("git")
            .current_dir(folder)
            .args(["-c", "user.name=A", "-c", "user.email=a@example.org"])
            .args(arguments)
            .output()
            .unwrap();
        assert!(ended.status.success(), "{arguments:?}: {ended:?}");
        String::from_utf8_lossy(&ended.stdout).trim().to_owned()
    }

    /// Takes the sources as an installation would.
    async fn taken(folder: &Path, commit: &str, address: &Path) -> Result<PathBuf, Fault> {
        let watch: Watch = Arc::new(|_, _, _, _| {});
        let (runtimes, cancel) = (folder.join("runtimes"), CancellationToken::new());
        let tools = Tools {
            runtimes: &runtimes,
            commands: &Real,
            builds: &Real,
            watch: &watch,
            cancel: &cancel,
        };
        let plan = Plan {
            name: "thing-1.0",
            version: "1.0",
            steps: 1,
        };
        let making = Installation::new(tools, plan, None);
        files::make_folder(&making.folder)?;
        let source = Source {
            name: "thing",
            folder: "src",
            address: "https://git.example.org/thing.git",
            commit: commit.to_owned().leak(),
            holds: "manage.py",
            leave_out: &["db.sqlite3"],
        };
        let origin = Origin::Repository(format!("file://{}", address.display()));
        take(&making, &source, &origin).await?;
        Ok(making.folder.join("src"))
    }

    #[tokio::test]
    async fn sources_are_fetched_at_the_pinned_commit_whatever_came_after() {
        let folder = tempfile::tempdir().unwrap();
        let (work, bare) = (folder.path().join("work"), folder.path().join("bare.git"));
        std::fs::create_dir(&work).unwrap();
        by_hand(&work, &["init", "--quiet"]);
        let commit = |text: &str| {
            std::fs::write(work.join("manage.py"), text).unwrap();
            std::fs::write(work.join("db.sqlite3"), "somebody's own").unwrap();
            by_hand(&work, &["add", "."]);
            by_hand(&work, &["commit", "--quiet", "--message", text]);
            by_hand(&work, &["rev-parse", "HEAD"])
        };
        let pinned = commit("first");
        commit("second");
        let (from, to) = (work.to_string_lossy(), bare.to_string_lossy());
        by_hand(folder.path(), &["clone", "--quiet", "--bare", &from, &to]);

        let place = taken(folder.path(), &pinned, &bare).await.unwrap();
        let text = std::fs::read_to_string(place.join("manage.py")).unwrap();
        assert_eq!(text, "first");
        assert!(!place.join(".git").exists() && !place.join("db.sqlite3").exists());

        let unknown = "0123456789abcdef0123456789abcdef01234567";
        for (commit, address) in [(unknown, &bare), (pinned.as_str(), &work.join("nowhere"))] {
            let fault = taken(folder.path(), commit, address).await.unwrap_err();
            assert_eq!(fault.kind, FaultKind::Host);
            assert!(fault.what.contains("could not be fetched"), "{fault}");
        }
    }
}
