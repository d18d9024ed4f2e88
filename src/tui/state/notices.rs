//! What the screen tells in passing, and the log that keeps all of it: no error vanishes.

use crate::domain::Fault;
use jiff::Timestamp;

/// How much a notice matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Something was done.
    Done,
    /// Something should be known.
    Warning,
    /// Something failed. Stays until it is dismissed.
    Error,
}

/// One thing told.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    pub at: Timestamp,
    pub weight: Weight,
    /// What happened.
    pub what: String,
    /// What to do. May be empty.
    pub hint: String,
    /// The technical cause, for the log.
    pub detail: Option<String>,
}

/// The notice in sight and the log of all.
#[derive(Debug, Default)]
pub struct Notices {
    shown: Vec<Notice>,
    /// All of this session, oldest first.
    pub log: Vec<Notice>,
}

/// Kept in the log of a session; older ones are in the log file and in the audit.
const KEPT: usize = 1_000;

impl Notices {
    /// Tells something. An error waits its turn behind an error, and is never pushed out by a lesser one.
    pub fn tell(&mut self, notice: Notice) {
        if self.log.len() == KEPT {
            self.log.remove(0);
        }
        self.log.push(notice.clone());
        self.shown.retain(|shown| shown.weight == Weight::Error);
        if notice.weight == Weight::Error
            && self.shown.iter().any(|shown| shown.what == notice.what)
        {
            return;
        }
        self.shown.push(notice);
    }

    /// Tells that something is done.
    pub fn done(&mut self, at: Timestamp, what: impl Into<String>) {
        self.tell(Notice {
            at,
            weight: Weight::Done,
            what: what.into(),
            hint: String::new(),
            detail: None,
        });
    }

    /// Tells something that should be known.
    pub fn warn(&mut self, at: Timestamp, what: impl Into<String>) {
        self.tell(Notice {
            at,
            weight: Weight::Warning,
            what: what.into(),
            hint: String::new(),
            detail: None,
        });
    }

    /// Tells a fault.
    pub fn fault(&mut self, at: Timestamp, fault: &Fault) {
        self.tell(Notice {
            at,
            weight: Weight::Error,
            what: fault.what.clone(),
            hint: fault.hint.clone(),
            detail: fault.detail.clone(),
        });
    }

    /// The one in sight: the oldest error, else the newest of the others.
    pub fn current(&self) -> Option<&Notice> {
        self.shown.first()
    }

    /// How many wait behind it.
    pub fn waiting(&self) -> usize {
        self.shown.len().saturating_sub(1)
    }

    /// Takes what is in sight away. False when there is nothing.
    pub fn dismiss(&mut self) -> bool {
        if self.shown.is_empty() {
            return false;
        }
        self.shown.remove(0);
        true
    }

    /// Takes away what needs no dismissal; called with every key.
    pub fn pass(&mut self) -> bool {
        let before = self.shown.len();
        self.shown.retain(|shown| shown.weight == Weight::Error);
        before != self.shown.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::FaultKind;

    #[test]
    fn an_error_stays_until_it_is_dismissed_and_is_not_pushed_out() {
        let mut notices = Notices::default();
        notices.fault(
            Timestamp::UNIX_EPOCH,
            &Fault::new(FaultKind::Refused, "It broke."),
        );
        notices.done(Timestamp::UNIX_EPOCH, "Something else is done.");
        assert_eq!(
            notices.current().map(|n| n.what.as_str()),
            Some("It broke.")
        );
        notices.pass();
        assert_eq!(
            notices.current().map(|n| n.what.as_str()),
            Some("It broke.")
        );
        assert!(notices.dismiss() && notices.current().is_none());
        assert_eq!(notices.log.len(), 2);
    }

    #[test]
    fn the_newest_of_lesser_notices_is_in_sight() {
        let mut notices = Notices::default();
        notices.done(Timestamp::UNIX_EPOCH, "one");
        notices.done(Timestamp::UNIX_EPOCH, "two");
        assert_eq!(notices.current().map(|n| n.what.as_str()), Some("two"));
        assert!(notices.pass() && notices.current().is_none());
    }
}
