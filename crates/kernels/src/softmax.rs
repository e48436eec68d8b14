//! Softmax, log-softmax and log-sum-exp of one row, relative to its largest logit.
//!
//! y = exp((x − max)/T)/Σ; max − … is exact to one rounding, so logits of any size keep their differences.

use crate::lane::F32x4;
use crate::math::{LOG2_E, log_f64};
use crate::reduce::{exp_sum, exp_sum_in_place, exp_sum_into};
use crate::row::{Invalid, Law, Params, argmax, inspect, one_hot};
use crate::wide;

/// log2(e) in float32: the rate of a temperature of 1.
pub const RATE: f32 = LOG2_E as f32;

/// The record of a temperature of 1, without a key.
pub const PLAIN: Params = Params { seed: [0; 2], row: 0, stream: [0; 2], first: 0, scale: 1.0, rate: RATE };

/// Softmax at the temperature of `params`.
pub fn softmax(logits: &[f32], params: &Params, out: &mut [f32]) -> Result<(), Invalid> {
    match inspect(logits)? {
        Law::Certain(column) => one_hot(column, out),
        Law::Finite(_) if params.is_cold() => one_hot(argmax(logits), out),
        Law::Finite(max) => {
            let sum = exp_sum_into(logits, out, max, params.rate);
            scale(out, (1.0 / sum) as f32);
        }
    }
    Ok(())
}

/// Turns scores with maximum `max` into their softmax, in place.
pub fn softmax_in_place(scores: &mut [f32], max: f32, rate: f32) {
    let sum = exp_sum_in_place(scores, max, rate);
    scale(scores, (1.0 / sum) as f32);
}

/// `x ·= factor`.
pub fn scale(x: &mut [f32], factor: f32) {
    let factor = F32x4::splat(factor);
    wide::update(x, 0.0, |x| x.map(|x| x * factor));
}

/// Log-softmax at the temperature of `params`: (x − max)/T − log Σ; −∞ stays −∞.
pub fn log_softmax(logits: &[f32], params: &Params, out: &mut [f32]) -> Result<(), Invalid> {
    match inspect(logits)? {
        Law::Certain(column) => certain(column, out),
        Law::Finite(_) if params.is_cold() => certain(argmax(logits), out),
        Law::Finite(max) => {
            let log_sum = F32x4::splat(log_f64(exp_sum(logits, max, params.rate)) as f32);
            let (max, scale) = (F32x4::splat(max), F32x4::splat(params.scale));
            wide::map(logits, out, 0.0, |x| x.map(|x| (x - max) * scale - log_sum));
        }
    }
    Ok(())
}

/// Log-softmax of values whose largest is 0, in place.
pub fn log_softmax_in_place(relative: &mut [f32]) {
    let log_sum = F32x4::splat(log_f64(exp_sum(relative, 0.0, RATE)) as f32);
    wide::update(relative, 0.0, |x| x.map(|x| x - log_sum));
}

/// Logarithms, or relative scores, of a row where one class is certain.
#[inline(never)]
pub fn certain(column: usize, out: &mut [f32]) {
    out.fill(f32::NEG_INFINITY);
    if let Some(class) = out.get_mut(column) {
        *class = 0.0;
    }
}

/// log Σ exp(x). A row of nothing but −∞ gives −∞; one +∞ gives +∞.
pub fn log_sum_exp(logits: &[f32]) -> Result<f32, Invalid> {
    match inspect(logits) {
        Ok(Law::Certain(_)) => Ok(f32::INFINITY),
        Ok(Law::Finite(max)) => Ok((f64::from(max) + log_f64(exp_sum(logits, max, RATE))) as f32),
        Err(Invalid) if is_empty_law(logits) => Ok(f32::NEG_INFINITY),
        Err(Invalid) => Err(Invalid),
    }
}

/// Whether every logit is −∞.
#[inline(never)]
pub fn is_empty_law(logits: &[f32]) -> bool {
    logits.iter().all(|&x| x == f32::NEG_INFINITY)
}
