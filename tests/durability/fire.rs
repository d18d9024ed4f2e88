//! Runs commands and kills them at random instants, remembering what they had acknowledged.

use crate::hall::{Ran, ended};
use crate::town::{PLATFORMS, ROOMS, Town, WELCOME};
use rand::{Rng as _, rngs::StdRng};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// The kinds of command that are killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Create,
    Key,
    Resume,
    Switch,
}

/// What commands told before they ended or died.
#[derive(Debug, Default)]
pub struct Acknowledged {
    pub communities: BTreeSet<String>,
    pub operations: BTreeSet<i64>,
    /// Communities whose commands were all run to their end, and what was wanted last.
    pub finished: BTreeMap<String, Switches>,
}

/// What was wanted last, by platform.
pub type Switches = BTreeMap<&'static str, bool>;

/// The killer.
pub struct Fire {
    left: AtomicUsize,
    tally: Mutex<BTreeMap<Kind, usize>>,
    /// How long each lasts that is not killed.
    lasts: Mutex<BTreeMap<Kind, Duration>>,
    told: Mutex<Acknowledged>,
}

impl Fire {
    pub fn of(kills: usize) -> Self {
        Self {
            left: AtomicUsize::new(kills),
            tally: Mutex::default(),
            lasts: Mutex::default(),
            told: Mutex::default(),
        }
    }

    pub fn is_left(&self) -> bool {
        self.left.load(Ordering::SeqCst) > 0
    }

    pub fn summary(&self) -> String {
        format!(
            "killed {:?}, of runs that last {:?}",
            self.tally.lock().unwrap(),
            self.lasts.lock().unwrap()
        )
    }

    pub fn acknowledged(self) -> Acknowledged {
        self.told.into_inner().unwrap()
    }

    /// Lets one community through unharmed, to see how long each command takes, and stores the homeserver's key.
    pub fn measure(&self, town: &Town) {
        let slug = "measured";
        let people = town.prepare(slug);
        self.whole(town, Kind::Create, &create(slug), "");
        let token = [
            "key",
            "set",
            slug,
            "matrix",
            "--field",
            "admin_token",
            "--keep-powerful",
        ];
        let stored = self.whole(
            town,
            Kind::Key,
            &token.map(str::to_owned),
            &town.platforms.key("matrix", "admin_token"),
        );
        assert_eq!(stored.code, Some(0), "{stored:?}");
        for (platform, key) in &people.keys {
            let stored = self.whole(town, Kind::Key, &key_of(slug, platform), key);
            assert_eq!(stored.code, Some(0), "{stored:?}");
        }
        self.whole(town, Kind::Resume, &resume(), "");
        for on in [false, true] {
            let switched = self.whole(town, Kind::Switch, &switch(slug, "sourcecred", on), "");
            assert_eq!(switched.code, Some(0), "{switched:?}");
        }
        let wanted = PLATFORMS.map(|platform| (platform, true)).into();
        self.told
            .lock()
            .unwrap()
            .finished
            .insert(slug.to_owned(), wanted);
    }

    /// Takes one community from nothing to its end, killing every command on the way several times.
    pub fn community(&self, town: &Town, slug: &str, random: &mut StdRng) {
        town.let_minutes_pass();
        let people = town.prepare(slug);
        let upto = |random: &mut StdRng, most: u32| random.random_range(1..=most);
        let kills = upto(random, 2);
        let made = self.under_fire(town, (Kind::Create, kills), &create(slug), "", random);
        // 2: it was there already, since a killed run had come that far.
        assert!(matches!(made.code, Some(0 | 2 | 3 | 5)), "{made:?}");
        let kills = upto(random, 4);
        self.under_fire(town, (Kind::Resume, kills), &resume(), "", random);
        for (platform, key) in &people.keys {
            let kills = upto(random, 2);
            let arguments = key_of(slug, platform);
            let stored = self.under_fire(town, (Kind::Key, kills), &arguments, key, random);
            // 3 and 5: it is left to another Guildhall, which takes up everything at this moment.
            assert!(matches!(stored.code, Some(0 | 3 | 5)), "{stored:?}");
        }
        let kills = upto(random, 4);
        self.under_fire(town, (Kind::Resume, kills), &resume(), "", random);
        let mut wanted = Switches::new();
        for platform in PLATFORMS {
            let on = random.random_bool(0.5);
            let kills = upto(random, 3);
            let arguments = switch(slug, platform, on);
            self.under_fire(town, (Kind::Switch, kills), &arguments, "", random);
            wanted.insert(platform, on);
        }
        self.told
            .lock()
            .unwrap()
            .finished
            .insert(slug.to_owned(), wanted);
    }

    /// Kills a command so often, as long as kills are left, then lets it run to its end.
    fn under_fire(
        &self,
        town: &Town,
        (kind, times): (Kind, u32),
        arguments: &[String],
        input: &str,
        random: &mut StdRng,
    ) -> Ran {
        for _ in 0..times {
            if !self.is_left() {
                break;
            }
            let lasts = self.lasts(kind);
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let mut child = town.hall.spawn(&arguments, input);
            thread::sleep(lasts.mul_f64(random.random_range(0.05..1.0)));
            let alive = child.try_wait().unwrap().is_none();
            child.kill().unwrap();
            self.note(&ended(child));
            if alive {
                let _ = self
                    .left
                    .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                        Some(left.saturating_sub(1))
                    });
                *self.tally.lock().unwrap().entry(kind).or_default() += 1;
            }
        }
        self.whole(town, kind, arguments, input)
    }

    /// How long a run may be let alone before it is killed.
    fn lasts(&self, kind: Kind) -> Duration {
        let lasts = self.lasts.lock().unwrap();
        match kind {
            // There was nothing to take up when it was measured; now there is what the others left.
            Kind::Resume => lasts[&Kind::Create],
            _ => lasts[&kind],
        }
    }

    /// Runs a command to its end.
    fn whole(&self, town: &Town, kind: Kind, arguments: &[String], input: &str) -> Ran {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let start = Instant::now();
        let ran = town.hall.run(&arguments, input);
        let took = start.elapsed();
        assert!(!ran.err.contains("panicked"), "{arguments:?}: {ran:?}");
        self.note(&ran);
        // The longest of the first community's: later ones wait for what a kill left unclear.
        if self.told.lock().unwrap().finished.is_empty() {
            let mut lasts = self.lasts.lock().unwrap();
            let known = lasts.entry(kind).or_default();
            *known = took.max(*known);
        }
        ran
    }

    /// Remembers what a command told, if it came to telling: an object that is whole was acknowledged.
    fn note(&self, ran: &Ran) {
        let Some(object) = ran.object() else {
            return;
        };
        let mut told = self.told.lock().unwrap();
        for operation in object["operations"].as_array().into_iter().flatten() {
            told.operations.extend(operation["id"].as_i64());
        }
        if let Value::String(slug) = &object["community"] {
            told.communities.insert(slug.clone());
        }
    }
}

fn words(arguments: &[&str]) -> Vec<String> {
    arguments
        .iter()
        .map(|&argument| argument.to_owned())
        .collect()
}

fn create(slug: &str) -> Vec<String> {
    let mut arguments = words(&["community", "create", slug, "--slug", slug]);
    let choices = [
        "matrix=active",
        "loomio=active",
        "sourcecred=active",
        "opencollective=active",
        "policykit=off",
        "kybern=off",
    ];
    for choice in choices {
        arguments.extend(words(&["--platform", choice]));
    }
    let settings = [
        "matrix.homeserver=https://matrix.sandbox".to_owned(),
        format!("matrix.rooms={ROOMS}"),
        "matrix.raised_limits=true".to_owned(),
        format!("loomio.group={slug}"),
        format!("loomio.welcome_title={WELCOME}"),
        "sourcecred.plugins=external".to_owned(),
    ];
    for setting in settings {
        arguments.extend(["--setting".to_owned(), setting]);
    }
    arguments
}

fn key_of(slug: &str, platform: &str) -> Vec<String> {
    words(&["key", "set", slug, platform])
}

fn resume() -> Vec<String> {
    words(&["operation", "resume"])
}

fn switch(slug: &str, platform: &str, on: bool) -> Vec<String> {
    let verb = if on { "activate" } else { "deactivate" };
    words(&["instance", verb, slug, platform])
}
