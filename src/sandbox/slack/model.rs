//! What the imitation remembers.

use super::manifests::{Configuration, Refresh};
use rand::Rng as _;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The scopes of a bot as the sheet asks for them (sheet: slack 2), and reading pins.
const BOT_SCOPES: [&str; 10] = [
    "channels:manage",
    "channels:read",
    "channels:join",
    "groups:write",
    "groups:read",
    "chat:write",
    "team:read",
    "users:read",
    "pins:write",
    "pins:read",
];

/// Everything.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Slack {
    pub teams: BTreeMap<String, Team>,
    pub apps: BTreeMap<String, App>,
    pub tokens: BTreeMap<String, Token>,
    #[serde(default)]
    pub configurations: BTreeMap<String, Configuration>,
    #[serde(default)]
    pub configuration_refreshes: BTreeMap<String, Refresh>,
    /// The most apps of one owner; Slack does not publish it.
    #[serde(default)]
    pub managed_cap: Option<usize>,
    /// Refresh tokens that were not spent yet, with the token they replace.
    pub refreshes: BTreeMap<String, String>,
    pub users: BTreeMap<String, User>,
    pub channels: BTreeMap<String, Channel>,
    pub webhooks: BTreeMap<String, Webhook>,
    /// Calls in the running minute or second, and when it ends.
    pub windows: BTreeMap<String, Window>,
    pub next: u64,
    /// Whether calls are counted.
    pub unlimited: bool,
    /// The most entries of a page.
    pub page: usize,
    /// Methods whose next calls do their work and then answer `internal_error`.
    pub stumbling: BTreeMap<String, u32>,
    /// The word with which a bot's unarchiving is refused; Slack does not document it.
    pub unarchive_word: String,
    /// The ready-made keys.
    pub ready: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Team {
    pub name: String,
    pub domain: String,
    /// The most apps, on the free plan.
    pub app_cap: Option<usize>,
    /// Whether members other than owners may make and archive channels.
    pub restricted: bool,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct App {
    pub name: String,
    pub client_id: String,
    pub client_secret: String,
    pub scopes: Vec<String>,
    /// Where it is installed: an app that is not distributed is in one workspace only.
    pub team: Option<String>,
    pub bot: String,
    pub rotates: bool,
    /// Whose configuration token made it.
    #[serde(default)]
    pub owner: Option<String>,
    /// The workspace of that token.
    #[serde(default)]
    pub meant_for: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Token {
    pub app: String,
    pub team: String,
    pub user: String,
    pub is_bot: bool,
    pub scopes: Vec<String>,
    pub revoked: bool,
    pub expires_ms: Option<i64>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct User {
    pub name: String,
    pub team: String,
    pub is_bot: bool,
    pub is_admin: bool,
    pub deleted: bool,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Channel {
    pub team: String,
    pub name: String,
    pub previous_names: Vec<String>,
    pub creator: String,
    pub members: BTreeSet<String>,
    pub topic: String,
    pub purpose: String,
    pub is_private: bool,
    pub is_archived: bool,
    pub is_general: bool,
    pub messages: Vec<Message>,
    /// The stamps of the pinned messages.
    pub pins: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Message {
    pub ts: String,
    pub user: String,
    pub text: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Webhook {
    pub team: String,
    pub channel: String,
    pub app: String,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Window {
    pub count: u32,
    pub ends_ms: i64,
}

impl Slack {
    /// Two workspaces with people, an app in each, an app with too much, and a webhook.
    pub fn fresh() -> Self {
        let mut slack = Self {
            next: 100,
            page: 1000,
            unarchive_word: "not_in_channel".into(),
            ..Self::default()
        };
        let home = slack.add_team("Rosewood", "rosewood");
        let other = slack.add_team("Elsewhere", "elsewhere");
        let amina = slack.add_user(&home, "amina", true);
        let ben = slack.add_user(&home, "ben", false);
        let general = slack.add_channel(&home, "general", &amina);
        if let Some(general) = slack.channels.get_mut(&general) {
            general.is_general = true;
            general.members.insert(ben.clone());
        }
        slack.add_channel(&home, "proposals", &amina);
        let scopes = |more: &[&str]| -> Vec<String> {
            let all = BOT_SCOPES.iter().chain(more);
            all.map(|scope| (*scope).to_owned()).collect()
        };
        let reading = ["channels:history", "groups:history"];
        let bot = slack.install_new("Guildhall", &home, scopes(&[]));
        let reader = slack.install_new("Guildhall reads", &home, scopes(&reading));
        let mighty = slack.install_new(
            "Does everything",
            &home,
            scopes(&["admin", "files:write", "channels:history"]),
        );
        let elsewhere = slack.install_new("Guildhall", &other, scopes(&[]));
        let person_scopes = ["channels:write", "groups:write"].map(str::to_owned);
        let app = slack.tokens[&bot].app.clone();
        let person = slack.add_token(&app, &home, &amina, false, person_scopes.into());
        let hook = slack.add_webhook(&app, &general);
        let now = jiff::Timestamp::now().as_millisecond();
        let configuration = slack.add_configuration(&home, &amina, now);
        let refresh = slack.add_refresh(&home, &amina);
        let keys = slack.apps[&app].clone();
        let bot_user = keys.bot.clone();
        for (name, value) in [
            ("team_id", home),
            ("bot_token", bot),
            ("bot_token_that_reads", reader),
            ("bot_token_with_too_much", mighty),
            ("bot_token_of_another_workspace", elsewhere),
            ("user_token", person),
            ("webhook_url", hook),
            ("config_token", configuration),
            ("config_refresh", refresh),
            ("client_id", keys.client_id),
            ("client_secret", keys.client_secret),
            ("bot", bot_user),
            ("member", ben),
            ("admin", amina),
        ] {
            slack.ready.insert(name.to_owned(), value);
        }
        slack
    }

    /// A new id with its letter, in Slack's look.
    pub fn id(&mut self, letter: char) -> String {
        self.next += 1;
        format!("{letter}0{:09X}", self.next * 7919)
    }

    pub fn add_team(&mut self, name: &str, domain: &str) -> String {
        let id = self.id('T');
        let team = Team {
            name: name.to_owned(),
            domain: domain.to_owned(),
            app_cap: Some(10),
            restricted: false,
        };
        self.teams.insert(id.clone(), team);
        id
    }

    pub fn add_user(&mut self, team: &str, name: &str, is_admin: bool) -> String {
        let id = self.id('U');
        let user = User {
            name: name.to_owned(),
            team: team.to_owned(),
            is_bot: false,
            is_admin,
            deleted: false,
        };
        self.users.insert(id.clone(), user);
        id
    }

    pub fn add_channel(&mut self, team: &str, name: &str, creator: &str) -> String {
        let id = self.id('C');
        let channel = Channel {
            team: team.to_owned(),
            name: name.to_owned(),
            creator: creator.to_owned(),
            members: BTreeSet::from([creator.to_owned()]),
            ..Channel::default()
        };
        self.channels.insert(id.clone(), channel);
        id
    }

    /// An app that is not installed yet.
    pub fn add_app(&mut self, name: &str, scopes: Vec<String>) -> String {
        let id = self.id('A');
        let app = App {
            name: name.to_owned(),
            client_id: format!("{}.{}", self.next * 1013, self.next * 7919),
            client_secret: random("0123456789abcdef", 32),
            scopes,
            ..App::default()
        };
        self.apps.insert(id.clone(), app);
        id
    }

    /// Installs an app and answers its bot's token.
    ///
    /// # Errors
    /// Slack's word: another workspace than its own, or too many apps on the free plan.
    pub fn install(&mut self, app: &str, team: &str) -> Result<String, String> {
        let place = self.teams.get(team).ok_or("no such team")?.clone();
        let installed = self
            .apps
            .values()
            .filter(|app| app.team.as_deref() == Some(team))
            .count();
        let known = self.apps.get(app).ok_or("no such app")?.clone();
        if known.team.as_deref().is_some_and(|its| its != team) {
            return Err("invalid_team_for_non_distributed_app".into());
        }
        if known.team.is_none() && place.app_cap.is_some_and(|cap| installed >= cap) {
            return Err("the workspace has as many apps as its plan allows".into());
        }
        let bot = if known.bot.is_empty() {
            let bot = self.add_user(team, &known.name.to_lowercase().replace(' ', "-"), false);
            if let Some(user) = self.users.get_mut(&bot) {
                user.is_bot = true;
            }
            bot
        } else {
            known.bot.clone()
        };
        if let Some(entry) = self.apps.get_mut(app) {
            entry.team = Some(team.to_owned());
            entry.bot.clone_from(&bot);
        }
        Ok(self.add_token(app, team, &bot, true, known.scopes))
    }

    /// A workspace of its own with an administrator and the app of a community in it; answers its id and the bot's token.
    ///
    /// # Errors
    /// As [`Self::install`].
    pub fn add_team_with_app(&mut self, name: &str) -> Result<(String, String), String> {
        let team = self.add_team(name, name);
        let admin = self.add_user(&team, "admin", true);
        let general = self.add_channel(&team, &format!("general-{name}"), &admin);
        if let Some(general) = self.channels.get_mut(&general) {
            general.is_general = true;
        }
        let app = self.add_app("Guildhall", BOT_SCOPES.map(str::to_owned).into());
        let token = self.install(&app, &team)?;
        Ok((team, token))
    }

    fn install_new(&mut self, name: &str, team: &str, scopes: Vec<String>) -> String {
        let app = self.add_app(name, scopes);
        self.install(&app, team).unwrap_or_default()
    }

    pub fn add_token(
        &mut self,
        app: &str,
        team: &str,
        user: &str,
        is_bot: bool,
        scopes: Vec<String>,
    ) -> String {
        let letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        let kind = if is_bot { "xoxb" } else { "xoxp" };
        let text = format!("{kind}-{}-{}", self.next * 131, random(letters, 24));
        let token = Token {
            app: app.to_owned(),
            team: team.to_owned(),
            user: user.to_owned(),
            is_bot,
            scopes,
            revoked: false,
            expires_ms: None,
        };
        self.tokens.insert(text.clone(), token);
        text
    }

    /// A webhook into a channel; answers its address.
    pub fn add_webhook(&mut self, app: &str, channel: &str) -> String {
        let team = self
            .channels
            .get(channel)
            .map(|channel| channel.team.clone())
            .unwrap_or_default();
        let hook = self.id('B');
        let letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        let key = format!("{team}/{hook}/{}", random(letters, 24));
        let webhook = Webhook {
            team,
            channel: channel.to_owned(),
            app: app.to_owned(),
        };
        self.webhooks.insert(key.clone(), webhook);
        format!("https://hooks.slack.com/services/{key}")
    }

    /// Whether the next call of a method does its work and then stumbles.
    pub fn stumble(&mut self, method: &str) -> bool {
        match self.stumbling.get_mut(method) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            _ => false,
        }
    }

    /// The id of a channel by id or name.
    pub fn channel_named(&self, reference: &str) -> Option<String> {
        self.channels
            .iter()
            .find(|(id, channel)| id.as_str() == reference || channel.name == reference)
            .map(|(id, _)| id.clone())
    }
}

impl Channel {
    /// The channel object, as `user` sees it.
    pub fn shown(&self, id: &str, user: &str) -> Value {
        json!({
            "id": id, "name": self.name, "name_normalized": self.name, "is_channel": !self.is_private,
            "is_group": self.is_private, "is_private": self.is_private, "is_archived": self.is_archived,
            "is_general": self.is_general, "is_member": self.members.contains(user),
            "creator": self.creator, "previous_names": self.previous_names,
            "num_members": self.members.len(), "context_team_id": self.team,
            "topic": {"value": escaped(&self.topic), "creator": "", "last_set": 0},
            "purpose": {"value": escaped(&self.purpose), "creator": "", "last_set": 0},
        })
    }
}

/// Slack writes three characters as entities.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

pub fn random(letters: &str, length: usize) -> String {
    let letters: Vec<char> = letters.chars().collect();
    let mut random = rand::rng();
    (0..length)
        .map(|_| letters[random.random_range(0..letters.len())])
        .collect()
}
