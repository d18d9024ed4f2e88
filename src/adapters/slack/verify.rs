//! Who a token is, what it may do, and how far it reaches. A bot's token is never of one channel: that is told.

use super::app::{BOT_SCOPES, PERSON_SCOPES, READING_SCOPES, WEBHOOK_SCOPE};
use super::channel::{self, Channel};
use super::client::Client;
use super::record::Places;
use super::session::{self, Who};
use super::{
    BOT_TOKEN, CLIENT_ID, CLIENT_SECRET, CONFIG_REFRESH, CONFIG_TOKEN, USER_TOKEN, WEBHOOK, hook,
    make_app, observe,
};
use crate::adapters::contract::{Site, VerifyRequest};
use crate::domain::{Fault, FaultKind, Identity, Reach, ReachedObject, clean_line};
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

/// The most channels that are named.
const MOST_CHANNELS: usize = 40;

pub(super) async fn verify(request: &VerifyRequest<'_>) -> Result<Identity, Fault> {
    let (site, entered) = (request.site, request.entered);
    let mut found: Option<Identity> = None;
    if let Some(token) = entered.get(BOT_TOKEN) {
        found = Some(bot(site, token).await?);
    }
    if let Some(token) = entered.get(USER_TOKEN) {
        found = Some(joined(found, person(site, token).await?));
    }
    if let Some(address) = entered.get(WEBHOOK) {
        found = Some(joined(found, hook::verify(site, address).await?));
    }
    if let Some(token) = entered.get(CONFIG_TOKEN) {
        found = Some(joined(found, make_app::verify(site, token).await?));
    }
    if entered.get(CONFIG_REFRESH).is_some() {
        found = Some(joined(found, refresh()));
    }
    if entered.get(CLIENT_ID).is_some() || entered.get(CLIENT_SECRET).is_some() {
        found = Some(joined(found, unchecked()));
    }
    found.ok_or_else(|| {
        Fault::new(FaultKind::NeedsKey, "No key was entered.").hint(
            "Enter the bot's token, a configuration token, or the address of an incoming webhook.",
        )
    })
}

/// What two keys entered together are: the first one, with what is to be known of the second.
fn joined(first: Option<Identity>, second: Identity) -> Identity {
    let Some(mut first) = first else {
        return second;
    };
    first
        .warnings
        .push(format!("Entered with it: {}.", second.who));
    first.warnings.extend(second.warnings);
    first.scopes_missing.extend(second.scopes_missing);
    first.scopes_excess.extend(second.scopes_excess);
    first
}

/// Number and secret of the app can be tried only by using them, which would take the app away.
fn unchecked() -> Identity {
    Identity {
        who: "the community's app, by its number and secret".into(),
        warnings: vec![
            "These two cannot be tried without uninstalling the app; only their shape was checked."
                .into(),
        ],
        ..Identity::default()
    }
}

/// A refresh token can be tried only by using it up.
fn refresh() -> Identity {
    Identity {
        who: "whoever generated the configuration token that this renews".into(),
        warnings: vec![
            "It works once, so only its shape was checked. When Guildhall uses it, the pair that Slack gives for it is stored: the one entered is spent then.".into(),
        ],
        reach: Reach {
            unit: "app".into(),
            everything: Some(
                "every app of that person in that workspace: it gives tokens that can make, change and delete them".into(),
            ),
            ..Reach::default()
        },
        ..Identity::default()
    }
}

fn client(site: &Site, token: &SecretString) -> Result<Client, Fault> {
    Client::new(site, token.clone(), &CancellationToken::new())
}

async fn bot(site: &Site, token: &SecretString) -> Result<Identity, Fault> {
    let client = client(site, token)?;
    let who = session::who(&client).await?;
    if !who.is_bot {
        return Err(Fault::new(
            FaultKind::BadInput,
            format!("This token is the person {}'s, not a bot's.", who.name),
        )
        .hint("Copy the Bot User OAuth Token; it begins with xoxb-."));
    }
    session::check_team(site, &who)?;
    let mut wanted = BOT_SCOPES.to_vec();
    if site.settings.is_on("read_back") {
        wanted.extend(READING_SCOPES);
    }
    let mut identity = Identity {
        external_id: who.user.clone(),
        who: format!("@{}, a bot in the workspace {}", who.name, who.team.name),
        scopes_missing: who.missing(&wanted),
        scopes_excess: excess(&who, &wanted),
        scopes_held: who.scopes.clone().unwrap_or_default(),
        expires_at: expiry(&who),
        ..Identity::default()
    };
    identity.warnings.extend(warnings(&who));
    let can_list = !identity
        .scopes_missing
        .iter()
        .any(|scope| scope == "channels:read" || scope == "groups:read");
    if can_list {
        let inside = channel::joined(&client).await?;
        let all = channel::list(&client).await?;
        identity.slots = observe::slots(inside.len());
        identity.reach = reach(site, &who, &inside, &all)?;
        let foreign = identity
            .reach
            .objects
            .iter()
            .filter(|object| object.community != Some(site.community))
            .count();
        if foreign > 0 {
            identity.warnings.push(format!(
                "The bot is in {foreign} channels that are not this instance's; the token reaches them too."
            ));
        }
    }
    Ok(identity)
}

fn excess(who: &Who, wanted: &[&str]) -> Vec<String> {
    let held = who.scopes.iter().flatten();
    held.filter(|scope| !wanted.contains(&scope.as_str()) && *scope != WEBHOOK_SCOPE)
        .cloned()
        .collect()
}

fn warnings(who: &Who) -> Vec<String> {
    let mut warnings = Vec::new();
    if who.whole_organisation {
        warnings.push(
            "The app is installed in a whole Enterprise organisation: the token reaches every workspace of it.".into(),
        );
    }
    if who.scopes.is_none() {
        warnings.push("Slack did not say what the token may do.".into());
    }
    for scope in who.scopes.iter().flatten() {
        if scope.starts_with("admin") {
            warnings.push(format!(
                "{scope} lets it administer the workspace; Guildhall never needs that."
            ));
        } else if scope.ends_with(":history") {
            warnings.push(format!(
                "{scope} lets it read what people write. It is needed only to see the test of a connection arrive."
            ));
        }
    }
    if who.expires_in.is_some() {
        warnings.push(
            "Token rotation is switched on for this app: the token dies within 12 hours, and Guildhall does not renew it. Use an app without rotation.".into(),
        );
    }
    warnings
}

fn expiry(who: &Who) -> Option<Timestamp> {
    let seconds = who.expires_in?;
    Timestamp::now()
        .checked_add(SignedDuration::from_secs(seconds))
        .ok()
}

fn reach(site: &Site, who: &Who, inside: &[Channel], all: &[Channel]) -> Result<Reach, Fault> {
    let places = Places::at(site)?;
    let ours = |channel: &Channel| {
        let recorded = places
            .channels
            .iter()
            .chain(&places.unused)
            .any(|place| place.id == channel.id);
        let marked = channel
            .marker()
            .is_some_and(|marker| marker.starts_with(&site.marker));
        recorded || (marked && !site.marker.is_empty())
    };
    let objects: Vec<ReachedObject> = inside
        .iter()
        .take(MOST_CHANNELS)
        .map(|channel| ReachedObject {
            external_id: channel.id.clone(),
            name: format!("#{}", clean_line(&channel.name)),
            role: "member".into(),
            community: ours(channel).then_some(site.community),
        })
        .collect();
    let open = all
        .iter()
        .filter(|channel| !channel.is_private && !channel.is_archived)
        .count();
    Ok(Reach {
        unit: "channel".into(),
        total: (inside.len() > objects.len())
            .then(|| u64::try_from(inside.len()).ok())
            .flatten(),
        objects,
        everything: Some(format!(
            "all {open} public channels of the workspace {}, which it may enter",
            who.team.name
        )),
    })
}

async fn person(site: &Site, token: &SecretString) -> Result<Identity, Fault> {
    let client = client(site, token)?;
    let who = session::who(&client).await?;
    if who.is_bot {
        return Err(Fault::new(
            FaultKind::BadInput,
            "This token is a bot's, not a person's.",
        )
        .hint("Copy the User OAuth Token; it begins with xoxp-."));
    }
    session::check_team(site, &who)?;
    Ok(Identity {
        external_id: who.user.clone(),
        who: format!(
            "{}, a person in the workspace {}",
            who.name, who.team.name
        ),
        scopes_missing: who.missing(&PERSON_SCOPES),
        scopes_excess: excess(&who, &PERSON_SCOPES),
        scopes_held: who.scopes.clone().unwrap_or_default(),
        expires_at: expiry(&who),
        warnings: vec![
            "Guildhall acts as this person: it uses the token only to archive and unarchive this instance's channels.".into(),
        ],
        reach: Reach {
            unit: "channel".into(),
            everything: Some(format!(
                "every channel of {} that this person may archive",
                who.team.name
            )),
            ..Reach::default()
        },
        ..Identity::default()
    })
}
