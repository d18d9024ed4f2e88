//! Accounts of the installation on the command line.

use super::program::Home;

#[test]
fn who_adds_an_account_is_told_which_keys_it_can_have_and_which_setting_lacks() {
    let home = Home::set_up();
    let add = ["account", "add", "matrix", "bots"];
    let refused = home.run_with("x\n", &add).ends_with(2);
    assert!(
        refused
            .stderr
            .contains("Where it is Bot's access token instead: --field access_token"),
        "{refused:?}"
    );
    assert!(
        refused.stderr.contains("--setting homeserver="),
        "{refused:?}"
    );
    // Nothing else is offered where the usual key is the one to work with.
    let refused = home.run_with("x\n", &["account", "add", "discord", "bots"]);
    assert!(!refused.stderr.contains("Where it is"), "{refused:?}");
}
