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

/// A search for good scores, column by column: what is known so far.
pub(crate) trait Contest {
    /// How scores are taken at the moment.
    fn relative(&self) -> Relative;
    /// A score that isn't above this is of no use.
    fn bar(&self) -> f32;
    /// Takes the sixteen columns from `column` on, one of which may be above the bar.
    fn enter(&mut self, column: usize, logits: &Group, noise: F32x16);
}

/// Takes a row, or the part of it from column `first` on, to a contest; groups that can't be of use stay out.
///
/// A contest behind a pointer costs a row of a thousand 5 %: only Gumbel-Max has a copy of its own.
fn run<C: Contest + ?Sized>(
    noise: &RowNoise,
    first: usize,
    mut logits: &[f32],
    draft: &mut Draft,
    contest: &mut C,
) {
    let mut points = [Point::EMPTY; 4];
    let mut column = first;
    while !logits.is_empty() {
        // Words come in fours. Where the first ones belong to columns before these, the words behind them still
        // have to make whole groups.
        let skip = column % 4;
        let most = if skip == 0 { BLOCK } else { BLOCK - WIDTH - skip };
        let (block, after) = logits.split_at(most.min(logits.len()));
        noise.words((column - skip) as u32, skip + block.len(), draft);
        let (words, _) = draft.words[skip..].as_chunks();
        let (groups, rest) = block.as_chunks();
        let mut look = |at: usize, group: &Group, contest: &mut C| {
            let column = column + at * WIDTH;
            let noise = noise.group(column as u32, &words[at], &mut points);
            contest.enter(column, group, noise);
        };
        let mut at = 0;
        loop {
            at += hopeless(&words[at..], &groups[at..], contest.relative(), contest.bar());
            let Some(group) = groups.get(at) else { break };
            look(at, group, contest);
            at += 1;
        }
        if !rest.is_empty() {
            look(at, &padded(rest, f32::NEG_INFINITY), contest);
        }
        column += block.len();
        logits = after;
    }
}

/// The same for any contest, in one copy.
#[inline(never)]
pub(crate) fn run_any(
    noise: &RowNoise,
    first: usize,
    logits: &[f32],
    draft: &mut Draft,
    contest: &mut dyn Contest,
) {
    run(noise, first, logits, draft, contest);
}

/// The column of the largest score, the smallest one on a tie.
pub(crate) fn gumbel_max(noise: &RowNoise, logits: &[f32], relative: Relative, draft: &mut Draft) -> usize {
    let mut best = Best { relative, score: f32::NEG_INFINITY, column: 0 };
    run(noise, 0, logits, draft, &mut best);
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

/// The best score.
pub(crate) struct Best {
    pub(crate) relative: Relative,
    pub(crate) score: f32,
    pub(crate) column: usize,
}

impl Contest for Best {
    fn relative(&self) -> Relative {
        self.relative
    }

    fn bar(&self) -> f32 {
        self.score
    }

    #[inline(always)]
    fn enter(&mut self, column: usize, logits: &Group, noise: F32x16) {
        let scores = self.relative.group(F32x16::load(logits), noise);
        let largest = scores.largest();
        if self.score < largest {
            let mut group = [0.0; WIDTH];
            scores.store(&mut group);
            (self.score, self.column) = (largest, column + first_equal(&group, largest));
        }
    }
}
