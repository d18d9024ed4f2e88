//! Bitsets: what the bot needs, what is too much, and what a pause takes away (sheet: discord 1).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What the invite link asks for. Wide, because an overwrite may hold only bits the bot itself has, and a pause denies five.
pub(super) const DEFAULT: u64 = 378_762_497_105;
/// What a pause takes away: writing, writing in threads, making threads of both kinds, reacting.
pub(super) const MASK: u64 = 377_957_124_160;
pub(super) const VIEW_CHANNEL: u64 = 1 << 10;
pub(super) const SEND_MESSAGES: u64 = 1 << 11;
const ADMINISTRATOR: u64 = 1 << 3;

const NAMES: [(u64, &str); 11] = [
    (1, "Create Invite"),
    (1 << 4, "Manage Channels"),
    (1 << 6, "Add Reactions"),
    (VIEW_CHANNEL, "View Channels"),
    (SEND_MESSAGES, "Send Messages"),
    (1 << 16, "Read Message History"),
    (1 << 28, "Manage Roles"),
    (1 << 29, "Manage Webhooks"),
    (1 << 35, "Create Public Threads"),
    (1 << 36, "Create Private Threads"),
    (1 << 38, "Send Messages in Threads"),
];
const TOO_MUCH: [(u64, &str); 5] = [
    (ADMINISTRATOR, "Administrator"),
    (1 << 5, "Manage Server"),
    (1 << 1, "Kick Members"),
    (1 << 2, "Ban Members"),
    (1 << 17, "Mention Everyone"),
];

fn named(names: &[(u64, &str)], bits: u64) -> Vec<String> {
    let held = names.iter().filter(|(bit, _)| bits & bit != 0);
    held.map(|(_, name)| (*name).to_owned()).collect()
}

/// The permissions that are needed and not among these bits.
pub(super) fn missing(bits: u64) -> Vec<String> {
    if bits & ADMINISTRATOR != 0 {
        return Vec::new();
    }
    named(&NAMES, DEFAULT & !bits)
}

/// Those among these bits that are asked for.
pub(super) fn held(bits: u64) -> Vec<String> {
    named(&NAMES, bits)
}

/// Those among these bits that the bot must not need. All others follow from Administrator, so that one stands alone.
pub(super) fn excess(bits: u64) -> Vec<String> {
    let bits = if bits & ADMINISTRATOR == 0 {
        bits
    } else {
        ADMINISTRATOR
    };
    named(&TOO_MUCH, bits)
}

/// A bitset, as text or number.
pub(super) fn bits(value: &Value) -> u64 {
    value
        .as_u64()
        .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
        .unwrap_or(0)
}

/// An overwrite of a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Overwrite {
    pub id: String,
    /// 0 for a role, 1 for a member.
    pub kind: u64,
    pub allow: u64,
    pub deny: u64,
}

impl Overwrite {
    pub fn read(value: &Value) -> Option<Self> {
        Some(Self {
            id: value["id"].as_str()?.to_owned(),
            kind: bits(&value["type"]),
            allow: bits(&value["allow"]),
            deny: bits(&value["deny"]),
        })
    }

    /// As it is sent to its own address: bitsets as text, which the documentation wants.
    pub fn body(&self) -> Value {
        json!({"type": self.kind, "allow": self.allow.to_string(), "deny": self.deny.to_string()})
    }

    /// The same with the bits of a pause as they are in `other`.
    pub fn with_mask_of(&self, other: Option<&Self>) -> Self {
        let (allow, deny) = other.map_or((0, 0), |other| (other.allow, other.deny));
        Self {
            allow: (self.allow & !MASK) | (allow & MASK),
            deny: (self.deny & !MASK) | (deny & MASK),
            ..self.clone()
        }
    }
}

/// The overwrites with which nobody but the bot writes: everybody is denied, every other allowance loses the bits, for it
/// would win over the denial, and the bot keeps seeing and writing (sheet: discord 4, pause algorithm).
pub(super) fn closed(saved: &[Overwrite], everyone: &str, bot: &str) -> Vec<Overwrite> {
    let mut closed: Vec<Overwrite> = saved.to_vec();
    for (id, kind) in [(everyone, 0), (bot, 1)] {
        if !closed.iter().any(|one| one.id == id) {
            closed.push(Overwrite {
                id: id.to_owned(),
                kind,
                allow: 0,
                deny: 0,
            });
        }
    }
    for one in &mut closed {
        if one.id == bot {
            one.allow |= VIEW_CHANNEL | SEND_MESSAGES;
            one.deny &= !(VIEW_CHANNEL | SEND_MESSAGES);
        } else {
            one.allow &= !MASK;
            if one.id == everyone {
                one.deny |= MASK;
            }
        }
    }
    // The bot first, so that it never shuts itself out.
    closed.sort_by_key(|one| one.id != bot);
    closed
}

/// Whether bits hold every permission there is.
pub(super) const fn is_administrator(bits: u64) -> bool {
    bits & ADMINISTRATOR != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overwrite(id: &str, allow: u64, deny: u64) -> Overwrite {
        Overwrite {
            id: id.into(),
            kind: 0,
            allow,
            deny,
        }
    }

    #[test]
    fn an_allowance_of_a_role_does_not_survive_the_pause() {
        let saved = [overwrite("mods", SEND_MESSAGES | VIEW_CHANNEL, 0)];
        let closed = closed(&saved, "all", "bot");
        let of = |id: &str| closed.iter().find(|one| one.id == id).unwrap();
        assert_eq!(of("mods").allow, VIEW_CHANNEL);
        assert_eq!(of("all").deny, MASK);
        assert_eq!(of("bot").allow, VIEW_CHANNEL | SEND_MESSAGES);
        assert_eq!(closed[0].id, "bot");
    }

    #[test]
    fn only_the_bits_of_the_pause_are_put_back_where_somebody_edited() {
        let saved = overwrite("mods", SEND_MESSAGES, 0);
        let edited = overwrite("mods", 1 << 4, 1 << 1);
        let back = edited.with_mask_of(Some(&saved));
        assert_eq!((back.allow, back.deny), (SEND_MESSAGES | 1 << 4, 1 << 1));
    }

    #[test]
    fn administrators_lack_nothing_and_have_too_much() {
        assert!(missing(ADMINISTRATOR).is_empty());
        assert_eq!(excess(u64::MAX), ["Administrator"]);
        assert!(missing(DEFAULT).is_empty());
        assert_eq!(missing(DEFAULT & !SEND_MESSAGES), ["Send Messages"]);
    }
}
