//! Programs that others wrote and that are run to their end without belonging to a service, as package managers and builds
//! are: where the system's systemd can do it, each as a unit behind walls and as a user of its own, who owns the one folder
//! that it writes.

use super::{Launch, ServiceName, Supervisor, Tools, Walls};
use crate::{
    domain::Fault,
    services::{
        command::{Command, Commands, Ended},
        files, toolchain,
    },
};
use async_trait::async_trait;
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// Where such a program finds its home, below the folder that it writes: caches belong to nobody else.
pub const HOME: &str = ".home";

/// Runs programs behind walls.
pub struct Walled<'a> {
    /// What can put up walls.
    pub supervisor: &'a Supervisor,
    /// What it works with.
    pub tools: Tools<'a>,
    /// What the units and the user are named after.
    pub name: ServiceName,
    /// What the programs see; their own folder is what they write.
    pub walls: Walls,
}

#[async_trait]
impl Commands for Walled<'_> {
    async fn run(&self, command: Command) -> Result<Ended, Fault> {
        let named = Path::new(&command.program);
        let program = if named.is_absolute() {
            Some(named.to_owned())
        } else {
            toolchain::in_path(&command.program.to_string_lossy())
        };
        // Of one that is missing the runner says what brings it.
        let Some(program) = program.filter(|_| self.supervisor.gives_users()) else {
            return self.tools.commands.run(command).await;
        };
        let own = &self.walls.own;
        let home = own.join(HOME);
        files::make_folder(&home)?;
        let folder = command.folder.clone().unwrap_or_else(|| own.clone());
        let mut launch = Launch::new(program, folder);
        launch.arguments = command
            .arguments
            .iter()
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        let variables = command.environment.iter();
        launch.environment = variables
            .map(|(name, value)| (name.clone(), value.to_string_lossy().into_owned()))
            .chain([("HOME".to_owned(), home.to_string_lossy().into_owned())])
            .collect();
        launch.writes = vec![own.clone()];
        let confined = self
            .supervisor
            .confine(
                &self.tools,
                &self.name,
                &self.walls,
                &launch,
                command.timeout,
            )
            .await?;
        let Some(confined) = confined else {
            return self.tools.commands.run(command).await;
        };
        let unit = Command {
            program: confined.program.into(),
            package: Some("systemd".to_owned()),
            arguments: confined.arguments.into_iter().map(Into::into).collect(),
            environment: confined.environment,
            folder: None,
            ..command
        };
        let ended = self.tools.commands.run(unit).await;
        // Also after a cancellation.
        let never = CancellationToken::new();
        let tools = Tools {
            cancel: &never,
            ..self.tools
        };
        let released = self
            .supervisor
            .release(&tools, &self.name, &self.walls, own)
            .await;
        ended.and_then(|ended| released.map(|()| ended))
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Choice, systemd::Systemd},
        *,
    };
    use crate::domain::FaultKind;
    use crate::services::pages::{Page, Pages};
    use std::{
        collections::BTreeSet,
        os::unix::fs::PermissionsExt as _,
        sync::{Mutex, PoisonError},
        time::Duration,
    };

    /// A host that knows its users and writes down what is run on it, and as whom.
    #[derive(Default)]
    struct Host {
        users: Mutex<BTreeSet<String>>,
        lines: Mutex<Vec<String>>,
    }

    #[async_trait]
    impl Commands for Host {
        async fn run(&self, command: Command) -> Result<Ended, Fault> {
            let words: Vec<String> = [&command.program]
                .into_iter()
                .chain(&command.arguments)
                .map(|word| word.to_string_lossy().into_owned())
                .collect();
            let last = words.last().cloned().unwrap_or_default();
            let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
            let code = match words[0].as_str() {
                "getent" if users.contains(&last) => 0,
                "getent" => 2,
                "useradd" => i32::from(!users.insert(last)),
                "userdel" => i32::from(!users.remove(&last)),
                _ => 0,
            };
            let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
            lines.push(words.join(" "));
            Ok(Ended {
                code: Some(code),
                output: String::new(),
                errors: String::new(),
            })
        }
    }

    #[async_trait]
    impl Pages for Host {
        async fn page(&self, _: &url::Url, _: Option<&str>, _: Duration) -> Result<Page, Fault> {
            Err(Fault::new(
                FaultKind::Unreachable,
                "There are no pages here.",
            ))
        }
    }

    /// What is run on the host when a program runs behind walls.
    async fn lines(driver: Choice) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(folder.path(), open).unwrap();
        let own = folder.path().join("hall/runtimes/.thing.new");
        std::fs::create_dir_all(&own).unwrap();
        let supervisor = Supervisor { own: None, driver };
        let host = Host::default();
        let cancel = CancellationToken::new();
        let walled = Walled {
            supervisor: &supervisor,
            tools: Tools {
                commands: &host,
                pages: &host,
                strike: |_, text| text.to_owned(),
                cancel: &cancel,
            },
            name: "aaaa--install-thing".to_owned().try_into().unwrap(),
            walls: Walls {
                home: folder.path().join("hall"),
                reads: Vec::new(),
                own,
            },
        };
        let command = Command::new("sh").arguments(["-c", "make everything"]);
        walled.run(command).await.unwrap();
        assert!(host.users.into_inner().unwrap().is_empty());
        host.lines.into_inner().unwrap()
    }

    #[tokio::test]
    async fn under_the_systems_systemd_a_build_is_a_unit_with_a_user_of_its_own_who_is_gone_after()
    {
        let lines = lines(Choice::Systemd(Systemd::system())).await;
        let at = |begin: &str| lines.iter().position(|line| line.starts_with(begin));
        let unit = at("systemd-run").unwrap();
        let line = &lines[unit];
        assert!(line.contains(" --uid=gh-"), "{line}");
        assert!(line.contains(":ro,mode=0755"), "{line}");
        assert!(line.ends_with("sh -c make everything"), "{line}");
        assert!(line.contains(".thing.new/.home"), "{line}");
        assert!(at("useradd").unwrap() < unit && unit < at("userdel").unwrap());
        let given = lines
            .iter()
            .rfind(|line| line.starts_with("chown"))
            .unwrap();
        assert!(given.contains(" 0:0 "), "{given}");
    }

    #[tokio::test]
    async fn elsewhere_it_is_run_as_it_is() {
        assert_eq!(lines(Choice::Plain).await, ["sh -c make everything"]);
    }
}
