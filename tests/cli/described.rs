//! A community described in a file.

use crate::program::Home;
use std::fs;

const ROSEWOOD: &str = r#"
slug = "rosewood"
name = "Rosewood Co-op"
description = "Housing held in common."

[platforms.sourcecred]
state = "inactive"

[platforms.loomio]
state = "active"
"#;

#[test]
fn applying_a_file_twice_changes_nothing_the_second_time() {
    let home = Home::set_up();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rosewood.toml");
    fs::write(&file, ROSEWOOD).unwrap();
    let path = file.to_str().unwrap();
    let planned = home.run(&["plan", path, "--json"]).ends_with(0).json();
    assert_eq!(planned["title"], "Create Rosewood Co-op");
    // One of them waits for its key.
    let made = home.run(&["apply", path, "--json"]).json();
    assert_eq!(made["community"], "rosewood");
    assert_eq!(home.row("rosewood", "sourcecred")["desired"], "inactive");
    assert_eq!(home.row("rosewood", "loomio")["desired"], "active");
    assert_eq!(
        home.row("rosewood", "policykit")["desired"],
        serde_json::Value::Null
    );

    let audit = |home: &Home| {
        let listed = home.run(&["audit", "list", "--json"]).ends_with(0).json();
        listed["entries"].as_array().unwrap().len()
    };
    let before = audit(&home);
    let again = home.run(&["apply", path, "--json"]).json();
    assert!(
        again["message"]
            .as_str()
            .unwrap()
            .contains("nothing was changed"),
        "{again}"
    );
    assert_eq!(again["operations"].as_array().unwrap().len(), 0);
    assert_eq!(audit(&home), before);

    fs::write(&file, ROSEWOOD.replace("inactive", "active")).unwrap();
    let planned = home.run(&["plan", path, "--json"]).ends_with(0).json();
    assert_eq!(planned["changes"][0]["title"], "sourcecred: active");
    home.run(&["apply", path, "--json"]);
    assert_eq!(home.row("rosewood", "sourcecred")["desired"], "active");
}

#[test]
fn a_file_that_describes_no_community_is_refused_before_anything_is_done() {
    let home = Home::set_up();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bad.toml");
    for text in [
        "name = \"No slug\"",
        "slug = \"a\"\nname = \"A\"\ncolour = \"red\"",
        "slug = \"a\"\nname = \"A\"\n[platforms.loomio]\nstate = \"sometimes\"",
    ] {
        fs::write(&file, text).unwrap();
        home.run(&["apply", file.to_str().unwrap()]).ends_with(2);
    }
    let connected =
        |to: &str| format!("{ROSEWOOD}\n[[connections]]\nfrom = \"loomio\"\nto = \"{to}\"\n");
    for text in [
        "slug = \"a\"\nname = \"A\"\n[platforms.nowhere]\nstate = \"active\"".to_owned(),
        connected("matirx"),
        connected("matrix"),
    ] {
        fs::write(&file, text).unwrap();
        for command in ["plan", "apply"] {
            let ran = home.run(&[command, file.to_str().unwrap()]);
            assert_ne!(ran.code, 0, "{ran:?}");
        }
    }
    let listed = home
        .run(&["community", "list", "--json"])
        .ends_with(0)
        .json();
    assert_eq!(listed["communities"].as_array().unwrap().len(), 0);
}
