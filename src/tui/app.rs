//! The loop: what comes in is drained, then at most one frame is drawn. Generic over the screen, over the stream of
//! events and over who carries effects out, so that a test feeds keys and looks at what came of them.
//!
//! At rest nothing ticks: the only timers are the one for the next frame while something changed, the one for the rest
//! of the cursor while it moved, and the spinner's while something works or what is on top is followed.

use super::{
    effect::Effect,
    hidden::Hidden,
    message::Msg,
    state::State,
    term::{EXIT_HUNG_UP, Surface, TermEvent},
    update::update,
    views,
};
use crate::domain::{Fault, FaultKind};
use futures::{FutureExt, Stream, StreamExt};
use jiff::Timestamp;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until},
};

/// How long the cursor must rest before what depends on it is read (`craft.md` e, rule 2).
const REST: Duration = Duration::from_millis(80);
/// How long the first frame waits for what it is to show; after that it shows what there is.
const FIRST_FRAME: Duration = Duration::from_millis(100);
/// How often the spinner turns (`craft.md` e, rule 4).
const TURN: Duration = Duration::from_millis(250);
/// Messages taken before a frame is due in any case, so that a flood cannot hold the screen still.
const DRAIN: usize = 256;
/// Room for answers on their way; who sends more waits.
const ROOM: usize = 256;

/// Carries effects out, away from the loop, and answers through [`Replies`].
pub trait Hall: Send {
    /// Begins to carry an effect out. Must not block.
    fn carry_out(&mut self, effect: Effect, replies: &Replies);

    /// A person is there: something was typed, pasted or pointed at.
    fn touched(&self) {}
}

/// The way back into the loop.
#[derive(Debug, Clone)]
pub struct Replies {
    sender: mpsc::Sender<Msg>,
    under_way: Arc<AtomicUsize>,
}

impl Replies {
    /// Announces an answer, so that a loop that comes to its end waits for it.
    #[must_use]
    pub fn pending(&self) -> Pending {
        self.under_way.fetch_add(1, Ordering::AcqRel);
        Pending {
            replies: self.clone(),
        }
    }

    /// Sends a message that nobody asked for: the engine's events and progress.
    pub async fn tell(&self, message: Msg) -> bool {
        self.sender.send(message).await.is_ok()
    }
}

/// An announced answer; one that is dropped unsent is no longer waited for.
#[derive(Debug)]
pub struct Pending {
    replies: Replies,
}

impl Pending {
    /// Sends the answer.
    pub async fn answer(self, message: Msg) {
        // Nobody listens any more when the screen is gone; the engine has recorded what matters.
        let _ = self.replies.sender.send(message).await;
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.replies.under_way.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Why the loop ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// On request, with this exit code.
    Quit(i32),
    /// The terminal is gone.
    HungUp,
    /// There are no more events and nothing is under way: only in tests.
    Ended,
}

impl Exit {
    /// The exit code of the process.
    #[must_use]
    pub fn code(self) -> i32 {
        match self {
            Self::Quit(code) => code,
            Self::HungUp => i32::from(EXIT_HUNG_UP),
            Self::Ended => 0,
        }
    }
}

/// The running screen.
pub struct App<S, H> {
    /// The screen.
    pub surface: S,
    /// What it knows.
    pub state: State,
    /// Who carries effects out.
    pub hall: H,
    replies: Replies,
    inbox: mpsc::Receiver<Msg>,
    between_frames: Duration,
    dirty: bool,
    last_frame: Option<Instant>,
    first_frame_by: Instant,
    /// What is done once the first frame stands.
    later: Vec<Effect>,
    drawn: Option<oneshot::Sender<()>>,
    rest_at: Option<Instant>,
    turn_at: Option<Instant>,
    exit: Option<Exit>,
}

impl<S: Surface, H: Hall> App<S, H> {
    /// A screen that is about to start.
    pub fn new(surface: S, state: State, hall: H, frames_per_second: u16) -> Self {
        let (sender, inbox) = mpsc::channel(ROOM);
        Self {
            surface,
            state,
            hall,
            replies: Replies {
                sender,
                under_way: Arc::new(AtomicUsize::new(0)),
            },
            inbox,
            between_frames: Duration::from_secs(1) / u32::from(frames_per_second.max(1)),
            dirty: true,
            last_frame: None,
            first_frame_by: Instant::now() + FIRST_FRAME,
            later: vec![],
            drawn: None,
            rest_at: None,
            turn_at: None,
            exit: None,
        }
    }

    /// The way in for what nobody asked for.
    pub fn replies(&self) -> Replies {
        self.replies.clone()
    }

    /// Carries out what the state asks for from outside a message: the first readings at once, and others once the first
    /// frame stands. The answer tells when it does.
    pub async fn begin(&mut self, first: Vec<Effect>, later: Vec<Effect>) -> oneshot::Receiver<()> {
        self.carry_out(first).await;
        self.later = later;
        let (drawn, first_frame) = oneshot::channel();
        self.drawn = Some(drawn);
        first_frame
    }

    /// Runs until somebody leaves, the terminal is gone, or the events end and nothing is under way.
    pub async fn run<E>(&mut self, mut events: E) -> Exit
    where
        E: Stream<Item = TermEvent> + Unpin,
    {
        self.exit = None;
        let mut more = true;
        loop {
            self.draw_if_due();
            if self.last_frame.is_some() && !self.later.is_empty() {
                let later = std::mem::take(&mut self.later);
                self.carry_out(later).await;
            }
            if let Some(exit) = self.exit {
                return exit;
            }
            if !more && self.is_quiet() {
                return Exit::Ended;
            }
            let frame_at = self.frame_at();
            self.set_turn();
            // Leaving and keys come first: they never wait behind what the engine tells.
            tokio::select! {
                biased;
                event = events.next(), if more => match event {
                    Some(event) => self.on_event(event).await,
                    None => more = false,
                },
                Some(message) = self.inbox.recv() => self.on_message(message).await,
                () = until(self.rest_at) => {
                    self.rest_at = None;
                    self.on_message(Msg::Rested).await;
                }
                () = until(frame_at) => {}
                () = until(self.turn_at) => {
                    self.turn_at = None;
                    self.on_message(Msg::Tick).await;
                }
                // An answer that was dropped unsent sends nothing to wake us: look again soon, in tests only.
                () = until((!more).then(|| Instant::now() + Duration::from_millis(5))) => {}
            }
            self.drain(&mut events, &mut more).await;
        }
    }

    /// Takes what is there already, so that ten keys of a held key make one frame.
    async fn drain<E>(&mut self, events: &mut E, more: &mut bool)
    where
        E: Stream<Item = TermEvent> + Unpin,
    {
        for _ in 0..DRAIN {
            if self.exit.is_some() {
                return;
            }
            if *more && let Some(event) = events.next().now_or_never() {
                match event {
                    Some(event) => self.on_event(event).await,
                    None => *more = false,
                }
            } else if let Ok(message) = self.inbox.try_recv() {
                self.on_message(message).await;
            } else {
                return;
            }
        }
    }

    fn is_quiet(&self) -> bool {
        !self.dirty
            && self.rest_at.is_none()
            && self.inbox.is_empty()
            && self.replies.under_way.load(Ordering::Acquire) == 0
    }

    async fn on_event(&mut self, event: TermEvent) {
        if let TermEvent::Key(_) | TermEvent::Paste(_) | TermEvent::Mouse(_) = event {
            self.hall.touched();
        }
        let message = match event {
            TermEvent::Key(key) => Msg::Key(key),
            TermEvent::Paste(pasted) => {
                Msg::Paste(Hidden::pasted(pasted.one_line().as_str().to_owned()))
            }
            TermEvent::Resize(width, height) => Msg::Resize(width, height),
            TermEvent::Mouse(event) => Msg::Mouse(event),
            TermEvent::Resumed => {
                if self.surface.resume().is_err() {
                    self.exit = Some(Exit::HungUp);
                }
                self.dirty = true;
                return;
            }
            TermEvent::Quit { code } => {
                self.exit = Some(Exit::Quit(i32::from(code)));
                return;
            }
            TermEvent::HungUp => {
                self.exit = Some(Exit::HungUp);
                return;
            }
        };
        self.on_message(message).await;
    }

    async fn on_message(&mut self, message: Msg) {
        self.state.now = Timestamp::now();
        // A rest only asks for readings; what they answer is worth a frame.
        self.dirty |= !matches!(message, Msg::Rested);
        let effects = update(&mut self.state, message);
        self.carry_out(effects).await;
    }

    async fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            let outcome = match effect {
                Effect::Quit(code) => {
                    self.exit = Some(Exit::Quit(code));
                    Ok(())
                }
                Effect::Rest => {
                    self.rest_at = Some(Instant::now() + REST);
                    Ok(())
                }
                Effect::Repaint => self.surface.repaint(),
                Effect::Mouse(on) => self.surface.set_mouse(on),
                Effect::Clipboard(text) => {
                    if self.surface.send_to_clipboard(&text).is_err() {
                        let fault = Fault::new(
                            FaultKind::Host,
                            "The text could not be sent to the terminal's clipboard.",
                        )
                        .hint("Select it on the screen instead.");
                        self.trouble(fault);
                    }
                    Ok(())
                }
                Effect::Suspend => {
                    if let Err(fault) = self.surface.suspend().await {
                        self.trouble(fault);
                    }
                    self.dirty = true;
                    Ok(())
                }
                other => {
                    self.hall.carry_out(other, &self.replies);
                    Ok(())
                }
            };
            if outcome.is_err() {
                self.exit = Some(Exit::HungUp);
            }
        }
    }

    /// Tells what could not be done on the terminal itself.
    fn trouble(&mut self, fault: Fault) {
        // A fault has no effects: it becomes a notice.
        let _ = update(&mut self.state, Msg::Trouble(Box::new(fault)));
    }

    /// When the next frame may be drawn; none when nothing changed.
    fn frame_at(&self) -> Option<Instant> {
        if !self.dirty {
            return None;
        }
        Some(match self.last_frame {
            Some(last) => last + self.between_frames,
            None if self.state.is_opening() => self.first_frame_by,
            None => Instant::now(),
        })
    }

    /// When something on the screen goes by itself. By the clock of the wall, which stands still for no suspended host.
    fn end_at(&self) -> Option<Instant> {
        let left = Timestamp::now().duration_until(self.state.ends_at()?);
        Some(Instant::now() + Duration::try_from(left).unwrap_or_default())
    }

    fn set_turn(&mut self) {
        // Without a spinner what works turns nothing; what says that it follows is read again all the same.
        let spins = self.state.working() && !self.state.look.plain;
        if !spins && !self.state.is_live() {
            self.turn_at = None;
        } else if self.turn_at.is_none() {
            self.turn_at = Some(Instant::now() + TURN);
        }
        // Something is to be off the screen then, also where nothing moves on it.
        if let Some(end) = self.end_at() {
            self.turn_at = Some(self.turn_at.map_or(end, |turn| turn.min(end)));
        }
    }

    fn draw_if_due(&mut self) {
        let due = self
            .frame_at()
            .is_some_and(|frame_at| frame_at <= Instant::now());
        if !due || self.exit.is_some() {
            return;
        }
        let state = &self.state;
        if self
            .surface
            .draw(|frame| views::draw(frame, state))
            .is_err()
        {
            self.exit = Some(Exit::HungUp);
        }
        self.last_frame = Some(Instant::now());
        self.dirty = false;
        if let Some(drawn) = self.drawn.take() {
            // Nobody listens where there is no engine yet.
            let _ = drawn.send(());
        }
    }
}

/// Sleeps until an instant; for ever without one.
async fn until(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => std::future::pending().await,
    }
}
