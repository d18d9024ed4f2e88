//! Several processes on one file, and processes that are killed.

use super::core::{furnished, now};
use crate::store::*;
use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

#[test]
fn two_handles_write_one_file_and_see_each_other() {
    let (home, one, community, _) = furnished(0);
    let two = Store::open(home.path()).unwrap();
    std::thread::scope(|scope| {
        for (store, name) in [(&one, "one"), (&two, "two")] {
            scope.spawn(move || {
                for number in 0..100 {
                    store
                        .write_now(move |writer| {
                            let so_far: i64 = writer.setting("sum")?.unwrap_or_default();
                            writer.set_setting("sum", &(so_far + 1))?;
                            writer.set_setting(&format!("{name}-{number}"), &number)
                        })
                        .unwrap();
                }
            });
        }
    });
    let sum: Option<i64> = one.read_now(|reader| reader.setting("sum")).unwrap();
    assert_eq!(sum, Some(200));
    let seen = two
        .read_now(move |reader| reader.community(community.id))
        .unwrap();
    assert_eq!(seen, community);
}

#[tokio::test]
async fn changes_tick_here_and_the_data_version_tells_of_others() {
    let (home, one, ..) = furnished(0);
    let two = Store::open(home.path()).unwrap();
    let mut changes = one.changes();
    changes.mark_unchanged();
    let before = one.data_version().await.unwrap();
    one.read(|reader| reader.totals(None)).await.unwrap();
    one.write(|_| Ok(())).await.unwrap();
    assert!(!changes.has_changed().unwrap(), "nothing was changed yet");
    one.write(|writer| writer.set_setting("a", &1))
        .await
        .unwrap();
    assert!(changes.has_changed().unwrap());
    assert_eq!(one.data_version().await.unwrap(), before, "its own change");
    two.write(|writer| writer.set_setting("a", &2))
        .await
        .unwrap();
    assert_ne!(
        one.data_version().await.unwrap(),
        before,
        "another's change"
    );
}

#[tokio::test]
async fn a_caller_that_goes_away_does_not_stop_its_change() {
    let (_home, store, ..) = furnished(0);
    let (entered, wait) = std::sync::mpsc::channel();
    let (go, held) = std::sync::mpsc::channel::<()>();
    let task = tokio::spawn({
        let store = store.clone();
        async move {
            store
                .write(move |writer| {
                    entered.send(()).unwrap();
                    held.recv().unwrap();
                    writer.set_setting("a", &1)
                })
                .await
        }
    });
    tokio::task::spawn_blocking(move || wait.recv().unwrap())
        .await
        .unwrap();
    task.abort();
    go.send(()).unwrap();
    let kept: Option<i64> = store.write(|writer| writer.setting("a")).await.unwrap();
    assert_eq!(kept, Some(1));
}

#[test]
#[cfg(target_os = "linux")]
fn a_second_handle_leaves_the_first_ones_locks_alone() {
    let (home, _store, ..) = furnished(0);
    let file = std::fs::metadata(home.path().join("guildhall.db")).unwrap();
    let number = format!(":{} ", std::os::unix::fs::MetadataExt::ino(&file));
    let is_locked = || {
        std::fs::read_to_string("/proc/locks")
            .unwrap()
            .contains(&number)
    };
    assert!(is_locked());
    let _second = Store::open(home.path()).unwrap();
    assert!(
        is_locked(),
        "another process could believe that it is alone"
    );
}

/// Not a test by itself: the child of the one below, which runs this binary again with the variable set.
#[test]
#[expect(
    clippy::print_stdout,
    reason = "the parent reads what was acknowledged from a pipe"
)]
fn child_that_writes_until_it_is_killed() {
    let Some(home) = std::env::var_os("GUILDHALL_TEST_CHILD_HOME") else {
        return;
    };
    let store = Store::open(home.as_ref()).unwrap();
    let first: i64 = store
        .read_now(|reader| reader.setting("last"))
        .unwrap()
        .unwrap_or(0);
    for number in first + 1.. {
        store
            .write_now(move |writer| {
                writer.insert_community(&format!("c-{number}").parse().unwrap(), "C", "", now())?;
                writer.set_setting("last", &number)
            })
            .unwrap();
        println!("ack {number}");
    }
}

#[test]
fn nothing_acknowledged_is_lost_to_a_kill() {
    let home = tempfile::tempdir().unwrap();
    drop(Store::open(home.path()).unwrap());
    let until = Instant::now() + Duration::from_secs(4);
    let (mut rounds, mut acknowledged) = (0_u32, 0_i64);
    while Instant::now() < until && rounds < 40 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "store::tests::sharing::child_that_writes_until_it_is_killed",
            ])
            .args(["--nocapture", "--test-threads=1"])
            .env("GUILDHALL_TEST_CHILD_HOME", home.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut left = 1 + rounds * 7 % 30;
        for line in lines {
            let line = line.unwrap();
            if let Some((_, number)) = line.split_once("ack ") {
                acknowledged = acknowledged.max(number.parse().unwrap());
                left = left.saturating_sub(1);
            }
            if left == 0 {
                // SIGKILL; what was acknowledged between this and its death is read on.
                child.kill().unwrap();
                left = u32::MAX;
            }
        }
        child.wait().unwrap();
        let store = Store::open(home.path()).unwrap();
        let (last, communities) = store
            .read_now(|reader| {
                let last: Option<i64> = reader.setting("last")?;
                Ok((last.unwrap_or(0), reader.totals(None)?.communities))
            })
            .unwrap();
        assert!(
            last >= acknowledged,
            "{last} kept of {acknowledged} acknowledged"
        );
        assert_eq!(i64::from(communities), last, "half a transaction");
        rounds += 1;
    }
    let problems = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(Store::open(home.path()).unwrap().check(Depth::Whole))
        .unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    assert!(
        rounds > 0 && acknowledged > 0,
        "{rounds} rounds, {acknowledged} rows"
    );
}
