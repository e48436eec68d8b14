//! Gumbel-Max of a long row without most of its noise.
//!
//! G ≤ −log w, and the bits of a float are nearly its logarithm: a bound on G from the word alone, in five vector
//! instructions where table and cubic take some fifty. As soon as a good score is known, hardly any group of sixteen
//! columns has a bound above it; the others need no noise. Rounding is monotone, so where G isn't above its bound no
//! score is, and the winner is the same.

use crate::BLOCK;
use crate::gumbel::{Draft, Relative, RowNoise};
use crate::lane::{Constant, F32x4, U32x4};
use crate::row::first_equal;
use crate::table::Point;
use crate::wide::{F32x16, Group, WIDTH, padded};

/// Shorter rows take every score: too many of their groups pass.
pub const LEAST_CLASSES: usize = 400;

/// −ln 2 a unit of the exponent, that is for 2^23 units of the bits.
static SLOPE: Constant = Constant::f32(-8.262_958e-8);
/// 158·ln 2 = (127 + 31)·ln 2, and 10^-4 for what rounding takes away.
static OFFSET: Constant = Constant::f32(109.517_36);

/// An upper bound of G, from word 256 on at most 0.07 above −log w: with ⌊word/2⌋ = 2^e·(1 + m), log2(1 + m) ≥ m.
#[inline(always)]
fn bound(words: U32x4) -> F32x4 {
    let bits = words.shr::<1>().signed_to_f32().bits();
    bits.signed_to_f32() * F32x4::constant(&SLOPE) + F32x4::constant(&OFFSET)
}

/// The bound of one word, refined or not.
pub fn bound_of(word: u32) -> f32 {
    bound(U32x4::splat(word)).to_array()[0]
}

/// The column of the largest score, the smallest one on a tie.
pub(crate) fn gumbel_max(noise: &RowNoise, logits: &[f32], relative: Relative, draft: &mut Draft) -> usize {
    let mut points = [Point::EMPTY; 4];
    let mut best = Best { score: f32::NEG_INFINITY, column: 0 };
    for (at, logits) in logits.chunks(BLOCK).enumerate() {
        let start = at * BLOCK;
        noise.words(start as u32, logits.len(), draft);
        let (words, _) = draft.words.as_chunks();
        let (groups, rest) = logits.as_chunks();
        let mut look = |at: usize, group: &Group, best: &mut Best| {
            let column = start + at * WIDTH;
            let noise = noise.group(column as u32, &words[at], &mut points);
            best.update(column, relative.group(F32x16::load(group), noise));
        };
        let mut at = 0;
        loop {
            at += hopeless(&words[at..], &groups[at..], relative, best.score);
            let Some(group) = groups.get(at) else { break };
            look(at, group, &mut best);
            at += 1;
        }
        if !rest.is_empty() {
            look(at, &padded(rest, f32::NEG_INFINITY), &mut best);
        }
    }
    best.column
}

/// How many groups come first that have no score above `best`.
#[inline(never)]
fn hopeless(words: &[[u32; WIDTH]], logits: &[Group], relative: Relative, best: f32) -> usize {
    let best = F32x4::splat(best);
    let mut groups = words.iter().zip(logits);
    let passes = |(words, logits): (&[u32; WIDTH], &Group)| {
        let (words, _) = words.as_chunks();
        let bounds = F32x16(core::array::from_fn(|i| bound(U32x4::load(&words[i]))));
        relative.group(F32x16::load(logits), bounds).mask(|s| best.lt(s)).any()
    };
    groups.position(passes).unwrap_or(logits.len())
}

struct Best {
    score: f32,
    column: usize,
}

impl Best {
    fn update(&mut self, column: usize, scores: F32x16) {
        let largest = scores.largest();
        if self.score < largest {
            let mut group = [0.0; WIDTH];
            scores.store(&mut group);
            *self = Self { score: largest, column: column + first_equal(&group, largest) };
        }
    }
}
