//! What an intent will do, told before anything is sent.

use super::{
    exit::Exit,
    hall::{Context, Hall},
    table::Page,
};
use crate::domain::{Fault, Intent, Plan};

/// Shows the plan of an intent and does nothing.
///
/// # Errors
/// What the engine would refuse the intent with.
pub async fn show(context: &Context, hall: &Hall, intent: &Intent) -> Result<Exit, Fault> {
    let plan = hall.engine.plan(&hall.actor, intent).await?;
    context.out.data(&plan, |out| {
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
        page.field(out, "memory", &memory(&plan));
        page.field(out, "disk", &format!("{} MiB", plan.disk_mib));
        page.render()
    })?;
    context.out.advise("Nothing has been sent yet.");
    if let Some(typed) = &plan.typed_confirmation {
        context
            .out
            .advise(&format!("It is done only with: --confirm {typed}"));
    }
    Ok(Exit::Done)
}

fn memory(plan: &Plan) -> String {
    if plan.memory_free_mib == 0 {
        return format!("{} MiB", plan.memory_mib);
    }
    format!("{} of {} MiB free", plan.memory_mib, plan.memory_free_mib)
}
