//! The step of the set-up that looks for servers on which communities live already: on this host, and on domains that
//! the operator names.

use crate::domain::{Fault, PlatformId};
use crate::engine::FoundHome;
use crate::tui::{
    theme::Ink,
    widgets::{
        field::{Entry, Field},
        form::Form,
        sheet::SheetBuilder,
    },
};
use std::collections::BTreeMap;

/// What was found so far.
#[derive(Debug, Default)]
pub struct Homes {
    found: Vec<FoundHome>,
    /// The domains that were looked at last.
    asked: Vec<String>,
    /// How many looks are under way.
    looking: u32,
    fault: Option<Fault>,
}

/// The form of the step, before anything is found.
pub fn form() -> Form {
    let fields = vec![
        Field::text("domains", "Domains", "", 500).help(
            "Where communities live already, separated by blanks: forum.example.org chat.example.org. Enter looks there; \
             Enter once more goes on.",
        ),
    ];
    Form::new(fields, &[("next", "Next")], Some("next"))
}

/// What is said above the form.
pub fn explain(sheet: &mut SheetBuilder<'_>) {
    sheet.paragraph(
        "Where do communities live already? What is found is offered to new communities, with its address filled in.",
        Ink::Text,
    );
    sheet.gap();
}

impl Homes {
    /// The domains to look at now; none when those written were looked at.
    pub fn ask(&mut self, form: &Form) -> Option<Vec<String>> {
        let written: Vec<String> = form
            .value("domains")
            .split([' ', ','])
            .filter(|domain| !domain.is_empty())
            .map(str::to_owned)
            .collect();
        if written.is_empty() || written == self.asked {
            return None;
        }
        self.asked.clone_from(&written);
        self.looking += 1;
        Some(written)
    }

    /// This host is looked at without being asked for.
    pub fn ask_this_host(&mut self) {
        self.looking += 1;
    }

    /// Takes what a look found: one choice for each server, the first of a platform taken unless it is refused.
    pub fn take(&mut self, result: Result<Vec<FoundHome>, Fault>, form: &mut Form) {
        self.looking = self.looking.saturating_sub(1);
        self.fault = None;
        let found = match result {
            Ok(found) => found,
            Err(fault) => {
                self.fault = Some(fault);
                // What was refused may be written again.
                self.asked.clear();
                return;
            }
        };
        for home in found {
            if self.found.contains(&home) {
                continue;
            }
            let first = self
                .found
                .iter()
                .all(|known| known.platform != home.platform);
            let options = vec![
                ("use".to_owned(), format!("{}: offer it", home.address)),
                ("leave".to_owned(), format!("{}: leave it", home.address)),
            ];
            let id = format!("home-{}", self.found.len());
            let chosen = if first { "use" } else { "leave" };
            let field = Field::choice(&id, &home.name, options, chosen).help(home.proves.clone());
            // Before the line for domains, so that Enter there still looks or goes on.
            form.fields.insert(self.found.len(), field);
            form.focus += 1;
            self.found.push(home);
        }
    }

    /// The homes that are to be offered.
    pub fn chosen(&self, form: &Form) -> BTreeMap<PlatformId, String> {
        let mut homes = BTreeMap::new();
        for (place, home) in self.found.iter().enumerate() {
            if form.value(&format!("home-{place}")) == "use" {
                homes
                    .entry(home.platform.clone())
                    .or_insert_with(|| home.address.clone());
            }
        }
        homes
    }

    /// What is said below it.
    pub fn result(&self, sheet: &mut SheetBuilder<'_>, form: &Form) {
        sheet.gap();
        if self.looking > 0 {
            sheet.paragraph("Looking.", Ink::Dim);
        } else if let Some(fault) = &self.fault {
            sheet.paragraph(&fault.what, Ink::Error);
            sheet.paragraph(&fault.hint, Ink::Text);
        } else if self.found.is_empty() {
            let said = if self.asked.is_empty() {
                "None was found on this host."
            } else {
                "None answered on this host or there."
            };
            sheet.paragraph(said, Ink::Dim);
        }
        let choices = form
            .fields
            .iter()
            .any(|field| matches!(field.entry, Entry::Choice { .. }));
        if choices {
            sheet.hint("left right", "choose");
        }
    }
}
