//! Lays the files of a stand-in's runtime, which several Guildhall processes may do and read at the same time.

use crate::{
    domain::Fault,
    services::files::{make_folder, storage},
};
use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

/// What a file of a runtime may: like a real one it holds no secret, and is read by the users that services have for
/// themselves.
const READ_BY_ALL: u32 = 0o644;
const ENTERED_BY_ALL: u32 = 0o755;

/// The folder of one runtime below those of an installation.
pub struct RuntimeFolder(PathBuf);

impl RuntimeFolder {
    /// # Errors
    /// [`FaultKind::Storage`](crate::domain::FaultKind::Storage), as of everything here.
    pub fn make(runtimes: &Path, name: &str) -> Result<Self, Fault> {
        let folder = Self(runtimes.join(name));
        folder.make_inner("")?;
        Ok(folder)
    }

    /// Makes a folder in it, and those between; everybody can enter them.
    pub fn make_inner(&self, name: &str) -> Result<(), Fault> {
        let path = self.0.join(name);
        make_folder(&path)?;
        for each in path
            .ancestors()
            .take_while(|each| each.starts_with(&self.0))
        {
            open(each, ENTERED_BY_ALL).map_err(|error| failed(each, &error))?;
        }
        Ok(())
    }

    /// Whether a file lies there.
    pub fn has(&self, name: &str) -> bool {
        self.0.join(name).is_file()
    }

    /// Makes a file say this. It is left alone where it does already: on a full disk one can still look.
    pub fn say(&self, name: &str, text: &str) -> Result<(), Fault> {
        if fs::read_to_string(self.0.join(name)).is_ok_and(|there| there == text) {
            return Ok(());
        }
        self.put(name, |beside| {
            fs::write(beside, text).map_err(|error| failed(beside, &error))
        })
    }

    /// Puts a file there that is made under a name of its own first: who reads meanwhile sees all of it or none.
    pub fn put(
        &self,
        name: &str,
        make: impl FnOnce(&Path) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let own = LAST.fetch_add(1, Ordering::Relaxed);
        let path = self.0.join(name);
        let beside = path.with_extension(format!("{}-{own}.new", std::process::id()));
        let laid = make(&beside).and_then(|()| {
            open(&beside, READ_BY_ALL)
                .and_then(|()| fs::rename(&beside, &path))
                .map_err(|error| failed(&path, &error))
        });
        if laid.is_err() {
            // What is half made must not stay; that it stays is no second trouble.
            let _ = fs::remove_file(&beside);
        }
        laid
    }
}

/// A fault of laying a file or folder.
pub fn failed(path: &Path, error: &io::Error) -> Fault {
    storage("The sandbox cannot write this", path, error)
}

fn open(path: &Path, mode: u32) -> io::Result<()> {
    if fs::metadata(path)?.permissions().mode() & 0o777 == mode {
        return Ok(());
    }
    fs::set_permissions(path, Permissions::from_mode(mode))
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        os::unix::fs::PermissionsExt as _,
        path::{Path, PathBuf},
        thread,
    };

    /// Every file and folder below, with what others may.
    fn all_below(folder: &Path) -> Vec<(PathBuf, u32)> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().permissions().mode();
            found.push((entry.path(), mode & 0o007));
            if entry.file_type().unwrap().is_dir() {
                found.extend(all_below(&entry.path()));
            }
        }
        found
    }

    #[test]
    fn many_lay_the_same_runtimes_at_once_and_others_can_read_them() {
        for _ in 0..50 {
            let home = tempfile::tempdir().unwrap();
            let runtimes = home.path().join("runtimes");
            thread::scope(|scope| {
                let laying: Vec<_> = (0..4)
                    .map(|number| {
                        let (runtimes, own) = (&runtimes, format!("/bin/guildhall-{}", number % 2));
                        scope.spawn(move || crate::sandbox::lay_runtimes(runtimes, Path::new(&own)))
                    })
                    .collect();
                for each in laying {
                    each.join().unwrap().unwrap();
                }
            });
            for (path, others) in all_below(&runtimes) {
                let is_left_over = path.extension().is_some_and(|end| end == "new");
                assert!(!is_left_over, "{} was left over", path.display());
                assert_eq!(
                    others & 0o004,
                    0o004,
                    "others cannot read {}",
                    path.display()
                );
            }
        }
    }
}
