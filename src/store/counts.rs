//! Instances counted by their marks, for a community and for the installation.

use super::{
    Reader,
    columns::{Columns, only_these},
    fault,
};
use crate::domain::{CommunityId, Fault, Mark};

/// How many instances bear each mark.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MarkCounts {
    /// Wanted active, whether they are or not.
    pub switched_on: u32,
    /// Active, as wanted.
    pub active: u32,
    /// Inactive, or not made yet.
    pub inactive: u32,
    /// Waiting for a key or a person.
    pub waiting: u32,
    /// Of the waiting, those that wait for somebody else's decision.
    pub others: u32,
    /// With an operation under way.
    pub working: u32,
    /// Failed or gone.
    pub failed: u32,
    /// Differing from the record.
    pub drift: u32,
}

impl MarkCounts {
    /// How many there are.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.active + self.inactive + self.waiting + self.working + self.failed + self.drift
    }

    fn less(&self, other: &Self) -> Self {
        Self {
            switched_on: self.switched_on - other.switched_on,
            active: self.active - other.active,
            inactive: self.inactive - other.inactive,
            waiting: self.waiting - other.waiting,
            others: self.others - other.others,
            working: self.working - other.working,
            failed: self.failed - other.failed,
            drift: self.drift - other.drift,
        }
    }

    /// The mark that most needs a person's eye: trouble before waiting, waiting before work, work before drift.
    #[must_use]
    pub fn worst(&self) -> Mark {
        [
            (self.failed, Mark::Failed),
            (self.waiting, Mark::Waiting),
            (self.working, Mark::Working),
            (self.drift, Mark::Drift),
            (self.active, Mark::Active),
        ]
        .into_iter()
        .find(|(count, _)| *count > 0)
        .map_or(Mark::Inactive, |(_, mark)| mark)
    }
}

/// The whole installation, counted. Instances of archived communities are left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Communities that are not archived.
    pub communities: u32,
    /// Communities that are.
    pub archived: u32,
    /// The instances of those that are not.
    pub counts: MarkCounts,
}

/// Takes the counts, in the order of [`COUNTS`].
pub(super) fn mark_counts(columns: &mut Columns<'_>) -> rusqlite::Result<MarkCounts> {
    Ok(MarkCounts {
        switched_on: columns.count()?,
        active: columns.count()?,
        inactive: columns.count()?,
        waiting: columns.count()?,
        others: columns.count()?,
        working: columns.count()?,
        failed: columns.count()?,
        drift: columns.count()?,
    })
}

const COUNTS: &str =
    "n.switched_on, n.active, n.inactive, n.waiting, n.others, n.working, n.failed, n.drift";

const SUMS: &str = "count(*), coalesce(sum(n.switched_on), 0), coalesce(sum(n.active), 0), coalesce(sum(n.inactive), 0),
    coalesce(sum(n.waiting), 0), coalesce(sum(n.others), 0), coalesce(sum(n.working), 0), coalesce(sum(n.failed), 0), coalesce(sum(n.drift), 0)";

impl Reader<'_> {
    /// The counts of one community.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn community_counts(&self, id: CommunityId) -> Result<MarkCounts, Fault> {
        self.one(
            &format!("SELECT {COUNTS} FROM community_counts n WHERE n.community = ?1"),
            [id.0],
            |row| mark_counts(&mut Columns::of(row)),
        )?
        .ok_or_else(|| fault::not_found("community", id))
    }

    /// The installation, counted; with `only`, what an actor of those communities may know of it.
    ///
    /// # Errors
    /// As the module says.
    pub fn totals(&self, only: Option<&[CommunityId]>) -> Result<Totals, Fault> {
        let only = only_these(only)?;
        let sums = |from: &str, only: &Option<String>| {
            let found = self.one(
                &format!("SELECT {SUMS} FROM {from}"),
                rusqlite::params_from_iter(only),
                |row| {
                    let mut columns = Columns::of(row);
                    Ok((columns.count()?, mark_counts(&mut columns)?))
                },
            )?;
            Ok::<_, Fault>(found.unwrap_or_default())
        };
        // All less the archived: no look at the name of each of 10,000 communities.
        let (all, archived) = if only.is_some() {
            (
                sums(
                    "community_counts n WHERE n.community IN (SELECT value FROM json_each(?1))",
                    &only,
                )?,
                sums(
                    "communities c JOIN community_counts n ON n.community = c.id
                     WHERE c.archived = 1 AND c.id IN (SELECT value FROM json_each(?1))",
                    &only,
                )?,
            )
        } else {
            (
                sums("community_counts n", &only)?,
                sums(
                    "communities c JOIN community_counts n ON n.community = c.id WHERE c.archived = 1",
                    &only,
                )?,
            )
        };
        Ok(Totals {
            communities: all.0 - archived.0,
            archived: archived.0,
            counts: all.1.less(&archived.1),
        })
    }
}
