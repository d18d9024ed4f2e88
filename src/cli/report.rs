//! What came of a command's work, and what to do next about each thing it concerned.

use super::{
    exit::Exit,
    hall::{Context, Hall},
    shapes::{InstanceLine, OperationLine},
    words::counted,
};
use crate::{
    domain::{Community, Desired, Fault, Observed, OperationState, PlatformId, Slug},
    engine::views::{InstanceDetail, Receipt},
};
use serde::Serialize;

/// What the result of a command depends on.
pub struct Watched {
    slug: Slug,
    /// Only this platform was meant, so that whatever keeps it from its wish counts.
    platform: Option<PlatformId>,
}

impl Watched {
    /// All instances of a community.
    pub fn community(community: &Community) -> Self {
        Self {
            slug: community.slug.clone(),
            platform: None,
        }
    }

    /// One instance.
    pub fn instance(community: &Community, platform: &PlatformId) -> Self {
        Self {
            slug: community.slug.clone(),
            platform: Some(platform.clone()),
        }
    }
}

/// What is said about a change: the one object of `--json`.
#[derive(Debug, Serialize)]
pub struct Report {
    pub status: &'static str,
    pub message: String,
    pub community: Option<String>,
    pub operations: Vec<OperationLine>,
    pub instances: Vec<InstanceLine>,
    pub next: Vec<Next>,
}

/// What to do next about one thing.
#[derive(Debug, Serialize)]
pub struct Next {
    pub subject: String,
    pub state: &'static str,
    pub advice: Vec<String>,
}

async fn report(
    context: &Context,
    hall: &Hall,
    receipt: &Receipt,
    watched: Option<Watched>,
) -> Result<(Report, Exit), Fault> {
    let mut operations = Vec::new();
    let mut states = Vec::new();
    for &id in &receipt.operations {
        let detail = hall.engine.operation(&hall.actor, id).await?;
        operations.push(OperationLine::of(&detail.row));
        states.push((id, detail.row.operation.state));
    }
    let mut report = Report {
        status: "",
        message: receipt.message.clone(),
        community: None,
        operations,
        instances: Vec::new(),
        next: Vec::new(),
    };
    let mut exit = Exit::Done;
    if let Some(watched) = watched {
        report.community = Some(watched.slug.to_string());
        let detail = hall.engine.community(&hall.actor, &watched.slug).await?;
        let meant = |id: &PlatformId| watched.platform.as_ref().is_none_or(|only| only == id);
        for row in detail.platforms.iter().filter(|row| meant(&row.platform)) {
            let line = InstanceLine::of_row(watched.slug.as_str(), row);
            if row.instance.is_some() && !context.globals.no_wait {
                let detail = hall
                    .engine
                    .instance(&hall.actor, &watched.slug, &row.platform)
                    .await?;
                let verdict = judge(&detail, watched.platform.is_some());
                exit = exit.or_worse(verdict);
                let advice = next_steps(&detail, verdict);
                if !advice.is_empty() {
                    report.next.push(Next {
                        subject: format!("{}/{}", watched.slug, row.platform),
                        state: line.state,
                        advice,
                    });
                }
            }
            report.instances.push(line);
        }
    } else if !context.globals.no_wait {
        for (id, state) in states {
            let verdict = verdict(state);
            exit = exit.or_worse(verdict);
            if verdict != Exit::Done {
                report.next.push(Next {
                    subject: format!("operation {id}"),
                    state: state.word(),
                    advice: vec![format!("Look with: guildhall operation show {id}")],
                });
            }
        }
    }
    if context.globals.no_wait {
        let ids: Vec<String> = receipt.operations.iter().map(ToString::to_string).collect();
        if !ids.is_empty() {
            report.next.push(Next {
                subject: "operations".to_owned(),
                state: "queued",
                advice: vec![format!(
                    "{} {} begun; take up with: guildhall operation resume",
                    counted(ids.len(), "operation", "operations"),
                    ids.join(", ")
                )],
            });
        }
    }
    if let Some(now) = now_so(context, receipt, &report) {
        report.message = now;
    }
    report.status = exit.word();
    Ok((report, exit))
}

/// What the state of an operation that was waited for means for the command.
pub const fn verdict(state: OperationState) -> Exit {
    match state {
        OperationState::Done | OperationState::Cancelled => Exit::Done,
        OperationState::Failed => Exit::Failed,
        OperationState::WaitsUnlock | OperationState::Running => Exit::Locked,
        OperationState::Queued | OperationState::WaitsHuman | OperationState::WaitsKey => {
            Exit::Waiting
        }
    }
}

/// What is so after the work, in the place of what was about to be done.
fn now_so(context: &Context, receipt: &Receipt, report: &Report) -> Option<String> {
    if context.globals.no_wait || receipt.operations.is_empty() {
        return None;
    }
    let community = report.community.as_ref()?;
    if let [only] = report.instances.as_slice() {
        let note = match only.note.as_str() {
            "" => String::new(),
            note => format!(" {}.", capital(note)),
        };
        return Some(format!(
            "{} of {community}: {}.{note}",
            only.name, only.state
        ));
    }
    let made = report
        .instances
        .iter()
        .filter(|line| line.desired.is_some());
    let mut states: Vec<(&str, usize)> = Vec::new();
    for line in made {
        match states.iter_mut().find(|(state, _)| *state == line.state) {
            Some((_, count)) => *count += 1,
            None => states.push((line.state, 1)),
        }
    }
    let count: usize = states.iter().map(|(_, count)| count).sum();
    let states: Vec<String> = states
        .into_iter()
        .map(|(state, count)| format!("{count} {state}"))
        .collect();
    Some(format!(
        "{community}: {} ({}).",
        counted(count, "instance", "instances"),
        states.join(", ")
    ))
}

/// A phrase as the beginning of a sentence.
fn capital(phrase: &str) -> String {
    let mut letters = phrase.trim_end_matches('.').chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// Tells what came of a submitted intent and what to do next; answers with the exit code for it.
///
/// # Errors
/// `Storage` when the result cannot be read or written.
pub async fn tell(
    context: &Context,
    hall: &Hall,
    receipt: &Receipt,
    watched: Option<Watched>,
) -> Result<Exit, Fault> {
    let (report, exit) = report(context, hall, receipt, watched).await?;
    context.out.data(&report, |_| report.message.clone())?;
    advise(context, &report.next);
    Ok(exit)
}

/// Says on standard error what to do next.
pub fn advise(context: &Context, next: &[Next]) {
    for next in next {
        context
            .out
            .advise(&format!("{}: {}", next.subject, next.state));
        for advice in &next.advice {
            context.out.advise(&format!("  {advice}"));
        }
    }
}

/// What an instance's state means for the command that asked for something.
pub fn judge(detail: &InstanceDetail, is_meant: bool) -> Exit {
    let Some(instance) = &detail.instance else {
        return Exit::Done;
    };
    let open = |state| {
        detail
            .operations
            .iter()
            .any(|operation| operation.state == state)
    };
    let is_wanted = is_meant || instance.desired == Desired::Active;
    if matches!(instance.observed, Observed::Failed | Observed::Gone) {
        return Exit::Failed;
    }
    if open(OperationState::WaitsUnlock) || open(OperationState::Running) {
        return Exit::Locked;
    }
    if open(OperationState::Queued) {
        return Exit::Waiting;
    }
    let is_waiting = open(OperationState::WaitsHuman)
        || open(OperationState::WaitsKey)
        || instance.observed.waits();
    if is_waiting
        && is_wanted
        && !(is_meant && instance.desired == Desired::Inactive && !has_open(detail))
    {
        return Exit::Waiting;
    }
    if !detail.adapter && is_meant && instance.desired == Desired::Active {
        return Exit::Waiting;
    }
    Exit::Done
}

fn has_open(detail: &InstanceDetail) -> bool {
    detail.operations.iter().any(|operation| {
        matches!(
            operation.state,
            OperationState::WaitsHuman | OperationState::WaitsKey
        )
    })
}

/// What to do next about an instance, the command for it included.
pub fn next_steps(detail: &InstanceDetail, verdict: Exit) -> Vec<String> {
    let Some(instance) = &detail.instance else {
        return Vec::new();
    };
    let is_waiting = instance.observed.waits();
    if verdict == Exit::Done && !is_waiting {
        return Vec::new();
    }
    let mut advice = detail.advice.clone();
    if advice.is_empty() && !instance.note.is_empty() {
        advice.push(instance.note.clone());
    }
    let (slug, platform) = (&detail.slug, &detail.platform);
    if let Some(row) = &detail.task {
        advice.extend(row.task.url.iter().cloned());
        let which = super::task::which(row);
        advice.push(format!("When it is done: guildhall task done {which}"));
    } else if instance.observed == Observed::NeedsKey {
        advice.push(format!("Then: guildhall key set {slug} {platform}"));
    }
    for operation in &detail.operations {
        match operation.state {
            OperationState::Failed if verdict == Exit::Failed => advice.push(format!(
                "To try again: guildhall operation resume {}",
                operation.id
            )),
            OperationState::Running => advice.push(format!(
                "Operation {} is under way in another Guildhall.",
                operation.id
            )),
            OperationState::Queued => advice.push(match operation.not_before {
                Some(at) => format!(
                    "Operation {} goes on after {}, in whichever Guildhall runs then.",
                    operation.id,
                    super::words::when(at)
                ),
                None => format!("Operation {} is queued.", operation.id),
            }),
            OperationState::WaitsUnlock => {
                advice.push("To unlock the vault: guildhall unlock".to_owned());
            }
            _ => {}
        }
    }
    // Only the first failed operation is worth a line; older ones were overtaken by it.
    advice.dedup();
    advice
}
