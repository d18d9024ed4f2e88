//! `guildhall service expose`: what a web server in front of an instance is told.

use super::{
    exit::Exit,
    hall::{Context, Hall},
    instance::Which,
};
use crate::{domain::Fault, services::proxy::Server};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

/// What is published, and how.
#[derive(Debug, Args)]
pub struct Expose {
    #[command(flatten)]
    which: Which,
    /// The name under which people reach it, as policy.example.org.
    #[arg(long)]
    domain: String,
    /// The web server that is told.
    #[arg(long, value_enum, default_value = "caddy")]
    server: WebServer,
    /// A path that is left out unless it is asked for.
    #[arg(long, value_name = "PATH")]
    also: Vec<String>,
}

/// The web servers that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WebServer {
    /// Caddy.
    Caddy,
    /// nginx.
    Nginx,
}

/// Writes the fragment; what was left out and what is to be done goes to people.
///
/// # Errors
/// What the engine returns; `BadInput` for what is no name of a host.
pub async fn run(context: &Context, hall: &Hall, asked: &Expose) -> Result<Exit, Fault> {
    let (community, platform) = asked.which.find(hall).await?;
    let domain = asked.domain.parse()?;
    let found = hall
        .engine
        .exposing(&hall.actor, &community.slug, &platform, domain, &asked.also)
        .await?;
    let server = match asked.server {
        WebServer::Caddy => Server::Caddy,
        WebServer::Nginx => Server::Nginx,
    };
    let (published, fragment) = (&found.published, found.published.fragment(server));
    let left_out: Vec<Value> = published
        .refused
        .iter()
        .map(|(path, why)| json!({ "path": path, "why": why }))
        .collect();
    let address = found
        .address
        .as_ref()
        .map(|(setting, value)| json!({ "setting": setting, "value": value }));
    let object = json!({
        "community": community.slug,
        "platform": platform,
        "domain": published.domain.as_str(),
        "port": published.port,
        "published": published.paths,
        "left_out": left_out,
        "users": published.users(server),
        "tells": found.tells,
        "needs_setting": address,
        "fragment": fragment,
    });
    context
        .out
        .data(&object, |_| fragment.trim_end().to_owned())?;
    for (path, why) in &published.refused {
        context.out.advise(&format!("left out: {path}  {why}"));
    }
    for text in &found.tells {
        context.out.advise(text);
    }
    if let Some(users) = published.users(server) {
        let how = match server {
            Server::Caddy => "a line for each: NAME and what caddy hash-password prints",
            Server::Nginx => "with htpasswd -B",
        };
        context
            .out
            .advise(&format!("Write who may come into {users}: {how}."));
    }
    if let Some((setting, value)) = &found.address {
        context.out.advise(&format!(
            "It must know its address: guildhall instance configure {} {platform} {setting}={value}",
            community.slug
        ));
    }
    Ok(Exit::Done)
}
