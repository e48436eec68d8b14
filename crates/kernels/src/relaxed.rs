//! Gumbel-Max and Gumbel-Softmax of one row (Maddison, Mnih & Teh 2017, §3; Jang, Gu & Poole 2017, §2).
//!
//! Scores are s = (l − max l)/T + G: relative to the largest logit, so that large logits don't eat the noise. Their
//! argmax is a draw from softmax(l/T); softmax(s/τ) is its relaxation. The index is always taken from the scores.

use crate::BLOCK;
use crate::filter;
use crate::gumbel::{Block, Draft, Relative, RowNoise};
use crate::row::{
    Invalid, Law, Params, argmax, first_equal, inspect, inspect_apart, inspect_largest, one_hot,
};
use crate::softmax::softmax_in_place;
use crate::wide;

/// Where the noise of a row comes from.
pub enum Source<'a> {
    /// From its words.
    Drawn(&'a RowNoise<'a>),
    /// From the caller: finite or −∞.
    Given(&'a [f32]),
}

impl Source<'_> {
    /// Pass 1 over a row of logits. With given noise the scores show what is wrong with either, but for a row where one
    /// class is certain, which has no scores: there +∞ or NaN in the noise makes the row invalid, and −∞ at that class.
    #[inline(always)]
    pub(crate) fn inspect(&self, logits: &[f32]) -> Result<Law, Invalid> {
        let Source::Given(noise) = self else { return inspect(logits) };
        match inspect_largest(logits)? {
            Law::Certain(column) if !allows(noise, column) => Err(Invalid),
            Law::Certain(_) => inspect_apart(logits),
            law => Ok(law),
        }
    }

    /// The same, in one copy for the kernels that aren't called for every short row: there a call costs 5 %.
    #[inline(never)]
    pub(crate) fn inspect_apart(&self, logits: &[f32]) -> Result<Law, Invalid> {
        self.inspect(logits)
    }
}

#[cold]
fn allows(noise: &[f32], certain: usize) -> bool {
    noise.iter().all(|&g| g < f32::INFINITY) && noise.get(certain) != Some(&f32::NEG_INFINITY)
}

/// Room for a block, which the caller keeps from row to row: clearing it anew would cost 10 % of a long row and a
/// third of a short one.
pub struct Room {
    draft: Draft,
    noise: Block,
    scores: Block,
}

impl Room {
    /// Room with nothing in it yet.
    pub const EMPTY: Self = Self { draft: Draft::EMPTY, noise: Block::EMPTY, scores: Block::EMPTY };

    /// The part for noise on its way.
    pub fn draft(&mut self) -> &mut Draft {
        &mut self.draft
    }

    /// That part, and the one for a block of noise.
    pub(crate) fn parts(&mut self) -> (&mut Draft, &mut Block) {
        (&mut self.draft, &mut self.noise)
    }
}

/// The noise of a row, and room to work in.
pub struct Noise<'a> {
    /// Where it comes from.
    pub source: Source<'a>,
    /// Its room, whatever it holds.
    pub room: &'a mut Room,
}

impl Noise<'_> {
    /// The noise of one column.
    pub(crate) fn at(&mut self, column: usize) -> f32 {
        match self.source {
            Source::Given(given) => given[column],
            Source::Drawn(drawn) => {
                let mut four = [0.0; 4];
                drawn.fill(column as u32 & !3, self.room.draft(), &mut four);
                four[column % 4]
            }
        }
    }
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

/// Pass 2 over the block from `column` on: writes its scores to `out`, and returns the largest.
fn score_block(
    source: &Source,
    column: usize,
    logits: &[f32],
    relative: Relative,
    (draft, noise): (&mut Draft, &mut Block),
    out: &mut [f32],
) -> Result<f32, Invalid> {
    match source {
        Source::Drawn(drawn) => drawn.fill_scores(column as u32, logits, relative, draft, noise, out),
        Source::Given(given) => {
            let noise = given.get(column..column + logits.len()).unwrap_or_default();
            relative.scores(logits, noise, out)
        }
    }
}

/// Writes the scores of a row with largest logit `max`, and returns the largest score.
pub fn scores(
    logits: &[f32],
    max: f32,
    scale: f32,
    noise: &mut Noise,
    out: &mut [f32],
) -> Result<f32, Invalid> {
    let Noise { source, room: Room { draft, noise, .. } } = noise;
    let relative = Relative { max, scale };
    let mut largest = f32::NEG_INFINITY;
    for (at, (logits, out)) in logits.chunks(BLOCK).zip(out.chunks_mut(BLOCK)).enumerate() {
        largest = wide::max(largest, score_block(source, at * BLOCK, logits, relative, (draft, noise), out)?);
    }
    if largest == f32::NEG_INFINITY { Err(Invalid) } else { Ok(largest) }
}

/// The column of the largest score, a draw at the temperature of `params`, and the law that it was drawn from.
pub fn gumbel_max(input: Input, params: &Params, noise: &mut Noise) -> Result<(usize, Law), Invalid> {
    if params.is_cold() {
        inspect_apart(input.logits)?;
        let column = argmax(input.given);
        return Ok((column, Law::Certain(column)));
    }
    let Noise { source, room } = noise;
    let law = source.inspect(input.logits)?;
    let max = match law {
        Law::Certain(column) => return Ok((column, law)),
        Law::Finite(max) => max,
    };
    let relative = Relative { max, scale: params.scale };
    let column = match source {
        Source::Drawn(noise) if input.logits.len() >= filter::LEAST_CLASSES => {
            filter::gumbel_max(noise, input.logits, relative, &mut room.draft)
        }
        _ => largest_score(source, input.logits, relative, room)?,
    };
    Ok((column, law))
}

/// The column of the largest score, from all scores.
fn largest_score(
    source: &Source,
    logits: &[f32],
    relative: Relative,
    room: &mut Room,
) -> Result<usize, Invalid> {
    let Room { draft, noise, scores } = room;
    let (mut best, mut index) = (f32::NEG_INFINITY, 0);
    for (at, logits) in logits.chunks(BLOCK).enumerate() {
        let (scores, _) = scores.0.split_at_mut(logits.len().min(BLOCK));
        let largest = score_block(source, at * BLOCK, logits, relative, (draft, noise), scores)?;
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
    match noise.source.inspect(logits)? {
        Law::Certain(column) => {
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
