//! Who owns on a platform what stands there for a community: people, or an account of ours.

use crate::domain::{clean_line, counted};
use serde::{Deserialize, Serialize};

/// How many people are named; of the others only how many there are is told.
const NAMED: usize = 5;

/// What our account has there beside what it needs for looking after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OurHold {
    /// Nothing that only an owner has.
    Nothing,
    /// What the owners among the people have, and no more.
    Beside,
    /// More than any of them because it made it, which nobody can change; over when nothing of ours opens it any more.
    Maker,
    /// More than any of them, which can be changed.
    Above,
}

/// Who owns what an instance is, as the platform tells it now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ownership {
    /// The people with an owner's rights over all of it, as the platform names them; no account of ours among them.
    pub people: Vec<String>,
    /// What our account has.
    pub ours: OurHold,
}

impl Ownership {
    /// What the platform told: who owns it, with our account taken out.
    #[must_use]
    pub fn of(owners: impl IntoIterator<Item = String>, ours: OurHold) -> Self {
        let mut people: Vec<String> = owners
            .into_iter()
            .map(|name| clean_line(&name))
            .filter(|name| !name.is_empty())
            .collect();
        people.sort();
        people.dedup();
        Self { people, ours }
    }

    /// Whether people own it, and nothing of ours stands above them that could be taken down.
    #[must_use]
    pub fn is_handed_over(&self) -> bool {
        !self.people.is_empty() && self.ours != OurHold::Above
    }

    /// The same in words: "owned by amina, and our account beside".
    #[must_use]
    pub fn sentence(&self) -> String {
        let mut named = self.people.iter().take(NAMED).cloned().collect::<Vec<_>>();
        let more = self.people.len().saturating_sub(NAMED);
        if more > 0 {
            named.push(counted(more, "other", "others"));
        }
        let people = match named.pop() {
            None => {
                return match self.ours {
                    OurHold::Nothing => "the platform names nobody who owns it".to_owned(),
                    OurHold::Beside | OurHold::Maker | OurHold::Above => {
                        "owned by our account alone".to_owned()
                    }
                };
            }
            Some(last) if named.is_empty() => last,
            Some(last) => format!("{} and {last}", named.join(", ")),
        };
        match self.ours {
            OurHold::Nothing => format!("owned by {people}"),
            OurHold::Beside => format!("owned by {people}, and our account beside"),
            OurHold::Maker => {
                format!("owned by {people}, with our account above as long as it has a key")
            }
            OurHold::Above => format!("owned by {people}, with our account above"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_handed_over_when_people_own_it_and_we_are_not_above() {
        let of = |people: &[&str], ours| {
            Ownership::of(people.iter().map(|name| (*name).to_owned()), ours)
        };
        assert!(of(&["amina"], OurHold::Nothing).is_handed_over());
        assert!(of(&["amina"], OurHold::Beside).is_handed_over());
        assert!(of(&["amina"], OurHold::Maker).is_handed_over());
        assert!(!of(&["amina"], OurHold::Above).is_handed_over());
        assert!(!of(&[], OurHold::Nothing).is_handed_over());
        assert_eq!(
            of(&["b", "a", "a"], OurHold::Beside).sentence(),
            "owned by a and b, and our account beside"
        );
        assert_eq!(
            of(&[""], OurHold::Above).sentence(),
            "owned by our account alone"
        );
    }
}
