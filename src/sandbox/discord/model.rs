//! What the imitation remembers.

use super::permissions::{DEFAULT, EVERYONE};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use rand::Rng as _;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The first millisecond of Discord's ids (sheet: discord 2).
pub const EPOCH_MS: i64 = 1_420_070_400_000;

/// Everything.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Discord {
    pub apps: BTreeMap<String, App>,
    pub guilds: BTreeMap<String, Guild>,
    pub channels: BTreeMap<String, Channel>,
    pub webhooks: BTreeMap<String, Webhook>,
    pub invites: BTreeMap<String, Invite>,
    /// Calls in a running span, and when it ends.
    pub windows: BTreeMap<String, Window>,
    /// Distinguishes ids of one millisecond.
    pub next: u64,
    pub unlimited: bool,
    /// The next calls that are refused as too many.
    pub slow: Option<Slow>,
    /// The ready-made keys.
    pub ready: BTreeMap<String, String>,
}

/// An application; its bot has the same id.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct App {
    pub name: String,
    pub token: String,
    pub owner: String,
    pub public: bool,
    pub code_grant: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Guild {
    pub name: String,
    pub owner: String,
    pub mfa_level: u8,
    /// Whether it is a Community guild, whose rules channel cannot be deleted.
    pub rules_channel: Option<String>,
    pub roles: BTreeMap<String, Role>,
    /// The roles of each member.
    pub members: BTreeMap<String, Vec<String>>,
    /// What staff see: who did what, and the reason given.
    pub audit: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Role {
    pub name: String,
    pub position: i64,
    pub permissions: u64,
    /// The bot it belongs to.
    pub bot: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Channel {
    pub guild: String,
    pub name: String,
    pub kind: u8,
    pub parent: Option<String>,
    pub topic: Option<String>,
    pub position: i64,
    pub overwrites: Vec<Overwrite>,
    pub messages: Vec<Message>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overwrite {
    pub id: String,
    /// 0 role, 1 member.
    pub kind: u8,
    pub allow: u64,
    pub deny: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Message {
    pub id: String,
    pub author: String,
    pub webhook: Option<String>,
    pub content: String,
    pub nonce: Option<String>,
    pub at_ms: i64,
    pub pinned: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Webhook {
    pub guild: String,
    pub channel: String,
    pub name: String,
    pub token: String,
    pub maker: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Invite {
    pub guild: String,
    pub channel: String,
    pub maker: String,
    pub max_age: u64,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Window {
    pub count: u32,
    pub ends_ms: i64,
}

/// A refusal that was ordered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Slow {
    /// `user`, `shared` or `global`.
    pub scope: String,
    pub seconds: f64,
    pub times: u32,
}

impl Discord {
    /// Two servers, an app that is in one of them, one that nobody invited, one with too much power.
    pub fn fresh() -> Self {
        let mut discord = Self::default();
        let amina = discord.id(EPOCH_MS + 1000);
        let ben = discord.id(EPOCH_MS + 1000);
        let home = discord.add_guild("Rosewood", &amina);
        let other = discord.add_guild("Elsewhere", &ben);
        if let Some(guild) = discord.guilds.get_mut(&home) {
            guild.members.insert(ben.clone(), Vec::new());
        }
        discord.add_channel(&home, "lobby", 0, None);
        let bot = discord.add_app("Guildhall", &amina);
        let outside = discord.add_app("Guildhall outside", &amina);
        let mighty = discord.add_app("Does everything", &amina);
        // Only a public bot can be added by somebody else than its owner.
        if let Some(app) = discord.apps.get_mut(&mighty) {
            app.public = true;
        }
        // Ready-made applications are in; those whose invitation failed would be missing in every test at once.
        let joined = discord.join(&bot, &home, DEFAULT, &amina).is_ok()
            && discord.join(&mighty, &home, 8, &amina).is_ok()
            && discord.join(&mighty, &other, 8, &ben).is_ok();
        let token = |app: &String| discord.apps[app].token.clone();
        for (name, value) in [
            ("guild_id", home),
            ("other_guild_id", other),
            ("bot_token", token(&bot)),
            ("bot_token_outside", token(&outside)),
            ("bot_token_with_too_much", token(&mighty)),
            ("bot", bot.clone()),
            ("bot_outside", outside.clone()),
            ("owner", amina),
            ("member", ben),
        ] {
            if joined {
                discord.ready.insert(name.to_owned(), value);
            }
        }
        discord
    }

    /// A new id that tells its time.
    pub fn id(&mut self, now_ms: i64) -> String {
        self.next += 1;
        let since = u64::try_from(now_ms - EPOCH_MS).unwrap_or_default();
        ((since << 22) | (self.next % (1 << 22))).to_string()
    }

    fn early_id(&mut self) -> String {
        self.id(EPOCH_MS + 300_000_000_000)
    }

    pub fn add_guild(&mut self, name: &str, owner: &str) -> String {
        let id = self.early_id();
        let everyone = Role {
            name: "@everyone".into(),
            position: 0,
            permissions: EVERYONE,
            bot: None,
        };
        let guild = Guild {
            name: name.to_owned(),
            owner: owner.to_owned(),
            mfa_level: 0,
            rules_channel: None,
            roles: BTreeMap::from([(id.clone(), everyone)]),
            members: BTreeMap::from([(owner.to_owned(), Vec::new())]),
            audit: Vec::new(),
        };
        self.guilds.insert(id.clone(), guild);
        id
    }

    pub fn add_app(&mut self, name: &str, owner: &str) -> String {
        let id = self.early_id();
        let app = App {
            name: name.to_owned(),
            token: token_of(&id),
            owner: owner.to_owned(),
            public: false,
            code_grant: false,
        };
        self.apps.insert(id.clone(), app);
        id
    }

    pub fn add_channel(
        &mut self,
        guild: &str,
        name: &str,
        kind: u8,
        parent: Option<&str>,
    ) -> String {
        let id = self.early_id();
        let channel = Channel {
            guild: guild.to_owned(),
            name: name.to_owned(),
            kind,
            parent: parent.map(str::to_owned),
            topic: None,
            position: 0,
            overwrites: Vec::new(),
            messages: Vec::new(),
        };
        self.channels.insert(id.clone(), channel);
        id
    }

    /// A server with an owner and a bot of its own in it; answers its id and the bot's token.
    ///
    /// # Errors
    /// As [`Self::join`].
    pub fn add_guild_with_bot(&mut self, name: &str) -> Result<(String, String), String> {
        let owner = self.early_id();
        let guild = self.add_guild(name, &owner);
        let bot = self.add_app(name, &owner);
        self.join(&bot, &guild, DEFAULT, &owner)?;
        Ok((guild, self.apps[&bot].token.clone()))
    }

    /// A person opens the invite page: the bot comes in with a role of its own that has the asked bits.
    ///
    /// # Errors
    /// In words, as the page refuses.
    pub fn join(
        &mut self,
        app: &str,
        guild: &str,
        permissions: u64,
        person: &str,
    ) -> Result<(), String> {
        let known = self.apps.get(app).ok_or("no such application")?;
        if known.code_grant {
            return Err("the application requires a code grant".into());
        }
        if !known.public && known.owner != person {
            return Err("only its owner may add a private bot".into());
        }
        let name = known.name.clone();
        let joined = |guild: &&Guild| guild.members.contains_key(app);
        if self.guilds.values().filter(joined).count() >= 100 {
            return Err("the bot is in 100 servers (30001)".into());
        }
        let role = self.early_id();
        let place = self.guilds.get_mut(guild).ok_or("no such server")?;
        let is_inside = place.members.contains_key(app);
        let mut roles = place.roles.values_mut();
        if let Some(held) = roles.find(|held| held.bot.as_deref() == Some(app) && is_inside) {
            // Agreeing once more changes what its role may do, and not where it stands.
            held.permissions = permissions;
            return Ok(());
        }
        for held in place.roles.values_mut().filter(|held| held.position > 0) {
            held.position += 1;
        }
        let held = Role {
            name,
            position: 1,
            permissions,
            bot: Some(app.to_owned()),
        };
        place.roles.insert(role.clone(), held);
        place.members.insert(app.to_owned(), vec![role]);
        Ok(())
    }
}

/// A token in the look of Discord's: the id, then two random parts.
pub fn token_of(app: &str) -> String {
    format!(
        "{}.{}.{}",
        BASE64_URL_SAFE_NO_PAD.encode(app),
        random(6),
        random(38)
    )
}

pub fn random(length: usize) -> String {
    let letters = rand::rng().sample_iter(rand::distr::Alphanumeric);
    letters.take(length).map(char::from).collect()
}
