//! Who is logged in, by the system's word and not by what the environment says.

use std::{fs, path::PathBuf};

/// The login name of whoever runs this process; the number of the user where it has no name.
#[must_use]
pub fn name() -> String {
    let user = rustix::process::getuid().as_raw();
    fs::read_to_string("/etc/passwd")
        .ok()
        .and_then(|accounts| named(&accounts, user))
        .unwrap_or_else(|| format!("user-{user}"))
}

/// The home folder of whoever runs this process.
#[must_use]
pub fn home() -> Option<PathBuf> {
    let user = rustix::process::getuid().as_raw();
    let accounts = fs::read_to_string("/etc/passwd").ok()?;
    let folder = of_user(&accounts, user)?.nth(2)?;
    folder.starts_with('/').then(|| PathBuf::from(folder))
}

/// The name of a user in the text of passwd(5).
fn named(accounts: &str, user: u32) -> Option<String> {
    let name = accounts.lines().find_map(|line| {
        let (name, rest) = line.split_once(':')?;
        let number: u32 = rest.split(':').nth(1)?.parse().ok()?;
        (number == user).then_some(name)
    })?;
    (!name.is_empty()).then(|| name.to_owned())
}

/// The fields of a user in the text of passwd(5), those after the number.
fn of_user(accounts: &str, user: u32) -> Option<std::str::Split<'_, char>> {
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let number: u32 = fields.nth(2)?.parse().ok()?;
        (number == user).then_some(fields)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_number() {
        let accounts = "root:x:0:0:root:/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\n";
        assert_eq!(named(accounts, 1000).as_deref(), Some("ada"));
        assert_eq!(named(accounts, 7), None);
    }
}
