//! Who holds a lease: a process, named so that another one on the same host can see that it is gone.

use crate::{
    domain::{Fault, Operation},
    store::Reader,
};
use jiff::Timestamp;
use std::{fs, path::Path};
use uuid::Uuid;

/// The name under which this process takes leases: the host's boot and process space, the process and when it began, and a
/// random part, so that two engines in one process are two holders.
pub(super) fn holder_name() -> String {
    let pid = std::process::id();
    let begun = began(pid).unwrap_or_default();
    format!("{}/{pid}/{begun}/{}", host(), Uuid::new_v4().simple())
}

/// Whether some process works on an operation, as far as can be known.
///
/// # Errors
/// `Storage`.
pub(super) fn is_held(
    reader: &Reader<'_>,
    operation: &Operation,
    now: Timestamp,
) -> Result<bool, Fault> {
    let lease = reader.lease(operation.instance)?;
    Ok(lease.is_some_and(|lease| {
        lease.operation == Some(operation.id)
            && lease.expires_at > now
            && !is_abandoned(&lease.holder)
    }))
}

/// Whether a holder is certainly gone: it was a process of this host, and no such process is there any more. Of other hosts
/// nothing is known; their leases run out.
pub(super) fn is_abandoned(holder: &str) -> bool {
    let mut parts = holder.split('/');
    let (Some(of), Some(pid), Some(begun)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let (Ok(pid), false) = (pid.parse::<u32>(), begun.is_empty()) else {
        return false;
    };
    let here = host();
    if here == UNKNOWN_HOST || of != here || !Path::new("/proc/self").exists() {
        return false;
    }
    began(pid).is_none_or(|now| now != begun)
}

const UNKNOWN_HOST: &str = "unknown";

/// This boot of this host, and the space in which process ids mean something (containers have their own).
fn host() -> String {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id");
    let space = fs::read_link("/proc/self/ns/pid");
    match (boot, space) {
        (Ok(boot), Ok(space)) => {
            let digits: String = space
                .to_string_lossy()
                .chars()
                .filter(char::is_ascii_digit)
                .collect();
            format!("{}-{digits}", boot.trim())
        }
        _ => UNKNOWN_HOST.to_owned(),
    }
}

/// When a process began, in ticks since the boot (proc(5), field 22 of stat): tells a process from a later one with its id.
fn began(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name of the program stands in parentheses and may hold anything.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    if fields.next() == Some("Z") {
        return None;
    }
    fields.nth(18).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_lives_is_not_abandoned_and_one_that_ended_is() {
        let own = holder_name();
        assert!(!is_abandoned(&own));
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = child.id();
        child.wait().unwrap();
        let gone = format!("{}/{pid}/1/x", host());
        assert!(is_abandoned(&gone));
        let recycled = format!("{}/{}/1/x", host(), std::process::id());
        assert!(is_abandoned(&recycled), "another process has the id now");
    }

    #[test]
    fn nothing_is_known_of_another_host() {
        assert!(!is_abandoned("elsewhere-1/1/1/x"));
        assert!(!is_abandoned("nonsense"));
    }

    #[test]
    fn two_engines_of_one_process_are_two_holders() {
        assert_ne!(holder_name(), holder_name());
    }
}
