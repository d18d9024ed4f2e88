//! The step of the set-up that asks how keys are protected.

use super::proposals::Proposals;
use crate::tui::{
    effect::ProtectionChosen,
    hidden::Hidden,
    theme::Ink,
    widgets::{
        field::{Field, Listed, Verdict},
        form::Form,
        sheet::SheetBuilder,
    },
};
use std::path::PathBuf;

/// The fewest characters of a passphrase. It is stretched by scrypt; below this a guess is still cheap.
const FEWEST: usize = 8;

/// Each way with its name and what it is worth.
const WAYS: &[(&str, &str, &str)] = &[
    (
        "passphrase",
        "a passphrase, asked when keys are needed",
        "safest; timers and administrators wait until you unlock",
    ),
    (
        "file",
        "a key file on this machine, 0600",
        "works unattended; protects a stolen database, not a stolen disk",
    ),
    ("ssh", "my SSH key", "unlock with the key you already have"),
];

/// The form of the step.
pub fn form(proposals: &Proposals) -> Form {
    let options = WAYS
        .iter()
        .map(|(id, name, worth)| Listed::new(id, name, worth))
        .collect();
    let fields = vec![Field::list("way", "", options, "passphrase")];
    let mut form = Form::new(fields, &[("next", "Next")], Some("next"));
    reshape(&mut form, proposals);
    form
}

/// A field changed: another way needs other fields.
pub fn changed(form: &mut Form, place: usize, proposals: &Proposals) {
    if place == 0 {
        reshape(form, proposals);
    } else if let Some(field) = form.fields.get_mut(place) {
        field.verdict = Verdict::None;
    }
}

fn reshape(form: &mut Form, proposals: &Proposals) {
    let way = form.value("way").to_owned();
    form.fields.truncate(1);
    match way.as_str() {
        "file" => form.fields.push(
            Field::text(
                "path",
                "Key file",
                &proposals.key_file.to_string_lossy(),
                4_096,
            )
            .help("It is made there if it does not exist."),
        ),
        "ssh" => {
            let path = proposals
                .ssh_key
                .as_ref()
                .map(|path| path.to_string_lossy().into_owned())
                .unwrap_or_default();
            form.fields.push(
                Field::text("path", "Public key", &path, 4_096)
                    .help("The path of an ssh-ed25519 public key, ending in .pub."),
            );
        }
        _ => {
            form.fields.push(
                Field::secret("passphrase", "Passphrase")
                    .help("Several words that you do not use elsewhere."),
            );
            form.fields
                .push(Field::secret("again", "Once more").help("So that a slip is noticed now."));
        }
    }
}

/// What was chosen; none when something is missing, which the fields then say.
pub fn chosen(form: &mut Form) -> Option<ProtectionChosen> {
    match form.value("way") {
        "file" => path(form).map(ProtectionChosen::KeyFile),
        "ssh" => path(form).map(ProtectionChosen::SshKey),
        _ => passphrase(form).map(ProtectionChosen::Passphrase),
    }
}

fn path(form: &mut Form) -> Option<PathBuf> {
    let path = form.value("path").trim().to_owned();
    if path.is_empty() {
        if let Some(field) = form.field_mut("path") {
            field.verdict = Verdict::Wrong("A path is needed.".to_owned());
        }
        form.focus_on("path");
        return None;
    }
    Some(PathBuf::from(path))
}

fn passphrase(form: &mut Form) -> Option<Hidden> {
    let entered = form.field("passphrase")?.hidden()?.clone();
    let again = form.field("again")?.hidden()?.clone();
    let (place, reason) = if entered.length() < FEWEST {
        (
            "passphrase",
            format!("A passphrase has at least {FEWEST} characters."),
        )
    } else if again.is_empty() {
        form.focus_on("again");
        return None;
    } else if entered != again {
        ("again", "The two are not the same.".to_owned())
    } else {
        return Some(entered);
    };
    if let Some(field) = form.field_mut(place) {
        field.verdict = Verdict::Wrong(reason);
    }
    form.focus_on(place);
    None
}

/// Draws what is asked.
pub fn explain(sheet: &mut SheetBuilder<'_>) {
    sheet.paragraph("How shall keys be protected?", Ink::Text);
    sheet.gap();
}

/// Draws what comes next.
pub fn announce(sheet: &mut SheetBuilder<'_>) {
    sheet.gap();
    sheet.paragraph(
        "Your recovery key is shown next, once. Without it and without the above, keys have to be entered again; \
         nothing else is lost.",
        Ink::Dim,
    );
}
