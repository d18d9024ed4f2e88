//! `guildhall request ...`: asking an operator for what one may not do, and answering.

use super::{
    asking::{Asking, Why},
    exit::Exit,
    hall::{Context, Hall},
    prompt,
    table::{Page, Table},
    words, work,
};
use crate::domain::{Delegation, Fault, Intent, Request as Asked, RequestId, RequestState};
use clap::Subcommand;
use serde_json::json;

/// Requests.
#[derive(Debug, Subcommand)]
pub enum Request {
    #[command(flatten)]
    Ask(Asking),
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
        /// The community's short name, where a removal was asked for, or a change that can cost it something.
        #[arg(long, value_name = "SLUG")]
        confirm: Option<String>,
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

/// Runs a command of this family.
///
/// # Errors
/// What the engine returns.
pub async fn run(context: &Context, command: Request) -> Result<Exit, Fault> {
    let hall = context.open().await?;
    let exit = match command {
        Request::List { open } => list(context, &hall, open).await,
        Request::Show { id } => show(context, &hall, RequestId(id)).await,
        Request::Approve { id, confirm, why } => approve(context, &hall, id, confirm, why).await,
        Request::Refuse { id, why } => {
            submit(context, &hall, answer(id, false, String::new(), why)).await
        }
        Request::Withdraw { id } => {
            let request = RequestId(id);
            submit(context, &hall, Delegation::Withdraw { request }).await
        }
        Request::Ask(asking) => ask(context, &hall, asking).await,
    };
    hall.close().await;
    exit
}

async fn ask(context: &Context, hall: &Hall, asking: Asking) -> Result<Exit, Fault> {
    let asked = asking.wish(hall)?;
    let delegation = Delegation::Ask {
        community: hall.community(&asked.community).await?.id,
        wish: asked.wish,
        words: asked.words,
    };
    submit(context, hall, delegation).await
}

async fn submit(context: &Context, hall: &Hall, delegation: Delegation) -> Result<Exit, Fault> {
    work::carry_out(context, hall, Intent::Delegate(delegation), None).await
}

/// Asks for the short name where somebody is there to type it; else the engine refuses and says what to add.
async fn approve(
    context: &Context,
    hall: &Hall,
    id: i64,
    confirm: Option<String>,
    why: Why,
) -> Result<Exit, Fault> {
    let request = hall.engine.request(&hall.actor, RequestId(id)).await?;
    let is_asked = request.state == RequestState::Open && request.wish.needs_name();
    let typed = match confirm {
        Some(typed) => typed,
        None if is_asked && prompt::somebody_is_there() => prompt::typed(&format!(
            "{} asks to {}. Type {} to do it: ",
            request.asked_by, request.wish, request.slug
        ))?,
        None => String::new(),
    };
    submit(context, hall, answer(id, true, typed, why)).await
}

fn answer(id: i64, approve: bool, typed: String, why: Why) -> Delegation {
    Delegation::Answer {
        request: RequestId(id),
        approve,
        typed,
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
    if !open {
        hall.engine.answers_seen(&hall.actor).await?;
    }
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
