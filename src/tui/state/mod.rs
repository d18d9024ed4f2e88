//! Everything the screen knows. Changed by `update` only, drawn by `views`; holds what the engine said, not the truth.

pub mod communities;
pub mod cursor;
pub mod filter;
pub mod loads;
pub mod notices;
pub mod offers;
pub mod rows;
pub mod table;

use crate::catalog::{Catalog, Manifest};
use crate::domain::{
    ActionId, AuditEntry, CommunityId, OperationId, OperationState, PlatformId, Progress, Request,
    Role, Slug,
};
use crate::engine::views::{
    AccountRow, CommunityDetail, InstanceDetail, OperationRow, Overview, PlatformRow, TaskRow,
};
use crate::tui::{
    effect::{Effect, Load},
    keymap::Keymap,
    layers::Layer,
    layout,
    message::Ticket,
    theme::Look,
};
use communities::Communities;
use jiff::{Timestamp, tz::TimeZone};
use loads::Loads;
use notices::Notices;
use rows::Logged;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, LazyLock},
};
use table::Table;

/// What fills the screen below the title.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    Communities,
    Operations,
    Tasks,
    Accounts,
    Requests,
    Platforms,
    Audit,
    Messages,
}

/// The panes of the view of communities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pane {
    Communities,
    Instances,
    Details,
}

/// Everything the screen knows.
pub struct State {
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    pub look: Look,
    pub keymap: Arc<Keymap>,
    pub catalog: Arc<Catalog>,
    /// Whether changing actions are removed, whatever the engine would say.
    pub read_only: bool,
    /// Whether it may go back to the shell.
    pub may_suspend: bool,
    /// When the last message came. Views compute ages from it, so that drawing needs no clock.
    pub now: Timestamp,
    /// Found out when the first time of day is shown: on some hosts that reads a thousand files.
    pub zone: LazyLock<TimeZone>,
    pub overview: Option<Overview>,
    pub view: View,
    pub pane: Pane,
    pub communities: Communities,
    /// The community whose instances are in sight; follows the chosen row after a moment of rest.
    pub community: Option<CommunityDetail>,
    pub instances: Table<PlatformRow>,
    /// Marked rows of that community.
    pub marks: BTreeSet<PlatformId>,
    /// The instance whose details are in sight; follows the chosen row after a moment of rest.
    pub instance: Option<InstanceDetail>,
    /// First line of the details in sight.
    pub details_top: usize,
    pub operations: Table<OperationRow>,
    pub tasks: Table<TaskRow>,
    pub accounts: Table<AccountRow>,
    pub requests: Table<Request>,
    pub platforms: Table<Manifest>,
    pub audit: Table<AuditEntry>,
    pub messages: Table<Logged>,
    pub layers: Vec<Layer>,
    pub notices: Notices,
    pub loads: Loads,
    /// How far operations are, newest word only.
    pub progress: BTreeMap<OperationId, Progress>,
    /// Turns while something works.
    pub spinner: u8,
    pub mouse: bool,
    /// A row that was opened before its details were there: open its task when they come.
    pub opening: Option<(Slug, PlatformId)>,
    /// A form that waits for the settings of its instance.
    pub opening_form: Option<(Slug, PlatformId, ActionId)>,
    /// A community to go to as soon as it is in the list.
    pub going_to: Option<CommunityId>,
    tickets: u64,
}

impl State {
    /// A screen that knows nothing yet.
    pub fn new(
        size: (u16, u16),
        look: Look,
        keymap: Arc<Keymap>,
        catalog: Arc<Catalog>,
        now: Timestamp,
        zone: fn() -> TimeZone,
    ) -> Self {
        Self {
            size,
            look,
            keymap,
            catalog,
            read_only: false,
            may_suspend: true,
            now,
            zone: LazyLock::new(zone),
            overview: None,
            view: View::Communities,
            pane: Pane::Communities,
            communities: Communities::default(),
            community: None,
            instances: Table::default(),
            marks: BTreeSet::new(),
            instance: None,
            details_top: 0,
            operations: Table::default(),
            tasks: Table::default(),
            accounts: Table::default(),
            requests: Table::default(),
            platforms: Table::default(),
            audit: Table::default(),
            messages: Table::default(),
            layers: vec![],
            notices: Notices::default(),
            loads: Loads::default(),
            progress: BTreeMap::new(),
            spinner: 0,
            mouse: false,
            opening: None,
            opening_form: None,
            going_to: None,
            tickets: 0,
        }
    }

    /// A new name for a layer that will wait for answers.
    pub fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }

    /// Asks for a reading, unless it is under way.
    pub fn ask(&mut self, load: Load) -> Vec<Effect> {
        self.loads.ask(load).into_iter().collect()
    }

    /// What to read first: what the first frame shows.
    pub fn opening_loads(&mut self) -> Vec<Effect> {
        let mut effects = self.ask(Load::Overview);
        let first = self.communities.first(communities::PAGE);
        effects.extend(self.ask(first));
        effects
    }

    /// What to read once the first frame stands.
    pub fn later_loads(&mut self) -> Vec<Effect> {
        self.ask(Load::Operations)
    }

    /// Whether what the first frame is to show is still being read.
    pub fn is_opening(&self) -> bool {
        let reading = |load: &Load| {
            matches!(
                load,
                Load::Overview | Load::Communities { .. } | Load::Community(_)
            )
        };
        self.layers.is_empty() && self.loads.any(reading)
    }

    /// The short name of the community under the cursor.
    pub fn chosen_slug(&self) -> Option<&Slug> {
        self.communities.chosen().map(|row| &row.slug)
    }

    /// The community in sight, when it is the chosen one: only then may its instances be acted on.
    pub fn present_community(&self) -> Option<&CommunityDetail> {
        self.community
            .as_ref()
            .filter(|detail| Some(&detail.community.slug) == self.chosen_slug())
    }

    /// The platform row under the cursor, of the community in sight.
    pub fn chosen_platform(&self) -> Option<&PlatformRow> {
        self.present_community()?;
        self.instances.chosen()
    }

    /// The details in sight, when they are those of the row under the cursor.
    pub fn present_instance(&self) -> Option<&InstanceDetail> {
        let slug = self.chosen_slug()?;
        let platform = &self.chosen_platform()?.platform;
        self.instance
            .as_ref()
            .filter(|detail| detail.slug == *slug && detail.platform == *platform)
    }

    /// The rows an action takes: the marked ones, else the one under the cursor.
    pub fn targets(&self) -> Vec<&PlatformRow> {
        if self.marks.is_empty() {
            return self.chosen_platform().into_iter().collect();
        }
        let rows = self
            .present_community()
            .map_or(&[][..], |detail| &detail.platforms);
        rows.iter()
            .filter(|row| self.marks.contains(&row.platform))
            .collect()
    }

    /// The operation that keys act on: that of the open page, once it was read, else the one under the cursor. The row
    /// under the cursor may be another one: the list is sorted anew beneath the page.
    pub fn acting_operation(&self) -> Option<&OperationRow> {
        let open = self.layers.iter().rev().find_map(|layer| match layer {
            Layer::Operation(sheet) => Some(sheet),
            _ => None,
        });
        match open {
            Some(sheet) => sheet.detail.as_ref().map(|detail| &detail.row),
            None => self.operations.chosen(),
        }
    }

    /// Whether something works, so that the spinner turns.
    pub fn working(&self) -> bool {
        self.overview.as_ref().is_some_and(|o| o.working > 0)
            && self
                .operations
                .all()
                .iter()
                .any(|row| row.operation.state == OperationState::Running)
    }

    /// What the person is; none until the engine has said so.
    pub fn role(&self) -> Option<Role> {
        self.overview.as_ref()?.role.parse().ok()
    }

    /// Whether what is on top changes as time passes.
    pub fn is_live(&self) -> bool {
        self.layers.last().is_some_and(Layer::is_live)
    }

    /// When something on the screen goes by itself.
    pub fn ends_at(&self) -> Option<Timestamp> {
        self.layers.iter().filter_map(Layer::ends_at).min()
    }

    /// Rows that the current list has on the screen.
    pub fn list_height(&self) -> usize {
        let regions = layout::regions(self.size, self.notice_lines());
        let heading = usize::from(regions.body.height > 3);
        usize::from(regions.body.height)
            .saturating_sub(heading)
            .max(1)
    }

    /// Lines the notice in sight takes.
    pub fn notice_lines(&self) -> u16 {
        match self.notices.current() {
            None => 0,
            Some(notice) if notice.hint.is_empty() => 1,
            Some(_) => 2,
        }
    }

    /// How many panes of the view of communities are side by side.
    pub fn columns(&self) -> layout::Columns {
        layout::columns(self.size.0)
    }
}

impl State {
    /// What a platform is called.
    pub fn platform_name(&self, id: &PlatformId) -> String {
        let listed = self
            .community
            .as_ref()
            .and_then(|detail| detail.platforms.iter().find(|row| row.platform == *id));
        match listed {
            Some(row) => row.name.clone(),
            None => self
                .catalog
                .heading(id)
                .map_or_else(|| id.to_string(), |heading| heading.name.clone()),
        }
    }
}
