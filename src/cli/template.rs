//! `guildhall template`: what a new community gets.

use super::{choices, exit::Exit, hall::Context, table::Table, work};
use crate::domain::{Fault, Intent};
use clap::Args;
use serde_json::json;

/// Show or change what a new community gets.
#[derive(Debug, Args)]
pub struct Template {
    /// The choices that change; without any, the template is shown.
    #[arg(value_name = "ID=active|inactive|off")]
    choices: Vec<String>,
}

/// Shows or changes it.
///
/// # Errors
/// What the engine returns.
pub async fn run(context: &Context, template: Template) -> Result<Exit, Fault> {
    let hall = context.open().await?;
    if !template.choices.is_empty() {
        let choices = choices::parse(hall.engine.catalog(), &template.choices)?;
        let exit = work::carry_out(context, &hall, Intent::SetTemplate { choices }, None).await;
        hall.close().await;
        return exit;
    }
    let template = hall.engine.template(&hall.actor).await?;
    context.out.data(&json!({ "template": template }), |out| {
        let mut table = Table::new(&["platform", "a new community gets", "licence"]);
        for manifest in hall.engine.catalog() {
            let choice = template.get(&manifest.id).copied();
            table.row([
                manifest.id.to_string(),
                choice.unwrap_or(manifest.default).word().to_owned(),
                manifest.licence.clone(),
            ]);
        }
        table.render(out)
    })?;
    hall.close().await;
    Ok(Exit::Done)
}
