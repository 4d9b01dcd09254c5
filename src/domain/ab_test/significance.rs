//! Whether two shares differ by more than chance would have them differ.

use crate::domain::outcomes::Share;

/// The two-sided chance that a difference at least as great as that of two shares comes of one and the same true share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Chance {
    /// It, 0 to 1.
    pub p: f64,
    /// Whether it was counted out (Fisher); else it is an approximation that needs many cases (z).
    pub is_exact: bool,
}

/// Expected cases of each kind on each side from which on the normal approximation holds (Cochran 1954).
const EXPECTED: f64 = 5.0;

/// z of the two-sided 5 %, and of a power of 80 %.
const Z_ALPHA: f64 = 1.959_964;
const Z_POWER: f64 = 0.841_621;

/// Of so many a side nobody speaks any more.
const MOST: f64 = 1e9;

/// The chance for `a` against `b`; `None` where one of them is of nothing, or is no share.
///
/// Where each kind of case is expected 5 times on each side at least, the two-proportion z-test with the pooled share
/// (Agresti, Categorical Data Analysis, 3.2.1):
/// `z = (pa - pb) / sqrt(p (1 - p) (1/na + 1/nb))`, `p = (xa + xb) / (na + nb)`, chance `= erfc(|z| / sqrt 2)`.
/// Elsewhere Fisher's exact test: the sum of the hypergeometric chances of all tables with these margins that are no likelier
/// than this one, as R's `fisher.test` has it.
pub fn chance(a: Share, b: Share) -> Option<Chance> {
    if a.of == 0 || b.of == 0 || a.part > a.of || b.part > b.of {
        return None;
    }
    let (na, nb) = (a.of as f64, b.of as f64);
    let hits = (a.part + b.part) as f64;
    let misses = na + nb - hits;
    let least = hits.min(misses) * na.min(nb) / (na + nb);
    if least < EXPECTED {
        let p = fisher(a, b);
        return Some(Chance { p, is_exact: true });
    }
    let pooled = hits / (na + nb);
    let spread = (pooled * (1.0 - pooled) * (1.0 / na + 1.0 / nb)).sqrt();
    let z = (a.part as f64 / na - b.part as f64 / nb) / spread;
    Some(Chance {
        p: erfc(z.abs() / std::f64::consts::SQRT_2),
        is_exact: false,
    })
}

/// How many cases a side would tell a difference as great as that of `a` and `b` apart from chance, at 5 % with a power of 80 %;
/// `None` where they do not differ, or by next to nothing.
///
/// Fleiss, Statistical Methods for Rates and Proportions, 4.2, without his correction, so rather too few than too many:
/// `n = (za sqrt(2 p (1 - p)) + zb sqrt(pa (1 - pa) + pb (1 - pb)))² / (pa - pb)²`, `p = (pa + pb) / 2`.
pub fn needed(a: Share, b: Share) -> Option<u64> {
    let (pa, pb) = (a.rate()?.min(1.0), b.rate()?.min(1.0));
    let middle = f64::midpoint(pa, pb);
    let under_one = Z_ALPHA * (2.0 * middle * (1.0 - middle)).sqrt();
    let under_two = Z_POWER * (pa * (1.0 - pa) + pb * (1.0 - pb)).sqrt();
    let n = (under_one + under_two).powi(2) / (pa - pb).powi(2);
    (n < MOST).then(|| n.ceil() as u64)
}

/// Fisher's exact test, two-sided. Chances are told relative to the likeliest table, so that no factorial is needed.
fn fisher(a: Share, b: Share) -> f64 {
    let hits = a.part + b.part;
    let (least, most) = (hits.saturating_sub(b.of), hits.min(a.of));
    // Of the table with `k` hits among `a`: how much likelier the next one is.
    let step = |k: u64| {
        let up = (hits - k) as f64 * (a.of - k) as f64;
        up / ((k + 1) as f64 * (b.of - (hits - k) + 1) as f64)
    };
    // The mode of the hypergeometric distribution: weights fall from it to both sides.
    let mode = (hits + 1) as f64 * (a.of + 1) as f64 / (a.of + b.of + 2) as f64;
    let mode = (mode as u64).clamp(least, most);
    let mut weights = vec![(mode, 1.0)];
    let mut weight = 1.0;
    for k in mode..most {
        weight *= step(k);
        weights.push((k + 1, weight));
    }
    weight = 1.0;
    for k in (least..mode).rev() {
        weight /= step(k);
        weights.push((k, weight));
    }
    let seen = weights.iter().find(|(k, _)| *k == a.part);
    let seen = seen.map_or(0.0, |(_, weight)| *weight);
    let sum = |most: f64| -> f64 {
        let weights = weights.iter().map(|(_, weight)| *weight);
        weights.filter(|weight| *weight <= most).sum()
    };
    // Equal chances may differ in their last digits.
    (sum(seen * (1.0 + 1e-7)) / sum(f64::INFINITY)).min(1.0)
}

/// The complementary error function of a number that is not below 0, to seven digits (Press et al., Numerical Recipes, 6.2:
/// a Chebyshev fit).
fn erfc(x: f64) -> f64 {
    const FIT: [f64; 10] = [
        -1.265_512_23,
        1.000_023_68,
        0.374_091_96,
        0.096_784_18,
        -0.186_288_06,
        0.278_868_07,
        -1.135_203_98,
        1.488_515_87,
        -0.822_152_23,
        0.170_872_77,
    ];
    let t = 1.0 / (1.0 + 0.5 * x);
    let fit = FIT.iter().rev().fold(0.0, |sum, factor| sum * t + factor);
    t * (fit - x * x).exp()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn share(part: u64, of: u64) -> Share {
        Share { part, of }
    }

    fn p(a: (u64, u64), b: (u64, u64)) -> (f64, bool) {
        let chance = chance(share(a.0, a.1), share(b.0, b.1)).unwrap();
        (chance.p, chance.is_exact)
    }

    #[test]
    fn chances_are_those_of_the_books_and_of_r() {
        // erfc(1.959964 / sqrt 2) = 0.05, and erfc(1) = 0.1572992.
        assert!((erfc(Z_ALPHA / std::f64::consts::SQRT_2) - 0.05).abs() < 1e-7);
        assert!((erfc(1.0) - 0.157_299_2).abs() < 1e-7);
        assert!((erfc(0.0) - 1.0).abs() < 1e-6);
        // R: fisher.test(matrix(c(3, 1, 1, 3), 2)), Fisher's own tea: 0.4857.
        let (tea, is_exact) = p((3, 4), (1, 4));
        assert!(is_exact && (tea - 0.485_714).abs() < 1e-6, "{tea}");
        // R: fisher.test(matrix(c(2, 10, 15, 3), 2)), Fisher's twins: 0.0005367.
        let twins = fisher(share(2, 17), share(10, 13));
        assert!((twins - 0.000_536_7).abs() < 1e-6, "{twins}");
        // R: prop.test(c(15, 25), c(50, 50), correct = FALSE): X² = 4.1667, p = 0.04123.
        let (half, is_exact) = p((15, 50), (25, 50));
        assert!(!is_exact && (half - 0.041_227).abs() < 1e-5, "{half}");
        // The sketch of the design: 3.8 % of 611 and 4.6 % of 604.
        let (sketch, _) = p((23, 611), (28, 604));
        assert!((sketch - 0.45).abs() < 0.01, "{sketch}");
    }

    #[test]
    fn nothing_is_said_of_nothing_and_much_of_a_great_difference() {
        assert_eq!(chance(share(0, 0), share(3, 9)), None);
        assert_eq!(chance(share(4, 3), share(3, 9)), None);
        let (same, _) = p((0, 500), (0, 400));
        assert!((same - 1.0).abs() < 1e-9);
        let (all, _) = p((5, 5), (9, 9));
        assert!((all - 1.0).abs() < 1e-9);
        let (far, is_exact) = p((0, 1_000_000), (9, 1_000_000));
        assert!(is_exact && far < 0.01, "{far}");
        let (certain, _) = p((10, 10_000), (5_000, 10_000));
        assert!(certain < 1e-9);
    }

    #[test]
    fn what_is_needed_is_what_the_tables_say() {
        // Fleiss has 0.05 against 0.10 at 80 %: 435 a side before his correction.
        assert_eq!(needed(share(50, 1_000), share(100, 1_000)), Some(435));
        assert_eq!(needed(share(5, 100), share(5, 100)), None);
        assert_eq!(needed(share(0, 0), share(5, 100)), None);
    }

    proptest! {
        #[test]
        fn a_chance_is_one_whichever_side_is_named_first(a in 0_u64..80, na in 1_u64..80, b in 0_u64..400, nb in 1_u64..400) {
            let (a, b) = (share(a.min(na), na), share(b.min(nb), nb));
            let (ab, ba) = (chance(a, b).unwrap().p, chance(b, a).unwrap().p);
            prop_assert!((0.0..=1.0 + 1e-6).contains(&ab));
            prop_assert!((ab - ba).abs() < 1e-9);
        }
    }

    #[test]
    fn what_is_needed_would_have_told() {
        // With so many cases and these shares the test finds a difference.
        for (a, b) in (1..99).flat_map(|a| (1..99).map(move |b| (share(a, 100), share(b, 100)))) {
            let Some(n) = needed(a, b) else { continue };
            let scaled = |it: Share| share((it.part * n).div_ceil(100), n);
            let found = chance(scaled(a), scaled(b)).unwrap().p;
            assert!(n < 30 || found < 0.05, "{a:?} {b:?} {n} {found}");
        }
    }
}
