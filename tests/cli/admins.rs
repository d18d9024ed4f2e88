//! Administrators on the command line: added by key, in a session as sshd starts it, and never beyond what is theirs.

#![expect(clippy::unwrap_used, reason = "a test")]

use super::program::{Answer, Home, answer};
use serde_json::Value;
use std::process::Command;

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti amina";

fn town() -> Home {
    let home = Home::set_up();
    for name in ["Rosewood", "Fern"] {
        home.run(&["community", "create", name]).is_told();
    }
    home
}

impl Answer {
    /// It was done, or it waits for a key: both were let through.
    fn is_told(&self) {
        assert!([0, 3].contains(&self.code), "{self:?}");
    }
}

/// The number of somebody who comes in.
fn number(home: &Home, name: &str) -> String {
    let list = home.run(&["admin", "list", "--json"]).ends_with(0).json();
    let admins = list["admins"].as_array().unwrap();
    let known = admins.iter().find(|admin| admin["name"] == name).unwrap();
    known["id"].to_string()
}

/// What sshd starts, with the environment of a connection that was set up carelessly.
fn session(home: &Home, actor: &str) -> Command {
    let mut command = home.command();
    command
        .args(["--sandbox", "--actor", actor, "session"])
        .env("GUILDHALL_HOME", "/nonexistent")
        .env("GUILDHALL_CONFIG", "/nonexistent")
        .env("TERM", "../../../tmp/x")
        .env("HOME", "/nonexistent")
        .env("EDITOR", "touch")
        .env("SHELL", "/bin/sh")
        .arg("--home")
        .arg(home.path());
    command
}

fn asked(home: &Home, actor: &str, line: &str, input: &str) -> Answer {
    answer(
        session(home, actor).env("SSH_ORIGINAL_COMMAND", line),
        input,
    )
}

#[test]
fn a_key_that_is_known_gets_one_line_and_any_other_gets_nothing() {
    let home = town();
    let login = String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap();
    let login = login.trim();
    let body = KEY.split(' ').nth(1).unwrap();
    let ask = ["ssh-keys", login, "ssh-ed25519", body];
    assert_eq!(home.run(&ask).ends_with(0).stdout, "");
    let fault = home.run_with("ssh-dss AAAA x", &["admin", "add", "rosewood", "amina"]);
    fault.refused_with(2, "DSA");
    home.run_with(KEY, &["admin", "add", "rosewood", "amina"])
        .ends_with(0);
    let line = home.run(&ask).ends_with(0).stdout;
    let actor = number(&home, "amina");
    let exact = format!(
        "restrict,pty,command=\"{} --sandbox --home {} session --actor {actor}\" ssh-ed25519 {body}\n",
        env!("CARGO_BIN_EXE_guildhall"),
        home.path().display()
    );
    assert_eq!(line, exact);
    for other in [
        ["ssh-keys", "somebody", "ssh-ed25519", body],
        ["ssh-keys", login, "ssh-rsa", body],
        ["ssh-keys", login, "ssh-ed25519", "AAAA"],
        ["ssh-keys", login, "ssh-ed25519", "SHA256:AAAA"],
    ] {
        assert_eq!(home.run(&other).ends_with(0).stdout, "", "{other:?}");
    }
    home.run(&["admin", "remove", "rosewood", "amina"])
        .ends_with(0);
    assert_eq!(home.run(&ask).ends_with(0).stdout, "");
    let snippet = home.run(&["ssh-keys", "--snippet"]).ends_with(0).stdout;
    assert!(snippet.contains("AuthorizedKeysFile none"), "{snippet}");
}

/// Commands of every family; each is tried on an own and on another community, and on one that is not there.
const COMMANDS: &[(&str, bool)] = &[
    ("community show {}", true),
    ("instance list {}", true),
    ("instance show {} sourcecred", true),
    ("instance activate {} sourcecred --no-wait", true),
    ("instance deactivate {} sourcecred --no-wait", true),
    ("instance check {} sourcecred --no-wait", true),
    ("connection list {}", true),
    ("admin list {}", true),
    ("request other {} --words please", true),
    ("request remove {} sourcecred --words please", true),
    ("request configure {} sourcecred currency_name=Petals", true),
    ("task show {}/loomio", true),
    ("instance configure {} sourcecred a=b", false),
    ("instance remove {} sourcecred --confirm {}", false),
    ("instance adopt {} sourcecred x", false),
    ("community archive {} --yes", false),
    ("community hand-over {} --owner sourcecred", false),
    ("admin add {} eve", false),
    ("admin remove {} amina", false),
    ("admin allow {}", false),
    ("key forget {} sourcecred", false),
    ("key list {}", false),
    ("connect {} sourcecred discourse", false),
    ("service logs {} sourcecred", false),
];

#[test]
#[expect(clippy::print_stderr, reason = "the figures of the run")]
fn a_session_does_what_is_granted_in_the_own_community_and_knows_of_no_other() {
    let home = town();
    home.run_with(KEY, &["admin", "add", "rosewood", "amina"])
        .ends_with(0);
    let actor = number(&home, "amina");
    let (mut granted, mut refused, mut hidden) = (0, 0, 0);
    for (command, is_theirs) in COMMANDS {
        let ask = |slug: &str| asked(&home, &actor, &command.replace("{}", slug), "");
        let (own, other, none) = (ask("rosewood"), ask("fern"), ask("nowhere"));
        assert_eq!(other.code, none.code, "{command}");
        let same = |text: &str| text.replace("fern", "SLUG").replace("nowhere", "SLUG");
        assert_eq!(same(&other.stderr), same(&none.stderr), "{command}");
        assert_eq!(same(&other.stdout), same(&none.stdout), "{command}");
        assert_ne!(other.code, 0, "{command}");
        if *is_theirs {
            // It may fail for a reason of its own, but not for one of rights.
            assert_ne!(own.code, 4, "{command}: {own:?}");
            assert!(
                own.code == 0 || own.stderr != other.stderr.replace("fern", "rosewood"),
                "{command}: {own:?}"
            );
            granted += 1;
        } else {
            assert_eq!(own.code, 4, "{command}: {own:?}");
            refused += 1;
        }
        hidden += 1;
    }
    eprintln!(
        "{} commands: {granted} granted in the own community, {refused} refused, {hidden} hidden in another",
        COMMANDS.len()
    );
    for list in [
        "community list --json",
        "instance list --json",
        "operation list --all --json",
        "task list --json",
        "audit list --json",
        "request list --json",
        "admin list --json",
    ] {
        let told = asked(&home, &actor, list, "").ends_with(0);
        let text = told.stdout.to_lowercase();
        assert!(
            !text.contains("fern") && !told.stderr.contains("fern"),
            "{list}"
        );
    }
}

#[test]
fn a_session_cannot_become_another_one() {
    let home = town();
    home.run_with(KEY, &["admin", "add", "rosewood", "amina"])
        .ends_with(0);
    let actor = number(&home, "amina");
    for line in [
        "--actor 1 community list",
        "community list --actor 1",
        "--home /tmp community list",
        "backup /tmp/x",
        "unlock",
        "internal agent /tmp/x 5",
        "session --bare",
        "instance list; id",
        "instance list\nid",
        "sh -c id",
        "/usr/lib/openssh/sftp-server",
        "scp -t /tmp",
        "instance list --json --identity-file /etc/passwd",
    ] {
        let told = asked(&home, &actor, line, "");
        assert!([2, 4].contains(&told.code), "{line}: {told:?}");
        assert_eq!(told.stdout, "", "{line}");
    }
    // The operator has a login of their own; nobody comes in as one, or as somebody who was never there.
    for nobody in ["1", "999"] {
        let told = asked(&home, nobody, "community list", "");
        assert_eq!(told.code, 4, "{told:?}");
    }
    // Without a command it is the screen, which needs a terminal.
    let told = answer(&mut session(&home, &actor), "");
    assert_eq!(told.code, 2, "{told:?}");
    home.run(&["admin", "remove", "rosewood", "amina"])
        .ends_with(0);
    let gone = asked(&home, &actor, "community list", "");
    assert_eq!(gone.code, 4, "{gone:?}");
}

#[test]
fn what_is_not_given_is_asked_for_and_both_see_what_became_of_it() {
    let home = town();
    home.run_with(KEY, &["admin", "add", "rosewood", "amina"])
        .ends_with(0);
    let actor = number(&home, "amina");
    home.run(&["admin", "allow", "rosewood", "--platform", "policykit"])
        .ends_with(0);
    let refused = asked(&home, &actor, "instance activate rosewood sourcecred", "");
    assert_eq!(refused.code, 4, "{refused:?}");
    assert!(
        refused
            .stderr
            .contains("request activate rosewood sourcecred")
    );
    asked(
        &home,
        &actor,
        "request activate rosewood sourcecred --words 'we count there'",
        "",
    )
    .ends_with(0);
    let open = |answer: Answer| -> Value { answer.ends_with(0).json()["requests"][0].clone() };
    let seen = open(home.run(&["request", "list", "--open", "--json"]));
    assert_eq!(seen["words"], "we count there");
    let id = seen["id"].to_string();
    home.run(&["request", "refuse", &id])
        .refused_with(2, "word of why");
    home.run(&["request", "refuse", &id, "--words", "in spring"])
        .ends_with(0);
    let told = open(asked(&home, &actor, "request list --json", ""));
    assert_eq!(
        (&told["state"], &told["answer"]),
        (&"refused".into(), &"in spring".into())
    );
    let again = asked(&home, &actor, &format!("request approve {id}"), "");
    assert_eq!(again.code, 4, "{again:?}");
}

#[test]
fn a_removal_that_was_asked_for_is_done_when_the_operator_types_the_name() {
    let home = town();
    home.run_with(KEY, &["admin", "add", "rosewood", "amina"])
        .ends_with(0);
    let actor = number(&home, "amina");
    let ask = "request remove rosewood sourcecred --hard --words unused";
    asked(&home, &actor, ask, "").ends_with(0);
    let first = |answer: Answer| -> Value { answer.ends_with(0).json()["requests"][0].clone() };
    let request = first(home.run(&["request", "list", "--json"]));
    assert_eq!(request["wish"]["for"], "remove", "{request}");
    let id = request["id"].to_string();
    let approve = ["request", "approve", &id];
    home.run(&approve).refused_with(2, "still open");
    home.run(&[&approve[..], &["--confirm", "rosewod"]].concat())
        .refused_with(2, "still open");
    assert_eq!(home.row("rosewood", "sourcecred")["desired"], "inactive");
    home.run(&[&approve[..], &["--confirm", "rosewood"]].concat())
        .ends_with(0);
    assert_eq!(home.row("rosewood", "sourcecred")["desired"], Value::Null);
    let told = first(asked(&home, &actor, "request list --json", ""));
    assert_eq!(told["state"], "approved", "{told}");
}
