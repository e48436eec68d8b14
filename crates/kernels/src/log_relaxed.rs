//! Gumbel-Softmax of one row in log space: samples of ExpConcrete (Maddison, Mnih & Teh 2017, appendix C.3).

use crate::relaxed::Noise;
use crate::row::{Invalid, Params};
use crate::softmax::log_softmax_in_place;
use crate::tau::relative_scores;

/// The logarithm of the soft sample at the temperature τ of `params`.
pub fn log_gumbel_softmax(
    logits: &[f32],
    params: &Params,
    noise: &mut Noise,
    out: &mut [f32],
) -> Result<(), Invalid> {
    relative_scores(logits, params, noise, out)?;
    log_softmax_in_place(out);
    Ok(())
}
