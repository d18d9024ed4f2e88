//! `guildhall request ...`: asking an operator for what one may not do, and answering.

use super::{
    choices,
    exit::Exit,
    hall::{Context, Hall},
    instance::Which,
    table::{Page, Table},
    words, work,
};
use crate::domain::{
    ConnectionId, Delegation, Fault, Intent, OperationId, Request as Asked, RequestId,
    RequestState, Wish,
};
use clap::{Args, Subcommand};
use serde_json::json;

/// Requests.
#[derive(Debug, Subcommand)]
pub enum Request {
    /// Ask for an instance to be switched on that is not on the list, or beyond what was given.
    Activate {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        why: Why,
    },
    /// Ask for settings to be changed.
    Configure {
        #[command(flatten)]
        which: Which,
        /// The settings that change.
        #[arg(required = true, value_name = "SETTING=VALUE")]
        settings: Vec<String>,
        #[command(flatten)]
        why: Why,
    },
    /// Ask for two instances to be joined.
    Connect {
        /// The community's short name.
        community: String,
        /// The platform that acts or reads.
        from: String,
        /// The platform that is acted on or read.
        to: String,
        #[command(flatten)]
        why: Why,
    },
    /// Ask for a connection to be undone.
    Disconnect {
        /// The community's short name.
        community: String,
        /// The number of the connection.
        connection: i64,
        #[command(flatten)]
        why: Why,
    },
    /// Ask for something that exists on a platform already to be looked after; it is only looked at first.
    Adopt {
        #[command(flatten)]
        which: Which,
        /// The object there, as the platform names it.
        reference: String,
        #[command(flatten)]
        why: Why,
    },
    /// Ask for what somebody changed on a platform to be taken for right, or made as it was.
    Drift {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        answer: Answered,
        #[command(flatten)]
        why: Why,
    },
    /// Ask for an operation to be stopped.
    Cancel {
        /// The community's short name.
        community: String,
        /// The number of the operation.
        operation: i64,
        #[command(flatten)]
        why: Why,
    },
    /// Ask for the community to be archived.
    Archive {
        /// The community's short name.
        community: String,
        #[command(flatten)]
        why: Why,
    },
    /// Ask for something that only words can say.
    Other {
        /// The community's short name.
        community: String,
        #[command(flatten)]
        why: Why,
    },
    /// List what was asked for.
    List {
        /// Only what is not answered.
        #[arg(long)]
        open: bool,
    },
    /// Show a request.
    Show {
        /// Its number.
        id: i64,
    },
    /// Do what was asked for.
    Approve {
        /// Its number.
        id: i64,
        #[command(flatten)]
        why: Why,
    },
    /// Refuse it, with a word of why.
    Refuse {
        /// Its number.
        id: i64,
        #[command(flatten)]
        why: Why,
    },
    /// Ask no longer.
    Withdraw {
        /// Its number.
        id: i64,
    },
}

/// What is to become of a difference.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Answered {
    /// What is there is right from now on.
    #[arg(long)]
    take_over: bool,
    /// It is made as it was.
    #[arg(long)]
    put_back: bool,
}

/// What is said with it.
#[derive(Debug, Args)]
pub struct Why {
    /// What is said with it, in a sentence.
    #[arg(long, default_value = "")]
    words: String,
}

/// Runs a command of this family.
///
/// # Errors
/// What the engine returns.
pub async fn run(context: &Context, command: Request) -> Result<Exit, Fault> {
    let hall = context.open().await?;
    let exit = match command {
        Request::List { open } => list(context, &hall, open).await,
        Request::Show { id } => show(context, &hall, RequestId(id)).await,
        Request::Approve { id, why } => submit(context, &hall, answer(id, true, why)).await,
        Request::Refuse { id, why } => submit(context, &hall, answer(id, false, why)).await,
        Request::Withdraw { id } => {
            let request = RequestId(id);
            submit(context, &hall, Delegation::Withdraw { request }).await
        }
        asking => ask(context, &hall, asking).await,
    };
    hall.close().await;
    exit
}

async fn ask(context: &Context, hall: &Hall, asking: Request) -> Result<Exit, Fault> {
    let Some((community, wish, why)) = wish(hall, asking)? else {
        return Ok(Exit::Done);
    };
    let delegation = Delegation::Ask {
        community: hall.community(&community).await?.id,
        wish,
        words: why.words,
    };
    submit(context, hall, delegation).await
}

/// In which community something is asked for, what, and why; nothing for a command that asks for nothing.
fn wish(hall: &Hall, asking: Request) -> Result<Option<(String, Wish, Why)>, Fault> {
    let about = |which: &Which| hall.platform(&which.platform);
    Ok(Some(match asking {
        Request::Activate { which, why } => {
            let platform = about(&which)?;
            (which.community, Wish::Activate { platform }, why)
        }
        Request::Configure {
            which,
            settings,
            why,
        } => {
            let (platform, settings) = (about(&which)?, choices::settings(&settings)?);
            let wish = Wish::Configure { platform, settings };
            (which.community, wish, why)
        }
        Request::Connect {
            community,
            from,
            to,
            why,
        } => {
            let (from, to) = (hall.platform(&from)?, hall.platform(&to)?);
            (community, Wish::Connect { from, to }, why)
        }
        Request::Disconnect {
            community,
            connection,
            why,
        } => {
            let connection = ConnectionId(connection);
            (community, Wish::Disconnect { connection }, why)
        }
        Request::Adopt {
            which,
            reference,
            why,
        } => {
            let platform = about(&which)?;
            let wish = Wish::Adopt {
                platform,
                reference,
            };
            (which.community, wish, why)
        }
        Request::Drift { which, answer, why } => {
            let platform = about(&which)?;
            let wish = if answer.take_over {
                Wish::TakeOver { platform }
            } else {
                Wish::PutBack { platform }
            };
            (which.community, wish, why)
        }
        Request::Cancel {
            community,
            operation,
            why,
        } => {
            let operation = OperationId(operation);
            (community, Wish::Cancel { operation }, why)
        }
        Request::Archive { community, why } => (community, Wish::Archive, why),
        Request::Other { community, why } => (community, Wish::Other, why),
        Request::List { .. }
        | Request::Show { .. }
        | Request::Approve { .. }
        | Request::Refuse { .. }
        | Request::Withdraw { .. } => return Ok(None),
    }))
}

async fn submit(context: &Context, hall: &Hall, delegation: Delegation) -> Result<Exit, Fault> {
    work::carry_out(context, hall, Intent::Delegate(delegation), None).await
}

fn answer(id: i64, approve: bool, why: Why) -> Delegation {
    Delegation::Answer {
        request: RequestId(id),
        approve,
        words: why.words,
    }
}

async fn list(context: &Context, hall: &Hall, open: bool) -> Result<Exit, Fault> {
    let mut requests = hall.engine.requests(&hall.actor).await?;
    requests.retain(|request| !open || request.state == RequestState::Open);
    context.out.data(&json!({ "requests": requests }), |out| {
        let mut table = Table::new(&["#", "state", "community", "who", "for", "why", "answer"]);
        for request in &requests {
            table.row([
                request.id.to_string(),
                request.state.to_string(),
                request.slug.to_string(),
                request.asked_by.clone(),
                request.wish.to_string(),
                request.words.clone(),
                request.answer.clone(),
            ]);
        }
        table.render(out)
    })?;
    Ok(Exit::Done)
}

async fn show(context: &Context, hall: &Hall, id: RequestId) -> Result<Exit, Fault> {
    let request = hall.engine.request(&hall.actor, id).await?;
    context.out.data(&json!({ "request": request }), |out| {
        let mut page = Page::default();
        page.heading(&format!("Request {id}: {}", request.wish));
        page.field(out, "community", request.slug.as_str());
        page.field(out, "asked", &asked(&request));
        page.field(out, "why", &request.words);
        page.field(out, "state", request.state.word());
        if let (Some(by), Some(at)) = (&request.answered_by, request.answered_at) {
            page.field(out, "answered", &format!("{by}, {}", words::when(at)));
            page.field(out, "answer", &request.answer);
        }
        page.render()
    })?;
    Ok(Exit::Done)
}

fn asked(request: &Asked) -> String {
    format!("{}, {}", request.asked_by, words::when(request.asked_at))
}
