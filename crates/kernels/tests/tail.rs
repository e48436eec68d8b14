//! The upper tail: how many of the 2^64 (word, tail) pairs give a G above the threshold of probability 2^-n.

mod common;

use common::{say, table};
use gumbel_kernels::table::{TAIL_WORDS, gumbel_tail};

/// G of a pair, as one integer: the word above its tail. G falls as the integer grows.
fn gumbel(pair: u64) -> f64 {
    f64::from(table().gumbel((pair >> 32) as u32, || pair as u32))
}

/// The threshold that G exceeds with probability 2^-n.
fn threshold(n: i32) -> f64 {
    -(-(-2f64.powi(-n)).ln_1p()).ln()
}

/// How many pairs give G > threshold, counting down from where G passes it for the first time.
fn count_above(threshold: f64) -> u64 {
    let (mut above, mut below) = (0, u64::MAX);
    assert!(gumbel(above) > threshold && gumbel(below) <= threshold);
    while below - above > 1 {
        let middle = above + (below - above) / 2;
        if gumbel(middle) > threshold { above = middle } else { below = middle }
    }
    above + 1
}

/// Half a unit in the last place of a float32 near x.
fn half_ulp(x: f64) -> f64 {
    2f64.powi(x.abs().log2().floor() as i32 - 24)
}

/// P(G > threshold) = count·2^-64 must be 2^-n. G enters the probability as e^-G, so an error of G is a relative
/// error of the probability: 2·10^-7·max(1, G) where G comes from a cubic, half an ulp where it is rounded once.
#[test]
fn tail_counts_down_to_2_to_the_minus_63() {
    for n in 2..=63 {
        let (threshold, expected) = (threshold(n), 2f64.powi(64 - n));
        let count = count_above(threshold);
        let error = (count as f64 - expected) / expected;
        let refined = count >> 32 < u64::from(TAIL_WORDS);
        let bound = if refined { 1.001 * half_ulp(threshold) } else { 2e-7 * threshold.max(1.0) };
        if n % 4 == 0 || n < 4 || n == 63 {
            say(&format!(
                "P(G > {threshold:.4}) = 2^-{n}·(1 {error:+.2e}), bound {bound:.2e}, refined: {refined}"
            ));
        }
        assert!(error.abs() <= bound, "2^-{n}: {count} of {expected}, {error:e} > {bound:e}");
        assert_eq!(refined, n > 16 || n == 16 && count >> 32 < u64::from(TAIL_WORDS));
    }
    // So few pairs are left here that the count has to be exact.
    for n in 48..=63 {
        assert_eq!(count_above(threshold(n)), 1 << (64 - n), "2^-{n}");
    }
}

/// The bisection takes G for monotone; around a crossing among the cubics, which may rise a little, the exact count.
#[test]
fn tail_counts_of_single_words() {
    for n in 2..16 {
        let (threshold, expected) = (threshold(n), 1u64 << (32 - n));
        // G rises by 5·10^-7 at most: outside of this window nothing is in doubt.
        let window = 16 + (expected as f64 * 4e-6 * threshold.max(1.0)) as u64;
        let words = expected - window..expected + window;
        assert!(gumbel(words.start << 32) > threshold && gumbel(words.end << 32) < threshold);
        let count = words.start + words.clone().filter(|word| gumbel(word << 32) > threshold).count() as u64;
        let error = (count as f64 - expected as f64) / expected as f64;
        assert!(error.abs() <= 2e-7 * threshold.max(1.0), "2^-{n}: {count} of {expected}");
    }
}

/// The largest G is −log(2^-65) = 65 ln 2, the smallest that of the last word.
#[test]
fn the_ends() {
    let largest = 65.0 * std::f64::consts::LN_2;
    assert_eq!(gumbel(0), f64::from(largest as f32));
    let smallest = -(33.0 * std::f64::consts::LN_2).ln();
    assert!((gumbel(u64::MAX) - smallest).abs() <= 2e-7 * smallest.abs(), "{}", gumbel(u64::MAX));
    assert!(gumbel(0) <= 45.06 && gumbel(u64::MAX) >= -3.13);
}

/// Word 2^16 − 1 with its last tail and word 2^16, which has none, are half a word apart: 1/131072 of G's e^-G.
#[test]
fn the_border_of_the_refinement() {
    let last = f64::from(gumbel_tail(TAIL_WORDS - 1, u32::MAX));
    let first = f64::from(table().gumbel(TAIL_WORDS, || unreachable!("word 2^16 is not refined")));
    let expected = (1.0 + 0.5 / f64::from(TAIL_WORDS)).ln();
    // Half an ulp of the refined value, and what a cubic may be off.
    assert!((last - first - expected).abs() <= half_ulp(last) + 2e-7 * first, "{last} {first}");
    assert!(last > first);
}

/// Every tail matters, and only in order: G of a word's tails falls from that of the word before to that of the next.
#[test]
fn tails_fill_the_gaps_between_words() {
    for word in [0, 1, 2, 3, 100, 4_095, 30_000, TAIL_WORDS - 2] {
        let ends = [gumbel_tail(word, 0), gumbel_tail(word, u32::MAX), gumbel_tail(word + 1, 0)];
        assert!(ends[0] > ends[1], "word {word}: {ends:?}");
        // Two neighbours among 2^49 are the same float32 or the next one.
        assert!(ends[1] >= ends[2] && ends[1].to_bits() - ends[2].to_bits() <= 1, "word {word}: {ends:?}");
        let steps: Vec<f32> =
            (0..=256).map(|i| gumbel_tail(word, (i << 24).min(u64::from(u32::MAX)) as u32)).collect();
        assert!(steps.is_sorted_by(|a, b| a >= b), "word {word}");
    }
}
