//! Asking an operator for what one may not do, and answering. What is approved is done in the same transaction, as the
//! operator's own intent: an answer that cannot be carried out leaves the request open.

use super::{
    instances,
    rules::Rules,
    submit::{self, Applied},
    views::Receipt,
};
use crate::{
    domain::{
        Actor, AuditResult, CommunityId, Fault, FaultKind, IntentKind, RemoveMode, Request,
        RequestId, RequestState, Wish, clean_line, counted,
    },
    store::{NewRequest, Reader, Writer},
};

/// The most requests of one community that wait at the same time.
const MOST_OPEN: u32 = 20;
/// The most characters of what is said.
const MAX_WORDS: usize = 500;

/// A request that the actor may know of.
pub(super) fn seen(reader: &Reader<'_>, actor: &Actor, id: RequestId) -> Result<Request, Fault> {
    let actor = reader.actor(actor.id)?;
    reader
        .request(id)?
        .filter(|request| actor.sees(request.community))
        .ok_or_else(|| {
            Fault::new(
                FaultKind::NotFound,
                format!("There is no request {id} here."),
            )
            .hint("List the requests to see their numbers.")
        })
}

fn checked_words(entered: &str) -> Result<String, Fault> {
    let words = clean_line(entered);
    let length = words.chars().count();
    if length > MAX_WORDS {
        return Err(Fault::new(
            FaultKind::BadInput,
            format!("That has {length} characters; there is room for {MAX_WORDS}."),
        )
        .hint("Say it shorter."));
    }
    Ok(words)
}

/// Refuses a wish that nobody could fulfil.
fn check(
    reader: &Reader<'_>,
    rules: &Rules,
    actor: &Actor,
    community: CommunityId,
    wish: Wish,
) -> Result<Wish, Fault> {
    Ok(match wish {
        Wish::Activate { platform } => {
            rules.manifest(&platform)?;
            Wish::Activate { platform }
        }
        Wish::Configure { platform, settings } => {
            instances::required(reader, rules, community, &platform)?;
            let settings = instances::checked_settings(rules, &platform, settings)?;
            Wish::Configure { platform, settings }
        }
        Wish::Connect { from, to } => {
            instances::required(reader, rules, community, &from)?;
            instances::required(reader, rules, community, &to)?;
            Wish::Connect { from, to }
        }
        Wish::Disconnect { connection } => {
            super::connections::community_of(reader, actor, connection)?;
            Wish::Disconnect { connection }
        }
        Wish::Adopt {
            platform,
            reference,
        } => {
            rules.manifest(&platform)?;
            let reference = checked_words(&reference)?;
            if reference.is_empty() {
                return Err(Fault::new(
                    FaultKind::BadInput,
                    format!("Nothing of {platform} was named."),
                )
                .hint("Name it as the platform does: its address, name or id."));
            }
            Wish::Adopt {
                platform,
                reference,
            }
        }
        Wish::TakeOver { platform } => {
            instances::required(reader, rules, community, &platform)?;
            Wish::TakeOver { platform }
        }
        Wish::PutBack { platform } => {
            instances::required(reader, rules, community, &platform)?;
            Wish::PutBack { platform }
        }
        Wish::Cancel { operation } => {
            super::operations::community_of(reader, actor, operation)?;
            Wish::Cancel { operation }
        }
        Wish::Remove { platform, mode } => {
            let instance = instances::required(reader, rules, community, &platform)?;
            if instance.observe_only && mode == RemoveMode::Hard {
                return Err(Fault::new(
                    FaultKind::Conflict,
                    "This instance is only looked at; what is there is not Guildhall's to destroy.",
                )
                .hint("Ask for it to be removed without destroying it there."));
            }
            Wish::Remove { platform, mode }
        }
        Wish::Archive => Wish::Archive,
        Wish::Other => Wish::Other,
    })
}

/// Puts a request before the operators.
pub(super) fn ask(
    writer: &Writer<'_>,
    rules: &Rules,
    actor: &Actor,
    community: CommunityId,
    wish: Wish,
    words: &str,
) -> Result<Applied, Fault> {
    let words = checked_words(words)?;
    if wish == Wish::Other && words.is_empty() {
        return Err(Fault::new(FaultKind::BadInput, "Nothing was asked for.")
            .hint("Say in a sentence what you need."));
    }
    let wish = check(writer, rules, actor, community, wish)?;
    if writer.open_requests(community)? >= MOST_OPEN {
        return Err(Fault::new(
            FaultKind::Conflict,
            format!(
                "{} wait for an answer already.",
                counted(MOST_OPEN, "request", "requests")
            ),
        )
        .hint("Withdraw one that is not needed any more, or wait for the operator."));
    }
    let slug = writer.community(community)?.slug;
    let detail = format!("{wish}: {words}");
    let id = writer.insert_request(
        &NewRequest {
            community,
            asked_by: actor.name.clone(),
            wish,
            words,
        },
        rules.now,
    )?;
    Ok(Applied {
        subject: slug.to_string(),
        detail,
        receipt: Receipt {
            message: format!("Request {id} is before the operator."),
            community: Some(community),
            operations: Vec::new(),
        },
        ..Applied::default()
    })
}

fn require_open(request: &Request) -> Result<(), Fault> {
    if request.state == RequestState::Open {
        return Ok(());
    }
    Err(Fault::new(
        FaultKind::Conflict,
        format!("Request {} is {} already.", request.id, request.state),
    )
    .hint("List the requests to see what is still open."))
}

/// What an operator says to a request.
pub(super) struct Said<'a> {
    /// Whether it is done.
    pub approve: bool,
    /// What was typed as confirmation.
    pub typed: &'a str,
    /// What is said to the one who asked.
    pub words: &'a str,
}

/// What cannot be taken back is approved with the community's short name typed, as when an operator does it unasked.
fn require_name(request: &Request, typed: &str) -> Result<(), Fault> {
    if !request.wish.needs_name() || typed.trim() == request.slug.as_str() {
        return Ok(());
    }
    let slug = &request.slug;
    Err(Fault::new(
        FaultKind::BadInput,
        format!(
            "Request {} is to {}. What was typed is not the community's short name, so nothing was done and it is still open.",
            request.id, request.wish
        ),
    )
    .hint(format!(
        "Type {slug} to approve it; as a command: guildhall request approve {} --confirm {slug}",
        request.id
    )))
}

/// Does what was asked for, or says why not.
pub(super) fn answer(
    writer: &Writer<'_>,
    rules: &Rules,
    actor: &Actor,
    id: RequestId,
    said: &Said<'_>,
) -> Result<Applied, Fault> {
    let &Said {
        approve,
        typed,
        words,
    } = said;
    let request = seen(writer, actor, id)?;
    let community = request.community;
    let actor = Rules::require(writer, actor, IntentKind::AnswerRequest, Some(community))?;
    require_open(&request)?;
    let words = checked_words(words)?;
    if !approve && words.is_empty() {
        return Err(Fault::new(
            FaultKind::BadInput,
            "A request is refused with a word of why; it was left open.",
        )
        .hint("Say it with --words."));
    }
    if approve {
        require_name(&request, typed)?;
    }
    let state = if approve {
        RequestState::Approved
    } else {
        RequestState::Refused
    };
    writer.answer_request(id, state, (&actor.name, &words), rules.now)?;
    let mut applied = match request.wish.intent(community, typed).filter(|_| approve) {
        Some(intent) => {
            let kind = intent.kind();
            let done = submit::apply(writer, rules, &actor, intent, None)?;
            rules.audit(
                writer,
                &submit::label(&actor),
                kind.word(),
                &done.subject,
                done.receipt.community,
                AuditResult::Permitted,
                &format!("request {id}; {}", done.detail),
            )?;
            done
        }
        None => Applied::default(),
    };
    let done = std::mem::take(&mut applied.receipt.message);
    applied.receipt.message = if done.is_empty() {
        format!("Request {id} is {state}.")
    } else {
        format!("Request {id} is {state}. {done}")
    };
    applied.receipt.community = Some(community);
    applied.subject = request.slug.to_string();
    applied.detail = format!("request {id} of {} {state}: {words}", request.asked_by);
    Ok(applied)
}

/// Takes a request back. Whoever administers the community may.
pub(super) fn withdraw(
    writer: &Writer<'_>,
    rules: &Rules,
    actor: &Actor,
    id: RequestId,
) -> Result<Applied, Fault> {
    let request = seen(writer, actor, id)?;
    let community = request.community;
    let actor = Rules::require(writer, actor, IntentKind::MakeRequest, Some(community))?;
    require_open(&request)?;
    writer.answer_request(id, RequestState::Withdrawn, (&actor.name, ""), rules.now)?;
    Ok(Applied {
        subject: request.slug.to_string(),
        detail: format!("request {id} withdrawn"),
        receipt: Receipt {
            message: format!("Request {id} is withdrawn."),
            community: Some(community),
            operations: Vec::new(),
        },
        ..Applied::default()
    })
}
