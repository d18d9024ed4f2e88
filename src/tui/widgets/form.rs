//! Fields and buttons with one focus. Typed text is not thrown away by one Esc.

use super::field::{Entry, Field, Listed, Taken, Verdict};
use super::sheet::SheetBuilder;
use crate::tui::{input::Input, theme::Ink};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A button below the fields.
#[derive(Debug, Clone)]
pub struct Button {
    pub id: &'static str,
    pub label: String,
}

/// Fields and buttons.
#[derive(Debug, Clone, Default)]
pub struct Form {
    pub fields: Vec<Field>,
    pub buttons: Vec<Button>,
    /// Fields first, then buttons.
    pub focus: usize,
    /// The button that Enter on the last field presses; none moves to the first button instead.
    pub main: Option<&'static str>,
    touched: bool,
    leaving: bool,
}

/// What became of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Did {
    /// It was not for the form.
    Passed,
    /// The form looks different, its values are the same.
    Moved,
    /// A field has another value.
    Changed(usize),
    /// A button was pressed.
    Pressed(&'static str),
    /// It is to be closed.
    Left,
}

impl Form {
    /// A form with these parts; `main` is the button of Enter on the last field.
    pub fn new(
        fields: Vec<Field>,
        buttons: &[(&'static str, &str)],
        main: Option<&'static str>,
    ) -> Self {
        Self {
            fields,
            buttons: buttons
                .iter()
                .map(|(id, label)| Button {
                    id,
                    label: (*label).to_owned(),
                })
                .collect(),
            focus: 0,
            main,
            touched: false,
            leaving: false,
        }
    }

    /// The field of that name.
    pub fn field(&self, id: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.id == id)
    }

    /// The field of that name, to be changed.
    pub fn field_mut(&mut self, id: &str) -> Option<&mut Field> {
        self.fields.iter_mut().find(|field| field.id == id)
    }

    /// The visible value of a field.
    pub fn value(&self, id: &str) -> &str {
        self.field(id).map_or("", Field::value)
    }

    /// The field that has the focus.
    pub fn focused(&self) -> Option<&Field> {
        self.fields.get(self.focus)
    }

    /// Puts the focus on a field, or on a button.
    pub fn focus_on(&mut self, id: &str) {
        let field = self.fields.iter().position(|field| field.id == id);
        let button = self.buttons.iter().position(|button| button.id == id);
        if let Some(place) = field.or(button.map(|place| place + self.fields.len())) {
            self.focus = place;
        }
    }

    /// The first field whose value cannot be right; the focus goes there.
    pub fn first_wrong(&mut self) -> Option<String> {
        let place = self
            .fields
            .iter()
            .position(|field| matches!(field.verdict, Verdict::Wrong(_)))?;
        self.focus = place;
        match &self.fields[place].verdict {
            Verdict::Wrong(reason) => Some(reason.clone()),
            _ => None,
        }
    }

    /// Takes an input.
    pub fn handle(&mut self, input: &Input) -> Did {
        let key = match input {
            Input::Paste(text) => return self.paste(text),
            Input::Key(key) => key,
        };
        if key.code == KeyCode::Esc {
            if self.touched && !self.leaving {
                self.leaving = true;
                return Did::Moved;
            }
            return Did::Left;
        }
        let did = self.take(key);
        // A key that means Esc outside of fields is passed on first, and must count as the second one.
        self.leaving &= did == Did::Passed;
        did
    }

    fn take(&mut self, key: &KeyEvent) -> Did {
        if let Some(field) = self.fields.get_mut(self.focus) {
            match field.key(key) {
                Taken::Changed => {
                    self.touched = true;
                    return Did::Changed(self.focus);
                }
                Taken::Kept => return Did::Moved,
                Taken::Passed => {}
            }
        }
        if key
            .modifiers
            .intersects(KeyModifiers::CONTROL | KeyModifiers::ALT)
        {
            return Did::Passed;
        }
        self.move_or_press(key.code)
    }

    fn move_or_press(&mut self, code: KeyCode) -> Did {
        let count = self.fields.len() + self.buttons.len();
        let on_button = self.focus.checked_sub(self.fields.len());
        match (code, on_button) {
            (KeyCode::Enter, Some(button)) => {
                return self
                    .buttons
                    .get(button)
                    .map_or(Did::Moved, |button| Did::Pressed(button.id));
            }
            (KeyCode::Enter, None)
                if self.focus + 1 == self.fields.len() || self.only_choices_remain() =>
            {
                if let Some(main) = self.main {
                    return Did::Pressed(main);
                }
                self.focus += 1;
            }
            (KeyCode::Tab | KeyCode::Down | KeyCode::Enter, _)
            | (KeyCode::Right | KeyCode::Char('l'), Some(_)) => {
                self.focus = (self.focus + 1) % count.max(1);
            }
            (KeyCode::BackTab | KeyCode::Up, _) | (KeyCode::Left | KeyCode::Char('h'), Some(_)) => {
                self.focus = (self.focus + count.max(1) - 1) % count.max(1);
            }
            _ => return Did::Passed,
        }
        Did::Moved
    }

    /// From here on every field has an answer already: Enter takes them as they are.
    fn only_choices_remain(&self) -> bool {
        self.main.is_some() && self.fields.iter().skip(self.focus).all(Field::is_choice)
    }

    fn paste(&mut self, text: &crate::tui::hidden::Hidden) -> Did {
        self.leaving = false;
        match self
            .fields
            .get_mut(self.focus)
            .map(|field| field.paste(text))
        {
            Some(Taken::Changed) => {
                self.touched = true;
                Did::Changed(self.focus)
            }
            _ => Did::Moved,
        }
    }

    /// Draws fields and buttons.
    pub fn draw(&self, sheet: &mut SheetBuilder<'_>) {
        for (place, field) in self.fields.iter().enumerate() {
            draw_field(sheet, field, place == self.focus);
        }
        self.draw_buttons(sheet);
    }

    /// Draws the buttons, and what one more Esc does.
    pub fn draw_buttons(&self, sheet: &mut SheetBuilder<'_>) {
        if self.leaving {
            sheet.gap();
            sheet.focus_here();
            sheet.paragraph("Esc again throws away what you typed.", Ink::Waiting);
        }
        for (place, button) in self.buttons.iter().enumerate() {
            sheet.button(&button.label, place + self.fields.len() == self.focus);
        }
    }
}

/// Draws one field with what is thought of it.
fn draw_field(sheet: &mut SheetBuilder<'_>, field: &Field, focused: bool) {
    match &field.entry {
        Entry::Text(input) => {
            sheet.text_field(&field.label, input, focused, field.proposed);
        }
        Entry::Secret(hidden) => sheet.secret_field(&field.label, hidden, focused),
        Entry::Choice { options, index } => {
            let meaning = options.get(*index).map_or("", |(_, label)| label.as_str());
            sheet.choice_field(&field.label, meaning, focused);
        }
        Entry::List { options, index } => draw_list(sheet, field, options, *index, focused),
    }
    match &field.verdict {
        Verdict::Good(text) if focused => sheet.remark(text, Ink::Good),
        Verdict::Odd(text) => sheet.remark(text, Ink::Waiting),
        Verdict::Wrong(text) => sheet.remark(text, Ink::Error),
        Verdict::Good(_) | Verdict::None => {}
    }
    if focused && !field.help.is_empty() {
        sheet.remark(&field.help, Ink::Dim);
    }
}

/// Draws all values of a list, and what the chosen one means.
fn draw_list(
    sheet: &mut SheetBuilder<'_>,
    field: &Field,
    options: &[Listed],
    index: usize,
    focused: bool,
) {
    if !field.label.is_empty() {
        sheet.paragraph(&field.label, Ink::Text);
    }
    for (place, option) in options.iter().enumerate() {
        if focused && place == index {
            sheet.focus_here();
        }
        sheet.row(place == index, &option.label, "", usize::from(u16::MAX));
    }
    if let Some(chosen) = options.get(index).filter(|chosen| !chosen.worth.is_empty()) {
        sheet.remark(&chosen.worth, Ink::Dim);
    }
    sheet.gap();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: KeyCode) -> Input {
        Input::Key(KeyEvent::new(code, KeyModifiers::NONE))
    }

    fn form() -> Form {
        Form::new(
            vec![
                Field::text("name", "Name", "", 10),
                Field::secret("key", "Key"),
            ],
            &[("cancel", "Cancel"), ("store", "Store")],
            Some("store"),
        )
    }

    #[test]
    fn one_escape_does_not_throw_away_what_was_typed() {
        let mut typed = form();
        assert_eq!(typed.handle(&key(KeyCode::Char('a'))), Did::Changed(0));
        assert_eq!(typed.handle(&key(KeyCode::Esc)), Did::Moved);
        assert_eq!(typed.handle(&key(KeyCode::Esc)), Did::Left);
        assert_eq!(form().handle(&key(KeyCode::Esc)), Did::Left);
    }

    #[test]
    fn enter_walks_the_fields_and_presses_the_main_button_at_the_end() {
        let choice = || Field::choice("on", "On", vec![("a".into(), "a".into())], "a");
        let mut choices = Form::new(vec![choice(), choice()], &[("next", "Next")], Some("next"));
        assert_eq!(choices.handle(&key(KeyCode::Enter)), Did::Pressed("next"));

        let mut form = form();
        assert_eq!(form.handle(&key(KeyCode::Enter)), Did::Moved);
        assert_eq!(form.handle(&key(KeyCode::Enter)), Did::Pressed("store"));
        form.handle(&key(KeyCode::Tab));
        assert_eq!(form.handle(&key(KeyCode::Enter)), Did::Pressed("cancel"));
    }
}
