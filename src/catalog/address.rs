//! Addresses as settings: which are accepted, and in which form they are kept.

use url::{Host, Url};

/// The most characters an address may have.
const MAX_LENGTH: usize = 2048;

/// The address in the form in which it is kept: https (or http on this host or in a sandbox), no trailing slash.
pub(super) fn normalise(text: &str) -> Result<String, String> {
    if text.chars().count() > MAX_LENGTH {
        return Err(format!("has more than {MAX_LENGTH} characters"));
    }
    if text.contains(char::is_whitespace) || text.contains('\\') {
        return Err("holds white space or a backslash".to_owned());
    }
    let scheme = text
        .split_once("://")
        .map(|(scheme, _)| scheme.to_ascii_lowercase());
    if !matches!(scheme.as_deref(), Some("https" | "http")) {
        return Err("must begin with https://".to_owned());
    }
    let url = Url::parse(text).map_err(|error| format!("is not an address ({error})"))?;
    let host = url.host().ok_or("names no host")?;
    if !url.username().is_empty() || url.password().is_some() || has_user_info(text) {
        return Err("must not hold a user name or password".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must end before any ? or #".to_owned());
    }
    if url.scheme() == "http" && !may_be_plain(&host) {
        return Err("must begin with https://; http is for this host only".to_owned());
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// The address, or the bare name of a server, in the form in which it is kept.
pub(super) fn normalise_server(text: &str) -> Result<String, String> {
    if text.contains("://") {
        return normalise(text);
    }
    let parsed = normalise(&format!("https://{text}"))?;
    let name = parsed.trim_start_matches("https://");
    if name.contains('/') {
        return Err("must be a server's name, or an address that begins with https://".to_owned());
    }
    Ok(name.to_owned())
}

/// `https://@host` has an empty user name, which the parser drops silently.
fn has_user_info(text: &str) -> bool {
    text.split_once("://")
        .and_then(|(_, rest)| rest.split('/').next())
        .is_some_and(|authority| authority.contains('@'))
}

/// Hosts to which nothing travels over a network: loopback, and the names of the sandbox.
fn may_be_plain(host: &Host<&str>) -> bool {
    match host {
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
        Host::Domain(name) => *name == "localhost" || name.ends_with(".sandbox"),
    }
}
