//! Gumbel(0, 1) noise of a row, block by block: its words, their points in the table, and the cubics there, each a
//! short pass of its own over what lies in the first-level cache.

use crate::BLOCK;
use crate::lane::{Constant, F32x4};
use crate::philox::{self, Purpose, RowWords};
use crate::row::{Invalid, Params};
use crate::table::{Point, TAIL_WORDS, Table, gumbel_tail, locate};
use crate::wide::{self, F32x16, Group, WIDTH};

static INFINITY: Constant = Constant::f32(f32::INFINITY);

/// Room for the values of one block of columns.
#[repr(C, align(16))]
pub struct Block(pub [f32; BLOCK]);

impl Block {
    /// Room with nothing in it yet.
    pub const EMPTY: Self = Self([0.0; BLOCK]);
}

/// Room for a block of noise on its way.
pub struct Draft {
    pub(crate) words: [u32; BLOCK],
    pub(crate) points: [Point; BLOCK / 4],
}

impl Draft {
    /// Room with nothing in it yet.
    pub const EMPTY: Self = Self { words: [0; BLOCK], points: [Point::EMPTY; BLOCK / 4] };
}

/// The noise of one row.
pub struct RowNoise<'a> {
    table: &'a Table,
    params: Params,
    row: RowWords,
    tail: Purpose,
}

impl<'a> RowNoise<'a> {
    /// Prepares the noise of a row.
    pub fn new(table: &'a Table, params: &Params) -> Self {
        Self { table, params: *params, row: RowWords::new(params, Purpose::Noise), tail: Purpose::Tail }
    }

    /// Moves on to noise for another purpose: [`Purpose::Noise`] or one that refines its words as that does.
    pub fn set_purpose(&mut self, purpose: Purpose) {
        self.row.set_purpose(purpose);
        self.tail = purpose.tail();
    }

    /// Moves on to another row; cheap where the seed is the same.
    pub fn set_row(&mut self, params: &Params) {
        if params.seed != self.params.seed {
            self.row.set_seed(params);
        }
        self.row.set_row(params);
        self.params = *params;
    }

    /// Draws the words of `columns` columns from `column` on, a multiple of 4; at most a block.
    pub(crate) fn words(&self, column: u32, columns: usize, draft: &mut Draft) {
        self.row.fill(column, &mut draft.words, columns);
    }

    /// The same, and their points; whether any of them has to be refined.
    fn draw(&self, column: u32, columns: usize, draft: &mut Draft) -> bool {
        self.words(column, columns, draft);
        let (words, _) = draft.words.as_chunks();
        locate(words.get(..columns.div_ceil(4)).unwrap_or_default(), &mut draft.points)
    }

    /// Writes the noise of the columns from `column` on, a multiple of 4; at most a block.
    pub fn fill(&self, column: u32, draft: &mut Draft, out: &mut [f32]) {
        let rare = self.draw(column, out.len(), draft);
        gather(self.table, &draft.points, out);
        if rare {
            self.refine(column, &draft.words, out);
        }
    }

    /// Writes the scores `(logits − max)·scale + G` of the columns from `column` on, a multiple of 4; at most a block.
    /// Returns the largest. `noise` is room.
    pub(crate) fn fill_scores(
        &self,
        column: u32,
        logits: &[f32],
        relative: Relative,
        draft: &mut Draft,
        noise: &mut Block,
        out: &mut [f32],
    ) -> Result<f32, Invalid> {
        let rare = self.draw(column, out.len(), draft);
        if !rare {
            return Ok(gather_scores(self.table, &draft.points, logits, relative, out));
        }
        let (noise, _) = noise.0.split_at_mut(out.len().min(BLOCK));
        gather(self.table, &draft.points, noise);
        self.refine(column, &draft.words, noise);
        relative.scores(logits, noise, out)
    }

    /// Puts the rare words right: one block in 256 has one.
    #[cold]
    #[inline(never)]
    pub(crate) fn refine(&self, column: u32, words: &[u32], out: &mut [f32]) {
        for (at, (&word, out)) in words.iter().zip(out).enumerate() {
            if word < TAIL_WORDS {
                *out = gumbel_tail(word, philox::word(&self.params, self.tail, column + at as u32));
            }
        }
    }

    /// The noise of sixteen columns from `column` on, whose words are given. `points` is room.
    pub(crate) fn group(&self, column: u32, words: &[u32; WIDTH], points: &mut [Point; 4]) -> F32x16 {
        let rare = locate(words.as_chunks().0, points);
        let noise = F32x16(points.each_ref().map(|point| self.table.at(point)));
        if !rare {
            return noise;
        }
        let mut refined: Group = [0.0; WIDTH];
        noise.store(&mut refined);
        self.refine(column, words, &mut refined);
        F32x16::load(&refined)
    }

    /// Writes the noise of a whole row.
    pub fn fill_row(&self, draft: &mut Draft, out: &mut [f32]) {
        let mut column = 0;
        for block in out.chunks_mut(BLOCK) {
            self.fill(column, draft, block);
            column += BLOCK as u32;
        }
    }
}

/// What turns logits and noise into scores: `(l − max)·scale + G`.
#[derive(Clone, Copy)]
pub(crate) struct Relative {
    /// The largest logit of the row.
    pub(crate) max: f32,
    /// 1/T.
    pub(crate) scale: f32,
}

impl Relative {
    /// Writes the scores of a block with its noise, and returns the largest. A logit of NaN, and noise of +∞ or NaN, are
    /// found by their scores, which are +∞ or NaN.
    #[inline(never)]
    pub(crate) fn scores(self, logits: &[f32], noise: &[f32], out: &mut [f32]) -> Result<f32, Invalid> {
        let max = F32x4::splat(self.max);
        if self.scale == 1.0 {
            // The same values with an operation less.
            return scores_of(logits, noise, out, |l, g| (l - max) + g);
        }
        scores_of(logits, noise, out, |l, g| self.score(l, g))
    }

    /// The scores of sixteen columns.
    #[inline(always)]
    pub(crate) fn group(self, logits: F32x16, noise: F32x16) -> F32x16 {
        logits.zip(noise, |l, g| self.score(l, g))
    }

    #[inline(always)]
    fn score(self, logits: F32x4, noise: F32x4) -> F32x4 {
        (logits - F32x4::splat(self.max)) * F32x4::splat(self.scale) + noise
    }
}

#[inline(always)]
fn scores_of(
    logits: &[f32],
    noise: &[f32],
    out: &mut [f32],
    score: impl Fn(F32x4, F32x4) -> F32x4,
) -> Result<f32, Invalid> {
    let infinity = F32x4::constant(&INFINITY);
    let mut largest = F32x16::splat(f32::NEG_INFINITY);
    let mut sound = infinity.eq(infinity);
    wide::map2(logits, noise, out, f32::NEG_INFINITY, |l, g| {
        let s = l.zip(g, &score);
        largest = largest.max(s);
        for s in s.0 {
            sound = sound & s.lt(infinity);
        }
        s
    });
    if sound.all() { Ok(largest.largest()) } else { Err(Invalid) }
}

/// Writes the noise of points.
#[inline(never)]
pub(crate) fn gather(table: &Table, points: &[Point], out: &mut [f32]) {
    let (fours, rest) = out.as_chunks_mut();
    for (point, out) in points.iter().zip(&mut *fours) {
        table.at(point).store(out);
    }
    if let (false, Some(point)) = (rest.is_empty(), points.get(fours.len())) {
        wide::store_first(table.at(point), rest);
    }
}

/// Writes the scores of a block with noise from points, and returns the largest.
#[inline(never)]
fn gather_scores(
    table: &Table,
    points: &[Point],
    logits: &[f32],
    relative: Relative,
    out: &mut [f32],
) -> f32 {
    let mut largest = F32x4::splat(f32::NEG_INFINITY);
    let mut score = |point, logits| {
        let s = relative.score(logits, table.at(point));
        largest = largest.max(s);
        s
    };
    let ((ls, l_rest), (outs, rest)) = (logits.as_chunks(), out.as_chunks_mut());
    for ((l, point), out) in ls.iter().zip(points).zip(outs) {
        score(point, F32x4::load(l)).store(out);
    }
    if let (false, Some(point)) = (rest.is_empty(), points.get(ls.len())) {
        wide::store_first(score(point, wide::load_first(l_rest, f32::NEG_INFINITY)), rest);
    }
    wide::largest(largest)
}
