//! What a program says: read to the end so that it never blocks, cut into lines, cleaned, kept in part.

use super::LineSink;
use crate::{
    adapters::http::Scrubber,
    domain::{Fault, FaultKind, clean},
};
use std::{
    fs::{File, OpenOptions},
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// A line longer than this (bytes) is passed on in pieces.
const LONGEST_LINE: usize = 16 * 1024;

/// The most bytes one run may write to its log.
const LONGEST_LOG: u64 = 16 * 1024 * 1024;

/// Which of its two streams a program wrote to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Error,
}

/// Where the lines of both streams go.
pub(super) struct Sink {
    scrubber: Scrubber,
    on_line: Option<LineSink>,
    kept: Mutex<Kept>,
}

struct Kept {
    out: Tail,
    error: Tail,
    log: Option<Log>,
    log_fault: Option<Fault>,
}

impl Sink {
    pub(super) fn new(
        scrubber: Scrubber,
        on_line: Option<LineSink>,
        tail_limit: usize,
        log: Option<Log>,
    ) -> Self {
        let tail = || Tail {
            text: String::new(),
            limit: tail_limit,
        };
        Self {
            scrubber,
            on_line,
            kept: Mutex::new(Kept {
                out: tail(),
                error: tail(),
                log,
                log_fault: None,
            }),
        }
    }

    /// Takes one line, with its secrets struck out already; those that colours had split are struck here.
    fn line(&self, stream: Stream, line: &[u8]) {
        let line = clean(&without_escapes(&String::from_utf8_lossy(line)));
        let line = self.scrubber.strike(&line);
        {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            match stream {
                Stream::Out => kept.out.push(&line),
                Stream::Error => kept.error.push(&line),
            }
            if let Some(log) = &mut kept.log
                && let Err(fault) = log.write(&line)
            {
                kept.log = None;
                kept.log_fault = Some(fault);
            }
        }
        if let Some(on_line) = &self.on_line {
            on_line(stream, &line);
        }
    }

    /// The ends of both streams so far, and what went wrong with the log.
    pub(super) fn take(&self) -> (String, String, Option<Fault>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        // Once more over the whole: a secret of several short lines shows only here.
        let out = self.scrubber.strike(&kept.out.end());
        let error = self.scrubber.strike(&kept.error.end());
        (out, error, kept.log_fault.take())
    }
}

/// Reads a stream to its end.
pub(super) async fn drain(
    mut pipe: impl AsyncRead + Unpin,
    stream: Stream,
    sink: Arc<Sink>,
) -> std::io::Result<()> {
    let mut piece = vec![0; 8 * 1024];
    let mut line = Vec::new();
    let mut after_return = false;
    loop {
        let count = pipe.read(&mut piece).await?;
        if count == 0 {
            break;
        }
        for &byte in &piece[..count] {
            match byte {
                // A lone carriage return redraws a line: each state of it is a line here.
                b'\n' if after_return => {}
                b'\n' | b'\r' => {
                    let whole = sink.scrubber.strike_bytes(std::mem::take(&mut line));
                    sink.line(stream, &whole);
                }
                _ => line.push(byte),
            }
            after_return = byte == b'\r';
            if line.len() >= LONGEST_LINE {
                line = cut(&sink, stream, std::mem::take(&mut line));
            }
        }
    }
    if !line.is_empty() {
        sink.line(stream, &sink.scrubber.strike_bytes(line));
    }
    Ok(())
}

/// Passes on the beginning of a line that is too long, and keeps back as much as a secret that is cut there may take.
fn cut(sink: &Sink, stream: Stream, line: Vec<u8>) -> Vec<u8> {
    let mut struck = sink.scrubber.strike_bytes(line);
    let back = sink.scrubber.longest().min(struck.len() / 2);
    let rest = struck.split_off(struck.len() - back);
    sink.line(stream, &struck);
    rest
}

/// The end of a stream.
struct Tail {
    text: String,
    limit: usize,
}

impl Tail {
    fn push(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
        if self.text.len() > self.limit.saturating_mul(2) {
            self.text = self.end();
        }
    }

    fn end(&self) -> String {
        let mut from = self.text.len().saturating_sub(self.limit);
        while !self.text.is_char_boundary(from) {
            from += 1;
        }
        self.text[from..].to_owned()
    }
}

/// The log of a run.
pub(super) struct Log {
    file: File,
    path: String,
    written: u64,
}

impl Log {
    /// Opens it for appending; only its owner may read it.
    pub(super) fn open(path: &Path) -> Result<Self, Fault> {
        let shown = path.display().to_string();
        OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)
            .map(|file| Self {
                file,
                path: shown.clone(),
                written: 0,
            })
            .map_err(|error| no_log(&shown, &error))
    }

    pub(super) fn write(&mut self, line: &str) -> Result<(), Fault> {
        if self.written > LONGEST_LOG {
            return Ok(());
        }
        let mut text = format!("{line}\n");
        self.written += u64::try_from(text.len()).unwrap_or(u64::MAX);
        if self.written > LONGEST_LOG {
            "(the log of this run ends here: too much output)\n".clone_into(&mut text);
        }
        self.file
            .write_all(text.as_bytes())
            .map_err(|error| no_log(&self.path, &error))
    }
}

fn no_log(path: &str, error: &std::io::Error) -> Fault {
    Fault::new(
        FaultKind::Storage,
        format!("The log {path} cannot be written."),
    )
    .hint("Check that its folder exists and is yours, and that the disk is not full.")
    .detail(error)
}

/// The text without the sequences that colour it or move the cursor.
fn without_escapes(text: &str) -> String {
    if !text.contains('\u{1b}') {
        return text.to_owned();
    }
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character != '\u{1b}' {
            plain.push(character);
            continue;
        }
        match characters.next() {
            Some('[') => {
                // Parameters, then one final letter.
                while characters
                    .next_if(|next| matches!(next, ' '..='?'))
                    .is_some()
                {}
                characters.next_if(|next| matches!(next, '@'..='~'));
            }
            Some(']') => {
                // A title or a link, up to its end mark.
                while characters
                    .next_if(|next| !matches!(next, '\u{7}' | '\u{1b}'))
                    .is_some()
                {}
                if characters.next_if_eq(&'\u{1b}').is_some() {
                    characters.next_if_eq(&'\\');
                } else {
                    characters.next_if_eq(&'\u{7}');
                }
            }
            _ => {}
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::SecretString;

    #[test]
    fn colours_and_titles_are_left_out() {
        let text =
            "\u{1b}[1;32mdone\u{1b}[0m \u{1b}]0;title\u{7}in \u{1b}]8;;x\u{1b}\\3 s\u{1b}[2K";
        assert_eq!(without_escapes(text), "done in 3 s");
    }

    #[tokio::test]
    async fn lines_end_with_either_mark_and_the_tail_is_the_end() {
        let sink = Arc::new(Sink::new(Scrubber::new(), None, 12, None));
        let said = b"one\r\ntwo\rthree\n\nfour".as_slice();
        drain(said, Stream::Out, Arc::clone(&sink)).await.unwrap();
        assert_eq!(sink.take().0, "three\n\nfour\n");
    }

    #[tokio::test]
    async fn a_secret_across_the_cut_of_an_endless_line_does_not_slip_through() {
        let secret = "canary-0123456789-canary";
        for before in LONGEST_LINE - 30..LONGEST_LINE + 5 {
            let mut scrubber = Scrubber::new();
            scrubber.add(&SecretString::from(secret));
            let lines = Arc::new(Mutex::new(String::new()));
            let seen = Arc::clone(&lines);
            let on_line: LineSink =
                Arc::new(move |_, line: &str| seen.lock().unwrap().push_str(line));
            let sink = Arc::new(Sink::new(scrubber, Some(on_line), 1024, None));
            let said = format!("{}{secret}{}", "x".repeat(before), "y".repeat(100));
            drain(said.as_bytes(), Stream::Error, Arc::clone(&sink))
                .await
                .unwrap();
            let seen = lines.lock().unwrap();
            assert!(!seen.contains("0123456789"), "after {before}");
            assert!(seen.contains("[secret]"), "after {before}");
        }
    }
}
