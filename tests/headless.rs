//! The whole screen over a real store and a real vault, driven by keys: from an empty folder to a community, then
//! the screen and the database are looked at.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test"
)]

#[expect(dead_code, reason = "these tests need a part of it")]
#[path = "support/fake_adapter.rs"]
mod fake_adapter;
#[path = "headless/trouble.rs"]
mod trouble;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use fake_adapter::{World, catalog, registry};
use guildhall::{
    adapters::registry::Registry,
    domain::{AuditResult, Choice, Desired, Observed, PlatformId},
    engine::{Engine, EngineOptions, Limits, NewInstallation, Page, Protection},
    services::supervisor::{OwnProgram, Supervisor},
    tui::{
        Exit, Session, Start, TuiOptions, Wishes, run_on,
        term::{Headless, Pasted, TermEvent},
    },
    vault::WorkFactor,
};
use secrecy::SecretString;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tempfile::TempDir;

const PASSPHRASE: &str = "canary horse battery staple";
const TOKEN: &str = "tok-canary0123456789abcdef";

struct House {
    folder: TempDir,
    world: Arc<World>,
    options: EngineOptions,
}

fn house() -> House {
    let folder = tempfile::tempdir().expect("a folder");
    let world = Arc::new(World::default());
    let catalog = Arc::new(catalog(&folder.path().join("platforms")));
    let mut options = EngineOptions::new(folder.path().join("home"), catalog, registry(&world));
    options.login = Some("ada".into());
    options.sandbox = true;
    options.limits = Limits {
        work_factor: WorkFactor::TRIFLING,
        patience: Duration::from_secs(2),
        ..Limits::default()
    };
    House {
        folder,
        world,
        options,
    }
}

/// Keys as words: "down enter ctrl-c", and "text:..." for what is typed ("_" stands for a blank).
fn keys(words: &str) -> Vec<TermEvent> {
    let mut events = Vec::new();
    for word in words.split_whitespace() {
        if let Some(text) = word.strip_prefix("text:") {
            let typed = text.replace('_', " ");
            events.extend(typed.chars().map(|one| key(KeyCode::Char(one))));
            continue;
        }
        let (modifiers, name) = match word.strip_prefix("ctrl-") {
            Some(name) => (KeyModifiers::CONTROL, name),
            None => (KeyModifiers::NONE, word),
        };
        let code = match name {
            "space" => KeyCode::Char(' '),
            "enter" => KeyCode::Enter,
            "esc" => KeyCode::Esc,
            "tab" => KeyCode::Tab,
            "up" => KeyCode::Up,
            "down" => KeyCode::Down,
            "left" => KeyCode::Left,
            "right" => KeyCode::Right,
            one => KeyCode::Char(one.chars().next().unwrap()),
        };
        events.push(TermEvent::Key(KeyEvent::new(code, modifiers)));
    }
    events
}

fn key(code: KeyCode) -> TermEvent {
    TermEvent::Key(KeyEvent::new(code, KeyModifiers::NONE))
}

fn stream(events: Vec<TermEvent>) -> impl futures::Stream<Item = TermEvent> + Unpin {
    futures::stream::iter(events)
}

fn screen(session: &Session<Headless>) -> String {
    session.surface().backend().to_string()
}

async fn start(house: &House, start: Start) -> Session<Headless> {
    let surface = Headless::new(120, 40).unwrap();
    let options = TuiOptions {
        start,
        catalog: house.options.catalog.clone(),
        actor: None,
        wishes: Wishes::default(),
    };
    let (session, exit) = run_on(surface, stream(vec![]), options, (120, 40))
        .await
        .expect("the screen starts");
    assert_eq!(exit, Exit::Ended);
    session
}

/// Presses keys, and waits until everything they began has come to rest.
async fn press(session: &mut Session<Headless>, words: &str) -> String {
    send(session, keys(words)).await
}

async fn send(session: &mut Session<Headless>, events: Vec<TermEvent>) -> String {
    session.go_on(stream(events)).await;
    if let Some(engine) = session.engine() {
        engine.settle().await;
        // What the engine told meanwhile is on its way through the forwarding task.
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        session.go_on(stream(vec![])).await;
    }
    screen(session)
}

/// The four characters that the set-up wants typed back, read from the screen as a person would.
fn last_four_shown(screen: &str) -> String {
    let line = screen
        .lines()
        .map(|line| line.trim_matches(['"', ' ']))
        .find(|line| line.split(' ').count() == 10 && line.to_uppercase() == **line)
        .unwrap_or_else(|| panic!("no recovery key on the screen:\n{screen}"));
    line[line.len() - 4..].to_owned()
}

async fn set_up(house: &House) -> Session<Headless> {
    let mut session = start(house, Start::SetUp(Box::new(house.options.clone()))).await;
    let shown = screen(&session);
    assert!(
        shown.contains("1 of 5") && shown.contains("SANDBOX"),
        "{shown}"
    );
    let shown = press(&mut session, "ctrl-u text:commons enter").await;
    assert!(shown.contains("2 of 5"), "{shown}");
    let typed = PASSPHRASE.replace(' ', "_");
    let shown = press(
        &mut session,
        &format!("tab text:{typed} enter text:{typed} enter"),
    )
    .await;
    assert!(
        shown.contains("recovery key") && !shown.contains("canary"),
        "{shown}"
    );
    let four = last_four_shown(&shown);
    let shown = press(&mut session, "text:0000 enter").await;
    assert!(
        shown.contains("recovery key"),
        "a wrong ending was taken: {shown}"
    );
    let shown = press(&mut session, &format!("ctrl-u text:{four} enter")).await;
    assert!(shown.contains("3 of 5"), "{shown}");
    session
}

#[tokio::test]
async fn a_folder_in_which_services_cannot_run_is_told_before_anything_is_made() {
    let mut house = house();
    let below = tempfile::tempdir_in("/tmp").unwrap();
    let home = below.path().join("hall");
    house.options.home.clone_from(&home);
    let first = start(&house, Start::SetUp(Box::new(house.options.clone()))).await;
    assert!(!screen(&first).contains("of its own"), "{}", screen(&first));
    let own = OwnProgram::at("/usr/local/bin/guildhall".into());
    let systemd = Supervisor::systemd_user(own, below.path().to_owned());
    house.options.registry = Registry::kept_by(&systemd);
    let session = start(&house, Start::SetUp(Box::new(house.options.clone()))).await;
    let shown = screen(&session);
    let words = shown.replace(['"', '\n'], " ");
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("1 of 5"), "{shown}");
    assert!(words.contains("has a /tmp of its own"), "{shown}");
    assert!(words.contains("nothing is made yet"), "{shown}");
    assert!(words.contains("(--home)"), "{shown}");
    assert!(!home.exists());
}

fn open_options(house: &House) -> EngineOptions {
    house.options.clone()
}

/// An installation with the three made-up platforms: alpha active, beta and gamma inactive, all others off.
async fn installed(house: &House) -> Engine {
    let mut choices: BTreeMap<PlatformId, Choice> = house
        .options
        .catalog
        .iter()
        .map(|manifest| (manifest.id.clone(), Choice::Off))
        .collect();
    choices.insert(PlatformId::new("alpha"), Choice::Active);
    choices.insert(PlatformId::new("beta"), Choice::Inactive);
    choices.insert(PlatformId::new("gamma"), Choice::Inactive);
    let new = NewInstallation {
        name: "commons".into(),
        protection: Protection::Passphrase(SecretString::from(PASSPHRASE)),
        choices,
    };
    Engine::init(open_options(house), new)
        .await
        .expect("made")
        .0
}

/// Creates Rosewood Co-op by keys and waits until its instances are made.
async fn with_rosewood(session: &mut Session<Headless>) -> String {
    press(session, "n text:Rosewood_Co-op").await;
    // From the name backwards around the form: the last button is the one that plans.
    let shown = press(session, "up enter").await;
    assert!(shown.contains("Nothing has been sent yet."), "{shown}");
    press(session, "tab enter").await
}

#[tokio::test]
async fn from_an_empty_folder_to_a_community_by_keys_alone() {
    let house = house();
    let mut session = Box::pin(set_up(&house)).await;
    // What a new community gets: to the end of the list, and on.
    let shown = press(&mut session, "up enter").await;
    assert!(shown.contains("4 of 5"), "{shown}");
    let shown = press(&mut session, "enter").await;
    assert!(
        shown.contains("New community") && shown.contains("5 of 5"),
        "{shown}"
    );
    press(&mut session, "text:Rosewood_Co-op up enter").await;
    let shown = press(&mut session, "tab enter").await;
    assert!(shown.contains("Rosewood Co-op"), "{shown}");

    let engine = session.engine().expect("an engine");
    let actor = engine.actor(None).await.unwrap();
    let slug = "rosewood-co-op".parse().unwrap();
    let detail = engine.community(&actor, &slug).await.unwrap();
    assert_eq!(detail.community.name, "Rosewood Co-op");
    let instance = |id: &str| {
        detail
            .platforms
            .iter()
            .find(|row| row.platform.as_str() == id)
            .and_then(|row| row.instance.clone())
            .unwrap_or_else(|| panic!("no instance of {id}"))
    };
    // Alpha needs nothing and is made at once; beta waits for its key.
    assert_eq!(instance("alpha").observed, Observed::Ready);
    assert_eq!(instance("beta").observed, Observed::NeedsKey);
    assert_eq!(instance("beta").desired, Desired::Inactive);
    let audit = engine.audit(&actor, Page::first(50)).await.unwrap();
    assert!(
        audit
            .iter()
            .any(|entry| entry.action == "community-create" && entry.result != AuditResult::Refused),
        "{audit:?}"
    );
}

#[tokio::test]
async fn space_switches_an_instance_on_and_the_next_start_knows_it() {
    let house = house();
    let engine = installed(&house).await;
    let mut session = start(&house, Start::Open(engine)).await;
    let shown = with_rosewood(&mut session).await;
    assert!(
        shown.contains("The alpha") && shown.contains("active"),
        "{shown}"
    );
    let shown = press(&mut session, "enter / text:alpha enter space").await;
    assert!(shown.contains("inactive"), "{shown}");
    let engine = session.engine().unwrap();
    drop(session);
    engine.shutdown().await;
    drop(engine);

    let engine = Engine::open(open_options(&house)).await.expect("opens");
    let actor = engine.actor(None).await.unwrap();
    let slug = "rosewood-co-op".parse().unwrap();
    let alpha = engine
        .instance(&actor, &slug, &PlatformId::new("alpha"))
        .await
        .unwrap();
    assert_eq!(alpha.instance.unwrap().desired, Desired::Inactive);
}

#[tokio::test]
async fn a_key_is_verified_shown_and_only_then_stored_and_never_seen() {
    let house = house();
    let engine = installed(&house).await;
    let mut session = start(&house, Start::Open(engine)).await;
    with_rosewood(&mut session).await;
    let shown = press(&mut session, "enter / text:beta enter e").await;
    assert!(shown.contains("Key for The beta"), "{shown}");
    // A wrong one is refused by its shape alone.
    let shown = press(&mut session, "text:nonsense enter enter enter").await;
    assert!(shown.contains("tok- and at least 16"), "{shown}");
    press(&mut session, "up up up up").await;
    let engine = session.engine().unwrap();
    let actor = engine.actor(None).await.unwrap();
    let slug = "rosewood-co-op".parse().unwrap();
    let beta = PlatformId::new("beta");
    assert!(
        engine
            .instance(&actor, &slug, &beta)
            .await
            .unwrap()
            .keys
            .is_empty()
    );
    press(&mut session, "esc esc").await;
    press(&mut session, "e").await;
    let shown = send(
        &mut session,
        vec![TermEvent::Paste(Pasted::new(format!("{TOKEN}\r\n")))],
    )
    .await;
    assert!(
        shown.contains("ends in cdef") && !shown.contains("canary"),
        "{shown}"
    );
    assert!(
        engine
            .instance(&actor, &slug, &beta)
            .await
            .unwrap()
            .keys
            .is_empty()
    );
    // Through the fields that may stay empty to the button that verifies.
    let mut shown = shown;
    for _ in 0..12 {
        if shown.contains("[Verify]") {
            break;
        }
        shown = press(&mut session, "tab").await;
    }
    let shown = press(&mut session, "enter").await;
    assert!(
        shown.contains("verified now") && shown.contains("[Cancel]"),
        "{shown}"
    );
    assert!(
        engine
            .instance(&actor, &slug, &beta)
            .await
            .unwrap()
            .keys
            .is_empty()
    );
    press(&mut session, "tab enter").await;
    let detail = engine.instance(&actor, &slug, &beta).await.unwrap();
    assert_eq!(detail.keys.len(), 1, "{}", screen(&session));
    assert_eq!(detail.keys[0].last_four, "cdef");
    assert_eq!(detail.instance.unwrap().observed, Observed::Ready);
    assert!(house.folder.path().join("home").exists());
}

#[tokio::test]
async fn a_read_only_screen_changes_nothing() {
    let house = house();
    let engine = installed(&house).await;
    let surface = Headless::new(80, 24).unwrap();
    let options = TuiOptions {
        start: Start::Open(engine.clone()),
        catalog: house.options.catalog.clone(),
        actor: None,
        wishes: Wishes {
            read_only: true,
            ..Wishes::default()
        },
    };
    let events = stream(keys("n text:Rose enter enter space"));
    let (session, _) = run_on(surface, events, options, (80, 24)).await.unwrap();
    assert!(screen(&session).contains("read-only"));
    let actor = engine.actor(None).await.unwrap();
    assert_eq!(engine.overview(&actor).await.unwrap().communities, 0);
}

#[tokio::test]
async fn quitting_and_a_lost_terminal_have_their_exit_codes() {
    let house = house();
    let engine = installed(&house).await;
    for (event, code) in [
        (key(KeyCode::Char('q')), 0),
        (TermEvent::Quit { code: 143 }, 143),
        (TermEvent::HungUp, 129),
    ] {
        let mut session = start(&house, Start::Open(engine.clone())).await;
        let exit = session.go_on(stream(vec![event])).await;
        assert_eq!(exit.code(), code);
    }
}
