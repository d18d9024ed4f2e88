//! `guildhall instance drift`: what differs there, and what is decided about it.

use super::{
    exit::Exit,
    hall::{Context, Hall},
    instance::Which,
    plan,
    report::Watched,
    table::Page,
    words, work,
};
use crate::domain::{DriftAnswer, DriftKind, DriftVerdict, Fault, FaultKind, Intent, Observed};
use clap::Args;
use jiff::{civil::Date, tz::TimeZone};
use serde_json::json;

/// Show what differs from the record; with an answer, decide about it.
#[derive(Debug, Args)]
pub struct Drift {
    #[command(flatten)]
    which: Which,
    /// Take what is there for right from now on.
    #[arg(long, group = "answer")]
    take_over: bool,
    /// Make it as it was: what is missing is made, settings and state are sent again.
    #[arg(long, group = "answer")]
    put_back: bool,
    /// Do not show it until that day.
    #[arg(long, group = "answer", value_name = "DATE")]
    ignore_until: Option<Date>,
    /// Only differences of this kind.
    #[arg(long, value_name = "KIND", requires = "answer")]
    only: Option<DriftKind>,
    #[command(flatten)]
    binding: plan::Binding,
}

/// Shows or decides.
///
/// # Errors
/// `BadInput`, `NotFound`, `Conflict` where nothing differs or that answer is not possible.
pub async fn run(context: &Context, hall: &Hall, drift: Drift) -> Result<Exit, Fault> {
    let Some(answer) = drift.answer()? else {
        return show(context, hall, &drift.which).await;
    };
    let (community, platform) = drift.which.find(hall).await?;
    let watched = Watched::instance(&community, &platform);
    let intent = Intent::AnswerDrift {
        community: community.id,
        platform,
        only: drift.only,
        answer,
    };
    if drift.binding.plan {
        return plan::show(context, hall, &intent).await;
    }
    // What is taken over as gone is not there to be told about afterwards.
    let watched = (answer != DriftAnswer::TakeOver).then_some(watched);
    work::carry_out_planned(context, hall, intent, drift.binding.basis, watched).await
}

impl Drift {
    fn answer(&self) -> Result<Option<DriftAnswer>, Fault> {
        if self.take_over {
            return Ok(Some(DriftAnswer::TakeOver));
        }
        if self.put_back {
            return Ok(Some(DriftAnswer::PutBack));
        }
        let Some(day) = self.ignore_until else {
            return Ok(None);
        };
        let begins = day.to_zoned(TimeZone::system()).map_err(|error| {
            Fault::new(FaultKind::BadInput, format!("{day} is no day of ours."))
                .hint("Name a day to come, as 2027-01-31.")
                .detail(error)
        })?;
        Ok(Some(DriftAnswer::IgnoreUntil(begins.timestamp())))
    }
}

async fn show(context: &Context, hall: &Hall, which: &Which) -> Result<Exit, Fault> {
    let (community, platform) = which.find(hall).await?;
    let detail = hall
        .engine
        .instance(&hall.actor, &community.slug, &platform)
        .await?;
    let instance = detail.instance.as_ref();
    let drift = instance
        .map(|known| known.drift.clone())
        .unwrap_or_default();
    let gone = instance.is_some_and(|known| known.observed == Observed::Gone);
    let object = json!({
        "drift": drift,
        "gone": gone,
        "answered": detail.answered,
        "checked_at": instance.and_then(|known| known.checked_at),
    });
    context.out.data(&object, |out| {
        let mut page = Page::default();
        page.heading(&format!("{}, {}", detail.platform_name, detail.community));
        if gone {
            page.field(out, "gone", "it is not there any more");
        }
        for found in &drift {
            page.field(out, found.kind.word(), &found.what);
        }
        for known in &detail.answered {
            let verdict = match (known.verdict, known.until) {
                (DriftVerdict::Ignored, Some(until)) => {
                    format!("ignored until {}", words::when(until))
                }
                (verdict, _) => verdict.to_string(),
            };
            let text = format!("{} ({verdict}, by {})", known.drift.what, known.by);
            page.field(out, known.drift.kind.word(), &text);
        }
        if drift.is_empty() && !gone && detail.answered.is_empty() {
            page.push("  Nothing differs, as far as the last look told.");
        }
        page.render()
    })?;
    if gone || !drift.is_empty() {
        context.out.advise(&format!(
            "Decide with: guildhall instance drift {} {platform} --take-over | --put-back | --ignore-until DATE",
            community.slug
        ));
    }
    Ok(Exit::Done)
}
