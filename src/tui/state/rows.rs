//! By what the rows of the views are known and searched.

use super::notices::Notice;
use super::table::Row;
use crate::catalog::Manifest;
use crate::domain::{
    AccountId, AuditEntry, AuditSequence, InstanceId, OperationId, PlatformId, Request, RequestId,
    WantedAccountId,
};
use crate::engine::views::{AccountRow, OperationRow, PlatformRow, TaskRow, TaskSubject};
use jiff::Timestamp;

impl Row for PlatformRow {
    type Key = PlatformId;

    fn key(&self) -> PlatformId {
        self.platform.clone()
    }

    fn words(&self) -> String {
        let instance = self.instance.as_ref();
        format!(
            "{} {} {} {}",
            self.name,
            instance.map_or("off", |instance| instance.state_words()),
            instance.map_or("", |instance| instance.note.as_str()),
            instance
                .and_then(|instance| instance.url.as_deref())
                .unwrap_or_default(),
        )
    }
}

impl Row for OperationRow {
    type Key = OperationId;

    fn key(&self) -> OperationId {
        self.operation.id
    }

    fn words(&self) -> String {
        format!(
            "{} {} {} {} {}",
            self.community,
            self.slug,
            self.platform_name,
            self.operation.verb.word(),
            self.state_words(),
        )
    }
}

impl Row for TaskRow {
    type Key = (
        Option<InstanceId>,
        Option<OperationId>,
        Option<WantedAccountId>,
    );

    fn key(&self) -> Self::Key {
        let wanted = match &self.subject {
            TaskSubject::Account(wanted) => Some(wanted.id),
            TaskSubject::Instance { .. } => None,
        };
        (self.subject.instance(), self.operation, wanted)
    }

    fn words(&self) -> String {
        let slug = self.subject.slug().map_or("", |slug| slug.as_str());
        format!(
            "{} {slug} {} {}",
            self.subject.whose(),
            self.platform_name,
            self.task.title
        )
    }
}

impl Row for AccountRow {
    type Key = AccountId;

    fn key(&self) -> AccountId {
        self.account.id
    }

    fn words(&self) -> String {
        let slug = self.slug.as_ref().map_or("", |slug| slug.as_str());
        format!("{} {} {slug}", self.platform_name, self.account.name)
    }
}

impl Row for AuditEntry {
    type Key = AuditSequence;

    fn key(&self) -> AuditSequence {
        self.sequence
    }

    fn words(&self) -> String {
        format!(
            "{} {} {} {} {}",
            self.actor,
            self.action,
            self.subject,
            self.result.word(),
            self.detail
        )
    }
}

impl Row for Request {
    type Key = RequestId;

    fn key(&self) -> RequestId {
        self.id
    }

    fn words(&self) -> String {
        format!(
            "{} {} {} {} {}",
            self.slug,
            self.state.word(),
            self.asked_by,
            self.wish,
            self.words
        )
    }
}

impl Row for Manifest {
    type Key = PlatformId;

    fn key(&self) -> PlatformId {
        self.id.clone()
    }

    fn words(&self) -> String {
        format!(
            "{} {} {} {} {}",
            self.name,
            self.group.word(),
            self.maturity.word(),
            self.licence,
            self.summary
        )
    }
}

/// A message with its place in the log.
#[derive(Debug, Clone)]
pub struct Logged {
    pub place: usize,
    pub notice: Notice,
}

impl Row for Logged {
    type Key = (usize, Timestamp);

    fn key(&self) -> Self::Key {
        (self.place, self.notice.at)
    }

    fn words(&self) -> String {
        format!("{} {}", self.notice.what, self.notice.hint)
    }
}
