//! A community is moved from the account it works with to another one of its platform: which, and where to, then the plan.

use super::dialog::{Asking, CANCEL, Question, Sent};
use crate::domain::Intent;
use crate::engine::views::{AccountMoves, MoveTarget};
use crate::tui::{
    state::State,
    text,
    theme::Ink,
    widgets::{
        field::{Field, Listed},
        form::Form,
        sheet::SheetBuilder,
    },
};

/// The most communities that are listed; of more the short name is typed.
const LISTED: usize = 12;
/// The most characters of a short name.
const SLUG: usize = 36;

/// The question.
#[derive(Debug)]
pub struct MoveAccount(pub AccountMoves);

/// How an account is told from the others of its list.
fn label(target: &MoveTarget) -> String {
    match &target.owner {
        Some(slug) => format!("{}, of {slug} alone", target.name),
        None => target.name.clone(),
    }
}

impl MoveAccount {
    fn community_field(&self) -> Field {
        let known = &self.0.communities;
        if known.len() > LISTED {
            return Field::text("community", "Community", "", SLUG).help(format!(
                "The short name of one of the {} that work with it.",
                known.len()
            ));
        }
        let options = known
            .iter()
            .map(|known| (known.slug.to_string(), known.name.clone()))
            .collect();
        Field::choice("community", "Community", options, "")
    }
}

impl Question for MoveAccount {
    fn title(&self) -> String {
        format!(
            "Move a community from {} on {}",
            self.0.name, self.0.platform_name
        )
    }

    fn form(&self) -> Form {
        let options = self
            .0
            .targets
            .iter()
            .map(|target| {
                let worth = target.obstacle.as_deref().unwrap_or(&target.words);
                Listed::new(&target.name, &label(target), worth)
            })
            .collect();
        let possible = |target: &&MoveTarget| target.obstacle.is_none();
        let first = self.0.targets.iter().find(possible);
        let first = first.map_or("", |target| target.name.as_str());
        let fields = vec![
            self.community_field(),
            Field::list("to", "To the account", options, first),
        ];
        Form::new(
            fields,
            &[(CANCEL, "Cancel"), ("plan", "Plan")],
            Some("plan"),
        )
    }

    fn introduce(&self, _form: &Form, _state: &State, sheet: &mut SheetBuilder<'_>) {
        let count = u64::try_from(self.0.communities.len()).unwrap_or(u64::MAX);
        let said = format!(
            "{} with it. The account itself, its key and the others stay as they are.",
            text::counted(count, "community works", "communities work")
        );
        sheet.paragraph(&said, Ink::Dim);
        sheet.gap();
    }

    fn hints(&self) -> &'static [(&'static str, &'static str)] {
        &[("tab", "next"), ("up down", "choose")]
    }

    fn send(&mut self, _button: &str, form: &mut Form, asking: &mut Asking<'_>) -> Sent {
        let written = form.value("community").trim();
        let Some(community) = self
            .0
            .communities
            .iter()
            .find(|known| known.slug.as_str() == written)
        else {
            let reason = "No community of that short name works with this account.";
            return Sent::Wrong("community", reason.to_owned());
        };
        let to = form.value("to");
        let target = self.0.targets.iter().find(|target| target.name == to);
        if let Some(obstacle) = target.and_then(|target| target.obstacle.clone()) {
            return Sent::Wrong("to", obstacle);
        }
        let intent = Intent::MoveAccount {
            community: community.id,
            platform: self.0.platform.clone(),
            name: to.to_owned(),
        };
        asking.plan(&self.title(), "Move", intent)
    }
}
