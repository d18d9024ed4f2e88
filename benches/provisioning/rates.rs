//! What the platforms saw of each credential, held against what they grant it.

use crate::town::FORUM_GRANTS;
use guildhall::sandbox::RecordedCall;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// A limit of a platform, as its fact sheet says.
struct Limit {
    platform: &'static str,
    /// What is counted.
    what: &'static str,
    /// The most calls in any span of so many seconds.
    most: usize,
    seconds: i64,
    /// Against what a call counts; none where it does not.
    counts: fn(&RecordedCall) -> Option<String>,
}

fn of_the_key(call: &RecordedCall) -> Option<String> {
    call.credential.map(|key| key.to_string())
}

/// Slack counts each method of each app and workspace by itself.
fn of_the_method(call: &RecordedCall) -> Option<String> {
    Some(format!("{} {}", of_the_key(call)?, call.path))
}

/// Methods of which Slack grants 20 a minute; of the others it grants 50 and more.
const SLOW: [&str; 9] = [
    "conversations.create",
    "conversations.list",
    "conversations.archive",
    "conversations.unarchive",
    "conversations.rename",
    "conversations.setTopic",
    "conversations.setPurpose",
    "pins.add",
    "pins.list",
];

fn is_slow(call: &RecordedCall) -> bool {
    SLOW.iter().any(|method| call.path.ends_with(method))
}

const LIMITS: &[Limit] = &[
    Limit {
        platform: "slack",
        what: "calls of a slow method with a key",
        most: 20,
        seconds: 60,
        counts: |call| of_the_method(call).filter(|_| is_slow(call)),
    },
    Limit {
        platform: "slack",
        what: "calls of any other method with a key",
        most: 50,
        seconds: 60,
        counts: |call| of_the_method(call).filter(|_| !is_slow(call)),
    },
    Limit {
        platform: "discord",
        what: "calls with a key",
        most: 50,
        seconds: 1,
        counts: of_the_key,
    },
    Limit {
        platform: "mastodon",
        what: "calls with a key",
        most: 300,
        seconds: 300,
        counts: of_the_key,
    },
    Limit {
        platform: "opencollective",
        what: "calls with a key",
        most: 100,
        seconds: 60,
        counts: of_the_key,
    },
    Limit {
        platform: "loomio",
        what: "calls of all keys together",
        most: 900,
        seconds: 300,
        counts: |_| Some(String::new()),
    },
    Limit {
        platform: "discourse",
        what: "calls of all keys together",
        most: FORUM_GRANTS as usize,
        seconds: 60,
        counts: |_| Some(String::new()),
    },
    // A bucket of ten that fills by 0.016 a second.
    Limit {
        platform: "matrix",
        what: "rooms made with a key",
        most: 11,
        seconds: 60,
        counts: |call| of_the_key(call).filter(|_| call.path.ends_with("/createRoom")),
    },
    // A bucket of ten that fills by 0.2 a second.
    Limit {
        platform: "matrix",
        what: "messages and settings of rooms with a key",
        most: 11,
        seconds: 5,
        counts: |call| {
            let sends = call.path.contains("/state/") || call.path.contains("/send/");
            of_the_key(call).filter(|_| sends && call.method == "PUT")
        },
    },
];

/// Prints each limit with the most calls of any one credential within any span.
pub fn print(calls: &[RecordedCall]) {
    println!(
        "{:<16}{:<44}{:>8}{:>9}{:>13}{:>18}",
        "", "limit: what", "granted", "within s", "credentials", "most in any span"
    );
    for limit in LIMITS {
        let mut counted: BTreeMap<String, Vec<Timestamp>> = BTreeMap::new();
        for call in calls.iter().filter(|call| call.platform == limit.platform) {
            if let Some(credential) = (limit.counts)(call) {
                counted.entry(credential).or_default().push(call.at);
            }
        }
        let span = SignedDuration::from_secs(limit.seconds);
        let most = counted.values_mut().map(|times| most_within(times, span));
        let most = most.max().unwrap_or(0);
        println!(
            "{:<16}{:<44}{:>8}{:>9}{:>13}{:>18}",
            limit.platform,
            limit.what,
            limit.most,
            limit.seconds,
            counted.len(),
            most
        );
    }
}

/// The most of these times that lie within any span of this length.
fn most_within(times: &mut [Timestamp], span: SignedDuration) -> usize {
    times.sort_unstable();
    let mut first = 0;
    let mut most = 0;
    for (place, time) in times.iter().enumerate() {
        while time.duration_since(times[first]) >= span {
            first += 1;
        }
        most = most.max(place + 1 - first);
    }
    most
}
