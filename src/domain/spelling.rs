//! Names that were probably meant.

/// `; did you mean …` with the nearest of `known`, or the list where it is short, or nothing.
pub fn near_miss(name: &str, known: &[&str]) -> String {
    let nearest = known
        .iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .max_by(|(a, _), (b, _)| a.total_cmp(b));
    match nearest {
        Some((score, candidate)) if score > 0.8 => format!("; did you mean `{candidate}`?"),
        Some(_) if known.len() <= 8 => format!("; known: {}", known.join(", ")),
        _ => String::new(),
    }
}
