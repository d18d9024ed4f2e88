//! What comes in: keys, pastes, the engine's events, answers to effects. The one type that `update` takes.
//!
//! Printed by hand, so that no key stroke and no pasted text ever gets into a log.

use crate::domain::{
    AccountId, AuditEntry, Choice, CommunityId, CredentialId, Fault, OperationId, Plan, PlatformId,
    Progress, Request, Slug,
};
use crate::engine::views::{
    AccountMoves, AccountOffer, AccountRow, CommunityDetail, CommunityRow, Discovered, EngineEvent,
    Examination, InstanceDetail, KeySharing, OperationDetail, OperationRow, Overview, Receipt,
    ServiceLine, TaskRow,
};
use crate::engine::{FoundHome, KeyReach, RecipientRow, Removal, RotationReport};
use crate::tui::hidden::Hidden;
use crossterm::event::{KeyEvent, MouseEvent};
use jiff::Timestamp;
use std::{collections::BTreeMap, fmt, path::PathBuf};

/// Names the layer that waits for an answer, so that an answer for a closed one is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// Something that happened.
pub enum Msg {
    /// A key was pressed.
    Key(KeyEvent),
    /// A text was pasted.
    Paste(Hidden),
    /// The mouse was used.
    Mouse(MouseEvent),
    /// The terminal has this size now: columns, rows.
    Resize(u16, u16),
    /// A quarter of a second passed while something works.
    Tick,
    /// The cursor rested for a moment: what depends on it can be read now.
    Rested,
    /// The engine tells something.
    Engine(EngineEvent),
    /// An operation is further.
    Progress(OperationId, Progress),
    /// An effect was carried out.
    Answer(Answer),
    /// Something that could not be done outside the engine: the clipboard, suspending.
    Trouble(Box<Fault>),
}

/// What came of an effect.
pub enum Answer {
    Overview(Result<Overview, Fault>),
    /// A page of communities for this filter, following this row.
    Communities {
        filter: String,
        after: Option<CommunityId>,
        result: Result<CommunityPage, Fault>,
    },
    Community(Slug, Result<CommunityDetail, Fault>),
    Instance(Slug, PlatformId, Box<Result<InstanceDetail, Fault>>),
    Operations(Result<Vec<OperationRow>, Fault>),
    Operation(OperationId, Box<Result<OperationDetail, Fault>>),
    Tasks(Result<Vec<TaskRow>, Fault>),
    Accounts(Result<Vec<AccountRow>, Fault>),
    Requests(Result<Vec<Request>, Fault>),
    Reach(CredentialId, Box<Result<KeyReach, Fault>>),
    Rotations(Result<Vec<RotationReport>, Fault>),
    Operators(Result<Vec<RecipientRow>, Fault>),
    Sharing(PlatformId, Result<KeySharing, Fault>),
    OperatorAdded(Ticket, Result<RecipientRow, Fault>),
    OperatorRemoved(Ticket, Box<Result<Removal, Fault>>),
    Audit(Result<Vec<AuditEntry>, Fault>),
    Template(Ticket, Result<BTreeMap<PlatformId, Choice>, Fault>),
    Planned(Ticket, Result<Plan, Fault>),
    Submitted(Option<Ticket>, Result<Receipt, Fault>),
    Examined(Ticket, Box<Result<Examination, Fault>>),
    Discovered(Ticket, Result<Vec<Discovered>, Fault>),
    Log(Ticket, Result<Vec<ServiceLine>, Fault>),
    /// Where a log was saved.
    LogSaved(Ticket, Result<PathBuf, Fault>),
    Homes(Ticket, Result<Vec<FoundHome>, Fault>),
    Unlocked(Ticket, Result<(), Fault>),
    AccountOffer(Ticket, Result<AccountOffer, Fault>),
    Moves(AccountId, Result<AccountMoves, Fault>),
    /// A stored key, in the clear.
    Revealed(Ticket, Result<KeyRead, Fault>),
    /// The vault was locked.
    Locked(Result<(), Fault>),
    /// That the answers were looked at was written down.
    AnswersSeen(Result<(), Fault>),
    /// The installation was made; its recovery key, to be shown once.
    Initialised(Ticket, Result<Hidden, Fault>),
}

/// A key in the clear, and whose it is.
#[derive(Debug)]
pub struct KeyRead {
    pub secret: Hidden,
    /// "token of a platform, rosewood".
    pub what: String,
}

/// A piece of the list of communities.
#[derive(Debug, Clone, PartialEq)]
pub struct CommunityPage {
    /// The rows, in the order of the list.
    pub rows: Vec<CommunityRow>,
    /// Whether these are the last.
    pub complete: bool,
    /// When they were read.
    pub at: Timestamp,
}

impl fmt::Debug for Msg {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(_) => formatter.write_str("Key"),
            Self::Paste(text) => write!(formatter, "Paste({} characters)", text.length()),
            Self::Mouse(event) => write!(formatter, "Mouse({:?})", event.kind),
            Self::Resize(width, height) => write!(formatter, "Resize({width}, {height})"),
            Self::Tick => formatter.write_str("Tick"),
            Self::Rested => formatter.write_str("Rested"),
            Self::Engine(event) => write!(formatter, "Engine({event:?})"),
            Self::Progress(operation, progress) => {
                write!(formatter, "Progress({operation}, {progress:?})")
            }
            Self::Answer(answer) => write!(formatter, "Answer({})", answer.name()),
            Self::Trouble(fault) => write!(formatter, "Trouble({:?})", fault.kind),
        }
    }
}

impl Answer {
    /// Why what a layer asked for was refused, where it was.
    pub fn refusal(&self) -> Option<Fault> {
        match self {
            Self::Template(_, Err(fault))
            | Self::Planned(_, Err(fault))
            | Self::Submitted(_, Err(fault))
            | Self::Discovered(_, Err(fault))
            | Self::Log(_, Err(fault))
            | Self::LogSaved(_, Err(fault))
            | Self::Homes(_, Err(fault))
            | Self::Unlocked(_, Err(fault))
            | Self::OperatorAdded(_, Err(fault))
            | Self::AccountOffer(_, Err(fault))
            | Self::Revealed(_, Err(fault))
            | Self::Initialised(_, Err(fault)) => Some(fault.clone()),
            Self::Examined(_, result) => result.as_ref().as_ref().err().cloned(),
            Self::OperatorRemoved(_, result) => result.as_ref().as_ref().err().cloned(),
            _ => None,
        }
    }

    /// Which one, without what it holds.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Overview(_) => "Overview",
            Self::Communities { .. } => "Communities",
            Self::Community(..) => "Community",
            Self::Instance(..) => "Instance",
            Self::Operations(_) => "Operations",
            Self::Operation(..) => "Operation",
            Self::Tasks(_) => "Tasks",
            Self::Accounts(_) => "Accounts",
            Self::Requests(_) => "Requests",
            Self::Reach(..) => "Reach",
            Self::Rotations(_) => "Rotations",
            Self::Operators(_) => "Operators",
            Self::Sharing(..) => "Sharing",
            Self::OperatorAdded(..) => "OperatorAdded",
            Self::OperatorRemoved(..) => "OperatorRemoved",
            Self::Audit(_) => "Audit",
            Self::Template(..) => "Template",
            Self::Planned(..) => "Planned",
            Self::Submitted(..) => "Submitted",
            Self::Examined(..) => "Examined",
            Self::Discovered(..) => "Discovered",
            Self::Log(..) => "Log",
            Self::LogSaved(..) => "LogSaved",
            Self::Homes(..) => "Homes",
            Self::Unlocked(..) => "Unlocked",
            Self::AccountOffer(..) => "AccountOffer",
            Self::Moves(..) => "Moves",
            Self::Revealed(..) => "Revealed",
            Self::Locked(_) => "Locked",
            Self::AnswersSeen(_) => "AnswersSeen",
            Self::Initialised(..) => "Initialised",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::{KeyCode, KeyModifiers};

    #[test]
    fn what_was_typed_or_pasted_is_never_printed() {
        let key = Msg::Key(KeyEvent::new(KeyCode::Char('Q'), KeyModifiers::NONE));
        let paste = Msg::Paste(Hidden::pasted("canary-secret".into()));
        assert_eq!(format!("{key:?}"), "Key");
        assert_eq!(format!("{paste:?}"), "Paste(13 characters)");
    }
}
