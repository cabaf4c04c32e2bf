//! Suggestions for misspelt names.

use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};

/// The name among `known` that is nearest to `word`; none where none is near.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let named = known.into_iter().filter(|name| !name.is_empty());
    let near = named.map(|name| {
        let lower = name.to_lowercase();
        (if is_short_for(&word, &lower) { 0 } else { distance(&word, &lower) }, name)
    });
    let (distance, name) = near.min_by_key(|(distance, _)| *distance)?;
    (distance <= name.len().max(word.len()) / 3).then_some(name)
}

/// The end of a message about an unknown name, as in `; did you mean full?`.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, known).map_or_else(String::new, |name| format!("; did you mean {name}?"))
}

/// Returns whether one is the beginning of the other: `exponential` of `expo`, or `const` of `constant`.
fn is_short_for(one: &str, other: &str) -> bool {
    one.len().min(other.len()) >= 3 && (one.starts_with(other) || other.starts_with(one))
}

/// The letters to insert, remove, replace or exchange with their neighbour.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<_> = other.chars().collect();
    let mut rows = [Vec::new(), (0..=other.len()).collect::<Vec<_>>()];
    let mut before = None;
    for (n, letter) in one.chars().enumerate() {
        let mut row = vec![n + 1];
        for (m, with) in other.iter().enumerate() {
            let mut least =
                (rows[1][m] + usize::from(letter != *with)).min(rows[1][m + 1] + 1).min(row[m] + 1);
            if m > 0 && before == Some(*with) && letter == other[m - 1] {
                least = least.min(rows[0][m - 1] + 1);
            }
            row.push(least);
        }
        rows.swap(0, 1);
        rows[1] = row;
        before = Some(letter);
    }
    rows[1].last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_name_is_suggested_and_a_far_one_is_not() {
        let known = ["full", "equal", "random", "none", "max_tries", "max_time"];
        for (word, name) in [
            ("ful", Some("full")),
            ("eqaul", Some("equal")),
            ("Random", Some("random")),
            ("max_trys", Some("max_tries")),
            ("maxtime", Some("max_time")),
            ("equally", Some("equal")),
            ("rand", Some("random")),
            ("x", None),
            ("", None),
            ("constant", None),
        ] {
            assert_eq!(nearest(word, known), name, "{word}");
        }
    }
}
