//! From the setting `homeserver` to the address that is called.

use super::errors;
use crate::adapters::{contract::Site, http::Http};
use crate::domain::{Fault, FaultKind};
use serde_json::Value;
use url::Url;

/// The address of the homeserver: as written when it is an address, else looked up from the server's name.
///
/// # Errors
/// [`FaultKind::BadInput`] when it is missing or the server names no usable address; what the look-up returns.
pub(super) async fn base(site: &Site) -> Result<Url, Fault> {
    let written = site.settings.require("homeserver")?;
    if written.contains("://") {
        return site.settings.url("homeserver");
    }
    look_up(&site.http, written).await
}

/// `GET https://<name>/.well-known/matrix/client`; a server without it is called at its name (specification).
async fn look_up(http: &Http, name: &str) -> Result<Url, Fault> {
    let unusable = |detail: String| {
        Fault::new(
            FaultKind::BadInput,
            format!("{name} names no usable address of its homeserver."),
        )
        .hint("Write the address itself in the setting homeserver, beginning with https://.")
        .detail(detail)
    };
    let own =
        Url::parse(&format!("https://{name}")).map_err(|error| unusable(error.to_string()))?;
    let answer = http.get(&own, "/.well-known/matrix/client").send().await?;
    if answer.status == 404 {
        return Ok(own);
    }
    let answer = errors::accept(answer, "look up the homeserver")?;
    let named: Value = answer.json()?;
    let address = named["m.homeserver"]["base_url"]
        .as_str()
        .ok_or_else(|| unusable("no base_url".into()))?;
    let address = Url::parse(address).map_err(|error| unusable(error.to_string()))?;
    if address.host().is_none() {
        return Err(unusable("no host".into()));
    }
    Ok(address)
}
