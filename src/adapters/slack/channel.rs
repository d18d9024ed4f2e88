//! Channels: their names, their marker, how they are looked up, made and changed.

use super::client::Client;
use super::record::Place;
use crate::adapters::contract::Site;
use crate::domain::{Fault, FaultKind, clean_line};
use serde::Deserialize;
use serde_json::{Value, json};

/// The most characters of topic and purpose, and of a name (sheet: slack 4).
const LONGEST_TEXT: usize = 250;
const LONGEST_NAME: usize = 80;
/// The kinds of channels that are looked at; direct messages never are.
const KINDS: (&str, &str) = ("types", "public_channel,private_channel");

/// A channel as Slack shows it.
#[derive(Debug, Clone, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a field of Slack's channel object"
)]
pub(super) struct Channel {
    pub id: String,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub is_private: bool,
    #[serde(default)]
    pub is_archived: bool,
    #[serde(default)]
    pub is_member: bool,
    #[serde(default)]
    pub is_general: bool,
    #[serde(default)]
    pub creator: String,
    #[serde(default)]
    topic: Words,
    #[serde(default)]
    purpose: Words,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Words {
    #[serde(default)]
    value: String,
}

impl Channel {
    pub fn topic(&self) -> String {
        plain(&self.topic.value)
    }

    pub fn purpose(&self) -> String {
        plain(&self.purpose.value)
    }

    /// The marker in its purpose, without the brackets.
    pub fn marker(&self) -> Option<String> {
        let purpose = self.purpose();
        let (_, after) = purpose.split_once("[gh:")?;
        after.split_once(']').map(|(marker, _)| clean_line(marker))
    }
}

/// Slack writes `&`, `<` and `>` as entities in texts.
fn plain(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

/// A text cut to so many characters.
pub(super) fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// The marker of a part of an instance: this incarnation's own, so that an earlier one's channels are never mistaken for it.
pub(super) fn marker(site: &Site, part: &str) -> String {
    if part.is_empty() {
        site.marker.clone()
    } else {
        format!("{}-{part}", site.marker)
    }
}

/// The purpose: what the community is, then the marker. Every member can read it.
pub(super) fn purpose(site: &Site, part: &str) -> String {
    let marker = format!("[gh:{}]", marker(site, part));
    let room = LONGEST_TEXT.saturating_sub(marker.chars().count() + 1);
    let about = cut(&clean_line(&site.description), room);
    if about.is_empty() {
        marker
    } else {
        format!("{about} {marker}")
    }
}

/// The topic from the settings, none where it is not set.
pub(super) fn topic(site: &Site) -> Option<String> {
    site.settings
        .get("topic")
        .map(|text| cut(&clean_line(text), LONGEST_TEXT))
}

/// The topic of a paused channel.
pub(super) fn paused_topic(topic: &str) -> String {
    cut(&format!("[paused] {topic}"), LONGEST_TEXT)
}

/// A name with an ending, within what Slack takes.
pub(super) fn name_with(name: &str, ending: &str) -> String {
    let room = LONGEST_NAME.saturating_sub(ending.len());
    format!("{}{ending}", cut(name, room))
}

/// The parts of the instance: the first channel has an empty one.
///
/// # Errors
/// [`FaultKind::BadInput`] for a name that Slack does not take.
pub(super) fn parts(site: &Site) -> Result<Vec<String>, Fault> {
    let mut parts = vec![String::new()];
    for part in site.settings.list("channels") {
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    for part in &parts {
        let name = name_of(site, part);
        let fits = |letter: char| {
            letter.is_ascii_lowercase() || letter.is_ascii_digit() || matches!(letter, '-' | '_')
        };
        let has_letter = name.chars().any(char::is_alphanumeric);
        if name.len() > LONGEST_NAME || !name.chars().all(fits) || !has_letter {
            return Err(Fault::new(
                FaultKind::BadInput,
                format!("Slack takes no channel with the name {name}; nothing was sent."),
            )
            .hint("Use at most 80 lower-case letters, digits, dashes and underscores."));
        }
    }
    Ok(parts)
}

/// The name of a part's channel.
pub(super) fn name_of(site: &Site, part: &str) -> String {
    let first = site
        .settings
        .get("channel_name")
        .map_or_else(|| format!("gov-{}", site.slug), str::to_owned);
    if part.is_empty() {
        first
    } else {
        format!("{first}-{part}")
    }
}

/// Every channel the bot sees, archived ones included.
pub(super) async fn list(client: &Client) -> Result<Vec<Channel>, Fault> {
    let query = [KINDS, ("exclude_archived", "false")];
    client
        .all(
            "conversations.list",
            &query,
            "channels",
            "list the channels",
        )
        .await
}

/// The channels the bot is in.
pub(super) async fn joined(client: &Client) -> Result<Vec<Channel>, Fault> {
    let query = [KINDS, ("exclude_archived", "false")];
    client
        .all(
            "users.conversations",
            &query,
            "channels",
            "list the bot's channels",
        )
        .await
}

/// A channel, when the bot sees it.
pub(super) async fn look(client: &Client, id: &str) -> Result<Option<Channel>, Fault> {
    let reply = client
        .read("conversations.info", &[("channel", id)])
        .await?;
    if reply.is(&["channel_not_found"]) {
        return Ok(None);
    }
    let mut body = reply.accept("look at a channel", &[])?;
    serde_json::from_value(body["channel"].take())
        .map(Some)
        .map_err(|error| super::errors::unreadable("look at a channel", &error))
}

/// The members of a channel.
pub(super) async fn members(client: &Client, id: &str) -> Result<Vec<String>, Fault> {
    let query = [("channel", id)];
    client
        .all(
            "conversations.members",
            &query,
            "members",
            "list the members of a channel",
        )
        .await
}

/// The channel of a part that a former attempt made: by its marker, or by name where the marker was not set any more. Then
/// its purpose is empty, it is the bot's, and it has the exact name.
pub(super) async fn find(
    client: &Client,
    site: &Site,
    bot: &str,
    part: &str,
) -> Result<Option<Channel>, Fault> {
    let (wanted, name) = (marker(site, part), name_of(site, part));
    let all = list(client).await?;
    let marked = all
        .iter()
        .find(|channel| channel.marker().as_deref() == Some(wanted.as_str()));
    let half_made = || {
        all.iter().find(|channel| {
            channel.name == name
                && channel.creator == bot
                && channel.purpose().is_empty()
                && !channel.is_archived
        })
    };
    Ok(marked.or_else(half_made).cloned())
}

/// Makes the channel of a part. The bot is its maker and in it.
pub(super) async fn create(
    client: &Client,
    site: &Site,
    bot: &str,
    part: &str,
) -> Result<Channel, Fault> {
    let name = name_of(site, part);
    let body = json!({"name": name, "is_private": site.settings.is_on("private")});
    let reply = client.make("conversations.create", &body).await?;
    if reply.is(&["name_taken"])
        && let Some(found) = find(client, site, bot, part).await?
    {
        return Ok(found);
    }
    let doing = format!("make the channel {name}");
    let mut body = reply.accept(&doing, &[])?;
    serde_json::from_value(body["channel"].take()).map_err(|error| Fault {
        kind: FaultKind::OutcomeUnknown,
        ..super::errors::unreadable(&doing, &error)
    })
}

/// Sets the purpose, which holds the marker.
pub(super) async fn mark(client: &Client, site: &Site, place: &Place) -> Result<(), Fault> {
    let body = json!({"channel": place.id, "purpose": purpose(site, &place.part)});
    let doing = format!("set the purpose of {}", place.name);
    let reply = client.set("conversations.setPurpose", &body).await?;
    reply.accept(&doing, &[]).map(|_| ())
}

/// Takes the marker out of the purpose.
pub(super) async fn unmark(client: &Client, site: &Site, place: &Place) -> Result<(), Fault> {
    let about = cut(&clean_line(&site.description), LONGEST_TEXT);
    let body = json!({"channel": place.id, "purpose": about});
    let doing = format!("set the purpose of {}", place.name);
    let reply = client.set("conversations.setPurpose", &body).await?;
    reply.accept(&doing, &[]).map(|_| ())
}

/// Sets the topic.
pub(super) async fn set_topic(
    client: &Client,
    id: &str,
    name: &str,
    topic: &str,
) -> Result<(), Fault> {
    let body = json!({"channel": id, "topic": topic});
    let reply = client.set("conversations.setTopic", &body).await?;
    let doing = format!("set the topic of {name}");
    reply.accept(&doing, &[]).map(|_| ())
}

/// Renames a channel. Returns why not, where somebody else decides.
pub(super) async fn rename(client: &Client, id: &str, name: &str) -> Result<Option<String>, Fault> {
    let body = json!({"channel": id, "name": name});
    let reply = client.set("conversations.rename", &body).await?;
    let doing = format!("rename the channel to {name}");
    if reply.is(&["not_authorized", "name_taken", "restricted_action"]) {
        return Ok(Some(reply.fault(&doing).what));
    }
    reply.accept(&doing, &[]).map(|_| None)
}

/// Lets the bot in where anybody may come in.
pub(super) async fn join(client: &Client, channel: &Channel) -> Result<(), Fault> {
    if channel.is_member || channel.is_private || channel.is_archived {
        return Ok(());
    }
    let body = json!({"channel": channel.id});
    let reply = client.set("conversations.join", &body).await?;
    let doing = format!("join the channel {}", channel.name);
    reply.accept(&doing, &["already_in_channel"]).map(|_| ())
}

/// Invites people, a hundred at a time. Returns the ids Slack did not take.
pub(super) async fn invite(
    client: &Client,
    id: &str,
    people: &[String],
) -> Result<Vec<String>, Fault> {
    let mut refused = Vec::new();
    for some in people.chunks(100) {
        let body = json!({"channel": id, "users": some.join(","), "force": true});
        let reply = client.set("conversations.invite", &body).await?;
        if let Some(errors) = reply.body["errors"].as_array() {
            refused.extend(errors.iter().filter_map(not_taken));
        } else if reply.is(&["user_not_found", "cant_invite"]) && some.len() == 1 {
            refused.extend_from_slice(some);
        } else {
            reply.accept("invite people", &["already_in_channel", "cant_invite_self"])?;
        }
    }
    Ok(refused)
}

fn not_taken(error: &Value) -> Option<String> {
    let is_so_already = matches!(
        error["error"].as_str(),
        Some("already_in_channel" | "cant_invite_self")
    );
    if is_so_already {
        return None;
    }
    error["user"].as_str().map(clean_line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_are_read_and_an_escaped_entity_stays() {
        assert_eq!(plain("a &amp; b &lt;c&gt;"), "a & b <c>");
        assert_eq!(plain("&amp;lt;"), "&lt;");
    }

    #[test]
    fn names_and_topics_stay_within_their_limits() {
        let long = "x".repeat(80);
        let name = name_with(&long, "-paused");
        assert_eq!((name.len(), name.ends_with("-paused")), (80, true));
        assert_eq!(paused_topic(&"ü".repeat(300)).chars().count(), 250);
    }
}
