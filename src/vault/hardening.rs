//! What the process itself does so that its memory stays its own.

use crate::domain::{Fault, FaultKind};
use rustix::{
    fs::Mode,
    process::{Resource, Rlimit, setrlimit, umask},
};

/// Makes this process undumpable (no core file, no attaching by other processes of the same user), sets the size of
/// core files to zero for it and its children, and lets new files be readable by their owner only.
///
/// Call it first thing in `main`: before any secret is in memory and before there is a second thread.
///
/// # Errors
/// [`FaultKind::Host`] when the kernel refuses one of these; the others are in force all the same.
pub fn harden_process() -> Result<(), Fault> {
    umask(Mode::RWXG | Mode::RWXO);
    let no_core = setrlimit(
        Resource::Core,
        Rlimit {
            current: Some(0),
            maximum: Some(0),
        },
    );
    no_core.and(refuse_dumps()).map_err(|cause| {
        Fault::new(
            FaultKind::Host,
            "This host does not let Guildhall keep its memory out of core files.",
        )
        .hint("Switch core files off for this user before unlocking the vault here.")
        .detail(cause)
    })
}

#[cfg(target_os = "linux")]
fn refuse_dumps() -> rustix::io::Result<()> {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
}

/// Elsewhere the limit on core files is what there is.
#[cfg(not(target_os = "linux"))]
#[expect(
    clippy::unnecessary_wraps,
    reason = "the signature is that of the Linux variant"
)]
fn refuse_dumps() -> rustix::io::Result<()> {
    Ok(())
}
