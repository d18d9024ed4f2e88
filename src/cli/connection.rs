//! `guildhall connect`, `disconnect` and `connection ...`

use super::{
    exit::Exit,
    hall::{self, Context, Hall},
    shapes::ConnectionLine,
    table::Table,
    words, work,
};
use crate::{
    domain::{Community, ConnectionState, Fault, FaultKind, Intent, PlatformId},
    engine::views::ConnectionRow,
};
use clap::{Args, Subcommand};
use serde_json::json;

/// Connections.
#[derive(Debug, Subcommand)]
pub enum Connection {
    /// List the connections of a community.
    List {
        /// The community's short name.
        community: String,
    },
    /// Send something through a connection and see it arrive.
    Test(Ends),
}

/// A connection by its two ends.
#[derive(Debug, Args)]
pub struct Ends {
    /// The community's short name.
    community: String,
    /// The platform that acts or reads.
    from: String,
    /// The platform that is acted on or read.
    to: String,
}

/// Runs `guildhall connection ...`.
///
/// # Errors
/// What the engine returns.
pub async fn run(context: &Context, command: Connection) -> Result<Exit, Fault> {
    let hall = context.open().await?;
    let exit = match command {
        Connection::List { community } => list(context, &hall, &community).await,
        Connection::Test(ends) => test(context, &hall, &ends).await,
    };
    hall.close().await;
    exit
}

/// Runs `guildhall connect`.
///
/// # Errors
/// What the engine returns.
pub async fn connect(context: &Context, ends: Ends) -> Result<Exit, Fault> {
    let hall = context.open().await?;
    let exit = join(context, &hall, &ends).await;
    hall.close().await;
    exit
}

/// Runs `guildhall disconnect`.
///
/// # Errors
/// What the engine returns.
pub async fn disconnect(context: &Context, ends: Ends) -> Result<Exit, Fault> {
    let hall = context.open().await?;
    let exit = part(context, &hall, &ends).await;
    hall.close().await;
    exit
}

async fn join(context: &Context, hall: &Hall, ends: &Ends) -> Result<Exit, Fault> {
    let (community, from, to) = ends.find(hall).await?;
    let intent = Intent::Connect {
        community: community.id,
        from,
        to,
    };
    let done = work::carry_out(context, hall, intent, None).await?;
    if matches!(done, Exit::Other(_)) || context.globals.no_wait {
        return Ok(done);
    }
    let row = ends.row(hall).await?;
    Ok(done.or_worse(verdict(context, &row)))
}

async fn part(context: &Context, hall: &Hall, ends: &Ends) -> Result<Exit, Fault> {
    let row = ends.row(hall).await?;
    let intent = Intent::Disconnect {
        connection: row.connection.id,
    };
    work::carry_out(context, hall, intent, None).await
}

async fn test(context: &Context, hall: &Hall, ends: &Ends) -> Result<Exit, Fault> {
    let row = ends.row(hall).await?;
    let intent = Intent::TestConnection {
        connection: row.connection.id,
    };
    let receipt = hall.engine.submit(&hall.actor, intent).await?;
    if let Some(stopped) = work::wait(context, hall, &receipt.operations).await {
        return Ok(stopped);
    }
    let row = ends.row(hall).await?;
    let line = ConnectionLine::of(&row);
    context.out.data(&line, |_| {
        format!("{} {} {}: {}", line.from, line.verb, line.to, line.state)
    })?;
    if row.connection.state == ConnectionState::Made {
        context.out.advise(&row.connection.note);
    }
    Ok(verdict(context, &row))
}

fn verdict(context: &Context, row: &ConnectionRow) -> Exit {
    let exit = match row.connection.state {
        ConnectionState::Waiting => Exit::Waiting,
        ConnectionState::Failed => Exit::Failed,
        ConnectionState::Made | ConnectionState::Ok => Exit::Done,
    };
    if exit != Exit::Done {
        let state = row.connection.state;
        context.out.advise(&format!(
            "{} to {}: {state}\n  {}",
            row.from, row.to, row.connection.note
        ));
    }
    exit
}

impl Ends {
    async fn find(&self, hall: &Hall) -> Result<(Community, PlatformId, PlatformId), Fault> {
        let (from, to) = (hall.platform(&self.from)?, hall.platform(&self.to)?);
        Ok((hall.community(&self.community).await?, from, to))
    }

    async fn row(&self, hall: &Hall) -> Result<ConnectionRow, Fault> {
        let (community, from, to) = self.find(hall).await?;
        let detail = hall.engine.community(&hall.actor, &community.slug).await?;
        let id_of = |platform: &PlatformId| {
            let row = detail
                .platforms
                .iter()
                .find(|row| row.platform == *platform)?;
            Some(row.instance.as_ref()?.id)
        };
        let ends = (id_of(&from), id_of(&to));
        detail
            .connections
            .into_iter()
            .find(|row| (Some(row.connection.from), Some(row.connection.to)) == ends)
            .ok_or_else(|| {
                Fault::new(
                    FaultKind::NotFound,
                    format!("{from} is not connected to {to} in {}.", community.slug),
                )
                .hint(format!(
                    "Connect them with: guildhall connect {} {from} {to}",
                    community.slug
                ))
            })
    }
}

async fn list(context: &Context, hall: &Hall, slug: &str) -> Result<Exit, Fault> {
    let detail = hall
        .engine
        .community(&hall.actor, &hall::slug(slug)?)
        .await?;
    let lines: Vec<_> = detail.connections.iter().map(ConnectionLine::of).collect();
    context.out.data(&json!({ "connections": lines }), |out| {
        let mut table = Table::new(&["from", "", "to", "state", "tested", "note"]);
        for line in &lines {
            table.row([
                line.from.clone(),
                line.verb.clone(),
                line.to.clone(),
                line.state.to_owned(),
                words::age_of(line.tested_at),
                line.note.clone(),
            ]);
        }
        table.render(out)
    })?;
    Ok(Exit::Done)
}
