//! What the server remembers.

use super::limits::Limits;
use rand::Rng as _;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The account that is ready made for a community.
pub const OURS: &str = "rosewood";
/// Somebody else's.
pub const OTHER: &str = "elder";
/// An administrator.
pub const ADMIN: &str = "keeper";

/// What Guildhall needs.
pub const NEEDED: &str = "read:accounts read:statuses write:accounts write:statuses";
/// The rights of everybody's role, and of an administrator's.
pub const EVERYBODYS: u64 = 65_536;
const ADMINISTRATORS: u64 = 1 | 1_024 | 524_288 | EVERYBODYS;
/// Posts that may be pinned, and fields of a profile.
pub const MOST_PINS: usize = 5;
pub const MOST_FIELDS: usize = 4;

fn most_fields() -> usize {
    MOST_FIELDS
}

/// Everything.
#[derive(Debug, Serialize, Deserialize)]
pub struct Server {
    pub apps: BTreeMap<String, App>,
    pub tokens: BTreeMap<String, Token>,
    pub codes: BTreeMap<String, Code>,
    pub accounts: BTreeMap<String, Account>,
    pub statuses: BTreeMap<u64, Status>,
    /// Posts by account and idempotency key, and when.
    pub keyed: BTreeMap<String, (u64, i64)>,
    pub version: String,
    pub limits: Limits,
    /// Fields that a profile may have.
    #[serde(default = "most_fields")]
    pub most_fields: usize,
    pub ready: BTreeMap<String, String>,
    pub last_id: u64,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct App {
    pub name: String,
    pub secret: String,
    pub scopes: Vec<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Token {
    pub app: String,
    /// None: a token of the application.
    pub account: Option<String>,
    pub scopes: Vec<String>,
    pub revoked: bool,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Code {
    pub app: String,
    pub account: String,
    pub scopes: Vec<String>,
    pub challenge: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own on the real server"
)]
pub struct Account {
    pub id: String,
    pub username: String,
    pub display_name: String,
    pub note: String,
    pub fields: Vec<(String, String)>,
    pub locked: bool,
    pub bot: bool,
    pub discoverable: bool,
    pub permissions: u64,
    pub confirmed: bool,
    pub approved: bool,
    pub disabled: bool,
    pub suspended: bool,
    /// The server has deleted what it held; the name stays.
    #[serde(default)]
    pub deleted: bool,
    pub limited: bool,
    pub moved: Option<String>,
    /// The newest pin first.
    pub pins: Vec<u64>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Status {
    pub id: u64,
    pub account: String,
    pub text: String,
    pub visibility: String,
}

impl Server {
    pub fn fresh() -> Self {
        let mut server = Self {
            apps: BTreeMap::new(),
            tokens: BTreeMap::new(),
            codes: BTreeMap::new(),
            accounts: BTreeMap::new(),
            statuses: BTreeMap::new(),
            keyed: BTreeMap::new(),
            version: "4.7.0".into(),
            limits: Limits::default(),
            most_fields: MOST_FIELDS,
            ready: BTreeMap::new(),
            last_id: 100,
        };
        for (name, permissions) in [
            (OURS, EVERYBODYS),
            (OTHER, EVERYBODYS),
            (ADMIN, ADMINISTRATORS),
        ] {
            server.add_account(name, permissions);
        }
        let ours = server.add_app("Guildhall", NEEDED);
        let narrow = server.add_app("Narrow", "read:accounts read:statuses");
        let broad = server.add_app("Broad", "read write follow admin:read admin:write");
        let admin = server.add_app(
            "Administration",
            "read:accounts admin:read:accounts admin:write:accounts",
        );
        let unread = server.add_app("Unread", "admin:read:accounts admin:write:accounts");
        for (name, app, account) in [
            ("access_token", &ours, Some(OURS)),
            ("other_token", &ours, Some(OTHER)),
            ("app_token", &ours, None),
            ("narrow_token", &narrow, Some(OURS)),
            ("broad_token", &broad, Some(OURS)),
            ("admin_token", &admin, Some(ADMIN)),
            ("unread_admin_token", &unread, Some(ADMIN)),
        ] {
            let scopes = server.apps[app].scopes.clone();
            let token = server.issue(app, account, scopes);
            server.ready.insert(name.to_owned(), token);
        }
        let secret = server.apps[&ours].secret.clone();
        server.ready.insert("client_id".into(), ours);
        server.ready.insert("client_secret".into(), secret);
        server
    }

    pub fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    pub fn add_account(&mut self, name: &str, permissions: u64) -> String {
        let id = self.next_id().to_string();
        let account = Account {
            id: id.clone(),
            username: name.to_owned(),
            display_name: name.to_owned(),
            discoverable: true,
            permissions,
            confirmed: true,
            approved: true,
            ..Account::default()
        };
        self.accounts.insert(id.clone(), account);
        id
    }

    /// Empties an account. Its name stays taken, and it is shown as suspended; where an administrator had it deleted, its
    /// login stays too, and is disabled.
    pub fn delete(&mut self, id: &str, by_administrator: bool) {
        let Some(account) = self.accounts.get_mut(id) else {
            return;
        };
        *account = Account {
            id: account.id.clone(),
            username: account.username.clone(),
            confirmed: true,
            approved: true,
            disabled: true,
            suspended: true,
            deleted: true,
            ..Account::default()
        };
        self.statuses.retain(|_, status| status.account != id);
        if !by_administrator {
            self.tokens
                .retain(|_, token| token.account.as_deref() != Some(id));
        }
    }

    pub fn add_app(&mut self, name: &str, scopes: &str) -> String {
        let id = fresh_key();
        let app = App {
            name: name.to_owned(),
            secret: fresh_key(),
            scopes: scopes.split_whitespace().map(str::to_owned).collect(),
        };
        self.apps.insert(id.clone(), app);
        id
    }

    /// A token; an account by its name.
    pub fn issue(&mut self, app: &str, account: Option<&str>, scopes: Vec<String>) -> String {
        let account = account
            .and_then(|name| self.named(name))
            .map(|one| one.id.clone());
        let text = fresh_key();
        let token = Token {
            app: app.to_owned(),
            account,
            scopes,
            revoked: false,
        };
        self.tokens.insert(text.clone(), token);
        text
    }

    pub fn named(&self, name: &str) -> Option<&Account> {
        let name = name.trim_start_matches('@');
        self.accounts
            .values()
            .find(|account| account.username.eq_ignore_ascii_case(name))
    }

    /// The first two numbers of the version.
    pub fn is_at_least(&self, major: u32, minor: u32) -> bool {
        let mut numbers = self
            .version
            .split('.')
            .filter_map(|part| part.parse::<u32>().ok());
        let own = (
            numbers.next().unwrap_or_default(),
            numbers.next().unwrap_or_default(),
        );
        own >= (major, minor)
    }
}

/// Forty-three digits, as the real server makes ids, secrets, tokens and codes.
pub fn fresh_key() -> String {
    let letters = rand::rng().sample_iter(rand::distr::Alphanumeric);
    letters.take(43).map(char::from).collect()
}
