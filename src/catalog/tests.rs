//! The manifests that ship, and what happens with broken ones.

use super::*;
use crate::domain::{Capability, Choice, Fault, FaultKind, InstanceKind, PlatformId, Verb};
use std::{collections::BTreeMap, fs, path::Path};

const BUNDLE: [&str; 11] = [
    "policykit",
    "kybern",
    "sourcecred",
    "opencollective",
    "loomio",
    "metagov",
    "slack",
    "discord",
    "matrix",
    "mastodon",
    "discourse",
];

fn catalog() -> Catalog {
    Catalog::builtin().unwrap()
}

fn get<'a>(catalog: &'a Catalog, id: &str) -> &'a Manifest {
    catalog.get(&PlatformId::new(id)).unwrap()
}

/// The catalog with one file more in the operator's folder, or why it is refused.
fn with_file(name: &str, text: &str) -> Result<Catalog, CatalogError> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), text).unwrap();
    Catalog::load(Some(folder.path()))
}

/// The built-in manifest of Mastodon with one text replaced by another.
fn broken(from: &str, to: &str) -> CatalogError {
    let text = Catalog::builtin_text(&PlatformId::new("mastodon")).unwrap();
    assert!(text.contains(from), "{from}");
    with_file("mastodon.toml", &text.replacen(from, to, 1)).unwrap_err()
}

/// The line of the first occurrence of a text in the built-in manifest of Mastodon.
fn line_of(text: &str) -> Option<usize> {
    let manifest = Catalog::builtin_text(&PlatformId::new("mastodon")).unwrap();
    manifest
        .lines()
        .position(|line| line.contains(text))
        .map(|index| index + 1)
}

#[test]
fn the_bundle_holds_eleven_platforms_in_the_order_of_the_lists() {
    let catalog = catalog();
    let ids: Vec<_> = catalog
        .iter()
        .map(|manifest| manifest.id.as_str())
        .collect();
    assert_eq!(ids, BUNDLE);
    let groups: Vec<_> = catalog.iter().map(|manifest| manifest.group).collect();
    assert!(groups.is_sorted());
}

#[test]
fn a_heading_says_what_the_manifest_says() {
    let catalog = catalog();
    for heading in catalog.headings() {
        let manifest = catalog.get(&heading.id).unwrap();
        assert_eq!(
            (&heading.name, heading.group, heading.order),
            (&manifest.name, manifest.group, manifest.order)
        );
    }
}

#[test]
fn every_builtin_pattern_compiles_and_every_example_is_accepted_by_its_own_field() {
    for name in BUNDLE {
        let text = Catalog::builtin_text(&PlatformId::new(name)).unwrap();
        let manifest = bundle::read_builtin(name, text, true).unwrap();
        for setting in &manifest.settings {
            for value in setting.default.iter().chain(&setting.placeholder) {
                assert!(
                    setting.check(value).is_ok(),
                    "{} {} {value}",
                    manifest.id,
                    setting.field
                );
            }
        }
    }
}

#[test]
fn of_every_key_it_is_told_which_person_gets_it() {
    for name in BUNDLE {
        let text = Catalog::builtin_text(&PlatformId::new(name)).unwrap();
        let manifest = bundle::read_builtin(name, text, true).unwrap();
        for field in &manifest.credentials {
            let told = format!("{name}.{}: {}", field.field, field.who);
            // It stands within a sentence and after "Who:".
            assert!(!field.who.ends_with('.'), "{told}");
            let persons = ["an ", "whoever ", "somebody "];
            let is_person = persons.iter().any(|start| field.who.starts_with(start));
            assert!(is_person, "{told}");
            assert!(field.made_by_us || field.who != "an operator", "{told}");
        }
    }
}

#[test]
fn a_new_community_gets_policykit_active_the_tools_inactive_and_nothing_else() {
    for manifest in &catalog() {
        let expected = match manifest.id.as_str() {
            "policykit" => Choice::Active,
            "kybern" | "sourcecred" | "opencollective" | "loomio" => Choice::Inactive,
            _ => Choice::Off,
        };
        assert_eq!(manifest.default, expected, "{}", manifest.id);
    }
}

#[test]
fn what_needs_no_key_is_made_at_once_and_what_needs_one_says_which() {
    let catalog = catalog();
    let none = BTreeMap::new();
    for id in ["policykit", "kybern", "sourcecred"] {
        assert!(Needs::met(
            get(&catalog, id).needs.to_provision(&none),
            |_| false
        ));
    }
    let matrix = &get(&catalog, "matrix").needs;
    assert!(!Needs::met(matrix.to_provision(&none), |_| false));
    assert!(Needs::met(matrix.to_provision(&none), |field| field == "admin_token"));
    assert!(!Needs::met(matrix.to_operate(&none), |field| field == "admin_token"));
    let loomio = &get(&catalog, "loomio").needs;
    assert!(!Needs::met(loomio.to_provision(&none), |_| false));
    let own = BTreeMap::from([("runner_container".to_owned(), "loomio-app".to_owned())]);
    assert!(Needs::met(loomio.to_provision(&own), |_| false));
    let sourcecred = &get(&catalog, "sourcecred").needs;
    let mut sources = BTreeMap::from([("discord_guild_id".to_owned(), "1".repeat(18))]);
    let discord_only = |field: &str| field == "discord_token";
    assert!(Needs::met(sourcecred.to_operate(&sources), discord_only));
    sources.insert(
        "github_repositories".to_owned(),
        "rosewood/website".to_owned(),
    );
    assert!(!Needs::met(sourcecred.to_operate(&sources), discord_only));
}

#[test]
fn every_verb_says_how_and_every_limit_where_it_comes_from() {
    for manifest in &catalog() {
        assert_eq!(manifest.capabilities.len(), Verb::ALL.len());
        let sources = manifest.slots.iter().map(|slot| &slot.source);
        for source in sources.chain(manifest.rate_limits.iter().map(|limit| &limit.source)) {
            assert!(source.contains(manifest.id.as_str()) || source.contains("sheet"));
        }
    }
    let catalog = catalog();
    let loomio = get(&catalog, "loomio");
    assert_eq!(loomio.capability(Verb::Rotate), Capability::Human);
    assert_eq!(loomio.kinds[0].kind, InstanceKind::Account);
    assert_eq!(get(&catalog, "matrix").settling.as_secs(), 2);
    assert_eq!(
        get(&catalog, "matrix")
            .credential("admin_token")
            .unwrap()
            .keep,
        Keep::OnRequest
    );
}

#[test]
fn the_address_for_a_key_follows_the_settings() {
    let catalog = catalog();
    let loomio = get(&catalog, "loomio");
    let url = loomio.credential("api_key").unwrap().url.clone().unwrap();
    let hosted = loomio.fill(&url, &BTreeMap::new());
    assert_eq!(
        hosted.as_deref(),
        Some("https://www.loomio.com/profile/api_access")
    );
    let own = BTreeMap::from([("base_url".to_owned(), "https://talk.example.org".to_owned())]);
    let own = loomio.fill(&url, &own);
    assert_eq!(
        own.as_deref(),
        Some("https://talk.example.org/profile/api_access")
    );
    let discourse = get(&catalog, "discourse");
    let unknown = discourse.fill("{base_url}/admin", &BTreeMap::new());
    assert_eq!(unknown, None);
    assert_eq!(
        discourse.missing_setting(&BTreeMap::new()).unwrap().field,
        "base_url"
    );
}

#[test]
fn a_misspelt_key_is_answered_with_the_right_one_at_its_line() {
    let error = broken("warnings = [", "warnigs = [");
    assert_eq!(
        (error.line, error.column),
        (line_of("warnings = ["), Some(1))
    );
    assert_eq!(error.suggestion, "Did you mean \"warnings\"?");
    let error = broken("also_reaches", "also_reches");
    assert_eq!(error.line, line_of("also_reaches"));
    assert_eq!(error.suggestion, "Did you mean \"also_reaches\"?");
    let error = broken("verify = {", "verifiy = {");
    assert_eq!(error.suggestion, "Did you mean \"verify\"?");
}

#[test]
fn a_key_of_nobody_is_refused_with_the_keys_that_there_are() {
    let error = broken(
        "name = \"Mastodon\"",
        "name = \"Mastodon\"\ncolour = \"blue\"",
    );
    assert_eq!(
        error.line,
        line_of("name = \"Mastodon\"").map(|line| line + 1)
    );
    assert!(error.message.contains("\"colour\""), "{error}");
    assert!(error.suggestion.contains("homepage"), "{error}");
}

#[test]
fn a_missing_fact_says_where_and_what_to_write() {
    let text = "seconds = 5\nsource = \"believed, not checked (sheet: mastodon 1)\"";
    let error = broken(text, "seconds = 5");
    assert_eq!(error.line, line_of("[settling]"));
    assert_eq!(error.suggestion, "Write source = \"where this was read\"");
    let verb = "discover = { how = \"auto\", note = \"Shows the token's own account.\" }";
    let error = broken(verb, "");
    assert_eq!(error.line, line_of("[capabilities]"));
    assert!(error.message.contains("\"discover\" is missing"), "{error}");
    let error = broken("verb = \"hosts announcements of\"\n", "");
    assert_eq!(error.line, line_of("[[connections]]"));
}

#[test]
fn a_limit_without_source_and_an_empty_text_are_refused() {
    let error = broken(
        "source = \"mastodon/mastodon, per token (sheet: mastodon 3)\"\n",
        "",
    );
    assert!(
        error
            .message
            .contains("\"source\" is missing in [[rate_limits]] number 1"),
        "{error}"
    );
    let error = broken("label = \"Access token\"", "label = \"  \"");
    assert_eq!(error.line, line_of("label = \"Access token\""));
    assert!(
        error
            .message
            .contains("\"label\" in [[credentials]] number 1 is empty"),
        "{error}"
    );
}

#[test]
fn a_bad_pattern_a_wrong_word_and_a_wrong_type_are_refused_at_their_place() {
    let error = broken("'^[A-Za-z0-9_-]{43}$'", "'^[A-Za-z0-9_-{43}$'");
    assert_eq!(error.line, line_of("'^[A-Za-z0-9_-]{43}$'"));
    assert!(
        error.message.contains("not a regular expression"),
        "{error}"
    );
    let error = broken("how = \"auto\"", "how = \"automatic\"");
    assert!(
        error.message.contains("auto, human, unsupported"),
        "{error}"
    );
    let error = broken("default = \"off\"", "default = \"inactiv\"");
    assert_eq!(error.suggestion, "Did you mean \"inactive\"?");
    let error = broken("order = 40", "order = \"forty\"");
    assert_eq!(error.suggestion, "Write order = 60");
    let error = broken("as_of = 2026-11-22", "as_of = \"yesterday\"");
    assert_eq!(error.suggestion, "Write as_of = 2026-11-22");
    let error = broken("[needs]", "[needs");
    assert!(error.message.starts_with("This is not TOML"), "{error}");
    assert_eq!(error.line, line_of("[needs]"));
}

#[test]
fn contradictions_within_a_manifest_are_refused() {
    let error = broken(
        "provision = [[\"access_token\"]]",
        "provision = [[\"acces_token\"]]",
    );
    assert!(
        error.message.contains("is needed and is no credential"),
        "{error}"
    );
    let error = broken("{base_url}/settings/applications/new", "{host}/settings");
    assert!(error.message.contains("refers to {host}"), "{error}");
    let error = broken("field = \"username\"", "field = \"display_name\"");
    assert!(error.message.contains("is there twice"), "{error}");
    let error = broken("default = \"unlisted\"", "default = \"secret\"");
    assert_eq!(error.line, line_of("default = \"unlisted\""));
    let error = broken("when = [\"sign_in\"]", "when = [\"hots\"]");
    assert!(
        error.message.contains("\"hots\" decides about needs"),
        "{error}"
    );
    let error = broken("planned = 200", "planned = 400");
    assert_eq!(error.line, line_of("planned = 200"));
    let error = broken("id = \"mastodon\"", "id = \"mastodont\"");
    assert_eq!(error.line, line_of("id = \"mastodon\""));
}

#[test]
fn a_connection_to_an_unknown_platform_and_a_taken_place_are_refused() {
    let error = broken("to = [\"loomio\", ", "to = [\"lomio\", ");
    assert_eq!(error.line, line_of("to = [\"loomio\", "));
    assert_eq!(error.suggestion, "Did you mean \"loomio\"?");
    let error = broken("order = 40", "order = 50");
    assert_eq!(error.line, line_of("order = 40"));
    assert!(
        error.message.contains("Discourse has the order 50"),
        "{error}"
    );
    let fault = Fault::from(error);
    assert_eq!(fault.kind, FaultKind::BadInput);
    assert!(fault.what.contains("mastodon.toml:"), "{fault}");
}

#[test]
fn an_operator_replaces_a_platform_and_adds_one() {
    let text = Catalog::builtin_text(&PlatformId::new("mastodon")).unwrap();
    let renamed = text.replace("name = \"Mastodon\"", "name = \"Our Mastodon\"");
    let catalog = with_file("mastodon.toml", &renamed).unwrap();
    assert_eq!(catalog.iter().count(), 11);
    assert_eq!(get(&catalog, "mastodon").name, "Our Mastodon");
    assert!(matches!(get(&catalog, "mastodon").origin, Origin::File(_)));

    let added = renamed
        .replace("id = \"mastodon\"", "id = \"gotosocial\"")
        .replace("order = 40", "order = 45");
    let catalog = with_file("gotosocial.toml", &added).unwrap();
    let ids: Vec<_> = catalog
        .iter()
        .map(|manifest| manifest.id.as_str())
        .collect();
    assert_eq!(ids[9..], ["mastodon", "gotosocial", "discourse"]);
    assert_eq!(
        catalog.nearest("gotosocail").map(PlatformId::as_str),
        Some("gotosocial")
    );
}

#[test]
fn a_folder_that_is_not_there_adds_nothing_and_other_files_are_left_alone() {
    let missing = Path::new("there/is/no/such/folder");
    assert_eq!(Catalog::load(Some(missing)).unwrap().iter().count(), 11);
    assert_eq!(
        with_file("notes.txt", "not toml").unwrap().iter().count(),
        11
    );
    assert_eq!(
        with_file(".mastodon.toml", "half").unwrap().iter().count(),
        11
    );
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bytes.toml"), [0xff, 0xfe]).unwrap();
    let error = Catalog::load(Some(folder.path())).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("bytes.toml: This cannot be read"),
        "{error}"
    );
}

#[test]
fn programs_read_a_manifest_under_the_names_it_is_written_with() {
    let catalog = catalog();
    let json = serde_json::to_value(get(&catalog, "matrix")).unwrap();
    assert_eq!(json["capabilities"]["remove-soft"]["how"], "auto");
    assert_eq!(json["settling_seconds"], 2);
    assert_eq!(json["rate_limits"][1]["window_seconds"], 1000);
    assert_eq!(json["credentials"][1]["keep"], "on-request");
    assert_eq!(json["upstream"]["as_of"], "2026-11-22");
    assert_eq!(json["origin"], "builtin");
}
