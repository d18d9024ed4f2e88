//! Carries effects out against the engine. Readings run side by side; changes run one after the other, so that the
//! last wish of two is also the last to arrive.

use super::{
    app::{Hall, Pending, Replies},
    effect::{Effect, KeyEntered, Load, Opener, ProtectionChosen, SetUp},
    hidden::Hidden,
    message::{Answer, CommunityPage, KeyRead, Msg, Ticket},
    operators,
    state::filter,
};
use crate::domain::{Actor, ActorId, CommunityId, Fault, FaultKind, Intent, KeyEntry};
use crate::engine::{
    Communities, Engine, EngineOptions, NewInstallation, Operations, Page, Protection, Revealed,
    Unlocker,
    views::{CommunityRow, EngineEvent},
};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::mpsc;

/// Operations shown at most; older ones are in the audit.
const OPERATIONS: u32 = 500;
/// Lines of a log shown at most, of each process.
const LOG_LINES: usize = 500;
/// Audit entries shown at most.
const AUDIT: u32 = 500;

/// The engine and for whom it is asked.
#[derive(Clone)]
struct Session {
    engine: Engine,
    actor: Actor,
}

/// The session, as soon as there is an installation.
type Shared = Arc<RwLock<Option<Session>>>;

/// A change on its way.
struct Change {
    ticket: Option<Ticket>,
    intent: Intent,
    /// The state that the plan was made from which a person saw.
    basis: Option<String>,
    /// Whether the person was told what is accepted by going on.
    accepts: bool,
    pending: Pending,
}

/// Carries effects out against the engine.
pub struct EngineHall {
    shared: Shared,
    /// How an installation would be made, where there is none yet.
    options: Option<EngineOptions>,
    actor: Option<ActorId>,
    changes: Option<mpsc::UnboundedSender<Change>>,
}

impl EngineHall {
    /// For an installation that is open.
    ///
    /// # Errors
    /// When the actor is not known to it.
    pub async fn open(engine: Engine, actor: Option<ActorId>) -> Result<Self, Fault> {
        let session = Session {
            actor: engine.actor(actor).await?,
            engine,
        };
        Ok(Self {
            shared: Arc::new(RwLock::new(Some(session))),
            options: None,
            actor,
            changes: None,
        })
    }

    /// For an installation that the set-up will make.
    pub fn to_be_made(options: EngineOptions) -> Self {
        Self {
            shared: Arc::default(),
            options: Some(options),
            actor: None,
            changes: None,
        }
    }

    /// The engine, once there is one.
    pub fn engine(&self) -> Option<Engine> {
        current(&self.shared).map(|session| session.engine)
    }

    /// Begins to tell what the engine tells.
    pub fn listen(&self, replies: &Replies) {
        if let Some(session) = current(&self.shared) {
            tokio::spawn(forward(session, replies.clone()));
        }
    }

    fn submit(&mut self, change: Change) {
        let shared = Arc::clone(&self.shared);
        let changes = self.changes.get_or_insert_with(|| {
            let (sender, receiver) = mpsc::unbounded_channel();
            tokio::spawn(carry_changes(shared, receiver));
            sender
        });
        // The receiver lives as long as this hall; a failed send drops the announcement, and nobody waits for it.
        let _ = changes.send(change);
    }
}

impl Hall for EngineHall {
    fn touched(&self) {
        if let Some(engine) = self.engine() {
            engine.touch();
        }
    }

    fn carry_out(&mut self, effect: Effect, replies: &Replies) {
        let pending = replies.pending();
        match effect {
            Effect::Submit(ticket, intent) => self.submit(Change {
                ticket,
                intent: *intent,
                basis: None,
                accepts: false,
                pending,
            }),
            Effect::SubmitAccepting(intent) => self.submit(Change {
                ticket: None,
                intent: *intent,
                basis: None,
                accepts: true,
                pending,
            }),
            Effect::SubmitPlanned(ticket, intent, basis) => self.submit(Change {
                ticket: Some(ticket),
                intent: *intent,
                basis: Some(basis),
                // The plan shows what is accepted, and whoever goes on presses a button that says so.
                accepts: true,
                pending,
            }),
            Effect::Initialise(ticket, set_up) => {
                let Some(options) = self.options.clone() else {
                    return;
                };
                let (shared, actor) = (Arc::clone(&self.shared), self.actor);
                let replies = replies.clone();
                tokio::spawn(async move {
                    let made = initialise(options, *set_up, actor, &shared).await;
                    if let (Ok(_), Some(session)) = (&made, current(&shared)) {
                        session.engine.start().await;
                        tokio::spawn(forward(session, replies));
                    }
                    let answer = Answer::Initialised(ticket, made);
                    pending.answer(Msg::Answer(answer)).await;
                });
            }
            effect => {
                let shared = Arc::clone(&self.shared);
                tokio::spawn(async move {
                    let Some(session) = current(&shared) else {
                        return;
                    };
                    if let Some(answer) = carry_out(&session, effect).await {
                        pending.answer(Msg::Answer(answer)).await;
                    }
                });
            }
        }
    }
}

fn current(shared: &Shared) -> Option<Session> {
    shared
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .clone()
}

async fn carry_changes(shared: Shared, mut changes: mpsc::UnboundedReceiver<Change>) {
    while let Some(change) = changes.recv().await {
        let result = match current(&shared) {
            Some(Session { engine, actor }) if change.accepts => {
                let accepting = engine.submit_accepting(&actor, change.intent, change.basis);
                accepting.await
            }
            Some(Session { engine, actor }) => engine.submit(&actor, change.intent).await,
            None => Err(
                Fault::new(FaultKind::NotFound, "There is no installation yet.")
                    .hint("Finish the set-up first."),
            ),
        };
        let answer = Answer::Submitted(change.ticket, result);
        change.pending.answer(Msg::Answer(answer)).await;
    }
}

async fn initialise(
    options: EngineOptions,
    set_up: SetUp,
    actor: Option<ActorId>,
    shared: &Shared,
) -> Result<Hidden, Fault> {
    let new = NewInstallation {
        name: set_up.name,
        protection: match set_up.protection {
            ProtectionChosen::Passphrase(passphrase) => {
                Protection::Passphrase(passphrase.to_exact_secret())
            }
            ProtectionChosen::KeyFile(path) => Protection::IdentityFile(path),
            ProtectionChosen::SshKey(path) => Protection::SshKey(path),
        },
        choices: set_up.choices,
    };
    let (engine, recovery) = Engine::init(options, new).await?;
    let actor = engine.actor(actor).await?;
    *shared.write().unwrap_or_else(PoisonError::into_inner) = Some(Session { engine, actor });
    Ok(Hidden::pasted(
        recovery.written().expose_secret().to_owned(),
    ))
}

/// Everything but changes and the set-up. None for what the loop does itself.
async fn carry_out(session: &Session, effect: Effect) -> Option<Answer> {
    let Session { engine, actor } = session;
    Some(match effect {
        Effect::Load(load) => read(session, load).await,
        Effect::Template(ticket) => Answer::Template(ticket, engine.template(actor).await),
        Effect::Plan(ticket, intent) => Answer::Planned(ticket, engine.plan(actor, &intent).await),
        Effect::Examine(ticket, entered) => {
            let KeyEntered {
                owner,
                platform,
                entries,
                settings,
            } = *entered;
            let entries = entries
                .into_iter()
                .map(|(field, secret)| KeyEntry {
                    field,
                    secret: secret.to_secret(),
                })
                .collect();
            let result = engine
                .examine_key(actor, owner, &platform, entries, settings)
                .await;
            Answer::Examined(ticket, Box::new(result))
        }
        Effect::Discover(ticket, slug, platform) => {
            Answer::Discovered(ticket, engine.discover(actor, &slug, &platform).await)
        }
        Effect::Log(ticket, slug, platform) => {
            let read = engine.service_log(actor, &slug, &platform, LOG_LINES);
            Answer::Log(ticket, read.await)
        }
        Effect::SaveLog(ticket, slug, platform) => {
            let saved = engine.save_service_log(actor, &slug, &platform, None);
            Answer::LogSaved(ticket, saved.await)
        }
        Effect::FindHomes(ticket, domains) => {
            Answer::Homes(ticket, engine.find_homes(actor, &domains).await)
        }
        Effect::Unlock(ticket, opener) => {
            let unlocker = match opener {
                Opener::Passphrase(text) => Unlocker::Passphrase(text.to_exact_secret()),
                Opener::RecoveryKey(text) => Unlocker::RecoveryKey(text.to_secret()),
                Opener::KeyFile(path) => Unlocker::IdentityFile(path),
                Opener::SshKey(path, passphrase) => Unlocker::SshIdentity(
                    path,
                    passphrase.map(|passphrase| passphrase.to_exact_secret()),
                ),
            };
            Answer::Unlocked(ticket, engine.unlock(unlocker).await)
        }
        Effect::AddOperator(ticket, new) => {
            let added = match operators::wanted(*new) {
                Ok(new) => engine.add_recipient(actor, new).await,
                Err(fault) => Err(fault),
            };
            Answer::OperatorAdded(ticket, added)
        }
        Effect::RemoveOperator(ticket, id, passphrase) => {
            let passphrase = passphrase.map(|passphrase| passphrase.to_exact_secret());
            let removed = engine.remove_recipient(actor, &id, passphrase).await;
            Answer::OperatorRemoved(ticket, Box::new(removed))
        }
        Effect::AccountOffer(ticket, platform, name) => {
            let offer = engine.account_offer(actor, &platform, &name).await;
            Answer::AccountOffer(ticket, offer)
        }
        Effect::Reveal(ticket, key, why) => {
            let read = engine.reveal_key(actor, key, &why).await;
            Answer::Revealed(ticket, read.map(read_key))
        }
        Effect::Lock => {
            engine.lock();
            Answer::Locked(Ok(()))
        }
        Effect::AnswersSeen => Answer::AnswersSeen(engine.answers_seen(actor).await),
        _ => return None,
    })
}

/// A key in the type that the screen keeps keys in.
fn read_key(revealed: Revealed) -> KeyRead {
    KeyRead {
        secret: Hidden::pasted(revealed.secret.expose_secret().to_owned()),
        what: revealed.what,
    }
}

async fn read(session: &Session, load: Load) -> Answer {
    let Session { engine, actor } = session;
    match load {
        Load::Overview => Answer::Overview(engine.overview(actor).await),
        Load::Communities {
            filter,
            after,
            limit,
        } => {
            let result = communities(session, &filter, after, limit).await;
            Answer::Communities {
                filter,
                after,
                result,
            }
        }
        Load::Community(slug) => {
            let result = engine.community(actor, &slug).await;
            Answer::Community(slug, result)
        }
        Load::Instance(slug, platform) => {
            let result = engine.instance(actor, &slug, &platform).await;
            Answer::Instance(slug, platform, Box::new(result))
        }
        Load::Operations => {
            let newest = Operations {
                open: false,
                community: None,
                before: None,
                limit: OPERATIONS,
            };
            Answer::Operations(engine.operations(actor, newest).await)
        }
        Load::Operation(id) => Answer::Operation(id, Box::new(engine.operation(actor, id).await)),
        Load::Tasks => Answer::Tasks(engine.tasks(actor).await),
        Load::Accounts => Answer::Accounts(engine.accounts(actor).await),
        Load::Requests => Answer::Requests(engine.requests(actor).await),
        Load::Reach(key) => Answer::Reach(key, Box::new(engine.key_reach(actor, key).await)),
        Load::Rotations => Answer::Rotations(engine.rotations(actor, false).await),
        Load::Operators => Answer::Operators(engine.recipients(actor).await),
        Load::Sharing(platform) => {
            let sharing = engine.key_sharing(actor, &platform).await;
            Answer::Sharing(platform, sharing)
        }
        Load::Moves(account) => Answer::Moves(account, engine.account_moves(actor, account).await),
        Load::Audit => Answer::Audit(engine.audit(actor, Page::first(AUDIT)).await),
    }
}

/// A page of communities. The engine looks for a text; a filter of several words, or one turned round, is applied here,
/// reading on until the page is full.
async fn communities(
    session: &Session,
    wanted: &str,
    after: Option<CommunityId>,
    limit: u32,
) -> Result<CommunityPage, Fault> {
    let (inverse, words) = filter::split(wanted);
    let plain = !inverse && !words.contains(' ');
    let mut rows: Vec<CommunityRow> = Vec::new();
    let mut after = after;
    let full = usize::try_from(limit).unwrap_or(usize::MAX);
    loop {
        let selection = Communities {
            text: if plain {
                words.to_owned()
            } else {
                String::new()
            },
            ..Communities::default()
        };
        let page = match after {
            None => Page::first(limit),
            Some(row) => Page::after(row, limit),
        };
        let read = session
            .engine
            .communities(&session.actor, selection, page)
            .await?;
        let complete = read.len() < full;
        after = read.last().map(|row| row.id).or(after);
        rows.extend(
            read.into_iter().filter(|row| {
                plain || filter::passes(wanted, &format!("{} {}", row.name, row.slug))
            }),
        );
        if complete || rows.len() >= full {
            return Ok(CommunityPage {
                rows,
                complete,
                at: Timestamp::now(),
            });
        }
    }
}

/// Tells what the engine tells, and how far each operation is that runs here.
async fn forward(Session { engine, actor }: Session, replies: Replies) {
    let mut events = engine.events(&actor);
    while let Some(event) = events.next().await {
        if let EngineEvent::Operation { operation, .. } = &event
            && let Some(mut progress) = engine.progress(*operation)
        {
            let (operation, replies) = (*operation, replies.clone());
            tokio::spawn(async move {
                while progress.changed().await.is_ok() {
                    let now = progress.borrow_and_update().clone();
                    if !replies.tell(Msg::Progress(operation, now)).await {
                        return;
                    }
                }
            });
        }
        if !replies.tell(Msg::Engine(event)).await {
            return;
        }
    }
}
