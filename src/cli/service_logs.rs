//! `guildhall service logs`: what an instance's service wrote, keys struck out: shown, followed, saved.

use super::{
    exit::Exit,
    hall::{Context, Hall},
    instance::Which,
    output::Output,
    work,
};
use crate::{
    domain::{Fault, PlatformId, Slug},
    engine::views::ServiceLine,
};
use clap::Args;
use serde_json::json;
use std::{collections::BTreeMap, path::PathBuf, time::Duration};

/// How often it is looked for new lines of a log.
const LOOK: Duration = Duration::from_millis(500);
/// So many lines are looked through for new ones.
const FOLLOWED: usize = 1000;

/// Which lines.
#[derive(Debug, Args)]
pub struct Logs {
    #[command(flatten)]
    which: Which,
    /// Go on showing what it writes, until interrupted.
    #[arg(long, short)]
    follow: bool,
    /// How many lines of each of its processes.
    #[arg(long, short = 'n', default_value_t = 50)]
    lines: usize,
    /// Save all that is kept of it into this new file instead, for its owner alone.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["follow", "lines"])]
    save: Option<PathBuf>,
}

/// Shows them, or saves them.
///
/// # Errors
/// What the engine returns.
pub async fn run(context: &Context, hall: &Hall, asked: &Logs) -> Result<Exit, Fault> {
    let platform = hall.platform(&asked.which.platform)?;
    let slug = super::hall::slug(&asked.which.community)?;
    if let Some(file) = &asked.save {
        let file = super::copies::absolute(file);
        let saved = hall
            .engine
            .save_service_log(&hall.actor, &slug, &platform, Some(&file))
            .await?;
        context.out.data(
            &json!({ "status": Exit::Done.word(), "file": saved }),
            |_| format!("Saved in {}, keys struck out.", saved.display()),
        )?;
        return Ok(Exit::Done);
    }
    let lines = hall
        .engine
        .service_log(&hall.actor, &slug, &platform, asked.lines)
        .await?;
    context
        .out
        .data(&json!({ "lines": lines }), |_| text(&lines))?;
    if asked.follow {
        return follow(context, hall, &slug, &platform).await;
    }
    Ok(Exit::Done)
}

fn text(lines: &[ServiceLine]) -> String {
    let shown: Vec<String> = lines
        .iter()
        .map(|line| format!("{} | {}", line.process, line.text))
        .collect();
    shown.join("\n")
}

/// Shows what comes until it is interrupted, or until nobody reads it any more. A line that is new is one after all that were there before.
async fn follow(
    context: &Context,
    hall: &Hall,
    slug: &Slug,
    platform: &PlatformId,
) -> Result<Exit, Fault> {
    let stopped = work::stop_signal();
    tokio::pin!(stopped);
    let mut before = by_process(
        hall.engine
            .service_log(&hall.actor, slug, platform, FOLLOWED)
            .await?,
    );
    loop {
        tokio::select! {
            code = &mut stopped => return Ok(Exit::Other(code)),
            () = tokio::time::sleep(LOOK) => {}
        }
        let now = by_process(
            hall.engine
                .service_log(&hall.actor, slug, platform, FOLLOWED)
                .await?,
        );
        for (process, lines) in &now {
            let fresh = fresh(before.get(process).map_or(&[], Vec::as_slice), lines);
            for line in fresh {
                let shown = json!({ "process": process, "text": line });
                let text = |_: &Output| format!("{process} | {line}");
                if !context.out.more_data(&shown, text)? {
                    return Ok(Exit::Done);
                }
            }
        }
        before = now;
    }
}

fn by_process(lines: Vec<ServiceLine>) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in lines {
        found.entry(line.process).or_default().push(line.text);
    }
    found
}

/// The lines of `now` after the longest end of `before` with which it begins somewhere.
fn fresh<'a>(before: &[String], now: &'a [String]) -> &'a [String] {
    let overlap = (0..=before.len().min(now.len()))
        .rev()
        .find(|length| before[before.len() - length..] == now[..*length]);
    &now[overlap.unwrap_or(0)..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_came_since_is_fresh_also_when_the_old_scrolled_away() {
        let lines = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(fresh(&lines("a b c"), &lines("a b c d")), ["d"]);
        assert_eq!(fresh(&lines("a b c"), &lines("b c d e")), ["d", "e"]);
        assert_eq!(fresh(&lines("a a"), &lines("a a a")), ["a"]);
        assert_eq!(fresh(&lines("a b"), &lines("x y")), ["x", "y"]);
        assert!(fresh(&lines("a b"), &lines("a b")).is_empty());
    }
}
