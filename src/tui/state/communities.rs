//! The list of communities: held from the front as far as it was needed, the rest is read by key. Ten thousand of them
//! must not be read before the first frame.

use super::cursor::Cursor;
use crate::domain::{CommunityId, Desired, InstanceSummary, Mark};
use crate::engine::views::{CommunityDetail, CommunityRow};
use crate::tui::{effect::Load, message::CommunityPage};

/// Rows read at a time.
pub const PAGE: u32 = 200;

/// Rows below the last one in sight at which the next page is read.
const AHEAD: usize = 50;

/// The communities, as far as they are read.
#[derive(Debug, Default)]
pub struct Communities {
    /// The rows, from the front.
    pub rows: Vec<CommunityRow>,
    /// Whether these are all.
    pub complete: bool,
    /// Whether anything was read yet.
    pub loaded: bool,
    /// The filter as written; the engine applies it.
    pub filter: String,
    /// The chosen row.
    pub cursor: Cursor<CommunityId>,
    /// Set while the last row is wanted and rows are still being read.
    pub to_the_end: bool,
}

impl Communities {
    /// The chosen row.
    pub fn chosen(&self) -> Option<&CommunityRow> {
        self.rows.get(self.cursor.index)
    }

    fn keys(&self) -> Vec<CommunityId> {
        self.rows.iter().map(|row| row.id).collect()
    }

    /// Moves the choice; answers what must be read for that.
    pub fn step(&mut self, by: isize, height: usize) -> Option<Load> {
        self.to_the_end = false;
        let keys = self.keys();
        self.cursor.step(by, &keys, height);
        self.more()
    }

    /// Goes to the last row, reading up to there.
    pub fn last(&mut self, height: usize) -> Option<Load> {
        let keys = self.keys();
        self.cursor.go(keys.len(), &keys, height);
        self.to_the_end = !self.complete;
        self.more()
    }

    /// Goes to a community, when it is among those read.
    pub fn choose(&mut self, id: CommunityId, height: usize) -> bool {
        let keys = self.keys();
        match keys.iter().position(|key| *key == id) {
            Some(index) => {
                self.cursor.go(index, &keys, height);
                true
            }
            None => false,
        }
    }

    /// Takes a new filter; answers what must be read for it.
    pub fn set_filter(&mut self, filter: &str) -> Load {
        filter.clone_into(&mut self.filter);
        self.first(PAGE)
    }

    /// What to read to have the front anew.
    pub fn first(&self, limit: u32) -> Load {
        Load::Communities {
            filter: self.filter.clone(),
            after: None,
            limit,
        }
    }

    /// What to read to have everything anew that is held.
    pub fn again(&self) -> Load {
        let held = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        self.first(held.max(PAGE))
    }

    /// The next page, when the choice comes near the end of what was read.
    fn more(&self) -> Option<Load> {
        let near = self.to_the_end || self.cursor.index + AHEAD >= self.rows.len();
        (near && !self.complete && self.loaded).then(|| Load::Communities {
            filter: self.filter.clone(),
            after: self.rows.last().map(|row| row.id),
            limit: if self.to_the_end { PAGE * 10 } else { PAGE },
        })
    }

    /// Takes a page that was read for this filter; answers what to read next.
    pub fn take(
        &mut self,
        filter: &str,
        after: Option<CommunityId>,
        page: CommunityPage,
        height: usize,
    ) -> Option<Load> {
        if filter != self.filter {
            return None;
        }
        match after {
            None => {
                self.rows = page.rows;
                self.loaded = true;
            }
            Some(after) if self.rows.last().is_some_and(|row| row.id == after) => {
                self.rows.extend(page.rows);
            }
            Some(_) => return None,
        }
        self.complete = page.complete;
        let keys = self.keys();
        if self.to_the_end {
            self.cursor.go(keys.len(), &keys, height);
            self.to_the_end = !self.complete;
        } else {
            self.cursor.settle(&keys, height);
        }
        self.to_the_end.then(|| self.more()).flatten()
    }

    /// Brings the row of a community up to date from its detail.
    pub fn refresh(&mut self, detail: &CommunityDetail) {
        let Some(row) = self
            .rows
            .iter_mut()
            .find(|row| row.id == detail.community.id)
        else {
            return;
        };
        let instances: Vec<&InstanceSummary> = detail
            .platforms
            .iter()
            .filter_map(|platform| platform.instance.as_ref())
            .collect();
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        row.total = count(instances.len());
        row.active = count(
            instances
                .iter()
                .filter(|instance| instance.desired == Desired::Active)
                .count(),
        );
        row.archived = detail.community.archived_at.is_some();
        row.mark = if row.archived {
            Mark::Inactive
        } else {
            worst(instances.iter().map(|instance| instance.mark()))
        };
        detail.community.name.clone_into(&mut row.name);
    }
}

/// The mark that asks most for a person's eye.
fn worst(marks: impl Iterator<Item = Mark>) -> Mark {
    let rank = |mark: &Mark| match mark {
        Mark::Failed => 5,
        Mark::Waiting => 4,
        Mark::Drift => 3,
        Mark::Working => 2,
        Mark::Active => 1,
        Mark::Inactive => 0,
    };
    marks.max_by_key(rank).unwrap_or(Mark::Inactive)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn page(ids: std::ops::Range<i64>, complete: bool) -> CommunityPage {
        CommunityPage {
            rows: ids
                .map(|id| CommunityRow {
                    id: CommunityId(id),
                    slug: format!("c{id}").parse().unwrap(),
                    name: format!("Community {id}"),
                    active: 0,
                    total: 0,
                    mark: Mark::Inactive,
                    archived: false,
                })
                .collect(),
            complete,
            at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn the_rest_is_read_when_the_choice_comes_near_and_the_choice_stays() {
        let mut list = Communities::default();
        assert_eq!(list.take("", None, page(0..200, false), 20), None);
        assert_eq!(list.step(10, 20), None);
        let Some(Load::Communities { after, .. }) = list.step(150, 20) else {
            panic!("nothing more was asked for");
        };
        list.take("", after, page(200..400, true), 20);
        assert_eq!(list.rows.len(), 400);
        assert_eq!(list.cursor.key, Some(CommunityId(160)));
    }

    #[test]
    fn the_last_row_is_reached_through_all_pages() {
        let mut list = Communities::default();
        list.take("", None, page(0..200, false), 20);
        let mut wanted = list.last(20);
        let mut next = 200;
        while let Some(Load::Communities { after, .. }) = wanted {
            wanted = list.take("", after, page(next..next + 100, next == 400), 20);
            next += 100;
        }
        assert_eq!(list.cursor.key, Some(CommunityId(499)));
    }

    #[test]
    fn a_page_for_another_filter_is_dropped() {
        let mut list = Communities::default();
        list.take("", None, page(0..3, true), 20);
        list.set_filter("rose");
        list.take("", None, page(0..1, true), 20);
        assert_eq!(list.rows.len(), 3);
    }
}
