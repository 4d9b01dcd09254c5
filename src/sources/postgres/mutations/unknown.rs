//! What a look could not see, as sentences that are the same of all rows of a plan and of some.

/// That so many events are `what`, if any are.
pub(super) fn of_events(n: usize, what: &str) -> Option<String> {
    (n > 0).then(|| format!("{n} of these events {what}"))
}

/// The first of what is unknown `now` that was not when the plan was shown. A part of its rows may well be fewer than were
/// told of all.
pub(super) fn new<'a>(now: &'a [String], shown: &[String]) -> Option<&'a String> {
    now.iter()
        .find(|unseen| !shown.iter().any(|shown| kind(shown) == kind(unseen)))
}

/// A sentence without the number it begins with.
fn kind(sentence: &str) -> &str {
    sentence.trim_start_matches(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_of_all_rows_is_nothing_new_of_some_of_them() {
        let shown: Vec<String> = of_events(60, "name no campaign").into_iter().collect();
        let told = |n, what| of_events(n, what).into_iter().collect::<Vec<_>>();
        assert_eq!(new(&told(30, "name no campaign"), &shown), None);
        let other = told(30, "have no address to look up");
        assert_eq!(new(&other, &shown), other.first());
        assert_eq!(of_events(0, "name no campaign"), None);
    }
}
