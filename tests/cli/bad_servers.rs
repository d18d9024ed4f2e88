//! Servers that answer what they should not: each is named in one sentence with what to do, and the key that was entered
//! is neither stored nor spoilt.

use crate::program::Home;
use serde_json::json;

#[test]
fn a_server_that_misbehaves_is_named_and_no_key_is_stored() {
    let home = Home::set_up();
    home.run(&["community", "create", "Rosewood"]).ends_with(0);
    let served = home.serve(&[]);
    let key = served.key("loomio", "api_key");
    for (trouble, what, hint) in [
        (
            json!({"kind": "html", "status": 200}),
            "web page",
            "address",
        ),
        (
            json!({"kind": "html", "status": 503}),
            "out of order",
            "Try again",
        ),
        (
            json!({"kind": "half-json"}),
            "stops in the middle",
            "address",
        ),
        (
            json!({"kind": "redirect", "to": "https://elsewhere.example/login"}),
            "no key was sent there",
            "elsewhere.example",
        ),
        (json!({"kind": "cut"}), "broke off", "try again"),
        // Last, since the wait it asks for holds for every later call.
        (
            json!({"kind": "too-many", "shape": "seconds", "seconds": 3600}),
            "slow down",
            "Try again in 60 min",
        ),
    ] {
        served.misbehave(&trouble);
        let refused = home
            .run_with(&key, &["key", "set", "rosewood", "loomio"])
            .refused_with(1, what);
        assert!(refused.stderr.contains("loomio.com"), "{refused:?}");
        assert!(refused.stderr.contains(hint), "{refused:?}");
        assert!(refused.stderr.contains("was not stored"), "{refused:?}");
        assert!(!refused.stderr.contains(&key), "{trouble}");
        let keys = home.run(&["key", "list", "--json"]).json();
        let of_loomio = |key: &&serde_json::Value| key["platform"] == "loomio";
        let stored = keys["keys"].as_array().unwrap().iter().find(of_loomio);
        assert_eq!(stored, None, "{trouble}");
    }
}

#[test]
fn a_key_with_a_line_end_is_taken() {
    let home = Home::set_up();
    home.run(&["community", "create", "Rosewood"]).ends_with(0);
    let served = home.serve(&["--json"]);
    let with_line_end = format!("{}\r\n", served.key("loomio", "api_key"));
    home.run_with(&with_line_end, &["key", "set", "rosewood", "loomio"])
        .ends_with(0);
    assert_eq!(home.row("rosewood", "loomio")["observed"], "ready");
}
