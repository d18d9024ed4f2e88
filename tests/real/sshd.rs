//! Administrators over SSH, for real: Debian's openssh-server on loopback, with a host key and a configuration of its own, and
//! the ordinary ssh client. Runs where sshd is installed and `GUILDHALL_REAL` is set; says that it was skipped elsewhere.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test")]

#[path = "sshd/crowd.rs"]
mod crowd;
#[path = "sshd/door.rs"]
mod door;
#[expect(dead_code, reason = "shared with other tests")]
#[path = "../support/mod.rs"]
mod support;

use door::{Door, Key};

#[test]
fn a_key_comes_in_and_does_what_is_theirs_and_nothing_else() {
    let Some(door) = Door::open(true) else { return };
    door.make("rosewood");
    door.make("fern");
    let (amina, stranger) = (Key::new(&door, "amina"), Key::new(&door, "stranger"));
    assert_eq!(door.ssh(&amina, "instance list").code, 255, "not added yet");
    door.add("rosewood", &amina);

    let told = door.ssh(&amina, "instance list --json");
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.out.contains("policykit") && !told.out.contains("fern"));
    let refused = door.ssh(&stranger, "instance list");
    assert_eq!(refused.code, 255, "{refused:?}");
    let other = door.ssh(&amina, "instance list fern");
    let none = door.ssh(&amina, "instance list nowhere");
    assert_eq!((other.code, none.code), (2, 2));
    assert_eq!(other.err, none.err.replace("nowhere", "fern"));

    // Whatever is asked for, it is one of our commands or nothing. A file that appears would be a shell's doing.
    let trace = door.folder.path().join("trace");
    let touch = format!("touch {}", trace.display());
    for line in [
        touch.clone(),
        format!("sh -c '{touch}'"),
        format!("instance list; {touch}"),
        format!("instance list && {touch}"),
        format!("instance list\n{touch}"),
        format!("instance list $({touch})"),
        format!("instance list `{touch}`"),
        format!("instance list | {touch}"),
        format!("instance list > {}", trace.display()),
        format!("backup {}", trace.display()),
        "internal agent /tmp/x 5".to_owned(),
        "instance list --home /tmp".to_owned(),
        "instance list --actor 1".to_owned(),
        "'open quote".to_owned(),
    ] {
        let told = door.ssh(&amina, &line);
        assert!([2, 4].contains(&told.code), "{line:?}: {told:?}");
        assert_eq!(told.out, "", "{line:?}");
        assert!(!told.err.contains("panicked"), "{told:?}");
    }
    assert!(!trace.exists());

    // No files, no forwarding, no other program.
    assert!(!door.sftp(&amina), "sftp got in");
    let told = door.ssh_with(
        &amina,
        &[
            "-N",
            "-o",
            "ExitOnForwardFailure=yes",
            "-R",
            "0:127.0.0.1:1",
        ],
        "",
    );
    assert_ne!(told.code, 0, "{told:?}");

    // Without a terminal there is no screen, and that is said.
    let told = door.ssh_with(&amina, &["-T"], "");
    assert_eq!(told.code, 2, "{told:?}");
    assert!(told.err.contains("needs a terminal"), "{told:?}");
}

#[test]
fn a_line_that_is_no_text_or_as_long_as_a_book_is_refused() {
    let Some(door) = Door::open(true) else { return };
    door.make("rosewood");
    let amina = Key::new(&door, "amina");
    door.add("rosewood", &amina);
    let bytes = door.ssh_bytes(&amina, b"instance list \xff\xfe");
    assert_eq!(bytes.code, 2, "{bytes:?}");
    // Longer than Linux hands to any program: it does not even get as far as Guildhall.
    for length in [200 * 1024, 1024 * 1024] {
        let long = door.ssh_bytes(&amina, &vec![b'a'; length]);
        assert_ne!(long.code, 0, "{length} bytes");
    }
    assert_eq!(door.ssh(&amina, "instance list").code, 0, "it goes on");
}

#[test]
fn the_environment_of_a_connection_reaches_nothing() {
    let Some(door) = Door::open(true) else { return };
    door.make("rosewood");
    let amina = Key::new(&door, "amina");
    door.add("rosewood", &amina);
    let mut options = Vec::new();
    // This sshd takes them all, as one that was set up carelessly.
    for variable in [
        "GUILDHALL_HOME=/nonexistent",
        "GUILDHALL_CONFIG=/nonexistent",
        "GUILDHALL_LOG=trace",
        "HOME=/nonexistent",
        "PATH=/nonexistent",
        "XDG_DATA_HOME=/nonexistent",
        "HTTPS_PROXY=http://127.0.0.1:1",
        "EDITOR=/bin/sh",
        "PAGER=/bin/sh",
        "LC_ALL=/nonexistent",
        "TZ=/etc/shadow",
    ] {
        options.push("-o".to_owned());
        options.push(format!("SetEnv={variable}"));
    }
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let told = door.ssh_with(&amina, &options, "community list --json");
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.out.contains("rosewood"));
}

#[test]
fn a_session_ends_when_its_administrator_is_removed() {
    let Some(door) = Door::open(true) else { return };
    door.make("rosewood");
    let amina = Key::new(&door, "amina");
    door.add("rosewood", &amina);
    let mut session = door.screen(&amina, 100, 30);
    session.wait_for("PolicyKit");
    // It has begun to watch once it is at rest.
    door.wait_until_watched();
    door.operator(&["admin", "remove", "rosewood", "amina"], "");
    assert_eq!(session.exit_code(), 4);
    session.assert_restored();
    assert_eq!(door.ssh(&amina, "instance list").code, 255);
}

#[test]
fn three_key_presses_from_ssh_to_a_toggled_instance() {
    let Some(door) = Door::open(true) else { return };
    door.make("rosewood");
    let amina = Key::new(&door, "amina");
    door.add("rosewood", &amina);
    door.operator(&["instance", "activate", "rosewood", "policykit"], "");
    door.operator(&["instance", "deactivate", "rosewood", "policykit"], "");
    assert_eq!(door.desired("rosewood", "policykit"), "inactive");
    let session = door.screen(&amina, 100, 30);
    session.wait_for("PolicyKit");
    // The list of one community is passed over: the cursor stands on its first platform.
    let presses = door.presses_to("rosewood", "policykit");
    session.type_keys(&presses);
    door.wait_for("rosewood", "policykit", "active");
    eprintln!(
        "{} key presses from ssh to a toggled instance",
        presses.len()
    );
    assert!(presses.len() <= 3, "{presses:?}");
}

#[test]
fn a_connection_that_is_cut_leaves_nothing_half_done() {
    let Some(door) = Door::open(true) else { return };
    door.make("rosewood");
    let amina = Key::new(&door, "amina");
    door.add("rosewood", &amina);
    for cut in 0..3 {
        let client = door.begin(&amina, "instance activate rosewood policykit");
        door.wait_for("rosewood", "policykit", "active");
        Door::cut(client);
        // The session finishes what it began, or it is taken up; the end is the one that was asked for.
        door.until(&format!("cut {cut}: it is active"), || {
            door.asked(&["operation", "resume"], "");
            door.row("rosewood", "policykit")["state"] == "active"
        });
        door.operator(&["instance", "deactivate", "rosewood", "policykit"], "");
    }
    let made = door.done_operations("rosewood", "provision");
    assert_eq!(made, 1, "made once, however often the line was cut");
}
