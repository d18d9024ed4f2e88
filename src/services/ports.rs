//! Ports of loopback. The pool lies below the range from which the kernel lends ports, so that a port that was once
//! chosen is not lent to a passing connection.

use crate::domain::{Fault, FaultKind};
use std::net::{Ipv4Addr, TcpListener};

/// The first port of the pool.
const FIRST: u16 = 18_400;
/// How many ports the pool has.
const MANY: u16 = 4_000;

/// Whether nobody listens on this port of loopback.
#[must_use]
pub fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// Chooses a free port of the pool. The search begins at a place that follows from `seed`, so that two instances
/// that choose at once rarely choose the same.
///
/// # Errors
/// [`FaultKind::Host`] when none is free.
pub fn choose(seed: &str) -> Result<u16, Fault> {
    let start = seed.bytes().fold(0_u32, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(u32::from(byte))
    });
    let start = u16::try_from(start % u32::from(MANY)).unwrap_or(0);
    (0..MANY)
        .map(|step| FIRST + (start + step) % MANY)
        .find(|port| is_free(*port))
        .ok_or_else(|| {
            Fault::new(
                FaultKind::Host,
                format!("No port from {FIRST} to {} is free.", FIRST + MANY - 1),
            )
            .hint("Deactivate an instance, or end what listens there.")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_use_is_passed_over() {
        let first = choose("rosewood").unwrap();
        let _held = TcpListener::bind((Ipv4Addr::LOCALHOST, first)).unwrap();
        assert!(!is_free(first));
        assert_ne!(choose("rosewood").unwrap(), first);
    }
}
