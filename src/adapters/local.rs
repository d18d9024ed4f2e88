//! Lends the one process runner, the one HTTP client and the one way of striking secrets out to the room of local
//! services.

use super::{
    contract::Site,
    http::{Http, Scrubber},
    process::{LineSink, ProcessCall, Runner},
};
use crate::{
    domain::{Fault, InstanceKind, PlatformId},
    services::{
        command::{Command, Commands, Ended},
        pages::{Page, Pages},
        runtime,
        supervisor::{ServiceName, Tools, Walled, Walls},
    },
};
use async_trait::async_trait;
use secrecy::SecretString;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio_util::sync::CancellationToken;
use url::Url;

/// What a supervisor may use, lent by an instance's site.
#[must_use]
pub fn tools<'a>(site: &'a Site, cancel: &'a CancellationToken) -> Tools<'a> {
    lent(&site.runner, &site.http, cancel)
}

/// What a supervisor may use.
#[must_use]
pub fn lent<'a>(runner: &'a Runner, http: &'a Http, cancel: &'a CancellationToken) -> Tools<'a> {
    Tools {
        commands: runner,
        pages: http,
        strike,
        cancel,
    }
}

/// What runs package managers and builds for a runtime of this name: behind walls where the host can put them up.
///
/// # Errors
/// [`FaultKind::BadInput`](crate::domain::FaultKind::BadInput) when the name cannot be a unit's.
pub fn builds<'a>(
    site: &'a Site,
    name: &str,
    cancel: &'a CancellationToken,
) -> Result<Walled<'a>, Fault> {
    let runtimes = &site.runtime_folder;
    Ok(Walled {
        supervisor: &site.supervisor,
        tools: tools(site, cancel),
        name: ServiceName::of_installing(&site.installation, name)?,
        walls: Walls {
            home: runtimes.parent().unwrap_or(runtimes).to_owned(),
            reads: Vec::new(),
            own: runtime::folder_beside(runtimes, name),
        },
    })
}

/// Where the one service lies that several communities share on this host, beside the shared runtimes.
#[must_use]
pub fn shared_folder(runtimes: &Path, platform: &PlatformId) -> PathBuf {
    runtimes.with_file_name("shared").join(platform.as_str())
}

/// Where the service of an instance on this host lies: in its own folder, unless several communities share it.
#[must_use]
pub fn service_folder(site: &Site) -> PathBuf {
    if site.kind == InstanceKind::Tenant {
        shared_folder(&site.runtime_folder, &site.platform)
    } else {
        site.data_folder.clone()
    }
}

/// A text without any of these secrets, however they are written in it.
#[must_use]
pub fn strike(secrets: &[SecretString], text: &str) -> String {
    let mut scrubber = Scrubber::new();
    for secret in secrets {
        scrubber.add(secret);
    }
    scrubber.strike(text)
}

#[async_trait]
impl Pages for Http {
    async fn page(&self, url: &Url, header: Option<&str>, limit: Duration) -> Result<Page, Fault> {
        let mut root = url.clone();
        root.set_path("");
        let mut path = url.path().to_owned();
        if let Some(query) = url.query() {
            path = format!("{path}?{query}");
        }
        let answer = self
            .get(&root, &path)
            .timeout(limit)
            .no_redirects()
            .once()
            .send()
            .await?;
        Ok(Page {
            status: answer.status,
            header: header
                .and_then(|name| answer.header(name))
                .map(str::to_owned),
            text: answer.text(),
        })
    }
}

#[async_trait]
impl Commands for Runner {
    async fn run(&self, command: Command) -> Result<Ended, Fault> {
        let mut call = ProcessCall::new(command.program)
            .args(command.arguments)
            .timeout(command.timeout)
            .cancel(&command.cancel);
        if let Some(package) = &command.package {
            call = call.package(package);
        }
        if let Some(folder) = command.folder {
            call = call.folder(folder);
        }
        for (name, value) in command.environment {
            call = call.env(&name, value);
        }
        if let Some(log) = command.log {
            call = call.log(log);
        }
        if let Some(on_line) = command.on_line {
            let sink: LineSink = Arc::new(move |_, line| on_line(line));
            call = call.on_line(sink);
        }
        let finished = Self::run(self, call).await?;
        Ok(Ended {
            code: finished.status.code(),
            output: finished.stdout_tail,
            errors: finished.stderr_tail,
        })
    }
}
