//! A question before something is done to one row or to many: names the objects and what happens to them. Cancel is
//! first, and the highlighted button is the one that runs.

use super::{Overlay, Turn};
use crate::domain::Intent;
use crate::tui::{
    effect::Effect,
    input::Input,
    state::State,
    theme::Ink,
    widgets::{
        field::Field,
        form::{Did, Form},
        sheet::{Sheet, SheetBuilder},
    },
};

/// The question.
#[derive(Debug)]
pub struct Confirm {
    title: String,
    /// What happens, in full sentences.
    sentences: Vec<String>,
    /// To which objects.
    objects: Vec<String>,
    intents: Vec<Intent>,
    /// What must be typed.
    typed: Option<String>,
    /// Whether going on accepts licences and warnings; the sentences say so.
    accepts: bool,
    form: Form,
}

impl Confirm {
    /// A question; `does` is the word on the button that does it.
    pub fn new(title: impl Into<String>, does: &str, intents: Vec<Intent>) -> Self {
        Self {
            title: title.into(),
            sentences: vec![],
            objects: vec![],
            intents,
            typed: None,
            accepts: false,
            form: Form::new(vec![], &[("cancel", "Cancel"), ("do", does)], None),
        }
    }

    /// What happens.
    pub fn says(mut self, sentence: impl Into<String>) -> Self {
        self.sentences.push(sentence.into());
        self
    }

    /// To which objects.
    pub fn objects(mut self, objects: Vec<String>) -> Self {
        self.objects = objects;
        self
    }

    /// Going on accepts the licence and the warnings of what is installed here for the first time; a sentence has to
    /// say so.
    pub fn accepting(mut self) -> Self {
        self.accepts = true;
        self
    }

    /// Asks for a word to be typed first.
    pub fn typed(mut self, word: impl Into<String>) -> Self {
        let word = word.into();
        self.form.fields = vec![Field::text("typed", &format!("Type {word}"), "", 60)];
        self.typed = Some(word);
        self
    }

    fn run(&mut self) -> Turn {
        let written = self.form.value("typed").trim().to_owned();
        if let Some(word) = &self.typed
            && *word != written
        {
            let reason = format!("Type {word} to go on; nothing was done.");
            if let Some(field) = self.form.field_mut("typed") {
                field.verdict = crate::tui::widgets::field::Verdict::Wrong(reason);
            }
            self.form.focus_on("typed");
            return Turn::stay();
        }
        let accepts = self.accepts;
        let effects = self
            .intents
            .drain(..)
            .map(Box::new)
            .map(|intent| {
                if accepts {
                    Effect::SubmitAccepting(intent)
                } else {
                    Effect::Submit(None, intent)
                }
            })
            .collect();
        Turn {
            effects,
            ..Turn::close()
        }
    }
}

impl Overlay for Confirm {
    fn handle(&mut self, input: &Input, _state: &mut State) -> Turn {
        match self.form.handle(input) {
            Did::Passed => Turn::passed(),
            Did::Moved => Turn::stay(),
            Did::Changed(_) => {
                if let Some(field) = self.form.field_mut("typed") {
                    field.verdict = crate::tui::widgets::field::Verdict::None;
                }
                Turn::stay()
            }
            Did::Pressed("do") => self.run(),
            Did::Pressed(_) | Did::Left => Turn::close(),
        }
    }

    fn sheet(&self, state: &State, width: u16) -> Option<Sheet> {
        let mut sheet = SheetBuilder::new(self.title.clone(), width, state.look.glyphs);
        for sentence in &self.sentences {
            sheet.paragraph(sentence, Ink::Text);
        }
        sheet.gap();
        for object in &self.objects {
            sheet.fact("", object, Ink::Text);
        }
        sheet.gap();
        self.form.draw(&mut sheet);
        sheet.hint("tab", "next");
        sheet.hint("enter", "choose");
        sheet.hint("esc", "cancel");
        Some(sheet.done())
    }
}
