//! What exists already: folders of this host that can be adopted, and sites of others that are only read.

use super::{ID, config, folder::Folder, ledger, life::write_marker};
use crate::{
    adapters::{
        contract::{Discovered, Observation, Presence, Site, Standing},
        durable::{Halt, Op},
    },
    domain::{Fault, FaultKind, Health, InstanceKind, clean_line},
    services::files,
};
use std::{
    fs,
    path::{Path, PathBuf},
};
use url::Url;

/// So many folders are listed at most.
const MOST: usize = 200;

/// Folders with a `sourcecred.json`: beside the instance's own folder, and in the operator's home; and the site of the
/// settings.
pub async fn discover(site: &Site) -> Result<Vec<Discovered>, Fault> {
    let mut found = Vec::new();
    let community = site.data_folder.parent().map(Path::to_owned);
    let home = std::env::var_os("HOME").map(PathBuf::from);
    for place in [community, home].into_iter().flatten() {
        let Ok(entries) = fs::read_dir(&place) else {
            continue;
        };
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            if found.len() < MOST && path.join("sourcecred.json").is_file() {
                found.push(folder_found(site, &path)?);
            }
        }
    }
    if let Some(address) = site.settings.get("site_url") {
        found.push(Discovered {
            reference: address.to_owned(),
            name: clean_line(address),
            what: "site".to_owned(),
            obstacle: read_site(site, &site.settings.url("site_url")?)
                .await
                .err()
                .map(|fault| fault.what),
        });
    }
    Ok(found)
}

fn folder_found(site: &Site, path: &Path) -> Result<Discovered, Fault> {
    let folder = Folder::at(path, path);
    let obstacle = if folder.is_ours(site)? {
        Some("it is this instance's own folder".to_owned())
    } else if folder.marker()?.is_some() {
        Some("it belongs to another instance of a Guildhall".to_owned())
    } else {
        ledger::check(&folder).err().map(|fault| fault.what)
    };
    Ok(Discovered {
        reference: path.to_string_lossy().into_owned(),
        name: clean_line(&path.file_name().unwrap_or_default().to_string_lossy()),
        what: "folder".to_owned(),
        obstacle,
    })
}

/// Takes over a folder by its path, or a site by its address. Nothing in it is changed.
pub async fn adopt(op: &Op, reference: &str) -> Result<Presence, Halt> {
    let site = op.site();
    if reference.starts_with("http://") || reference.starts_with("https://") {
        let address = Url::parse(reference).map_err(|error| {
            Fault::new(FaultKind::BadInput, format!("{reference} is no address."))
                .hint("Write it in full, beginning with https://.")
                .detail(error)
        })?;
        read_site(site, &address).await?;
        op.remember("site", &address.as_str()).await?;
        return Ok(link_presence(&address));
    }
    let root = fs::canonicalize(reference).map_err(|error| {
        Fault::new(
            FaultKind::NotFound,
            format!("There is no folder {reference}."),
        )
        .hint("Give the whole path of a folder with a sourcecred.json.")
        .detail(error)
    })?;
    let folder = Folder::at(&root, &site.data_folder);
    let recorded: Option<PathBuf> = op.fact("folder")?;
    let foreign = files::read(&root.join("guildhall.json"))?.is_some();
    if foreign && recorded.as_deref() != Some(&root) {
        return Err(Fault::new(
            FaultKind::Conflict,
            format!(
                "{} belongs to another instance of a Guildhall.",
                root.display()
            ),
        )
        .hint("Remove it there first.")
        .into());
    }
    // It must be whole before it is taken over.
    config::sources_in(&folder)?;
    ledger::check(&folder)?;
    op.remember("folder", &root).await?;
    op.remember("files", &config::hashes_in(&folder)?).await?;
    op.step("marker", || async {
        files::make_folder(folder.own())?;
        write_marker(site, &folder, &site.marker)
    })
    .await?;
    Ok(Presence {
        external_id: root.to_string_lossy().into_owned(),
        url: None,
        kind: InstanceKind::Dedicated,
        made_by_us: false,
        note: String::new(),
    })
}

/// Somebody else's site, by the settings.
///
/// # Errors
/// As [`read_site`]; [`FaultKind::BadInput`] without an address.
pub async fn link(site: &Site) -> Result<Presence, Fault> {
    let address = link_address(site)?;
    read_site(site, &address).await?;
    Ok(link_presence(&address))
}

/// Looks at somebody else's site.
pub async fn observe_link(site: &Site) -> Observation {
    let read = match link_address(site) {
        Ok(address) => read_site(site, &address).await.map(|()| address),
        Err(fault) => Err(fault),
    };
    let (standing, health, note, url) = match read {
        Ok(address) => (Standing::Present, Health::Ok, String::new(), Some(address)),
        Err(fault) if fault.kind == FaultKind::NotFound => {
            (Standing::Gone, Health::Unknown, fault.what, None)
        }
        Err(fault) => (Standing::Unseen, Health::Down, fault.what, None),
    };
    Observation {
        standing,
        health,
        note,
        drift: Vec::new(),
        task: None,
        slots: Vec::new(),
        url: url.map(String::from),
    }
}

fn link_address(site: &Site) -> Result<Url, Fault> {
    match site.fact::<Url>("site")? {
        Some(address) => Ok(address),
        None => site.settings.url("site_url"),
    }
}

fn link_presence(address: &Url) -> Presence {
    Presence {
        external_id: address.to_string(),
        url: Some(address.to_string()),
        kind: InstanceKind::Link,
        made_by_us: false,
        note: "somebody else's site; its scores are read".to_owned(),
    }
}

/// Whether a site shows scores: its project file, and the accounts that other platforms read.
///
/// # Errors
/// [`FaultKind::NotFound`] when there is no such site, [`FaultKind::BadAnswer`] when it is another kind of site, and what the
/// call returns.
async fn read_site(site: &Site, address: &Url) -> Result<(), Fault> {
    let answer = site.http.get(address, "sourcecred.json").send().await?;
    if answer.status == 404 {
        return Err(Fault::new(
            FaultKind::NotFound,
            format!("There is no {ID} site at {address}."),
        )
        .hint("Give the address at which its scores are shown."));
    }
    let project: serde_json::Value = answer.json()?;
    let accounts = site
        .http
        .get(address, "output/accounts.json")
        .send()
        .await?;
    if !project["bundledPlugins"].is_array() || accounts.status == 404 {
        return Err(Fault::new(
            FaultKind::BadAnswer,
            format!("The site at {address} shows no accounts."),
        )
        .hint("Ask whoever runs it to run the analysis, which writes output/accounts.json."));
    }
    let accounts: serde_json::Value = accounts.json()?;
    if accounts["accounts"].is_array() {
        return Ok(());
    }
    Err(Fault::new(
        FaultKind::BadAnswer,
        format!("The accounts shown at {address} have another shape than SourceCred's."),
    )
    .hint("Check the address."))
}
