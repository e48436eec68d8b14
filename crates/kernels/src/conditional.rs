//! Gumbel variables with given locations and a given maximum (Kool, van Hoof & Welling, "Stochastic beams and where to
//! find them", ICML 2019, appendix B.3; the top-down construction of Maddison, Tarlow & Minka, "A* sampling", NeurIPS
//! 2014, §3).
//!
//! Which variable is the largest doesn't depend on how large it is. So perturbed locations g = l + G with maximum Z are
//! drawn as ever, and then moved to the wanted maximum M by −log(e^-M − e^-Z + e^-g), which leaves their order as it is:
//! the largest one becomes M, the others are Gumbel variables below M. Here that is M − log(1 + e^(M − g)·(1 − e^(g − Z))),
//! in float64, where nothing cancels.

use crate::math::{exp_f64, expm1_f64, log_f64, log1p_f64};
use crate::relaxed::{Input, Noise, Source, gumbel_max};
use crate::row::{Invalid, Params};

/// Writes the variables of a row with locations `logits` and maximum `max`, a finite number. `params` is of a
/// temperature of 1.
pub fn gumbel_given_max(
    logits: &[f32],
    params: &Params,
    max: f32,
    noise: &mut Noise,
    out: &mut [f32],
) -> Result<(), Invalid> {
    let (winner, _) = gumbel_max(Input { logits, given: logits }, params, noise)?;
    match noise.source {
        Source::Drawn(drawn) => drawn.fill_row(noise.room.draft(), out),
        Source::Given(given) => out.copy_from_slice(given),
    }
    let perturbed = |logit: f32, noise: f32| f64::from(logit) + f64::from(noise);
    let largest = perturbed(logits[winner], out[winner]);
    for (&logit, value) in logits.iter().zip(&mut *out) {
        *value = moved(perturbed(logit, *value), largest, max);
    }
    out[winner] = max;
    Ok(())
}

/// `g` moved so that `largest` becomes `max`. Never above it: a logarithm of 1 and more is taken away.
fn moved(g: f64, largest: f64, max: f32) -> f32 {
    if g == f64::NEG_INFINITY {
        return f32::NEG_INFINITY;
    }
    let below = g - largest;
    // The winner is that of the float32 scores: in float64 another may reach it.
    if below >= 0.0 {
        return max;
    }
    let share = -expm1_f64(below);
    let max = f64::from(max);
    let drop = max - g;
    // Beyond e^700 the 1 adds nothing.
    let moved = if drop > 700.0 { g - log_f64(share) } else { max - log1p_f64(exp_f64(drop) * share) };
    moved as f32
}
