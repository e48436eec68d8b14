//! Filters that keep the classes nearest to something until their probabilities reach p: top-p (Holtzman et al. 2020),
//! nearest to the largest logit, and locally typical sampling (Meister et al. 2023), nearest to the entropy.
//!
//! Distances are in log2 of the probability, with t = (x − max)·rate ≤ 0. That of top-p is |t|. The surprisal −log p is
//! log Z − t·ln 2 and the entropy is its mean, so the surprisal's distance to the entropy is that of t to its own
//! mean. The farthest distance to keep is selected by the bits of the distances (`select`).

use super::select::List;
use super::{Room, log2, weigh};
use crate::BLOCK;
use crate::lane::{F32x4, F64x4};
use crate::wide;
use core::array;

/// Weights below this are 0.
const LEAST_WEIGHT: f32 = f32::MIN_POSITIVE;
/// More than exponentials can be off, and their logarithms.
const MARGIN: f64 = 1.0 / 1024.0;

/// Keeps the smallest set of largest probabilities whose sum reaches `p`.
pub(super) fn top_p(row: &mut [f32], max: f32, rate: f32, p: f64, room: &mut Room) {
    let total = weigh(row, max, rate, room.weights);
    let least = negligible(row.len(), p, total);
    Distance::new(max, rate, 0.0).keep_nearest(row, least, p * total, room);
}

/// Keeps the smallest set of probabilities with a logarithm nearest to its mean whose sum reaches `p`.
pub(super) fn typical_p(row: &mut [f32], max: f32, rate: f32, p: f64, room: &mut Room) {
    let total = weigh(row, max, rate, room.weights);
    let mean = sum_of_logarithms(row, room.weights, max, rate) / total;
    // What top-p may leave out is farther than all other classes, unless the largest logit is too far from the mean.
    let least = negligible(row.len(), p, total);
    let least = if log2(least) + MARGIN <= 2.0 * mean { least } else { 0.0 };
    Distance::new(max, rate, mean as f32).keep_nearest(row, least, p * total, room);
}

/// Classes with a smaller weight aren't the last one kept by top-p. All below an equal part of what may be missing sum to
/// less, so they can't all be missed.
fn negligible(classes: usize, p: f64, total: f64) -> f64 {
    (1.0 - p) * total / classes as f64 * (1.0 - MARGIN)
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

/// The distance |t − center|.
struct Distance {
    max: F32x4,
    rate: F32x4,
    center: F32x4,
}

impl Distance {
    fn new(max: f32, rate: f32, center: f32) -> Self {
        let [max, rate, center] = [max, rate, center].map(F32x4::splat);
        Self { max, rate, center }
    }

    #[inline(always)]
    fn of(&self, x: F32x4) -> F32x4 {
        let t = (x - self.max) * self.rate - self.center;
        // In this order no zero has a sign, which would be a bit of the key.
        (F32x4::ZERO - t).max(t)
    }

    /// Drops classes that are farther than the distance up to which weights reach the target, counting those of at
    /// least `negligible` alone.
    #[inline(never)]
    fn keep_nearest(&self, row: &mut [f32], negligible: f64, target: f64, room: &mut Room) {
        // No set is empty, not even for p = 0.
        let target = if target > 0.0 { target } else { f64::MIN_POSITIVE };
        let mut list = List::new(room.keys, room.list);
        let least = F32x4::splat(wide::max(LEAST_WEIGHT, negligible as f32));
        wide::each2(row, room.weights, 0.0, |x, weights| {
            if weights.mask(|weight| weight.ge(least)).any() {
                list.push(array::from_fn::<_, 4, _>(|i| {
                    (weights.0[i].ge(least), self.of(x.0[i]).bits(), weights.0[i])
                }));
            }
        });
        let farthest = F32x4::splat(f32::from_bits(list.reach(room.bins, target, true)));
        let nothing = F32x4::splat(f32::NEG_INFINITY);
        wide::update(row, f32::NEG_INFINITY, |x| x.map(|x| farthest.ge(self.of(x)).select(x, nothing)));
    }
}
