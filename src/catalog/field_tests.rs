//! What the forms say to the keys and settings that people enter.

use super::*;
use crate::domain::PlatformId;

const SLACK: &str = "xoxb-1234567890-1234567890-abcdefABCDEF";
const COLLECTIVE: &str = "0123456789abcdef0123456789abcdef01234567";
const DISCORD: &str = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcdE.abcdefghijklmnopqrstuvwxyz0123456789AB";

fn check(id: &str, field: &str, entry: &str) -> ShapeCheck {
    Catalog::builtin()
        .unwrap()
        .check_credential(&PlatformId::new(id), field, entry)
}

fn wrong(check: ShapeCheck) -> String {
    match check {
        ShapeCheck::Wrong(reason) => reason,
        other => panic!("{other:?}"),
    }
}

fn soft(check: ShapeCheck) -> String {
    match check {
        ShapeCheck::Soft(reason) => reason,
        other => panic!("{other:?}"),
    }
}

fn set(id: &str, field: &str, entry: &str) -> Result<String, String> {
    let catalog = Catalog::builtin().unwrap();
    let manifest = catalog.get(&PlatformId::new(id)).unwrap();
    manifest.setting(field).unwrap().check(entry)
}

#[test]
fn right_keys_pass_with_the_line_end_of_a_paste() {
    assert_eq!(
        check("slack", "bot_token", &format!(" {SLACK}\r\n")),
        ShapeCheck::Ok
    );
    assert_eq!(
        check("opencollective", "token", &format!("{COLLECTIVE}\n")),
        ShapeCheck::Ok
    );
    assert_eq!(check("discord", "bot_token", DISCORD), ShapeCheck::Ok);
    assert_eq!(
        check("sourcecred", "discord_token", DISCORD),
        ShapeCheck::Ok
    );
    assert_eq!(check("policykit", "slack_bot_token", SLACK), ShapeCheck::Ok);
    let loomio = "f3b1c0de-0000-4000-8000-0123456789ab";
    assert_eq!(check("loomio", "api_key", loomio), ShapeCheck::Ok);
}

#[test]
fn a_key_of_another_platform_is_named() {
    let reason = wrong(check("loomio", "api_key", SLACK));
    assert!(
        reason.contains("Slack") && reason.contains("Loomio"),
        "{reason}"
    );
    let reason = wrong(check("opencollective", "token", DISCORD));
    assert!(reason.contains("Discord"), "{reason}");
    let reason = soft(check("loomio", "api_key", COLLECTIVE));
    assert!(reason.contains("Open Collective"), "{reason}");
    let guessed = Catalog::builtin().unwrap().guess_platform(SLACK);
    assert_eq!(guessed, [PlatformId::new("slack")]);
}

#[test]
fn no_reason_repeats_the_key() {
    for (id, field) in [
        ("loomio", "api_key"),
        ("discord", "bot_token"),
        ("matrix", "access_token"),
    ] {
        for key in [SLACK, COLLECTIVE, "canary value", "canary\u{7}"] {
            let text = format!("{:?}", check(id, field, key));
            assert!(!text.contains(key) && !text.contains("canary"), "{text}");
        }
    }
}

#[test]
fn frequent_mistakes_are_called_by_their_name() {
    assert!(wrong(check("slack", "bot_token", "xapp-1-A-2-b")).contains("app-level"));
    assert!(wrong(check("discord", "bot_token", &format!("Bot {DISCORD}"))).contains("word Bot"));
    assert!(
        wrong(check("loomio", "api_key", "https://www.loomio.com/profile")).contains("address")
    );
    assert!(wrong(check("loomio", "api_key", "")).contains("empty"));
    assert!(wrong(check("loomio", "api_key", "two words of it")).contains("white space"));
    assert!(wrong(check("loomio", "api_key", &"x".repeat(10_000))).contains("10000"));
    let short = wrong(check("opencollective", "token", &COLLECTIVE[1..]));
    assert!(short.contains("39 characters"), "{short}");
}

#[test]
fn a_typing_error_in_a_matrix_token_is_found_without_asking_the_server() {
    let token = "syt_Z292LXJvc2V3b29k_abcdefghijKLMNOPQRST_";
    let sums = |sum: &str| check("matrix", "access_token", &format!("{token}{sum}"));
    assert!(wrong(sums("000000")).contains("checksum"));
    assert!(wrong(check("matrix", "access_token", "syt_Z292")).contains("checksum"));
    assert!(
        soft(check("matrix", "access_token", "an-opaque-token")).contains("does not look like")
    );
    assert!(wrong(check("matrix", "access_token", "syr_a_b_c")).contains("refresh"));
}

#[test]
fn an_address_is_https_or_on_this_host_and_is_kept_without_its_slash() {
    let url = |entry: &str| set("loomio", "base_url", entry);
    assert_eq!(
        url(" https://talk.example.org/ ").unwrap(),
        "https://talk.example.org"
    );
    assert_eq!(
        url("http://127.0.0.1:3000").unwrap(),
        "http://127.0.0.1:3000"
    );
    assert_eq!(url("http://[::1]:3000/x/").unwrap(), "http://[::1]:3000/x");
    assert_eq!(
        url("http://loomio.sandbox:81").unwrap(),
        "http://loomio.sandbox:81"
    );
    for refused in [
        "http://talk.example.org",
        "ftp://talk.example.org",
        "talk.example.org",
        "https://amina:secret@talk.example.org",
        "https://@talk.example.org",
        "https://talk.example.org/?key=1",
        "https://",
        "https://talk example.org",
        "http://127.0.0.1.example.org",
        "http://evilsandbox",
    ] {
        assert!(url(refused).is_err(), "{refused}");
    }
    assert!(url(&format!("https://{}.org", "x".repeat(3000))).is_err());
    assert!(
        url("https://talk\u{7}.example.org")
            .unwrap_err()
            .contains("control")
    );
}

#[test]
fn a_homeserver_may_be_a_bare_name() {
    let server = |entry: &str| set("matrix", "homeserver", entry);
    assert_eq!(server("Example.org").unwrap(), "example.org");
    assert_eq!(
        server("http://127.0.0.1:8008/").unwrap(),
        "http://127.0.0.1:8008"
    );
    assert!(server("example.org/path").is_err());
    assert!(server("http://example.org").is_err());
    assert!(server("").unwrap_err().contains("needed"));
}

#[test]
fn every_kind_of_setting_is_normalised_or_refused_with_its_name() {
    assert_eq!(set("discourse", "private", "ON").unwrap(), "true");
    assert!(
        set("discourse", "private", "maybe")
            .unwrap_err()
            .starts_with("Private category")
    );
    assert_eq!(set("discourse", "invite_uses", "007").unwrap(), "7");
    assert!(
        set("discourse", "invite_uses", "0")
            .unwrap_err()
            .contains("at least 1")
    );
    assert_eq!(set("loomio", "mode", "Self-Hosted").unwrap(), "self-hosted");
    assert!(
        set("loomio", "mode", "cloud")
            .unwrap_err()
            .contains("hosted, self-hosted")
    );
    assert_eq!(
        set("matrix", "rooms", " general, talk,general ,").unwrap(),
        "general,talk"
    );
    assert!(
        set("matrix", "rooms", "general,Big Room")
            .unwrap_err()
            .contains("general,proposals")
    );
    assert_eq!(set("opencollective", "slug", "").unwrap(), "");
    assert_eq!(
        set("opencollective", "name", "Rose\u{202e}wood  Co-op").unwrap(),
        "Rosewood Co-op"
    );
    assert!(
        set("opencollective", "description", &"x".repeat(256))
            .unwrap_err()
            .contains("255")
    );
}
