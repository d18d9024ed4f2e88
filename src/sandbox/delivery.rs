//! Sends what a simulated platform sends elsewhere: to another simulated platform, or to a listener on this host.
//! Nothing ever leaves the host.

use super::exchange::{Delivery, Incoming};
use super::shared::Shared;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use url::{Host, Url};

/// Delivers, and says to the log what could not be delivered. A platform does not learn of it, as in life.
pub(super) async fn deliver(shared: &Shared, delivery: &Delivery) {
    if let Err(reason) = attempt(shared, delivery).await {
        tracing::debug!(address = %delivery.address, reason, "the sandbox did not deliver");
    }
}

async fn attempt(shared: &Shared, delivery: &Delivery) -> Result<(), String> {
    let address = Url::parse(&delivery.address).map_err(|error| error.to_string())?;
    let inside = address
        .host_str()
        .and_then(|host| shared.platform_of_host(host))
        .map(|platform| (platform, address.path().to_owned()))
        .or_else(|| shared.own_path(&address));
    if let Some((platform, path)) = inside {
        let incoming = inside_call(delivery, &address, path);
        shared
            .work(&platform, incoming)
            .await
            .map_err(|fault| fault.to_string())?;
        return Ok(());
    }
    if !is_loopback(&address) {
        return Err("the sandbox reaches only this host".into());
    }
    tokio::time::timeout(Duration::from_secs(5), post(delivery, &address))
        .await
        .map_err(|_| "no answer within 5 s".to_owned())?
        .map_err(|error| error.to_string())
}

fn inside_call(delivery: &Delivery, address: &Url, path: String) -> Incoming {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    for (name, value) in &delivery.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse()) {
            headers.insert(name, value);
        }
    }
    Incoming {
        method: delivery.method.clone(),
        path,
        query: address.query_pairs().into_owned().collect(),
        headers,
        body: delivery.body.to_string().into_bytes(),
        now: jiff::Timestamp::now(),
    }
}

fn is_loopback(address: &Url) -> bool {
    address.scheme() == "http"
        && match address.host() {
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        }
}

async fn post(delivery: &Delivery, address: &Url) -> std::io::Result<()> {
    let host = address.host_str().unwrap_or("localhost");
    let port = address.port_or_known_default().unwrap_or(80);
    let mut stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
    let body = delivery.body.to_string();
    let target = &address[url::Position::BeforePath..url::Position::AfterQuery];
    let mut head = format!(
        "{} {target} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n",
        delivery.method,
        body.len(),
    );
    for (name, value) in &delivery.headers {
        let value = value.replace(['\r', '\n'], " ");
        head.extend([name.as_str(), ": ", &value, "\r\n"]);
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(64 * 1024).read_to_end(&mut answer).await?;
    Ok(())
}
