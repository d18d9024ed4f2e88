//! Bad input and bad luck: one sentence, what to do, the right exit code, and nothing lost.

use crate::program::Home;
use std::fs;

#[test]
fn what_cannot_be_a_name_is_refused() {
    let home = Home::set_up();
    home.run(&["community", "create", "Rosewood"]).ends_with(0);
    let long = "x".repeat(10_000);
    let refused = |arguments: &[&str], what: &str| {
        let mut all = vec!["community", "create"];
        all.extend(arguments);
        home.run(&all).refused_with(2, what);
    };
    refused(&[""], "name");
    refused(&["   "], "name");
    refused(&["\u{1b}\u{7}"], "name");
    refused(&[&long], "100");
    refused(&["日本"], "short name");
    refused(&["Rosewood"], "rosewood");
    refused(&["Other", "--slug", "Bad_Slug"], "short name");
    refused(&["Other", "--slug", &long], "short name");
    refused(&["Other", "--platform", "loomio"], "does not say");
    refused(&["Other", "--platform", "loomio=on"], "no choice");
    refused(&["Other", "--platform", "lomio=active"], "lomio");
    let list = home.run(&["community", "list", "--json"]).json();
    assert_eq!(list["communities"].as_array().unwrap().len(), 1, "{list}");
}

#[test]
fn what_does_not_exist_is_named_with_what_to_do() {
    let home = Home::set_up();
    home.run(&["community", "show", "nowhere"])
        .refused_with(2, "nowhere");
    home.run(&["community", "create", "Rosewood"]).ends_with(0);
    let near = home
        .run(&["instance", "activate", "rosewood", "loomi"])
        .refused_with(2, "loomi");
    assert!(near.stderr.contains("Did you mean loomio?"), "{near:?}");
    home.run(&["operation", "show", "9999"])
        .refused_with(2, "9999");
    home.run(&["task", "done", "9999"]).refused_with(2, "9999");
    home.run(&["nonsense"]).ends_with(2);
    home.run(&["community", "list", "--actor", "9999"])
        .ends_with(2);
}

#[test]
fn a_key_that_cannot_be_right_is_refused_before_anybody_is_asked() {
    let home = Home::set_up();
    home.run(&["community", "create", "Rosewood"]).ends_with(0);
    let set = |input: &str| home.run_with(input, &["key", "set", "rosewood", "loomio"]);
    set("").refused_with(2, "Standard input");
    set(&"x".repeat(10_000)).refused_with(2, "10000 characters");
    set("abc\u{7}def").refused_with(2, "character");
    // Built from parts, so that nobody takes this file for one that holds a key.
    let of_another = format!(
        "xox{}-{}-{}-{}",
        "b", "123456789012", "123456789012", "a1b2c3d4e5f6a1b2c3d4e5f6"
    );
    let other = set(&of_another).refused_with(2, "Slack");
    assert!(!other.stderr.contains(&of_another), "{other:?}");
    let keys = home.run(&["key", "list", "--json"]).json();
    // What Guildhall minted for an instance on this host is a key too.
    let entered = keys["keys"].as_array().unwrap().iter();
    let entered = entered.filter(|key| key["platform"] == "loomio");
    assert_eq!(entered.count(), 0, "{keys}");
}

#[test]
fn a_key_that_the_platform_does_not_know_is_not_stored() {
    let home = Home::set_up();
    home.run(&["community", "create", "Rosewood"]).ends_with(0);
    let unknown = "0123456789abcdef01234567";
    let refused = home
        .run_with(unknown, &["key", "set", "rosewood", "loomio"])
        .ends_with(1);
    assert!(refused.stderr.contains("was not stored"), "{refused:?}");
    assert_eq!(home.row("rosewood", "loomio")["observed"], "needs-key");
}

#[test]
fn nothing_is_changed_in_a_read_only_session() {
    let home = Home::set_up();
    home.run(&["--read-only", "community", "create", "Rosewood"])
        .refused_with(4, "");
    home.run(&["--read-only", "community", "list"]).ends_with(0);
}

#[test]
fn a_home_without_an_installation_is_left_as_it_is() {
    let home = Home::empty();
    home.run_for_real(&["community", "list"])
        .refused_with(2, "no installation");
    assert!(!home.path().exists());
    home.run_for_real(&["init", "--name", "Commons"])
        .refused_with(2, "nobody is there to ask");
    assert!(!home.path().exists());
    home.run_for_real(&[]).refused_with(2, "terminal");
}

#[test]
fn an_installation_is_not_made_twice() {
    let home = Home::set_up();
    home.run(&["init", "--name", "Again"])
        .refused_with(2, "already");
}

#[test]
fn a_database_that_cannot_be_used_is_refused_and_left_alone() {
    let spoil = |spoil: &dyn Fn(&mut Vec<u8>), what: &str| {
        let home = Home::set_up();
        let path = home.sandbox().join("guildhall.db");
        let mut bytes = fs::read(&path).unwrap();
        spoil(&mut bytes);
        fs::write(&path, &bytes).unwrap();
        for side in ["guildhall.db-wal", "guildhall.db-shm"] {
            let _ = fs::remove_file(home.sandbox().join(side));
        }
        let refused = home.run(&["community", "list"]);
        assert_ne!(refused.code, 0, "{what}");
        let code = refused.code;
        refused.refused_with(code, "");
        assert_eq!(fs::read(&path).unwrap(), bytes, "{what} was changed");
    };
    spoil(
        &|bytes| *bytes = b"this is a letter to a friend, and no database at all".to_vec(),
        "no database",
    );
    spoil(&|bytes| bytes.truncate(bytes.len() / 2), "a truncated one");
    // The application's number, then the version of the schema, in the header of the file (sqlite.org/fileformat2, 1.3).
    spoil(
        &|bytes| bytes[68..72].copy_from_slice(&[0, 0, 0, 1]),
        "somebody else's",
    );
    spoil(
        &|bytes| bytes[60..64].copy_from_slice(&[0, 0, 255, 255]),
        "a newer one",
    );
}

#[test]
fn a_database_without_its_log_is_what_was_last_put_away() {
    let home = Home::set_up();
    home.run(&["community", "create", "Rosewood"]).ends_with(0);
    for side in ["guildhall.db-wal", "guildhall.db-shm"] {
        // A process that ended cleanly has put it away already.
        let _ = fs::remove_file(home.sandbox().join(side));
    }
    let list = home.run(&["community", "list", "--json"]).json();
    assert_eq!(list["communities"].as_array().unwrap().len(), 1, "{list}");
}

#[test]
fn only_who_may_restores_while_the_database_can_be_asked() {
    let home = Home::set_up();
    let backup = home.path().join("backup.db");
    let file = backup.to_str().unwrap();
    home.run(&["backup", file]).ends_with(0);
    let path = home.sandbox().join("guildhall.db");
    let stranger = ["--actor", "9999", "--yes", "restore", file];
    home.run(&stranger).refused_with(2, "9999");
    let kept = |name: &str| name.contains(".former-");
    let names = || crate::program::files_below(&home.sandbox());
    assert!(!names().iter().any(|file| kept(&file.to_string_lossy())));
    // One that is no database any more knows nobody's rights; whoever owns the files puts the backup back.
    fs::write(&path, b"").unwrap();
    home.run(&["community", "list"]).refused_with(1, "is empty");
    home.run(&["--yes", "restore", file]).ends_with(0);
    home.run(&["community", "list"]).ends_with(0);
    assert!(names().iter().any(|file| kept(&file.to_string_lossy())));
}

#[test]
fn a_home_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::set_up();
    let open = fs::Permissions::from_mode(0o755);
    fs::set_permissions(home.sandbox(), open).unwrap();
    home.run(&["community", "list"]).refused_with(1, "");
}

#[test]
fn a_wrong_manifest_of_the_operator_is_named_with_file_and_line() {
    let home = Home::set_up();
    let folder = home.path().join("config/platforms");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("alpha.toml"), "nmae = \"Alpha\"\n").unwrap();
    home.run(&["catalog"]).refused_with(2, "alpha.toml:1");
}

#[test]
fn a_fault_is_one_object_for_programs() {
    let home = Home::set_up();
    let refused = home
        .run(&["community", "show", "nowhere", "--json"])
        .ends_with(2)
        .json();
    assert_eq!(refused["error"]["kind"], "not-found");
    assert!(!refused["error"]["hint"].as_str().unwrap().is_empty());
}
