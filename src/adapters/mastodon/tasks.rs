//! The steps that only a person can do, as texts (sheet: mastodon 1).

use super::client::{host, page};
use crate::domain::HumanTask;
use url::Url;

fn lines(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

/// The account's mail address is to be confirmed.
pub(super) fn confirm(base: &Url) -> HumanTask {
    HumanTask {
        step: "confirm".into(),
        title: "confirm the account's mail address".into(),
        why: "The server lets an account do nothing before its mail address is confirmed.".into(),
        who: "whoever reads the account's mail".into(),
        url: Some(page(base, "/auth/setup")),
        instructions: lines(&[
            "Open the link in the mail that the server sent.",
            "Where there is no mail, let the server send another one from this page.",
        ]),
        asks_for: Vec::new(),
        others_decide: false,
    }
}

/// The moderators decide.
pub(super) fn approve(base: &Url) -> HumanTask {
    HumanTask {
        step: "approve".into(),
        title: format!("approval by the moderators of {}", host(base)),
        why: "The server's moderators look at every new account; the decision is theirs.".into(),
        who: "the moderators of the server".into(),
        url: Some(page(base, "/about")),
        instructions: lines(&["Wait, or write to the moderators; this is asked again by itself."]),
        asks_for: Vec::new(),
        others_decide: true,
    }
}

/// An administrator thaws the account.
pub(super) fn thaw(base: &Url, username: &str) -> HumanTask {
    HumanTask {
        step: "thaw".into(),
        title: format!("thaw the account {username}"),
        why: "An administrator of the server froze it, and only one of them can undo that.".into(),
        who: "an administrator of the server".into(),
        url: Some(page(base, "/admin/accounts")),
        instructions: vec![
            format!(
                "Find {username} and choose Unfreeze, or run tootctl accounts modify {username} --enable on the server."
            ),
            "Or enter an administrator's token here, and let Guildhall do it.".into(),
        ],
        asks_for: lines(&["admin:write:accounts, if Guildhall is to do it"]),
        others_decide: true,
    }
}

/// A person lets the application in, in a browser; the code travels by hand, so it works over SSH.
pub(super) fn let_in(address: &Url, scopes: &[&str]) -> HumanTask {
    HumanTask {
        step: "let in".into(),
        title: "let Guildhall use the account, in a browser".into(),
        why: "Only who can sign in as the account can give a token for it.".into(),
        who: "whoever can sign in as the account".into(),
        url: Some(address.to_string()),
        instructions: lines(&[
            "Open the address in a browser and sign in as the community's account, not as yourself.",
            "Choose Authorize; the page shows a code that works once.",
            "Enter the code as authorization_code, then close the browser's tab.",
        ]),
        asks_for: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        others_decide: false,
    }
}

/// A person deletes the account.
pub(super) fn delete(base: &Url, username: &str) -> HumanTask {
    HumanTask {
        step: "delete account".into(),
        title: format!("delete the account {username}"),
        why: "Only its own person or an administrator of the server can delete an account.".into(),
        who: "whoever can sign in as the account".into(),
        url: Some(page(base, "/settings/delete")),
        instructions: lines(&[
            "Sign in as the account and export what shall be kept.",
            "On this page enter the password and delete the account; its name cannot be used again.",
        ]),
        asks_for: Vec::new(),
        others_decide: false,
    }
}
