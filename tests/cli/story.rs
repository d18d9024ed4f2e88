//! From nothing to a community with its instances, by commands alone.

use crate::program::Home;
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

#[test]
fn a_community_gets_what_the_template_says() {
    let home = Home::set_up();
    let created = home
        .run(&["community", "create", "Rosewood Co-op", "--json"])
        .ends_with(0)
        .json();
    assert_eq!(created["status"], "done");
    assert_eq!(created["community"], "rosewood-co-op");
    let template = home.run(&["template", "--json"]).ends_with(0).json();
    let list = home
        .run(&["instance", "list", "rosewood-co-op", "--json"])
        .ends_with(0)
        .json();
    let rows = list["instances"].as_array().unwrap();
    assert!(rows.len() >= 11, "off ones are listed too");
    for row in rows {
        let choice = template["template"][row["platform"].as_str().unwrap()].clone();
        let desired = if choice == "off" { Value::Null } else { choice };
        assert_eq!(row["desired"], desired, "{row}");
    }
    assert_eq!(home.row("rosewood-co-op", "policykit")["desired"], "active");
    assert_eq!(
        home.row("rosewood-co-op", "loomio")["observed"],
        "needs-key"
    );
    assert_eq!(
        home.row("rosewood-co-op", "sourcecred")["observed"],
        "ready"
    );
}

#[test]
fn a_key_from_standard_input_is_verified_stored_and_used() {
    let home = Home::set_up();
    home.run(&["community", "create", "Rosewood"]).ends_with(0);
    let waits = home
        .run(&["instance", "activate", "rosewood", "matrix"])
        .ends_with(3);
    assert!(
        waits
            .stderr
            .contains("guildhall --sandbox key set rosewood matrix"),
        "{waits:?}"
    );
    let key = home.key("matrix", "access_token");
    let server = format!("homeserver={}", home.key("matrix", "homeserver"));
    let arguments = [
        "key",
        "set",
        "rosewood",
        "matrix",
        "--field",
        "access_token",
        "--setting",
        &server,
    ];
    let stored = home.run_with(&format!("{key}\n"), &arguments).ends_with(0);
    assert!(stored.stderr.contains("verified now"), "{stored:?}");
    assert!(!stored.stdout.contains(&key) && !stored.stderr.contains(&key));
    let row = home.row("rosewood", "matrix");
    assert_eq!(
        (&row["desired"], &row["observed"]),
        (&json!("active"), &json!("ready"))
    );
    home.run(&["instance", "deactivate", "rosewood", "matrix"])
        .ends_with(0);
    assert_eq!(home.row("rosewood", "matrix")["state"], "inactive");
    home.run(&["instance", "activate", "rosewood", "matrix"])
        .ends_with(0);
    assert_eq!(home.row("rosewood", "matrix")["state"], "active");
    let keys = home.run(&["key", "list", "--json"]).ends_with(0);
    assert!(!keys.stdout.contains(&key), "keys never come out");
    assert_eq!(keys.json()["keys"][0]["platform"], "matrix");
    home.run(&["check", "rosewood"]).ends_with(0);
    home.run(&["audit", "verify"]).ends_with(0);
}

#[test]
fn a_plan_tells_and_does_nothing() {
    let home = Home::set_up();
    let plan = home
        .run(&["community", "create", "Rosewood", "--plan", "--json"])
        .ends_with(0)
        .json();
    assert!(plan["items"].as_array().unwrap().len() >= 5, "{plan}");
    let list = home.run(&["community", "list", "--json"]).json();
    assert_eq!(list["communities"], json!([]));
}

#[test]
fn a_removal_wants_the_name_typed() {
    let home = Home::set_up();
    home.run(&["community", "create", "Rosewood"]).ends_with(0);
    let remove = ["instance", "remove", "rosewood", "sourcecred", "--hard"];
    home.run(&remove).refused_with(2, "confirmation");
    let confirmed = |slug| [&remove[..], &["--confirm", slug]].concat();
    home.run(&confirmed("rosewod"))
        .refused_with(2, "short name");
    home.run(&confirmed("rosewood")).ends_with(0);
    assert_eq!(home.row("rosewood", "sourcecred")["desired"], Value::Null);
}

#[test]
fn work_that_is_not_waited_for_is_taken_up_later() {
    let home = Home::set_up();
    let begun = home
        .run(&[
            "community",
            "create",
            "Rosewood",
            "--platform",
            "kybern=off",
            "--no-wait",
            "--json",
        ])
        .ends_with(0)
        .json();
    assert!(
        !begun["operations"].as_array().unwrap().is_empty(),
        "{begun}"
    );
    home.run(&["operation", "resume"]).ends_with(0);
    assert_eq!(home.row("rosewood", "sourcecred")["observed"], "ready");
}

#[test]
fn a_served_sandbox_is_used_by_every_command_of_that_home() {
    let home = Home::set_up();
    let mut served = home
        .command()
        .args(["sandbox", "serve"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(served.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let told: Value = serde_json::from_str(&line).unwrap();
    assert!(
        told["base"]
            .as_str()
            .unwrap()
            .starts_with("http://127.0.0.1:")
    );
    home.run(&["sandbox", "serve"])
        .refused_with(5, "serves the sandbox");
    home.run(&["community", "create", "Rosewood"]).ends_with(0);
    served.kill().unwrap();
    served.wait().unwrap();
    // Whoever was killed is not believed to serve any more.
    home.run(&["community", "create", "Fern"]).ends_with(0);
}

#[test]
fn a_backup_is_restored_and_says_whether_its_keys_will_open() {
    let home = Home::set_up();
    home.run(&["community", "create", "Rosewood"]).ends_with(0);
    let file = home.path().join("copy.db");
    let file = file.to_str().unwrap();
    home.run(&["backup", file]).ends_with(0);
    home.run(&["backup", file]).ends_with(2);
    home.run(&["community", "create", "Fern"]).ends_with(0);
    home.run(&["restore", file]).ends_with(2);
    let restored = home.run(&["restore", file, "--yes", "--json"]).ends_with(0);
    assert_eq!(restored.json()["installation"], "Commons");
    let list = home.run(&["community", "list", "--json"]).json();
    assert_eq!(list["communities"].as_array().unwrap().len(), 1, "{list}");
}

#[test]
fn help_manual_completions_and_catalog_need_no_installation() {
    let home = Home::empty();
    let help = home.run_for_real(&["--help"]).ends_with(0).stdout;
    assert!(
        help.contains("Exit status") && !help.contains("internal"),
        "{help}"
    );
    let man = home.run_for_real(&["man"]).ends_with(0).stdout;
    for part in [
        "WHO MAY DO WHAT",
        "ACTIONS OF THE SCREEN",
        "community create",
        "instance\\-activate",
    ] {
        assert!(man.contains(part), "{part}");
    }
    home.run_for_real(&["completions", "bash"]).ends_with(0);
    let catalog = home
        .run_for_real(&["catalog", "--json"])
        .ends_with(0)
        .json();
    for entry in catalog["platforms"].as_array().unwrap() {
        let id = entry["platform"]["id"].as_str().unwrap();
        let page = home.run_for_real(&["catalog", id]).ends_with(0).stdout;
        assert!(
            page.contains("licence") && page.contains("What it does by itself"),
            "{page}"
        );
    }
    assert!(!home.path().exists(), "looking makes nothing");
}

#[test]
fn tables_fit_the_smallest_terminal() {
    let home = Home::set_up();
    home.run(&[
        "community",
        "create",
        "Rosewood Housing Cooperative of the Northern Quarter",
    ])
    .ends_with(0);
    let slug = "rosewood-housing-cooperative-of-the";
    for command in [
        &["community", "list"][..],
        &["community", "show", slug],
        &["instance", "list", slug],
        &["instance", "show", slug, "loomio"],
        &["operation", "list", "--all"],
        &["audit", "list"],
        &["catalog"],
        &["template"],
        &["doctor"],
    ] {
        let text = home.run_for_columns(80, command).stdout;
        assert!(!text.is_empty(), "{command:?}");
        for line in text.lines() {
            // An address or a path is one word, and not cut.
            let fits =
                line.chars().count() <= 80 || line.split_whitespace().any(|word| word.len() > 50);
            assert!(fits, "{command:?}: {line}");
        }
    }
    let piped = home.run(&["community", "list"]).stdout;
    assert!(
        piped.contains("Rosewood Housing Cooperative of the Northern Quarter"),
        "{piped}"
    );
}
