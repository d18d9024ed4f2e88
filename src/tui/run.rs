//! The way in: puts screen, state and engine together, and lets go of the terminal before anything else ends.

use super::{
    app::{App, Exit},
    hall::EngineHall,
    layers::{Layer, proposals::Proposals, set_up::SetUpWizard},
    options::Wishes,
    state::State,
    term::{Capabilities, Options, Screen, Surface, TermEvent},
};
use crate::catalog::Catalog;
use crate::domain::{ActorId, Fault, FaultKind};
use crate::engine::{Engine, EngineOptions, views::Overview};
use futures::Stream;
use jiff::{Timestamp, tz::TimeZone};
use std::{path::PathBuf, sync::Arc};

/// What the screen starts from.
pub enum Start {
    /// An installation that is open.
    Open(Engine),
    /// No installation: the set-up makes it with these options.
    SetUp(Box<EngineOptions>),
}

/// How the screen is started.
pub struct TuiOptions {
    /// What from.
    pub start: Start,
    /// What is known of the platforms.
    pub catalog: Arc<Catalog>,
    /// As whom; none is the operator of this login.
    pub actor: Option<ActorId>,
    /// How the person wants it.
    pub wishes: Wishes,
}

/// Runs the screen on the terminal of this process until somebody leaves. Answers the exit code. What is in flight is put
/// away by the engine's journal after the terminal was handed back.
///
/// # Errors
/// When there is no terminal, or the actor is not known.
pub async fn run(options: TuiOptions) -> Result<i32, Fault> {
    let capabilities = Capabilities::from_env();
    let (screen, events) = Screen::enter(Options {
        mouse: false,
        capabilities,
    })
    .map_err(|error| {
        Fault::new(FaultKind::Host, "The screen cannot be opened here.")
            .hint("Run it in a terminal, or use the commands: guildhall --help.")
            .detail(error)
    })?;
    let size = screen.size();
    let mut app = prepare(screen, options, capabilities, size).await?;
    let exit = app.run(events).await;
    app.surface.leave();
    let engine = app.hall.engine();
    drop(app);
    if let Some(engine) = engine {
        engine.shutdown().await;
    }
    Ok(exit.code())
}

/// Runs the screen on any surface until the events end and nothing is under way. For tests: the surface comes back, so
/// that one can look at it.
///
/// # Errors
/// When the actor is not known.
pub async fn run_on<S, E>(
    surface: S,
    events: E,
    options: TuiOptions,
    size: (u16, u16),
) -> Result<(Session<S>, Exit), Fault>
where
    S: Surface,
    E: Stream<Item = TermEvent> + Unpin,
{
    let capabilities = Capabilities::from_lookup(|name| match name {
        "TERM" => Some("xterm".into()),
        "LANG" => Some("C.UTF-8".into()),
        _ => None,
    });
    let app = prepare(surface, options, capabilities, size).await?;
    let mut session = Session { app };
    let exit = session.app.run(events).await;
    Ok((session, exit))
}

/// A screen between two runs, for tests.
pub struct Session<S> {
    app: App<S, EngineHall>,
}

impl<S: Surface> Session<S> {
    /// Goes on with more events.
    pub async fn go_on<E>(&mut self, events: E) -> Exit
    where
        E: Stream<Item = TermEvent> + Unpin,
    {
        self.app.run(events).await
    }

    /// The surface.
    #[must_use]
    pub fn surface(&self) -> &S {
        &self.app.surface
    }

    /// The engine, once there is one.
    #[must_use]
    pub fn engine(&self) -> Option<Engine> {
        self.app.hall.engine()
    }
}

async fn prepare<S: Surface>(
    surface: S,
    options: TuiOptions,
    capabilities: Capabilities,
    size: (u16, u16),
) -> Result<App<S, EngineHall>, Fault> {
    let mut state = furnish(&options.wishes, capabilities, options.catalog, size);
    let mut frames = options
        .wishes
        .frames_per_second
        .unwrap_or(capabilities.frames_per_second);
    if state.look.plain {
        // A screen reader says every change.
        frames = frames.min(4);
    }
    let (hall, effects, later) = match options.start {
        Start::Open(engine) => {
            let hall = EngineHall::open(engine, options.actor).await?;
            let effects = state.opening_loads();
            let later = state.later_loads();
            (hall, effects, later)
        }
        Start::SetUp(engine) => {
            state.overview = Some(unnamed(&engine));
            let ticket = state.ticket();
            let wizard = SetUpWizard::new(ticket, proposals(&engine));
            state.layers.push(Layer::SetUp(Box::new(wizard)));
            (EngineHall::to_be_made(*engine), vec![], vec![])
        }
    };
    let mut app = App::new(surface, state, hall, frames);
    let replies = app.replies();
    app.hall.listen(&replies);
    let first_frame = app.begin(effects, later).await;
    if let Some(engine) = app.hall.engine() {
        tokio::spawn(async move {
            // What is unfinished can wait for the first frame. Where there never was one, the next start takes it up.
            if first_frame.await.is_ok() {
                engine.start().await;
            }
        });
    }
    Ok(app)
}

/// A screen that knows nothing yet, as somebody wishes it on this terminal; what is wrong with their own files is in
/// its notices.
fn furnish(
    wishes: &Wishes,
    capabilities: Capabilities,
    catalog: Arc<Catalog>,
    size: (u16, u16),
) -> State {
    let (look, mut problems) = wishes.look(capabilities);
    let (keymap, more) = wishes.keymap();
    problems.extend(more);
    let mut state = State::new(
        size,
        look,
        Arc::new(keymap),
        catalog,
        Timestamp::now(),
        TimeZone::system,
    );
    state.read_only = wishes.read_only;
    state.may_suspend = !wishes.without_shell;
    for problem in problems {
        state.notices.warn(state.now, problem);
    }
    state
}

/// The title bar before there is an installation: host and sandbox are known already.
fn unnamed(options: &EngineOptions) -> Overview {
    Overview {
        installation: String::new(),
        host: host(),
        sandbox: options.sandbox,
        read_only: options.read_only,
        vault: crate::engine::views::VaultState::Unlocked,
        actor: String::new(),
        role: String::new(),
        communities: 0,
        need_you: 0,
        working: 0,
        failed: 0,
        nearly_full: 0,
        requests: 0,
        answers: vec![],
        keys_refused: 0,
        keys_due: 0,
    }
}

fn proposals(options: &EngineOptions) -> Proposals {
    let ssh_key = directories::BaseDirs::new()
        .map(|folders| folders.home_dir().join(".ssh").join("id_ed25519.pub"))
        .filter(|path| path.exists());
    let folder: PathBuf = options
        .config
        .clone()
        .unwrap_or_else(|| options.home.clone());
    let supervisor = options.registry.supervisor();
    let unfit_folder = supervisor
        .cannot_run_in(&options.home)
        .map(|(found, hint)| (found, hint.to_owned()));
    Proposals {
        name: host(),
        key_file: folder.join("identity.txt"),
        ssh_key,
        unfit_folder,
    }
}

fn host() -> String {
    let name = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned();
    crate::domain::clean_line(&name)
}
