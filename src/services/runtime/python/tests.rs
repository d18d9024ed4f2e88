//! The steps of an installation, with programs that only note their calls.

use super::*;
use crate::services::{
    command::{Commands, Ended},
    runtime::{Watch, find},
};
use async_trait::async_trait;
use std::{
    fs,
    sync::{Arc, Mutex},
};
use tokio_util::sync::CancellationToken;

const THING: Source = Source {
    name: "thing",
    folder: "src",
    address: "https://git.example.org/thing.git",
    commit: "0123456789abcdef0123456789abcdef01234567",
    holds: "manage.py",
    leave_out: &["db.sqlite3"],
};

const RECIPE: PythonRecipe = PythonRecipe {
    name: "thing-1.0",
    version: "1.0",
    python: toolchain::PYTHON_3_11,
    sources: &[THING],
    requirements: "thing-part==1.0\n",
    packages: &["src/part"],
    overlay: &[("conf/settings.py", "HERE = '{runtime}'\n")],
    front_end: None,
    manage: "src",
    environment: &[("PYTHONPATH", "{runtime}/conf")],
    commands: &[
        Manage {
            step: "template",
            phase: "making the template database",
            arguments: &["migrate"],
            begins_without: &["template.sqlite3"],
            says: "",
        },
        Manage {
            step: "check",
            phase: "checking",
            arguments: &["check"],
            begins_without: &[],
            says: "no issues",
        },
    ],
    remove: &["requirements.txt"],
};

/// Programs that note their calls; the call that holds these words fails.
struct Recorded {
    calls: Mutex<Vec<String>>,
    fails: &'static str,
    says: &'static str,
    /// Whether what fails is killed.
    kills: bool,
}

#[async_trait]
impl Commands for Recorded {
    async fn run(&self, command: Command) -> Result<Ended, Fault> {
        let words: Vec<_> = command
            .arguments
            .iter()
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        let call = words.join(" ");
        let fails = !self.fails.is_empty() && call.contains(self.fails);
        self.calls.lock().unwrap().push(call);
        Ok(Ended {
            code: (!(fails && self.kills)).then_some(i32::from(fails)),
            output: self.says.to_owned(),
            errors: String::new(),
        })
    }
}

struct World {
    folder: tempfile::TempDir,
    progress: Arc<Mutex<Vec<(String, usize, usize)>>>,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("checkout");
        fs::create_dir_all(source.join("part")).unwrap();
        fs::write(source.join("manage.py"), "").unwrap();
        fs::write(source.join("db.sqlite3"), "somebody's own").unwrap();
        Self {
            folder,
            progress: Arc::default(),
        }
    }

    fn runtimes(&self) -> PathBuf {
        self.folder.path().join("runtimes")
    }

    async fn install(
        &self,
        recipe: &PythonRecipe,
        fails: &'static str,
        says: &'static str,
    ) -> (Result<Runtime, Fault>, Vec<String>) {
        self.install_with(
            recipe,
            Recorded {
                calls: Mutex::new(Vec::new()),
                fails,
                says,
                kills: false,
            },
        )
        .await
    }

    async fn install_with(
        &self,
        recipe: &PythonRecipe,
        commands: Recorded,
    ) -> (Result<Runtime, Fault>, Vec<String>) {
        let progress = Arc::clone(&self.progress);
        let watch: Watch = Arc::new(move |phase, done, of, _| {
            progress.lock().unwrap().push((phase.to_owned(), done, of));
        });
        let (runtimes, cancel) = (self.runtimes(), CancellationToken::new());
        let tools = Tools {
            runtimes: &runtimes,
            commands: &commands,
            builds: &commands,
            watch: &watch,
            cancel: &cancel,
        };
        let making = Installation::new(tools, recipe.plan(), None);
        files::make_folder(&making.folder).unwrap();
        let origins = [Origin::Folder(self.folder.path().join("checkout"))];
        let installed = Install {
            making,
            recipe,
            origins: &origins,
        }
        .install(Path::new("/bin/python"))
        .await;
        (installed, commands.calls.into_inner().unwrap())
    }
}

#[tokio::test]
async fn what_was_finished_is_not_done_again_and_nothing_half_made_is_used() {
    let world = World::new();
    let (failed, calls) = world
        .install(&RECIPE, "-r requirements.txt", "no issues")
        .await;
    let fault = failed.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Host);
    assert!(fault.what.contains("pip"), "{fault}");
    assert_eq!(calls[0], "-m venv venv");
    assert_eq!(find(&world.runtimes(), "thing-1.0", "1.0").unwrap(), None);

    // The check does not say what it must: everything before it stands, and the check is made again.
    let (failed, calls) = world.install(&RECIPE, "", "3 issues").await;
    failed.unwrap_err();
    assert!(!calls.contains(&"-m venv venv".to_owned()), "{calls:?}");
    assert_eq!(&calls[2..], ["manage.py migrate", "manage.py check"]);

    let (installed, calls) = world.install(&RECIPE, "", "no issues").await;
    assert_eq!(calls, ["manage.py check"]);
    let installed = installed.unwrap();
    let found = find(&world.runtimes(), "thing-1.0", "1.0").unwrap();
    assert_eq!(found.as_ref(), Some(&installed));
    let python = world.runtimes().join("thing-1.0/venv/bin/python");
    assert_eq!(installed.program(), python);
    assert!(installed.description.sources["thing"].contains("checkout"));
    assert!(!installed.folder.join("requirements.txt").exists());
    assert!(!installed.folder.join("src/db.sqlite3").exists());

    let progress = world.progress.lock().unwrap().clone();
    let (phase, done, of) = progress.last().unwrap();
    assert_eq!((phase.as_str(), *done, *of), ("switching", 6, 7));
}

#[tokio::test]
async fn another_list_of_packages_voids_what_was_made_with_it_and_nothing_before() {
    let world = World::new();
    let (failed, _) = world.install(&RECIPE, "manage.py check", "no issues").await;
    failed.unwrap_err();
    let other = PythonRecipe {
        requirements: "thing-part==1.1\n",
        ..RECIPE
    };
    let (installed, calls) = world.install(&other, "", "no issues").await;
    installed.unwrap();
    assert!(!calls.contains(&"-m venv venv".to_owned()), "{calls:?}");
    assert!(calls[0].ends_with("-r requirements.txt"), "{calls:?}");
    assert_eq!(&calls[2..], ["manage.py migrate", "manage.py check"]);
}

#[tokio::test]
async fn a_folder_that_is_not_a_checkout_is_told_before_anything_is_fetched() {
    let world = World::new();
    fs::remove_file(world.folder.path().join("checkout/manage.py")).unwrap();
    let (failed, calls) = world.install(&RECIPE, "", "no issues").await;
    let fault = failed.unwrap_err();
    assert_eq!(fault.kind, FaultKind::BadInput);
    assert!(fault.what.contains("manage.py is missing"), "{fault}");
    assert!(calls.is_empty(), "{calls:?}");
}

#[tokio::test]
async fn a_full_disk_no_network_and_a_killed_program_are_told_and_a_rerun_goes_on() {
    let world = World::new();
    for (says, kills, what, hint) in [
        (
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
            false,
            "the disk is full",
            "clear-runtimes",
        ),
        (
            "WARNING: Retrying after connection broken by NewConnectionError: Failed to establish a new connection",
            false,
            "could not be reached over the network",
            "name a folder of this host",
        ),
        ("Collecting thing-part", true, "it was killed", "memory"),
    ] {
        let killed = Recorded {
            calls: Mutex::new(Vec::new()),
            fails: "-r requirements.txt",
            says,
            kills,
        };
        let (failed, _) = world.install_with(&RECIPE, killed).await;
        let fault = failed.unwrap_err();
        assert!(
            fault.what.contains("pip") && fault.what.contains(what),
            "{fault}"
        );
        assert!(fault.hint.contains(hint), "{fault}");
        assert!(fault.hint.contains("not repeated"), "{fault}");
        assert_eq!(find(&world.runtimes(), "thing-1.0", "1.0").unwrap(), None);
    }
    let (installed, calls) = world.install(&RECIPE, "", "no issues").await;
    installed.unwrap();
    assert!(!calls.contains(&"-m venv venv".to_owned()), "{calls:?}");
}
