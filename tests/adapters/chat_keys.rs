//! Keys of chat platforms that other services work with: asked about at the platform, as the platform wants to be asked.

use crate::world::{World, shipped};
use guildhall::domain::FaultKind;

/// Who works with a chat platform's token, and in which field it is kept.
const KEEPERS: [(&str, &str, &str); 5] = [
    ("policykit", "discord", "discord_bot_token"),
    ("metagov", "discord", "discord_bot_token"),
    ("sourcecred", "discord", "discord_token"),
    ("policykit", "slack", "slack_bot_token"),
    ("metagov", "slack", "slack_bot_token"),
];

#[tokio::test]
async fn a_bots_token_is_known_by_whoever_works_with_it_and_a_wrong_one_is_refused() {
    for (keeper, platform, field) in KEEPERS {
        let mut world = World::of(platform, &[]).await;
        let token = world.key("bot_token");
        world.adapter = shipped(keeper);
        let identity = world.verify(&[(field, &token)]).await;
        let identity = identity.unwrap_or_else(|fault| panic!("{keeper} {platform}: {fault:?}"));
        let reached = &identity.reach.objects;
        assert_eq!(reached.len(), 1, "{keeper} {platform}: {identity:?}");
        assert_eq!(reached[0].name, "Rosewood", "{keeper} {platform}");
        let wrong = token.chars().rev().collect::<String>();
        let fault = world.verify(&[(field, &wrong)]).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::KeyRejected, "{keeper} {platform}");
    }
}
