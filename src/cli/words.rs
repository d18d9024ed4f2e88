//! How times and counts are written for people; the same words as on the screen.

pub use crate::domain::counted;
use jiff::{Timestamp, tz::TimeZone};

/// How long ago: "now", "2 m", "4 h", "3 d".
pub fn age(at: Timestamp) -> String {
    let seconds = (Timestamp::now().as_second() - at.as_second()).max(0);
    match seconds {
        0..60 => "now".to_owned(),
        60..3_600 => format!("{} m", seconds / 60),
        3_600..86_400 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// How long ago, in a sentence: "now", "2 m ago".
pub fn ago(at: Timestamp) -> String {
    match age(at) {
        now if now == "now" => now,
        age => format!("{age} ago"),
    }
}

/// The age of something that may not have happened.
pub fn age_of(at: Option<Timestamp>) -> String {
    at.map(age).unwrap_or_default()
}

/// Date and time of day where this host is.
pub fn when(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system())
        .strftime("%Y-%m-%d %H:%M")
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_is_now_is_not_said_to_be_ago() {
        let now = Timestamp::now();
        assert_eq!(ago(now), "now");
        assert_eq!(ago(now - Duration::from_secs(300)), "5 m ago");
    }
}
