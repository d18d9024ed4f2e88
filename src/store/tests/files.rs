//! The file: its rights, what is refused, backup and restore, a full disk.

use super::core::{furnished, now};
use crate::{domain::*, store::*};
use std::{
    fs::{self, OpenOptions, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn refusal(home: &Path) -> Fault {
    let fault = Store::open(home).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Storage);
    assert!(!fault.hint.is_empty(), "{fault}");
    fault
}

fn database(home: &Path) -> std::path::PathBuf {
    home.join("guildhall.db")
}

#[test]
fn everything_that_is_made_is_for_its_owner_alone() {
    let parent = tempfile::tempdir().unwrap();
    let home = parent.path().join("new").join("home");
    assert!(!Store::exists(&home));
    let store = Store::open(&home).unwrap();
    assert!(Store::exists(&home));
    store
        .write_now(|writer| writer.set_setting("a", &1))
        .unwrap();
    assert_eq!(
        (mode(&home), mode(&parent.path().join("new"))),
        (0o700, 0o700)
    );
    for entry in fs::read_dir(&home).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    drop(store);
    let store = Store::open(&home).unwrap();
    let kept: Option<i64> = store.read_now(|reader| reader.setting("a")).unwrap();
    assert_eq!(kept, Some(1));
}

#[test]
fn what_others_could_read_is_refused_with_the_cure() {
    let home = tempfile::tempdir().unwrap();
    drop(Store::open(home.path()).unwrap());
    fs::set_permissions(database(home.path()), Permissions::from_mode(0o640)).unwrap();
    assert!(refusal(home.path()).hint.contains("chmod 600"));
    fs::set_permissions(database(home.path()), Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(home.path(), Permissions::from_mode(0o755)).unwrap();
    assert!(refusal(home.path()).hint.contains("chmod 700"));

    let empty = tempfile::tempdir().unwrap();
    fs::set_permissions(empty.path(), Permissions::from_mode(0o755)).unwrap();
    Store::open(empty.path()).unwrap();
    assert_eq!(mode(empty.path()), 0o700);
}

#[test]
fn what_is_not_ours_is_refused_in_one_sentence_and_left_alone() {
    let home = tempfile::tempdir().unwrap();
    fs::set_permissions(home.path(), Permissions::from_mode(0o700)).unwrap();
    let path = database(home.path());
    let put = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    };
    put(b"");
    assert!(refusal(home.path()).what.contains("is empty"));
    put(b"hello");
    assert!(refusal(home.path()).what.contains("not a database"));
    put(&[b'x'; 8192]);
    assert!(refusal(home.path()).what.contains("not a database"));
    fs::remove_file(&path).unwrap();
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch("CREATE TABLE theirs (a)")
        .unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    let before = fs::read(&path).unwrap();
    assert!(refusal(home.path()).what.contains("not one of Guildhall"));
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_later_a_cut_and_a_damaged_database_are_refused() {
    let (home, store, ..) = furnished(3);
    let path = database(home.path());
    let backup = home.path().join("copy.db");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(store.backup_to(&backup)).unwrap();
    drop(store);
    let whole = fs::read(&path).unwrap();

    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    assert!(refusal(home.path()).what.contains("cut short"));

    let mut damaged = whole.clone();
    let page = damaged.len() / 2 / 4096 * 4096;
    damaged[page..page + 4096].fill(0xa5);
    fs::write(&path, damaged).unwrap();
    assert!(refusal(home.path()).what.contains("damaged"));

    let former = Store::restore_from(&backup, home.path()).unwrap().unwrap();
    assert!(former.exists());
    let communities = Store::open(home.path())
        .unwrap()
        .read_now(|reader| reader.totals(None))
        .unwrap()
        .communities;
    assert_eq!(communities, 1);

    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch("PRAGMA user_version = 99")
        .unwrap();
    assert!(refusal(home.path()).what.contains("later Guildhall"));
}

#[test]
fn a_backup_is_whole_private_and_never_written_over_anything() {
    let (home, store, ..) = furnished(3);
    let copy = home.path().join("copy.db");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(store.backup_to(&copy)).unwrap();
    assert_eq!(mode(&copy), 0o600);
    let fault = runtime.block_on(store.backup_to(&copy)).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Conflict);

    store
        .write_now(|writer| writer.insert_community(&"late".parse().unwrap(), "Late", "", now()))
        .unwrap();
    let open = Store::restore_from(&copy, home.path()).unwrap_err();
    assert_eq!(open.kind, FaultKind::InUse);
    drop(store);
    let former = Store::restore_from(&copy, home.path()).unwrap().unwrap();
    assert_eq!(mode(&former), 0o600);
    let count = |home: &Path| {
        Store::open(home)
            .unwrap()
            .read_now(|reader| reader.totals(None))
            .unwrap()
            .communities
    };
    assert_eq!(count(home.path()), 1);
    let problems = runtime
        .block_on(Store::open(home.path()).unwrap().check(Depth::Whole))
        .unwrap();
    assert!(problems.is_empty(), "{problems:?}");

    let elsewhere = tempfile::tempdir().unwrap();
    assert_eq!(
        Store::restore_from(&former, elsewhere.path()).unwrap(),
        None
    );
    assert_eq!(count(elsewhere.path()), 2);
    let left: Vec<_> = fs::read_dir(home.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("partial") || name.contains("restore"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_backup_that_is_not_one_changes_nothing() {
    let (home, store, ..) = furnished(1);
    drop(store);
    let bad = home.path().join("bad.db");
    let mut bytes = fs::read(database(home.path())).unwrap();
    // All of the second half: a single page may be one that holds nothing.
    let page = bytes.len() / 2 / 4096 * 4096;
    bytes[page..].fill(0xa5);
    fs::write(&bad, bytes).unwrap();
    let fault = Store::restore_from(&bad, home.path()).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Storage);
    Store::open(home.path()).unwrap();
}

/// A small disk of its own for a test; without the right to mount one the test is skipped, and says so.
#[expect(clippy::print_stdout, reason = "a test that cannot run here says so")]
fn on_a_small_disk(test: impl FnOnce(&Path) + std::panic::UnwindSafe) {
    let mount = tempfile::tempdir().unwrap();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=40m,mode=700", "guildhall-test"])
        .arg(mount.path())
        .output()
        .is_ok_and(|output| output.status.success());
    if !mounted {
        println!("SKIPPED: this user may not mount a small file system");
        return;
    }
    let outcome = std::panic::catch_unwind(|| test(mount.path()));
    let unmounted = std::process::Command::new("umount")
        .arg(mount.path())
        .status()
        .unwrap();
    outcome.unwrap();
    assert!(unmounted.success());
}

#[test]
fn a_read_only_disk_is_refused_with_the_reason() {
    on_a_small_disk(|home| {
        drop(Store::open(home).unwrap());
        let remounted = std::process::Command::new("mount")
            .args(["-o", "remount,ro"])
            .arg(home)
            .status()
            .unwrap();
        assert!(remounted.success());
        let fault = refusal(home);
        assert!(fault.what.contains("read-only"), "{fault}");
    });
}

#[test]
fn on_a_full_disk_what_was_acknowledged_stays_and_the_reserve_is_given_up() {
    on_a_small_disk(fill_the_disk);
}

fn fill_the_disk(home: &Path) {
    let store = Store::open(home).unwrap();
    assert!(home.join("reserve").exists());
    let filler = home.join("filler");
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&filler)
        .unwrap();
    let free = store.free_bytes().unwrap();
    rustix::fs::fallocate(
        &file,
        rustix::fs::FallocateFlags::empty(),
        0,
        free - 512 * 1024,
    )
    .unwrap();
    assert_eq!(
        store.require_free(1024 * 1024).unwrap_err().kind,
        FaultKind::Storage
    );
    let mut acknowledged = 0;
    let fault = loop {
        let name = format!("row-{acknowledged}");
        match store.write_now(move |writer| writer.set_setting(&name, &"x".repeat(6000))) {
            Ok(()) => acknowledged += 1,
            Err(fault) => break fault,
        }
        assert!(acknowledged < 1000, "the disk never filled");
    };
    assert_eq!(fault.kind, FaultKind::Storage);
    assert!(fault.what.contains("full"), "{fault}");
    assert!(
        !home.join("reserve").exists(),
        "the reserve was kept: {fault}"
    );
    store
        .write_now(|writer| writer.set_setting("parked", &true))
        .unwrap();
    drop(store);
    let store = Store::open(home).unwrap();
    for row in 0..acknowledged {
        let name = format!("row-{row}");
        let kept: Option<String> = store.read_now(move |reader| reader.setting(&name)).unwrap();
        assert!(kept.is_some(), "row {row} of {acknowledged} was lost");
    }
}
