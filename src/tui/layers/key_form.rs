//! A key: where to get it, its shape while it is typed, then who it is, what it may do and how far it reaches, and only
//! then is it stored. Drawn from the manifest. What the engine found out is drawn in `examined`.

use super::{
    Overlay, Turn,
    key_fields::{self, POWERFUL, credential_of},
    setting_fields,
};
use crate::catalog::{CredentialField, Keep, Manifest};
use crate::domain::{Fault, Intent, Slug};
use crate::engine::{KeyOwner, views::Examination};
use crate::tui::{
    effect::{Effect, KeyEntered},
    input::Input,
    message::{Answer, Ticket},
    state::State,
    theme::Ink,
    widgets::{
        field::Entry,
        form::{Did, Form},
        sheet::{Sheet, SheetBuilder},
    },
};
use crossterm::event::{KeyCode, KeyModifiers};
use std::collections::BTreeMap;

/// Where it stands.
#[derive(Debug)]
enum Stage {
    /// Being filled in.
    Entering,
    /// The platform is asked.
    Examining,
    /// Answered; the person decides.
    Examined(Box<Examination>),
    /// Being stored.
    Storing(Box<Examination>),
}

/// Whose key it is to be.
#[derive(Debug)]
pub enum Owner {
    /// A community's, with its name.
    Community(Slug, String),
    /// An account's of the installation.
    Installation {
        /// What it is called.
        name: String,
        /// Whom one asks about it.
        contact: String,
    },
}

/// The form.
#[derive(Debug)]
pub struct KeyForm {
    ticket: Ticket,
    owner: Owner,
    manifest: Manifest,
    set: BTreeMap<String, String>,
    form: Form,
    stage: Stage,
    /// Whether "keep unverified" was pressed once.
    sure: bool,
    fault: Option<Fault>,
}

const ENTERING: &[(&str, &str)] = &[("cancel", "Cancel"), ("verify", "Verify")];

impl KeyForm {
    /// For a platform with these settings; `made` is whether the instance exists on its platform.
    pub fn new(
        ticket: Ticket,
        owner: Owner,
        manifest: Manifest,
        set: BTreeMap<String, String>,
        made: bool,
    ) -> Self {
        // Settings first: the place to get a key often depends on the server's address.
        let mut fields = setting_fields::fields_for_keys(&manifest, &set, made);
        for credential in manifest.entered_credentials() {
            fields.push(key_fields::field(&manifest, credential));
        }
        let powerful = manifest
            .entered_credentials()
            .any(|credential| credential.keep == Keep::OnRequest);
        // An account of the installation is what keeps it, unless it is to make another one.
        if powerful && matches!(owner, Owner::Community(..)) {
            fields.push(key_fields::powerful());
        }
        let mut form = Form::new(fields, ENTERING, Some("verify"));
        let first_empty = form
            .fields
            .iter()
            .find(|field| field.is_empty() && key_fields::wanted(&manifest, field))
            .map(|field| field.id.clone());
        if let Some(id) = first_empty {
            form.focus_on(&id);
        }
        Self {
            ticket,
            owner,
            manifest,
            set,
            form,
            stage: Stage::Entering,
            sure: false,
            fault: None,
        }
    }

    /// Begins at this field.
    pub fn ask_for(&mut self, field: &str) {
        self.form.focus_on(&key_fields::id(field));
    }

    /// The description of the key in the focused field, else of the first one that is asked for.
    fn described(&self) -> Option<&CredentialField> {
        self.form
            .focused()
            .and_then(|field| credential_of(&self.manifest, field))
            .or_else(|| self.manifest.entered_credentials().next())
    }

    fn settings(&self) -> BTreeMap<String, String> {
        let mut form = self.form.clone();
        setting_fields::values(&self.manifest, &mut form)
    }

    /// The address where the key is got, as far as the settings tell it.
    fn address(&self) -> Option<String> {
        let template = self.described()?.url.as_ref()?;
        self.manifest.fill(template, &self.settings())
    }

    /// Where to get the key, whose it should be, what to ask for.
    fn describe(&self, sheet: &mut SheetBuilder<'_>) {
        if let Some(credential) = self.described() {
            match (self.address(), &credential.url) {
                (Some(address), _) => sheet.address("from", &address),
                (None, Some(_)) => sheet.fact(
                    "from",
                    "the address shows once the server is set below",
                    Ink::Dim,
                ),
                (None, None) => {}
            }
            sheet.fact("whose", &credential.whose, Ink::Text);
            let settings = self.settings();
            let steps: Vec<String> = credential
                .where_to_get
                .iter()
                .map(|step| {
                    self.manifest
                        .fill(step, &settings)
                        .unwrap_or_else(|| step.clone())
                })
                .collect();
            sheet.steps(&steps);
            sheet.fact("ask for", &credential.scopes.join(", "), Ink::Text);
            sheet.fact("expires", &credential.expiry, Ink::Text);
        }
        sheet.gap();
        let keys: Vec<_> = self.manifest.entered_credentials().collect();
        if keys.is_empty() {
            sheet.paragraph("This platform needs no key.", Ink::Dim);
        }
        let needs = key_fields::alternatives(&self.manifest, &self.settings());
        if keys.len() > 1 && !needs.is_empty() {
            sheet.paragraph(&needs, Ink::Dim);
        }
    }

    fn changed(&mut self, place: usize, state: &State) {
        self.fault = None;
        self.sure = false;
        if !matches!(self.stage, Stage::Entering) {
            self.stage = Stage::Entering;
            self.buttons(ENTERING);
        }
        let Some(field) = self.form.fields.get_mut(place) else {
            return;
        };
        match credential_of(&self.manifest, field) {
            Some(credential) => {
                field.verdict = key_fields::shape(state, &self.manifest, credential, field);
            }
            None => setting_fields::check(&self.manifest, field),
        }
    }

    fn buttons(&mut self, buttons: &[(&'static str, &str)]) {
        let on_button = self.form.focus >= self.form.fields.len();
        let fresh = Form::new(vec![], buttons, None);
        self.form.buttons = fresh.buttons;
        if on_button {
            self.form.focus = self.form.fields.len();
        }
    }

    fn verify(&mut self) -> Turn {
        let settings = setting_fields::values(&self.manifest, &mut self.form);
        if self.form.first_wrong().is_some() {
            return Turn::stay();
        }
        let entries: Vec<_> = self
            .form
            .fields
            .iter()
            .filter(|field| !field.is_empty())
            .filter_map(|field| {
                let credential = credential_of(&self.manifest, field)?;
                let entered = match &field.entry {
                    Entry::Secret(hidden) => hidden.clone(),
                    _ => crate::tui::hidden::Hidden::pasted(field.value().trim().to_owned()),
                };
                Some((credential.field.clone(), entered))
            })
            .collect();
        if entries.is_empty() {
            self.fault = Some(
                Fault::new(crate::domain::FaultKind::BadInput, "No key was entered.")
                    .hint("Paste or type it in the field above."),
            );
            return Turn::stay();
        }
        self.stage = Stage::Examining;
        let settings = setting_fields::changed(&self.manifest, settings, &self.set);
        Turn::with(vec![Effect::Examine(
            self.ticket,
            Box::new(KeyEntered {
                owner: match &self.owner {
                    Owner::Community(slug, _) => KeyOwner::Slug(slug.clone()),
                    Owner::Installation { .. } => KeyOwner::Installation,
                },
                platform: self.manifest.id.clone(),
                entries,
                settings,
            }),
        )])
    }

    fn store(&mut self, keep_unverified: bool) -> Turn {
        let Stage::Examined(examination) = &self.stage else {
            return Turn::stay();
        };
        let intent = match &self.owner {
            Owner::Community(..) => Intent::StoreKey {
                examination: examination.id,
                keep_unverified,
                keep_powerful: self.form.value(POWERFUL) == "keep",
            },
            Owner::Installation { name, contact } => Intent::AddAccount {
                platform: self.manifest.id.clone(),
                name: name.clone(),
                contact: contact.clone(),
                examination: examination.id,
            },
        };
        self.stage = Stage::Storing(examination.clone());
        Turn::with(vec![Effect::Submit(Some(self.ticket), Box::new(intent))])
    }

    /// Back to the fields, in place of a key that its platform does not accept.
    fn enter_another(&mut self) {
        let refused = match &self.stage {
            Stage::Examined(examination) => examination.fault.clone(),
            _ => None,
        };
        let told = refused.as_ref().and_then(|fault| fault.field.clone());
        let manifest = &self.manifest;
        let field = self.form.fields.iter_mut().find(|field| {
            credential_of(manifest, field).is_some_and(|credential| match &told {
                Some(told) => credential.field == *told,
                None => !field.is_empty(),
            })
        });
        if let Some(field) = field {
            field.clear();
            let id = field.id.clone();
            self.form.focus_on(&id);
        }
        self.stage = Stage::Entering;
        self.buttons(ENTERING);
        self.fault = refused;
    }

    fn examined(&mut self, examination: Examination) {
        let missing = examination
            .identity
            .as_ref()
            .is_some_and(|identity| !identity.scopes_missing.is_empty());
        let buttons: &[(&str, &str)] = match (&examination.identity, &examination.fault) {
            (Some(_), _) if missing => &[("cancel", "Cancel"), ("store", "Store anyway")],
            (Some(_), _) => &[("cancel", "Cancel"), ("store", "Store")],
            (None, Some(fault)) if !fault.is_passing() => &[
                ("another", "Enter another"),
                ("verify", "Verify again"),
                ("cancel", "Cancel"),
            ],
            // Nothing works with an account of the installation that nobody tried.
            (None, _) if matches!(self.owner, Owner::Installation { .. }) => {
                &[("cancel", "Cancel"), ("verify", "Verify again")]
            }
            (None, _) => &[
                ("cancel", "Cancel"),
                ("verify", "Verify again"),
                ("keep", "Keep as unverified"),
            ],
        };
        self.buttons(buttons);
        // What was found is to be read before it is stored: the first button, which stores nothing, has the focus.
        self.form.focus = self.form.fields.len();
        self.stage = Stage::Examined(Box::new(examination));
    }
}

impl Overlay for KeyForm {
    fn handle(&mut self, input: &Input, state: &mut State) -> Turn {
        // With ctrl, because a plain y belongs to the field.
        if let Input::Key(key) = input
            && key.code == KeyCode::Char('y')
            && key.modifiers.contains(KeyModifiers::CONTROL)
            && let Some(address) = self.address()
        {
            state.notices.done(
                state.now,
                "The address was sent to your terminal's clipboard.",
            );
            return Turn::with(vec![Effect::Clipboard(address)]);
        }
        match self.form.handle(input) {
            Did::Passed => Turn::passed(),
            Did::Moved => Turn::stay(),
            Did::Changed(place) => {
                self.changed(place, state);
                Turn::stay()
            }
            Did::Pressed("verify") => self.verify(),
            Did::Pressed("another") => {
                self.enter_another();
                Turn::stay()
            }
            Did::Pressed("store") => self.store(false),
            Did::Pressed("keep") if self.sure => self.store(true),
            Did::Pressed("keep") => {
                self.sure = true;
                if let Some(button) = self.form.buttons.iter_mut().find(|b| b.id == "keep") {
                    "Press again to keep it as unverified".clone_into(&mut button.label);
                }
                Turn::stay()
            }
            Did::Pressed(_) | Did::Left => Turn::close(),
        }
    }

    fn ticket(&self) -> Option<Ticket> {
        Some(self.ticket)
    }

    fn answer(&mut self, answer: Answer, state: &mut State) -> Turn {
        match answer {
            Answer::Examined(_, result) => match *result {
                Ok(examination) => self.examined(examination),
                Err(fault) => {
                    self.stage = Stage::Entering;
                    self.fault = Some(fault);
                }
            },
            Answer::Submitted(_, Ok(_)) => return Turn::close(),
            Answer::Submitted(_, Err(fault)) => {
                self.stage = Stage::Entering;
                self.buttons(ENTERING);
                state.notices.fault(state.now, &fault);
                self.fault = Some(fault);
            }
            _ => {}
        }
        Turn::stay()
    }

    fn sheet(&self, state: &State, width: u16) -> Option<Sheet> {
        let whose = match &self.owner {
            Owner::Community(_, name) => name.clone(),
            Owner::Installation { name, .. } => format!("account {name}"),
        };
        let title = format!("Key for {}, {whose}", self.manifest.name);
        let mut sheet = SheetBuilder::new(title, width, state.look.glyphs);
        match &self.stage {
            // What was found is the page while it is decided on; the fields come back when one goes up to them.
            Stage::Examined(examination) | Stage::Storing(examination)
                if self.form.focus >= self.form.fields.len() =>
            {
                super::examined::draw(&mut sheet, examination);
                sheet.scroll_to(0);
                self.form.draw_buttons(&mut sheet);
            }
            Stage::Examining => {
                self.describe(&mut sheet);
                self.form.draw(&mut sheet);
                sheet.gap();
                sheet.focus_here();
                sheet.paragraph("Asking the platform who this is.", Ink::Dim);
            }
            _ => {
                self.describe(&mut sheet);
                self.form.draw(&mut sheet);
            }
        }
        if let Some(fault) = &self.fault {
            sheet.gap();
            sheet.paragraph(&fault.what, Ink::Error);
            sheet.paragraph(&fault.hint, Ink::Text);
        }
        sheet.hint("tab", "next");
        sheet.hint("enter", "go on");
        if self.address().is_some() {
            sheet.hint("ctrl-y", "address");
        }
        sheet.hint("esc", "back");
        Some(sheet.done())
    }
}
