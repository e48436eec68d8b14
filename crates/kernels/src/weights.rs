//! Unnormalised weights as input: their logarithms are the logits.

use crate::lane::F32x4;
use crate::math::log;
use crate::vjp::one_nan;
use crate::wide;

/// `logits = log(weights)`. Zero gives −∞, an impossible class; a negative weight, ∞ or NaN gives NaN, which makes
/// the row invalid.
#[inline(never)]
pub fn to_logits(weights: &[f32], logits: &mut [f32]) {
    wide::map(weights, logits, 1.0, |w| w.map(log));
}

/// Turns a gradient by logits into one by weights, dw = dl/w, or a tangent of weights into one of logits, ẇ/w:
/// 0 where the weight is 0.
#[inline(never)]
pub fn divide(x: &mut [f32], weights: &[f32]) {
    let zero = F32x4::splat(0.0);
    wide::update2(x, weights, |x, weight| weight.ne(zero).keep(one_nan(x / weight)));
}
