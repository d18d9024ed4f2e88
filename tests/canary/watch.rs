//! Everything that the outside sees of this test's processes while they run: arguments and environment.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// What was seen, by kind and text.
type Seen = Arc<Mutex<BTreeMap<&'static str, BTreeSet<Vec<u8>>>>>;

/// Looks at `/proc` without pause until it is dropped.
pub struct Watch {
    seen: Seen,
    is_over: Arc<AtomicBool>,
    looking: Option<JoinHandle<()>>,
}

impl Watch {
    /// Begins to watch this process's descendants, and whatever runs in a folder.
    pub fn begin(folder: &Path) -> Self {
        let seen = Seen::default();
        let is_over = Arc::new(AtomicBool::new(false));
        let looking = {
            let (seen, is_over, folder) =
                (Arc::clone(&seen), Arc::clone(&is_over), folder.to_owned());
            thread::spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    look(&seen, &folder);
                    thread::sleep(Duration::from_millis(1));
                }
            })
        };
        Self {
            seen,
            is_over,
            looking: Some(looking),
        }
    }

    /// What was seen.
    pub fn end(mut self) -> BTreeMap<&'static str, BTreeSet<Vec<u8>>> {
        self.stop();
        std::mem::take(&mut *self.seen.lock().unwrap())
    }

    fn stop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(looking) = self.looking.take() {
            looking.join().unwrap();
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop();
    }
}

fn look(seen: &Seen, folder: &Path) {
    let own = std::process::id();
    let mut parents: BTreeMap<u32, u32> = BTreeMap::new();
    let mut places: BTreeMap<u32, PathBuf> = BTreeMap::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse::<u32>() else {
            continue;
        };
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else {
            continue;
        };
        let parent = stat
            .rsplit_once(") ")
            .and_then(|(_, rest)| rest.split(' ').nth(1)?.parse().ok());
        parents.insert(pid, parent.unwrap_or(0));
        places.insert(
            pid,
            fs::read_link(entry.path().join("cwd")).unwrap_or_default(),
        );
    }
    for &pid in parents.keys() {
        if pid == own || !(descends(&parents, pid, own) || places[&pid].starts_with(folder)) {
            continue;
        }
        for kind in ["cmdline", "environ"] {
            // Gone meanwhile, or not to be looked into, which is what is wanted.
            let bytes = fs::read(format!("/proc/{pid}/{kind}")).unwrap_or_default();
            seen.lock().unwrap().entry(kind).or_default().insert(bytes);
        }
    }
}

fn descends(parents: &BTreeMap<u32, u32>, mut pid: u32, from: u32) -> bool {
    for _ in 0..64 {
        match parents.get(&pid) {
            Some(&parent) if parent == from => return true,
            Some(&parent) if parent > 1 => pid = parent,
            _ => return false,
        }
    }
    false
}
