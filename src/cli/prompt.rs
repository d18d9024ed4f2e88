//! Asking the person at the terminal: secrets with echo off, and yes or no. Everything else comes from standard input.

use crate::domain::{Fault, FaultKind};
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use secrecy::SecretString;
use std::{
    fs::{File, OpenOptions},
    io::{self, IsTerminal, Read, Write},
};
use zeroize::Zeroizing;

/// The most characters that are taken; more than any key or passphrase has.
const MOST_BYTES: usize = 64 * 1024;

const CTRL_C: u8 = 0x03;
const CTRL_D: u8 = 0x04;
const CTRL_U: u8 = 0x15;

/// Whether somebody can be asked.
pub fn somebody_is_there() -> bool {
    terminal().is_ok()
}

/// The secrets on standard input, one a line, without line ends; when standard input is a terminal, each is asked for.
///
/// # Errors
/// `BadInput` when there are fewer or more lines than labels, or no text.
pub fn secrets(labels: &[String]) -> Result<Vec<SecretString>, Fault> {
    if io::stdin().is_terminal() {
        return labels.iter().map(|label| secret(label)).collect();
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(MOST_BYTES));
    io::stdin()
        .lock()
        .take(MOST_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable().detail(error))?;
    split(&bytes, labels)
}

fn split(bytes: &[u8], labels: &[String]) -> Result<Vec<SecretString>, Fault> {
    if bytes.len() > MOST_BYTES {
        return Err(Fault::new(
            FaultKind::BadInput,
            "What came on standard input is longer than any key.",
        )
        .hint("Send the key alone, on one line."));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| unreadable())?;
    let text = text.trim_end_matches(['\n', '\r']);
    let lines: Vec<&str> = match labels.len() {
        // A single key may have been broken by a mail program; whoever checks it says what is wrong with it.
        1 if !text.is_empty() => vec![text],
        _ => text.lines().filter(|line| !line.is_empty()).collect(),
    };
    if lines.len() != labels.len() {
        return Err(Fault::new(
            FaultKind::BadInput,
            format!(
                "Standard input holds {} where {} expected.",
                super::words::counted(lines.len(), "line", "lines"),
                match labels.len() {
                    1 => "one is".to_owned(),
                    count => format!("{count} are"),
                }
            ),
        )
        .hint(format!(
            "Send, each on a line of its own: {}.",
            labels.join(", ")
        )));
    }
    Ok(lines.into_iter().map(SecretString::from).collect())
}

fn unreadable() -> Fault {
    Fault::new(
        FaultKind::BadInput,
        "What came on standard input is no text.",
    )
    .hint("Send the key as it is shown on the platform.")
}

/// Asks for a secret, with echo off.
///
/// # Errors
/// `BadInput` without a terminal; `Cancelled` on ctrl-c.
pub fn secret(label: &str) -> Result<SecretString, Fault> {
    let mut terminal = terminal().map_err(|error| nobody(label).detail(error))?;
    // Before the question: whoever sees it may paste at once.
    let quiet = Quiet::begin(&terminal).map_err(|error| nobody(label).detail(error))?;
    let _ = write!(&terminal, "{label} (not shown): ");
    let typed = line(&terminal);
    drop(quiet);
    let _ = writeln!(terminal);
    let typed = typed?;
    let text = std::str::from_utf8(&typed).map_err(|_| {
        Fault::new(FaultKind::BadInput, format!("{label} is no text."))
            .hint("Type or paste it again.")
    })?;
    Ok(SecretString::from(text))
}

/// Asks yes or no; anything but yes is no.
///
/// # Errors
/// `BadInput` without a terminal.
pub fn agrees(question: &str) -> Result<bool, Fault> {
    Ok(matches!(
        typed(&format!("{question} [y/N] "))?
            .to_lowercase()
            .as_str(),
        "y" | "yes"
    ))
}

/// Asks for a line that may be seen.
///
/// # Errors
/// `BadInput` without a terminal.
pub fn typed(question: &str) -> Result<String, Fault> {
    let mut terminal = terminal().map_err(|error| nobody(question).detail(error))?;
    let _ = write!(terminal, "{question}");
    let mut answer = Vec::new();
    let mut byte = [0];
    while answer.len() < MOST_BYTES {
        match terminal.read(&mut byte) {
            Ok(1) if byte[0] != b'\n' => answer.push(byte[0]),
            _ => break,
        }
    }
    Ok(String::from_utf8_lossy(&answer).trim().to_owned())
}

fn nobody(what: &str) -> Fault {
    Fault::new(
        FaultKind::BadInput,
        format!(
            "Nobody can be asked here: {}.",
            what.trim().trim_end_matches(':')
        ),
    )
    .hint("Give it by option, file descriptor or standard input, or run this at a terminal.")
}

/// The terminal itself, whatever standard output is.
pub(super) fn terminal() -> io::Result<File> {
    // Whoever redirected standard input wants no questions, even where there is a terminal.
    if !io::stdin().is_terminal() {
        return Err(io::ErrorKind::NotFound.into());
    }
    OpenOptions::new().read(true).write(true).open("/dev/tty")
}

/// Bytes up to the end of the line, as the terminal sends them one by one.
fn line(mut terminal: &File) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let mut typed = Zeroizing::new(Vec::with_capacity(MOST_BYTES));
    let mut byte = Zeroizing::new([0]);
    loop {
        match terminal.read(byte.as_mut_slice()) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Ok(1) => {}
            _ => return Err(nothing_entered()),
        }
        match byte[0] {
            b'\n' | b'\r' => return Ok(typed),
            CTRL_C | CTRL_D => return Err(nothing_entered()),
            CTRL_U => typed.clear(),
            0x7f | 0x08 => {
                // A character may be several bytes; the ones that follow its first begin with the bits 10.
                while typed.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {}
            }
            plain if typed.len() < MOST_BYTES => typed.push(plain),
            _ => {}
        }
    }
}

fn nothing_entered() -> Fault {
    Fault::new(FaultKind::Cancelled, "Nothing was entered.")
        .hint("Run the command again when you have it at hand.")
}

/// Echo, line editing and signals of the terminal switched off, and back on when this goes.
pub(super) struct Quiet<'a> {
    terminal: &'a File,
    former: Termios,
}

impl<'a> Quiet<'a> {
    /// Switches them off.
    pub(super) fn begin(terminal: &'a File) -> io::Result<Self> {
        let former = tcgetattr(terminal)?;
        let mut quiet = former.clone();
        quiet
            .local_modes
            .remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
        quiet.special_codes[SpecialCodeIndex::VMIN] = 1;
        quiet.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(terminal, OptionalActions::Flush, &quiet)?;
        Ok(Self { terminal, former })
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        // A terminal that is gone cannot be given back.
        let _ = tcsetattr(self.terminal, OptionalActions::Now, &self.former);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    fn labels(count: usize) -> Vec<String> {
        (0..count).map(|number| format!("key {number}")).collect()
    }

    #[test]
    fn a_line_end_is_not_part_of_a_key() {
        let read = split(b"abc\r\n", &labels(1)).unwrap();
        assert_eq!(read[0].expose_secret(), "abc");
    }

    #[test]
    fn several_keys_come_on_a_line_each() {
        let read = split(b"one\ntwo\n", &labels(2)).unwrap();
        assert_eq!(read[1].expose_secret(), "two");
        let fault = split(b"one\n", &labels(2)).unwrap_err();
        assert!(fault.what.contains("1 line"), "{fault}");
        assert!(fault.hint.contains("key 0, key 1"), "{fault}");
    }

    #[test]
    fn nothing_and_too_much_are_refused() {
        assert!(split(b"\n", &labels(1)).is_err());
        assert!(split(&[0xff], &labels(1)).is_err());
        assert!(split(&vec![b'x'; MOST_BYTES + 1], &labels(1)).is_err());
    }
}
