//! What lies in the program's memory after a key was read on its screen and taken off again.
//!
//! The memory is read from outside, as a debugger or whoever is root would; where that is refused the test says that it was
//! skipped. What the kernel and the terminal at the other end keep is not looked at.

use crate::support::pty::Pty;
use rustix::process::Pid;
use std::{
    fs::{self, File},
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    path::Path,
    process::{Command, Stdio},
};

/// Of the shape of a Slack app's secret, which is stored without asking anybody.
const KEY: &str = "c4a9a2e7f0b1d3c5968778695a4b3c2d";
/// So many characters of it in a row are it.
const PIECE: usize = 12;
/// The widest distance at which the characters of a line of cells may lie.
const WIDEST_CELL: usize = 128;

fn program(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guildhall"));
    command.arg("--home").arg(home).args(arguments);
    command
}

fn done(home: &Path, arguments: &[&str], input: &str) {
    let mut child = program(home, arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("its input");
    // One that reads nothing may be over already.
    let _ = writeln!(stdin, "{input}");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        matches!(output.status.code(), Some(0 | 3)),
        "{arguments:?}: {said}"
    );
}

/// What a process can write to, by the names of its regions; none where that may not be read.
fn memory(process: Pid) -> Option<Vec<(String, Vec<u8>)>> {
    let folder = format!("/proc/{}", process.as_raw_nonzero());
    let maps = fs::read_to_string(format!("{folder}/maps")).ok()?;
    let mut memory = File::open(format!("{folder}/mem")).ok()?;
    let mut regions = Vec::new();
    for line in maps.lines() {
        let mut words = line.split_whitespace();
        let (range, rights) = (words.next()?, words.next()?);
        if !rights.starts_with("rw") {
            continue;
        }
        let (begin, end) = range.split_once('-')?;
        let number = |text| u64::from_str_radix(text, 16).ok();
        let (begin, end) = (number(begin)?, number(end)?);
        let mut bytes = vec![0; usize::try_from(end - begin).ok()?];
        memory.seek(SeekFrom::Start(begin)).ok()?;
        // A page that was never touched, or a device.
        if memory.read_exact(&mut bytes).is_err() {
            continue;
        }
        let name = words.nth(3).unwrap_or("anonymous");
        regions.push((format!("{name} {range}"), bytes));
    }
    Some(regions)
}

/// Where pieces of the key lie, in a row or one character to a cell.
fn found(regions: &[(String, Vec<u8>)]) -> Vec<String> {
    let key = KEY.as_bytes();
    let mut found = Vec::new();
    for (name, bytes) in regions {
        for from in [0, (key.len() - PIECE) / 2, key.len() - PIECE] {
            let piece = &key[from..from + PIECE];
            for place in (0..bytes.len()).filter(|place| bytes[*place] == piece[0]) {
                let stride = (1..=WIDEST_CELL).find(|stride| {
                    (1..PIECE).all(|next| bytes.get(place + next * stride) == Some(&piece[next]))
                });
                if let Some(stride) = stride {
                    found.push(format!("{name} at {place}, every {stride}"));
                }
            }
        }
    }
    found
}

#[test]
fn a_key_that_was_read_on_the_screen_is_not_in_its_memory_afterwards() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    let identity = home.join("identity");
    let identity = identity.to_str().expect("a path");
    let others = [
        "policykit",
        "kybern",
        "sourcecred",
        "opencollective",
        "loomio",
    ]
    .map(|platform| format!("--platform={platform}=off"));
    let mut create = vec!["community", "create", "Rosewood", "--yes"];
    create.extend(others.iter().map(String::as_str));
    create.push("--platform=slack=inactive");
    done(
        home,
        &["init", "--name", "commons", "--identity-file", identity],
        "",
    );
    done(home, &create, "");
    let set = [
        "key",
        "set",
        "rosewood",
        "slack",
        "--field",
        "client_secret",
    ];
    done(home, &set, KEY);

    let mut pty = Pty::spawn(&program(home, &[]), 100, 30);
    pty.wait_for("Slack");
    // In the list of platforms, not of communities; its details must be read before its key can be asked for.
    pty.type_keys("\r");
    pty.wait_for("e key");
    pty.type_keys("/slack\r");
    pty.wait_for("enter Bot token");
    pty.type_keys("V");
    pty.wait_for("Read a key of");
    pty.type_keys("a test\t\t\t\r");
    pty.wait_for(KEY);
    let Some(shown) = memory(pty.pid()) else {
        eprintln!("skipped: the memory of another process may not be read here (root may)");
        return;
    };
    assert!(!found(&shown).is_empty(), "the search finds what is there");
    drop(shown);
    pty.type_keys("x");
    pty.wait_for("The key is off the screen");
    let left = found(&memory(pty.pid()).expect("its memory"));
    assert!(left.is_empty(), "{left:#?}");
    pty.type_keys("q");
    pty.exit_code();
}
