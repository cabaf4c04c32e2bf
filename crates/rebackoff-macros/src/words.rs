//! Names that users write: what is allowed, and what a misspelt one was meant to be.

use std::fmt::Display;

/// "`a`, `b` or `c`".
pub(crate) fn list(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [word] => word.clone(),
        [words @ .., last] => format!("{} or {last}", words.join(", ")),
    }
}

/// Says that `word` is no `kind`, what was meant, and what there is.
pub(crate) fn unknown(kind: &str, word: impl Display, allowed: &[&str]) -> String {
    let word = word.to_string();
    let refusal = format!("`{word}` is no {kind}");
    if allowed.is_empty() {
        return format!("{refusal}, which has none");
    }
    let meant = nearest(&word, allowed)
        .map(|nearest| format!(": did you mean `{nearest}`?"))
        .unwrap_or_default();
    format!("{refusal}{meant}\nallowed: {}", list(allowed))
}

/// The word that `word` was probably meant to be: at most half of it differs.
fn nearest<'a>(word: &str, allowed: &[&'a str]) -> Option<&'a str> {
    let (distance, nearest) =
        allowed.iter().map(|candidate| (distance(word, candidate), *candidate)).min()?;
    (distance * 2 <= word.chars().count()).then_some(nearest)
}

/// The number of letters to add, remove or change between two words.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in to.iter().enumerate() {
            let changed = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_the_letters_that_differ() {
        for (from, to, differ) in
            [("", "", 0), ("expo", "", 4), ("", "expo", 4), ("expo", "exop", 2), ("fib", "fibo", 1)]
        {
            assert_eq!(distance(from, to), differ, "{from} {to}");
        }
    }

    #[test]
    fn suggests_the_nearest_word_and_nothing_far_off() {
        let allowed = ["max_tries", "max_time", "jitter"];
        assert_eq!(nearest("max_trys", &allowed), Some("max_tries"));
        assert_eq!(nearest("maxtime", &allowed), Some("max_time"));
        assert_eq!(nearest("exop", &["expo", "fibo"]), Some("expo"));
        assert_eq!(nearest("sleep", &allowed), None);
    }

    #[test]
    fn lists_words_as_a_sentence_does() {
        assert_eq!(list(&["a"]), "`a`");
        assert_eq!(list(&["a", "b", "c"]), "`a`, `b` or `c`");
    }
}
