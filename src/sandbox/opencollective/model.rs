//! What the simulated service remembers: users, tokens, accounts, applications, webhooks, counters.

use crate::sandbox::Delivery;
use rand::Rng as _;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A host that takes applications.
pub const OPEN_HOST: &str = "commons-host";
/// A host that takes none.
pub const CLOSED_HOST: &str = "closed-host";

/// Everything.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Service {
    pub users: BTreeMap<String, User>,
    pub tokens: BTreeMap<String, Token>,
    pub accounts: BTreeMap<String, Account>,
    pub applications: Vec<Application>,
    pub webhooks: Vec<Webhook>,
    /// Requests in the running minute, by token or anonymous, and path.
    pub windows: BTreeMap<String, Window>,
    /// Counted creations by user, and when the counter empties.
    pub creations: BTreeMap<String, Window>,
    /// Looked-up webhook addresses by user, and when the counter empties.
    pub lookups: BTreeMap<String, Window>,
    pub next_legacy: u64,
    /// Whether the next creations commit and then answer with an unknown error.
    pub stumbling_creations: u32,
    /// What the call in hand sends elsewhere.
    #[serde(skip)]
    pub outgoing: Vec<Delivery>,
    /// The tokens of the ready-made users.
    pub ready: BTreeMap<String, String>,
}

/// A counter with its end.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Window {
    pub count: u32,
    pub ends_ms: i64,
}

/// A user.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct User {
    pub slug: String,
    pub name: String,
    pub two_factor: bool,
    pub limited: bool,
    /// May not make collectives at the moment.
    pub restricted: bool,
}

/// A personal token.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Token {
    pub user: String,
    pub scopes: BTreeSet<String>,
    pub expires_ms: Option<i64>,
    pub suspended: bool,
    pub pre_authorized: bool,
}

/// An account.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a field of its own on the real service"
)]
pub struct Account {
    pub legacy: u64,
    pub slug: String,
    pub kind: String,
    pub name: String,
    pub description: String,
    pub tags: Vec<String>,
    pub admins: BTreeSet<String>,
    /// Who was invited to administer it and has not accepted.
    #[serde(default)]
    pub invited: BTreeSet<String>,
    pub settings: Value,
    pub archived: bool,
    pub frozen: bool,
    pub approved: bool,
    pub host: Option<String>,
    pub deleted: bool,
    /// Has expenses, transactions or paid orders.
    pub has_history: bool,
    /// For hosts: takes applications.
    pub is_open: bool,
}

/// An application to a host.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Application {
    pub id: String,
    pub collective: String,
    pub host: String,
    pub status: String,
}

/// A webhook.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Webhook {
    pub id: String,
    pub user: String,
    pub collective: String,
    pub activity: String,
    /// None for the notification of a person.
    pub address: Option<String>,
}

/// A random id: `acc_` and 21 characters, as new accounts have.
pub fn fresh_id(prefix: &str) -> String {
    let letters = rand::rng().sample_iter(rand::distr::Alphanumeric).take(21);
    format!("{prefix}_{}", letters.map(char::from).collect::<String>())
}

fn fresh_token() -> String {
    let mut random = rand::rng();
    (0..40)
        .map(|_| char::from_digit(random.random_range(0..16), 16).unwrap_or('0'))
        .collect()
}

impl Service {
    /// A service with a few users, their tokens and two hosts.
    pub fn fresh() -> Self {
        let mut service = Self {
            next_legacy: 10_895,
            ..Self::default()
        };
        let ours = &["account", "webhooks"];
        let user = service.add_user("guildhall-bot", "Guildhall Bot");
        let other = service.add_user("somebody-else", "Somebody Else");
        let keeper = service.add_user("host-keeper", "Host Keeper");
        let excess = ["account", "webhooks", "expenses", "orders", "applications"];
        for (name, user, scopes) in [
            ("token", &user, ours.as_slice()),
            ("other", &other, ours),
            ("host", &keeper, &["account", "webhooks", "host"]),
            ("excess", &user, &excess),
        ] {
            let token = service.add_token(user, scopes);
            service.ready.insert(name.into(), token);
        }
        service.add_host(OPEN_HOST, &keeper, true);
        service.add_host(CLOSED_HOST, &other, false);
        service
    }

    pub fn add_user(&mut self, slug: &str, name: &str) -> String {
        let id = fresh_id("acc");
        let user = User {
            slug: slug.into(),
            name: name.into(),
            ..User::default()
        };
        self.users.insert(id.clone(), user);
        id
    }

    pub fn add_token(&mut self, user: &str, scopes: &[&str]) -> String {
        let token = Token {
            user: user.into(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            ..Token::default()
        };
        let text = fresh_token();
        self.tokens.insert(text.clone(), token);
        text
    }

    pub fn add_host(&mut self, slug: &str, admin: &str, is_open: bool) -> String {
        self.add_account(Account {
            slug: slug.into(),
            name: slug.into(),
            kind: "ORGANIZATION".into(),
            admins: BTreeSet::from([admin.to_owned()]),
            settings: json!({}),
            is_open,
            ..Account::default()
        })
    }

    pub fn add_account(&mut self, mut account: Account) -> String {
        self.next_legacy += 1;
        account.legacy = self.next_legacy;
        let id = fresh_id("acc");
        self.accounts.insert(id.clone(), account);
        id
    }

    /// The id under a short name; deleted accounts have none.
    pub fn id_of(&self, slug: &str) -> Option<String> {
        self.accounts
            .iter()
            .find(|(_, account)| account.slug == slug && !account.deleted)
            .map(|(id, _)| id.clone())
    }

    pub fn account(&self, id: &str) -> Option<&Account> {
        self.accounts.get(id).filter(|account| !account.deleted)
    }

    pub fn account_mut(&mut self, id: &str) -> Option<&mut Account> {
        self.accounts.get_mut(id).filter(|account| !account.deleted)
    }

    /// The account that a reference of the API names, by id or short name.
    pub fn referred(&self, reference: &Value) -> Option<String> {
        if let Some(id) = reference["id"].as_str() {
            return self.account(id).map(|_| id.to_owned());
        }
        self.id_of(reference["slug"].as_str()?)
    }

    /// The application that is still open or was approved; null again after a rejection.
    pub fn standing_application(&self, id: &str) -> Option<&Application> {
        let host = self.account(id)?.host.as_deref()?;
        self.applications
            .iter()
            .rev()
            .find(|application| application.collective == id && application.host == host)
    }
}
