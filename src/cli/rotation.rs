//! `guildhall key rotate`, `assume-leaked`, `report` and `close`: keys on their way out.

use super::{
    exit::Exit,
    hall::{Context, Hall},
    instance::Which,
    output::Output,
    table::{Page, Table},
    words, work,
};
use crate::{
    domain::{
        CredentialMeta, Fault, FaultKind, Intent, PartState, RotationId, RotationReason, counted,
    },
    engine::RotationReport,
};
use clap::Args;
use serde_json::json;
use std::{io::Write, os::unix::fs::OpenOptionsExt, path::Path};

/// Which key is replaced, and why.
#[derive(Debug, Args)]
pub struct Replace {
    #[command(flatten)]
    which: Which,
    /// Which field; needed where several keys are stored.
    #[arg(long)]
    field: Option<String>,
    /// The reason, for the report.
    #[arg(long, default_value = "")]
    why: String,
}

/// Replaces a key, and says how far that is.
///
/// # Errors
/// What the engine returns.
pub async fn replace(
    context: &Context,
    hall: &Hall,
    replace: Replace,
    leaked: bool,
) -> Result<Exit, Fault> {
    let (community, platform) = replace.which.find(hall).await?;
    let detail = hall
        .engine
        .instance(&hall.actor, &community.slug, &platform)
        .await?;
    let key = chosen(&detail.keys, replace.field.as_deref())?;
    let reach = hall.engine.key_reach(&hall.actor, key.id).await?;
    let count = counted(reach.communities.len(), "community", "communities");
    context.confirm(&format!(
        "Replace {} of {}? It reaches {count}; everything that works with it moves to a new key, and then it is ended.",
        reach.label, detail.platform_name
    ))?;
    let intent = Intent::RotateKey {
        key: key.id,
        reason: if leaked {
            RotationReason::Leaked
        } else {
            RotationReason::Choice
        },
        why: replace.why,
    };
    let receipt = work::submit(hall, intent, None).await?;
    if context.globals.no_wait {
        hall.engine.shutdown().await;
    } else if let Some(stopped) = work::wait(context, hall, &receipt.operations).await {
        return Ok(stopped);
    }
    let rotations = hall.engine.rotations(&hall.actor, false).await?;
    let found = rotations.into_iter().find(|known| {
        known
            .parts
            .iter()
            .any(|part| part.slug == community.slug && part.platform == platform)
    });
    let Some(found) = found else {
        return Err(
            Fault::new(FaultKind::Internal, "The rotation is not to be found.")
                .hint("List them with: guildhall key report"),
        );
    };
    tell(context, &found)
}

/// The key of this field, or the only one.
///
/// # Errors
/// `NotFound`; `BadInput` where several are stored and none was named.
pub fn chosen<'a>(
    keys: &'a [CredentialMeta],
    field: Option<&str>,
) -> Result<&'a CredentialMeta, Fault> {
    let fields: Vec<&str> = keys.iter().map(|key| key.field.as_str()).collect();
    match (field, keys) {
        (None, [only]) => Ok(only),
        (None, []) => Err(Fault::new(
            FaultKind::NotFound,
            "No key is stored there, so none can be replaced.",
        )
        .hint("List the stored keys with: guildhall key list")),
        (None, _) => Err(
            Fault::new(FaultKind::BadInput, "Several keys are stored there.")
                .hint(format!("Say which with --field: {}.", fields.join(", "))),
        ),
        (Some(field), _) => keys.iter().find(|key| key.field == field).ok_or_else(|| {
            Fault::new(
                FaultKind::NotFound,
                format!(
                    "No key {:?} is stored there.",
                    crate::domain::clean_line(field)
                ),
            )
            .hint(format!("Stored are: {}.", fields.join(", ")))
        }),
    }
}

/// Reports on one rotation or on all of them.
///
/// # Errors
/// `NotFound`, `NotAllowed`; `Storage` when the file cannot be written.
pub async fn report(
    context: &Context,
    hall: &Hall,
    id: Option<i64>,
    to: Option<&Path>,
) -> Result<Exit, Fault> {
    if let Some(id) = id {
        let found = hall.engine.rotation(&hall.actor, RotationId(id)).await?;
        if let Some(file) = to {
            write(file, &page(&context.out, &found))?;
            context
                .out
                .advise(&format!("The report was written to {}.", file.display()));
        }
        return tell(context, &found);
    }
    let found = hall.engine.rotations(&hall.actor, false).await?;
    context.out.data(&json!({ "rotations": found }), |out| {
        let mut table = Table::new(&["#", "platform", "key", "reason", "moved", "began", "state"]);
        for report in &found {
            let moved = report.parts.len() - report.count(PartState::Open);
            table.row([
                report.rotation.id.to_string(),
                report.platform_name.clone(),
                format!("{} ..{}", report.rotation.field, report.rotation.last_four),
                report.rotation.reason.to_string(),
                format!("{moved} of {}", report.parts.len()),
                words::when(report.rotation.started_at),
                state(report),
            ]);
        }
        table.render(out)
    })?;
    Ok(Exit::Done)
}

/// Takes a person's word that an old key is dead.
///
/// # Errors
/// What the engine returns.
pub async fn close(context: &Context, hall: &Hall, id: i64, why: String) -> Result<Exit, Fault> {
    let rotation = RotationId(id);
    let intent = Intent::CloseRotation { rotation, why };
    work::submit(hall, intent, None).await?;
    let found = hall.engine.rotation(&hall.actor, rotation).await?;
    tell(context, &found)
}

fn state(report: &RotationReport) -> String {
    match report.rotation.ended_at {
        Some(_) => report.rotation.proof.clone(),
        None if report.count(PartState::Open) == 0 => "the old key is to be ended".to_owned(),
        None => "under way".to_owned(),
    }
}

fn tell(context: &Context, report: &RotationReport) -> Result<Exit, Fault> {
    context.out.data(report, |out| page(out, report))?;
    if report.rotation.ended_at.is_some() {
        return Ok(Exit::Done);
    }
    for part in &report.parts {
        if let (Some(what), Some(operation)) = (&part.waits_for, part.operation) {
            let next = match part.state {
                PartState::Open => format!("guildhall key set {} {}", part.slug, part.platform),
                PartState::Moved | PartState::Gone => format!("guildhall task done {operation}"),
            };
            context.out.advise(&format!(
                "{} of {} waits for a person: {what}. Then: {next}",
                part.platform_name, part.slug
            ));
        }
    }
    Ok(Exit::Waiting)
}

fn page(out: &Output, report: &RotationReport) -> String {
    let rotation = &report.rotation;
    let mut page = Page::default();
    page.heading(&format!(
        "Rotation {}: {} of {}",
        rotation.id, rotation.field, report.platform_name
    ));
    page.field(out, "old key", &format!("ends in {}", rotation.last_four));
    page.field(
        out,
        "because",
        format!("{}: {}", rotation.reason, rotation.why).trim_end_matches(": "),
    );
    page.field(
        out,
        "began",
        &format!("{}, {}", words::when(rotation.started_at), rotation.actor),
    );
    page.field(out, "state", &state(report));
    let moved = report.count(PartState::Moved);
    page.field(
        out,
        "moved",
        &format!(
            "{moved} of {}",
            counted(report.parts.len(), "instance", "instances")
        ),
    );
    page.heading("What depended on it");
    for part in &report.parts {
        let said = part.waits_for.as_ref().map_or_else(
            || part.note.clone(),
            |what| format!("waits for a person: {what}"),
        );
        let text = format!("{} of {}  {said}", part.platform_name, part.slug);
        page.field(out, part.state.word(), text.trim_end());
    }
    if !report.connections.is_empty() {
        page.heading(if rotation.reason.was_exposed() {
            "Connections: made anew once the old key is dead, since their webhooks outlive it"
        } else {
            "Connections: their webhooks outlive the old key"
        });
        for joined in &report.connections {
            let text = format!(
                "{} {} {}  {}, {}",
                joined.from, joined.verb, joined.to, joined.state, joined.note
            );
            page.field(out, joined.slug.as_str(), text.trim_end_matches(", "));
        }
    }
    page.render()
}

/// A new file for its owner alone.
fn write(file: &Path, text: &str) -> Result<(), Fault> {
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)
        .and_then(|mut open| open.write_all(text.as_bytes()))
        .map_err(|error| {
            Fault::new(
                FaultKind::Storage,
                format!("The report could not be written to {}.", file.display()),
            )
            .hint("Name a new file in a folder you may write to.")
            .detail(error)
        })
}
