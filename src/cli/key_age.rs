//! `guildhall key age`: how old keys may become before it is said that they should be replaced.

use super::{
    exit::Exit,
    hall::{Context, Hall},
    table::Table,
    words,
};
use crate::domain::{Fault, FaultKind};
use clap::Args;
use serde_json::json;

/// Which rule is shown or given.
#[derive(Debug, Args)]
pub struct Age {
    /// Of which platform; without it, every rule is shown.
    platform: Option<String>,
    /// The days that its keys may become old, or never; without it, what holds is shown.
    days: Option<String>,
}

/// Shows or gives it.
///
/// # Errors
/// `BadInput` for what is no number of days; what the engine returns.
pub async fn run(context: &Context, hall: &Hall, age: &Age) -> Result<Exit, Fault> {
    let platform = age
        .platform
        .as_deref()
        .map(|name| hall.platform(name))
        .transpose()?;
    if let (Some(platform), Some(days)) = (&platform, &age.days) {
        let days = read(days)?;
        hall.engine.set_key_age(&hall.actor, platform, days).await?;
    }
    let mut ages = hall.engine.key_ages(&hall.actor).await?;
    if let Some(platform) = &platform {
        ages.retain(|known, _| known == platform);
    }
    context.out.data(&json!({ "days": ages }), |out| {
        if ages.is_empty() {
            return "Keys may become as old as they like.".to_owned();
        }
        let mut table = Table::new(&["platform", "replaced after"]);
        for (platform, days) in &ages {
            let days = usize::try_from(*days).unwrap_or(usize::MAX);
            table.row([platform.to_string(), words::counted(days, "day", "days")]);
        }
        table.render(out)
    })?;
    Ok(Exit::Done)
}

fn read(text: &str) -> Result<Option<u32>, Fault> {
    if text == "never" {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|error| {
        Fault::new(
            FaultKind::BadInput,
            format!(
                "{:?} is no number of days.",
                crate::domain::clean_line(text)
            ),
        )
        .hint("Write a number of days, or never.")
        .detail(error)
    })
}
