//! The filter of a list: words that must all occur; a leading `!` turns it round.

/// Whether a row with these words passes.
pub fn passes(filter: &str, words: &str) -> bool {
    let (inverse, wanted) = split(filter);
    if wanted.is_empty() {
        return true;
    }
    let words = words.to_lowercase();
    let matches = wanted
        .to_lowercase()
        .split_whitespace()
        .all(|word| words.contains(word));
    matches != inverse
}

/// Whether it is turned round, and what it looks for.
pub fn split(filter: &str) -> (bool, &str) {
    match filter.strip_prefix('!') {
        Some(rest) => (true, rest.trim()),
        None => (false, filter.trim()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_takes_all_its_words_and_turns_round() {
        assert!(passes("", "anything") && passes("!", "anything"));
        assert!(passes("rose CO", "Rosewood Co-op"));
        assert!(!passes("rose fern", "Rosewood Co-op"));
        assert!(!passes("!rose", "Rosewood Co-op") && passes("!fern", "Rosewood Co-op"));
    }
}
