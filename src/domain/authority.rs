//! Who may do what: the table of verb and role. Denied unless granted here.
//!
//! Only the engine asks; screens and commands show what it answers, and the manual page prints it.

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
pub enum Grant {
    /// Refused.
    Nowhere,
    /// In the communities that the actor administers, as long as these are not archived.
    Own,
    /// In every community and for the installation itself.
    Everywhere,
}

impl Grant {
    /// The word of the manual page.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Nowhere => "-",
            Self::Own => "own",
            Self::Everywhere => "all",
        }
    }
}

/// A line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// How far an operator's grant reaches.
    pub operator: Grant,
    /// How far that of a community's administrator reaches.
    pub admin: Grant,
    /// How far an auditor's reaches.
    pub auditor: Grant,
    /// Whether it is still possible in a community that is archived, for those whose grant reaches there.
    pub when_archived: bool,
}

impl Line {
    /// How far the grant of a role reaches.
    #[must_use]
    pub const fn of(self, role: Role) -> Grant {
        match role {
            Role::Operator => self.operator,
            Role::CommunityAdmin => self.admin,
            Role::Auditor => self.auditor,
        }
    }
}

const fn line(operator: Grant, admin: Grant, auditor: Grant, when_archived: bool) -> Line {
    Line {
        operator,
        admin,
        auditor,
        when_archived,
    }
}

/// The table. A verb that is new has no line, and the program does not compile until somebody has decided.
#[must_use]
#[expect(
    clippy::match_same_arms,
    reason = "a table has one line for each verb, also where two are alike"
)]
pub const fn line_of(verb: IntentKind) -> Line {
    use Grant::{Everywhere as All, Nowhere as No, Own};
    use IntentKind as V;
    match verb {
        // verb => line(operator, community admin, auditor, also when archived)
        V::View => line(All, Own, All, true),
        V::ViewAudit => line(All, Own, All, true),
        V::ViewAccounts => line(All, No, All, true),
        V::ViewAdmins => line(All, Own, All, true),
        V::Activate => line(All, Own, No, false),
        V::Deactivate => line(All, Own, No, false),
        V::SetKey => line(All, Own, No, false),
        V::TestConnection => line(All, Own, No, false),
        V::Check => line(All, Own, No, true),
        V::ResumeOperation => line(All, Own, No, true),
        V::Configure => line(All, No, No, false),
        V::Adopt => line(All, No, No, false),
        V::Manage => line(All, No, No, false),
        V::AnswerDrift => line(All, No, No, false),
        V::Connect => line(All, No, No, false),
        V::Disconnect => line(All, No, No, true),
        V::CancelOperation => line(All, No, No, true),
        V::ForgetKey => line(All, No, No, true),
        V::Remove => line(All, No, No, true),
        // A key that leaked is replaced also where nothing else is done any more.
        V::RotateKey => line(All, No, No, true),
        V::CreateCommunity => line(All, No, No, false),
        V::ArchiveCommunity => line(All, No, No, false),
        V::Export => line(All, No, No, true),
        V::HandOver => line(All, No, No, true),
        V::SetTemplate => line(All, No, No, false),
        V::Settings => line(All, No, No, false),
        V::AddAccount => line(All, No, No, false),
        V::SetAccountPolicy => line(All, No, No, false),
        V::Backup => line(All, No, No, false),
        V::RevealKey => line(All, No, No, false),
        V::Recipients => line(All, No, No, false),
        V::ManageAdmins => line(All, No, No, true),
        V::SetAllowance => line(All, No, No, false),
        V::AnswerRequest => line(All, No, No, true),
        // An operator asks nobody.
        V::MakeRequest => line(No, Own, No, false),
    }
}

/// Whether an actor may do something to a subject.
#[must_use]
pub fn permits(actor: &Actor, verb: IntentKind, subject: Subject) -> bool {
    let line = line_of(verb);
    match (line.of(actor.role), subject) {
        (Grant::Nowhere, _) | (Grant::Own, Subject::Installation) => false,
        (Grant::Own, Subject::Community { id, archived }) => {
            !archived && actor.communities.contains(&id)
        }
        (Grant::Everywhere, Subject::Installation) => true,
        (Grant::Everywhere, Subject::Community { archived, .. }) => !archived || line.when_archived,
    }
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
        let of = |id, archived| Subject::Community {
            id: CommunityId(id),
            archived,
        };
        assert!(permits(&admin, IntentKind::Activate, of(1, false)));
        for verb in IntentKind::ALL {
            for subject in [of(2, false), of(1, true), Subject::Installation] {
                assert!(!permits(&admin, *verb, subject), "{verb}: {subject:?}");
            }
        }
        assert!(!permits(&admin, IntentKind::Remove, of(1, false)));
    }

    #[test]
    fn an_auditor_changes_nothing() {
        let auditor = actor(Role::Auditor, vec![]);
        let granted: Vec<_> = IntentKind::ALL
            .iter()
            .filter(|verb| permits(&auditor, **verb, Subject::Installation))
            .map(|verb| verb.word())
            .collect();
        assert_eq!(
            granted,
            ["view", "view-audit", "view-accounts", "admin-list"]
        );
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
