//! The word that was probably meant.

/// Longest word for which a nearest candidate is looked for, in characters, and longest candidate.
const WORD_CHARS_MAX: usize = 80;
/// How many candidates are compared, at the most.
const CANDIDATES_MAX: usize = 256;

/// The candidate nearest to `word`, if near enough to be what was meant.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let chars = word.chars().take(WORD_CHARS_MAX + 1).count();
    if chars > WORD_CHARS_MAX {
        return None;
    }
    let limit = (chars / 3).max(2);
    candidates
        .into_iter()
        .take(CANDIDATES_MAX)
        .filter(|candidate| candidate.chars().take(WORD_CHARS_MAX + 1).count() <= WORD_CHARS_MAX)
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// What is answered to a word that is none of those: the one that was probably meant, or all.
pub(crate) fn hint<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str> + Clone) -> String {
    match nearest(word, candidates.clone()) {
        Some(near) => format!("did you mean '{near}'?"),
        None => {
            let few: Vec<&str> = candidates.into_iter().take(CANDIDATES_MAX).collect();
            format!("one of {}", few.join(", "))
        }
    }
}

/// How many letters have to be changed, whatever their case.
fn distance(a: &str, b: &str) -> usize {
    strsim::levenshtein(&a.to_lowercase(), &b.to_lowercase())
}

/// At most so many characters of the text; what is left out is `…`.
pub(crate) fn shortened(text: String, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        None => text,
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
