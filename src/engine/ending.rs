//! How a run of an operation ended, and what follows from it: done, parked, tried again later, or failed. Pure.

use super::options::Limits;
use crate::{
    adapters::{Halt, Presence, Removed},
    domain::{Fault, FaultKind, HumanTask, Observed, OperationState, clean_line},
};
use jiff::{Timestamp, tz::TimeZone};
use std::time::Duration;

/// What an adapter's verb answered.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Effect {
    /// It stands there: provisioned, adopted or configured.
    Stands(Box<Presence>),
    /// It is switched on or off; the honest sentence of what is now so.
    Switched(String),
    /// It is removed; what is left of it.
    Gone(Removed),
    /// A connection was made or undone; what is now so.
    Joined(String),
    /// It works with another key; what is now so.
    Replaced(String),
    /// People own it; what is now so.
    Handed(String),
}

impl Effect {
    /// What is now so, in one line; none where there is nothing to say but that it is done.
    pub fn sentence(&self) -> Option<String> {
        let said = match self {
            Self::Switched(sentence)
            | Self::Joined(sentence)
            | Self::Replaced(sentence)
            | Self::Handed(sentence) => clean_line(sentence),
            Self::Stands(presence) => clean_line(&presence.note),
            Self::Gone(removed) if removed.left.is_empty() => "Nothing of it is left.".to_owned(),
            Self::Gone(removed) => clean_line(&removed.left.join(" ")),
        };
        (!said.is_empty()).then_some(said)
    }
}

/// What becomes of the operation.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Ending {
    /// It came to its end.
    Done(Effect),
    /// A person has something to do first.
    Human(Box<HumanTask>),
    /// It stays open without a person's step: for a key, for the vault, or until a time.
    Waits {
        /// As what it waits.
        state: OperationState,
        /// Why.
        fault: Box<Fault>,
        /// Until when, where time alone helps.
        not_before: Option<Timestamp>,
    },
    /// It failed and can be resumed.
    Failed(Box<Fault>),
    /// It was stopped on request.
    Cancelled(Box<Fault>),
}

impl Ending {
    /// What became of a run that answered this. `attempts` counts this run, and was set back when a person did something.
    pub fn of(
        answer: Result<Effect, Halt>,
        attempts: i64,
        now: Timestamp,
        limits: &Limits,
    ) -> Self {
        let fault = match answer {
            Ok(effect) => return Self::Done(effect),
            Err(Halt::Human(task)) => return Self::Human(task),
            Err(Halt::Stopped(fault)) => fault,
        };
        let waits = |state, fault, not_before| Self::Waits {
            state,
            fault,
            not_before,
        };
        match fault.kind {
            FaultKind::NeedsKey | FaultKind::KeyRejected => {
                waits(OperationState::WaitsKey, fault, None)
            }
            FaultKind::Locked => waits(OperationState::WaitsUnlock, fault, None),
            FaultKind::Cancelled => Self::Cancelled(fault),
            // The platform said when, and mostly keeps its word: that does not count as failing, but not for ever either.
            FaultKind::RateLimited { retry_after }
                if attempts < limits.most_limited && retry_after <= limits.longest_limited =>
            {
                let pause = retry_after.max(limits.first_pause);
                waits(OperationState::Queued, fault, after(now, pause))
            }
            FaultKind::RateLimited { .. } => Self::Failed(Box::new(given_up(*fault))),
            _ if fault.is_passing() && attempts < limits.most_attempts => {
                let pause = pause_before(attempts, limits);
                waits(OperationState::Queued, fault, after(now, pause))
            }
            _ => Self::Failed(fault),
        }
    }

    /// What became of a run that somebody asked to stop: it is stopped, unless it had come to its end already.
    pub fn of_stopped(answer: Result<Effect, Halt>) -> Self {
        match answer {
            Ok(effect) => Self::Done(effect),
            Err(Halt::Stopped(fault)) => Self::Cancelled(fault),
            Err(Halt::Human(_)) => Self::Cancelled(Box::new(
                Fault::new(
                    FaultKind::Cancelled,
                    "The operation was stopped while it waited for a person.",
                )
                .hint("What it had done stays done; begin it again to go on."),
            )),
        }
    }

    /// What became of a run that was put away because the process ends: it goes on at the next start.
    pub fn of_parked(answer: Result<Effect, Halt>) -> Self {
        match answer {
            Ok(effect) => Self::Done(effect),
            Err(Halt::Human(task)) => Self::Human(task),
            Err(Halt::Stopped(_)) => Self::Waits {
                state: OperationState::Queued,
                fault: Box::new(
                    Fault::new(
                        FaultKind::Cancelled,
                        "Guildhall was ended while this was under way.",
                    )
                    .hint("It goes on when Guildhall is started again."),
                ),
                not_before: None,
            },
        }
    }

    /// As what the operation is recorded.
    pub fn state(&self) -> OperationState {
        match self {
            Self::Done(_) => OperationState::Done,
            Self::Human(_) => OperationState::WaitsHuman,
            Self::Waits { state, .. } => *state,
            Self::Failed(_) => OperationState::Failed,
            Self::Cancelled(_) => OperationState::Cancelled,
        }
    }

    /// What the instance shows for it, and the short phrase beside that; none when the operation's effect decides.
    pub fn shown(&self, now: Timestamp) -> Option<(Observed, String)> {
        match self {
            Self::Done(_) | Self::Cancelled(_) => None,
            Self::Human(task) => Some((Observed::of_task(task), task.title.clone())),
            Self::Waits {
                state,
                fault,
                not_before,
            } => Some(match state {
                OperationState::WaitsKey => (Observed::NeedsKey, brief(fault)),
                OperationState::WaitsUnlock => (Observed::NeedsHuman, "unlock the vault".into()),
                _ => (
                    Observed::Working,
                    match not_before {
                        Some(at) => format!("waits until {}: {}", clock(now, *at), brief(fault)),
                        None => format!("tries again later: {}", brief(fault)),
                    },
                ),
            }),
            Self::Failed(fault) => Some((Observed::Failed, brief(fault))),
        }
    }

    /// Why it did not come to its end.
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Done(_) | Self::Human(_) => None,
            Self::Waits { fault, .. } | Self::Failed(fault) | Self::Cancelled(fault) => Some(fault),
        }
    }
}

/// A rate limit that is not waited out any longer.
fn given_up(fault: Fault) -> Fault {
    Fault {
        hint:
            "It is not tried again by itself: resume the operation later. What is done stays done."
                .to_owned(),
        ..fault
    }
}

/// A time of day where this host is, with the date unless it is within the next hours.
fn clock(now: Timestamp, at: Timestamp) -> String {
    let soon = at.as_second() - now.as_second() < 12 * 60 * 60;
    let format = if soon { "%H:%M" } else { "%Y-%m-%d %H:%M" };
    at.to_zoned(TimeZone::system()).strftime(format).to_string()
}

/// The sentence of a fault as the phrase beside a row: its first sentence, without the full stop.
pub(super) fn brief(fault: &Fault) -> String {
    let sentence = fault.what.split(". ").next().unwrap_or_default();
    sentence.trim_end_matches('.').to_owned()
}

/// A pause that doubles with every attempt in a row.
fn pause_before(attempts: i64, limits: &Limits) -> Duration {
    let doublings = u32::try_from(attempts.clamp(1, 20) - 1).unwrap_or(0);
    limits
        .first_pause
        .saturating_mul(2_u32.saturating_pow(doublings))
        .min(limits.longest_pause)
}

fn after(now: Timestamp, pause: Duration) -> Option<Timestamp> {
    now.checked_add(pause).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_second(1_000_000).unwrap()
    }

    fn ending(kind: FaultKind, attempts: i64) -> Ending {
        let fault = Fault::new(kind, "The server does not answer. Nothing was changed.");
        Ending::of(Err(fault.into()), attempts, now(), &Limits::default())
    }

    #[test]
    fn a_passing_trouble_is_tried_again_with_growing_pauses_and_not_for_ever() {
        let pause = |attempts| match ending(FaultKind::Unreachable, attempts) {
            Ending::Waits {
                not_before: Some(time),
                state: OperationState::Queued,
                ..
            } => time.as_second() - now().as_second(),
            other => panic!("{other:?}"),
        };
        assert_eq!((pause(1), pause(2), pause(3)), (2, 4, 8));
        let last = ending(FaultKind::Unreachable, Limits::default().most_attempts);
        assert_eq!(last.state(), OperationState::Failed);
        let (observed, note) = last.shown(now()).unwrap();
        assert_eq!(
            (observed, note.as_str()),
            (Observed::Failed, "The server does not answer")
        );
    }

    fn limited(seconds: u64, attempts: i64) -> Ending {
        let retry_after = Duration::from_secs(seconds);
        ending(FaultKind::RateLimited { retry_after }, attempts)
    }

    #[test]
    fn a_rate_limit_of_an_hour_is_waited_out_and_the_row_says_until_when() {
        let ending = limited(3600, 20);
        let Ending::Waits {
            not_before: Some(time),
            state: OperationState::Queued,
            ..
        } = ending
        else {
            panic!("it must wait");
        };
        assert_eq!(time.as_second() - now().as_second(), 3600);
        let (observed, note) = ending.shown(now()).unwrap();
        assert_eq!(observed, Observed::Working);
        let until = clock(now(), time);
        assert_eq!(
            note,
            format!("waits until {until}: The server does not answer")
        );
    }

    #[test]
    fn a_rate_limit_is_not_waited_out_for_ever() {
        let limits = Limits::default();
        for ending in [limited(60, limits.most_limited), limited(90_000, 1)] {
            assert_eq!(ending.state(), OperationState::Failed);
            assert!(
                ending
                    .fault()
                    .unwrap()
                    .hint
                    .contains("resume the operation")
            );
        }
    }

    #[test]
    fn a_key_a_lock_and_a_refusal_are_three_different_things() {
        let state = |kind| ending(kind, 1).state();
        assert_eq!(state(FaultKind::KeyRejected), OperationState::WaitsKey);
        assert_eq!(state(FaultKind::Locked), OperationState::WaitsUnlock);
        assert_eq!(state(FaultKind::Refused), OperationState::Failed);
    }
}
