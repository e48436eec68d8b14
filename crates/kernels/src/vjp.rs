//! Backward and forward products of one row.
//!
//! The Jacobian of the softmax is symmetric, J v = y ⊙ (v − ⟨y, v⟩), so one kernel serves both directions. Where
//! y = 0 the result is exactly 0 and `v` is never looked at: a masked class may hold anything there. NaN that come in
//! by `v` go out as the one NaN of rule 3.

use crate::lane::{Constant, F32x4};
use crate::math::Exp2;
use crate::reduce::{dot, exp_sum_into, sum2};
use crate::row::{Invalid, Law, NAN, inspect, inspect_apart};
use crate::softmax::{PLAIN, RATE, is_empty_law, softmax};
use crate::wide;

static ZERO: Constant = Constant::f32(0.0);
static NEG_INFINITY: Constant = Constant::f32(f32::NEG_INFINITY);

/// `out = scale · y ⊙ (v − ⟨y, v⟩)`.
pub fn softmax_backward(y: &[f32], v: &[f32], scale: f32, out: &mut [f32]) {
    if is_marked(y) {
        return out.fill(NAN);
    }
    let mean = dot(y, v);
    let (mean4, scale, zero) = (F32x4::splat(mean), F32x4::splat(scale), F32x4::constant(&ZERO));
    wide::map2(y, v, out, 0.0, |y, v| y.zip(v, |y, v| y.ne(zero).keep(y * (v - mean4) * scale)));
    if !mean.is_finite() {
        fix_nans(out);
    }
}

/// Whether a row was marked as invalid: its sample is NaN throughout.
pub fn is_marked(y: &[f32]) -> bool {
    y.first().is_some_and(|y| y.is_nan())
}

/// The one NaN for any other.
pub fn canonical(x: f32) -> f32 {
    if x.is_nan() { NAN } else { x }
}

/// The same for four.
#[inline(always)]
pub(crate) fn one_nan(x: F32x4) -> F32x4 {
    x.eq(x).select(x, F32x4::splat(NAN))
}

/// The same for all of `x`.
#[cold]
#[inline(never)]
pub fn fix_nans(x: &mut [f32]) {
    for x in x {
        *x = canonical(*x);
    }
}

/// y of a log-softmax value, 0 where that is −∞.
fn probability(value: F32x4) -> F32x4 {
    Exp2::new(F32x4::splat(0.0), F32x4::splat(RATE)).of(value)
}

/// Gradient of log-softmax from its value: `out = v − y·Σv`, where Σ and gradient leave out the impossible classes.
pub fn log_softmax_vjp(value: &[f32], v: &[f32], out: &mut [f32]) {
    if is_marked(value) {
        return out.fill(NAN);
    }
    let sum = sum2(value, v, |value, v| {
        let impossible = value.eq(F32x4::constant(&NEG_INFINITY));
        impossible.select(F32x4::constant(&ZERO), v)
    }) as f32;
    let sum4 = F32x4::splat(sum);
    wide::map2(value, v, out, 0.0, |value, v| {
        value.zip(v, |value, v| {
            let impossible = value.eq(F32x4::constant(&NEG_INFINITY));
            impossible.select(F32x4::constant(&ZERO), v - probability(value) * sum4)
        })
    });
    if !sum.is_finite() {
        fix_nans(out);
    }
}

/// Tangent of log-softmax from its value: `out = t − ⟨y, t⟩`, 0 for the impossible classes.
pub fn log_softmax_jvp(value: &[f32], t: &[f32], out: &mut [f32]) {
    if is_marked(value) {
        return out.fill(NAN);
    }
    let mean = sum2(value, t, |value, t| {
        let y = probability(value);
        y.eq(F32x4::constant(&ZERO)).select(y, y * t)
    }) as f32;
    let mean4 = F32x4::splat(mean);
    wide::map2(value, t, out, 0.0, |value, t| {
        value.zip(t, |value, t| {
            let impossible = value.eq(F32x4::constant(&NEG_INFINITY));
            // The mean may be a number still: it leaves out a NaN at a class whose y is 0 and whose logit isn't −∞.
            impossible.select(F32x4::constant(&ZERO), one_nan(t - mean4))
        })
    });
}

/// Gradient of log-sum-exp: `out = v·y`. 0 for a row of nothing but −∞, and for one with a +∞.
pub fn log_sum_exp_vjp(logits: &[f32], v: f32, out: &mut [f32]) -> Result<(), Invalid> {
    match inspect(logits) {
        Ok(Law::Finite(max)) => {
            let sum = exp_sum_into(logits, out, max, RATE);
            let inverse = F32x4::splat((1.0 / sum) as f32);
            let v4 = F32x4::splat(v);
            wide::update(out, 0.0, |e| {
                e.map(|e| {
                    let zero = F32x4::constant(&ZERO);
                    e.eq(zero).select(zero, e * inverse * v4)
                })
            });
            if v.is_nan() {
                fix_nans(out);
            }
            Ok(())
        }
        Err(Invalid) if !is_empty_law(logits) => Err(Invalid),
        _ => {
            out.fill(0.0);
            Ok(())
        }
    }
}

/// Tangent of log-sum-exp: ⟨y, t⟩, with `room` for y. 0 where the gradient is.
pub fn log_sum_exp_jvp(logits: &[f32], t: &[f32], room: &mut [f32]) -> Result<f32, Invalid> {
    match inspect_apart(logits) {
        Ok(Law::Finite(_)) => {
            softmax(logits, &PLAIN, room)?;
            Ok(canonical(dot(room, t)))
        }
        Err(Invalid) if !is_empty_law(logits) => Err(Invalid),
        _ => Ok(0.0),
    }
}
