//! How long a platform asks us to wait, in all the shapes in which platforms say it.
//!
//! Must not know what the call was for.

use super::budget::RateRule;
use jiff::Timestamp;
use reqwest::header::HeaderMap;
use serde_json::Value;
use std::time::Duration;

/// No wait is believed to be longer than this: a clock or a unit is wrong there.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The wait where a platform says "slow down" and nothing else (sheet: loomio, errors: 5 minutes for the whole server).
const UNSAID: Duration = Duration::from_secs(5 * 60);

/// The most that is assumed from our own rules where nothing is said: a daily rule must not park an operation for a day.
const UNSAID_LONGEST: Duration = Duration::from_secs(15 * 60);

/// The wait an answer asks for, if it says one.
///
/// Understood are `Retry-After` (seconds, fractional seconds, HTTP date), `retry_after_ms`, `retry_after` and
/// `wait_seconds` in a JSON body, `X-RateLimit-Reset-After`, and `X-RateLimit-Reset` or `RateLimit-Reset` (seconds from now,
/// Unix time in seconds or milliseconds, ISO date). An explicit wait goes before a reset time, since a reset describes a
/// window that may not be the one that is full; of two explicit ones the longer holds.
pub(super) fn asked(headers: &HeaderMap, body: &[u8], clock: Timestamp) -> Option<Duration> {
    // Reset times are read on the platform's clock where it shows it.
    let now = text(headers, "date").and_then(date).unwrap_or(clock);
    let said = text(headers, "retry-after").and_then(|value| moment(value, now));
    let written = serde_json::from_slice(body)
        .ok()
        .and_then(|body: Value| in_body(&body));
    said.max(written)
        .or_else(|| text(headers, "x-ratelimit-reset-after").and_then(seconds_text))
        .or_else(|| text(headers, "x-ratelimit-reset").and_then(|value| moment(value, now)))
        .or_else(|| text(headers, "ratelimit-reset").and_then(|value| moment(value, now)))
        .map(|wait| wait.min(LONGEST))
}

/// The wait to assume where the answer does not say one: the longest of our own rules, at least five minutes.
pub(super) fn assumed(rules: &[RateRule]) -> Duration {
    rules
        .iter()
        .map(|rule| rule.per)
        .fold(UNSAID, Duration::max)
        .min(UNSAID_LONGEST)
}

fn text<'headers>(headers: &'headers HeaderMap, name: &str) -> Option<&'headers str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// A wait in seconds, a Unix time, an HTTP date or an ISO date.
fn moment(value: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(number) = value.parse::<f64>() {
        return number.is_finite().then(|| number_from(number, now))?;
    }
    date(value).map(|until| Duration::try_from(until.duration_since(now)).unwrap_or_default())
}

/// Small numbers are seconds from now, large ones Unix time, very large ones Unix time in milliseconds.
fn number_from(number: f64, now: Timestamp) -> Option<Duration> {
    const UNIX_TIME: f64 = 1e9;
    const UNIX_MILLIS: f64 = 1e11;
    if number < UNIX_TIME {
        return seconds(number);
    }
    let unix = if number < UNIX_MILLIS {
        number
    } else {
        number / 1000.0
    };
    let now = Duration::try_from(now.duration_since(Timestamp::UNIX_EPOCH)).ok()?;
    seconds((unix - now.as_secs_f64()).max(0.0))
}

fn date(value: &str) -> Option<Timestamp> {
    if let Ok(zoned) = jiff::fmt::rfc2822::parse(value) {
        return Some(zoned.timestamp());
    }
    value.parse().ok()
}

fn seconds_text(value: &str) -> Option<Duration> {
    value.parse().ok().and_then(seconds)
}

fn seconds(value: f64) -> Option<Duration> {
    if !value.is_finite() || value < 0.0 {
        return None;
    }
    Duration::try_from_secs_f64(value.min(LONGEST.as_secs_f64())).ok()
}

fn in_body(body: &Value) -> Option<Duration> {
    let here = [
        number(&body["retry_after_ms"]).and_then(|millis| seconds(millis / 1000.0)),
        number(&body["retry_after"]).and_then(seconds),
        number(&body["wait_seconds"]).and_then(seconds),
    ];
    let nested = ["extras", "error", "data"]
        .into_iter()
        .filter_map(|name| body.get(name))
        .filter(|inner| inner.is_object())
        .map(in_body);
    here.into_iter().chain(nested).flatten().max()
}

fn number(value: &Value) -> Option<f64> {
    value
        .as_f64()
        .or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::{HeaderName, HeaderValue};

    fn wait(headers: &[(&'static str, &str)], body: &str) -> Option<Duration> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(
                HeaderName::from_static(name),
                HeaderValue::from_str(value).unwrap(),
            );
        }
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        asked(&map, body.as_bytes(), now)
    }

    #[test]
    fn every_shape_of_slow_down_is_understood() {
        let minute = Some(Duration::from_secs(60));
        for headers in [
            ("retry-after", "60"),
            ("retry-after", " 60.000 "),
            ("retry-after", "Sun, 22 Nov 2026 12:01:00 GMT"),
            ("x-ratelimit-reset", "1795348860"),
            ("x-ratelimit-reset", "1795348860000"),
            ("x-ratelimit-reset", "2026-11-22T12:01:00.000000Z"),
            ("x-ratelimit-reset-after", "60"),
            ("ratelimit-reset", "60"),
        ] {
            assert_eq!(wait(&[headers], ""), minute, "{headers:?}");
        }
        for body in [
            r#"{"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":60000}"#,
            r#"{"message":"You are being rate limited.","retry_after":60.0,"global":false}"#,
            r#"{"errors":["x"],"error_type":"rate_limit","extras":{"wait_seconds":60}}"#,
        ] {
            assert_eq!(wait(&[], body), minute, "{body}");
        }
        assert_eq!(
            wait(&[("retry-after", "57.662")], ""),
            Some(Duration::from_millis(57_662))
        );
    }

    #[test]
    fn nonsense_is_not_a_wait() {
        for value in ["", "soon", "-5", "NaN", "inf"] {
            assert_eq!(wait(&[("retry-after", value)], "Retry later"), None);
        }
        assert_eq!(wait(&[], "<html>slow down</html>"), None);
        assert_eq!(wait(&[], r#"{"retry_after":null}"#), None);
    }

    #[test]
    fn a_wait_has_bounds() {
        assert_eq!(wait(&[("retry-after", "99999999")], ""), Some(LONGEST));
        let past = ("retry-after", "Sun, 22 Nov 2026 11:00:00 GMT");
        assert_eq!(wait(&[past], ""), Some(Duration::ZERO));
        let old = ("x-ratelimit-reset", "1700000000");
        assert_eq!(wait(&[old], ""), Some(Duration::ZERO));
    }

    #[test]
    fn the_longer_explicit_wait_holds_and_beats_a_reset_time() {
        let both = wait(&[("retry-after", "58")], r#"{"retry_after_ms":57049}"#);
        assert_eq!(both, Some(Duration::from_secs(58)));
        let reset = ("x-ratelimit-reset", "2026-11-22T13:00:00Z");
        assert_eq!(
            wait(&[("retry-after", "2"), reset], ""),
            Some(Duration::from_secs(2))
        );
    }

    #[test]
    fn a_reset_time_is_read_on_the_platforms_clock() {
        let shown = ("date", "Sun, 22 Nov 2026 09:00:00 GMT");
        let reset = ("x-ratelimit-reset", "2026-11-22T09:00:30Z");
        assert_eq!(wait(&[shown, reset], ""), Some(Duration::from_secs(30)));
    }

    #[test]
    fn silence_means_the_longest_default() {
        let minutes = |count: u64| Duration::from_secs(count * 60);
        assert_eq!(assumed(&[]), minutes(5));
        assert_eq!(assumed(&[RateRule::new(10, minutes(10))]), minutes(10));
        assert_eq!(assumed(&[RateRule::new(2880, minutes(1440))]), minutes(15));
    }
}
