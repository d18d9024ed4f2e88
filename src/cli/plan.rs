//! What an intent will do, told before anything is sent.

use super::{
    exit::Exit,
    hall::{Context, Hall},
    output::Output,
    prompt,
    table::Page,
};
use crate::domain::{Fault, FaultKind, Intent, Plan, PlanItemKind};
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

/// What is accepted before the question.
#[derive(Debug, Default, Clone, Copy, Args)]
pub struct Acceptance {
    /// Accept the licence and the warnings of what is installed on this host for the first time; --plan shows them.
    #[arg(long)]
    pub accept: bool,
}

impl Acceptance {
    /// Has a person accept licence and warnings of what an intent brings onto this host for the first time. In the sandbox
    /// they are only told: what runs there are stand-ins.
    ///
    /// # Errors
    /// `BadInput` when nobody is there to ask; `Cancelled` when the answer is no; what the engine would refuse the intent
    /// with.
    pub async fn require(
        self,
        context: &Context,
        hall: &Hall,
        intent: &Intent,
    ) -> Result<(), Fault> {
        if context.globals.read_only {
            // It is refused, so nothing is accepted.
            return Ok(());
        }
        let plan = hall.engine.plan(&hall.actor, intent).await?;
        let mut texts = plan.items;
        texts.retain(|item| item.kind == PlanItemKind::Accept);
        if texts.is_empty() {
            return Ok(());
        }
        let given = self.accept || context.globals.sandbox;
        let word = if given { "accepted" } else { "to accept" };
        for item in &texts {
            context.out.advise(&format!("{word}: {}", item.text));
        }
        if given {
            return Ok(());
        }
        if !prompt::somebody_is_there() {
            return Err(Fault::new(
                FaultKind::BadInput,
                "Something is installed on this host only once its licence and warnings are accepted; nothing was done.",
            )
            .hint("Read them above; to accept them, give the same command with --accept."));
        }
        if prompt::agrees("Do you accept this?")? {
            return Ok(());
        }
        Err(Fault::new(
            FaultKind::Cancelled,
            "It was not accepted; nothing was done.",
        )
        .hint("Leave the platform off with --platform ID=off, or accept it another time."))
    }
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
