//! Who may do what: the table of verb and role. Denied unless granted here.
//!
//! Only the engine asks; screens and commands show what it answers.

use super::{Actor, CommunityId, IntentKind, Role};

/// What an intent is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The installation as a whole.
    Installation,
    /// One community.
    Community {
        /// Which.
        id: CommunityId,
        /// Whether it is archived.
        archived: bool,
    },
}

/// How far a role's grant for a verb reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grant {
    Nowhere,
    OwnCommunities,
    Everywhere,
}

const fn grant(role: Role, verb: IntentKind) -> Grant {
    use IntentKind as V;
    match role {
        Role::Operator => Grant::Everywhere,
        Role::Auditor => match verb {
            V::View | V::ViewAudit | V::ViewAccounts => Grant::Everywhere,
            _ => Grant::Nowhere,
        },
        Role::CommunityAdmin => match verb {
            V::View
            | V::ViewAudit
            | V::Activate
            | V::Deactivate
            | V::SetKey
            | V::TestConnection
            | V::ResumeOperation
            | V::Check => Grant::OwnCommunities,
            _ => Grant::Nowhere,
        },
    }
}

/// Whether an actor may do something to a subject. In an archived community only looking,
/// checking and removing what is left there are possible.
#[must_use]
pub fn permits(actor: &Actor, verb: IntentKind, subject: Subject) -> bool {
    let granted = match (grant(actor.role, verb), subject) {
        (Grant::Nowhere, _) | (Grant::OwnCommunities, Subject::Installation) => false,
        (Grant::OwnCommunities, Subject::Community { id, .. }) => actor.communities.contains(&id),
        (Grant::Everywhere, _) => true,
    };
    let possible = match subject {
        Subject::Community { archived: true, .. } => matches!(
            verb,
            IntentKind::View
                | IntentKind::ViewAudit
                | IntentKind::ViewAccounts
                | IntentKind::Check
                | IntentKind::Remove
                | IntentKind::ForgetKey
                | IntentKind::CancelOperation
                | IntentKind::ResumeOperation
                | IntentKind::Disconnect
        ),
        _ => true,
    };
    granted && possible
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ActorId;

    fn actor(role: Role, communities: Vec<CommunityId>) -> Actor {
        Actor {
            id: ActorId(1),
            name: "a".into(),
            role,
            communities,
        }
    }

    #[test]
    fn a_community_admin_acts_in_its_own_communities_only() {
        let admin = actor(Role::CommunityAdmin, vec![CommunityId(1)]);
        let of = |id| Subject::Community {
            id: CommunityId(id),
            archived: false,
        };
        assert!(permits(&admin, IntentKind::Activate, of(1)));
        for verb in IntentKind::ALL {
            assert!(
                !permits(&admin, *verb, of(2)),
                "{verb} in a foreign community"
            );
            assert!(
                !permits(&admin, *verb, Subject::Installation),
                "{verb} on the installation"
            );
        }
        assert!(!permits(&admin, IntentKind::Remove, of(1)));
    }

    #[test]
    fn an_auditor_changes_nothing() {
        let auditor = actor(Role::Auditor, vec![]);
        let granted: Vec<_> = IntentKind::ALL
            .iter()
            .filter(|verb| permits(&auditor, **verb, Subject::Installation))
            .map(|verb| verb.word())
            .collect();
        assert_eq!(granted, ["view", "view-audit", "view-accounts"]);
    }

    #[test]
    fn nothing_is_switched_on_in_an_archived_community() {
        let operator = actor(Role::Operator, vec![]);
        let archived = Subject::Community {
            id: CommunityId(1),
            archived: true,
        };
        assert!(!permits(&operator, IntentKind::Activate, archived));
        assert!(permits(&operator, IntentKind::Remove, archived));
    }
}
