//! The folder in which everything lies: made for its owner alone, on a disk that can hold a database.

use super::fault;
use crate::domain::{Fault, FaultKind};
use std::{
    fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// The name of the database in its folder.
pub(super) const DATABASE: &str = "guildhall.db";

/// The folder, made and checked. Answers what the operator should be warned of.
///
/// # Errors
/// `Storage`.
pub(super) fn settle(home: &Path) -> Result<Vec<String>, Fault> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(home)
        .map_err(|error| fault::from_io(&error, "The folder cannot be made", home))?;
    let unreadable = |error: io::Error| fault::from_io(&error, "The folder cannot be read", home);
    let about = fs::metadata(home).map_err(unreadable)?;
    refuse_strangers(&about, home)?;
    if about.mode() & 0o077 != 0 {
        // Nobody keeps anything in an empty folder; one with things in it may be shared for a reason.
        if fs::read_dir(home).map_err(unreadable)?.next().is_some() {
            return Err(open_to_others(home, "700"));
        }
        fs::set_permissions(home, Permissions::from_mode(0o700)).map_err(|error| {
            fault::from_io(&error, "The folder cannot be closed to others", home)
        })?;
    }
    // The log needs the folder writable even for reading.
    writable(home)?;
    file_system(home)
}

fn writable(path: &Path) -> Result<(), Fault> {
    rustix::fs::access(path, rustix::fs::Access::WRITE_OK)
        .map_err(|error| fault::from_io(&error.into(), "It cannot be written to", path))
}

/// Refuses a database file that others could read, or that is another user's.
///
/// # Errors
/// `Storage`.
pub(super) fn check_file(path: &Path) -> Result<(), Fault> {
    let about = fs::metadata(path)
        .map_err(|error| fault::from_io(&error, "The database cannot be read", path))?;
    if !about.is_file() {
        return Err(Fault::new(
            FaultKind::Storage,
            format!("{} is not a file.", path.display()),
        )
        .hint("Name another folder with --home, or move it away."));
    }
    refuse_strangers(&about, path)?;
    if about.mode() & 0o077 != 0 {
        return Err(open_to_others(path, "600"));
    }
    writable(path)
}

/// A new, empty file for its owner alone, whatever the umask.
///
/// # Errors
/// `Storage`, also when it exists.
pub(super) fn new_file(path: &Path) -> Result<File, Fault> {
    let refused = |error: io::Error| fault::from_io(&error, "The file cannot be made", path);
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(refused)?;
    file.set_permissions(Permissions::from_mode(0o600))
        .map_err(refused)?;
    Ok(file)
}

/// Makes names in a folder outlive a power cut.
///
/// # Errors
/// `Storage`.
pub(super) fn sync_folder(folder: &Path) -> Result<(), Fault> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| fault::from_io(&error, "The folder cannot be written to disk", folder))
}

/// The folder of a path; a bare file name is in the working folder.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// A name beside a file: `guildhall.db` and "new" make `guildhall.db.new`.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

fn refuse_strangers(about: &Metadata, path: &Path) -> Result<(), Fault> {
    if about.uid() == rustix::process::geteuid().as_raw() {
        return Ok(());
    }
    Err(Fault::new(
        FaultKind::Storage,
        format!("{} belongs to another user.", path.display()),
    )
    .hint("Run Guildhall as that user, or name another folder with --home."))
}

fn open_to_others(path: &Path, mode: &str) -> Fault {
    Fault::new(
        FaultKind::Storage,
        format!("{} is open to other users of this machine.", path.display()),
    )
    .hint(format!(
        "Run `chmod {mode} {}`, or name another folder with --home.",
        path.display()
    ))
}

/// Refuses network file systems, on which locks do not hold and databases break; warns of ZFS, on which commits may
/// stall for seconds.
fn file_system(home: &Path) -> Result<Vec<String>, Fault> {
    let about = rustix::fs::statfs(home).map_err(|error| {
        fault::from_io(&error.into(), "The file system cannot be looked at", home)
    })?;
    // The type's width and sign differ between machines; the numbers themselves fit 32 bits.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a bit pattern of 32 bits, whatever type this machine gives it"
    )]
    let magic = about.f_type as u32;
    match kind_of(magic, home) {
        Kind::Local => Ok(Vec::new()),
        Kind::Slow(name) => Ok(vec![format!(
            "{} is on {name}, where each commit may stall for seconds; a dataset with sync=standard on a fast log device helps.",
            home.display()
        )]),
        Kind::Network(name) => Err(Fault::new(
            FaultKind::Storage,
            format!(
                "{} is on {name}, a network file system, where locks do not hold and a database breaks.",
                home.display()
            ),
        )
        .hint("Name a folder on a local disk with --home or GUILDHALL_HOME.")),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Local,
    Slow(&'static str),
    Network(String),
}

/// The numbers are those of statfs(2) and of the kernel's `magic.h`.
fn kind_of(magic: u32, home: &Path) -> Kind {
    let network = match magic {
        0x6969 => "NFS",
        0x517b | 0xff53_4d42 | 0xfe53_4d42 => "SMB",
        0x5346_414f | 0x6b41_4653 => "AFS",
        0x7375_7245 => "Coda",
        0x564c => "NCP",
        0x00c3_6400 => "Ceph",
        0x0102_1997 => "9P",
        0x0bd0_0bd0 => "Lustre",
        0x0116_1970 => "GFS2",
        0x7461_636f => "OCFS2",
        0x6573_5546 => return fuse(home),
        0x2fc1_2fc1 => return Kind::Slow("ZFS"),
        _ => return Kind::Local,
    };
    Kind::Network(network.to_owned())
}

/// FUSE carries local disks as well as remote ones; the name of the mounted type tells them apart.
fn fuse(home: &Path) -> Kind {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let home = fs::canonicalize(home).unwrap_or_else(|_| home.to_owned());
    let mounted = mounts
        .lines()
        .filter_map(|line| {
            let (before, after) = line.split_once(" - ")?;
            let point = before.split(' ').nth(4)?;
            let kind = after.split(' ').next()?;
            home.starts_with(point)
                .then(|| (point.len(), kind.to_owned()))
        })
        .max_by_key(|(length, _)| *length)
        .map_or_else(|| "fuse".to_owned(), |(_, kind)| kind);
    let local = [
        "fuseblk",
        "fuse.fuse-overlayfs",
        "fuse.bindfs",
        "fuse.gocryptfs",
        "fuse.encfs",
    ];
    if local.contains(&mounted.as_str()) {
        Kind::Local
    } else {
        Kind::Network(mounted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_file_systems_are_told_from_local_ones() {
        let home = Path::new("/");
        assert_eq!(kind_of(0x6969, home), Kind::Network("NFS".into()));
        assert_eq!(kind_of(0xff53_4d42, home), Kind::Network("SMB".into()));
        assert_eq!(kind_of(0x2fc1_2fc1, home), Kind::Slow("ZFS"));
        for local in [0xef53, 0x0102_1994, 0x9123_683e, 0x5846_5342, 0x794c_7630] {
            assert_eq!(kind_of(local, home), Kind::Local);
        }
    }
}
