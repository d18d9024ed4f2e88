//! Short names: what the service makes of them and which it keeps back (sheet: opencollective 4.3).

/// Some of the 92 reserved words.
const RESERVED: [&str; 12] = [
    "about",
    "admin",
    "api",
    "applications",
    "create",
    "dashboard",
    "events",
    "help",
    "home",
    "search",
    "signin",
    "support",
];
/// Names that no other may contain or resemble.
const OWN: [&str; 3] = ["opencollective", "ofitech", "ofico"];

/// Lower-cased, spaces as dashes, dots dropped.
pub fn rewritten(slug: &str) -> String {
    slug.trim()
        .to_lowercase()
        .replace(' ', "-")
        .replace('.', "")
}

/// Whether the service refuses it.
pub fn is_kept_back(slug: &str) -> bool {
    let alike: String = slug
        .chars()
        .map(|character| match character {
            '0' => 'o',
            '1' => 'i',
            '3' => 'e',
            other => other,
        })
        .collect();
    RESERVED.contains(&slug)
        || OWN
            .iter()
            .any(|own| alike.contains(own) || distance(&alike, own) <= 2)
}

/// Whether it has characters that no short name has.
pub fn is_ill_formed(slug: &str) -> bool {
    let allowed = |character: char| {
        character.is_ascii_lowercase() || character.is_ascii_digit() || "-_".contains(character)
    };
    slug.is_empty() || !slug.chars().all(allowed)
}

/// How many letters must be changed, added or taken away.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (place, left) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = place + 1;
        for (column, right) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(left != *right);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_services_own_names_are_kept_back_with_their_likes() {
        for slug in ["admin", "office", "0pencollective", "my-opencollective-x"] {
            assert!(is_kept_back(slug), "{slug}");
        }
        assert!(!is_kept_back("rosewood-coop"));
        assert_eq!(rewritten("Gh Dot.x_1"), "gh-dotx_1");
    }
}
