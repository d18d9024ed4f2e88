//! The agent's socket: private from its first moment, and never somebody else's.

use crate::domain::{Fault, FaultKind};
use rustix::{fs::Mode, process::geteuid};
use std::{
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
};
use tokio::net::{UnixListener, UnixStream};

/// Where the agent of an installation listens.
#[must_use]
pub fn socket_path(home: &Path) -> PathBuf {
    home.join("run").join("agent.sock")
}

/// Listens under a name of its own first and takes the real name when it is private: nobody can connect in between, and an
/// old socket is replaced at once.
pub(super) fn bind(socket: &Path) -> io::Result<UnixListener> {
    let folder = socket
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    match std::fs::DirBuilder::new().mode(0o700).create(folder) {
        Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => return Err(cause),
        _ => {}
    }
    let about = std::fs::symlink_metadata(folder)?;
    if !about.is_dir() || about.uid() != geteuid().as_raw() || about.mode() & 0o077 != 0 {
        let refusal = format!(
            "{} has to be a folder of this user with mode 0700",
            folder.display()
        );
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, refusal));
    }
    let new = folder.join(format!(".{}", std::process::id()));
    match std::fs::remove_file(&new) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
        _ => {}
    }
    let listener = UnixListener::bind(&new)?;
    rustix::fs::chmod(&new, Mode::RUSR | Mode::WUSR)?;
    std::fs::rename(&new, socket)?;
    Ok(listener)
}

/// Which socket was ours, so that one that has replaced it is not removed.
pub(super) struct Ours {
    device: u64,
    inode: u64,
}

impl Ours {
    pub(super) fn of(socket: &Path) -> io::Result<Self> {
        let about = std::fs::symlink_metadata(socket)?;
        Ok(Self {
            device: about.dev(),
            inode: about.ino(),
        })
    }

    pub(super) fn remove(&self, socket: &Path) {
        if Self::of(socket).is_ok_and(|now| now.device == self.device && now.inode == self.inode) {
            // One that stays behind refuses connections, which counts as no agent.
            let _ = std::fs::remove_file(socket);
        }
    }
}

/// The kernel's word on who is at the other end; no word counts as somebody else.
pub(super) fn is_same_user(stream: &UnixStream) -> bool {
    stream
        .peer_cred()
        .is_ok_and(|peer| peer.uid() == geteuid().as_raw())
}

pub(super) fn cannot_listen(socket: &Path, cause: &io::Error) -> Fault {
    Fault::new(FaultKind::Host, format!("The agent cannot listen at {}.", socket.display()))
        .hint("Make its folder yours with mode 0700, or choose a home with a shorter path (a socket's path has at most 107 bytes).")
        .detail(cause)
}
