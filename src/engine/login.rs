//! Who is logged in, by the system's word and not by what the environment says.

use std::fs;

/// The login name of whoever runs this process; the number of the user where it has no name.
pub(super) fn name() -> String {
    let user = rustix::process::getuid().as_raw();
    fs::read_to_string("/etc/passwd")
        .ok()
        .and_then(|accounts| named(&accounts, user))
        .unwrap_or_else(|| format!("user-{user}"))
}

/// The name of a user in the text of passwd(5).
fn named(accounts: &str, user: u32) -> Option<String> {
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let number: u32 = fields.nth(1)?.parse().ok()?;
        (number == user && !name.is_empty()).then(|| name.to_owned())
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
