//! The file descriptors that secrets come from or go to.
//!
//! They are opened by their name under `/proc/self` before the process is hardened: a process that must not be looked
//! into cannot look there itself any more. Nothing is read before.

use super::arguments::Arguments;
use crate::domain::{Fault, FaultKind};
use secrecy::{ExposeSecret, SecretString};
use std::{
    fs::{File, OpenOptions},
    io::{BufRead, BufReader, Read, Write},
    mem,
    sync::{Mutex, PoisonError},
};
use zeroize::Zeroizing;

/// The longest first line that is read.
const MOST_BYTES: u64 = 64 * 1024;

/// The descriptors that were named, each read or written once.
#[derive(Debug, Default)]
pub struct Descriptors {
    passphrase: Mutex<Given>,
    recovery: Mutex<Option<File>>,
    /// Whether a recovery key is written there and none is read.
    takes_recovery_key: bool,
    /// Whether the passphrase is asked for again: the vault is opened with it, and then wrapped to it anew.
    keeps_passphrase: bool,
}

/// A secret behind a descriptor.
#[derive(Debug, Default)]
enum Given {
    /// There is none, or it was handed out.
    #[default]
    Nothing,
    Unread(File),
    Kept(SecretString),
}

impl Descriptors {
    /// Opens what the arguments name. Reads nothing.
    ///
    /// # Errors
    /// `BadInput` for a descriptor that is not open.
    pub fn open(arguments: &Arguments) -> Result<Self, Fault> {
        let globals = &arguments.globals;
        let command = arguments.command.as_ref();
        let writes = command.is_some_and(super::arguments::Command::makes_recovery_key);
        let passphrase = globals
            .passphrase_fd
            .map(|number| opened(number, "--passphrase-fd", false));
        let recovery = globals
            .recovery_key_fd
            .map(|number| opened(number, "--recovery-key-fd", writes));
        Ok(Self {
            passphrase: Mutex::new(
                passphrase
                    .transpose()?
                    .map_or(Given::Nothing, Given::Unread),
            ),
            recovery: Mutex::new(recovery.transpose()?),
            takes_recovery_key: writes,
            keeps_passphrase: command.is_some_and(super::arguments::Command::wraps_vault_anew),
        })
    }

    /// The passphrase, without its line end; none where no descriptor was named, or where it was handed out and the
    /// command does not need it twice.
    ///
    /// # Errors
    /// `BadInput` when nothing is there, or no text.
    pub fn passphrase(&self) -> Result<Option<SecretString>, Fault> {
        let mut given = self
            .passphrase
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let passphrase = match mem::take(&mut *given) {
            Given::Nothing => return Ok(None),
            Given::Unread(file) => first_line(file, "--passphrase-fd")?,
            Given::Kept(passphrase) => passphrase,
        };
        if self.keeps_passphrase {
            *given = Given::Kept(passphrase.clone());
        }
        Ok(Some(passphrase))
    }

    /// The recovery key as it was typed; none where no descriptor was named, where it was read before, or where the
    /// descriptor takes a new one.
    ///
    /// # Errors
    /// `BadInput` when nothing is there, or no text.
    pub fn recovery_key(&self) -> Result<Option<SecretString>, Fault> {
        if self.takes_recovery_key {
            return Ok(None);
        }
        take(&self.recovery)
            .map(|file| first_line(file, "--recovery-key-fd"))
            .transpose()
    }

    /// Writes a new recovery key to its descriptor; whether there was one.
    ///
    /// # Errors
    /// `Storage` when it cannot be written.
    pub fn write_recovery_key(&self, written: &SecretString) -> Result<bool, Fault> {
        let Some(mut file) = take(&self.recovery) else {
            return Ok(false);
        };
        file.write_all(written.expose_secret().as_bytes())
            .and_then(|()| file.write_all(b"\n"))
            .map_err(|error| {
                Fault::new(
                    FaultKind::Storage,
                    "The recovery key could not be written to its descriptor.",
                )
                .detail(error)
            })?;
        Ok(true)
    }
}

fn take(file: &Mutex<Option<File>>) -> Option<File> {
    file.lock().unwrap_or_else(PoisonError::into_inner).take()
}

fn opened(number: u32, option: &str, for_writing: bool) -> Result<File, Fault> {
    let mut how = OpenOptions::new();
    if for_writing {
        how.write(true);
    } else {
        how.read(true);
    }
    how.open(format!("/dev/fd/{number}")).map_err(|error| {
        Fault::new(
            FaultKind::BadInput,
            format!("The file descriptor {number} of {option} is not open."),
        )
        .hint(format!(
            "Open it in the shell, for example: guildhall ... {option} 3 3<FILE"
        ))
        .detail(error)
    })
}

fn first_line(file: File, option: &str) -> Result<SecretString, Fault> {
    let mut line = Zeroizing::new(Vec::with_capacity(1024));
    BufReader::new(file)
        .take(MOST_BYTES)
        .read_until(b'\n', &mut line)
        .map_err(|error| {
            Fault::new(
                FaultKind::BadInput,
                format!("The file descriptor of {option} cannot be read."),
            )
            .hint("Give one that is open for reading.")
            .detail(error)
        })?;
    let text = std::str::from_utf8(&line)
        .ok()
        .map(|text| text.trim_end_matches(['\n', '\r']))
        .filter(|text| !text.is_empty());
    text.map(SecretString::from).ok_or_else(|| {
        Fault::new(
            FaultKind::BadInput,
            format!("The file descriptor of {option} holds no line of text."),
        )
        .hint("Write the secret to it, on one line.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file_with(content: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        std::io::Seek::rewind(&mut file).unwrap();
        file
    }

    #[test]
    fn only_the_first_line_is_the_secret() {
        let read = first_line(file_with(b"correct horse\r\nmore\n"), "--x").unwrap();
        assert_eq!(read.expose_secret(), "correct horse");
    }

    #[test]
    fn what_is_empty_or_no_text_is_refused() {
        for content in [b"".as_slice(), b"\n", &[0xff, 0xfe, b'\n']] {
            let fault = first_line(file_with(content), "--x").unwrap_err();
            assert_eq!(fault.kind, FaultKind::BadInput);
        }
    }
}
