//! What the tests share: a table, parameters, made-up inputs, work for every core, a chi-square.
#![allow(dead_code)] // each test file is a crate of its own and uses a part of this

pub(crate) mod one_row;

use gumbel_kernels::Params;
use gumbel_kernels::table::Table;
use std::io::Write;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};

/// The lengths at which a kernel takes another path: around a vector, a group and a block.
pub(crate) const LENGTHS: [usize; 13] = [1, 2, 3, 4, 5, 15, 16, 17, 255, 256, 257, 513, 1000];

/// The table of cubics, made once.
pub(crate) fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table = Table::empty();
        table.fill();
        table
    })
}

fn words(x: u64) -> [u32; 2] {
    [x as u32, (x >> 32) as u32]
}

/// The parameters of a row at temperature (or τ) 1.
pub(crate) fn params(seed: u64, stream: u64, row: u32) -> Params {
    tempered(1.0, Params { seed: words(seed), row, stream: words(stream), ..Params::default() })
}

/// The same at another τ or temperature, as the caller of the kernels computes it.
pub(crate) fn tempered(tau: f64, params: Params) -> Params {
    let clamp = |x: f64| x.clamp(f64::from(f32::MIN_POSITIVE), f64::from(f32::MAX)) as f32;
    Params { scale: clamp(1.0 / tau), rate: clamp(gumbel_kernels::math::LOG2_E / tau), ..params }
}

/// A temperature of 0.
pub(crate) fn cold() -> Params {
    Params { scale: f32::INFINITY, rate: f32::INFINITY, ..params(0, 0, 0) }
}

/// A source of made-up inputs, independent of the code under test (SplitMix64).
pub(crate) struct Source(pub u64);

impl Source {
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn word(&mut self) -> u32 {
        (self.bits() >> 32) as u32
    }

    /// In (0, 1).
    pub(crate) fn uniform(&mut self) -> f64 {
        ((self.bits() >> 12) as f64 + 0.5) / (1u64 << 52) as f64
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.uniform() * n as f64) as usize
    }

    /// Nearly normal: mean 0, standard deviation 1.
    pub(crate) fn normal(&mut self) -> f32 {
        ((0..12).map(|_| self.uniform()).sum::<f64>() - 6.0) as f32
    }

    pub(crate) fn normals(&mut self, n: usize, scale: f32) -> Vec<f32> {
        (0..n).map(|_| self.normal() * scale).collect()
    }
}

/// Rows of logits of every kind a kernel may meet, all valid, each with its name.
pub(crate) fn logits(n: usize, source: &mut Source) -> Vec<(&'static str, Vec<f32>)> {
    let plain = source.normals(n, 3.0);
    let mut masked = plain.clone();
    for x in &mut masked {
        if source.uniform() < 0.3 {
            *x = f32::NEG_INFINITY;
        }
    }
    masked[source.below(n)] = 0.5;
    let far = plain.iter().map(|x| x * 3.0 + 10_000.0).collect();
    let steep = source.normals(n, 60.0);
    let zeros = [0.0, -0.0, 1e-40, -1e-45, f32::MIN_POSITIVE];
    let tiny = (0..n).map(|_| zeros[source.below(5)]).collect();
    let huge = (0..n).map(|_| [1e38, -1e38, 3e38, -3e38][source.below(4)]).collect();
    vec![("plain", plain), ("masked", masked), ("far", far), ("steep", steep), ("tiny", tiny), ("huge", huge)]
}

/// Powers of two as logits at a rate of 1, on both sides of the middle of `word`, so that its second word decides between
/// the columns `left − 1` and `left`; with impossible classes up to `classes`.
pub(crate) fn split_in(word: u32, classes: usize) -> (Vec<f32>, usize) {
    let (all, border) = (1u64 << 33, u64::from(word) * 2 + 1);
    let powers = |x: u64| (1..=33).filter(move |i| (x << i) & all != 0).map(|i: i32| -(i as f32));
    let mut x: Vec<f32> = powers(border).collect();
    let left = x.len();
    x.extend(powers(all - border));
    x.resize(classes, f32::NEG_INFINITY);
    (x, left)
}

/// The sum of a block by reduction rule 6, in float64.
pub(crate) fn block_sum(block: &[f32]) -> f64 {
    let mut partial = [0.0; 16];
    for (at, &weight) in block.iter().enumerate() {
        partial[at % 16] += f64::from(weight);
    }
    for half in [8, 4, 2, 1] {
        for j in 0..half {
            partial[j] += partial[j + half];
        }
    }
    partial[0]
}

/// Writes past the capture of the test harness: slow tests show that they live.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "    {line}");
}

/// `work` over `range` in 64 pieces on all cores, with progress; the results in order.
pub(crate) fn on_all_cores<T: Send>(
    name: &str,
    range: Range<u64>,
    work: impl Fn(Range<u64>) -> T + Sync,
) -> Vec<T> {
    const PIECES: usize = 64;
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let results = Mutex::new(Vec::new());
    let start = std::time::Instant::now();
    let length = range.end - range.start;
    let border = |piece: usize| range.start + (u128::from(length) * piece as u128 / PIECES as u128) as u64;
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, Into::into) {
            scope.spawn(|| {
                loop {
                    let piece = next.fetch_add(1, Ordering::Relaxed);
                    if piece >= PIECES {
                        break;
                    }
                    let result = work(border(piece)..border(piece + 1));
                    results.lock().unwrap().push((piece, result));
                    let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                    if done.is_multiple_of(8) {
                        say(&format!("{name}: {done}/{PIECES}, {:.0} s", start.elapsed().as_secs_f64()));
                    }
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap();
    results.sort_by_key(|(piece, _)| *piece);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Pearson's statistic of counts against probabilities.
pub(crate) fn chi_square(counts: &[u64], probabilities: &[f64]) -> f64 {
    let n = counts.iter().sum::<u64>() as f64;
    counts.iter().zip(probabilities).map(|(&count, p)| (count as f64 - n * p).powi(2) / (n * p)).sum()
}

/// Softmax of z/τ in float64: the reference.
pub(crate) fn softmax_f64(z: &[f64], tau: f64) -> Vec<f64> {
    let max = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let e: Vec<f64> = z.iter().map(|z| ((z - max) / tau).exp()).collect();
    let sum: f64 = e.iter().sum();
    e.iter().map(|e| e / sum).collect()
}

pub(crate) fn widen(x: &[f32]) -> Vec<f64> {
    x.iter().map(|&x| f64::from(x)).collect()
}

pub(crate) fn bits(x: &[f32]) -> Vec<u32> {
    x.iter().map(|x| x.to_bits()).collect()
}

/// The bits of the only NaN that may be written (rule 3).
pub(crate) const NAN: u32 = 0x7fc0_0000;
