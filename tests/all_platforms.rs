//! Every platform of the catalog in one community, from an empty home to the removal, by commands alone: whatever has an
//! adapter gets its key and its people's steps, is switched off and on, drifts, and is removed. None of these commands finds
//! what another one left in memory.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "support/hall.rs"]
mod hall;
#[path = "support/platforms.rs"]
mod platforms;

use crate::{hall::Hall, platforms::Platforms};
use serde_json::{Value, json};
use std::{path::Path, time::Duration};

/// What the commands alone do not know: how people and keys of a simulated platform are called.
struct Person {
    platform: &'static str,
    /// What is done there first.
    before: Option<fn() -> Deed>,
    /// Field and name of the ready-made key; none where no key is needed.
    key: Option<(&'static str, &'static str)>,
    /// Settings that go with it.
    settings: &'static [&'static str],
    /// Settings whose values only the simulated platform knows: field and name there.
    known: &'static [(&'static str, &'static str)],
    /// What a person does who has this task, from the state of the platform; nothing when nobody expects it.
    step: fn(&Value, &Value) -> Option<Deed>,
    /// What somebody does by hand.
    drift: Hand,
}

/// What somebody does behind Guildhall's back.
enum Hand {
    /// On the platform, from its state.
    There(fn(&Value) -> Deed),
    /// In the instance's folder on this host.
    Here(fn(&Path)),
}

/// An action on a simulated platform, and its input.
type Deed = (&'static str, Value);

/// More than any platform asks of people in one command.
const MOST_STEPS: usize = 8;

/// Where people have nothing to do.
fn nothing_to_do(_: &Value, _: &Value) -> Option<Deed> {
    None
}

/// The id of what has this value in a field.
fn id_of<'a>(objects: &'a Value, field: &str, value: &str) -> &'a str {
    let mut objects = objects.as_object().unwrap().iter();
    let found = objects.find(|(_, object)| object[field] == value);
    found
        .unwrap_or_else(|| panic!("nothing is called {value}"))
        .0
}

/// The category that Guildhall made in the forum.
fn our_category(state: &Value) -> u64 {
    let mut categories = state["categories"].as_object().unwrap().values();
    let ours = categories.find(|one| one["slug"].as_str().unwrap().starts_with("gh-"));
    ours.unwrap()["id"].as_u64().unwrap()
}

/// What somebody does with the database of an instance on this host.
fn in_database(folder: &Path, change: &str) {
    let database = rusqlite::Connection::open(folder.join("db.sqlite3")).unwrap();
    database.busy_timeout(Duration::from_secs(5)).unwrap();
    assert_eq!(database.execute(change, []).unwrap(), 1, "{change}");
}

const PEOPLE: &[Person] = &[
    Person {
        platform: "matrix",
        before: None,
        key: Some(("admin_token", "admin_token")),
        settings: &["homeserver=https://matrix.sandbox", "rooms=general"],
        known: &[],
        step: nothing_to_do,
        drift: Hand::There(|state| {
            let rooms = state["rooms"].as_object().unwrap().iter();
            let mut rooms = rooms
                .filter(|(_, room)| room["state"]["m.room.name\n"]["content"]["name"] == "general");
            ("purge", json!({"room": rooms.next().unwrap().0}))
        }),
    },
    Person {
        platform: "loomio",
        before: None,
        key: Some(("api_key", "bot_without_group")),
        settings: &["group=lilac"],
        known: &[],
        step: |task, state| {
            if task["step"] == "group" {
                let group = json!({"user": 5, "handle": "lilac", "name": "Lilac"});
                return Some(("make-group", group));
            }
            let group: u64 = id_of(&state["groups"], "handle", "lilac").parse().unwrap();
            if let Some(name) = task["step"].as_str()?.strip_prefix("rename:") {
                return Some(("rename", json!({"group": group, "name": name})));
            }
            let action = match task["step"].as_str()? {
                "invite" => "invite",
                "accept" => "accept",
                "administrator" => "make-admin",
                "delete-group" => "delete-group",
                _ => return None,
            };
            Some((action, json!({"group": group, "user": 4})))
        },
        drift: Hand::There(|state| {
            let group: u64 = id_of(&state["groups"], "handle", "lilac").parse().unwrap();
            ("rename", json!({"group": group, "name": "Roses"}))
        }),
    },
    Person {
        platform: "opencollective",
        before: None,
        key: Some(("token", "token")),
        settings: &[],
        known: &[],
        step: |task, state| {
            let id = id_of(&state["accounts"], "slug", "rosewood");
            (task["step"] == "unarchive").then(|| ("unarchive", json!({"id": id})))
        },
        drift: Hand::There(|state| {
            let id = id_of(&state["accounts"], "slug", "rosewood");
            ("archive", json!({"id": id}))
        }),
    },
    Person {
        platform: "slack",
        before: None,
        key: Some(("bot_token", "bot_token")),
        settings: &["channels=proposals"],
        known: &[],
        step: |task, _| {
            let channel = task["step"].as_str()?.strip_prefix("delete ")?;
            Some(("delete", json!({"channel": channel})))
        },
        drift: Hand::There(|_| {
            let renamed = json!({"channel": "gov-rosewood", "name": "roses"});
            ("rename", renamed)
        }),
    },
    Person {
        platform: "mastodon",
        before: None,
        key: Some(("access_token", "access_token")),
        settings: &["base_url=https://mastodon.sandbox"],
        known: &[],
        step: |task, _| {
            let account = json!({"account": "rosewood"});
            (task["step"] == "delete account").then_some(("delete-account", account))
        },
        drift: Hand::There(|_| {
            let renamed = json!({"account": "rosewood", "display_name": "Roses"});
            ("set", renamed)
        }),
    },
    Person {
        platform: "discourse",
        before: Some(|| ("limits", json!({"preset": "lifted"}))),
        key: Some(("api_key", "api_key")),
        settings: &[
            "base_url=https://discourse.sandbox",
            "api_username=guildhall",
            // The usual thirty requests a minute would have this test wait.
            "requests_per_minute=100000",
        ],
        known: &[],
        step: |task, state| {
            let category = json!({"id": our_category(state)});
            (task["step"] == "empty category").then_some(("delete-topics", category))
        },
        drift: Hand::There(|state| {
            let renamed = json!({"id": our_category(state), "name": "Roses"});
            ("edit-category", renamed)
        }),
    },
    Person {
        platform: "discord",
        before: Some(|| ("limits", json!({"on": false}))),
        key: Some(("bot_token", "bot_token_outside")),
        settings: &["channels=general,proposals"],
        known: &[("guild_id", "guild_id")],
        step: |task, state| {
            let page = json!({"address": task["url"], "person": state["ready"]["owner"]});
            (task["step"] == "invite the bot").then_some(("invite-bot", page))
        },
        drift: Hand::There(|_| {
            let renamed = json!({"channel": "proposals", "text": "roses"});
            ("rename-channel", renamed)
        }),
    },
    Person {
        platform: "policykit",
        before: None,
        key: None,
        settings: &[],
        known: &[],
        step: nothing_to_do,
        drift: Hand::Here(|folder| {
            let row = "DELETE FROM policyengine_community WHERE metagov_slug = 'rosewood'";
            in_database(folder, row);
        }),
    },
    Person {
        platform: "kybern",
        before: None,
        key: None,
        settings: &["licence_accepted=true"],
        known: &[],
        step: nothing_to_do,
        drift: Hand::Here(|folder| {
            let renamed = "UPDATE groups_group SET name = 'Roses' WHERE name = 'Rosewood'";
            in_database(folder, renamed);
        }),
    },
    Person {
        platform: "metagov",
        before: None,
        key: None,
        settings: &[],
        known: &[],
        step: nothing_to_do,
        drift: Hand::Here(|folder| {
            in_database(folder, "DELETE FROM core_community WHERE slug = 'rosewood'");
        }),
    },
    Person {
        platform: "sourcecred",
        before: None,
        key: None,
        settings: &["plugins=external"],
        known: &[],
        step: nothing_to_do,
        drift: Hand::Here(|folder| {
            std::fs::write(folder.join("config/grain.json"), "{}").unwrap();
        }),
    },
];

/// The whole town: the commands, and the platforms that outlive each of them.
struct Town {
    hall: Hall,
    platforms: Platforms,
}

impl Town {
    fn rows(&self) -> Vec<Value> {
        let list = self.hall.done(&["instance", "list", "rosewood"], "");
        list["instances"].as_array().unwrap().clone()
    }

    fn row(&self, platform: &str) -> Value {
        let mut rows = self.rows().into_iter();
        rows.find(|row| row["platform"] == platform).unwrap()
    }

    /// A command on one instance; it may end waiting for a person, who then does the step.
    fn until_done(&self, person: &Person, arguments: &[&str], input: &str) {
        let mut ran = self.hall.run(arguments, input);
        for _ in 0..MOST_STEPS {
            match ran.code {
                Some(0) => return,
                Some(3) => ran = self.fulfil(person, &ran),
                _ => panic!("{arguments:?}: {ran:?}"),
            }
        }
        panic!("{arguments:?}: people are asked for ever more: {ran:?}");
    }

    /// Does what the to-do list of the installation asks for, and says so.
    fn fulfil(&self, person: &Person, ran: &crate::hall::Ran) -> crate::hall::Ran {
        let list = self.hall.done(&["task", "list"], "");
        let tasks = list["tasks"].as_array().unwrap();
        let mut tasks = tasks
            .iter()
            .filter(|row| row["platform"] == person.platform);
        let row = tasks.next();
        let row = row.unwrap_or_else(|| panic!("{}: no task: {ran:?}", person.platform));
        let state = self.platforms.state(person.platform);
        let deed = (person.step)(&row["task"], &state);
        let (action, input) =
            deed.unwrap_or_else(|| panic!("{}: nobody knows {row}", person.platform));
        self.act(person.platform, action, &input);
        let id = row["id"].as_str().unwrap();
        self.hall.run(&["task", "done", id], "")
    }

    fn act(&self, platform: &str, action: &str, input: &Value) {
        let path = format!("{platform}/{action}");
        self.platforms.control("POST", &path, input);
    }

    fn enter_key(&self, person: &Person) {
        if person.key.is_none() && person.settings.is_empty() {
            return;
        }
        if person.key.is_none() {
            let set = [
                &["instance", "configure", "rosewood", person.platform],
                person.settings,
            ]
            .concat();
            self.until_done(person, &set, "");
            return;
        }
        let (field, name) = person.key.unwrap();
        let key = self.platforms.key(person.platform, name);
        let mut set = vec![
            "key",
            "set",
            "rosewood",
            person.platform,
            "--field",
            field,
            "--keep-powerful",
        ];
        let known = person.known.iter();
        let known: Vec<String> = known
            .map(|(field, name)| format!("{field}={}", self.platforms.key(person.platform, name)))
            .collect();
        let settings = person.settings.iter().copied();
        for setting in settings.chain(known.iter().map(String::as_str)) {
            set.extend(["--setting", setting]);
        }
        self.until_done(person, &set, &format!("{key}\n"));
    }

    /// The minute is over in which platforms grant so many calls: a test does not wait for that.
    fn a_minute_passes(&self) {
        let database = rusqlite::Connection::open(self.hall.home().join("guildhall.db")).unwrap();
        database.busy_timeout(Duration::from_secs(5)).unwrap();
        database.execute("DELETE FROM rate_grants", []).unwrap();
    }

    /// Somebody changes it by hand; the next look tells that, and putting it back leaves nothing that differs.
    fn survive_drift(&self, person: &Person) {
        let platform = person.platform;
        match person.drift {
            Hand::There(deed) => {
                let (action, input) = deed(&self.platforms.state(platform));
                self.act(platform, action, &input);
            }
            Hand::Here(deed) => deed(&self.hall.home().join("communities/rosewood").join(platform)),
        }
        self.a_minute_passes();
        self.hall.run(&["check", "rosewood", platform], "");
        let row = self.row(platform);
        let is_seen = row["drifted"] == true || row["observed"] == "gone";
        assert!(is_seen, "{row}");
        // Whoever has everything looked at by a timer hears of it by the exit alone.
        let everything = self.hall.run(&["check"], "");
        assert_eq!(everything.code, Some(1), "{everything:?}");
        let named = format!("rosewood/{platform}");
        assert!(everything.err.contains(&named), "{everything:?}");
        let back = ["instance", "drift", "rosewood", platform, "--put-back"];
        self.until_done(person, &back, "");
        self.hall.run(&["check", "rosewood", platform], "");
        let row = self.row(platform);
        assert_eq!(row["observed"], "ready", "{row}");
        assert_eq!(row["drifted"], false, "{row}");
        assert_eq!(row["desired"], "active", "{row}");
    }

    fn whole_life(&self, person: &Person) {
        let platform = person.platform;
        if let Some((action, input)) = person.before.map(|before| before()) {
            self.act(platform, action, &input);
        }
        self.enter_key(person);
        assert_eq!(self.row(platform)["observed"], "ready", "{platform}");
        for (verb, desired) in [
            ("activate", "active"),
            ("deactivate", "inactive"),
            ("activate", "active"),
        ] {
            self.until_done(person, &["instance", verb, "rosewood", platform], "");
            let row = self.row(platform);
            assert_eq!(row["desired"], desired, "{row}");
            assert_eq!(row["observed"], "ready", "{row}");
        }
        self.survive_drift(person);
        self.a_minute_passes();
        let remove = [
            "instance",
            "remove",
            "rosewood",
            platform,
            "--hard",
            "--confirm",
            "rosewood",
        ];
        self.until_done(person, &remove, "");
        assert_eq!(self.row(platform)["desired"], Value::Null, "{platform}");
    }
}

#[test]
fn one_command_makes_a_community_with_every_platform_and_each_lives_its_whole_life() {
    let hall = Hall::new(true);
    let platforms = Platforms::serve(&hall);
    let catalog = hall.done(&["catalog"], "");
    let entries = catalog["platforms"].as_array().unwrap();
    let ids: Vec<&str> = entries
        .iter()
        .map(|entry| entry["platform"]["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), 11, "{ids:?}");
    let choices: Vec<String> = ids.iter().map(|id| format!("{id}=inactive")).collect();
    let mut create = vec!["community", "create", "Rosewood"];
    for choice in &choices {
        create.extend(["--platform", choice]);
    }
    hall.done(&create, "");
    let town = Town { hall, platforms };
    let rows = town.rows();
    assert_eq!(rows.len(), ids.len());
    let mut without_person = Vec::new();
    for row in &rows {
        assert!(
            row["kind"].is_string() && row["observed"].is_string(),
            "{row}"
        );
        let waits = ["needs-key", "needs-human", "needs-others"];
        let waits = waits.contains(&row["observed"].as_str().unwrap());
        assert_eq!(row["waits_for"].is_string(), waits, "{row}");
        let known = PEOPLE
            .iter()
            .any(|person| row["platform"] == person.platform);
        if row["adapter"] == true && !known {
            without_person.push(row["platform"].clone());
        }
        assert!(row["adapter"] == true || row["note"] != "", "{row}");
    }
    assert!(
        without_person.is_empty(),
        "add a line to PEOPLE for {without_person:?}"
    );
    for person in PEOPLE {
        town.whole_life(person);
    }
}

/// Whoever reads a simulated forum in a process of its own reads what an earlier command made there.
#[test]
fn one_command_scores_the_forum_that_another_one_filled() {
    let hall = Hall::new(true);
    let keys = hall.done(&["sandbox", "keys"], "");
    let create = [
        &["community", "create", "Rosewood"][..],
        &["--platform", "discourse=active"],
        &["--platform", "sourcecred=inactive"],
    ]
    .concat();
    let ran = hall.run(&create, "");
    assert_eq!(ran.code, Some(3), "it waits for the forum's key: {ran:?}");
    let set = [
        &["key", "set", "rosewood", "discourse", "--field", "api_key"][..],
        &["--keep-powerful"],
        &["--setting", "base_url=https://discourse.sandbox"],
        &["--setting", "api_username=guildhall"],
    ]
    .concat();
    let key = keys["discourse"]["api_key"].as_str().unwrap();
    hall.done(&set, &format!("{key}\n"));
    // The real tool's pace of a request a second would have this test wait.
    let folder = hall.home().join("communities/rosewood/sourcecred");
    std::fs::write(folder.join(".sandbox-pace-ms"), "0").unwrap();
    hall.run(&["operation", "resume"], "");
    hall.done(&["instance", "activate", "rosewood", "sourcecred"], "");
    let list = hall.done(&["connection", "list", "rosewood"], "");
    let mut rows = list["connections"].as_array().unwrap().iter();
    let row = rows.find(|row| row["from"] == "SourceCred").unwrap();
    assert_eq!(row["state"], "made", "{list}");
    let scores = folder.join("output/accounts.json");
    let scores = std::fs::read_to_string(scores).unwrap();
    assert!(scores.contains("amina"), "who wrote in the forum: {scores}");
}

/// A bot that people had let into the community's server is in no more servers for working there.
#[test]
fn a_bot_that_was_let_in_before_is_counted_once() {
    let hall = Hall::new(true);
    let keys = hall.done(&["sandbox", "keys"], "");
    let create = [
        "community",
        "create",
        "Rosewood",
        "--platform",
        "discord=inactive",
    ];
    hall.run(&create, "");
    let known = &keys["discord"];
    let guild = format!("guild_id={}", known["guild_id"].as_str().unwrap());
    let set = [
        &["key", "set", "rosewood", "discord", "--field", "bot_token"][..],
        &["--setting", &guild, "--setting", "channels=general"],
    ]
    .concat();
    hall.done(&set, &format!("{}\n", known["bot_token"].as_str().unwrap()));
    let joined = || {
        let list = hall.done(&["account", "slots"], "");
        let mut rows = list["slots"].as_array().unwrap().clone().into_iter();
        let row = rows.find(|row| row["unit"] == "servers joined").unwrap();
        row["used"].as_u64().unwrap()
    };
    let counted = joined();
    hall.done(&["check", "rosewood", "discord"], "");
    assert_eq!(joined(), counted, "the look measures it anew");
}
