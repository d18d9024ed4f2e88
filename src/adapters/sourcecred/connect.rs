//! Joining sources, and offering the scores to others.

use super::{
    config::{self, Connected, Source},
    folder::{Folder, refuse_link},
    keeping, life,
    refresh::{LastRun, RunResult},
    source,
};
use crate::{
    adapters::{
        contract::{Peer, Probe, Target, unsupported},
        durable::{Halt, Op},
        local,
    },
    domain::{Fault, FaultKind, InstanceKind},
    services::supervisor::Supervisor,
};
use std::{fs, time::SystemTime};
use url::Url;

/// The source that a peer is, when there is a plugin for it (sheet: sourcecred, connections).
fn source_of(op: &Op, peer: &Peer) -> Result<Source, Fault> {
    let need = |what: &str| {
        Fault::new(
            FaultKind::BadInput,
            format!("The instance of {} has no {what} yet.", peer.platform),
        )
        .hint("Finish that instance first, then connect again.")
    };
    match peer.platform.as_str() {
        "discourse" => {
            // The whole forum is read from its root; the instance's own address may be that of a category.
            if let Some(Target::Site { address }) = &peer.target {
                return config::forum(address).map(Source::Discourse);
            }
            let address = peer.url.as_deref().ok_or_else(|| need("address"))?;
            let url = Url::parse(address).map_err(|error| need("address").detail(error))?;
            config::forum(&url).map(Source::Discourse)
        }
        "discord" => peer
            .settings
            .get("guild_id")
            .or_else(|| op.site().settings.get("discord_guild_id"))
            .map(|guild| Source::Discord(guild.to_owned()))
            .ok_or_else(|| need("server")),
        _ => Err(unsupported(op.site(), &format!("read {}", peer.platform))
            .hint("Write its contributions as an external graph instead.")),
    }
}

/// Puts the source into the configuration and loads it; while active, scores it too.
pub async fn connect(op: &Op, peer: &Peer, supervisor: &Supervisor) -> Result<String, Halt> {
    let site = op.site();
    refuse_link(site)?;
    let folder = Folder::of(site)?;
    life::must_stand(site, &folder)?;
    let source = source_of(op, peer)?;
    // Written down without its key it would be in the way of the others' runs.
    source::has_key(&source, &keeping::secrets(op))?;
    let mut connected: Connected = life::connected(op)?;
    connected.insert(peer.platform.as_str().to_owned(), source.clone());
    op.remember("connected", &connected).await?;
    life::write_config(op).await?;
    life::ensure_runtime(op).await?;
    let result = life::refresh(op, &folder).run_one(&source).await?;
    if site.active {
        life::run(op, &folder).await?;
        keeping::up(op, supervisor).await?;
    }
    Ok(match result {
        RunResult::Waiting => format!(
            "{} is read; it holds nothing to score yet.",
            source.plugin()
        ),
        _ => format!("{} is read and scored.", source.plugin()),
    })
}

/// Takes the source out again. The ledger stays.
pub async fn disconnect(op: &Op, peer: &Peer, supervisor: &Supervisor) -> Result<(), Halt> {
    let site = op.site();
    refuse_link(site)?;
    let folder = Folder::of(site)?;
    let mut connected: Connected = life::connected(op)?;
    connected.remove(peer.platform.as_str());
    op.remember("connected", &connected).await?;
    if !folder.root().is_dir() {
        return Ok(());
    }
    let any = life::write_config(op).await?;
    if site.active {
        if any {
            life::run(op, &folder).await?;
        }
        keeping::up(op, supervisor).await?;
    }
    Ok(())
}

/// Loads the source and looks whether its graph is newer than the last run.
pub async fn probe(op: &Op, peer: &Peer) -> Result<Probe, Halt> {
    let site = op.site();
    refuse_link(site)?;
    let folder = Folder::of(site)?;
    let source = source_of(op, peer)?;
    let before = LastRun::of(&folder)?;
    let began = SystemTime::now();
    let result = life::refresh(op, &folder).run_one(&source).await?;
    let tools = local::tools(site, op.cancel());
    site.supervisor
        .lend_again(&tools, &folder.service())
        .await?;
    let graph = folder.path(&format!("output/graphs/{}/graph", source.plugin()));
    // A graph that the run wrote was written after it began; file systems tell whole ticks, hence "not before".
    let arrived = fs::metadata(&graph)
        .and_then(|about| about.modified())
        .is_ok_and(|changed| changed + std::time::Duration::from_secs(2) >= began);
    let since = before.map_or_else(
        || "for the first time".to_owned(),
        |run| format!("again; the last run ended {}", run.ended),
    );
    Ok(Probe {
        arrived,
        sent: true,
        look_for: None,
        what: match result {
            RunResult::Waiting => format!(
                "{} was read {since}; it holds zero contributions.",
                source.plugin()
            ),
            _ => format!(
                "{} was read {since}, and its graph is there.",
                source.plugin()
            ),
        },
    })
}

/// The site, for platforms that read `output/accounts.json` from it.
pub fn offer(op: &Op) -> Result<Target, Halt> {
    let site = op.site();
    let address = if site.kind == InstanceKind::Link {
        site.settings.url("site_url")?
    } else {
        let port = op.fact::<u16>("port")?.filter(|_| site.active);
        let port = port.ok_or_else(|| {
            Fault::new(
                FaultKind::Conflict,
                "The site of the scores is switched off.",
            )
            .hint("Activate the instance first.")
        })?;
        Url::parse(&format!("http://127.0.0.1:{port}/")).map_err(|error| {
            Fault::new(FaultKind::Internal, "The site's address cannot be written.")
                .hint("This is a mistake of Guildhall; please report it.")
                .detail(error)
        })?
    };
    Ok(Target::Site { address })
}
