//! The steps of an installation, with programs that only note their calls.

use super::*;
use crate::services::{
    command::{Command, Commands},
    runtime::{Watch, find},
};
use async_trait::async_trait;
use std::sync::{Arc, Mutex};
use tokio_util::sync::CancellationToken;

const RECIPE: NpmRecipe = NpmRecipe {
    name: "thing-1.0",
    version: "1.0",
    package: "{}",
    lock: "{\"lock\": 1}",
    native: "native-part",
    script: "thing.js",
    site: "site",
    trial: "trial()",
    says: "thing v1.0",
};

/// Programs that note their calls; the call that holds these words fails.
struct Recorded {
    calls: Mutex<Vec<String>>,
    fails: &'static str,
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
            code: Some(i32::from(fails)),
            output: "thing v1.0\n".to_owned(),
            errors: if fails {
                "it broke".to_owned()
            } else {
                String::new()
            },
        })
    }
}

async fn install(runtimes: &Path, fails: &'static str) -> (Result<Runtime, Fault>, Vec<String>) {
    let commands = Recorded {
        calls: Mutex::new(Vec::new()),
        fails,
    };
    let watch: Watch = Arc::new(|_, _, _, _| {});
    let cancel = CancellationToken::new();
    let tools = Tools {
        runtimes,
        commands: &commands,
        builds: &commands,
        watch: &watch,
        cancel: &cancel,
    };
    let making = Installation::new(tools, RECIPE.plan(), None);
    files::make_folder(&making.folder).unwrap();
    let installed = super::install(
        making,
        &RECIPE,
        Path::new("/bin/node"),
        Path::new("/bin/npm"),
    )
    .await;
    (installed, commands.calls.into_inner().unwrap())
}

#[tokio::test]
async fn what_was_finished_is_not_done_again_and_nothing_half_made_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let runtimes = folder.path();
    let (failed, calls) = install(runtimes, "rebuild").await;
    let fault = failed.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Host);
    assert!(fault.what.contains("native-part") && fault.detail.unwrap().contains("it broke"));
    assert_eq!(calls[0], "ci --ignore-scripts --no-audit --no-fund");
    assert_eq!(find(runtimes, "thing-1.0", "1.0").unwrap(), None);

    // Built, but it does not load: it is built anew the next time, and the packages are not fetched anew.
    let (failed, calls) = install(runtimes, "trial").await;
    failed.unwrap_err();
    assert_eq!(
        calls,
        ["rebuild native-part --foreground-scripts", "-e trial()"]
    );

    let (installed, calls) = install(runtimes, "").await;
    let installed = installed.unwrap();
    assert_eq!(calls.len(), 3, "{calls:?}");
    let found = find(runtimes, "thing-1.0", "1.0").unwrap();
    assert_eq!(found.as_ref(), Some(&installed));
    assert_eq!(installed.program(), "/bin/node");
    let script = runtimes.join("thing-1.0/thing.js");
    assert_eq!(installed.first_arguments(), [script.to_string_lossy()]);
    assert_eq!(find(runtimes, "thing-1.0", "2.0").unwrap(), None);
}
