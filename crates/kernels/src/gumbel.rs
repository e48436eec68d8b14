//! Gumbel(0, 1) noise from random words, by a table of cubics: G = −log(−log1p(−w)) with w = (word + ½)·2^-32.
//!
//! x = f32(i32(word)) + ½ is 2^32·w below w = ½ and −2^32·(1 − w) above: exact where it matters, at both ends, where
//! G changes fast. Sign, exponent and the first four mantissa bits of x name a segment; in it G is a cubic in
//! t = x − (start of the segment), a subtraction without rounding. No logarithm is taken at run time, and the result is closer to
//! G than a float32 logarithm of a logarithm.
//!
//! A word below 2^16 (once in 65,536) is refined by 32 more bits, w = (word·2^32 + tail + ½)·2^-64, so that the upper
//! tail is right down to 2^-64. G lies in [−3.14, 45.06] and is finite for every word.
//! Error: at most 2·10^-7·max(1, |G|), proved over all 2^32 words by `tests/exhaustive.rs`.

use crate::BLOCK;
use crate::lane::{Constant, ENTRIES, F32x4, U32x4, lookup, transpose};
use crate::math::{log_f64, log1p_f64};
use crate::philox::{self, Purpose, RowWords, Words};
use crate::row::Params;
use crate::wide::{WIDTH, present_mut, unpad};

/// Words below this are refined.
pub const TAIL_WORDS: u32 = 1 << 16;

/// A segment is the top 13 bits of a float: sign, 8 bits of exponent, 4 of mantissa.
const SEGMENT_SHIFT: u32 = 32 - 13;

static HALF: Constant = Constant::f32(0.5);
static TAIL: Constant = Constant::u32(TAIL_WORDS);

/// The cubics, by segment. Of the 128 kB only the 12 kB of segments that words reach are ever written or read.
#[repr(C, align(64))]
pub struct Table([[f32; 4]; ENTRIES]);

impl Table {
    /// A table of zeros, to be [filled](Self::fill) before use.
    pub const fn empty() -> Self {
        Self([[0.0; 4]; ENTRIES])
    }

    /// Computes the cubics. Float64 additions, multiplications and divisions alone, so the bits are the same anywhere.
    pub fn fill(&mut self) {
        const MIDDLE: f32 = 2_147_483_648.0;
        // Below w = ½ from the first word that isn't refined; above it to the last word, where x = −½.
        for [first, last] in [[TAIL_WORDS as f32, MIDDLE], [-0.5, -MIDDLE]] {
            for segment in segment_of(first)..=segment_of(last) {
                self.fill_segment(segment);
            }
        }
    }

    fn fill_segment(&mut self, segment: u32) {
        let start = f64::from(f32::from_bits(segment << SEGMENT_SHIFT));
        let end = f64::from(f32::from_bits((segment + 1) << SEGMENT_SHIFT));
        if let Some(cubic) = self.0.get_mut(segment as usize) {
            *cubic = interpolate(start, end - start).map(|c| c as f32);
        }
    }

    /// G of a word, of which a word below [`TAIL_WORDS`] is refined by `tail()`: the reference.
    pub fn gumbel(&self, word: u32, tail: impl FnOnce() -> u32) -> f32 {
        if word < TAIL_WORDS {
            return gumbel_tail(word, tail());
        }
        self.gumbel4(U32x4::splat(word)).to_array()[0]
    }

    /// G of four words, none of them refined.
    #[inline(always)]
    pub(crate) fn gumbel4(&self, words: U32x4) -> F32x4 {
        let x = words.signed_to_f32() + F32x4::constant(&HALF);
        let (start, cubics) = lookup(&self.0, x);
        let t = x - start;
        let [c0, c1, c2, c3] = transpose(cubics);
        ((c3 * t + c2) * t + c1) * t + c0
    }
}

/// Whether any of the words has to be refined.
#[inline(always)]
pub(crate) fn any_in_tail(words: &[U32x4]) -> bool {
    let tail = U32x4::constant(&TAIL);
    words.iter().fold(tail, |least, words| least.min(*words)).lt(tail).any()
}

fn segment_of(x: f32) -> u32 {
    x.to_bits() >> SEGMENT_SHIFT
}

/// G of w = (word·2^32 + tail + ½)·2^-64 for a word below 2^16: all 49 bits of the sum are exact, one rounding ends it.
pub fn gumbel_tail(word: u32, tail: u32) -> f32 {
    let bits = f64::from(word) * 4_294_967_296.0 + f64::from(tail) + 0.5;
    gumbel_f64(bits * (1.0 / 18_446_744_073_709_551_616.0)) as f32
}

/// −log(−log1p(−w)) in float64.
fn gumbel_f64(w: f64) -> f64 {
    -log_f64(-log1p_f64(-w))
}

/// G as a function of x, the signed position of w: below ½ it is 2^32·w, above −2^32·(1 − w).
fn gumbel_at(x: f64) -> f64 {
    let part = x * (1.0 / 4_294_967_296.0);
    if part > 0.0 { gumbel_f64(part) } else { -log_f64(-log_f64(-part)) }
}

/// cos((2j + 1)π/8): the Chebyshev nodes of four points, where interpolation is within a whisker of the best cubic.
const NODES: [f64; 4] =
    [0.923_879_532_511_286_7, 0.382_683_432_365_089_8, -0.382_683_432_365_089_8, -0.923_879_532_511_286_7];

/// The coefficients in t = x − start, from order 0, of the cubic that meets G at the nodes of a segment.
fn interpolate(start: f64, width: f64) -> [f64; 4] {
    let t = NODES.map(|node| width * 0.5 * (1.0 + node));
    let mut divided = t.map(|t| gumbel_at(start + t));
    for order in 1..4 {
        for j in (order..4).rev() {
            divided[j] = (divided[j] - divided[j - 1]) / (t[j] - t[j - order]);
        }
    }
    // Newton's form d0 + (t − t0)(d1 + (t − t1)(d2 + (t − t2) d3)), multiplied out from within.
    let mut c = [divided[3], 0.0, 0.0, 0.0];
    for k in (0..3).rev() {
        for j in (1..4).rev() {
            c[j] = c[j - 1] - t[k] * c[j];
        }
        c[0] = divided[k] - t[k] * c[0];
    }
    c
}

/// Room for the values of one block of columns.
#[repr(C, align(16))]
pub struct Block(pub [f32; BLOCK]);

impl Block {
    /// Room with nothing in it yet.
    pub const EMPTY: Self = Self([0.0; BLOCK]);
}

/// The noise of one row.
pub struct RowNoise<'a> {
    table: &'a Table,
    params: Params,
    row: RowWords,
}

impl<'a> RowNoise<'a> {
    /// Prepares the noise of a row.
    pub fn new(table: &'a Table, params: &Params) -> Self {
        Self { table, params: *params, row: RowWords::new(params, Purpose::Noise) }
    }

    /// Moves on to another row; cheap where the seed is the same.
    pub fn set_row(&mut self, params: &Params) {
        if params.seed == self.params.seed {
            self.row.set_row(params);
        } else {
            self.row = RowWords::new(params, Purpose::Noise);
        }
        self.params = *params;
    }

    /// Writes the noise of the columns from `column` on, a multiple of 4; at most a block. `words` takes their words.
    pub fn fill(&self, column: u32, words: &mut Words, out: &mut [f32]) {
        self.row.fill(column, words, out.len());
        let mut least = U32x4::constant(&TAIL);
        let (groups, rest) = out.as_chunks_mut::<WIDTH>();
        let mut tail = [[0.0; WIDTH]];
        let mut fours = words.0.as_chunks::<4>().0.iter();
        for groups in [groups, present_mut(&mut tail, rest)] {
            for out in groups.as_flattened_mut().as_chunks_mut::<4>().0 {
                let Some(four) = fours.next() else { break };
                let four = U32x4::new(*four);
                least = least.min(four);
                *out = self.table.gumbel4(four).to_array();
            }
        }
        unpad(&tail, rest);
        if least.lt(U32x4::constant(&TAIL)).any() {
            self.refine(column, words, out);
        }
    }

    /// Puts the rare words right: one block in 256 has one.
    #[cold]
    #[inline(never)]
    fn refine(&self, column: u32, words: &Words, out: &mut [f32]) {
        for (at, (&word, out)) in words.0.iter().zip(out).enumerate() {
            if word < TAIL_WORDS {
                *out = gumbel_tail(word, philox::word(&self.params, Purpose::Tail, column + at as u32));
            }
        }
    }

    /// Writes the noise of a whole row.
    pub fn fill_row(&self, words: &mut Words, out: &mut [f32]) {
        let mut column = 0;
        for block in out.chunks_mut(BLOCK) {
            self.fill(column, words, block);
            column += BLOCK as u32;
        }
    }
}
