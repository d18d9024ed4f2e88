//! Did you mean: the known word nearest to a wrong one.

/// The candidate that differs least, when it differs by little enough to be a slip: a third of its letters, at most three.
pub(super) fn nearest<'a>(
    wrong: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (distance(wrong, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.len() / 3).clamp(1, 3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions and replacements between two words (Levenshtein).
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (done, letter) in left.chars().enumerate() {
        let mut diagonal = done;
        let mut last = done + 1;
        for (cell, other) in row.iter_mut().skip(1).zip(&right) {
            let next = (last + 1)
                .min(*cell + 1)
                .min(diagonal + usize::from(letter != *other));
            diagonal = std::mem::replace(cell, next);
            last = next;
        }
        if let Some(first) = row.first_mut() {
            *first = done + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_a_different_word_is_not() {
        let known = ["where_to_get", "whose", "warnings"];
        assert_eq!(nearest("where_to_find", known), None);
        assert_eq!(nearest("wherre_to_get", known), Some("where_to_get"));
        assert_eq!(nearest("warning", known), Some("warnings"));
        assert_eq!(nearest("colour", known), None);
    }
}
