//! An account of the installation: on which platform, what it is called, whom one asks about it. Its key follows in the
//! form for keys.

use super::{
    Layer, Turn,
    dialog::{Asking, CANCEL, Question, Sent},
    key_form::{KeyForm, Owner},
};
use crate::domain::PlatformId;
use crate::tui::{
    effect::Effect,
    message::Answer,
    state::State,
    theme::Ink,
    widgets::{field::Field, form::Form, sheet::SheetBuilder},
};

/// The most characters of a name.
pub const NAME: usize = 100;
/// The most characters of whom one asks.
pub const CONTACT: usize = 200;

/// The question.
#[derive(Debug)]
pub struct NewAccount {
    /// The platforms that have keys, by id and name.
    pub platforms: Vec<(PlatformId, String)>,
    /// The one to begin with.
    pub first: Option<PlatformId>,
}

/// The field for its name.
pub fn name_field() -> Field {
    Field::text("name", "Name", "", NAME).help("Name it so that you will know it in a year.")
}

/// The field for whom one asks about it.
pub fn contact_field(known: &str) -> Field {
    Field::text("contact", "Whom one asks", known, CONTACT)
        .written()
        .help("Who looks after it there: a name, an address. May be left empty.")
}

/// What is wrong with an empty name.
pub fn unnamed() -> Sent {
    let reason = "Name it, so that it can be told from the others.";
    Sent::Wrong("name", reason.to_owned())
}

impl Question for NewAccount {
    fn title(&self) -> String {
        "An account of the installation".to_owned()
    }

    fn form(&self) -> Form {
        let options = self
            .platforms
            .iter()
            .map(|(id, name)| (id.to_string(), name.clone()))
            .collect();
        let first = self.first.as_ref().map_or("", PlatformId::as_str);
        let fields = vec![
            Field::choice("platform", "Platform", options, first),
            name_field(),
            contact_field(""),
        ];
        let mut form = Form::new(
            fields,
            &[(CANCEL, "Cancel"), ("next", "Its key")],
            Some("next"),
        );
        if self.first.is_some() {
            form.focus = 1;
        }
        form
    }

    fn introduce(&self, _form: &Form, _state: &State, sheet: &mut SheetBuilder<'_>) {
        sheet.paragraph(
            "It belongs to no community; those work with it that are allowed to. A key of one community alone is entered at its instance.",
            Ink::Dim,
        );
        sheet.gap();
    }

    fn hints(&self) -> &'static [(&'static str, &'static str)] {
        &[("tab", "next"), ("left right", "choose")]
    }

    fn send(&mut self, _button: &str, form: &mut Form, asking: &mut Asking<'_>) -> Sent {
        let name = form.value("name").trim().to_owned();
        if name.is_empty() {
            return unnamed();
        }
        let platform = PlatformId::new(form.value("platform"));
        Sent::Waits(Effect::AccountOffer(asking.ticket, platform, name))
    }

    fn answered(&mut self, answer: Answer, form: &mut Form, state: &mut State) -> Turn {
        let Answer::AccountOffer(_, Ok(offer)) = answer else {
            return Turn::stay();
        };
        let Some(manifest) = state.catalog.get(&offer.platform).cloned() else {
            return Turn::close();
        };
        let written = form.value("contact").trim();
        let owner = Owner::Installation {
            name: form.value("name").trim().to_owned(),
            contact: if written.is_empty() {
                offer.contact
            } else {
                written.to_owned()
            },
        };
        let keys = KeyForm::new(state.ticket(), owner, manifest, offer.settings, false);
        Turn::replace(Layer::KeyForm(Box::new(keys)), vec![])
    }
}
