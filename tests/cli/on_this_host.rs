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
