//! A community leaves: what the list says by commands, and who has the last word.

use crate::program::Home;

const AMINA: &str = "@amina:matrix.sandbox";

#[test]
fn a_space_is_handed_over_when_the_homeserver_says_so_and_not_before() {
    let home = Home::set_up();
    home.run(&["community", "create", "Rosewood"]).ends_with(0);
    let server = format!("homeserver={}", home.key("matrix", "homeserver"));
    let key = home.key("matrix", "access_token");
    let set = ["key", "set", "rosewood", "matrix", "--setting", &server];
    let field = [&set[..], &["--field", "access_token"]].concat();
    home.run_with(&format!("{key}\n"), &field).ends_with(0);
    home.run(&["instance", "activate", "rosewood", "matrix"])
        .ends_with(0);

    let list = ["community", "hand-over", "rosewood"];
    let told = home.run(&list).ends_with(3);
    let lines = told.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let says = |text: &str| assert!(lines.contains(text), "{text}: {lines}");
    says("Matrix: ownership");
    says("owned by our account alone");
    says("--owner matrix=WHO");

    let owner = |who: &str| format!("matrix={who}");
    let named = |who: &str| home.run(&[&list[..], &["--owner", &owner(who)]].concat());
    let nobody = named("@nobody-at-all:matrix.sandbox");
    assert_eq!(nobody.code, 1, "{nobody:?}");
    assert!(
        nobody.stderr.contains("Nobody on the homeserver"),
        "{nobody:?}"
    );
    // The right name takes the place of the one that nobody has.
    let begun = named(AMINA).ends_with(3);
    assert!(begun.stderr.contains("task show"), "{begun:?}");
    let tasks = home.run(&["task", "list", "--json"]).ends_with(0);
    assert!(
        tasks
            .stdout
            .contains("make people of Rosewood the owners of Matrix"),
        "{tasks:?}"
    );
    // She was invited and has not come in, whatever somebody says.
    let done = home.run(&["task", "done", "rosewood/matrix"]);
    assert_eq!(done.code, 3, "{done:?}");
    home.run(&["community", "export", "rosewood"]).ends_with(0);
    let end = ["--end-keys", "--confirm", "rosewood"];
    let ended = home.run(&[&list[..], &end].concat());
    assert!(ended.code != 0, "{ended:?}");
    assert!(ended.stderr.contains("not handed over"), "{ended:?}");
    home.run(&["key", "verify", "rosewood", "matrix"])
        .ends_with(0);
}

#[test]
fn what_no_program_can_give_away_or_nobody_is_told_of_is_said_before_anything_is_begun() {
    let home = Home::set_up();
    home.run(&["community", "create", "Rosewood"]).ends_with(0);
    let list = ["community", "hand-over", "rosewood", "--owner"];
    let named = |what: &str| home.run(&[&list[..], &[what]].concat());
    let refused = named("policykit=U0123");
    assert!(
        refused.stderr.contains("lets no program make"),
        "{refused:?}"
    );
    let refused = named("sourcecred");
    assert!(
        refused.stderr.contains("Nobody can be asked"),
        "{refused:?}"
    );
    let refused = named("nothing");
    assert!(
        refused.code != 0 && !refused.stderr.is_empty(),
        "{refused:?}"
    );
    let operations = home.run(&["operation", "list", "--json"]).ends_with(0);
    assert!(!operations.stdout.contains("hand-over"), "{operations:?}");
}
