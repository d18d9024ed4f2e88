//! What the tool's messages mean (sheet: sourcecred 5). Its exit code alone says little: without sources it loads "well".

use crate::{
    adapters::process::Finished,
    domain::{Fault, FaultKind},
};

/// How a command of the tool ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It did what it should.
    Done,
    /// There is nothing to score yet, which is normal in a new community.
    Waiting,
    /// It failed.
    Failed(Box<Fault>),
}

/// Names the outcome of a command.
pub fn outcome(command: &str, finished: &Finished) -> Outcome {
    let said = format!("{}\n{}", finished.stdout_tail, finished.stderr_tail);
    if said.contains("No plugins configured") || said.contains("invalid non-finite input") {
        return failed(
            FaultKind::BadInput,
            "No source is connected, so there is nothing to score.",
            "Connect a source first.",
            &said,
        );
    }
    if finished.status.success() {
        return Outcome::Done;
    }
    // Loading is told apart from scoring by the caller, so that neither can mean an emptied cache here.
    if said.contains("need at least one interval") || said.contains("No outflow from seed") {
        return Outcome::Waiting;
    }
    for (words, kind, what, hint) in MEANINGS {
        if words.iter().any(|word| said.contains(word)) {
            return failed(kind.clone(), what, hint, &said);
        }
    }
    let how = finished.status.code().map_or_else(
        || "was ended by a signal".to_owned(),
        |code| format!("failed (exit code {code})"),
    );
    failed(
        FaultKind::Host,
        &format!("The command {command} of SourceCred {how}; the last good results stand."),
        "Read the log of the run, then try again.",
        &said,
    )
}

type Meaning = (
    &'static [&'static str],
    FaultKind,
    &'static str,
    &'static str,
);

/// Looked at from top to bottom: the first that fits is meant.
const MEANINGS: &[Meaning] = &[
    (
        &["is not valid JSON"],
        FaultKind::Storage,
        "The ledger is damaged.",
        "Put back an archived copy of it; it is never begun anew.",
    ),
    (
        &["No Discord token provided", "No GitHub token provided"],
        FaultKind::NeedsKey,
        "A source needs a key that is not there.",
        "Enter the key.",
    ),
    (
        &["doesn't match any format known to work"],
        FaultKind::KeyRejected,
        "The GitHub token has another shape than GitHub's tokens.",
        "Enter it again: ghp_ and letters and digits, or 40 hexadecimal digits.",
    ),
    (
        &["Could not locate the bindings file", "ERR_DLOPEN_FAILED"],
        FaultKind::Host,
        "The native module of the runtime is not built for this Node.",
        "Remove the runtime's folder and activate again; it is then installed anew.",
    ),
    (
        &["must have at least one identity to allocate grain to"],
        FaultKind::Refused,
        "Nobody is active in the ledger, so Grain has nobody to go to.",
        "Activate people in the ledger first.",
    ),
    (
        &["mismatched with participant grain total"],
        FaultKind::Refused,
        "This week's Grain was distributed already.",
        "Run again when there is new Cred.",
    ),
    (
        &["index 0: missing key", "/config.json'"],
        FaultKind::BadInput,
        "The configuration of a source is missing or wrong.",
        "Save the settings of the instance again; its files are then written anew.",
    ),
    (
        &["/graph'", "/graph.json'"],
        FaultKind::NotFound,
        "The graph of a source is missing.",
        "Put graph.json into the source's folder, or set its address.",
    ),
    (
        &[
            "Error occurred while loading sourcecred.json",
            "sourcecred.json'",
        ],
        FaultKind::BadInput,
        "sourcecred.json is broken, or names an unknown source.",
        "Save the settings of the instance again; the file is then written anew.",
    ),
    (
        &[
            "FetchError",
            "ECONNREFUSED",
            "ENOTFOUND",
            "ETIMEDOUT",
            "ECONNRESET",
            "load failed for plugins",
            "clearing cache and restarting",
        ],
        FaultKind::Unreachable,
        "A source could not be reached; what was read of it before was kept.",
        "Try again later; the last good results stand until then.",
    ),
];

fn failed(kind: FaultKind, what: &str, hint: &str, said: &str) -> Outcome {
    let lines: Vec<&str> = said
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.contains("Defaulting."))
        .collect();
    let last = lines[lines.len().saturating_sub(10)..].join("\n");
    Outcome::Failed(Box::new(Fault::new(kind, what).hint(hint).detail(last)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{os::unix::process::ExitStatusExt, process::ExitStatus};

    fn told(code: i32, stdout: &str, stderr: &str) -> Outcome {
        outcome(
            "go",
            &Finished {
                program: "sourcecred".into(),
                status: ExitStatus::from_raw(code << 8),
                stdout_tail: stdout.into(),
                stderr_tail: stderr.into(),
                log_fault: None,
            },
        )
    }

    fn kind(outcome: Outcome) -> FaultKind {
        match outcome {
            Outcome::Failed(fault) => fault.kind,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_messages_of_the_sheet_mean_what_it_says() {
        assert_eq!(told(0, "DONE", ""), Outcome::Done);
        for waiting in [
            "Error: need at least one interval",
            "Error: No outflow from seed; add cred-minting nodes",
        ] {
            assert_eq!(told(1, "", waiting), Outcome::Waiting);
        }
        let none = "No plugins configured; Please set up at least one plugin: x";
        assert_eq!(kind(told(0, "", none)), FaultKind::BadInput);
        for (words, expected) in [
            ("Error: line 1 is not valid JSON", FaultKind::Storage),
            (
                "No Discord token provided: set SOURCECRED_DISCORD_TOKEN",
                FaultKind::NeedsKey,
            ),
            (
                "FetchError: request to http://x failed, reason: connect ECONNREFUSED",
                FaultKind::Unreachable,
            ),
            (
                "ENOENT: no such file, open '/a/config/plugins/sourcecred/discourse/config.json'",
                FaultKind::BadInput,
            ),
            (
                "Error: ENOENT: no such file or directory, open '/a/cache/external/x/graph'",
                FaultKind::NotFound,
            ),
            (
                "Error: Could not locate the bindings file. Tried:",
                FaultKind::Host,
            ),
            ("something new", FaultKind::Host),
        ] {
            assert_eq!(kind(told(1, "", words)), expected, "{words}");
        }
    }
}
