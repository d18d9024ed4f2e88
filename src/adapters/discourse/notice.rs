//! The pinned topic that says whose category it is.

use super::{
    client::{Client, bad_answer},
    record::{self, Places},
};
use crate::adapters::{
    contract::Site,
    durable::{Halt, Op},
    http::{Method, segment},
};
use crate::domain::{Fault, clean_line};
use serde_json::{Value, json};

pub(super) async fn ensure(op: &Op, client: &Client, places: &mut Places) -> Result<u64, Halt> {
    let site = op.site();
    let category = places.category()?.id;
    let mark = record::notice_mark(site);
    let topic = match places.notice {
        Some(topic) => topic,
        None => {
            op.ensure(
                "notice",
                |_| find(client, &mark),
                |_| create(site, client, category, &mark),
            )
            .await?
        }
    };
    places.notice = Some(topic);
    places.save(op).await?;
    op.step("pin", || pin(client, topic)).await?;
    Ok(topic)
}

/// The topic behind an external id: the forum leads on to its address (published description).
pub(super) async fn find(client: &Client, mark: &str) -> Result<Option<u64>, Fault> {
    let path = format!("/t/external_id/{}.json", segment(mark));
    let answer = client
        .call(Method::GET, &path)
        .no_redirects()
        .send()
        .await?;
    if (300..400).contains(&answer.status) {
        let leads_to = answer.header("location").unwrap_or_default();
        return topic_in(leads_to)
            .map(Some)
            .ok_or_else(|| bad_answer(client.base(), "the number of the topic"));
    }
    if matches!(answer.status, 404 | 410) {
        return Ok(None);
    }
    let shown: Value = client.accept(answer, "find the notice").await?.json()?;
    Ok(shown["id"].as_u64())
}

/// The number in `/t/12.json` and `/t/words-of-it/12.json`.
fn topic_in(address: &str) -> Option<u64> {
    let path = address.split(['?', '#']).next()?;
    let last = path.rsplit('/').next()?;
    last.strip_suffix(".json").unwrap_or(last).parse().ok()
}

/// The title: fifteen characters at least (sheet: discourse 3), and another for every instance, since a forum takes each
/// title once.
pub(super) fn title(site: &Site) -> String {
    let name = clean_line(&site.community_name);
    format!("About {name} ({})", record::mark(site))
}

async fn create(site: &Site, client: &Client, category: u64, mark: &str) -> Result<u64, Fault> {
    let body = json!({
        "title": title(site),
        "raw": format!(
            "This category belongs to {}. Guildhall made it and looks after it.",
            clean_line(&site.community_name)
        ),
        "category": category,
        "external_id": mark,
    });
    let answer = client.try_send(Method::POST, "/posts.json", &body).await?;
    // The reaction to an external id that is taken is not known (sheet: discourse 9): look before believing a refusal.
    if answer.status == 422
        && let Some(topic) = find(client, mark).await?
    {
        return Ok(topic);
    }
    let made: Value = client.accept(answer, "write the notice").await?.json()?;
    made["topic_id"]
        .as_u64()
        .ok_or_else(|| bad_answer(client.base(), "the number of the notice"))
}

async fn pin(client: &Client, topic: u64) -> Result<(), Fault> {
    let path = format!("/t/{topic}/status.json");
    let body = json!({"status": "pinned", "enabled": "true"});
    client
        .send(Method::PUT, &path, &body, "pin the notice")
        .await
        .map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::topic_in;

    #[test]
    fn the_number_is_read_from_every_form_of_a_topics_address() {
        assert_eq!(topic_in("/t/12.json"), Some(12));
        assert_eq!(
            topic_in("https://f.example/sub/t/words/12.json?x=1"),
            Some(12)
        );
        assert_eq!(topic_in("/login"), None);
    }
}
