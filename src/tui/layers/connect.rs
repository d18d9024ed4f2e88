//! Joining an instance to another one of its community: with which, then the plan.

use super::{Layer, Overlay, Turn, plan_preview::PlanPreview};
use crate::domain::{CommunityId, Intent, PlatformId};
use crate::tui::{
    input::Input,
    state::State,
    widgets::{
        field::{Field, Listed},
        form::{Did, Form},
        sheet::{Sheet, SheetBuilder},
    },
};

/// The dialog.
#[derive(Debug)]
pub struct Connect {
    title: String,
    community: CommunityId,
    from: PlatformId,
    form: Form,
}

impl Connect {
    /// From an instance to one of these: platform, and what it would do there.
    pub fn new(
        title: String,
        community: CommunityId,
        from: PlatformId,
        targets: &[(PlatformId, String)],
    ) -> Self {
        let options = targets
            .iter()
            .map(|(id, meaning)| Listed::new(id.as_str(), meaning, ""))
            .collect();
        let fields = vec![Field::list("to", "", options, "")];
        Self {
            title,
            community,
            from,
            form: Form::new(
                fields,
                &[("cancel", "Cancel"), ("plan", "Plan")],
                Some("plan"),
            ),
        }
    }
}

impl Overlay for Connect {
    fn handle(&mut self, input: &Input, state: &mut State) -> Turn {
        match self.form.handle(input) {
            Did::Passed => Turn::passed(),
            Did::Moved | Did::Changed(_) => Turn::stay(),
            Did::Pressed("plan") => {
                let intent = Intent::Connect {
                    community: self.community,
                    from: self.from.clone(),
                    to: PlatformId::new(self.form.value("to")),
                };
                let (preview, effect) = PlanPreview::ask(state, &self.title, "Connect", intent);
                Turn::open(Layer::Plan(Box::new(preview)), vec![effect])
            }
            Did::Pressed(_) | Did::Left => Turn::close(),
        }
    }

    fn sheet(&self, state: &State, width: u16) -> Option<Sheet> {
        let mut sheet = SheetBuilder::new(self.title.clone(), width, state.look.glyphs);
        self.form.draw(&mut sheet);
        sheet.hint("up down", "choose");
        sheet.hint("tab", "next");
        sheet.hint("esc", "back");
        Some(sheet.done())
    }
}
