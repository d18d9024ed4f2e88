//! Where a call goes: joining paths, base-URL overrides, and which addresses are not called at all.

use super::scrub::Scrubber;
use crate::domain::{Fault, FaultKind};
use std::{collections::HashMap, fmt::Write as _};
use url::{Host, Url};

/// A text as one segment of a path: everything but unreserved characters as `%XX`, so that it can never leave its place.
#[must_use]
pub fn segment(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            // A point too: `..` would climb.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// The base with a path below it. The path may carry a query; parts of it made from data go through [`segment`].
pub(super) fn join(base: &Url, path: &str) -> Result<Url, Fault> {
    if base.cannot_be_a_base() || base.host().is_none() {
        return Err(no_address(base));
    }
    if path.contains('#') {
        return Err(climbs(base).detail("the path contains a # that is not encoded"));
    }
    let mut root = base.clone();
    root.set_query(None);
    root.set_fragment(None);
    if path.is_empty() {
        return Ok(root);
    }
    let below = root.path().trim_end_matches('/').to_owned();
    root.set_path("");
    let text = format!(
        "{}{below}/{}",
        root.as_str().trim_end_matches('/'),
        path.trim_start_matches('/')
    );
    let joined = Url::parse(&text).map_err(|error| climbs(base).detail(error))?;
    let stays = joined
        .path()
        .strip_prefix(below.as_str())
        .is_some_and(|rest| rest.starts_with('/'));
    if joined.origin() != base.origin() || !stays {
        return Err(climbs(base).detail("the path climbs out of the base address"));
    }
    Ok(joined)
}

/// The address actually called: the override of its host, or itself if it may be called.
pub(super) fn resolve(url: &Url, overrides: &HashMap<String, Url>) -> Result<Url, Fault> {
    let host = url.host().ok_or_else(|| no_address(url))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Fault::new(
            FaultKind::BadInput,
            format!("The address of {host} contains a user name or a password; nothing was sent."),
        )
        .hint("Take it out of the address and enter it as a key."));
    }
    let name = host.to_string();
    let replaced = url
        .port()
        .and_then(|port| overrides.get(&format!("{name}:{port}")))
        .or_else(|| overrides.get(&name));
    if let Some(base) = replaced {
        let mut actual = base.clone();
        actual.set_path(&format!(
            "{}{}",
            base.path().trim_end_matches('/'),
            url.path()
        ));
        actual.set_query(url.query());
        actual.set_fragment(None);
        return Ok(actual);
    }
    match url.scheme() {
        "https" => Ok(url.clone()),
        "http" if is_loopback(&host) => Ok(url.clone()),
        "http" => Err(Fault::new(
            FaultKind::BadInput,
            format!("The address of {name} is not encrypted (http); nothing was sent."),
        )
        .hint("Write it with https://; http is accepted only for this machine itself.")),
        _ => Err(no_address(url)),
    }
}

/// How messages name the server: host, and port where it is not the usual one.
pub(super) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or("the server");
    url.port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Whether a secret occurs in the address, as written or decoded.
pub(super) fn holds_secret(url: &Url, scrubber: &Scrubber) -> bool {
    scrubber.finds(url.as_str())
        || scrubber.finds(&String::from_utf8_lossy(&decoded(url.path())))
        || url
            .query_pairs()
            .any(|(name, value)| scrubber.finds(&name) || scrubber.finds(&value))
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

fn decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut place = 0;
    while place < bytes.len() {
        let digits = bytes
            .get(place + 1..place + 3)
            .filter(|_| bytes[place] == b'%')
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let Some(byte) = digits {
            plain.push(byte);
            place += 3;
        } else {
            plain.push(bytes[place]);
            place += 1;
        }
    }
    plain
}

fn no_address(url: &Url) -> Fault {
    Fault::new(
        FaultKind::BadInput,
        format!(
            "An address beginning with {}: cannot be called.",
            url.scheme()
        ),
    )
    .hint("Write the address in full, beginning with https://.")
}

fn climbs(base: &Url) -> Fault {
    Fault::new(
        FaultKind::BadInput,
        format!(
            "A call below {} would have left that address; nothing was sent.",
            host_of(base)
        ),
    )
    .hint("Check the names and ids in the instance's settings for characters that do not belong there.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::SecretString;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn paths_are_joined_below_the_base() {
        for (base, path, joined) in [
            ("https://a.example", "x/y", "https://a.example/x/y"),
            ("https://a.example/", "/x?y=1", "https://a.example/x?y=1"),
            (
                "https://a.example/forum/",
                "/x",
                "https://a.example/forum/x",
            ),
            ("https://a.example/api?old=1", "", "https://a.example/api"),
            (
                "https://a.example:8443",
                "%23room",
                "https://a.example:8443/%23room",
            ),
        ] {
            assert_eq!(join(&url(base), path).unwrap().as_str(), joined);
        }
    }

    #[test]
    fn a_path_made_of_data_cannot_climb() {
        let base = url("https://a.example/forum");
        for path in ["../admin", "x/../../admin", "%2e%2e/admin", "x#y"] {
            let fault = join(&base, path).unwrap_err();
            assert_eq!(fault.kind, FaultKind::BadInput, "{path}");
        }
        let kept = join(&base, &format!("g/{}", segment("../a b#/?"))).unwrap();
        assert_eq!(
            kept.as_str(),
            "https://a.example/forum/g/%2E%2E%2Fa%20b%23%2F%3F"
        );
    }

    #[test]
    fn clear_text_goes_to_this_machine_only() {
        let none = HashMap::new();
        for allowed in [
            "https://a.example/",
            "http://localhost:8008/",
            "http://127.0.0.2/",
            "http://[::1]:80/",
        ] {
            assert!(resolve(&url(allowed), &none).is_ok(), "{allowed}");
        }
        for refused in [
            "http://a.example/",
            "http://10.0.0.1/",
            "http://localhost.example/",
            "ftp://a.example/",
            "https://me:pw@a.example/",
        ] {
            let fault = resolve(&url(refused), &none).unwrap_err();
            assert_eq!(fault.kind, FaultKind::BadInput, "{refused}");
            assert!(!fault.to_string().contains("pw"));
        }
    }

    #[test]
    fn an_override_takes_the_host_and_keeps_the_rest() {
        let overrides = HashMap::from([
            ("a.example".to_owned(), url("http://10.0.0.9:1234/sim/a")),
            ("b.example:8443".to_owned(), url("http://127.0.0.1:9/")),
        ]);
        let called = resolve(&url("https://a.example/x/y?z=1"), &overrides).unwrap();
        assert_eq!(called.as_str(), "http://10.0.0.9:1234/sim/a/x/y?z=1");
        let called = resolve(&url("https://b.example:8443/x"), &overrides).unwrap();
        assert_eq!(called.as_str(), "http://127.0.0.1:9/x");
        let called = resolve(&url("https://b.example/x"), &overrides).unwrap();
        assert_eq!(called.as_str(), "https://b.example/x");
    }

    #[test]
    fn a_secret_in_an_address_is_found_however_it_is_written() {
        let mut scrubber = Scrubber::new();
        scrubber.add(&SecretString::from("key/with+marks="));
        for address in [
            "https://a.example/?k=key/with%2Bmarks=",
            "https://a.example/key%2Fwith+marks=/x",
            "https://a.example/?k=key%2fwith%2bmarks%3d",
        ] {
            assert!(holds_secret(&url(address), &scrubber), "{address}");
        }
        assert!(!holds_secret(&url("https://a.example/?k=key"), &scrubber));
    }
}
