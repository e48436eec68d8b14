//! Filters that keep the classes nearest to something until their probabilities reach p: top-p (Holtzman et al. 2020),
//! nearest to the largest logit, and locally typical sampling (Meister et al. 2023), nearest to the entropy.
//!
//! Distances are in log2 of the probability, with t = (x − max)·rate ≤ 0. That of top-p is |t|. The surprisal −log p is
//! log Z − t·ln 2 and the entropy is its mean, so the surprisal's distance to the entropy is that of t to its own
//! mean. The farthest distance to keep is found in two steps: bins of equal width over the whole row, then the bits of
//! the distances in the bin where the sum reaches its target.

use super::select::BINS;
use super::{List, Room, log2, weigh};
use crate::BLOCK;
use crate::lane::{Constant, F32x4, F64x4, U32x4, opaque};
use crate::wide::{self, F32x16, Group, WIDTH};

/// 1.5 × 2^23: a sum with it has the nearest integer in its low bits.
static ROUND: Constant = Constant::f32(12_582_912.0);
static MINUS_ROUND: Constant = Constant::u32(0x4b40_0000_u32.wrapping_neg());
static LAST: Constant = Constant::u32(BINS as u32 - 1);

/// Weights below this are 0.
const LEAST_WEIGHT: f32 = f32::MIN_POSITIVE;
/// The bins of top-p reach at least so far, in powers of two.
const LEAST_OCTAVES: f64 = 1.0 / 1024.0;
/// Bins of typical-p to a distance of 1.
const TYPICAL_BINS: f64 = 64.0;

/// Keeps the smallest set of largest probabilities whose sum reaches `p`.
pub(super) fn top_p(row: &mut [f32], max: f32, rate: f32, p: f64, room: &mut Room) {
    let total = weigh(row, max, rate, room.weights);
    // Classes below an equal part of what may be missing can't all be missed: together they have less. So the last one
    // kept isn't among them; 2^-10 is more than exponentials can be off.
    let part = (1.0 - p) * total / row.len() as f64;
    let least = (part * (1.0 - 1.0 / 1024.0)) as f32;
    let octaves = 0.0 - log2(part);
    let octaves = if octaves > LEAST_OCTAVES { octaves } else { LEAST_OCTAVES };
    let distance = Distance::new(max, rate, 0.0, BINS as f64 / octaves);
    distance.keep_nearest(row, wide::max(LEAST_WEIGHT, least), p * total, room);
}

/// Keeps the smallest set of probabilities with a logarithm nearest to its mean whose sum reaches `p`.
pub(super) fn typical_p(row: &mut [f32], max: f32, rate: f32, p: f64, room: &mut Room) {
    let total = weigh(row, max, rate, room.weights);
    let mean = sum_of_logarithms(row, room.weights, max, rate) / total;
    let distance = Distance::new(max, rate, mean as f32, TYPICAL_BINS);
    distance.keep_nearest(row, LEAST_WEIGHT, p * total, room);
}

/// Σ weight·t where there is a weight, in float64.
fn sum_of_logarithms(row: &[f32], weights: &[f32], max: f32, rate: f32) -> f64 {
    let (zero, max, rate) = (F32x4::splat(0.0), F32x4::splat(max), F32x4::splat(rate));
    let mut total = 0.0;
    for (row, weights) in row.chunks(BLOCK).zip(weights.chunks(BLOCK)) {
        let mut sum = [F64x4::splat(0.0); 4];
        wide::each2(row, weights, 0.0, |x, weight| {
            for (sum, (x, weight)) in sum.iter_mut().zip(x.0.into_iter().zip(weight.0)) {
                let t = zero.lt(weight).keep((x - max) * rate);
                *sum = *sum + weight.to_f64() * t.to_f64();
            }
        });
        let [a, b, c, d] = sum;
        let [a, b, c, d] = ((a + c) + (b + d)).to_array();
        total += (a + c) + (b + d);
    }
    total
}

/// The distance |t − center|, and how it is put into bins.
struct Distance {
    max: F32x4,
    rate: F32x4,
    center: F32x4,
    /// Bins to a distance of 1.
    bins: F32x4,
}

impl Distance {
    fn new(max: f32, rate: f32, center: f32, bins: f64) -> Self {
        let [max, rate, center, bins] = [max, rate, center, bins as f32].map(F32x4::splat);
        Self { max, rate, center, bins }
    }

    #[inline(always)]
    fn of(&self, x: F32x4) -> F32x4 {
        let t = (x - self.max) * self.rate - self.center;
        t.max(F32x4::splat(0.0) - t)
    }

    /// The bins of a group, each rounded to the nearest; the last one takes what is beyond.
    #[inline(always)]
    fn bins_of(&self, x: F32x16) -> [U32x4; 4] {
        let round = F32x4::constant(&ROUND);
        x.0.map(|x| {
            let bits = (self.of(x) * self.bins + round).bits() + U32x4::constant(&MINUS_ROUND);
            bits.min(U32x4::constant(&LAST))
        })
    }

    /// Drops classes that are farther than the distance up to which weights reach the target, counting those of at
    /// least `least` alone.
    #[inline(never)]
    fn keep_nearest(&self, row: &mut [f32], least: f32, target: f64, room: &mut Room) {
        // No set is empty, not even for p = 0.
        let target = if target > 0.0 { target } else { f64::MIN_POSITIVE };
        let Room { weights, keys, list, bins } = room;
        bins.clear();
        each_counting(row, weights, least, |x, group| {
            for (bin, weight) in stored(self.bins_of(x)).into_iter().zip(group) {
                bins.add(bin, weight);
            }
        });
        let mut sum = 0.0;
        let crossed = bins.cross(&mut sum, target);
        let mut list = List { keys, weights: list, len: 0 };
        let crossing = U32x4::splat(crossed);
        each_counting(row, weights, least, |x, group| {
            let found = self.bins_of(x);
            let [a, b, c, d] = found.map(|bins| bins.eq(crossing));
            if !((a | b) | (c | d)).any() {
                return;
            }
            let mut far = [0.0; WIDTH];
            x.map(|x| self.of(x)).store(&mut far);
            let found = stored(found);
            // Not unrolled: few groups come here.
            for at in 0..opaque(WIDTH).min(WIDTH) {
                if found[at] == crossed && group[at] > 0.0 {
                    list.push(far[at].to_bits(), group[at]);
                }
            }
        });
        let farthest = F32x4::splat(f32::from_bits(list.reach(bins, sum, target)));
        let nothing = F32x4::splat(f32::NEG_INFINITY);
        wide::update(row, f32::NEG_INFINITY, |x| x.map(|x| farthest.ge(self.of(x)).select(x, nothing)));
    }
}

/// `f` of each group in which a weight counts, with those that do; the others are 0.
#[inline(always)]
fn each_counting(row: &[f32], weights: &[f32], least: f32, mut f: impl FnMut(F32x16, Group)) {
    let least = F32x4::splat(least);
    wide::each2(row, weights, 0.0, |x, weight| {
        if weight.mask(|weight| weight.ge(least)).any() {
            let mut group = [0.0; WIDTH];
            weight.map(|weight| weight.ge(least).keep(weight)).store(&mut group);
            f(x, group);
        }
    });
}

#[inline(always)]
fn stored(vectors: [U32x4; 4]) -> [u32; WIDTH] {
    let mut group = [0; WIDTH];
    for (vector, to) in vectors.into_iter().zip(group.as_chunks_mut().0) {
        vector.store(to);
    }
    group
}
