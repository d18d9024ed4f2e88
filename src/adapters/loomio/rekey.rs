//! Another key for a bot that the script made on the operator's own server. A bot has exactly one, so the old one is dead
//! at once (sheet: loomio 2). Read against the source of Loomio, and not run on a real server: the key is a column of the user
//! that gets its first value when the user is made (`app/models/user.rb` and `app/models/concerns/has_tokens.rb` @ 1617e5d),
//! a version that could be read has no call of its own to replace it, so that the script writes the column, and requests are
//! let in by comparing that column as it stands, among users that are not deactivated
//! (`app/controllers/api/b2/authenticates_api_key.rb` @ f541474). The source that could be read is of several ages.

use super::{client::Client, record, script, verify};
use crate::adapters::{
    contract::Site,
    durable::{Halt, Op},
};
use crate::domain::Identity;
use secrecy::SecretString;
use serde_json::json;

/// Whether the script can do it: the bot is ours, and its container is known.
pub(super) fn is_possible(site: &Site) -> bool {
    site.made_by_us && site.external_id.is_some() && record::container(site).is_some()
}

/// Has the script give the bot another key. One that an interrupted run got and nobody knows is replaced by the next.
pub(super) async fn mint(op: &Op) -> Result<(SecretString, Option<Identity>), Halt> {
    op.progress("new key", 0, 1, "script in the container");
    let site = op.site();
    let input = json!({
        "do": "rekey",
        "bot_email": record::bot_email(site)?,
        "group_id": record::group_id(site)?,
    });
    let made: script::Rekeyed = script::run(site, &input, op.cancel()).await?;
    let key = SecretString::from(made.api_key);
    // The old key is dead by now: a server that cannot be reached at the moment must not lose the new one as well.
    let listed = match Client::new(site, key.clone(), op.cancel()) {
        Ok(client) => client.groups().await,
        Err(fault) => Err(fault),
    };
    let identity = match listed {
        Ok(listing) => Some(verify::identity(site, &listing)),
        Err(fault) => {
            tracing::warn!(%fault, "the bot's new key could not be looked at");
            None
        }
    };
    op.progress("new key", 1, 1, "");
    Ok((key, identity))
}
