//! What `doctor` says of sshd: whether those who were added can come in, and nobody else by the same way.

use super::doctor::check;
use crate::engine::{self, Check};
use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// Where OpenSSH keeps what it is told.
pub const FOLDER: &str = "/etc/ssh";
/// What to do where sshd does not ask.
const ADD: &str = "Put what this writes into /etc/ssh/sshd_config.d/guildhall.conf and reload sshd: guildhall ssh-keys --snippet";

/// What sshd was told for one login, as far as it is of interest here.
#[derive(Debug, Default, PartialEq, Eq)]
struct Told {
    command: Option<String>,
    user: Option<String>,
    files: Option<String>,
    environment: Option<String>,
}

/// Where Linux says how many processes of one login may be told of changes; its own default is 128.
const WATCHES: &str = "/proc/sys/fs/inotify/max_user_instances";
/// How many people can be there at the same time before that matters.
const MANY: u64 = 50;
/// Below this many, a crowd of sessions asks the database every second.
const FEW_WATCHES: u64 = 512;

/// Whether many sessions at once are all told of changes without asking.
fn watches() -> Option<Check> {
    let most: u64 = fs::read_to_string(WATCHES).ok()?.trim().parse().ok()?;
    Some(check(
        "watches",
        if most < FEW_WATCHES {
            Err((
                format!(
                    "for {most} sessions at once; each further one asks the database every second"
                ),
                "Raise it: sysctl fs.inotify.max_user_instances=1024",
            ))
        } else {
            Ok(format!(
                "{most} sessions at once are told of changes without asking"
            ))
        },
    ))
}

/// Looks at sshd's configuration in a folder, for so many people who come in.
pub fn checks(folder: &Path, people: usize) -> Vec<Check> {
    if people == 0 {
        return vec![check("sshd", Ok("nobody comes in over SSH".to_owned()))];
    }
    let login = engine::login_name();
    let few = watches().filter(|_| u64::try_from(people).is_ok_and(|people| people >= MANY));
    let texts = match read(folder) {
        Ok(texts) => texts,
        Err(error) => {
            let found = format!("{} cannot be read: {error}", folder.display());
            return vec![check(
                "sshd",
                Err((
                    found,
                    "Install openssh-server, or run this as root to look.",
                )),
            )];
        }
    };
    let told = told(&texts, &login);
    let Some(command) = told
        .command
        .as_deref()
        .filter(|line| line.split_whitespace().any(|word| word == "ssh-keys"))
    else {
        let found = format!("it does not ask Guildhall who comes in as {login}");
        return vec![check("sshd", Err((found, ADD)))];
    };
    let mut checks = vec![check("sshd", Ok(format!("asks: {command}")))];
    checks.extend(few);
    let program = PathBuf::from(command.split_whitespace().next().unwrap_or_default());
    if let Some(loose) = not_roots_alone(&program) {
        checks.push(check(
            "sshd program",
            Err((
                format!(
                    "{} is not root's alone, so sshd does not run it",
                    loose.display()
                ),
                "Put the program at /usr/local/bin, owned by root, and writable by nobody else.",
            )),
        ));
    }
    if told.user.as_deref() != Some(login.as_str()) {
        let user = told.user.unwrap_or_else(|| "nobody".to_owned());
        checks.push(check(
            "sshd user",
            Err((
                format!("sshd asks as {user}, who cannot read this installation"),
                ADD,
            )),
        ));
    }
    if told.files.as_deref() != Some("none") {
        checks.push(check(
            "sshd files",
            Err((
                format!(
                    "keys in the files of {login} come in too, without a session of Guildhall's"
                ),
                ADD,
            )),
        ));
    }
    if told.environment.is_some_and(|value| value != "no") {
        checks.push(check(
            "sshd environment",
            Err((
                "PermitUserEnvironment lets files of a login set variables".to_owned(),
                "Take PermitUserEnvironment out of sshd's configuration.",
            )),
        ));
    }
    checks
}

/// The texts of the configuration, in the order in which Debian's sshd reads them.
fn read(folder: &Path) -> std::io::Result<Vec<String>> {
    let main = fs::read_to_string(folder.join("sshd_config"))?;
    let mut parts: Vec<PathBuf> = match fs::read_dir(folder.join("sshd_config.d")) {
        Ok(entries) => entries
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|end| end == "conf"))
            .collect(),
        Err(_) => Vec::new(),
    };
    parts.sort();
    let mut texts = Vec::new();
    for part in parts {
        texts.push(fs::read_to_string(part)?);
    }
    texts.push(main);
    Ok(texts)
}

/// What holds for a login: a block that matches it goes before what is said for all, and in each the first word counts.
fn told(texts: &[String], login: &str) -> Told {
    let (mut for_all, mut matched) = (Told::default(), Told::default());
    for text in texts {
        // A block ends with its file.
        let mut block = Some(false);
        for line in text.lines() {
            let line = line.trim();
            let Some((word, value)) = line.split_once([' ', '\t', '=']) else {
                continue;
            };
            let (word, value) = (word.to_ascii_lowercase(), value.trim());
            if word == "match" {
                block = matches_login(value, login);
                continue;
            }
            let target = match block {
                Some(false) => &mut for_all,
                Some(true) => &mut matched,
                None => continue,
            };
            let place = match word.as_str() {
                "authorizedkeyscommand" => &mut target.command,
                "authorizedkeyscommanduser" => &mut target.user,
                "authorizedkeysfile" => &mut target.files,
                "permituserenvironment" => &mut target.environment,
                _ => continue,
            };
            place.get_or_insert_with(|| value.to_owned());
        }
    }
    Told {
        command: matched.command.or(for_all.command),
        user: matched.user.or(for_all.user),
        files: matched.files.or(for_all.files),
        environment: matched.environment.or(for_all.environment),
    }
}

/// Whether a block is for this login (true), or for all (false); none for one that is for others.
fn matches_login(value: &str, login: &str) -> Option<bool> {
    let mut words = value.split_whitespace();
    match (words.next()?.to_ascii_lowercase().as_str(), words.next()) {
        ("all", None) => Some(false),
        ("user", Some(users)) if users.split(',').any(|user| user == login) => Some(true),
        _ => None,
    }
}

/// The first of a path and the folders above it that does not belong to root alone: sshd runs nothing there.
fn not_roots_alone(program: &Path) -> Option<PathBuf> {
    let real = fs::canonicalize(program).unwrap_or_else(|_| program.to_owned());
    real.ancestors()
        .find(|part| {
            fs::metadata(part).map_or(true, |about| about.uid() != 0 || about.mode() & 0o022 != 0)
        })
        .map(Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_for_a_login_goes_before_what_is_said_for_all() {
        let text = "AuthorizedKeysFile .ssh/authorized_keys\n# Match User guild\nMatch User other\nAuthorizedKeysCommand /x\n\
                    Match User guild,more\n  AuthorizedKeysCommand /usr/bin/guildhall ssh-keys %u %t %k\n  AuthorizedKeysCommandUser guild\n\
                    AuthorizedKeysFile none\nAuthorizedKeysFile later\n";
        let told = told(&[text.to_owned()], "guild");
        assert_eq!(
            told,
            Told {
                command: Some("/usr/bin/guildhall ssh-keys %u %t %k".into()),
                user: Some("guild".into()),
                files: Some("none".into()),
                environment: None,
            }
        );
    }

    #[test]
    fn an_sshd_that_does_not_ask_is_told_and_nobody_needs_one_without_people() {
        let folder = tempfile::tempdir().unwrap();
        assert!(checks(folder.path(), 0)[0].well);
        assert!(!checks(folder.path(), 1)[0].well, "no configuration at all");
        fs::write(folder.path().join("sshd_config"), "Port 22\n").unwrap();
        let found = checks(folder.path(), 1);
        assert!(!found[0].well && found[0].hint.contains("--snippet"));
        let program = folder.path().join("guildhall");
        fs::write(&program, "").unwrap();
        fs::create_dir(folder.path().join("sshd_config.d")).unwrap();
        let login = engine::login_name();
        fs::write(
            folder.path().join("sshd_config.d/g.conf"),
            format!(
                "Match User {login}\nAuthorizedKeysCommand {} ssh-keys %u %t %k\n",
                program.display()
            ),
        )
        .unwrap();
        let found = checks(folder.path(), 1);
        assert!(found[0].well, "{found:?}");
        let not_well: Vec<_> = found
            .iter()
            .filter(|check| !check.well)
            .map(|check| check.what.as_str())
            .collect();
        // The folder of tests is writable by others.
        assert_eq!(not_well, ["sshd program", "sshd user", "sshd files"]);
    }
}
