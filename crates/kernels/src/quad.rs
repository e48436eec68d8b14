//! Short rows, four at a time: rows lie in the lanes, columns in memory, so that a row of ten classes doesn't pay for
//! the sixteen of a group, and its maximum and its sum need no shuffles (rows of ten run two to three times as fast).
//!
//! The same values as one row at a time, bit for bit. What needs care (an invalid row, a certain class, a temperature
//! of 0) isn't handled here: the functions return `None` before they write anything, and the caller goes row by row.

use crate::gumbel::{TAIL_WORDS, Table, any_in_tail, gumbel_tail};
use crate::lane::{Constant, F32x4, U32x4, transpose};
use crate::math::Exp2;
use crate::philox::{self, Purpose, QuadWords};
use crate::row::Params;
use crate::wide::WIDTH;

/// Rows with more classes than this are better off alone.
pub const MAX_CLASSES: usize = 32;

/// Rows at a time.
pub const ROWS: usize = 4;

static NEG_INFINITY: Constant = Constant::f32(f32::NEG_INFINITY);
static ZERO: Constant = Constant::f32(0.0);
static INFINITY: Constant = Constant::f32(f32::INFINITY);

/// Four rows, column by column.
type Columns = [F32x4; MAX_CLASSES];

/// Room to work in, which the caller keeps.
pub struct Room {
    logits: Columns,
    /// Noise, then scores, then exponentials.
    values: Columns,
}

impl Room {
    /// Room with nothing in it yet.
    pub const EMPTY: Self = Self { logits: [F32x4::ZERO; MAX_CLASSES], values: [F32x4::ZERO; MAX_CLASSES] };
}

/// Where the noise of four rows comes from.
pub enum Source<'a> {
    /// From their words.
    Drawn(&'a Table),
    /// From the caller, row-major.
    Given(&'a [f32]),
}

/// Writes the noise of four rows.
pub fn noise(table: &Table, params: &[Params; ROWS], room: &mut Room, classes: usize, out: &mut [f32]) {
    draw(table, params, &mut room.values, classes);
    write(&room.values, classes, out);
}

/// The columns of the largest scores.
pub fn gumbel_max(
    logits: &[f32],
    params: &[Params; ROWS],
    source: &Source,
    room: &mut Room,
    classes: usize,
) -> Option<[u32; ROWS]> {
    let scale = lanes(params, |p| p.scale);
    if scale.eq(F32x4::constant(&INFINITY)).any() {
        return None;
    }
    let largest = scores(logits, params, scale, source, room, classes)?;
    Some(first_equal(&room.values, classes, largest))
}

/// The soft samples, and the columns of the largest scores.
pub fn gumbel_softmax(
    logits: &[f32],
    params: &[Params; ROWS],
    source: &Source,
    room: &mut Room,
    classes: usize,
    soft: &mut [f32],
) -> Option<[u32; ROWS]> {
    let largest = scores(logits, params, F32x4::splat(1.0), source, room, classes)?;
    let index = first_equal(&room.values, classes, largest);
    normalize(&mut room.values, classes, largest, lanes(params, |p| p.rate));
    write(&room.values, classes, soft);
    Some(index)
}

/// Softmax at the temperatures of `params`; `None` where a row needs care.
pub fn softmax(
    logits: &[f32],
    params: &[Params; ROWS],
    room: &mut Room,
    classes: usize,
    out: &mut [f32],
) -> Option<()> {
    read(logits, &mut room.values, classes);
    let max = sound_max(&room.values, classes)?;
    if params.iter().any(Params::is_cold) {
        return None;
    }
    normalize(&mut room.values, classes, max, lanes(params, |p| p.rate));
    write(&room.values, classes, out);
    Some(())
}

/// `out = scale · y ⊙ (v − ⟨y, v⟩)`; `None` where a mean isn't finite.
pub fn softmax_backward(
    y: &[f32],
    v: &[f32],
    params: &[Params; ROWS],
    room: &mut Room,
    classes: usize,
    out: &mut [f32],
) -> Option<()> {
    read(y, &mut room.logits, classes);
    read(v, &mut room.values, classes);
    let mean = column_sums(&room.logits, &room.values, classes);
    let zero = F32x4::constant(&ZERO);
    // ∞ and NaN times 0 are NaN.
    if (mean * zero).ne(zero).any() {
        return None;
    }
    let scale = lanes(params, |p| p.scale);
    for (v, &y) in room.values.iter_mut().zip(&room.logits).take(classes) {
        *v = y.eq(zero).select(zero, y * (*v - mean) * scale);
    }
    write(&room.values, classes, out);
    Some(())
}

fn lanes(params: &[Params; ROWS], value: fn(&Params) -> f32) -> F32x4 {
    F32x4::new(params.each_ref().map(value))
}

/// Turns values with the largest `max` into their softmax.
fn normalize(columns: &mut Columns, classes: usize, max: F32x4, rate: F32x4) {
    let sums = exp_sums(columns, classes, max, rate).to_array();
    let inverse = F32x4::new(sums.map(|sum| (1.0 / f64::from(sum)) as f32));
    for y in columns.iter_mut().take(classes) {
        *y = *y * inverse;
    }
}

/// Draws the noise of four rows.
#[inline(never)]
fn draw(table: &Table, params: &[Params; ROWS], columns: &mut Columns, classes: usize) {
    let words = QuadWords::new(params);
    for (block, out) in columns.as_chunks_mut::<4>().0.iter_mut().enumerate().take(classes.div_ceil(4)) {
        let words = words.block(block as u32);
        *out = words.map(|words| table.gumbel4(words));
        if any_in_tail(&words) {
            for (at, (out, words)) in out.iter_mut().zip(words).enumerate() {
                *out = refine(words, *out, params, (4 * block + at) as u32);
            }
        }
    }
}

/// Puts the rare words of a column right.
#[cold]
#[inline(never)]
fn refine(words: U32x4, drawn: F32x4, params: &[Params; ROWS], column: u32) -> F32x4 {
    let mut noise = drawn.to_array();
    for ((noise, word), params) in noise.iter_mut().zip(words.to_array()).zip(params) {
        if word < TAIL_WORDS {
            *noise = gumbel_tail(word, philox::word(params, Purpose::Tail, column));
        }
    }
    F32x4::new(noise)
}

/// Passes 1 and 2: the scores, and the largest of each row; `None` where a row needs care.
#[inline(never)]
fn scores(
    logits: &[f32],
    params: &[Params; ROWS],
    scale: F32x4,
    source: &Source,
    room: &mut Room,
    classes: usize,
) -> Option<F32x4> {
    read(logits, &mut room.logits, classes);
    let max = sound_max(&room.logits, classes)?;
    match source {
        Source::Drawn(table) => draw(table, params, &mut room.values, classes),
        Source::Given(noise) => {
            read(noise, &mut room.values, classes);
            sound_max(&room.values, classes)?;
        }
    }
    let low = F32x4::constant(&NEG_INFINITY);
    let mut largest = low;
    for (s, &l) in room.values.iter_mut().zip(&room.logits).take(classes) {
        *s = (l - max) * scale + *s;
        largest = largest.max(*s);
    }
    if all(low.lt(largest)) { Some(largest) } else { None }
}

/// The largest value of each row, if all are below +∞, none a NaN, and one above −∞.
#[inline(never)]
fn sound_max(columns: &Columns, classes: usize) -> Option<F32x4> {
    let low = F32x4::constant(&NEG_INFINITY);
    let infinity = F32x4::constant(&INFINITY);
    let mut max = low;
    let mut sound = low.eq(low);
    for &x in columns.iter().take(classes) {
        max = max.max(x);
        // False for NaN and for +∞.
        sound = sound & x.lt(infinity);
    }
    if all(sound & low.lt(max)) { Some(max) } else { None }
}

fn all(mask: U32x4) -> bool {
    !mask.to_array().contains(&0)
}

/// The first column that holds the largest value of each row.
#[inline(never)]
fn first_equal(scores: &Columns, classes: usize, largest: F32x4) -> [u32; ROWS] {
    let mut index = U32x4::splat(0).as_f32();
    for (column, s) in scores.iter().enumerate().take(classes).rev() {
        index = s.eq(largest).select(U32x4::splat(column as u32).as_f32(), index);
    }
    index.bits().to_array()
}

/// Pass 3: exponentials in place, and their sums.
#[inline(never)]
fn exp_sums(columns: &mut Columns, classes: usize, max: F32x4, rate: F32x4) -> F32x4 {
    let exp = Exp2::new(max, rate);
    let mut partial = [F32x4::ZERO; WIDTH];
    for (column, e) in columns.iter_mut().enumerate().take(classes) {
        *e = exp.of(*e);
        let sum = &mut partial[column % WIDTH];
        *sum = *sum + *e;
    }
    join(partial)
}

/// Σ x·y of each row.
#[inline(never)]
fn column_sums(x: &Columns, y: &Columns, classes: usize) -> F32x4 {
    let mut partial = [F32x4::ZERO; WIDTH];
    for (column, (&x, &y)) in x.iter().zip(y).enumerate().take(classes) {
        let sum = &mut partial[column % WIDTH];
        *sum = *sum + x * y;
    }
    join(partial)
}

/// The sum of the sixteen partial sums of reduction rule 6, partial j for the columns ≡ j mod 16: j + 8, j + 4, j + 2,
/// j + 1.
fn join(mut partial: [F32x4; WIDTH]) -> F32x4 {
    for half in [8, 4, 2, 1] {
        for j in 0..half {
            partial[j] = partial[j] + partial[j + half];
        }
    }
    partial[0]
}

/// Reads four rows into columns. Columns beyond the last hold anything: mostly what follows in memory.
#[inline(never)]
fn read(rows: &[f32], columns: &mut Columns, classes: usize) {
    for (block, out) in columns.as_chunks_mut::<4>().0.iter_mut().enumerate().take(classes.div_ceil(4)) {
        *out = transpose(core::array::from_fn(|row| {
            let row = rows.get(row * classes + 4 * block..).unwrap_or_default();
            row.first_chunk().map_or_else(|| end(row), |four| F32x4::new(*four))
        }));
    }
}

/// The last values of all, fewer than four.
#[cold]
fn end(row: &[f32]) -> F32x4 {
    let mut four = [0.0; 4];
    for (to, from) in four.iter_mut().zip(row) {
        *to = *from;
    }
    F32x4::new(four)
}

/// Writes columns as four rows, from the last block to the first: what a row's last block writes too much, the next
/// row's first block puts right.
#[inline(never)]
fn write(columns: &Columns, classes: usize, out: &mut [f32]) {
    for (block, columns) in columns.as_chunks::<4>().0.iter().enumerate().take(classes.div_ceil(4)).rev() {
        for (row, four) in transpose(*columns).into_iter().enumerate() {
            let out = out.get_mut(row * classes + 4 * block..).unwrap_or_default();
            match out.first_chunk_mut() {
                Some(out) => *out = four.to_array(),
                None => {
                    for (to, from) in out.iter_mut().zip(four.to_array()) {
                        *to = from;
                    }
                }
            }
        }
    }
}
