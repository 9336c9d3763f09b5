//! Which known word was meant by an unknown one?
//!
//! In: what was written and the words that exist. Out: a sentence for the fix hint.

/// "did you mean `x`?" when a known word is close, else "write one of a, b, c".
pub fn did_you_mean<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match nearest(written, &known) {
        Some(word) => format!("did you mean `{word}`?"),
        None if known.is_empty() => "remove it".to_owned(),
        None => format!("write one of {}", known.join(", ")),
    }
}

/// The closest word, if at most a third of its letters differ (our choice: beyond that guesses mislead).
fn nearest<'a>(written: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|word| (distance(&plain(written), &plain(word)), *word))
        .filter(|(d, word)| *d <= (word.chars().count() / 3).max(1))
        .min()
        .map(|(_, word)| word)
}

/// Case and separators do not count: `minProbability` and `min_probability` are one word.
fn plain(word: &str) -> Vec<char> {
    word.chars()
        .filter(|c| !"_- ".contains(*c))
        .flat_map(char::to_lowercase)
        .collect()
}

/// Levenshtein distance, with one row.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_word_is_offered_and_a_far_one_is_not() {
        let known = ["link-lossy", "link-down", "cell-outage"];
        assert_eq!(
            did_you_mean("link-losy", known),
            "did you mean `link-lossy`?"
        );
        assert_eq!(
            did_you_mean("LinkLossy", known),
            "did you mean `link-lossy`?"
        );
        assert!(did_you_mean("banana", known).starts_with("write one of link-lossy"));
    }
}
