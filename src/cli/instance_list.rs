//! Instances as a list: of one community with what is off, or of all communities.

use super::{
    exit::Exit,
    hall::{self, Context, Hall},
    output::Output,
    shapes::InstanceLine,
    table::Table,
    words,
};
use crate::domain::{Fault, Mark};
use serde_json::json;

/// The platforms of a community as a table.
pub fn table(lines: &[InstanceLine]) -> LinesTable<'_> {
    LinesTable { lines }
}

/// See [`table`].
pub struct LinesTable<'a> {
    lines: &'a [InstanceLine],
}

impl LinesTable<'_> {
    /// The table; the communities are named where there are several.
    pub fn render(&self, out: &Output) -> String {
        let first = self.lines.first().map(|line| &line.community);
        let several = self.lines.iter().any(|line| Some(&line.community) != first);
        let mut table = Table::new(if several {
            &[
                "",
                "community",
                "platform",
                "state",
                "health",
                "checked",
                "note",
            ]
        } else {
            &["", "platform", "state", "health", "checked", "note"]
        });
        for line in self.lines {
            let mark = line.mark.parse().unwrap_or(Mark::Inactive);
            let note = match (&line.note, &line.url) {
                _ if !line.adapter && line.note.is_empty() && line.desired.is_some() => {
                    "its adapter is not there yet".to_owned()
                }
                (note, Some(url)) if note.is_empty() => url.clone(),
                (note, _) => note.clone(),
            };
            let cells = [
                out.mark(mark).to_owned(),
                line.platform.clone(),
                line.state.to_owned(),
                line.health
                    .filter(|health| *health != "unknown")
                    .unwrap_or_default()
                    .to_owned(),
                words::age_of(line.checked_at),
                note,
            ];
            if several {
                let [mark, rest @ ..] = cells;
                let [platform, state, health, checked, note] = rest;
                let community = line.community.clone();
                table.row([mark, community, platform, state, health, checked, note]);
            } else {
                table.row(cells);
            }
        }
        table.render(out)
    }
}

/// Runs `guildhall instance list`.
///
/// # Errors
/// What the engine returns.
pub async fn list(context: &Context, hall: &Hall, community: Option<&str>) -> Result<Exit, Fault> {
    // Of one community also what is off.
    let lines: Vec<_> = if let Some(slug) = community {
        let slug = hall::slug(slug)?;
        let detail = hall.engine.community(&hall.actor, &slug).await?;
        let rows = detail.platforms.iter();
        rows.map(|row| InstanceLine::of_row(slug.as_str(), row))
            .collect()
    } else {
        let rows = hall.engine.instances(&hall.actor).await?;
        rows.iter()
            .map(|(slug, row)| InstanceLine::of_row(slug.as_str(), row))
            .collect()
    };
    context.out.data(&json!({ "instances": lines }), |out| {
        table(&lines).render(out)
    })?;
    Ok(Exit::Done)
}
