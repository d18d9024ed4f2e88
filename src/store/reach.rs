//! Which of our communities and instances stand behind an account, a key or objects of a platform.

use super::{Reader, columns::json_text};
use crate::domain::{AccountId, CommunityId, Fault, InstanceId, PlatformId};

impl Reader<'_> {
    /// The communities whose instance of a platform is one of these objects there.
    ///
    /// # Errors
    /// As the module says.
    pub fn communities_with_objects(
        &self,
        platform: &PlatformId,
        external_ids: &[String],
    ) -> Result<Vec<CommunityId>, Fault> {
        self.many(
            "SELECT DISTINCT community FROM instances WHERE platform = ?1 AND removed_at IS NULL
             AND external_id IN (SELECT value FROM json_each(?2)) ORDER BY community",
            (platform.as_str(), json_text(&external_ids)?),
            |row| row.get(0).map(CommunityId),
        )
    }

    /// The instances that are made with an account and are not removed, with their communities.
    ///
    /// # Errors
    /// As the module says.
    pub fn instances_using(
        &self,
        account: AccountId,
    ) -> Result<Vec<(InstanceId, CommunityId)>, Fault> {
        self.many(
            "SELECT i.id, i.community FROM account_uses u JOIN instances i ON i.id = u.instance
             WHERE u.account = ?1 AND i.removed_at IS NULL ORDER BY i.id",
            [account.0],
            |row| Ok((InstanceId(row.get(0)?), CommunityId(row.get(1)?))),
        )
    }
}
