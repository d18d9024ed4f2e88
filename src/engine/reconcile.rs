//! What an instance still lacks to be as desired: one rule, asked after every wish, every key and every operation.
//!
//! The last wish wins, because only `desired` is remembered of wishes; what was reached is remembered beside it, and the
//! difference is the next operation. Pure: it knows no table.

use crate::domain::{Desired, OperationVerb};

/// What the rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one independent fact about an instance; there is no state machine hidden in them"
)]
pub(super) struct Situation {
    /// What is wanted.
    pub desired: Desired,
    /// Whether this build has the platform's adapter.
    pub adapter: bool,
    /// Whether its community is archived: then nothing more is made for it.
    pub archived: bool,
    /// Whether it may only be looked at.
    pub observe_only: bool,
    /// Whether it was provisioned or adopted.
    pub present: bool,
    /// What the last activation or deactivation reached.
    pub reached: Reached,
    /// Whether settings were changed that the platform has not been told.
    pub unsent: bool,
    /// Whether the keys for making it are at hand.
    pub can_provision: bool,
    /// Whether the keys for working with it are at hand.
    pub can_operate: bool,
}

/// What the last activation or deactivation reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reached {
    /// It is switched on.
    Active,
    /// It is switched off, or was made and not switched on yet.
    Inactive,
    /// One was begun and has not come to its end.
    Underway,
}

impl Reached {
    /// The word under which it is remembered.
    pub fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Underway => "underway",
        }
    }

    /// What was remembered. An instance without a record was never switched on.
    pub fn of(word: Option<&str>) -> Self {
        match word {
            Some("active") => Self::Active,
            Some("underway") => Self::Underway,
            _ => Self::Inactive,
        }
    }
}

/// What is to be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing: it is as desired, or may not be touched.
    Nothing,
    /// Run this.
    Run(OperationVerb),
    /// This would be run if a key were there.
    NeedsKey(OperationVerb),
    /// Nothing can be done in this build.
    NoAdapter,
}

/// The next operation towards what is desired.
pub(super) fn next(situation: Situation) -> Next {
    use OperationVerb as V;
    let gated = |verb, can| {
        if can {
            Next::Run(verb)
        } else {
            Next::NeedsKey(verb)
        }
    };
    if situation.desired == Desired::Removed || situation.observe_only {
        return Next::Nothing;
    }
    if !situation.adapter {
        return Next::NoAdapter;
    }
    if !situation.present && situation.archived {
        return Next::Nothing;
    }
    if !situation.present {
        return gated(V::Provision, situation.can_provision);
    }
    match (situation.desired, situation.reached) {
        (Desired::Active, Reached::Inactive | Reached::Underway) => {
            gated(V::Activate, situation.can_operate)
        }
        (Desired::Inactive, Reached::Active | Reached::Underway) => {
            gated(V::Deactivate, situation.can_operate)
        }
        _ if situation.unsent => gated(V::Configure, situation.can_operate),
        _ => Next::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made() -> Situation {
        Situation {
            desired: Desired::Inactive,
            adapter: true,
            archived: false,
            observe_only: false,
            present: true,
            reached: Reached::Inactive,
            unsent: false,
            can_provision: true,
            can_operate: true,
        }
    }

    #[test]
    fn what_is_recorded_is_made_even_when_it_is_to_stay_inactive() {
        let recorded = Situation {
            present: false,
            ..made()
        };
        assert_eq!(next(recorded), Next::Run(OperationVerb::Provision));
        assert_eq!(
            next(Situation {
                can_provision: false,
                ..recorded
            }),
            Next::NeedsKey(OperationVerb::Provision)
        );
        assert_eq!(next(made()), Next::Nothing);
    }

    #[test]
    fn a_wish_that_was_turned_round_halfway_is_undone() {
        for (desired, verb) in [
            (Desired::Active, OperationVerb::Activate),
            (Desired::Inactive, OperationVerb::Deactivate),
        ] {
            let halfway = Situation {
                desired,
                reached: Reached::Underway,
                ..made()
            };
            assert_eq!(next(halfway), Next::Run(verb));
        }
    }

    #[test]
    fn the_state_comes_before_the_settings_and_nothing_is_done_to_what_is_only_looked_at() {
        let changed = Situation {
            desired: Desired::Active,
            unsent: true,
            ..made()
        };
        assert_eq!(next(changed), Next::Run(OperationVerb::Activate));
        let reached = Situation {
            reached: Reached::Active,
            ..changed
        };
        assert_eq!(next(reached), Next::Run(OperationVerb::Configure));
        let watched = Situation {
            observe_only: true,
            ..changed
        };
        assert_eq!(next(watched), Next::Nothing);
    }
}
