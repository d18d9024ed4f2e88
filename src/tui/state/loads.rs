//! Which readings are under way: none twice at once, and what changed meanwhile is read again afterwards.

use crate::tui::effect::{Effect, Load};
use std::collections::BTreeMap;

/// The readings under way, and whether each is wanted again.
#[derive(Debug, Default)]
pub struct Loads(BTreeMap<Load, bool>);

impl Loads {
    /// The effect for a reading, unless it is under way.
    pub fn ask(&mut self, load: Load) -> Option<Effect> {
        if let Some(again) = self.0.get_mut(&load) {
            *again = true;
            return None;
        }
        self.0.insert(load.clone(), false);
        Some(Effect::Load(load))
    }

    /// Whether such a reading is under way.
    pub fn any(&self, is_it: impl Fn(&Load) -> bool) -> bool {
        self.0.keys().any(is_it)
    }

    /// A reading came to its end; answers the effect for reading it again when that was wanted meanwhile.
    pub fn ended(&mut self, is_it: impl Fn(&Load) -> bool) -> Option<Effect> {
        let load = self.0.keys().find(|load| is_it(load)).cloned()?;
        let again = self.0.remove(&load)?;
        if again { self.ask(load) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_is_not_begun_twice_and_is_repeated_once() {
        let mut loads = Loads::default();
        assert_eq!(
            loads.ask(Load::Overview),
            Some(Effect::Load(Load::Overview))
        );
        assert_eq!(loads.ask(Load::Overview), None);
        assert_eq!(loads.ask(Load::Overview), None);
        let again = loads.ended(|load| *load == Load::Overview);
        assert_eq!(again, Some(Effect::Load(Load::Overview)));
        assert_eq!(loads.ended(|load| *load == Load::Overview), None);
    }
}
