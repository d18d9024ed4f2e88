//! Lines and keys as nobody should send them: none gets anything run that is not on a list of its own here.

use super::{Wanted, read, surroundings::kept, words::split};
use crate::{cli::arguments::Arguments, domain::LoginKey};
use clap::CommandFactory;
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use std::ffi::OsString;

/// Says how many lines and keys are tried; the whole run is 1000000.
const HOW_MANY: &str = "GUILDHALL_FUZZ";
/// The seed; another one by the same variable after a colon: `GUILDHALL_FUZZ=1000000:7`.
const SEED: u64 = 6;

/// What may be asked for, written down a second time: the families, and the commands where not all of a family.
const ASKABLE: &[&str] = &[
    "community list",
    "community show",
    "instance list",
    "instance show",
    "instance activate",
    "instance deactivate",
    "instance drift",
    "instance check",
    "key set",
    "key list",
    "key verify",
    "connection list",
    "connection test",
    "operation list",
    "operation show",
    "operation resume",
    "task list",
    "task show",
    "task done",
    "request activate",
    "request configure",
    "request connect",
    "request disconnect",
    "request adopt",
    "request drift",
    "request cancel",
    "request archive",
    "request other",
    "request list",
    "request show",
    "request approve",
    "request refuse",
    "request withdraw",
    "admin list",
    "audit list",
    "audit verify",
    "account list",
    "account slots",
    "check",
    "catalog",
];

/// Options that name a path, a descriptor, another actor or another installation.
const NEVER: &[&str] = &[
    "home",
    "sandbox",
    "actor",
    "identity_file",
    "passphrase_fd",
    "recovery_key_fd",
];

/// "community list", and whether one of the options was given that never may.
fn asked(words: &[String]) -> Option<(String, bool)> {
    let mut matches = &Arguments::command()
        .try_get_matches_from(std::iter::once("guildhall".to_owned()).chain(words.to_owned()))
        .ok()?;
    let mut path = Vec::new();
    let mut never = false;
    loop {
        never |= NEVER.iter().any(|name| {
            matches
                .try_get_raw(name)
                .is_ok_and(|values| values.is_some())
                && matches.value_source(name) == Some(clap::parser::ValueSource::CommandLine)
        });
        let Some((name, inner)) = matches.subcommand() else {
            return Some((path.join(" "), never));
        };
        path.push(name.to_owned());
        matches = inner;
    }
}

fn judge(line: &[u8]) -> bool {
    let Ok(Wanted::Command(_)) = read(line) else {
        return false;
    };
    let mut words = split(line).unwrap();
    if words.first().is_some_and(|word| word == "guildhall") {
        words.remove(0);
    }
    let (path, never) = asked(&words).unwrap();
    assert!(
        (path.is_empty() || ASKABLE.contains(&path.as_str())) && !never,
        "{} got through",
        String::from_utf8_lossy(line)
    );
    true
}

/// Every word of every command and option there is, hidden ones too.
fn vocabulary() -> Vec<String> {
    fn collect(command: &clap::Command, words: &mut Vec<String>) {
        words.push(command.get_name().to_owned());
        for argument in command.get_arguments() {
            words.extend(argument.get_long().map(|long| format!("--{long}")));
            words.extend(argument.get_long().map(|long| format!("--{long}=1")));
            words.extend(argument.get_short().map(|short| format!("-{short}")));
        }
        for inner in command.get_subcommands() {
            collect(inner, words);
        }
    }
    let mut words = Vec::new();
    let mut command = Arguments::command();
    command.build();
    collect(&command, &mut words);
    words.sort();
    words.dedup();
    words
}

const MATERIAL: &[&str] = &[
    "rosewood",
    "1",
    "-1",
    "9223372036854775807",
    "../../etc/passwd",
    "/bin/sh",
    "-c",
    "id",
    ";",
    "&&",
    "|",
    "$(id)",
    "`id`",
    "'",
    "\"",
    "\\",
    "\n",
    "\r\n",
    "\0",
    "\t",
    "--",
    "-",
    "@file",
    "a=b",
    "sftp",
    "scp -t /",
    "internal-sftp",
    "rsync --server",
    "git-upload-pack 'x'",
    "\u{202e}",
    "\u{feff}",
    "é",
    "%s%n",
    "{}",
    "guildhall",
    "sh",
    "env",
    "LD_PRELOAD=x",
    "--help",
    "--version",
    "internal agent /tmp/x 1",
];

fn line(random: &mut StdRng, vocabulary: &[String]) -> Vec<u8> {
    let mut line = Vec::new();
    for _ in 0..random.random_range(0..8) {
        match random.random_range(0..10) {
            0..6 => line.extend(vocabulary.choose(random).unwrap().bytes()),
            6..9 => line.extend(MATERIAL.choose(random).unwrap().bytes()),
            _ => line.extend((0..random.random_range(0..12)).map(|_| random.random::<u8>())),
        }
        if random.random_bool(0.9) {
            line.push(b' ');
        }
    }
    if random.random_bool(0.5) {
        // Near something that works, so that what lies behind the splitting is reached as well.
        let known = ASKABLE.choose(random).unwrap();
        let mut known = format!("{known} rosewood ").into_bytes();
        known.extend(line);
        line = known;
    }
    if random.random_bool(0.001) {
        line = line.repeat(2000);
    }
    line
}

fn key_text(random: &mut StdRng) -> String {
    const KEYS: &[&str] = &[
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti user@example.org",
        "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBHwf2HMM5TRXvo2SQJjsNkiDD5KqiiNjrGVv3UUh+mMT5RHxiRtOnlqvjhQtBq0VpmpCV/PwUdhOig4vkbqAcEc= user@example.org",
    ];
    let mut text = KEYS.choose(random).unwrap().as_bytes().to_vec();
    for _ in 0..random.random_range(0..4) {
        let at = random.random_range(0..text.len());
        match random.random_range(0..4) {
            0 => text[at] = random.random(),
            1 => text.truncate(at.max(1)),
            2 => text.insert(at, *b" \n,=\"".choose(random).unwrap()),
            _ => text
                .splice(at..at, MATERIAL.choose(random).unwrap().bytes())
                .for_each(drop),
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[test]
#[expect(clippy::print_stderr, reason = "the figures of the run")]
fn no_line_gets_anything_run_that_is_not_on_the_list_and_no_key_breaks_what_reads_it() {
    let wanted = std::env::var(HOW_MANY).unwrap_or_default();
    let (count, seed) = wanted.split_once(':').unwrap_or((&wanted, ""));
    let (count, seed) = (count.parse().unwrap_or(2_000), seed.parse().unwrap_or(SEED));
    let mut random = StdRng::seed_from_u64(seed);
    let vocabulary = vocabulary();
    let (mut through, mut taken) = (0_u64, 0_u64);
    for _ in 0..count {
        through += u64::from(judge(&line(&mut random, &vocabulary)));
        if let Ok(key) = LoginKey::parse(&key_text(&mut random)) {
            taken += 1;
            // What is written for sshd stays one line of three words.
            assert!(
                key.kind
                    .bytes()
                    .chain(key.body.bytes())
                    .all(|byte| byte.is_ascii_graphic())
            );
            assert!(!key.body.contains('"') && !key.kind.contains('"'));
            assert!(!key.comment.contains(['\n', '\r']));
            assert_eq!(
                LoginKey::fingerprint_of(&key.kind, &key.body),
                Some(key.fingerprint)
            );
        }
    }
    assert!(
        through > 0 && taken > 0,
        "the lines are all nonsense: {through}, {taken}"
    );
    eprintln!(
        "seed {seed}: {count} lines, {through} of them a command that may be asked for; {count} keys, {taken} taken"
    );
}

#[test]
fn words_are_taken_apart_without_a_shell() {
    let words = |line: &str| split(line.as_bytes()).map_err(|fault| fault.what);
    assert_eq!(
        words("  instance list\t--json ").unwrap(),
        ["instance", "list", "--json"]
    );
    assert_eq!(
        words(r#"request other rosewood 'two words' "a \"b\" \\ $HOME; c" d''e"#).unwrap(),
        [
            "request",
            "other",
            "rosewood",
            "two words",
            r#"a "b" \ $HOME; c"#,
            "de"
        ]
    );
    assert_eq!(words("x '' y").unwrap(), ["x", "", "y"]);
    for line in [
        "a; b", "a && b", "$(a)", "a > b", "`a`", "a\nb", "a 'b", "a \"b\\", "a \\ b", "~/x",
        "a\0b", "*",
    ] {
        assert!(words(line).is_err(), "{line:?}");
    }
    assert!(split(&[0xff, 0xfe]).is_err());
    assert!(split(&vec![b'a'; 1024 * 1024]).is_err());
}

#[test]
fn what_can_be_asked_for_can_and_the_rest_cannot() {
    for line in [
        "instance list --json",
        "guildhall instance activate rosewood forum",
        "task done rosewood/forum",
        "request other rosewood --words 'please'",
        "--json community list",
    ] {
        assert!(judge(line.as_bytes()), "{line}");
    }
    for line in [
        "backup /tmp/x",
        "restore /tmp/x",
        "apply /etc/passwd",
        "internal agent /tmp/x 1",
        "session --bare",
        "ssh-keys a b c",
        "unlock",
        "admin add rosewood eve",
        "--home /tmp instance list",
        "instance list --actor 1",
        "instance list --identity-file /etc/shadow",
        "--sandbox instance list",
        "operation resume",
        "service logs rosewood forum",
        "doctor",
        "up",
        "man",
        "completions bash",
        "sandbox serve",
        "init --name x",
    ] {
        assert!(read(line.as_bytes()).is_err(), "{line}");
    }
}

#[test]
fn nothing_of_the_connection_is_left_but_the_terminal_and_what_was_asked() {
    let brought = [
        ("TERM", "xterm-256color"),
        ("SSH_ORIGINAL_COMMAND", "instance list"),
        ("LD_PRELOAD", "/tmp/x.so"),
        ("GUILDHALL_HOME", "/tmp"),
        ("GUILDHALL_CONFIG", "/tmp"),
        ("HTTPS_PROXY", "http://evil.example"),
        ("COLORTERM", "truecolor"),
        ("NO_COLOR", "1"),
        ("LC_ALL", "/tmp"),
        ("PATH", "/tmp"),
        ("EDITOR", "/tmp/x"),
    ];
    let look = |name: &str| {
        brought
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| OsString::from(value))
    };
    let names: Vec<_> = kept(look).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["PATH", "LANG", "TERM", "SSH_ORIGINAL_COMMAND"]);
    assert_ne!(kept(look)[0].1, "/tmp");
    for term in ["../../tmp/x", "", "a\n", &"x".repeat(100)] {
        let kept = kept(|name| (name == "TERM").then(|| term.into()));
        assert_eq!(kept.len(), 2, "{term:?}");
    }
}
