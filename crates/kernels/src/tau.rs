//! The part of τ in the gradients of a soft sample.
//!
//! With ẑ = (s − max s)/τ, the sample depends on τ by dẑ/dτ = −ẑ/τ. Absolute scores would lose every digit in the
//! sum, hence the relative ones; they are recomputed from the input and the key only when someone asks for them.

use crate::lane::F32x4;
use crate::reduce::dot;
use crate::relaxed::{Noise, scores};
use crate::row::{Invalid, Law, Params};
use crate::softmax::{certain, scale};
use crate::vjp::{canonical, fix_nans};
use crate::wide;

/// `out` = ẑ ≤ 0, −∞ for the impossible classes.
#[inline(never)]
pub fn relative_scores(
    logits: &[f32],
    params: &Params,
    noise: &mut Noise,
    out: &mut [f32],
) -> Result<(), Invalid> {
    match noise.source.inspect_apart(logits)? {
        Law::Certain(column) => certain(column, out),
        Law::Finite(max) => {
            let largest = F32x4::splat(scores(logits, max, 1.0, noise, out)?);
            let scale = F32x4::splat(params.scale);
            // + 0 turns −0 into 0: a tangent keeps the sign, and nothing may depend on it (rule 2).
            let zero = F32x4::splat(0.0);
            wide::update(out, f32::NEG_INFINITY, |s| s.map(|s| (s - largest) * scale + zero));
        }
    }
    Ok(())
}

/// Turns dz = y ⊙ (v − ⟨y, v⟩) into the gradient by the logits, dz/τ, and returns the one by τ, −(1/τ)·Σ ẑ·dz.
pub fn finish_gradient(dz: &mut [f32], relative: &[f32], params: &Params) -> f32 {
    let by_tau = 0.0 - params.scale * dot(dz, relative);
    scale(dz, params.scale);
    if by_tau.is_nan() {
        fix_nans(dz);
    }
    canonical(by_tau)
}

/// `tangent −= ẑ·τ̇`: what a tangent of τ adds to the tangent of the logits.
pub fn add_tangent(tangent: &mut [f32], relative: &[f32], tau_tangent: f32) {
    let tau_tangent = F32x4::splat(tau_tangent);
    wide::update2(tangent, relative, |t, z| t - z * tau_tangent);
}
