//! Sparklines and bars, as text.

const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const PARTS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/// The last `width` of `values` as a sparkline, right-aligned. A steady series stands at half height, so that
/// calm looks calm; nothing is drawn for zero.
pub fn spark(values: &[u64], width: usize) -> String {
    let (_, shown) = values.split_at(values.len().saturating_sub(width));
    let mut sorted: Vec<u64> = shown.iter().copied().filter(|v| *v > 0).collect();
    sorted.sort_unstable();
    let median = sorted.get(sorted.len() / 2).copied().unwrap_or(0);
    let top = sorted
        .last()
        .copied()
        .unwrap_or(0)
        .max(median.saturating_mul(2));
    let pad = std::iter::repeat_n(' ', width - shown.len());
    pad.chain(shown.iter().map(|value| level(*value, top)))
        .collect()
}

fn level(value: u64, top: u64) -> char {
    if value == 0 || top == 0 {
        return ' ';
    }
    let eighth = (value as f64 / top as f64 * 8.0).ceil() as usize;
    LEVELS[eighth.clamp(1, 8) - 1]
}

/// A bar of at most `width` cells for `share` of 1, filled up with spaces.
pub fn bar(share: f64, width: usize) -> String {
    let share = if share.is_finite() {
        share.clamp(0.0, 1.0)
    } else {
        0.0
    };
    let eighths = (share * width as f64 * 8.0).round() as usize;
    let (full, rest) = (eighths / 8, eighths % 8);
    (0..width)
        .map(|cell| match cell.cmp(&full) {
            std::cmp::Ordering::Less => '█',
            std::cmp::Ordering::Equal => PARTS[rest],
            std::cmp::Ordering::Greater => ' ',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_series_stands_at_half_height_and_a_burst_reaches_the_top() {
        assert_eq!(spark(&[30, 30, 30, 30], 6), "  ▄▄▄▄");
        assert_eq!(spark(&[0, 1, 2, 8], 4), " ▁▂█");
        assert_eq!(spark(&[], 3), "   ");
        assert_eq!(spark(&[1, 2, 3], 2), "▃▄");
    }

    #[test]
    fn a_bar_is_as_wide_as_asked() {
        assert_eq!(bar(0.5, 4), "██  ");
        assert_eq!(bar(0.05, 4), "▎   ");
        assert_eq!(bar(7.0, 2), "██");
        assert_eq!(bar(f64::NAN, 2), "  ");
    }
}
