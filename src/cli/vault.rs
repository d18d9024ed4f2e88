//! `guildhall unlock` and `guildhall lock`.

use super::{exit::Exit, hall::Context, hall::Hall, prompt, work};
use crate::{
    domain::{Fault, FaultKind},
    vault::{
        Unlocker, VaultKey,
        agent::{self, socket_path},
    },
};
use clap::Args;
use serde_json::json;
use std::{
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

/// How long the agent may take to listen.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it is asked whether it does.
const PAUSE: Duration = Duration::from_millis(20);

/// Unlock the vault, and let what waited for it go on.
#[derive(Debug, Args)]
pub struct Unlock {
    /// Keep it unlocked for other processes of this user: 30m, 8h, 2d.
    #[arg(long = "for", value_name = "TIME")]
    duration: Option<String>,
}

/// Unlocks.
///
/// # Errors
/// `Locked` when it does not open, `BadInput`, `Host` when the agent cannot be started.
pub async fn unlock(context: &Context, unlock: Unlock) -> Result<Exit, Fault> {
    let duration = unlock.duration.as_deref().map(self::duration).transpose()?;
    let hall = context.open_locked().await?;
    let given = context.unlocker()?;
    let unlocker = match given {
        Some(unlocker) => unlocker,
        None => Unlocker::Passphrase(prompt::secret("Passphrase of the vault")?),
    };
    let mut until = None;
    if let Some(duration) = duration {
        let key = hall.engine.unwrap_key(unlocker.clone()).await?;
        start_agent(&context.place.home, &key, duration).await?;
        until = jiff::Timestamp::now().checked_add(duration).ok();
    }
    hall.engine.unlock(unlocker).await?;
    let exit = go_on(context, &hall).await;
    hall.close().await;
    if let Some(exit) = exit {
        return Ok(exit);
    }
    context.out.data(
        &json!({ "status": Exit::Done.word(), "unlocked_until": until }),
        |_| match until {
            Some(at) => format!("The vault is unlocked until {}.", super::words::when(at)),
            None => "The vault opens; what waited for it was taken up.".to_owned(),
        },
    )?;
    if until.is_none() {
        context.out.advise(
            "It was open for this command only. To keep it open for others: guildhall unlock --for 8h",
        );
    }
    Ok(Exit::Done)
}

/// Lock the vault, or say when it locks itself.
#[derive(Debug, Args)]
pub struct Lock {
    /// Lock nothing now; from the next unlocking on, a screen locks its vault by itself after so many minutes without a key
    /// pressed or a secret used, or never. 15 unless chosen.
    #[arg(long, value_name = "MINUTES", value_parser = minutes)]
    after: Option<u64>,
}

fn minutes(text: &str) -> Result<u64, String> {
    match text {
        "never" => Ok(0),
        _ => text
            .parse()
            .ok()
            .filter(|minutes| *minutes > 0)
            .ok_or_else(|| "write a number of minutes, or never".to_owned()),
    }
}

async fn choose(context: &Context, hall: Hall, minutes: u64) -> Result<Exit, Fault> {
    let chosen = hall.engine.set_idle_lock(&hall.actor, minutes).await;
    hall.close().await;
    chosen?;
    context.out.data(
        &json!({ "status": Exit::Done.word(), "idle_lock_minutes": minutes }),
        |_| match minutes {
            0 => "A vault that was unlocked stays so until it is locked.".to_owned(),
            _ => format!(
                "A vault that a person unlocked locks itself after {} in which nobody uses it.",
                super::words::counted(minutes, "minute", "minutes")
            ),
        },
    )?;
    Ok(Exit::Done)
}

/// Takes up what waited for the vault.
async fn go_on(context: &Context, hall: &Hall) -> Option<Exit> {
    hall.engine.start().await;
    if context.globals.no_wait {
        return None;
    }
    work::wait(context, hall, &[]).await
}

/// Locks, for every process that would ask the agent.
///
/// # Errors
/// `NotFound` without an installation; `Locked` when what listens there is not ours.
pub async fn lock(context: &Context, lock: Lock) -> Result<Exit, Fault> {
    let hall = context.open_locked().await?;
    if let Some(minutes) = lock.after {
        return choose(context, hall, minutes).await;
    }
    hall.engine.lock();
    let ended = agent::stop(&socket_path(&context.place.home)).await?;
    hall.close().await;
    context.out.data(
        &json!({ "status": Exit::Done.word(), "agent_ended": ended }),
        |_| {
            if ended {
                "The vault is locked.".to_owned()
            } else {
                "The vault was not kept unlocked by an agent.".to_owned()
            }
        },
    )?;
    context
        .out
        .advise("A Guildhall that is open elsewhere keeps its own vault open until it is locked there; a key file for unattended start opens it again.");
    Ok(Exit::Done)
}

/// Starts this program again as the agent, and hands it the key through a pipe.
async fn start_agent(home: &Path, key: &VaultKey, duration: Duration) -> Result<(), Fault> {
    let socket = socket_path(home);
    let program = std::env::current_exe().map_err(|error| cannot_start().detail(error))?;
    let mut child = Command::new(program)
        .args(["internal", "agent"])
        .arg(&socket)
        .arg(duration.as_secs().to_string())
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| cannot_start().detail(error))?;
    let Some(mut pipe) = child.stdin.take() else {
        return Err(cannot_start());
    };
    agent::pass_on(key, &mut pipe)?;
    drop(pipe);
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while tokio::time::Instant::now() < deadline {
        if agent::fetch(&socket).await?.is_some() {
            return Ok(());
        }
        match child.try_wait() {
            Ok(Some(status)) => return Err(cannot_start().detail(status)),
            Ok(None) => tokio::time::sleep(PAUSE).await,
            Err(error) => return Err(cannot_start().detail(error)),
        }
    }
    Err(cannot_start().detail("it did not listen in time"))
}

fn cannot_start() -> Fault {
    Fault::new(
        FaultKind::Host,
        "The agent could not be started, so the vault does not stay unlocked.",
    )
    .hint("Look whether the folder `run` of the installation is yours, then try again.")
}

/// Runs as the agent: reads the key from standard input and serves it.
///
/// # Errors
/// `BadInput` without a key; `Host` when the socket cannot be made.
pub async fn serve(socket: &Path, seconds: u64) -> Result<(), Fault> {
    // The shell that started the parent may close; its hang-up is not for the agent.
    if let Err(error) = rustix::process::setsid() {
        tracing::debug!(%error, "the agent leads a session already");
    }
    let key = agent::take_over(&mut std::io::stdin().lock())?;
    agent::serve(key, Duration::from_secs(seconds), socket).await
}

fn duration(text: &str) -> Result<Duration, Fault> {
    let odd = || {
        Fault::new(
            FaultKind::BadInput,
            format!(
                "{:?} is no length of time.",
                crate::domain::clean_line(text)
            ),
        )
        .hint("Write a number and m, h or d: 30m, 8h, 2d.")
    };
    let (number, unit) = text
        .char_indices()
        .next_back()
        .map(|(last, _)| text.split_at(last))
        .ok_or_else(odd)?;
    let seconds: u64 = match unit {
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return Err(odd()),
    };
    let count: u64 = number.parse().map_err(|_| odd())?;
    let duration = Duration::from_secs(count.checked_mul(seconds).ok_or_else(odd)?);
    if duration.is_zero() {
        return Err(odd());
    }
    if duration > agent::LONGEST {
        return Err(Fault::new(
            FaultKind::BadInput,
            "The vault cannot stay unlocked for more than 30 days.",
        )
        .hint("Use an identity file for work that goes on without an operator."));
    }
    Ok(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_is_a_number_and_a_unit() {
        assert_eq!(duration("90m").unwrap(), Duration::from_secs(5400));
        assert_eq!(duration("2d").unwrap(), Duration::from_secs(172_800));
        for odd in [
            "",
            "8",
            "h",
            "0h",
            "-1h",
            "8 hours",
            "31d",
            "99999999999999999999d",
            "8é",
        ] {
            assert!(duration(odd).is_err(), "{odd}");
        }
    }
}
