//! Communities, with their counts.

use super::{
    Reader, Writer,
    columns::{Columns, millis, only_these},
    counts::{MarkCounts, mark_counts},
    fault,
};
use crate::domain::{Community, CommunityId, Fault, Slug};
use jiff::Timestamp;
use rusqlite::ToSql;

/// A community as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommunitySummary {
    /// The community.
    pub community: Community,
    /// Its instances, counted.
    pub counts: MarkCounts,
}

/// Which communities a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommunityFilter {
    /// Only those whose name or slug holds this text, in whatever case.
    pub text: String,
    /// Only these, for an actor who may not know of others.
    pub only: Option<Vec<CommunityId>>,
    /// Leave the archived ones out.
    pub without_archived: bool,
    /// Only those with an instance that failed, drifted or waits.
    pub needing_attention: bool,
}

const COMMUNITY: &str =
    "c.id, c.slug, c.name, c.description, c.created_at, c.archived_at FROM communities c";

fn community(columns: &mut Columns<'_>) -> rusqlite::Result<Community> {
    Ok(Community {
        id: CommunityId(columns.value()?),
        slug: columns.slug()?,
        name: columns.value()?,
        description: columns.value()?,
        created_at: columns.time()?,
        archived_at: columns.time_or_none()?,
    })
}

impl Reader<'_> {
    /// A community by its row.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn community(&self, id: CommunityId) -> Result<Community, Fault> {
        self.one(
            &format!("SELECT {COMMUNITY} WHERE c.id = ?1"),
            [id.0],
            |row| community(&mut Columns::of(row)),
        )?
        .ok_or_else(|| fault::not_found("community", id))
    }

    /// A community by its short name, if there is one.
    ///
    /// # Errors
    /// As the module says.
    pub fn community_by_slug(&self, slug: &Slug) -> Result<Option<Community>, Fault> {
        self.one(
            &format!("SELECT {COMMUNITY} WHERE c.slug = ?1"),
            [slug.as_str()],
            |row| community(&mut Columns::of(row)),
        )
    }

    /// One page of the list, at most `limit` rows, after a community of it (none: from the beginning). The living come
    /// before the archived, each by name.
    ///
    /// # Errors
    /// `NotFound` when that community does not exist.
    pub fn communities(
        &self,
        filter: &CommunityFilter,
        after: Option<CommunityId>,
        limit: u32,
    ) -> Result<Vec<CommunitySummary>, Fault> {
        // Looked up first: compared with a subquery, only the first column of the index would be used.
        let last = after
            .map(|id| self.place_in_order(id))
            .transpose()?
            .unwrap_or_default();
        let text = like(&filter.text);
        let only = only_these(filter.only.as_deref())?;
        let mut conditions = vec!["TRUE"];
        let mut values: Vec<(&str, &dyn ToSql)> = vec![(":limit", &limit)];
        if after.is_some() {
            conditions.push("(c.archived, c.sort_key, c.id) > (:archived, :sort_key, :id)");
            values.push((":archived", &last.0));
            values.push((":sort_key", &last.1));
            values.push((":id", &last.2));
        }
        if !filter.text.is_empty() {
            conditions.push(r"(c.sort_key LIKE :text ESCAPE '\' OR c.slug LIKE :text ESCAPE '\')");
            values.push((":text", &text));
        }
        if only.is_some() {
            conditions.push("c.id IN (SELECT value FROM json_each(:only))");
            values.push((":only", &only));
        }
        if filter.without_archived {
            conditions.push("c.archived = 0");
        }
        if filter.needing_attention {
            conditions.push("n.failed + n.waiting + n.drift > 0");
        }
        self.many(
            &format!(
                "SELECT c.id, c.slug, c.name, c.description, c.created_at, c.archived_at,
                    n.switched_on, n.active, n.inactive, n.waiting, n.others, n.working, n.failed, n.drift
                 FROM communities c CROSS JOIN community_counts n ON n.community = c.id
                 WHERE {} ORDER BY c.archived, c.sort_key, c.id LIMIT :limit",
                conditions.join(" AND ")
            ),
            values.as_slice(),
            |row| {
                let mut columns = Columns::of(row);
                Ok(CommunitySummary {
                    community: community(&mut columns)?,
                    counts: mark_counts(&mut columns)?,
                })
            },
        )
    }

    fn place_in_order(&self, id: CommunityId) -> Result<(i64, String, i64), Fault> {
        self.one(
            "SELECT archived, sort_key, id FROM communities WHERE id = ?1",
            [id.0],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?
        .ok_or_else(|| fault::not_found("community", id))
    }
}

impl Writer<'_> {
    /// Records a new community.
    ///
    /// # Errors
    /// `Conflict` when its slug is taken.
    pub fn insert_community(
        &self,
        slug: &Slug,
        name: &str,
        description: &str,
        now: Timestamp,
    ) -> Result<Community, Fault> {
        if let Some(existing) = self.community_by_slug(slug)? {
            return Err(fault::conflict(
                format!("There is a community {slug} already: {}.", existing.name),
                "Choose another slug with --slug.",
            ));
        }
        self.change(
            "INSERT INTO communities (slug, name, sort_key, description, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            (
                slug.as_str(),
                name,
                name.to_lowercase(),
                description,
                millis(now),
            ),
        )?;
        self.community(CommunityId(self.last_id()))
    }

    /// Archives a community. One that is archived keeps its time.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn archive_community(&self, id: CommunityId, now: Timestamp) -> Result<(), Fault> {
        self.change_one(
            "community",
            id,
            "UPDATE communities SET archived_at = coalesce(archived_at, ?2) WHERE id = ?1",
            (id.0, millis(now)),
        )
    }

    /// Gives a community another name or description; its slug stays.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn describe_community(
        &self,
        id: CommunityId,
        name: &str,
        description: &str,
    ) -> Result<(), Fault> {
        self.change_one(
            "community",
            id,
            "UPDATE communities SET name = ?2, sort_key = ?3, description = ?4 WHERE id = ?1",
            (id.0, name, name.to_lowercase(), description),
        )
    }
}

/// A pattern that finds a text anywhere, taking `%` and `_` as they are.
fn like(text: &str) -> String {
    let mut pattern = String::from("%");
    for character in text.to_lowercase().chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}
