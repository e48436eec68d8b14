//! Short rows, four at a time: rows lie in the lanes, columns in memory, so that a row of ten classes doesn't pay for
//! the sixteen of a group, and its maximum and its sum need no shuffles. Several fours ("quads") go through each pass
//! together: one's sum is waited for while the next one's terms are computed.
//!
//! The same values as one row at a time, bit for bit. What needs care (an invalid row, a certain class, a temperature
//! of 0) isn't handled here: the functions return how many quads they did, those before the first such row, and the
//! caller does the next one row by row. Nothing is written for that quad and later ones.

mod columns;
mod lanes;
mod passes;
mod words;

use crate::BLOCK;
use crate::gumbel::{Draft, gather};
use crate::lane::{F32x4, F64x4, U32x4};
use crate::philox::{self, Purpose};
use crate::row::Params;
use crate::table::{TAIL_WORDS, Table, gumbel_tail, locate};
use columns::{Column, TILE};
use lanes::Lanes;
pub(crate) use passes::sum;
pub use words::QuadWords;

/// Rows with more classes than this are better off alone.
pub const MAX_CLASSES: usize = 64;

/// Rows of a quad.
pub const ROWS: usize = 4;

/// Quads that go together, at most.
pub const QUADS: usize = 4;

/// Columns of all quads that go together, at most: their words take one block.
const COLUMNS: usize = BLOCK / ROWS;

/// Values of all quads that go together, at most.
pub const MOST_VALUES: usize = BLOCK;

/// How many quads of so many classes go together: 0 where rows are too long (or have none).
pub fn together(classes: usize) -> usize {
    if !(1..=MAX_CLASSES).contains(&classes) {
        return 0;
    }
    QUADS.min(COLUMNS / TILE / classes.div_ceil(TILE))
}

/// Columns of all quads, one after the other.
type Columns = [Column; COLUMNS];

/// Columns of all quads, each quad's from a multiple of four on. What fills up the last tile is 0.
struct Tiles {
    columns: Columns,
    classes: usize,
}

impl Tiles {
    const EMPTY: Self = Self { columns: [[0.0; ROWS]; COLUMNS], classes: 0 };

    /// The columns of each quad.
    fn quads(&mut self, quads: Quads) -> impl Iterator<Item = &mut [Column]> {
        if self.classes != quads.classes {
            *self = Self { classes: quads.classes, ..Self::EMPTY };
        }
        self.columns.chunks_exact_mut(TILE * quads.tiles()).take(quads.params.len())
    }
}

/// Something of each quad.
type Each<T> = [T; QUADS];

/// Room to work in, which the caller keeps. Aligned, so that no vector crosses a cache line.
#[repr(align(64))]
pub struct Room {
    draft: Draft,
    /// The records at hand.
    lanes: Each<Lanes>,
    /// Logits where there is noise too; y of a backward product.
    logits: Columns,
    /// What a softmax is taken of: noise and then scores, or logits. The upstream of a backward product.
    values: Columns,
    /// Exponentials, or the products of y and its upstream.
    tiles: Tiles,
    /// The largest logit of each row, then its largest score; ⟨y, v⟩.
    max: Each<F32x4>,
    /// Sums of exponentials.
    sums: Each<F32x4>,
    /// The same in float64.
    totals: Each<F64x4>,
    best: Each<Best>,
    details: Each<Details>,
}

impl Room {
    /// Room with nothing in it yet.
    pub const EMPTY: Self = {
        let columns = [[0.0; ROWS]; COLUMNS];
        Self {
            draft: Draft::EMPTY,
            lanes: [Lanes::EMPTY; QUADS],
            logits: columns,
            values: columns,
            tiles: Tiles::EMPTY,
            max: [F32x4::ZERO; QUADS],
            sums: [F32x4::ZERO; QUADS],
            totals: [F64x4::ZERO; QUADS],
            best: [Best { score: F32x4::ZERO, column: U32x4::ZERO }; QUADS],
            details: [Details::EMPTY; QUADS],
        }
    };

    /// The column that was drawn in each row of a quad.
    pub fn drawn(&self, quad: usize) -> U32x4 {
        self.best[quad].column
    }

    /// What is known of these draws, where that was asked for.
    pub fn details(&self, quad: usize) -> &Details {
        &self.details[quad]
    }
}

/// What is known of the draws of a quad: see [`crate::details`].
#[derive(Clone, Copy)]
pub struct Details {
    /// The log-probabilities of what was drawn.
    pub log_prob: F32x4,
    /// The logarithms of the sums of exp(l/T).
    pub log_z: F32x4,
    /// Of the laws.
    pub entropy: F32x4,
}

impl Details {
    const EMPTY: Self = Self { log_prob: F32x4::ZERO, log_z: F32x4::ZERO, entropy: F32x4::ZERO };
}

/// The largest score of each row and its column, the smallest one on a tie.
#[derive(Clone, Copy)]
struct Best {
    score: F32x4,
    column: U32x4,
}

/// What a kernel is told about its quads.
#[derive(Clone, Copy)]
pub struct Quads<'a> {
    /// The records of at most [`together`] quads.
    pub params: &'a [[Params; ROWS]],
    /// Classes of each row.
    pub classes: usize,
}

impl<'p> Quads<'p> {
    /// The first `count` of them.
    fn first(self, count: usize) -> Self {
        Self { params: self.params.get(..count).unwrap_or(self.params), ..self }
    }

    fn tiles(self) -> usize {
        self.classes.div_ceil(TILE)
    }

    /// Reads the records.
    fn read_lanes(self, lanes: &mut Each<Lanes>) {
        for (to, params) in lanes.iter_mut().zip(self.params) {
            *to = Lanes::new(params);
        }
    }

    /// The rows of each quad.
    fn rows(self, x: &[f32]) -> impl Iterator<Item = [&[f32]; ROWS]> {
        x.chunks_exact(ROWS * self.classes)
            .take(self.params.len())
            .map(move |x| columns::split(x, self.classes))
    }

    /// The columns of each quad.
    fn columns(self, x: &Columns) -> impl Iterator<Item = &[Column]> {
        x.chunks_exact(self.classes).take(self.params.len())
    }

    fn columns_mut(self, x: &mut Columns) -> impl Iterator<Item = &mut [Column]> {
        x.chunks_exact_mut(self.classes).take(self.params.len())
    }
}

/// Where the noise of quads comes from.
pub enum Source<'a> {
    /// From their words, by way of room that is kept.
    Drawn(&'a Table, &'a mut QuadWords),
    /// From the caller.
    Given(&'a [f32]),
}

/// Writes the noise.
pub fn noise(
    quads: Quads,
    purpose: Purpose,
    table: &Table,
    words: &mut QuadWords,
    room: &mut Room,
    out: &mut [f32],
) {
    let Room { draft, lanes, values, .. } = room;
    quads.read_lanes(lanes);
    draw(quads, purpose, lanes, table, words, draft, values);
    write(quads, values, out);
}

/// The columns of the largest scores, to [`Room::drawn`]; where they are wanted, details to [`Room::details`].
pub fn gumbel_max(
    quads: Quads,
    logits: &[f32],
    source: Source,
    wants_details: bool,
    room: &mut Room,
) -> usize {
    let done = scores(warm(quads), logits, source, true, room);
    if wants_details {
        let Room { lanes, logits, tiles, max, totals, best, details, .. } = room;
        let quads = quads.first(done);
        passes::promoted_exponentials(quads, lanes, max, logits, tiles, totals);
        passes::details(quads, lanes, max, logits, (tiles, totals), best, details);
    }
    done
}

/// The soft samples; the columns of the largest scores to [`Room::drawn`].
pub fn gumbel_softmax(
    quads: Quads,
    logits: &[f32],
    source: Source,
    room: &mut Room,
    soft: &mut [f32],
) -> usize {
    let done = scores(quads, logits, source, false, room);
    room.max = room.best.map(|best| best.score);
    normalize(quads.first(done), room, soft);
    done
}

/// The one-hot rows of the columns in [`Room::drawn`].
pub fn one_hot(quads: Quads, room: &Room, out: &mut [f32]) {
    out.fill(0.0);
    let columns = room.best.iter().flat_map(|best| best.column.to_array());
    for (row, column) in out.chunks_exact_mut(quads.classes).zip(columns) {
        row[column as usize] = 1.0;
    }
}

/// Softmax at the temperatures of the records.
pub fn softmax(quads: Quads, logits: &[f32], room: &mut Room, out: &mut [f32]) -> usize {
    let Room { lanes, values, max, .. } = room;
    let quads = warm(quads);
    quads.read_lanes(lanes);
    let done = passes::read_laws(quads, logits, values, max);
    normalize(quads.first(done), room, out);
    done
}

/// Log-softmax at the temperatures of the records.
pub fn log_softmax(quads: Quads, logits: &[f32], room: &mut Room, out: &mut [f32]) -> usize {
    let Room { lanes, values, tiles, max, sums, totals, .. } = room;
    let quads = warm(quads);
    quads.read_lanes(lanes);
    let done = passes::read_laws(quads, logits, values, max);
    let quads = quads.first(done);
    passes::exponentials(quads, lanes, max, values, tiles, sums);
    log_sums(quads, sums, totals);
    passes::logs(quads, lanes, max, totals, values);
    write(quads, values, out);
    done
}

/// Log-sum-exp, one value a row; the records must be those of a temperature of 1.
pub fn log_sum_exp(quads: Quads, logits: &[f32], room: &mut Room, out: &mut [f32]) -> usize {
    let Room { lanes, values, tiles, max, sums, totals, .. } = room;
    quads.read_lanes(lanes);
    let done = passes::read_laws(quads, logits, values, max);
    let quads = quads.first(done);
    passes::exponentials(quads, lanes, max, values, tiles, sums);
    log_sums(quads, sums, totals);
    for ((max, log), out) in max.iter().zip(totals).take(done).zip(out.as_chunks_mut().0) {
        (max.to_f64() + *log).to_f32().store(out);
    }
    done
}

/// The logarithms of sums, in float64.
fn log_sums(quads: Quads, sums: &Each<F32x4>, logs: &mut Each<F64x4>) {
    for (sum, log) in sums.iter().zip(&mut *logs) {
        *log = sum.to_f64();
    }
    passes::logarithms(quads, logs);
}

/// `out = scale · y ⊙ (v − ⟨y, v⟩)`; a mean that isn't finite needs care.
pub fn softmax_backward(quads: Quads, y: &[f32], v: &[f32], room: &mut Room, out: &mut [f32]) -> usize {
    let Room { lanes, logits: ys, values: vs, tiles, max: means, .. } = room;
    quads.read_lanes(lanes);
    let done = passes::read_means(quads, (y, ys), (v, vs), tiles, means);
    let quads = quads.first(done);
    passes::backward(quads, lanes, ys, vs, means);
    write(quads, vs, out);
    done
}

/// One draw of each row by inverse CDF, see `categorical.rs`, to [`Room::drawn`]; where they are wanted, details to
/// [`Room::details`]. A draw that takes a second word needs care.
pub fn categorical(
    quads: Quads,
    logits: &[f32],
    words: &mut QuadWords,
    wants_details: bool,
    room: &mut Room,
) -> usize {
    let Room { lanes, values, tiles, max, totals, best, details, .. } = room;
    let quads = warm(quads);
    quads.read_lanes(lanes);
    let quads = quads.first(passes::read_laws(quads, logits, values, max));
    passes::promoted_exponentials(quads, lanes, max, values, tiles, totals);
    let mut done = 0;
    let rows = quads.params.iter().zip(&*lanes).zip(&*totals).zip(&mut *best);
    for ((((params, lanes), &total), best), columns) in rows.zip(tiles.quads(quads)) {
        let first = params[0].first;
        if params.iter().any(|params| params.first != first) {
            break;
        }
        let words = words.column(Purpose::Draw, lanes, first);
        let Some(column) = passes::search(columns, quads.classes, total, words) else { break };
        best.column = column;
        done += 1;
    }
    if wants_details {
        passes::details(quads.first(done), lanes, max, values, (tiles, totals), best, details);
    }
    done
}

/// Passes 1 and 2: the scores, in `room.values`, and the best of each row.
fn scores(quads: Quads, logits: &[f32], source: Source, tempered: bool, room: &mut Room) -> usize {
    let Room { draft, lanes, logits: ls, values, max, best, .. } = room;
    quads.read_lanes(lanes);
    let mut quads = quads.first(passes::read_laws(quads, logits, ls, max));
    match source {
        Source::Drawn(table, words) => draw(quads, Purpose::Noise, lanes, table, words, draft, values),
        Source::Given(noise) => {
            let mut largest = [F32x4::ZERO; QUADS];
            quads = quads.first(passes::read_laws(quads, noise, values, &mut largest));
        }
    }
    passes::score(quads, lanes, tempered, ls, max, values, best)
}

/// Draws the noise.
fn draw(
    quads: Quads,
    purpose: Purpose,
    lanes: &Each<Lanes>,
    table: &Table,
    words: &mut QuadWords,
    draft: &mut Draft,
    noise: &mut Columns,
) {
    let (classes, tiles) = (quads.classes, quads.tiles());
    let (lanes, _) = lanes.split_at(quads.params.len());
    let (blocks, _) = draft.words.as_chunks_mut();
    let (blocks, _) = blocks.split_at_mut(tiles * lanes.len());
    words.fill(purpose, lanes, tiles, blocks);
    // From here on without the words that no column needs.
    let words = blocks.as_flattened().as_chunks().0;
    let each = || words.chunks_exact(TILE * tiles).map(|words| words.split_at(classes).0);
    let mut rare = false;
    for (words, points) in each().zip(draft.points.chunks_exact_mut(classes)) {
        rare |= locate(words, points);
    }
    let (noise, _) = noise.split_at_mut(classes * lanes.len());
    gather(table, &draft.points, noise.as_flattened_mut());
    if rare {
        for (params, (words, noise)) in quads.params.iter().zip(each().zip(noise.chunks_exact_mut(classes))) {
            refine(words, purpose.tail(), params, noise);
        }
    }
}

/// Puts the rare words right.
#[cold]
#[inline(never)]
fn refine(words: &[[u32; ROWS]], tail: Purpose, params: &[Params; ROWS], noise: &mut [Column]) {
    for (column, (words, noise)) in words.iter().zip(noise).enumerate() {
        for ((&word, params), noise) in words.iter().zip(params).zip(noise) {
            if word < TAIL_WORDS {
                *noise = gumbel_tail(word, philox::word(params, tail, column as u32));
            }
        }
    }
}

/// Writes columns as rows.
#[inline(never)]
fn write(quads: Quads, columns: &Columns, out: &mut [f32]) {
    for (columns, out) in quads.columns(columns).zip(out.chunks_exact_mut(ROWS * quads.classes)) {
        columns::write(columns, |x| x, out);
    }
}

/// The quads before the first that has a row at a temperature of 0.
fn warm(quads: Quads) -> Quads {
    let cold = |params: &[Params; ROWS]| params.iter().any(Params::is_cold);
    quads.first(quads.params.iter().position(cold).unwrap_or(quads.params.len()))
}

/// Passes 3 and 4: writes the softmax of `room.values`, whose largest ones are `room.max`.
#[inline(never)]
fn normalize(quads: Quads, room: &mut Room, out: &mut [f32]) {
    let Room { lanes, values, tiles, max, sums, .. } = room;
    passes::exponentials(quads, lanes, max, values, tiles, sums);
    let out = out.chunks_exact_mut(ROWS * quads.classes);
    for ((columns, sum), out) in tiles.quads(quads).zip(sums).zip(out) {
        let inverse = (F64x4::splat(1.0) / sum.to_f64()).to_f32();
        columns::write(columns.split_at(quads.classes).0, |e| e * inverse, out);
    }
}
