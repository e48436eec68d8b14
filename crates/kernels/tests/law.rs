//! Draws against their exact probabilities. Seeds are fixed, so a test that passes passes always; the false-alarm rate
//! is what a change of the words would risk, 10^-6 for each chi-square.

mod common;

use common::one_row::{Noise, categorical, gumbel_max};
use common::{Source, block_sum, chi_square, on_all_cores, params, say, softmax_f64, table, tempered, widen};
use gumbel_kernels::categorical::{Cumulative, law_of};
use gumbel_kernels::guide::{self, Guided};
use gumbel_kernels::gumbel::RowNoise;
use gumbel_kernels::relaxed::Input;
use gumbel_kernels::{BLOCK, Params, kept};
use std::cell::Cell;
use std::ops::Range;

/// Rows of Gumbel-Max over the same logits: how often each class was drawn.
fn count_gumbel_max(name: &str, x: &[f32], base: &Params, rows: u64) -> Vec<u64> {
    let counts = on_all_cores(name, 0..rows, |rows| {
        let mut noise = RowNoise::new(table(), base);
        let mut counts = vec![0u64; x.len()];
        for row in rows {
            noise.set_row(&Params { row: row as u32, ..*base });
            let index = gumbel_max(Input { logits: x, given: x }, base, &Noise::Drawn(&noise)).unwrap();
            counts[index] += 1;
        }
        counts
    });
    sum(counts, x.len())
}

/// The same for draws by inverse CDF, which all belong to row 0.
fn count_categorical(name: &str, x: &[f32], base: &Params, draws: u64) -> Vec<u64> {
    let counts = on_all_cores(name, 0..draws, |draws| {
        let mut out = vec![0; (draws.end - draws.start) as usize];
        let params = Params { first: draws.start as u32, ..*base };
        categorical(Input { logits: x, given: x }, &params, &mut out).unwrap();
        let mut counts = vec![0u64; x.len()];
        out.iter().for_each(|&index| counts[index as usize] += 1);
        counts
    });
    sum(counts, x.len())
}

fn sum(counts: Vec<Vec<u64>>, n: usize) -> Vec<u64> {
    (0..n).map(|i| counts.iter().map(|c| c[i]).sum()).collect()
}

fn check(name: &str, counts: &[u64], probabilities: &[f64], critical: f64) {
    let statistic = chi_square(counts, probabilities);
    let least = probabilities.iter().copied().fold(1.0, f64::min) * counts.iter().sum::<u64>() as f64;
    say(&format!(
        "{name}: chi-square {statistic:.2}, critical {critical}, smallest expected count {least:.1}"
    ));
    assert!(least > 20.0, "{name}: too few draws for a chi-square");
    assert!(statistic <= critical, "{name}: {statistic} > {critical}");
}

/// n = 2^23 each, 9 degrees of freedom, critical value 44.81.
#[test]
fn ten_classes() {
    const CRITICAL: f64 = 44.81;
    let x = [0.0, 1.0, -1.0, 2.0, 0.5, -3.0, 0.25, -5.0, 1.5, -0.75];
    let n = 1 << 23;
    for t in [0.7, 1.0, 2.0] {
        let p = softmax_f64(&widen(&x), t);
        let params = tempered(t, params(1, 0, 0));
        check(&format!("Gumbel-Max, T = {t}"), &count_gumbel_max("Gumbel-Max", &x, &params, n), &p, CRITICAL);
        check(
            &format!("categorical, T = {t}"),
            &count_categorical("categorical", &x, &params, n),
            &p,
            CRITICAL,
        );
    }
}

/// K = 2 with gaps of 8 and 14 nats (p = 3.4·10^-4 and 8.3·10^-7): n = 2^22 and 2^26, so that the rare class is
/// expected 1406 and 55.8 times; 1 degree of freedom, critical value 23.93.
#[test]
fn two_classes_far_apart() {
    for (gap, n) in [(8.0, 1 << 22), (14.0, 1 << 26)] {
        let x = [0.0, -gap];
        let p = softmax_f64(&widen(&x), 1.0);
        let params = params(2, 0, 0);
        let counts = count_gumbel_max("Gumbel-Max, 2 classes", &x, &params, n);
        check(&format!("Gumbel-Max, gap {gap}, rare class {}", counts[1]), &counts, &p, 23.93);
        let counts = count_categorical("categorical, 2 classes", &x, &params, n);
        check(&format!("categorical, gap {gap}, rare class {}", counts[1]), &counts, &p, 23.93);
    }
}

/// A head and 50,000 classes 8 nats below it, with 0.944 of the mass: head against tail (1 degree of freedom, 23.93),
/// and the tail in 100 groups of 500 with the head (100 degrees, 182.1). n = 2^14 rows (8.2·10^8 elements of noise),
/// 2^22 draws by inverse CDF.
#[test]
fn a_long_tail() {
    const TAIL: usize = 50_000;
    let mut x = vec![-8.0; TAIL + 1];
    x[0] = 0.0;
    let head = 1.0 / (1.0 + TAIL as f64 * f64::exp(-8.0));
    assert!((1.0 - head - 0.944).abs() < 0.001);
    let mut groups = vec![head];
    groups.extend([(1.0 - head) / 100.0; 100]);
    let p = params(3, 0, 0);
    let laws = [
        ("Gumbel-Max", count_gumbel_max("Gumbel-Max, 50,001 classes", &x, &p, 1 << 14)),
        ("categorical", count_categorical("categorical, 50,001 classes", &x, &p, 1 << 22)),
    ];
    for (name, counts) in laws {
        let tail: Vec<u64> = counts[1..].chunks(500).map(|group| group.iter().sum()).collect();
        check(&format!("{name}, head"), &[counts[0], tail.iter().sum()], &[head, 1.0 - head], 23.93);
        let counts: Vec<u64> = [counts[0]].into_iter().chain(tail).collect();
        check(&format!("{name}, 100 groups"), &counts, &groups, 182.1);
    }
}

/// Impossible classes are never drawn: 2^28 elements of noise, three quarters of them masked. Not a statistic.
#[test]
fn masked_classes_are_never_drawn() {
    const CLASSES: usize = 1024;
    let mut source = Source(4);
    let x: Vec<f32> =
        (0..CLASSES).map(|i| if i % 4 == 1 { source.normal() } else { f32::NEG_INFINITY }).collect();
    let p = params(4, 0, 0);
    let counts = count_gumbel_max("masked", &x, &p, (1 << 28) / CLASSES as u64);
    assert_eq!(counts.iter().sum::<u64>(), (1 << 28) / CLASSES as u64);
    let draws = count_categorical("masked, categorical", &x, &p, 1 << 22);
    for i in (0..CLASSES).filter(|i| i % 4 != 1) {
        assert_eq!((counts[i], draws[i]), (0, 0), "class {i}");
    }
}

/// A law by its float32 weights, as `categorical` sums it.
struct Law {
    weights: Vec<f32>,
    sums: Vec<f64>,
}

impl Law {
    fn new(weights: Vec<f32>) -> Self {
        let mut sums = vec![0.0];
        for block in weights.chunks(BLOCK) {
            sums.push(sums[sums.len() - 1] + block_sum(block));
        }
        Self { weights, sums }
    }

    /// The pairs (word·2^32 + low) that draw class `column`, an interval since every step is monotone.
    fn interval(&self, column: usize) -> Range<u128> {
        let law = Cumulative::new(&self.weights, &self.sums);
        interval(column, |word, low| law.draw(word, || low))
    }

    /// The same by a guide, which looks at so many bits first.
    fn guided_interval(&self, column: usize, bits: u32) -> Range<u128> {
        let law = Cumulative::new(&self.weights, &self.sums);
        let (mut sure, mut guide) = (vec![0; self.weights.len()], vec![0; (1 << bits) + 1]);
        guide::make(&law, &mut sure, &mut guide);
        let guided = Guided::new(&law, &sure, &guide);
        interval(column, |word, low| {
            // In a group of sixteen and behind it.
            let mut drawn = [0; 17];
            guided.draw_all(&[word; 17], &mut drawn, |_| low);
            assert_eq!(drawn, [drawn[0]; 17], "word {word}");
            drawn[0] as usize
        })
    }

    fn probability(&self, column: usize) -> f64 {
        let total: f64 = widen(&self.weights).iter().sum();
        f64::from(self.weights[column]) / total
    }

    fn check(&self, name: &str, column: usize) {
        let interval = self.interval(column);
        for bits in [4, 12, 13, 19] {
            assert_eq!(self.guided_interval(column, bits), interval, "{name}, class {column}, {bits} bits");
        }
        let got = (interval.end - interval.start) as f64 * 2f64.powi(-64);
        let p = self.probability(column);
        say(&format!(
            "{name}: class {column} of probability {p:.6e} has {got:.6e}, off by {:.1e}",
            (got - p).abs()
        ));
        assert!((got - p).abs() <= 2f64.powi(-50), "{name}, class {column}: {got:e} for {p:e}");
    }
}

/// The pairs that draw class `column` where every step of `draw` is monotone.
fn interval(column: usize, draw: impl Fn(u32, u32) -> usize) -> Range<u128> {
    let first = |passes: &dyn Fn(usize) -> bool| {
        let (mut low, mut high) = (0u128, 1u128 << 64);
        while low < high {
            let middle = (low + high) / 2;
            if passes(draw((middle >> 32) as u32, middle as u32)) { high = middle } else { low = middle + 1 }
        }
        low
    };
    first(&|i| i >= column)..first(&|i| i > column)
}

/// Classes of 10^-9 (four of 2^32 words) and of 10^-12 (far below what one word can tell) by exact count of (word, low)
/// pairs: right to 2^-50, that is to 10^-6 of the one and 10^-3 of the other. At both ends, between, and beside the
/// border of blocks; by the search and by guides.
#[test]
fn classes_of_a_billionth_and_a_trillionth_by_count() {
    for rare in [1e-9, 1e-12] {
        Law::new(vec![rare, 1.0]).check("first of two", 0);
        Law::new(vec![1.0, rare]).check("last of two", 1);
        Law::new(vec![0.3, rare, 0.7]).check("between two", 1);
        let mut weights = vec![1.0 / 1000.0; 1000];
        let columns = [0, 255, 256, 700, 999];
        for column in columns {
            weights[column] = rare;
        }
        let law = Law::new(weights);
        for column in columns {
            law.check("of a thousand", column);
        }
    }
}

/// The same for laws that are made of logits, as `categorical` and kept laws make them.
#[test]
fn logits_of_a_billionth_and_a_trillionth_by_count() {
    for rare in [1e-9f64, 1e-12] {
        for (classes, column) in [(2, 1), (1000, 256)] {
            let mut logits = vec![0.0; classes];
            logits[column] = (rare * (classes - 1) as f64).ln() as f32;
            let key = params(1, 0, 0);
            let law = law_of(Input { logits: &logits, given: &logits }, &key).unwrap();
            let (mut weights, mut sums) = (vec![0.0; classes], vec![0.0; classes.div_ceil(BLOCK) + 1]);
            kept::weigh(law, &mut logits, &key, &mut weights, &mut sums);
            let law = Law { weights, sums };
            law.check("from logits", column);
            let p = law.probability(column);
            // A logit of −28 may be off by 2^-20, and its exponential by 2^-20 of itself.
            assert!((p / rare - 1.0).abs() < 2f64.powi(-18), "{p:e} for {rare:e}");
        }
    }
}

/// All intervals of a law lie side by side and fill the 2^64 pairs; weights of zero have none, wherever they are.
#[test]
fn intervals_fill_the_words() {
    let mut source = Source(5);
    for n in [1, 2, 17, 256, 257, 600] {
        let mut weights: Vec<f32> = (0..n)
            .map(|_| if source.uniform() < 0.4 { 0.0 } else { (source.normal() * 4.0).exp() })
            .collect();
        weights[source.below(n)] = 1.0;
        let zeros = if n == 600 { 256..512 } else { 0..0 }; // a whole block of nothing
        weights[zeros].fill(0.0);
        if n > 2 {
            (weights[0], weights[n - 1]) = (0.0, 0.0);
        }
        if n == 600 {
            weights[512..].fill(0.0); // and the last block, too
        }
        let law = Law::new(weights.clone());
        let mut end = 0;
        for (column, &weight) in weights.iter().enumerate() {
            let interval = law.interval(column);
            assert_eq!(interval.start, end, "{n} classes, class {column}");
            end = interval.end;
            assert!(weight > 0.0 || interval.is_empty(), "{n} classes: class {column} of weight 0");
        }
        assert_eq!(end, 1 << 64);
    }
}

/// The second word is asked for only where the first leaves two classes open: once at each border between classes.
#[test]
fn the_second_word_is_rare() {
    let law = Law::new(vec![0.5, 0.25, 0.25]);
    let borders = [0.5, 0.75].map(|p: f64| (p * 2f64.powi(32)) as u32);
    let cumulative = Cumulative::new(&law.weights, &law.sums);
    let asked = |word: u32| {
        let asked = Cell::new(false);
        cumulative.draw(word, || {
            asked.set(true);
            7
        });
        asked.get()
    };
    let near = |word: u32| borders.iter().any(|&border| word.abs_diff(border) <= 1);
    let words = (0..1 << 20).map(|i: u32| i << 12).chain(borders.into_iter().flat_map(|b| b - 5..b + 5));
    for word in words {
        assert!(!asked(word) || near(word), "word {word:#x}");
    }
}
