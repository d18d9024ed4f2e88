//! What is written where: data on standard output, as text or as one JSON object; advice on standard error.

use super::arguments::Globals;
use crate::{
    domain::{Fault, FaultKind, Mark},
    tui::term::{Capabilities, Glyphs},
};
use serde::Serialize;
use serde_json::{Value, json};
use std::io::{self, IsTerminal, Write};

/// The narrowest width tables are made for.
const COLUMNS: usize = 80;

/// The two streams, and how a person wants to read them.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a wish of its own, as it was given on the command line"
)]
pub struct Output {
    /// One JSON object instead of text.
    pub json: bool,
    /// ASCII only.
    pub ascii: bool,
    /// No line that moves.
    pub plain: bool,
    /// Columns that text is wrapped to.
    pub width: usize,
    /// Whether tables are cut to that: on a terminal, or where the environment says how wide a page is (`COLUMNS`).
    pub fit: bool,
    /// Whether the commands that are advised are for the sandbox.
    pub sandbox: bool,
}

impl Output {
    /// As the options and the environment say.
    pub fn new(globals: &Globals) -> Self {
        let Globals {
            json,
            ascii,
            plain,
            sandbox,
            ..
        } = *globals;
        let able = Capabilities::from_env();
        let on_terminal = io::stdout().is_terminal();
        let asked = std::env::var("COLUMNS").ok();
        let asked = asked.and_then(|columns| columns.parse::<usize>().ok());
        let width = on_terminal
            .then(|| rustix::termios::tcgetwinsize(io::stdout()).ok())
            .flatten()
            .map(|size| usize::from(size.ws_col))
            .or(asked)
            .map_or(COLUMNS, |columns| columns.max(COLUMNS));
        Self {
            json,
            ascii: ascii || able.glyphs == Glyphs::Ascii,
            plain: plain || able.plain || !able.links,
            width,
            fit: on_terminal || asked.is_some(),
            sandbox,
        }
    }

    /// Writes the result of a command: the object, or the text.
    ///
    /// # Errors
    /// `Storage` when it cannot be written; a reader that went away is no fault.
    pub fn data<T: Serialize>(
        &self,
        value: &T,
        text: impl FnOnce(&Self) -> String,
    ) -> Result<(), Fault> {
        self.more_data(value, text).map(drop)
    }

    /// The same for a command that goes on: whether anybody still reads it.
    ///
    /// # Errors
    /// As [`Output::data`].
    pub fn more_data<T: Serialize>(
        &self,
        value: &T,
        text: impl FnOnce(&Self) -> String,
    ) -> Result<bool, Fault> {
        let mut text = if self.json {
            serde_json::to_string_pretty(value).map_err(|error| {
                Fault::new(FaultKind::Internal, "The result cannot be written as JSON.")
                    .hint("Leave --json out, and report this.")
                    .detail(error)
            })?
        } else {
            text(self)
        };
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        let mut out = io::stdout().lock();
        written(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
    }

    /// Writes the object on one line, with and without `--json`: for a program that reads it while the command goes on.
    ///
    /// # Errors
    /// As [`Output::data`].
    pub fn line(value: &Value) -> Result<(), Fault> {
        let mut out = io::stdout().lock();
        written(writeln!(out, "{value}").and_then(|()| out.flush())).map(drop)
    }

    /// Says something to the person, beside the data. Nobody may be there to read it; then nothing is lost.
    pub fn advise(&self, text: &str) {
        let _ = writeln!(io::stderr(), "{}", self.here(text));
    }

    /// An advised command as it has to be typed here. Advice names commands after a colon: "Then: guildhall lock".
    #[must_use]
    pub fn here(&self, text: &str) -> String {
        if self.sandbox {
            text.replace(": guildhall ", ": guildhall --sandbox ")
        } else {
            text.to_owned()
        }
    }

    /// Says what went wrong and what to do: one sentence each.
    pub fn fault(&self, fault: &Fault) {
        tracing::info!(%fault, detail = fault.detail, "a command ended with a fault");
        let _ = writeln!(io::stderr(), "guildhall: {}", fault.what);
        if !fault.hint.is_empty() {
            let _ = writeln!(io::stderr(), "  {}", self.here(&fault.hint));
        }
        if self.json {
            // The fault is on its way already; a reader that is gone cannot be told of another.
            let _ = self.data(&json!({ "error": fault_json(fault) }), |_| String::new());
        }
    }

    /// The one character for a mark.
    pub const fn mark(&self, mark: Mark) -> &'static str {
        match (mark, self.ascii) {
            (Mark::Active, false) => "●",
            (Mark::Active, true) => "*",
            (Mark::Inactive, false) => "○",
            (Mark::Inactive, true) => "o",
            (Mark::Waiting, _) => "!",
            (Mark::Working, _) => "~",
            (Mark::Failed, _) => "x",
            (Mark::Drift, false) => "≠",
            (Mark::Drift, true) => "#",
        }
    }

    /// What stands for a cut.
    pub const fn ellipsis(&self) -> &'static str {
        if self.ascii { "~" } else { "…" }
    }

    /// Whether a line that moves may be shown to the person.
    pub fn may_move(&self) -> bool {
        !self.plain && !self.json && io::stderr().is_terminal()
    }
}

/// Whether anybody read it: a reader that went away has seen what it wanted.
fn written(result: io::Result<()>) -> Result<bool, Fault> {
    match result {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Fault::new(
            FaultKind::Storage,
            "The result could not be written to standard output.",
        )
        .hint("What the command did is done; look at it with a list or show command.")
        .detail(error)),
    }
}

/// A fault with one word for its kind.
pub fn fault_json(fault: &Fault) -> Value {
    let kind = match serde_json::to_value(&fault.kind) {
        Ok(Value::Object(fields)) => fields.keys().next().map_or(Value::Null, |word| json!(word)),
        Ok(word) => word,
        Err(_) => Value::Null,
    };
    let mut value = json!({
        "kind": kind,
        "what": fault.what,
        "hint": fault.hint,
        "detail": fault.detail,
    });
    if let FaultKind::RateLimited { retry_after } = fault.kind {
        value["retry_after_seconds"] = json!(retry_after.as_secs());
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_fault_has_one_word_for_its_kind_whatever_it_carries() {
        let fault = Fault::new(FaultKind::Locked, "x");
        assert_eq!(fault_json(&fault)["kind"], "locked");
        let retry_after = Duration::from_secs(7);
        let fault = Fault::new(FaultKind::RateLimited { retry_after }, "x");
        assert_eq!(fault_json(&fault)["kind"], "rate-limited");
        assert_eq!(fault_json(&fault)["retry_after_seconds"], 7);
    }
}
