//! Gumbel(0, 1) noise of a word, by a table of cubics: G = −log(−log1p(−w)) with w = (word + ½)·2^-32.
//!
//! x = f32(i32(word)) + ½ is 2^32·w below w = ½ and −2^32·(1 − w) above: exact where it matters, at both ends, where
//! G changes fast. Sign, exponent and the first four mantissa bits of x name a segment; in it G is a cubic in
//! t = x − (start of the segment), a subtraction without rounding. No logarithm is taken at run time, and the result
//! is closer to G than a float32 logarithm of a logarithm.
//!
//! A word below 2^16 (once in 65,536) is refined by 32 more bits, w = (word·2^32 + tail + ½)·2^-64, so that the upper
//! tail is right down to 2^-64. G lies in [−3.14, 45.06] and is finite for every word.
//! Error: at most 2·10^-7·max(1, |G|), proved over all 2^32 words by `tests/exhaustive.rs`.

use crate::lane::{Constant, ENTRIES, F32x4, Places, U32x4, entries, places, transpose};
use crate::math::{log_f64, log1p_f64};

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
        let mut point = Point::EMPTY;
        point.locate(U32x4::splat(word));
        self.at(&point).to_array()[0]
    }

    /// G at four points: the cubics there.
    #[inline(always)]
    pub(crate) fn at(&self, point: &Point) -> F32x4 {
        let t = F32x4::load(&point.t);
        let [c0, c1, c2, c3] = transpose(entries(&self.0, &point.places));
        ((c3 * t + c2) * t + c1) * t + c0
    }
}

fn segment_of(x: f32) -> u32 {
    x.to_bits() >> SEGMENT_SHIFT
}

/// G of w = (word·2^32 + tail + ½)·2^-64 for a word below 2^16: all 49 bits of the sum are exact, one rounding ends it.
#[inline(never)]
pub fn gumbel_tail(word: u32, tail: u32) -> f32 {
    let bits = f64::from(word) * 4_294_967_296.0 + f64::from(tail) + 0.5;
    gumbel_f64(bits * (1.0 / 18_446_744_073_709_551_616.0)) as f32
}

/// −log(−log1p(−w)) in float64.
fn gumbel_f64(w: f64) -> f64 {
    -log_f64(-log1p_f64(-w))
}

/// G as a function of x, the signed position of w: below ½ it is 2^32·w, above −2^32·(1 − w).
#[inline(never)]
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

/// Where four words lie in the table: half of the way to G. The other half, [`Table::at`], is a pass of its own: both
/// in one took 15 % longer.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(16))]
pub(crate) struct Point {
    t: [f32; 4],
    places: Places,
}

impl Point {
    /// Room for a point.
    pub(crate) const EMPTY: Self = Self { t: [0.0; 4], places: Places::EMPTY };

    #[inline(always)]
    fn locate(&mut self, words: U32x4) {
        let x = words.signed_to_f32() + F32x4::constant(&HALF);
        let start = places(x, &mut self.places);
        (x - start).store(&mut self.t);
    }
}

/// Writes the points of words, and says whether any word has to be refined.
#[inline(never)]
pub(crate) fn locate(words: &[[u32; 4]], points: &mut [Point]) -> bool {
    let mut least = U32x4::constant(&TAIL);
    let mut each = |words: &[u32; 4], point: &mut Point| {
        let words = U32x4::load(words);
        least = least.min(words);
        point.locate(words);
    };
    // Two at a time, as each turn works out its addresses.
    let ((pairs, rest), (point_pairs, points)) = (words.as_chunks(), points.split_at_mut(words.len() & !1));
    for ([a, b], [to_a, to_b]) in pairs.iter().zip(point_pairs.as_chunks_mut().0) {
        each(a, to_a);
        each(b, to_b);
    }
    if let ([words], [point, ..]) = (rest, points) {
        each(words, point);
    }
    least.lt(U32x4::constant(&TAIL)).any()
}
