//! `guildhall key reveal`: a key is shown on the terminal, for a while, and the screen is cleared of it.

use super::{
    exit::Exit,
    hall::{Context, Hall},
    instance::Which,
    prompt::{self, Quiet},
    rotation, work,
};
use crate::{
    domain::{Fault, FaultKind},
    engine::Revealed,
};
use clap::Args;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use secrecy::ExposeSecret;
use std::{
    fs::File,
    io::{self, Write},
    os::unix::net::UnixStream,
};
use zeroize::Zeroizing;

/// Which key is read, and why.
#[derive(Debug, Args)]
pub struct Reveal {
    #[command(flatten)]
    which: Which,
    /// Which field; needed where several keys are stored.
    #[arg(long)]
    field: Option<String>,
    /// Why it has to be read, for the audit.
    #[arg(long)]
    why: String,
    /// After how many seconds the screen is cleared.
    #[arg(long = "for", value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=300))]
    seconds: u16,
}

/// Shows it.
///
/// # Errors
/// `BadInput` without a terminal; what the engine returns.
pub async fn run(context: &Context, hall: &Hall, reveal: Reveal) -> Result<Exit, Fault> {
    // Before anything is opened: what is not seen on a terminal would be kept somewhere.
    let terminal = prompt::terminal().map_err(|error| no_terminal().detail(error))?;
    let (community, platform) = reveal.which.find(hall).await?;
    let detail = hall
        .engine
        .instance(&hall.actor, &community.slug, &platform)
        .await?;
    let key = rotation::chosen(&detail.keys, reveal.field.as_deref())?;
    context.confirm(&format!(
        "Show the {} of {} of {} on this screen for {}? That is written into the audit.",
        key.field,
        detail.platform_name,
        community.name,
        super::words::counted(usize::from(reveal.seconds), "second", "seconds")
    ))?;
    let revealed = hall
        .engine
        .reveal_key(&hall.actor, key.id, &reveal.why)
        .await?;
    let seconds = reveal.seconds;
    let (keep, ended) = UnixStream::pair().map_err(|error| no_terminal().detail(error))?;
    // Listened for before anything is shown.
    let stopping = work::stop_signal();
    let mut showing =
        tokio::task::spawn_blocking(move || show(&terminal, &ended, &revealed, seconds));
    let (shown, stopped) = tokio::select! {
        shown = &mut showing => (shown, None),
        code = stopping => {
            // Seen at the other end: a key must not stay on the screen of a command that was ended.
            drop(keep);
            (showing.await, Some(code))
        }
    };
    shown
        .map_err(io::Error::other)
        .and_then(|shown| shown)
        .map_err(|error| no_terminal().detail(error))?;
    context
        .out
        .advise("The screen was cleared of it. Whoever saw it knows it: replace the key when that was not meant.");
    Ok(stopped.map_or(Exit::Done, Exit::Other))
}

fn no_terminal() -> Fault {
    Fault::new(
        FaultKind::BadInput,
        "A key is shown on a terminal only, and there is none here.",
    )
    .hint("Run the command at a terminal, without redirecting its input.")
}

/// The terminal's second screen, which has no past to scroll back to; cleared and left when this goes.
struct SecondScreen<'a>(&'a File);

impl<'a> SecondScreen<'a> {
    fn begin(mut terminal: &'a File) -> io::Result<Self> {
        terminal.write_all(b"\x1b[?1049h\x1b[2J\x1b[H")?;
        Ok(Self(terminal))
    }
}

impl Drop for SecondScreen<'_> {
    fn drop(&mut self) {
        // A terminal that is gone shows nothing.
        let _ = self.0.write_all(b"\x1b[2J\x1b[H\x1b[?1049l");
    }
}

/// Shows the key until the time is over, a key is pressed, whatever key that is, or the other end of `ended` is dropped.
fn show(
    mut terminal: &File,
    ended: &UnixStream,
    revealed: &Revealed,
    seconds: u16,
) -> io::Result<()> {
    let _quiet = Quiet::begin(terminal)?;
    let _screen = SecondScreen::begin(terminal)?;
    let ending = format!("\r\n\r\nCleared after {seconds} s, or when any key is pressed.");
    let pieces = [
        revealed.what.as_str(),
        "\r\n\r\n",
        revealed.secret.expose_secret(),
        ending.as_str(),
    ];
    let text = Zeroizing::new(pieces.concat());
    terminal.write_all(text.as_bytes())?;
    terminal.flush()?;
    let limit = Timespec {
        tv_sec: i64::from(seconds),
        tv_nsec: 0,
    };
    let mut watched = [
        PollFd::new(terminal, PollFlags::IN),
        PollFd::new(ended, PollFlags::IN),
    ];
    poll(&mut watched, Some(&limit))?;
    Ok(())
}
