//! Logs of a limited size: what a service writes, and its end as a person wants to see it.

use super::super::files::storage;
use crate::domain::Fault;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

/// A log larger than this is put aside; one former log is kept.
pub const LIMIT: u64 = 4 * 1024 * 1024;
/// At most so much of a log's end is read to show its last lines.
const SHOWN: u64 = 1024 * 1024;

/// A log that is written by us. It never fails: a full disk must not end what it tells of, and there is nobody else to
/// tell.
#[derive(Debug)]
pub(in crate::services) struct Log {
    path: PathBuf,
    file: Option<File>,
    size: u64,
    limit: u64,
}

impl Log {
    pub fn open(path: PathBuf) -> Self {
        Self::with_limit(path, LIMIT)
    }

    fn with_limit(path: PathBuf, limit: u64) -> Self {
        let file = open(&path).ok();
        let size = fs::metadata(&path).map_or(0, |about| about.len());
        Self {
            path,
            file,
            size,
            limit,
        }
    }

    pub fn write(&mut self, bytes: &[u8]) {
        let coming = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if self.size > 0 && self.size.saturating_add(coming) > self.limit {
            let _ = fs::rename(&self.path, former(&self.path));
            self.file = None;
        }
        if self.file.is_none() {
            self.file = open(&self.path).ok();
            self.size = 0;
        }
        if let Some(file) = &mut self.file {
            if file.write_all(bytes).is_ok() {
                self.size = self.size.saturating_add(coming);
            } else {
                self.file = None;
            }
        }
    }
}

/// Begins the lines of our own in the log of a process.
const OURS: &str = "--- guildhall: ";
/// Marks where a start begins.
const STARTED: &str = "--- guildhall: started at ";

/// Marks in the log of a process that it is started now.
pub(in crate::services) fn mark_start(path: &Path) {
    let mut log = Log::open(path.to_owned());
    log.write(format!("{STARTED}{}\n", jiff::Timestamp::now()).as_bytes());
}

/// Whether Guildhall wrote this line, and not the process.
#[must_use]
pub fn is_ours(line: &str) -> bool {
    line.starts_with(OURS)
}

/// The lines since the last start, as far as they are in the log's end.
///
/// # Errors
/// [`FaultKind::Storage`](crate::domain::FaultKind::Storage).
pub(in crate::services) fn since_start(path: &Path) -> Result<Vec<String>, Fault> {
    let mut lines = tail(path, usize::MAX)?;
    let start = lines.iter().rposition(|line| line.starts_with(STARTED));
    if let Some(start) = start {
        lines.drain(..=start);
    }
    Ok(lines)
}

/// The log before this one.
#[must_use]
pub fn former(path: &Path) -> PathBuf {
    path.with_extension("log.1")
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
}

/// Puts a log aside that somebody else has open and goes on writing to (who appends, as systemd does): it is copied, and
/// emptied. What is written in between may be lost.
///
/// # Errors
/// [`FaultKind::Storage`](crate::domain::FaultKind::Storage).
pub(in crate::services) fn rotate_in_place(path: &Path) -> Result<(), Fault> {
    let failed = |error: io::Error| storage("A log cannot be put aside", path, &error);
    let Ok(about) = fs::metadata(path) else {
        return Ok(());
    };
    if about.len() <= LIMIT {
        return Ok(());
    }
    let mut from = File::open(path).map_err(failed)?;
    // Of a log that has grown to gigabytes only the end is worth the disk.
    from.seek(SeekFrom::Start(about.len().saturating_sub(LIMIT)))
        .map_err(failed)?;
    let mut to = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(former(path))
        .map_err(failed)?;
    io::copy(&mut from, &mut to).map_err(failed)?;
    OpenOptions::new()
        .write(true)
        .open(path)
        .and_then(|file| file.set_len(0))
        .map_err(failed)
}

/// The last lines of a log, the oldest first; taken from the former log too where this one has too few.
///
/// # Errors
/// [`FaultKind::Storage`](crate::domain::FaultKind::Storage); that there is no log is no fault.
pub fn tail(path: &Path, lines: usize) -> Result<Vec<String>, Fault> {
    with_former(path, lines, SHOWN)
}

/// All that is kept of a log, the former one first; of one that systemd let grow past its limit, the end.
///
/// # Errors
/// As [`tail`].
pub fn kept(path: &Path) -> Result<Vec<String>, Fault> {
    with_former(path, usize::MAX, LIMIT)
}

fn with_former(path: &Path, lines: usize, bytes: u64) -> Result<Vec<String>, Fault> {
    let mut found = last_lines(path, lines, bytes)?;
    if found.len() < lines {
        let mut before = last_lines(&former(path), lines - found.len(), bytes)?;
        before.append(&mut found);
        found = before;
    }
    Ok(found)
}

fn last_lines(path: &Path, lines: usize, most: u64) -> Result<Vec<String>, Fault> {
    let failed = |error: io::Error| storage("A log cannot be read", path, &error);
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let size = file.metadata().map_err(failed)?.len();
    let start = size.saturating_sub(most);
    file.seek(SeekFrom::Start(start)).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes).map_err(failed)?;
    let text = String::from_utf8_lossy(&bytes);
    let mut all: Vec<&str> = text.lines().collect();
    if start > 0 && !all.is_empty() {
        // Its beginning was cut off.
        all.remove(0);
    }
    let skipped = all.len().saturating_sub(lines);
    Ok(all[skipped..]
        .iter()
        .map(|line| (*line).to_owned())
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_never_grows_past_its_limit_and_its_end_is_read_across_the_cut() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("web.log");
        let mut log = Log::with_limit(path.clone(), 100);
        for number in 0..50 {
            log.write(format!("line {number}\n").as_bytes());
        }
        assert!(fs::metadata(&path).unwrap().len() <= 100);
        assert!(fs::metadata(former(&path)).unwrap().len() <= 100);
        let wanted: Vec<String> = (38..50).map(|number| format!("line {number}")).collect();
        assert_eq!(tail(&path, 12).unwrap(), wanted);
        assert!(kept(&path).unwrap().ends_with(&wanted));
        assert_eq!(tail(&folder.path().join("none.log"), 5).unwrap(), [""; 0]);
    }

    #[test]
    fn a_huge_log_of_another_writer_is_emptied_under_him() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("web.log");
        let mut writer = open(&path).unwrap();
        let block = vec![b'x'; 1024 * 1024];
        for _ in 0..9 {
            writer.write_all(&block).unwrap();
        }
        rotate_in_place(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().len(), 0);
        assert_eq!(fs::metadata(former(&path)).unwrap().len(), LIMIT);
        writer.write_all(b"after\n").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"after\n");
    }

    #[test]
    fn of_a_log_of_gigabytes_only_the_end_is_read_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("web.log");
        let mut writer = open(&path).unwrap();
        // Of such a file the disk holds only what was written.
        writer.set_len(3 * 1024 * 1024 * 1024).unwrap();
        writer.write_all(b"\nthe last words\n").unwrap();
        assert_eq!(tail(&path, 1).unwrap(), ["the last words"]);
        rotate_in_place(&path).unwrap();
        assert_eq!(fs::metadata(former(&path)).unwrap().len(), LIMIT);
        assert_eq!(tail(&path, 1).unwrap(), ["the last words"]);
    }
}
