//! What was found out about a key: who it is, what it may do, how far it reaches.

use crate::domain::{Identity, Reach};
use crate::engine::views::Examination;
use crate::tui::{text, theme::Ink, widgets::sheet::SheetBuilder};

/// Draws it.
pub fn draw(sheet: &mut SheetBuilder<'_>, examination: &Examination) {
    match &examination.identity {
        Some(identity) => {
            sheet.paragraph("verified now", Ink::Good);
            draw_identity(sheet, identity);
            let ours: Vec<&str> = examination
                .our_communities
                .iter()
                .map(crate::domain::Slug::as_str)
                .collect();
            if !ours.is_empty() {
                sheet.fact(
                    "yours",
                    &format!(
                        "{} of your communities: {}",
                        text::thousands(ours.len() as u64),
                        ours.join(", ")
                    ),
                    Ink::Text,
                );
            }
        }
        None => match &examination.fault {
            Some(fault) => {
                sheet.paragraph(&fault.what, Ink::Error);
                sheet.paragraph(&fault.hint, Ink::Text);
                if fault.is_passing() {
                    sheet.paragraph(
                        "It can be kept as unverified; it is tried when it is needed.",
                        Ink::Text,
                    );
                }
            }
            None => sheet.paragraph("It could not be verified.", Ink::Error),
        },
    }
    for place in &examination.same_as {
        sheet.fact(
            "!",
            &format!("The same key is stored for {place} already."),
            Ink::Waiting,
        );
    }
    let told = examination
        .identity
        .as_ref()
        .map_or(&[][..], |identity| &identity.warnings);
    for warning in &examination.warnings {
        if !told.contains(warning) {
            sheet.fact("!", warning, Ink::Waiting);
        }
    }
}

fn draw_identity(sheet: &mut SheetBuilder<'_>, identity: &Identity) {
    sheet.fact("who", &identity.who, Ink::Text);
    // Before everything else that is found: on a small screen the rest may be below.
    for warning in &identity.warnings {
        sheet.fact("!", warning, Ink::Waiting);
    }
    sheet.fact("may", &identity.scopes_held.join(", "), Ink::Text);
    if identity.scopes_missing.is_empty() {
        sheet.fact("", "all that is needed", Ink::Good);
    } else {
        sheet.fact("lacks", &identity.scopes_missing.join(", "), Ink::Failed);
    }
    sheet.fact("too much", &identity.scopes_excess.join(", "), Ink::Waiting);
    sheet.fact("reach", &reach(&identity.reach), Ink::Text);
    for slots in &identity.slots {
        let used = slots.used.map_or("?".to_owned(), text::thousands);
        let most = slots
            .max
            .map_or_else(String::new, |most| format!(" of {}", text::thousands(most)));
        sheet.fact(
            "slots",
            &format!("{}: {used}{most}", slots.unit),
            text::slot_ink(slots.level()),
        );
    }
    if let Some(at) = identity.expires_at {
        sheet.fact("until", &at.strftime("%Y-%m-%d").to_string(), Ink::Text);
    }
}

/// How far a key reaches, in one sentence.
pub fn reach(reach: &Reach) -> String {
    if let Some(everything) = &reach.everything {
        return everything.clone();
    }
    let listed = reach.objects.len() as u64;
    let count = reach.total.unwrap_or(listed).max(listed);
    let unit = if reach.unit.is_empty() {
        "object"
    } else {
        &reach.unit
    };
    let mut names: Vec<String> = reach
        .objects
        .iter()
        .take(5)
        .map(|object| {
            if object.role.is_empty() {
                object.name.clone()
            } else {
                format!("{} ({})", object.name, object.role)
            }
        })
        .collect();
    if count > names.len() as u64 && !names.is_empty() {
        names.push("and more".to_owned());
    }
    let counted = text::counted(count, unit, &format!("{unit}s"));
    if names.is_empty() {
        counted
    } else {
        format!("{counted}: {}", names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ReachedObject;

    #[test]
    fn reach_says_how_many_and_names_the_first() {
        let object = |name: &str| ReachedObject {
            external_id: name.to_owned(),
            name: name.to_owned(),
            role: String::new(),
            community: None,
        };
        let mut found = Reach {
            unit: "group".into(),
            objects: vec![object("rosewood")],
            ..Reach::default()
        };
        assert_eq!(reach(&found), "1 group: rosewood");
        found.total = Some(83);
        assert_eq!(reach(&found), "83 groups: rosewood, and more");
        found.everything = Some("the whole server".into());
        assert_eq!(reach(&found), "the whole server");
    }
}
