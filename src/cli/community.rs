//! `guildhall community ...`

use super::{
    choices,
    exit::Exit,
    hall::{self, Context, Hall},
    hand_over, instance_list, plan,
    report::Watched,
    shapes,
    table::{Page, Table},
    words, work,
};
use crate::{
    domain::{CommunityId, Fault, FaultKind, Intent, Mark, NewCommunity, Slug, clean_line},
    engine::{self, Communities, views::CommunityRow},
};
use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;

/// Rows read at a time.
const PAGE: u32 = 500;

/// Communities.
#[derive(Debug, Subcommand)]
pub enum Community {
    /// Create a community with an instance for every platform of the template.
    Create(Create),
    /// List the communities.
    List(List),
    /// Show a community with all its platforms, those that are off included.
    Show(One),
    /// Write everything about a community but its secrets to standard output, for when it leaves.
    Export(One),
    /// Look what remains to be done until a community that leaves has everything, and our keys open nothing of it.
    HandOver(hand_over::HandOver),
    /// Keep a community and let it do nothing.
    Archive(One),
}

/// A new community.
#[derive(Debug, Args)]
pub struct Create {
    /// Its name, as people write it.
    name: String,
    /// Its short name: a-z, 0-9 and dashes; made from the name unless given.
    #[arg(long)]
    slug: Option<String>,
    /// What it is, in a sentence or two.
    #[arg(long, default_value = "")]
    description: String,
    /// Where it departs from the template. May be given for several platforms.
    #[arg(long = "platform", value_name = "ID=active|inactive|off")]
    platforms: Vec<String>,
    /// A setting of one of its instances. May be given several times.
    #[arg(long = "setting", value_name = "PLATFORM.SETTING=VALUE")]
    settings: Vec<String>,
    #[command(flatten)]
    acceptance: plan::Acceptance,
    #[command(flatten)]
    binding: plan::Binding,
}

/// Which communities are listed.
#[derive(Debug, Args)]
pub struct List {
    /// Only those whose name holds this text.
    #[arg(default_value = "")]
    text: String,
    /// Only those with an instance that failed, drifted or waits.
    #[arg(long)]
    attention: bool,
    /// Also the archived ones.
    #[arg(long)]
    archived: bool,
}

/// One community.
#[derive(Debug, Args)]
pub struct One {
    /// Its short name.
    community: String,
}

/// Runs a command of this family.
///
/// # Errors
/// What the engine returns.
pub async fn run(context: &Context, command: Community) -> Result<Exit, Fault> {
    let hall = context.open().await?;
    let exit = match command {
        Community::Create(create) => self::create(context, &hall, create).await,
        Community::List(list) => self::list(context, &hall, list).await,
        Community::Show(one) => show(context, &hall, &one.community).await,
        Community::Export(one) => export(context, &hall, &one.community).await,
        Community::HandOver(asked) => hand_over::run(context, &hall, &asked).await,
        Community::Archive(one) => archive(context, &hall, &one.community).await,
    };
    hall.close().await;
    exit
}

async fn create(context: &Context, hall: &Hall, create: Create) -> Result<Exit, Fault> {
    let slug = match &create.slug {
        Some(slug) => hall::slug(slug)?,
        None => suggested(&create.name)?,
    };
    let catalog = hall.engine.catalog();
    let new = NewCommunity {
        slug: slug.clone(),
        name: create.name,
        description: create.description,
        choices: choices::parse(catalog, &create.platforms)?,
        settings: choices::settings_by_platform(catalog, &create.settings)?,
    };
    let intent = Intent::CreateCommunity(new);
    if create.binding.plan {
        return plan::show(context, hall, &intent).await;
    }
    create.acceptance.require(context, hall, &intent).await?;
    let receipt = work::submit_accepting(hall, intent, create.binding.basis).await?;
    let community = hall.engine.community(&hall.actor, &slug).await?.community;
    let watched = Watched::community(&community);
    work::follow(context, hall, receipt, Some(watched)).await
}

fn suggested(name: &str) -> Result<Slug, Fault> {
    if clean_line(name).is_empty() {
        return Err(Fault::new(FaultKind::BadInput, "A community needs a name.")
            .hint(format!("Write 1 to {} characters.", NewCommunity::MAX_NAME)));
    }
    Slug::suggest(name).map_err(|_| {
        Fault::new(
            FaultKind::BadInput,
            "No short name can be made from that name.",
        )
        .hint("Give one with --slug: a-z, 0-9 and dashes.")
    })
}

#[derive(Serialize)]
struct Line<'a> {
    slug: &'a Slug,
    name: &'a str,
    active: u32,
    total: u32,
    mark: &'static str,
    archived: bool,
}

async fn list(context: &Context, hall: &Hall, list: List) -> Result<Exit, Fault> {
    let filter = Communities {
        text: list.text,
        without_archived: !list.archived,
        needing_attention: list.attention,
    };
    let mut rows: Vec<CommunityRow> = Vec::new();
    let mut after: Option<CommunityId> = None;
    loop {
        let page = engine::Page { after, limit: PAGE };
        let more = hall
            .engine
            .communities(&hall.actor, filter.clone(), page)
            .await?;
        let is_last = more.len() < PAGE as usize;
        rows.extend(more);
        after = rows.last().map(|row| row.id);
        if is_last {
            break;
        }
    }
    let lines: Vec<Line<'_>> = rows
        .iter()
        .map(|row| Line {
            slug: &row.slug,
            name: &row.name,
            active: row.active,
            total: row.total,
            mark: row.mark.word(),
            archived: row.archived,
        })
        .collect();
    context.out.data(&json!({ "communities": lines }), |out| {
        let mut table = Table::new(&["", "slug", "name", "active"]);
        for row in &rows {
            let (mark, name) = if row.archived {
                (Mark::Inactive, format!("{} (archived)", row.name))
            } else {
                (row.mark, row.name.clone())
            };
            table.row([
                out.mark(mark).to_owned(),
                row.slug.to_string(),
                name,
                format!("{}/{}", row.active, row.total),
            ]);
        }
        table.render(out)
    })?;
    if rows.is_empty() {
        context
            .out
            .advise("No community here yet. Create one with: guildhall community create NAME");
    }
    Ok(Exit::Done)
}

async fn show(context: &Context, hall: &Hall, slug: &str) -> Result<Exit, Fault> {
    let detail = hall
        .engine
        .community(&hall.actor, &hall::slug(slug)?)
        .await?;
    let community = &detail.community;
    let lines: Vec<_> = detail
        .platforms
        .iter()
        .map(|row| shapes::InstanceLine::of_row(community.slug.as_str(), row))
        .collect();
    let connections: Vec<_> = detail
        .connections
        .iter()
        .map(shapes::ConnectionLine::of)
        .collect();
    let object = json!({
        "slug": community.slug,
        "name": community.name,
        "description": community.description,
        "created_at": community.created_at,
        "archived_at": community.archived_at,
        "instances": lines,
        "connections": connections,
    });
    context.out.data(&object, |out| {
        let mut page = Page::default();
        page.heading(&community.name);
        page.field(out, "slug", community.slug.as_str());
        page.field(out, "about", &community.description);
        page.field(out, "created", &words::when(community.created_at));
        if let Some(at) = community.archived_at {
            page.field(out, "archived", &words::when(at));
        }
        page.push("");
        page.push(&instance_list::table(&lines).render(out));
        if !connections.is_empty() {
            page.heading("Connections");
            for line in &connections {
                let text = format!("{} {} {}", line.from, line.verb, line.to);
                page.field(out, line.state, &format!("{text}  {}", line.note));
            }
        }
        page.render()
    })?;
    Ok(Exit::Done)
}

async fn export(context: &Context, hall: &Hall, slug: &str) -> Result<Exit, Fault> {
    let export = hall.engine.export(&hall.actor, &hall::slug(slug)?).await?;
    // For programs and for keeping: the same with and without --json.
    let mut out = context.out.clone();
    out.json = true;
    out.data(&export, |_| String::new())?;
    let mut exit = Exit::Done;
    for existing in &export.instances {
        if let Some(why) = &existing.not_taken {
            exit = Exit::Failed;
            context.out.advise(&format!(
                "! What the people of {} made is not in it: {why}",
                existing.platform_name
            ));
        }
        if let Some(folder) = &existing.data {
            context.out.advise(&format!(
                "What {} keeps on this host lies in {}; copy it while the instance is off.",
                existing.platform_name,
                folder.display()
            ));
        }
    }
    Ok(exit)
}

async fn archive(context: &Context, hall: &Hall, slug: &str) -> Result<Exit, Fault> {
    let community = hall.community(slug).await?;
    let intent = Intent::ArchiveCommunity {
        community: community.id,
    };
    let basis = plan::tell(context, hall, &intent).await?;
    context.confirm(&format!(
        "Archive {}? It is kept and does nothing from then on.",
        community.name
    ))?;
    let watched = Watched::community(&community);
    work::carry_out_planned(context, hall, intent, Some(basis), Some(watched)).await
}
