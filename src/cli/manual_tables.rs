//! The parts of the manual page that are drawn from the tables of the domain: commands, actions, authority, JSON, files.

use super::{logging::LOG_VARIABLE, place};
use crate::domain::{ACTIONS, Danger, IntentKind, Role, Scope, line_of};
use clap::Command;
use std::io::{self, Write};

/// The objects of `--json`, command by command. Field names stay as they are; new ones may be added.
const OBJECTS: &[(&str, &str)] = &[
    (
        "every failure",
        "error: kind, what, hint, detail; retry_after_seconds where the platform asks to slow down",
    ),
    (
        "every change",
        "status (done, waiting, locked, failed), message, community, operations, instances, next: subject, state, advice",
    ),
    ("init", "installation, home, sandbox, recovery_key"),
    (
        "community list",
        "communities: slug, name, active, total, mark, archived",
    ),
    (
        "community show",
        "slug, name, description, created_at, archived_at, instances, connections",
    ),
    (
        "community export",
        "format, written_at, installation, community, instances (with data and keys: who owns what), connections, admins, allowance, requests, operations, audit",
    ),
    (
        "community hand-over",
        "done, community, lines: what, progress (done, open, unproven), found, to_do",
    ),
    (
        "instance list",
        "instances: community, platform, name, group, adapter, kind, desired, observed, state, mark, waits_for, health, checked_at, drifted, note, url",
    ),
    (
        "instance show",
        "instance, healthy_at, meaning, kind, external_id, made_by_us, observe_only, settings, drift, advice, task, keys, connections, operations, warnings, capabilities",
    ),
    (
        "instance discover",
        "found: reference, name, what, obstacle",
    ),
    (
        "instance drift",
        "drift: kind, what; gone, answered: kind, what, verdict, until, at, by; checked_at",
    ),
    (
        "--plan",
        "title, items: kind, platform, text; memory_mib, memory_free_mib, disk_mib, typed_confirmation, basis",
    ),
    (
        "key list",
        "keys: platform, community, account, field, state, length, last_four, fingerprint, version, created_at, verified_at, expires_at, identity",
    ),
    (
        "account list",
        "accounts: platform, name, community, external_id, contact, created_at, keys, slots, reaches_communities",
    ),
    (
        "account slots",
        "slots: platform, account, community, unit, per, takes, used, max, level, source, measured_at",
    ),
    (
        "connection list",
        "connections: id, from, verb, to, state, note, tested_at",
    ),
    (
        "operation list",
        "operations: id, community, platform, verb, state, actor, progress, fault, task, attempts, not_before, created_at, updated_at",
    ),
    (
        "operation show",
        "operation, steps: name, state, key, intended_at, recorded_at",
    ),
    (
        "task list",
        "tasks: id, operation, community, account, platform, since, key, task: step, title, why, who, url, instructions, asks_for, others_decide",
    ),
    (
        "plan FILE (of a community that is there)",
        "changes: title, items",
    ),
    ("homes", "homes: platform, name, address, proves"),
    ("template", "template: one word for each platform"),
    ("catalog", "platforms: platform (its manifest), adapter"),
    ("doctor", "well, checks: what, well, found, hint"),
    (
        "service expose",
        "community, platform, domain, port, published, left_out: path, why; users, tells, needs_setting: setting, value; fragment",
    ),
    ("service save", "status, community, platform, folder, at"),
    ("service put-back", "status, community, platform, former"),
    (
        "audit list",
        "entries: sequence, at, actor, action, subject, community, result, detail, digest, keyed",
    ),
    (
        "audit verify",
        "entries, sealed, seals_checked, head, broken",
    ),
    (
        "admin list",
        "admins: id, name, role, communities, keys; allowance (of one community): platforms, most, memory_mib",
    ),
    (
        "request list",
        "requests: id, community, slug, asked_by, asked_at, wish, words, state, answered_by, answered_at, answer",
    ),
    ("unlock", "status, unlocked_until"),
    ("lock", "status, agent_ended"),
    ("backup", "status, file"),
    (
        "restore",
        "status, installation, former, missing_key_file, keys, vault_opens",
    ),
    ("sandbox serve", "base, overrides, keys"),
];

/// Writes these parts as roff.
///
/// # Errors
/// When the bytes cannot be taken.
pub fn render(command: &Command, out: &mut dyn Write) -> io::Result<()> {
    commands(command, out)?;
    actions(out)?;
    authority(out)?;
    writeln!(out, ".SH JSON")?;
    for (name, fields) in OBJECTS {
        item(out, name, fields)?;
    }
    files(out)
}

fn item(out: &mut dyn Write, name: &str, text: &str) -> io::Result<()> {
    writeln!(out, ".TP\n\\fB{}\\fR\n{}", roff(name), roff(text))
}

/// Text that roff takes as it is: its own signs escaped, none at the beginning of a line.
fn roff(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    if text.starts_with(['.', '\'']) {
        format!("\\&{text}")
    } else {
        text
    }
}

fn commands(command: &Command, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, ".SH COMMANDS")?;
    for family in command
        .get_subcommands()
        .filter(|known| !known.is_hide_set())
    {
        let mut leaves: Vec<&Command> = family.get_subcommands().collect();
        if leaves.is_empty() {
            leaves.push(family);
        }
        for leaf in leaves.into_iter().filter(|known| !known.is_hide_set()) {
            let usage = leaf.clone().render_usage().to_string();
            let usage = usage.trim_start_matches("Usage:").trim();
            let about = leaf.get_about().map(ToString::to_string);
            item(out, usage, &about.unwrap_or_default())?;
            let own = leaf
                .get_arguments()
                .filter(|known| !known.is_global_set() && !known.is_hide_set());
            for argument in
                own.filter(|known| known.get_id() != "help" && known.get_id() != "version")
            {
                let name = argument
                    .get_long()
                    .map_or_else(|| argument.get_id().to_string(), |long| format!("--{long}"));
                let help = argument.get_help().map(ToString::to_string);
                writeln!(
                    out,
                    ".br\n{}: {}",
                    roff(&name),
                    roff(&help.unwrap_or_default())
                )?;
            }
        }
    }
    Ok(())
}

fn actions(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, ".SH ACTIONS OF THE SCREEN")?;
    for action in ACTIONS {
        let scope = match action.scope {
            Scope::Anywhere => "anywhere",
            Scope::List => "in a list",
            Scope::Community => "on a community",
            Scope::Instance => "on an instance",
            Scope::Operation => "on an operation",
            Scope::Account => "on an account",
        };
        let danger = match action.danger {
            Danger::None => "",
            Danger::Reversible => "; can be changed back",
            Danger::Confirm => "; asks first",
            Danger::Typed => "; asks for a typed name",
        };
        let command = action
            .command
            .map_or_else(String::new, |command| format!("; guildhall {command}"));
        let text = format!("{} ({scope}{danger}{command}).", action.description);
        item(out, action.name, &text)?;
    }
    Ok(())
}

fn authority(out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        ".SH WHO MAY DO WHAT\nWhat is not named here is refused. all: in every community and for the installation; own: in \
         the communities that one administers, unless they are archived; archived: also possible in a community that is \
         archived.\n.nf"
    )?;
    let row = |verb: &str, word: &dyn Fn(Role) -> &'static str, archived: &str| {
        let words: Vec<String> = Role::ALL
            .iter()
            .map(|role| format!("{:<17}", word(*role)))
            .collect();
        roff(format!("{verb:<20}{}{archived}", words.concat()).trim_end())
    };
    writeln!(out, "{}", row("", &Role::word, ""))?;
    for verb in IntentKind::ALL {
        let line = line_of(*verb);
        let archived = if line.when_archived { "archived" } else { "" };
        let word = |role| line.of(role).word();
        writeln!(out, "{}", row(verb.word(), &word, archived))?;
    }
    writeln!(out, ".fi")
}

fn files(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, ".SH FILES AND ENVIRONMENT")?;
    item(
        out,
        place::HOME_VARIABLE,
        "The folder of the installation; --home goes before it.",
    )?;
    item(
        out,
        place::CONFIG_VARIABLE,
        "The folder of own manifests (platforms/*.toml), keys and themes; unless set, the folder config of a home that was named, else that of the system.",
    )?;
    item(
        out,
        LOG_VARIABLE,
        "How much is logged: error, warn, info (the default), debug; or a filter such as guildhall=debug.",
    )?;
    item(out, "HOME/guildhall.db", "The database. Mode 0600.")?;
    item(out, "HOME/logs", "The log, one file a day, 14 days.")?;
    item(
        out,
        "HOME/saved-logs",
        "Logs of services that were saved from the screen.",
    )?;
    item(out, "HOME/sandbox", "Everything of --sandbox.")
}
