//! What a web server in front of an instance on this host is told, and copies of what the instance holds.

#![expect(clippy::unwrap_used, reason = "a test")]

use crate::program::Home;
use serde_json::Value;

fn paths(told: &Value) -> Vec<&str> {
    let left_out = told["left_out"].as_array().unwrap();
    left_out
        .iter()
        .map(|left| left["path"].as_str().unwrap())
        .collect()
}

#[test]
fn what_must_not_be_published_is_left_out_and_told() {
    let home = Home::set_up();
    home.run(&["community", "create", "Rosewood"]).ends_with(0);
    let expose = |more: &[&str]| {
        let domain = ["service", "expose", "rosewood", "policykit", "--domain"];
        home.run(&[&domain[..], more].concat())
    };
    let told = expose(&["policy.example.org", "--json"])
        .ends_with(0)
        .json();
    assert!(paths(&told).contains(&"/admin/"), "{told}");
    assert!(paths(&told).contains(&"/api/hooks/slack"), "{told}");
    assert_eq!(told["needs_setting"]["value"], "https://policy.example.org");
    let fragment = told["fragment"].as_str().unwrap();
    let upstream = format!("127.0.0.1:{}", told["port"]);
    assert!(fragment.contains(&upstream), "{fragment}");

    let shown = expose(&["policy.example.org", "--server", "nginx"]).ends_with(0);
    assert!(
        shown
            .stdout
            .contains("location = /api/hooks/slack { return 404; }"),
        "{shown:?}"
    );
    assert!(
        shown.stderr.contains("left out: /api/hooks/slack  Without"),
        "{shown:?}"
    );

    let events = "/api/hooks/opencollective";
    assert!(paths(&told).contains(&events), "{told}");
    let asked = expose(&["policy.example.org", "--also", events, "--json"]).ends_with(0);
    assert!(!paths(&asked.json()).contains(&events), "{asked:?}");
    expose(&["policy.example.org", "--also", "/admin/"]).refused_with(2, "/admin/");
    expose(&["https://policy.example.org"]).refused_with(2, "no name of a host");
    let elsewhere = [
        "service",
        "expose",
        "rosewood",
        "loomio",
        "--domain",
        "a.example.org",
    ];
    let refused = home.run(&elsewhere);
    assert!(
        refused.code != 0 && refused.stdout.is_empty(),
        "{refused:?}"
    );
    home.run(&["down"]).ends_with(0);
}

#[test]
fn what_an_instance_holds_is_saved_and_put_back_while_it_is_off() {
    let home = Home::set_up();
    home.run(&["community", "create", "Rosewood"]).ends_with(0);
    let copy = home.path().join("copy");
    let copy = copy.to_str().unwrap();
    home.run(&["service", "save", "rosewood", "policykit", copy])
        .ends_with(0);
    let data = home.sandbox().join("communities/rosewood/policykit");
    let database = data.join("db.sqlite3");
    let query = "SELECT metagov_slug FROM policyengine_community";
    let rows = || {
        guildhall::services::database::rows(&database, query, &[])
            .unwrap()
            .unwrap()
    };
    assert_eq!(rows(), [["rosewood"]]);
    let back = ["service", "put-back", "rosewood", "policykit", copy];
    let confirmed = [&back[..], &["--confirm", "rosewood"]].concat();
    home.run(&back).refused_with(2, "would be replaced");
    home.run(&confirmed).refused_with(5, "policykit runs");
    home.run(&["instance", "deactivate", "rosewood", "policykit"])
        .ends_with(0);
    rusqlite::Connection::open(&database)
        .unwrap()
        .execute("DELETE FROM policyengine_community", [])
        .unwrap();
    home.run(&confirmed).ends_with(0);
    assert_eq!(rows(), [["rosewood"]]);
    assert!(!data.join("instance.json").exists());
    home.run(&["instance", "activate", "rosewood", "policykit"])
        .ends_with(0);
    home.run(&["down"]).ends_with(0);
}

#[test]
fn what_is_accepted_is_told_once_and_a_licence_holds_for_all_communities() {
    let home = Home::set_up();
    let told = |name: &str| home.run(&["community", "create", name]).ends_with(0).stderr;
    let first = told("Rosewood");
    assert!(
        first.contains("accepted: PolicyKit is installed on this host: licence MIT."),
        "{first}"
    );
    assert_eq!(home.row("rosewood", "kybern")["observed"], "needs-human");
    home.run(&[
        "instance",
        "configure",
        "rosewood",
        "kybern",
        "licence_accepted=true",
    ])
    .ends_with(0);
    assert_eq!(home.row("rosewood", "kybern")["observed"], "ready");
    let second = told("Fern");
    assert!(!second.contains("accepted:"), "{second}");
    assert_eq!(home.row("fern", "kybern")["observed"], "ready");
    home.run(&["down"]).ends_with(0);
}

#[test]
fn nothing_is_put_back_while_somebody_works_on_the_instance() {
    let home = Home::set_up();
    home.run(&["community", "create", "Rosewood"]).ends_with(0);
    home.run(&["instance", "deactivate", "rosewood", "policykit"])
        .ends_with(0);
    let copy = home.path().join("copy");
    let copy = copy.to_str().unwrap();
    home.run(&["service", "save", "rosewood", "policykit", copy])
        .ends_with(0);
    let store = rusqlite::Connection::open(home.sandbox().join("guildhall.db")).unwrap();
    // A Guildhall of another host, of which nobody here can know whether it still lives.
    let hold = "INSERT INTO leases (instance, operation, holder, taken_at, expires_at)
        SELECT id, NULL, 'elsewhere/1/1/x', 0, 9000000000000 FROM instances WHERE platform = 'policykit'";
    assert_eq!(store.execute(hold, []).unwrap(), 1);
    let back = [
        "service",
        "put-back",
        "rosewood",
        "policykit",
        copy,
        "--confirm",
        "rosewood",
    ];
    home.run(&back).refused_with(5, "is being worked on");
    store.execute("DELETE FROM leases", []).unwrap();
    home.run(&back).ends_with(0);
    let left: i64 = store
        .query_row("SELECT count(*) FROM leases", [], |row| row.get(0))
        .unwrap();
    assert_eq!(left, 0, "it is held by nobody afterwards");
    home.run(&["down"]).ends_with(0);
}

#[test]
fn a_log_is_saved_whole_for_its_owner_alone_and_without_keys() {
    use std::os::unix::fs::PermissionsExt as _;
    const CANARY: &str = "xoxb-210987654321-210987654321-CanaryCanaryCanaryCanary";
    let home = Home::set_up();
    home.run(&["community", "create", "Rosewood"]).ends_with(0);
    let log = home
        .sandbox()
        .join("communities/rosewood/policykit/service/web.log");
    let mut text = std::fs::read_to_string(&log).unwrap();
    text.extend(["the token is ", CANARY, ", said upstream\n"]);
    text.push_str(&"a line\n".repeat(3000));
    std::fs::write(&log, text).unwrap();
    let saved = home.path().join("web-and-worker.txt");
    let file = saved.to_str().unwrap();
    let save = ["service", "logs", "rosewood", "policykit", "--save", file];
    home.run(&save).ends_with(0);
    let kept = std::fs::read_to_string(&saved).unwrap();
    assert!(kept.matches("web | a line").count() == 3000, "{kept}");
    assert!(kept.contains("said upstream") && !kept.contains("CanaryCanary"));
    let mode = std::fs::metadata(&saved).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    home.run(&save).refused_with(2, "is there already");
    home.run(&["down"]).ends_with(0);
}

#[test]
fn only_runtimes_that_nobody_needs_are_cleared_and_only_when_that_is_agreed_to() {
    let home = Home::set_up();
    home.run(&["community", "create", "Rosewood"]).ends_with(0);
    let runtimes = home.sandbox().join("runtimes");
    let lay = |name: &str, finished: bool| {
        let folder = runtimes.join(name);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("venv"), vec![b'x'; 2_000_000]).unwrap();
        if finished {
            let about = r#"{"version":"0","program":["x"],"site":null,"installed_at":"2026-01-01T00:00:00Z"}"#;
            std::fs::write(folder.join("guildhall-runtime.json"), about).unwrap();
        }
        folder
    };
    let (former, half) = (
        lay("kybern-former-1", true),
        lay(".metagov-half-1.new", false),
    );
    let listed = home
        .run(&["--json", "service", "runtimes"])
        .ends_with(0)
        .json();
    let needed = |name: &str| {
        let rows = listed["runtimes"].as_array().unwrap();
        let row = rows
            .iter()
            .find(|row| row["name"].as_str().unwrap().starts_with(name));
        row.unwrap()["needed_by"].clone()
    };
    assert_eq!(
        needed("policykit-"),
        serde_json::json!(["rosewood/policykit"])
    );
    assert_eq!(needed("kybern-former"), serde_json::json!([]));
    let told = home
        .run(&["service", "clear-runtimes", "--plan"])
        .ends_with(0);
    assert!(told.stdout.contains("kybern-former-1") && told.stdout.contains("never finished"));
    assert!(!told.stdout.contains("policykit-"), "{told:?}");
    home.run(&["service", "clear-runtimes"])
        .refused_with(2, "only done when it is confirmed");
    assert!(former.exists() && half.exists());
    home.run(&["--yes", "service", "clear-runtimes"])
        .ends_with(0);
    assert!(!former.exists() && !half.exists());
    let listed = home.run(&["service", "runtimes"]).ends_with(0).stdout;
    assert!(listed.contains("policykit-"), "{listed}");
    home.run(&["down"]).ends_with(0);
}

#[test]
fn nothing_is_installed_on_this_host_before_its_licence_and_warnings_are_accepted() {
    let home = Home::empty();
    let key = home.path().with_file_name("identity");
    let key = key.to_str().unwrap();
    home.run_for_real(&["init", "--name", "Commons", "--identity-file", key])
        .ends_with(0);
    // A folder that holds no sources: whatever is begun ends there, and nothing is fetched.
    let nowhere = format!("policykit.source_policykit={}", home.path().display());
    let only_policykit = [
        "--platform",
        "kybern=off",
        "--platform",
        "sourcecred=off",
        "--platform",
        "metagov=off",
        "--setting",
        nowhere.as_str(),
    ];
    let create = [&["community", "create", "Rosewood"], &only_policykit[..]].concat();
    let refused = home.run_for_real(&create).ends_with(2);
    assert!(
        refused
            .stderr
            .contains("to accept: PolicyKit is installed on this host: licence MIT.")
            && refused.stderr.contains("nothing was done")
            && refused.stderr.contains("--accept"),
        "{refused:?}"
    );
    let listed = home.run_for_real(&["--json", "community", "list"]).json();
    assert_eq!(listed["communities"], serde_json::json!([]));
    let accepted = [&create[..], &["--accept"]].concat();
    let made = home.run_for_real(&accepted);
    assert!(made.stderr.contains("accepted: PolicyKit"), "{made:?}");
    // It is asked once: another community brings nothing new.
    let again = [&["community", "create", "Fern"], &only_policykit[..]].concat();
    let second = home.run_for_real(&again);
    assert!(!second.stderr.contains("accept"), "{second:?}");
}

#[test]
fn communities_that_share_a_service_are_named_wherever_it_matters() {
    let home = Home::set_up();
    let create = |name: &str, more: &[&str]| {
        let shared = [
            "community",
            "create",
            name,
            "--platform",
            "kybern=off",
            "--platform",
            "sourcecred=off",
            "--platform",
            "metagov=off",
            "--setting",
            "policykit.instance_kind=tenant",
        ];
        home.run(&[&shared[..], more].concat())
    };
    let refused = create("Rosewood", &[]).ends_with(2);
    assert!(
        refused.stderr.contains("nobody accepted what that means")
            && refused.stderr.contains("sharing_accepted"),
        "{refused:?}"
    );
    for name in ["Rosewood", "Fern"] {
        let accepted = ["--setting", "policykit.sharing_accepted=true"];
        create(name, &accepted).ends_with(0);
    }
    let listed = home.run(&["service", "list", "--json"]).ends_with(0).json();
    let rows = listed["services"].as_array().unwrap();
    assert_eq!(rows.len(), 2, "{listed}");
    let pid = |row: &Value| row["state"]["processes"]["web"]["pid"].clone();
    assert!(pid(&rows[0]).is_number(), "{listed}");
    assert_eq!(pid(&rows[0]), pid(&rows[1]));

    let other = ["rosewood", "policykit", "instance_kind=dedicated"];
    let refused = home.run(&[&["instance", "configure"][..], &other].concat());
    let refused = refused.refused_with(2, "instance_kind cannot be changed any more");
    assert!(
        refused.stderr.contains("make it again as you want it"),
        "{refused:?}"
    );

    // A key of one lies where the code of the other runs.
    let set = [
        "key",
        "set",
        "rosewood",
        "policykit",
        "--field",
        "slack_signing_secret",
    ];
    home.run_with(
        "8f742231b10e8888abcd99yyyzzz85a5\n",
        &[&set[..], &["--keep-unverified"]].concat(),
    )
    .ends_with(0);
    let reach = home
        .run(&["key", "reach", "rosewood", "policykit", "--json"])
        .ends_with(0)
        .json();
    let key = &reach["keys"][0];
    assert_eq!(key["runs_beside"], serde_json::json!(["fern"]), "{reach}");
    assert_eq!(key["reaches_communities"], 2, "{reach}");
    assert!(
        key["power"][0].as_str().unwrap().contains("fern"),
        "{reach}"
    );

    // Neither is their common folder saved for one of them, nor taken away with one.
    let copy = home.path().with_file_name("copy");
    home.run(&[
        "service",
        "save",
        "rosewood",
        "policykit",
        copy.to_str().unwrap(),
    ])
    .refused_with(1, "shares its service");
    let off = home
        .run(&["instance", "deactivate", "fern", "policykit"])
        .ends_with(0);
    let shown = home.run(&["service", "list", "--json"]).json();
    assert!(pid(&shown["services"][0]).is_number(), "{off:?} {shown}");
    home.run(&[
        "instance",
        "remove",
        "rosewood",
        "policykit",
        "--hard",
        "--confirm",
        "rosewood",
    ])
    .ends_with(0);
    let shared = home.sandbox().join("shared/policykit/db.sqlite3");
    let left = rusqlite::Connection::open(shared)
        .unwrap()
        .query_row(
            "SELECT group_concat(metagov_slug) FROM policyengine_community",
            [],
            |row| row.get::<_, String>(0),
        )
        .unwrap();
    assert_eq!(left, "fern");
    home.run(&["down"]).ends_with(0);
}

#[test]
fn what_people_made_here_is_part_of_what_their_community_takes_along() {
    let home = Home::set_up();
    home.run(&["community", "create", "Rosewood"]).ends_with(0);
    let data = |platform: &str| home.sandbox().join("communities/rosewood").join(platform);
    rusqlite::Connection::open(data("policykit").join("db.sqlite3"))
        .unwrap()
        .execute(
            "INSERT INTO policyengine_policy (name, community_id) SELECT 'Two thirds', id FROM policyengine_community",
            [],
        )
        .unwrap();
    let event = r#"{"action":{"type":"CREATE_IDENTITY","name":"amina"},"version":"1"}"#;
    std::fs::write(
        data("sourcecred").join("data/ledger.json"),
        format!("{event}\n"),
    )
    .unwrap();
    let exported = home.run(&["community", "export", "rosewood"]).ends_with(0);
    let exported = exported.json();
    let belongings = |platform: &str| {
        let all = exported["instances"].as_array().unwrap();
        let one = all.iter().find(|one| one["platform"] == platform).unwrap();
        one["belongings"].clone()
    };
    assert_eq!(
        belongings("policykit")["policies"],
        serde_json::json!(["Two thirds"])
    );
    let ledger = &belongings("sourcecred")["ledger"];
    assert_eq!(ledger[0]["action"]["name"], "amina", "{ledger}");

    // What cannot be read is told, and the rest is written all the same.
    std::fs::write(data("sourcecred").join("data/ledger.json"), "cut").unwrap();
    let told = home.run(&["community", "export", "rosewood"]).ends_with(1);
    assert!(
        told.stderr.contains("SourceCred made is not in it"),
        "{told:?}"
    );
    assert_eq!(told.json()["community"]["slug"], "rosewood");
    home.run(&["down"]).ends_with(0);
}
