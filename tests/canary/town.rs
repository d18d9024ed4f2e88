//! An installation whose secrets are known to the test, led through its whole life.

use crate::hall::{Hall, Ran, ended, start};
use crate::platforms::Platforms;
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs, path::PathBuf, process::Command};

/// Has every kind of character that is encoded differently somewhere.
pub const PASSPHRASE: &str = "canary: Kor/ekt=h%rse+b\"ttery\\staple & ümläut";
/// A key of the right shape that no platform knows.
const UNKNOWN: &str = "Canary0Unknown0Key0Of0Right0Shape0X7";
/// Something else than a key.
const SHAPELESS: &str = "canary shapeless key: zweifellos keiner davon!";

/// The installation with its platforms.
pub struct Town {
    pub hall: Hall,
    platforms: Platforms,
    wrote: BTreeMap<String, Vec<u8>>,
}

impl Town {
    /// Sets it up with a passphrase.
    pub fn begin() -> Self {
        let hall = Hall::empty(true);
        // Beside the home, as an operator would have them in a password manager.
        fs::write(
            hall.folder.path().join("user/passphrase"),
            format!("{PASSPHRASE}\n"),
        )
        .unwrap();
        fs::write(hall.folder.path().join("user/recovery"), "").unwrap();
        let made = with_descriptors(&hall, true, &["init", "--name", "Canary"], "");
        assert_eq!(made.code, Some(0), "{made:?}");
        let mut town = Self {
            platforms: Platforms::serve(&hall),
            hall,
            wrote: BTreeMap::new(),
        };
        town.note("init", &made);
        town
    }

    /// Where the backup lies.
    pub fn backup(&self) -> PathBuf {
        self.hall.folder.path().join("backup")
    }

    /// What every command wrote.
    pub fn wrote(&self) -> BTreeMap<String, Vec<u8>> {
        self.wrote.clone()
    }

    fn note(&mut self, command: &str, ran: &Ran) {
        let all = format!("{}\n{}", ran.out, ran.err);
        let number = self.wrote.len();
        self.wrote
            .insert(format!("output {number} of {command}"), all.into_bytes());
    }

    /// Runs a command twice, for programs and for people; the second time most only say that there is nothing to do.
    fn run(&mut self, arguments: &[&str], input: &str) -> Option<i32> {
        let mut code = None;
        for object in [true, false] {
            let mut with: Vec<&str> = if object { vec!["--json"] } else { Vec::new() };
            with.extend(arguments);
            let ran = with_descriptors(&self.hall, false, &with, input);
            self.note(&with.join(" "), &ran);
            assert!(!ran.err.contains("panicked"), "{arguments:?}: {ran:?}");
            if object {
                code = ran.code;
            }
        }
        code
    }

    fn trouble(&self, platform: &str, matching: &str) {
        let echo = json!({"kind": "echo", "platform": platform, "times": 2, "matching": matching});
        self.platforms.control("POST", "faults", &echo);
    }

    fn no_trouble(&self) {
        self.platforms.control("DELETE", "faults", &Value::Null);
    }

    /// Every secret that went in or was made inside.
    pub fn secrets(&self) -> BTreeMap<&'static str, String> {
        let state = self.platforms.state("matrix");
        let bots = state["tokens"].as_object().unwrap().iter();
        let minted = bots
            .filter(|(_, token)| token["user"].as_str().unwrap().starts_with("@gov-"))
            .map(|(text, _)| text.clone())
            .next()
            .unwrap();
        // The first part of a token is the user's name in base 64: no secret, and printed as a name elsewhere.
        let minted = minted.split('_').skip(2).collect::<Vec<_>>().join("_");
        let admin = self.platforms.key("matrix", "admin_token");
        let admin = admin.split('_').skip(2).collect::<Vec<_>>().join("_");
        let bot = &state["users"]["@gov-rosewood:matrix.sandbox"];
        let recovery = fs::read_to_string(self.hall.folder.path().join("user/recovery")).unwrap();
        assert!(recovery.trim().len() > 20, "a recovery key was written");
        BTreeMap::from([
            ("the passphrase", PASSPHRASE.to_owned()),
            ("the recovery key", recovery.trim().to_owned()),
            ("the homeserver's administrator", admin),
            ("the bot's minted token", minted),
            (
                "the bot's password",
                bot["password"].as_str().unwrap().to_owned(),
            ),
            ("the group's key", self.platforms.key("loomio", "api_key")),
            ("an unknown key", UNKNOWN.to_owned()),
            ("a shapeless key", SHAPELESS.to_owned()),
        ])
    }

    /// A whole life, with every command that could tell something.
    pub fn live(&mut self) {
        let admin = self.platforms.key("matrix", "admin_token");
        let group = self.platforms.key("loomio", "api_key");
        let create = [
            "community",
            "create",
            "Rosewood",
            "--platform",
            "matrix=active",
            "--platform",
            "loomio=active",
            "--setting",
            "matrix.homeserver=https://matrix.sandbox",
            "--setting",
            "loomio.group=rosewood",
        ];
        assert!(matches!(self.run(&create, ""), Some(0 | 3)));
        let fields = [
            ("loomio", "api_key", &group),
            ("matrix", "admin_token", &admin),
            ("matrix", "access_token", &admin),
        ];
        for (platform, field, right) in fields {
            let set = ["key", "set", "rosewood", platform, "--field", field];
            for wrong in [
                SHAPELESS,
                UNKNOWN,
                &format!("{right}0"),
                &format!("{right} {right}"),
            ] {
                assert_ne!(self.run(&set, wrong), Some(0), "{set:?}");
            }
            // A careless server that repeats the key in its error.
            self.trouble(platform, "");
            let set = [&set[..], &["--verify-only"]].concat();
            self.run(&set, right);
            self.no_trouble();
        }
        assert_eq!(
            self.run(&["key", "set", "rosewood", "loomio"], &group),
            Some(0)
        );
        let set = ["key", "set", "rosewood", "matrix", "--field", "admin_token"];
        assert_eq!(self.run(&set, &admin), Some(0));
        // While the vault is locked a key waits in the inbox.
        let set = ["key", "set", "rosewood", "loomio", "--keep-unverified"];
        let locked = self.hall.run(&set, &group);
        self.note("key set, locked", &locked);

        self.trouble("matrix", "power_levels");
        self.run(&["instance", "deactivate", "rosewood", "matrix"], "");
        self.no_trouble();
        self.run(&["operation", "resume"], "");
        assert_eq!(
            self.run(&["instance", "activate", "rosewood", "matrix"], ""),
            Some(0)
        );
        for arguments in [
            &["community", "show", "rosewood"][..],
            &["community", "list"],
            &["instance", "list", "rosewood"],
            &["instance", "show", "rosewood", "matrix"],
            &["instance", "show", "rosewood", "loomio"],
            &["instance", "adopt", "rosewood", "matrix"],
            &["key", "list"],
            &["account", "list"],
            &["operation", "list", "--all"],
            &["operation", "show", "1"],
            &["task", "list"],
            &["check"],
            &["doctor"],
            &["audit", "list"],
            &["audit", "verify"],
            &["unlock"],
            &["unlock", "--for", "1m"],
            &["key", "list"],
            &["lock"],
        ] {
            let code = self.run(arguments, "");
            assert!(matches!(code, Some(0 | 1 | 3)), "{arguments:?}: {code:?}");
        }
        let backup = self.backup();
        let made = self.hall.run(&["backup", backup.to_str().unwrap()], "");
        assert_eq!(made.code, Some(0), "{made:?}");
    }
}

/// Runs a command with the passphrase on descriptor 3 and, for `init`, the recovery key to descriptor 4.
fn with_descriptors(hall: &Hall, makes_recovery: bool, arguments: &[&str], input: &str) -> Ran {
    let program = hall.command();
    let (opening, descriptors) = if makes_recovery {
        (
            "exec 3<passphrase 4>recovery",
            &["--passphrase-fd", "3", "--recovery-key-fd", "4"][..],
        )
    } else {
        ("exec 3<passphrase", &["--passphrase-fd", "3"][..])
    };
    let mut shell = Command::new("/bin/sh");
    shell
        .arg("-c")
        .arg(format!("cd user; {opening}; cd ..; exec \"$0\" \"$@\""))
        .arg(program.get_program())
        .args(program.get_args())
        .args(descriptors)
        .args(arguments)
        .env_clear()
        .current_dir(hall.folder.path());
    for (name, value) in program.get_envs() {
        if let Some(value) = value {
            shell.env(name, value);
        }
    }
    // As talkative as it gets.
    shell.env("GUILDHALL_LOG", "trace");
    ended(start(&mut shell, input))
}
