//! Many at once: twenty who toggle at the same time, and two hundred who look.

use super::{
    door::{Door, Key, LONG},
    support::process::wait_until_at_rest,
};
use rustix::process::Pid;
use std::{fs, time::Instant};

/// How many look; another number by `GUILDHALL_SESSIONS`.
const SESSIONS: usize = 200;

#[test]
fn twenty_toggles_at_once_are_each_done_once() {
    let Some(door) = Door::open(true) else { return };
    let names: Vec<String> = (0..20).map(|number| format!("hall-{number}")).collect();
    let mut keys = Vec::new();
    for name in &names {
        door.make(name);
        let key = Key::new(&door, &format!("admin-{name}"));
        door.add(name, &key);
        keys.push(key);
    }
    let start = Instant::now();
    let told: Vec<_> = std::thread::scope(|scope| {
        let clients: Vec<_> = names
            .iter()
            .zip(&keys)
            .map(|(name, key)| {
                let door = &door;
                scope.spawn(move || {
                    door.ssh(key, &format!("instance activate {name} policykit --json"))
                })
            })
            .collect();
        clients
            .into_iter()
            .map(|client| client.join().unwrap())
            .collect()
    });
    let took = start.elapsed();
    for (name, told) in names.iter().zip(&told) {
        assert_eq!(told.code, 0, "{name}: {told:?}");
        let row = door.row(name, "policykit");
        assert_eq!(
            (&row["desired"], &row["observed"]),
            (&"active".into(), &"ready".into())
        );
        assert_eq!(door.done_operations(name, "activate"), 1, "{name}");
        assert_eq!(door.done_operations(name, "provision"), 1, "{name}");
    }
    eprintln!(
        "20 toggles over 20 connections at once: each done once, {:.1} s in all",
        took.as_secs_f64()
    );
}

#[test]
fn two_hundred_sessions_get_their_screen_and_cost_nothing_at_rest() {
    let Some(door) = Door::open(false) else {
        return;
    };
    let count = std::env::var("GUILDHALL_SESSIONS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(SESSIONS);
    // Nothing is made for it on this host: what is looked at is the list.
    let mut arguments = vec!["community", "create", "Rosewood", "--slug", "rosewood"];
    for choice in [
        "policykit=off",
        "kybern=off",
        "sourcecred=off",
        "metagov=off",
    ] {
        arguments.extend(["--platform", choice]);
    }
    door.operator(&arguments, "");
    let amina = Key::new(&door, "amina");
    door.add("rosewood", &amina);
    let start = Instant::now();
    let sessions: Vec<_> = (0..count).map(|_| door.screen(&amina, 80, 24)).collect();
    for session in &sessions {
        session.wait_for_within("Loomio", LONG);
    }
    let framed = start.elapsed();
    door.until("every session is there", || door.sessions().len() == count);
    // Linux lets one login watch from so many processes; the others ask every second.
    let most = fs::read_to_string("/proc/sys/fs/inotify/max_user_instances").unwrap();
    let most: usize = most.trim().parse().unwrap();
    let expected = count.min(most.saturating_sub(30));
    door.until("the sessions watch", || door.watching().len() >= expected);
    let pids = door.watching();
    for pid in &pids {
        wait_until_at_rest(Pid::from_raw(i32::try_from(*pid).unwrap()).unwrap());
    }
    let switches = |pid: u32| -> u64 {
        let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
        tasks
            .filter_map(Result::ok)
            .map(|task| {
                let status = fs::read_to_string(task.path().join("status")).unwrap_or_default();
                number_after(&status, "voluntary_ctxt_switches:")
            })
            .sum()
    };
    let before: Vec<u64> = pids.iter().map(|pid| switches(*pid)).collect();
    // Long enough to see anything that ticks once in a second; what is asserted is a count, not a time.
    std::thread::sleep(std::time::Duration::from_secs(5));
    let woken = pids
        .iter()
        .zip(&before)
        .filter(|(pid, before)| switches(**pid) != **before)
        .count();
    let (mut resident, mut own) = (0, 0);
    for pid in &pids {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        resident += number_after(&status, "VmRSS:");
        own += number_after(&status, "RssAnon:");
    }
    let each = |total: u64| total / 1024 / u64::try_from(pids.len()).unwrap();
    eprintln!(
        "{count} sessions: all framed after {:.1} s; {} MiB resident each, {} MiB of it their own ({} build); of {} that watch {woken} \
         were woken in 5 s at rest",
        framed.as_secs_f64(),
        each(resident),
        each(own),
        if cfg!(debug_assertions) {
            "debug"
        } else {
            "release"
        },
        pids.len(),
    );
    assert_eq!(woken, 0, "sessions at rest were woken");

    // What one changes, all see, without anybody asking for it.
    door.operator(&["instance", "activate", "rosewood", "loomio"], "");
    for session in &sessions {
        session.wait_for_within("1/", LONG);
    }
}

fn number_after(text: &str, name: &str) -> u64 {
    text.lines()
        .find_map(|line| line.strip_prefix(name))
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}
