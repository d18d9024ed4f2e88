//! What a real service takes of this host, and where the tests on real services find things.

use std::{fs, path::Path, path::PathBuf};

/// A folder named by a variable of the environment.
pub fn named(variable: &str) -> Option<String> {
    std::env::var(variable)
        .ok()
        .filter(|value| !value.is_empty())
}

/// Where runtimes are kept between two runs.
pub fn cache() -> PathBuf {
    let set = |name: &str| std::env::var_os(name).map(PathBuf::from);
    set("GUILDHALL_REAL_CACHE").unwrap_or_else(|| {
        let cache = set("XDG_CACHE_HOME").unwrap_or_else(|| set("HOME").unwrap().join(".cache"));
        cache.join("guildhall-real")
    })
}

/// The memory of a process's descendants, each page counted by its share (proc(5), `Pss`).
pub fn memory_mib(pid: i32) -> u64 {
    let mut parents = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse::<i32>() else {
            continue;
        };
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let after = stat.rsplit(')').next().unwrap_or_default();
        if let Some(parent) = after
            .split_whitespace()
            .nth(1)
            .and_then(|word| word.parse::<i32>().ok())
        {
            parents.push((pid, parent));
        }
    }
    let mut family = vec![pid];
    let mut at = 0;
    while at < family.len() {
        let of = family[at];
        family.extend(
            parents
                .iter()
                .filter(|(_, parent)| *parent == of)
                .map(|(pid, _)| *pid),
        );
        at += 1;
    }
    // The keeper itself is ours.
    let kib: u64 = family.iter().skip(1).map(|pid| share(*pid)).sum();
    kib / 1024
}

fn share(pid: i32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    text.lines()
        .find_map(|line| line.strip_prefix("Pss:"))
        .and_then(|rest| rest.trim().trim_end_matches("kB").trim().parse().ok())
        .unwrap_or(0)
}

/// What a folder takes on the disk.
pub fn disk_mib(folder: &Path) -> u64 {
    fn blocks(path: &Path) -> u64 {
        use std::os::unix::fs::MetadataExt as _;
        let Ok(about) = fs::symlink_metadata(path) else {
            return 0;
        };
        let mut sum = about.blocks();
        if about.is_dir() {
            for entry in fs::read_dir(path).into_iter().flatten().flatten() {
                sum += blocks(&entry.path());
            }
        }
        sum
    }
    blocks(folder) / 2048
}

/// What is shown before must be within a quarter of what is measured.
pub fn within_a_quarter(what: &str, measured: u64, shown: u64) {
    let (low, high) = (shown * 3 / 4, shown * 5 / 4);
    assert!(
        (low..=high).contains(&measured),
        "{what}: {measured} MiB measured, {shown} shown"
    );
}
