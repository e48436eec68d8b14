//! Relaxed Bernoulli variables, each entry of a row for itself (Maddison, Mnih & Teh 2017, appendix B: Binary Concrete).
//!
//! y = σ((l + L)/τ) with logistic noise L = G − G', the difference of the Gumbel variables of the two outcomes: a Concrete
//! variable of two classes whose scores are l + G and G'. Either tail of L is as deep as that of G. The outcome itself is
//! l + L > 0.

use crate::BLOCK;
use crate::gumbel::RowNoise;
use crate::lane::{Constant, F32x4, U32x4};
use crate::math::Exp2;
use crate::philox::Purpose;
use crate::relaxed::Room;
use crate::row::{Invalid, Params};
use crate::wide;

static ZERO: Constant = Constant::f32(0.0);
static ONE: Constant = Constant::f32(1.0);
static SIGN: Constant = Constant::u32(1 << 31);

/// Where the logistic noise of a row comes from.
pub enum Logistic<'a> {
    /// From the words of both outcomes.
    Drawn(&'a mut RowNoise<'static>, &'a mut Room),
    /// From the caller.
    Given(&'a [f32]),
}

/// The results that are wanted.
pub struct Outputs<'a> {
    /// σ((l + L)/τ).
    pub soft: Option<&'a mut [f32]>,
    /// (l + L)/τ.
    pub logit: Option<&'a mut [f32]>,
    /// 1 where l + L > 0, else 0.
    pub hard: Option<&'a mut [f32]>,
}

/// Writes the results of a row at the temperature τ of `params`; `scores` is room for a row.
pub fn binary_concrete(
    logits: &[f32],
    params: &Params,
    noise: Logistic,
    scores: &mut [f32],
    out: Outputs,
) -> Result<(), Invalid> {
    match noise {
        Logistic::Drawn(noise, room) => draw(noise, room, scores),
        Logistic::Given(given) => scores.copy_from_slice(given),
    }
    with_noise(logits, params, scores, out)
}

/// The same with `scores` holding the noise, of one row or several of the same τ. Invalid is where a logit and its noise
/// don't add up to a number.
pub fn with_noise(logits: &[f32], params: &Params, scores: &mut [f32], out: Outputs) -> Result<(), Invalid> {
    let mut nan = U32x4::ZERO;
    wide::update2(scores, logits, |noise, l| {
        let s = l + noise;
        nan = nan | s.ne(s);
        s
    });
    if nan.any() {
        return Err(Invalid);
    }
    if let Some(soft) = out.soft {
        sigmoid(scores, params.rate, soft);
    }
    if let Some(logit) = out.logit {
        let scale = F32x4::splat(params.scale);
        wide::map(scores, logit, 0.0, |s| s.map(|s| s * scale));
    }
    if let Some(hard) = out.hard {
        let (zero, one) = (F32x4::constant(&ZERO), F32x4::constant(&ONE));
        wide::map(scores, hard, 0.0, |s| s.map(|s| zero.lt(s).keep(one)));
    }
    Ok(())
}

/// Writes the logistic noise of a row.
fn draw(noise: &mut RowNoise, room: &mut Room, out: &mut [f32]) {
    noise.set_purpose(Purpose::Noise);
    noise.fill_row(room.draft(), out);
    noise.set_purpose(Purpose::Opposite);
    let (draft, opposite) = room.parts();
    for (at, out) in out.chunks_mut(BLOCK).enumerate() {
        let (opposite, _) = opposite.0.split_at_mut(out.len());
        noise.fill((at * BLOCK) as u32, draft, opposite);
        subtract(out, opposite);
    }
}

/// Turns noise of one outcome into logistic noise by that of the other.
pub fn subtract(noise: &mut [f32], opposite: &[f32]) {
    wide::update2(noise, opposite, |g, opposite| g - opposite);
}

/// 1/(1 + e^−t) with t = s/τ, on either side by e^−|t|, so that small results keep their digits.
fn sigmoid(scores: &[f32], rate: f32, out: &mut [f32]) {
    let (zero, one) = (F32x4::constant(&ZERO), F32x4::constant(&ONE));
    let sign = U32x4::constant(&SIGN);
    let exp2 = Exp2::new(zero, F32x4::splat(rate));
    wide::map(scores, out, 0.0, |s| {
        s.map(|s| {
            let e = exp2.of((s.bits() | sign).as_f32());
            s.lt(zero).select(e, one) / (one + e)
        })
    });
}
