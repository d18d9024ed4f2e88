//! Whether a source can be read. Asked before the tool is let loose on it: when its load fails, the tool empties that
//! source's cache and tries again, and one outage would cost the whole mirror (sheet: sourcecred 4).

use super::{config::Source, folder::Folder};
use crate::{
    adapters::{contract::Secrets, http::Http},
    domain::{Fault, FaultKind},
    services::files,
};
use tokio_util::sync::CancellationToken;
use url::Url;

/// Whether every source can be read, as far as can be told without its key.
///
/// # Errors
/// [`FaultKind::Unreachable`], [`FaultKind::Refused`], [`FaultKind::NeedsKey`], [`FaultKind::NotFound`] with the first that cannot.
pub async fn probe(
    source: &Source,
    folder: &Folder,
    http: &Http,
    secrets: &Secrets,
    cancel: &CancellationToken,
) -> Result<(), Fault> {
    has_key(source, secrets)?;
    match source {
        Source::Discourse(address) => {
            let base = parse(address)?;
            // The two lists that the tool reads first, without a key (sheet: sourcecred, verify).
            for path in ["latest.json", "categories.json"] {
                let answer = http.get(&base, path).cancel(cancel).send().await?;
                if matches!(answer.status, 401 | 403 | 404) {
                    return Err(Fault::new(
                        FaultKind::Refused,
                        format!(
                            "The forum {address} cannot be read without signing in ({path}: {}).",
                            answer.status
                        ),
                    )
                    .hint("Let anybody read the forum, or score it through an external graph."));
                }
                let _: serde_json::Value = answer.json()?;
            }
            Ok(())
        }
        Source::External(_, Some(address)) => {
            let answer = http.get(&parse(address)?, "").cancel(cancel).send().await?;
            answer.success().map(|_| ())
        }
        Source::External(name, None) => {
            let path = folder.path(&format!("config/plugins/external/{name}/graph.json"));
            match files::read(&path)? {
                Some(_) => Ok(()),
                None => Err(Fault::new(
                    FaultKind::NotFound,
                    format!("The external graph {} is missing.", path.display()),
                )
                .hint("Put graph.json there, or set its address.")),
            }
        }
        Source::Discord(_) | Source::Github(_) | Source::Other(_) => Ok(()),
    }
}

/// Whether the key is there that the source is read with, if it is read with one.
///
/// # Errors
/// [`FaultKind::NeedsKey`].
pub fn has_key(source: &Source, secrets: &Secrets) -> Result<(), Fault> {
    let Some(field) = source.missing_key(secrets) else {
        return Ok(());
    };
    Err(Fault::new(
        FaultKind::NeedsKey,
        format!("The source {} needs its key: {field}.", source.plugin()),
    )
    .hint("Enter the key, or unlock the vault and activate the instance again.")
    .field(field))
}

fn parse(address: &str) -> Result<Url, Fault> {
    Url::parse(address).map_err(|error| {
        Fault::new(
            FaultKind::BadInput,
            format!("The source's address {address} is no address."),
        )
        .hint("Correct it in the settings of the instance.")
        .detail(error)
    })
}
