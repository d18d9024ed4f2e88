//! What an intent will do, told before anything is sent.

use super::{
    exit::Exit,
    hall::{Context, Hall},
    output::Output,
    table::Page,
};
use crate::domain::{Fault, Intent, Plan, PlanItemKind};
use clap::Args;

/// How a command is bound to its plan.
#[derive(Debug, Default, Args)]
pub struct Binding {
    /// Only show what would be done.
    #[arg(long)]
    pub plan: bool,
    /// Do it only while the plan is still the one that --plan showed with this digest.
    #[arg(long, value_name = "DIGEST", conflicts_with = "plan")]
    pub basis: Option<String>,
}

/// Shows the plan of an intent and does nothing.
///
/// # Errors
/// What the engine would refuse the intent with.
pub async fn show(context: &Context, hall: &Hall, intent: &Intent) -> Result<Exit, Fault> {
    let plan = hall.engine.plan(&hall.actor, intent).await?;
    context.out.data(&plan, |out| page(out, hall, &plan))?;
    context.out.advise("Nothing has been sent yet.");
    if let Some(typed) = &plan.typed_confirmation {
        context
            .out
            .advise(&format!("It is done only with: --confirm {typed}"));
    }
    if !plan.basis.is_empty() {
        context.out.advise(&format!(
            "To do this and nothing else, give the same command with: --basis {}",
            plan.basis
        ));
    }
    Ok(Exit::Done)
}

/// Tells the plan of an intent to the person who is about to be asked. Answers its basis, to hold what is done to it.
///
/// # Errors
/// What the engine would refuse the intent with.
pub async fn tell(context: &Context, hall: &Hall, intent: &Intent) -> Result<String, Fault> {
    let plan = hall.engine.plan(&hall.actor, intent).await?;
    context
        .out
        .advise(page(&context.out, hall, &plan).trim_end());
    Ok(plan.basis)
}

/// Tells what a person accepts by an intent: licence and warnings of what is installed on this host for the first time.
///
/// # Errors
/// What the engine would refuse the intent with.
pub async fn tell_accepted(context: &Context, hall: &Hall, intent: &Intent) -> Result<(), Fault> {
    if context.globals.read_only {
        // It is refused, so nothing is accepted.
        return Ok(());
    }
    let plan = hall.engine.plan(&hall.actor, intent).await?;
    let accepted = plan.items.iter();
    for item in accepted.filter(|item| item.kind == PlanItemKind::Accept) {
        context.out.advise(&format!("accepted: {}", item.text));
    }
    Ok(())
}

fn page(out: &Output, hall: &Hall, plan: &Plan) -> String {
    let mut page = Page::default();
    page.heading(&plan.title);
    for item in &plan.items {
        let text = match item
            .platform
            .as_ref()
            .and_then(|id| hall.engine.catalog().get(id))
        {
            Some(manifest) if !item.text.contains(&manifest.name) => {
                format!("{}: {}", manifest.name, item.text)
            }
            _ => item.text.clone(),
        };
        page.field(out, item.kind.word(), &text);
    }
    page.field(out, "memory", &memory(plan));
    page.field(out, "disk", &format!("{} MiB", plan.disk_mib));
    page.render()
}

fn memory(plan: &Plan) -> String {
    if plan.memory_free_mib == 0 {
        return format!("{} MiB", plan.memory_mib);
    }
    format!("{} of {} MiB free", plan.memory_mib, plan.memory_free_mib)
}
