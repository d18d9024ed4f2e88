//! Which of our communities stand behind objects of a platform.

use super::{Reader, columns::json_text};
use crate::domain::{CommunityId, Fault, PlatformId};

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
}
