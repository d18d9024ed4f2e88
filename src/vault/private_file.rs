//! Files that hold a private key: made so that only their owner can read them, refused when others can.

use crate::domain::{Fault, FaultKind};
use age::x25519;
use rustix::fs::{Mode, OFlags};
use secrecy::{ExposeSecret, SecretString};
use std::{
    fs::{DirBuilder, File},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt},
    path::Path,
};
use zeroize::Zeroizing;

/// More than any key file has; what is larger is something else.
const MOST_BYTES: u64 = 64 * 1024;

/// What stands in every identity file, so that whoever finds it knows what it is worth.
const LABEL: &str = "\
# Guildhall identity for unattended start. It opens the vault of this installation.
# It protects a stolen database or backup, NOT a stolen disk: keep it out of backups of the database,
# readable by its owner alone (mode 0600).
";

/// Makes an `age` identity file for unattended start: mode 0600, plainly labelled, in a folder that is made (0700) where
/// there is none. Answers with its public recipient, to be given to [`super::NewRecipient::Identity`].
///
/// # Errors
/// [`FaultKind::Conflict`] when a file is there already (it is left alone); [`FaultKind::Storage`] when it cannot be written.
pub fn create_identity_file(path: &Path) -> Result<String, Fault> {
    let identity = x25519::Identity::generate();
    let recipient = identity.to_public().to_string();
    let text = identity.to_string();
    write_new(path, &recipient, &text).map_err(|cause| {
        if cause.kind() == io::ErrorKind::AlreadyExists {
            Fault::new(
                FaultKind::Conflict,
                format!(
                    "There is a file at {} already; it was left as it is.",
                    path.display()
                ),
            )
            .hint(
                "Name another place for the new identity file, or give the existing one as it is.",
            )
        } else {
            Fault::new(
                FaultKind::Storage,
                format!("The identity file {} could not be written.", path.display()),
            )
            .hint("Name a place in a folder you own, with room on its disk.")
            .detail(cause)
        }
    })?;
    Ok(recipient)
}

fn write_new(path: &Path, recipient: &str, secret: &SecretString) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
    }
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let mut file = File::from(rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR)?);
    let text = Zeroizing::new(format!(
        "{LABEL}# public key: {recipient}\n{}\n",
        secret.expose_secret()
    ));
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all());
    if written.is_err() {
        // A half-written file would be refused as damaged for ever after; what failed is reported either way.
        let _ = std::fs::remove_file(path);
        return written;
    }
    // The name of the file has to survive a power cut as well as its content.
    match path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        Some(folder) => File::open(folder)?.sync_all(),
        None => File::open(".")?.sync_all(),
    }
}

/// The identities in an `age` identity file.
pub(super) fn read_identities(path: &Path) -> Result<Vec<x25519::Identity>, Fault> {
    let text = read_private(path, "identity file")?;
    let mut identities = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        // The cause would quote the line.
        identities.push(line.parse().map_err(|_| not_identities(path, number + 1))?);
    }
    if identities.is_empty() {
        return Err(not_identities(path, 0));
    }
    Ok(identities)
}

fn not_identities(path: &Path, line: usize) -> Fault {
    let fault = Fault::new(
        FaultKind::BadInput,
        format!("{} is not an age identity file.", path.display()),
    )
    .hint("Give the file that begins with \"# Guildhall identity\" or holds a line AGE-SECRET-KEY-1...");
    if line == 0 {
        fault.detail("no identity in it")
    } else {
        fault.detail(format!("line {line} is no identity"))
    }
}

/// The text of a private file, refused when anybody but its owner could have read or exchanged it.
pub(super) fn read_private(path: &Path, called: &str) -> Result<Zeroizing<String>, Fault> {
    // Opened without waiting, so that a pipe in its place cannot hang the start; and judged once open, so that what was
    // judged is what is read.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = rustix::fs::open(path, flags, Mode::empty())
        .map(File::from)
        .map_err(|cause| unreadable(path, called, &cause.into()))?;
    let about = file
        .metadata()
        .map_err(|cause| unreadable(path, called, &cause))?;
    if !about.is_file() || about.len() > MOST_BYTES {
        return Err(Fault::new(
            FaultKind::BadInput,
            format!("{} is no {called}.", path.display()),
        )
        .hint(format!("Give the path of the {called} itself.")));
    }
    let us = rustix::process::geteuid().as_raw();
    if about.uid() != us && about.uid() != 0 {
        return Err(Fault::new(
            FaultKind::BadInput,
            format!(
                "The {called} {} belongs to another user, so it was not used.",
                path.display()
            ),
        )
        .hint("Make it yours (chown), or give one that is.")
        .detail(format!("owner {}, we are {us}", about.uid())));
    }
    if about.mode() & 0o077 != 0 {
        return Err(Fault::new(
            FaultKind::BadInput,
            format!(
                "The {called} {} can be read by other users, so it was not used.",
                path.display()
            ),
        )
        .hint(format!("Run: chmod 600 {}", path.display()))
        .detail(format!("mode {:04o}", about.mode() & 0o7777)));
    }
    // With room for everything at once: a text that grows leaves copies behind.
    let room = usize::try_from(about.len()).unwrap_or_default() + 1;
    let mut text = Zeroizing::new(String::with_capacity(room));
    file.take(about.len())
        .read_to_string(&mut text)
        .map_err(|cause| unreadable(path, called, &cause))?;
    Ok(text)
}

fn unreadable(path: &Path, called: &str, cause: &io::Error) -> Fault {
    let reason = match cause.kind() {
        io::ErrorKind::NotFound => "is not there",
        io::ErrorKind::PermissionDenied => "may not be read by this user",
        io::ErrorKind::InvalidData => "is not text",
        _ => "cannot be read",
    };
    Fault::new(
        FaultKind::BadInput,
        format!("The {called} {} {reason}.", path.display()),
    )
    .hint("Check the path, or unlock with the passphrase or the recovery key.")
    .detail(cause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::PermissionsExt};

    #[test]
    fn an_identity_file_is_private_labelled_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("not/there/yet/unattended.key");
        let recipient = create_identity_file(&path).unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o7777,
            0o600
        );
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("NOT a stolen disk") && text.contains(&recipient));
        let identities = read_identities(&path).unwrap();
        assert_eq!(identities[0].to_public().to_string(), recipient);

        assert_eq!(
            create_identity_file(&path).unwrap_err().kind,
            FaultKind::Conflict
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }

    #[test]
    fn a_file_others_can_read_is_refused_with_the_command_that_mends_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("open.key");
        create_identity_file(&path).unwrap();
        for mode in [0o644, 0o640, 0o604, 0o620, 0o601] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let fault = read_identities(&path).err().unwrap();
            assert_eq!(fault.kind, FaultKind::BadInput, "{mode:o}");
            assert_eq!(fault.hint, format!("Run: chmod 600 {}", path.display()));
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        assert!(read_identities(&path).is_ok());
    }

    #[test]
    fn what_is_no_identity_file_is_refused_without_quoting_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.txt");
        let refused = |content: &[u8]| {
            fs::write(&path, content).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            let fault = read_identities(&path).err().unwrap();
            assert_eq!(fault.kind, FaultKind::BadInput);
            assert!(!format!("{fault:?}").contains("canary"));
        };
        refused(b"");
        refused(b"# only a comment\n");
        refused(b"canary\n");
        refused(&[0xff, 0xfe, 0]);
        refused(&vec![b'c'; 70_000]);
        assert_eq!(
            read_identities(folder.path()).err().unwrap().kind,
            FaultKind::BadInput
        );
        let missing = read_identities(&folder.path().join("nowhere"))
            .err()
            .unwrap();
        assert!(missing.what.ends_with("is not there."), "{missing}");
    }
}
