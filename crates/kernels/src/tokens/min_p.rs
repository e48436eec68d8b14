//! min-p (Nguyen et al. 2024): classes of at least that fraction of the largest probability.

use super::{drop_below, log2};

/// Keeps p ≥ `min_p`·max p, that is (x − max)·rate ≥ log2(min_p), in float64.
pub(super) fn min_p(row: &mut [f32], max: f32, rate: f32, min_p: f64) {
    let bound = f64::from(max) + log2(min_p) / f64::from(rate);
    let near = bound as f32;
    // The least float32 that isn't below it.
    drop_below(row, if f64::from(near) < bound { near.next_up() } else { near });
}
