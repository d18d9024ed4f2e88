//! Exit codes: one small vocabulary for scripts, the same for every command.

use crate::domain::{Fault, FaultKind};

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: done.
    Done,
    /// 1: failed.
    Failed,
    /// 2: bad usage or input.
    Usage,
    /// 3: waits for a key, a person or somebody else's decision.
    Waiting,
    /// 4: not allowed.
    NotAllowed,
    /// 5: locked, or in use elsewhere.
    Locked,
    /// Any other code: 128 and the number of the signal that ended it, or what the screen answered.
    Other(u8),
}

impl Exit {
    /// The exit code of the process.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Waiting => 3,
            Self::NotAllowed => 4,
            Self::Locked => 5,
            Self::Other(code) => code,
        }
    }

    /// The word for it in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Usage => "bad-input",
            Self::Waiting => "waiting",
            Self::NotAllowed => "not-allowed",
            Self::Locked => "locked",
            Self::Other(_) => "stopped",
        }
    }

    /// What a fault ends a command with.
    pub const fn of(fault: &Fault) -> Self {
        match fault.kind {
            FaultKind::BadInput | FaultKind::NotFound | FaultKind::Conflict => Self::Usage,
            FaultKind::NotAllowed => Self::NotAllowed,
            FaultKind::NeedsKey => Self::Waiting,
            FaultKind::Locked | FaultKind::InUse => Self::Locked,
            _ => Self::Failed,
        }
    }

    /// The graver of two: what failed before what is locked, that before what waits, that before what is done.
    pub fn or_worse(self, other: Self) -> Self {
        if other.gravity() > self.gravity() {
            other
        } else {
            self
        }
    }

    const fn gravity(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Waiting => 1,
            Self::Locked => 2,
            Self::Failed => 3,
            Self::NotAllowed => 4,
            Self::Usage => 5,
            Self::Other(_) => 6,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gravest_of_several_results_counts() {
        assert_eq!(Exit::Waiting.or_worse(Exit::Failed), Exit::Failed);
        assert_eq!(Exit::Failed.or_worse(Exit::Waiting), Exit::Failed);
        assert_eq!(Exit::Done.or_worse(Exit::Locked).code(), 5);
    }

    #[test]
    fn every_class_of_fault_has_its_code() {
        let code = |kind| Exit::of(&Fault::new(kind, "x")).code();
        assert_eq!(code(FaultKind::BadInput), 2);
        assert_eq!(code(FaultKind::NeedsKey), 3);
        assert_eq!(code(FaultKind::NotAllowed), 4);
        assert_eq!(code(FaultKind::InUse), 5);
        assert_eq!(code(FaultKind::Unreachable), 1);
    }
}
