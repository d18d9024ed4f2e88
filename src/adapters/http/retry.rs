//! From a call to its answer: budget, attempts, waits. Decides what is repeated and when to give up.
//!
//! A repetition is made only where it can do no harm: calls that read, PUT, DELETE, and keyed calls after failures and
//! 5xx; any call after a 429, since the platform did not act.

use super::{
    address,
    answer::Answer,
    exchange::{self, Raw},
    failure::{self, Failure},
    request::{Call, Effect},
    wait,
};
use crate::domain::{Fault, FaultKind};
use std::time::Duration;
use tokio::time::Instant;
use url::Url;

/// No pause between repetitions is longer than this.
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// What follows an attempt.
enum Next {
    /// This is the answer.
    Done(Raw),
    /// Pause, then try again; when there is no time for that, end with this.
    Again(Duration, End),
    /// Give up.
    Over(Fault),
}

/// How a call ends that has no more time or tries.
enum End {
    Answer(Raw),
    Fault(Fault),
}

impl End {
    fn result(self, call: &Call, tries: u32) -> Result<Answer, Fault> {
        match self {
            Self::Answer(raw) => Ok(Answer::new(call, raw, tries)),
            Self::Fault(fault) => Err(fault),
        }
    }
}

pub(super) async fn send(mut call: Call) -> Result<Answer, Fault> {
    let actual = prepare(&mut call)?;
    let options = call.http.options();
    let until = Instant::now() + options.total.max(call.timeout);
    let mut acted = false;
    let mut tries = 0;
    loop {
        take_budget(&call, until).await?;
        let limit = call
            .timeout
            .min(until.saturating_duration_since(Instant::now()));
        tries += 1;
        let outcome = exchange::attempt(&call, &actual, limit).await?;
        let next = match outcome {
            Ok(raw) => {
                acted |= raw.status >= 500;
                after_answer(&call, raw, tries).await?
            }
            Err(failure) => {
                acted |= failure.may_have_acted();
                after_failure(&call, &failure, acted, tries)
            }
        };
        match next {
            Next::Done(raw) => return Ok(Answer::new(&call, raw, tries)),
            Next::Over(fault) => return Err(fault),
            Next::Again(pause, end) => {
                if tries >= call.attempts || Instant::now() + pause >= until {
                    return end.result(&call, tries);
                }
                sit_out(&call, pause).await?;
            }
        }
    }
}

/// Checks what must hold before anything is sent, and returns the address to call.
fn prepare(call: &mut Call) -> Result<Url, Fault> {
    if let Some(fault) = call.trouble.take() {
        return Err(fault);
    }
    let url = call.url.clone()?;
    if !call.hidden && address::holds_secret(&url, &call.scrubber) {
        return Err(Fault::new(
            FaultKind::BadInput,
            format!(
                "The address of a call to {} contains a secret; nothing was sent.",
                call.host()
            ),
        )
        .hint("Enter the key only in the field for the key."));
    }
    address::resolve(&url, &call.http.options().overrides)
}

/// Waits for our own budget to grant the call.
async fn take_budget(call: &Call, until: Instant) -> Result<(), Fault> {
    if call.cancel.is_cancelled() {
        return Err(failure::stopped_waiting(call));
    }
    let Some((key, rules)) = &call.bucket else {
        return Ok(());
    };
    let options = call.http.options();
    loop {
        let wait = options.budget.reserve(key, rules).await?;
        if wait.is_zero() {
            return Ok(());
        }
        if wait > options.longest_wait || Instant::now() + wait >= until {
            return Err(failure::slow_down(call, wait, None));
        }
        sit_out(call, wait).await?;
    }
}

async fn after_answer(call: &Call, raw: Raw, tries: u32) -> Result<Next, Fault> {
    let repeatable = call.effect != Effect::WritesOnce;
    let options = call.http.options();
    let asked = || wait::asked(&raw.headers, &raw.body, (options.clock)());
    let slow = match raw.status {
        429 => {
            let rules = call.bucket.as_ref().map(|(_, rules)| rules.as_slice());
            Some(asked().unwrap_or_else(|| wait::assumed(rules.unwrap_or_default())))
        }
        503 if repeatable && raw.headers.contains_key("retry-after") => asked(),
        _ => None,
    };
    if let Some(wait) = slow {
        if let Some((key, _)) = &call.bucket {
            options.budget.pause(key, wait).await?;
        }
        let status = raw.status;
        let words = Answer::new(call, raw, tries).excerpt();
        let fault = failure::slow_down(call, wait, Some(format!("HTTP {status}: {words}")));
        if wait > options.longest_wait {
            return Ok(Next::Over(fault));
        }
        // At least a pause, and never before the time asked for.
        let pause = wait.max(pause(call, tries)) + wait.mul_f64(0.1 * jitter(call));
        return Ok(Next::Again(pause, End::Fault(fault)));
    }
    if repeatable && is_passing(raw.status) {
        return Ok(Next::Again(pause(call, tries), End::Answer(raw)));
    }
    Ok(Next::Done(raw))
}

fn after_failure(call: &Call, failure: &Failure, acted: bool, tries: u32) -> Next {
    let fault = failure.fault(call, acted);
    if call.effect != Effect::WritesOnce && failure.is_passing() {
        Next::Again(pause(call, tries), End::Fault(fault))
    } else {
        Next::Over(fault)
    }
}

/// Whether a status says that the server, or something in front of it, is unwell at the moment.
fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 500 | 502 | 503 | 504 | 520..=524)
}

fn pause(call: &Call, tries: u32) -> Duration {
    let doubled = call
        .http
        .options()
        .first_pause
        .saturating_mul(2_u32.saturating_pow(tries.saturating_sub(1)));
    doubled.min(LONGEST_PAUSE).mul_f64(0.5 + 0.5 * jitter(call))
}

fn jitter(call: &Call) -> f64 {
    (call.http.options().jitter)().clamp(0.0, 1.0)
}

async fn sit_out(call: &Call, pause: Duration) -> Result<(), Fault> {
    tokio::select! {
        biased;
        () = call.cancel.cancelled() => Err(failure::stopped_waiting(call)),
        () = tokio::time::sleep(pause) => Ok(()),
    }
}
