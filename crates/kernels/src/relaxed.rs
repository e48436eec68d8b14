//! Gumbel-Max and Gumbel-Softmax of one row (Maddison, Mnih & Teh 2017, §3; Jang, Gu & Poole 2017, §2).
//!
//! Scores are s = (l − max l)/T + G: relative to the largest logit, so that large logits don't eat the noise. Their
//! argmax is a draw from softmax(l/T); softmax(s/τ) is its relaxation. The index is always taken from the scores.

use crate::BLOCK;
use crate::gumbel::{Block, RowNoise};
use crate::lane::{Constant, F32x4};
use crate::philox::Words;
use crate::row::{Invalid, Law, Params, argmax, first_equal, inspect, one_hot};
use crate::softmax::softmax_in_place;
use crate::wide::{self, F32x16};

static INFINITY: Constant = Constant::f32(f32::INFINITY);

/// Where the noise of a row comes from.
pub enum Source<'a> {
    /// From its words.
    Drawn(&'a RowNoise<'a>),
    /// From the caller: finite or −∞.
    Given(&'a [f32]),
}

impl Source<'_> {
    /// A given +∞ or NaN makes the row invalid; drawn noise is finite always.
    fn check(&self) -> Result<(), Invalid> {
        let Source::Given(noise) = self else { return Ok(()) };
        let mut below = F32x4::splat(0.0).eq(F32x4::splat(0.0));
        wide::each(noise, 0.0, |g| {
            for g in g.0 {
                below = below & g.lt(F32x4::constant(&INFINITY));
            }
        });
        if below.to_array().contains(&0) { Err(Invalid) } else { Ok(()) }
    }

    /// The same beside a certain class, which needs noise above −∞ to have a score at all.
    pub(crate) fn check_certain(&self, column: usize) -> Result<(), Invalid> {
        self.check()?;
        match self {
            Source::Given(noise) if noise.get(column) == Some(&f32::NEG_INFINITY) => Err(Invalid),
            _ => Ok(()),
        }
    }

    /// The noise of `columns` columns from `column` on, in `room` if it has to be made.
    #[inline(always)]
    fn block<'b>(
        &'b self,
        column: usize,
        columns: usize,
        words: &mut Words,
        room: &'b mut Block,
    ) -> &'b [f32] {
        match self {
            Source::Drawn(noise) => {
                let (out, _) = room.0.split_at_mut(columns.min(BLOCK));
                noise.fill(column as u32, words, out);
                out
            }
            Source::Given(noise) => noise.get(column..column + columns).unwrap_or(&[]),
        }
    }
}

/// Room for a block, which the caller keeps from row to row: clearing it anew would cost 10 % of a long row and a
/// third of a short one.
pub struct Room {
    words: Words,
    noise: Block,
    scores: Block,
}

impl Room {
    /// Room with nothing in it yet.
    pub const EMPTY: Self = Self { words: Words::EMPTY, noise: Block::EMPTY, scores: Block::EMPTY };

    /// The part for a block's words.
    pub fn words(&mut self) -> &mut Words {
        &mut self.words
    }
}

/// The noise of a row, and room to work in.
pub struct Noise<'a> {
    /// Where it comes from.
    pub source: Source<'a>,
    /// Its room, whatever it holds.
    pub room: &'a mut Room,
}

/// A row as the kernels see it.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The logits; of weights, their logarithms.
    pub logits: &'a [f32],
    /// What the caller gave: the logits, or weights. The largest of these is what a temperature of 0 draws, since
    /// two weights may share a logarithm.
    pub given: &'a [f32],
}

/// Pass 2 over one block: `out = (logits − max)·scale + noise`, and its largest value.
#[inline(always)]
fn score_block(logits: &[f32], noise: &[f32], max: f32, scale: f32, out: &mut [f32]) -> f32 {
    let (max, scale) = (F32x4::splat(max), F32x4::splat(scale));
    let mut largest = F32x16::splat(f32::NEG_INFINITY);
    wide::map2(logits, noise, out, f32::NEG_INFINITY, |l, g| {
        let s = l.zip(g, |l, g| (l - max) * scale + g);
        largest = largest.max(s);
        s
    });
    largest.largest()
}

/// Writes the scores of a row with largest logit `max`, and returns the largest score.
pub fn scores(
    logits: &[f32],
    max: f32,
    scale: f32,
    noise: &mut Noise,
    out: &mut [f32],
) -> Result<f32, Invalid> {
    let Noise { source, room } = noise;
    source.check()?;
    let mut largest = f32::NEG_INFINITY;
    for (at, (logits, out)) in logits.chunks(BLOCK).zip(out.chunks_mut(BLOCK)).enumerate() {
        let noise = source.block(at * BLOCK, logits.len(), &mut room.words, &mut room.noise);
        largest = wide::max(largest, score_block(logits, noise, max, scale, out));
    }
    if largest == f32::NEG_INFINITY { Err(Invalid) } else { Ok(largest) }
}

/// The column of the largest score: a draw at the temperature of `params`, from a row's law.
pub fn gumbel_max(input: Input, params: &Params, noise: &mut Noise) -> Result<usize, Invalid> {
    let max = match inspect(input.logits)? {
        _ if params.is_cold() => return Ok(argmax(input.given)),
        Law::Certain(column) => return noise.source.check_certain(column).map(|()| column),
        Law::Finite(max) => max,
    };
    let Noise { source, room } = noise;
    source.check()?;
    let (mut best, mut index) = (f32::NEG_INFINITY, 0);
    for (at, logits) in input.logits.chunks(BLOCK).enumerate() {
        let noise = source.block(at * BLOCK, logits.len(), &mut room.words, &mut room.noise);
        let (scores, _) = room.scores.0.split_at_mut(logits.len().min(BLOCK));
        let largest = score_block(logits, noise, max, params.scale, scores);
        if best < largest {
            (best, index) = (largest, at * BLOCK + first_equal(scores, largest));
        }
    }
    if best == f32::NEG_INFINITY { Err(Invalid) } else { Ok(index) }
}

/// The soft sample at the temperature τ of `params`, and the column of its largest score.
pub fn gumbel_softmax(
    logits: &[f32],
    params: &Params,
    noise: &mut Noise,
    soft: &mut [f32],
) -> Result<usize, Invalid> {
    match inspect(logits)? {
        Law::Certain(column) => {
            noise.source.check_certain(column)?;
            one_hot(column, soft);
            Ok(column)
        }
        Law::Finite(max) => {
            let largest = scores(logits, max, 1.0, noise, soft)?;
            let index = first_equal(soft, largest);
            softmax_in_place(soft, largest, params.rate);
            Ok(index)
        }
    }
}
