//! Posts of ours: made once, found by their words, pinned.

use super::{
    client::{Client, Status},
    errors,
    record::Known,
};
use crate::adapters::{
    contract::Site,
    durable::{Halt, Op},
    http::{Method, segment},
};
use crate::domain::{Fault, FaultKind, clean_line};
use serde_json::json;

/// What the pinned notice says.
pub(super) fn text(site: &Site) -> String {
    format!(
        "This account speaks for {}. Guildhall looks after it.",
        clean_line(&site.community_name)
    )
}

/// What is pinned while the instance is switched off.
pub(super) fn pause_text(site: &Site) -> String {
    format!(
        "This account of {} is paused and posts nothing for now.",
        clean_line(&site.community_name)
    )
}

/// The words of a post without its markup.
fn plain(content: &str) -> String {
    let mut words = String::new();
    let mut inside = false;
    for letter in content.chars() {
        match letter {
            '<' => inside = true,
            '>' => inside = false,
            letter if !inside => words.push(letter),
            _ => {}
        }
    }
    [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ]
    .into_iter()
    .fold(words, |words, (coded, letter)| words.replace(coded, letter))
}

fn with_words(posts: Vec<Status>, text: &str) -> Option<String> {
    posts
        .into_iter()
        .find(|post| plain(&post.content) == text)
        .map(|post| post.id)
}

/// Posts once. The server takes the same key for the same post for an hour (sheet: mastodon 4); after that the words
/// tell.
pub(super) async fn post(
    op: &Op,
    client: &Client,
    account: &str,
    step: &str,
    text: &str,
) -> Result<String, Halt> {
    let visibility = op.site().settings.get("visibility").unwrap_or("unlisted");
    op.ensure(
        step,
        |_| async move {
            if let Some(pinned) = with_words(client.pinned(account).await?, text) {
                return Ok(Some(pinned));
            }
            Ok(with_words(client.newest(account).await?, text))
        },
        |key| async move {
            let call = client
                .call(Method::POST, "/api/v1/statuses")
                .header("Idempotency-Key", key.as_str())
                .keyed()
                .json(&json!({"status": text, "visibility": visibility}));
            let made = client.send(call, "post").await?;
            made["id"].as_str().map(str::to_owned).ok_or_else(|| {
                Fault::new(
                    FaultKind::OutcomeUnknown,
                    "The server did not name the post; whether it was made is not known.",
                )
                .hint("Resume the operation: what stands is found.")
            })
        },
    )
    .await
}

/// Makes the notice and pins it. One that was deleted meanwhile is posted anew.
pub(super) async fn ensure(op: &Op, client: &Client, known: &mut Known) -> Result<(), Halt> {
    if let Some(id) = known.notice.clone() {
        match op.step("pin", || pin(client, &known.id, &id)).await {
            Err(Halt::Stopped(fault)) if errors::is_missing(&fault) => {
                known.notice = None;
                // The server remembers a key for an hour, also that of a post that was deleted.
                known.lost_notices += 1;
                known.save(op).await?;
            }
            other => return other,
        }
    }
    let step = match known.lost_notices {
        0 => "notice".to_owned(),
        lost => format!("notice {lost}"),
    };
    let id = post(op, client, &known.id, &step, &text(op.site())).await?;
    known.notice = Some(id.clone());
    known.save(op).await?;
    op.step("pin", || pin(client, &known.id, &id)).await
}

/// Pins a post; one that is pinned already is left.
pub(super) async fn pin(client: &Client, account: &str, id: &str) -> Result<(), Fault> {
    let pinned = client.pinned(account).await?;
    if pinned.iter().any(|post| post.id == id) {
        return Ok(());
    }
    let path = format!("/api/v1/statuses/{}/pin", segment(id));
    let call = client.call(Method::POST, &path).keyed();
    client.send(call, "pin the post").await.map(|_| ())
}

/// Takes a pin away; a post that is gone has none.
pub(super) async fn unpin(client: &Client, id: &str) -> Result<(), Fault> {
    let path = format!("/api/v1/statuses/{}/unpin", segment(id));
    let answer = client.call(Method::POST, &path).keyed().send().await?;
    if matches!(answer.status, 404 | 410) && errors::is_json(&answer) {
        return Ok(());
    }
    errors::accept(answer, "unpin the post").map(|_| ())
}

/// Deletes a post of ours; what other servers have of it cannot be recalled.
pub(super) async fn delete(client: &Client, id: &str) -> Result<(), Fault> {
    let path = format!("/api/v1/statuses/{}", segment(id));
    let answer = client.call(Method::DELETE, &path).send().await?;
    if matches!(answer.status, 404 | 410) && errors::is_json(&answer) {
        return Ok(());
    }
    errors::accept(answer, "delete the post").map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn the_words_of_a_post_are_read_out_of_its_markup() {
        assert_eq!(
            plain("<p>Bread &amp; <a href=\"x\">roses</a> &lt;3</p>"),
            "Bread & roses <3"
        );
    }
}
