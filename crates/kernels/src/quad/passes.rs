//! The passes, each one function for all quads: a call costs as much as a row of ten.

use super::columns::{Column, TILE, read};
use super::lanes::Lanes;
use super::{Best, Columns, Details, Each, QUADS, Quads, Tiles};
use crate::categorical::TWO_M32;
use crate::lane::{Constant, F32x4, F64x4, U32x4};
use crate::math::{Exp2, log_f64_inline};
use crate::reduce::{LOWEST, times_z};
use core::ops::Add;

static NEG_INFINITY: Constant = Constant::f32(f32::NEG_INFINITY);
static INFINITY: Constant = Constant::f32(f32::INFINITY);
static ONE: Constant = Constant::f32(1.0);

/// Pass 1: reads logits (or given noise, for which the same holds) and the largest of each row. Returns how many quads
/// come before the first where one is +∞ or NaN, or a row has none above −∞.
#[inline(never)]
pub(super) fn read_laws(quads: Quads, x: &[f32], columns: &mut Columns, max: &mut Each<F32x4>) -> usize {
    let (low, infinity) = (F32x4::constant(&NEG_INFINITY), F32x4::constant(&INFINITY));
    let mut done = 0;
    for ((x, columns), max) in quads.rows(x).zip(quads.columns_mut(columns)).zip(max) {
        let mut largest = low;
        let mut sound = low.eq(low);
        read(x, columns, |x| {
            largest = largest.max(x);
            // False for NaN and for +∞.
            sound = sound & x.lt(infinity);
        });
        if !(sound & low.lt(largest)).all() {
            break;
        }
        *max = largest;
        done += 1;
    }
    done
}

/// Pass 2: turns noise into scores `(l − max)·scale + G`, with the scale of the records or 1, and finds the best of each
/// row. Returns how many quads come before the first with a row that has no score above −∞.
#[inline(never)]
pub(super) fn score(
    quads: Quads,
    lanes: &Each<Lanes>,
    tempered: bool,
    logits: &Columns,
    max: &Each<F32x4>,
    noise: &mut Columns,
    best: &mut Each<Best>,
) -> usize {
    let low = F32x4::constant(&NEG_INFINITY);
    let rows = lanes.iter().zip(max).zip(best);
    let mut done = 0;
    for (((lanes, max), best), (ls, gs)) in rows.zip(quads.columns(logits).zip(quads.columns_mut(noise))) {
        let scale = if tempered { lanes.scale } else { F32x4::constant(&ONE) };
        let mut at = U32x4::ZERO;
        *best = Best { score: low, column: at };
        for (l, g) in ls.iter().zip(gs) {
            let s = (F32x4::load(l) - *max) * scale + F32x4::load(g);
            s.store(g);
            // Columns go up, so that of a better score is the larger number.
            best.column = best.column.max(best.score.lt(s) & at);
            best.score = best.score.max(s);
            at = at + U32x4::splat(1);
        }
        if !low.lt(best.score).all() {
            break;
        }
        done += 1;
    }
    done
}

/// Pass 3: writes the exponentials of values with the largest `max`, and their sums.
#[inline(never)]
pub(super) fn exponentials(
    quads: Quads,
    lanes: &Each<Lanes>,
    max: &Each<F32x4>,
    values: &Columns,
    out: &mut Tiles,
    sums: &mut Each<F32x4>,
) {
    summed_exponentials(quads, lanes, max, values, out, sums, F32x4::load);
}

/// The same with sums as `categorical` takes them: each exponential is promoted to float64 first.
#[inline(never)]
pub(super) fn promoted_exponentials(
    quads: Quads,
    lanes: &Each<Lanes>,
    max: &Each<F32x4>,
    values: &Columns,
    out: &mut Tiles,
    totals: &mut Each<F64x4>,
) {
    summed_exponentials(quads, lanes, max, values, out, totals, |e| F32x4::load(e).to_f64());
}

#[inline(always)]
fn summed_exponentials<T: Copy + Add<Output = T>>(
    quads: Quads,
    lanes: &Each<Lanes>,
    max: &Each<F32x4>,
    values: &Columns,
    out: &mut Tiles,
    sums: &mut Each<T>,
    load: impl Fn(&Column) -> T + Copy,
) {
    let values = quads.columns(values).zip(out.quads(quads));
    for (((lanes, max), total), (values, out)) in lanes.iter().zip(max).zip(sums).zip(values) {
        let exp = Exp2::new(*max, lanes.rate);
        for (x, e) in values.iter().zip(&mut *out) {
            exp.of(F32x4::load(x)).store(e);
        }
        *total = sum(out, load);
    }
}

/// Turns the sums of exponentials into their logarithms.
#[inline(never)]
pub(super) fn logarithms(quads: Quads, sums: &mut Each<F64x4>) {
    for sum in sums.iter_mut().take(quads.params.len()) {
        *sum = F64x4::new(sum.to_array().map(log_f64_inline));
    }
}

/// Turns logits into log-softmax values (l − max)·scale − log Σ.
#[inline(never)]
pub(super) fn logs(
    quads: Quads,
    lanes: &Each<Lanes>,
    max: &Each<F32x4>,
    log_sums: &Each<F64x4>,
    values: &mut Columns,
) {
    let rows = lanes.iter().zip(max).zip(log_sums);
    for (((lanes, max), log_sum), values) in rows.zip(quads.columns_mut(values)) {
        let log_sum = log_sum.to_f32();
        for x in values {
            ((F32x4::load(x) - *max) * lanes.scale - log_sum).store(x);
        }
    }
}

/// Reads y and v, and finds ⟨y, v⟩ of each row. Returns how many quads come before the first where one isn't finite.
#[inline(never)]
pub(super) fn read_means(
    quads: Quads,
    (y, ys): (&[f32], &mut Columns),
    (v, vs): (&[f32], &mut Columns),
    room: &mut Tiles,
    means: &mut Each<F32x4>,
) -> usize {
    let zero = F32x4::ZERO;
    let y = quads.rows(y).zip(quads.columns_mut(ys));
    let v = quads.rows(v).zip(quads.columns_mut(vs));
    let mut done = 0;
    for (((y, v), products), mean) in y.zip(v).zip(room.quads(quads)).zip(means) {
        let ((y, ys), (v, vs)) = (y, v);
        read(y, ys, |_| {});
        read(v, vs, |_| {});
        for ((y, v), product) in ys.iter().zip(vs).zip(&mut *products) {
            (F32x4::load(y) * F32x4::load(v)).store(product);
        }
        // + 0 turns −0 into 0, as the sum from 0 on of a single row does.
        *mean = sum(products, F32x4::load) + zero;
        // ∞ and NaN times 0 are NaN.
        if (*mean * zero).ne(zero).any() {
            break;
        }
        done += 1;
    }
    done
}

/// Turns v into `scale · y ⊙ (v − mean)`, 0 where y is.
#[inline(never)]
pub(super) fn backward(
    quads: Quads,
    lanes: &Each<Lanes>,
    ys: &Columns,
    vs: &mut Columns,
    means: &Each<F32x4>,
) {
    let columns = quads.columns(ys).zip(quads.columns_mut(vs)).zip(lanes).zip(means);
    for (((ys, vs), lanes), mean) in columns {
        for (y, v) in ys.iter().zip(vs) {
            let (y, upstream) = (F32x4::load(y), F32x4::load(v));
            y.ne(F32x4::ZERO).keep(y * (upstream - *mean) * lanes.scale).store(v);
        }
    }
}

/// The columns that the words draw, where their high bits decide.
#[inline(never)]
pub(super) fn search(tiles: &[Column], classes: usize, total: F64x4, words: U32x4) -> Option<U32x4> {
    let (exponentials, _) = tiles.split_at(classes);
    let two_m32 = F64x4::splat(TWO_M32);
    // The least target that a word stands for, and the first one that is too large.
    let least = words.to_f64() * two_m32 * total;
    let end = (words.to_f64() + F64x4::splat(1.0)) * two_m32 * total;
    let mut sum = F64x4::splat(0.0);
    let classes = U32x4::splat(classes as u32);
    let (mut column, mut last) = (classes, classes);
    for e in exponentials {
        sum = sum + F32x4::load(e).to_f64();
        // A mask is −1: what remains is the number of columns whose sum doesn't pass the target.
        column = column + sum.gt(least);
        last = last + sum.gt(end);
    }
    let sound = total.gt(end) & column.eq(last) & column.lt(classes);
    if sound.all() { Some(column) } else { None }
}

/// The details of what was drawn, from logits, their exponentials and the sums of these, which are both overwritten.
#[inline(never)]
pub(super) fn details(
    quads: Quads,
    lanes: &Each<Lanes>,
    max: &Each<F32x4>,
    logits: &Columns,
    (exponentials, sums): (&mut Tiles, &mut Each<F64x4>),
    best: &Each<Best>,
    details: &mut Each<Details>,
) {
    let lowest = F32x4::constant(&LOWEST);
    let mut means = [F64x4::ZERO; QUADS];
    let columns = quads.columns(logits).zip(exponentials.quads(quads));
    let rows = lanes.iter().zip(max).zip(&*sums).zip(&mut means);
    for ((((lanes, &max), &sum_e), mean), (logits, tiles)) in rows.zip(columns) {
        for (x, e) in logits.iter().zip(&mut *tiles) {
            times_z(F32x4::load(x), F32x4::load(e), (max, lanes.scale), lowest).store(e);
        }
        *mean = sum(tiles, F32x4::load).to_f64() / sum_e;
    }
    logarithms(quads, sums);
    let rows = lanes.iter().zip(max).zip(&*sums).zip(&means).zip(best).zip(details);
    for ((((((lanes, max), &log_sum), &mean), best), details), logits) in rows.zip(quads.columns(logits)) {
        let columns = best.column.to_array();
        let drawn = F32x4::new(core::array::from_fn(|row| logits[columns[row] as usize][row]));
        let (max, scale) = (max.to_f64(), lanes.scale.to_f64());
        *details = Details {
            log_prob: ((drawn.to_f64() - max) * scale - log_sum).to_f32(),
            log_z: (max * scale + log_sum).to_f32(),
            entropy: (log_sum - mean).to_f32(),
        };
    }
}

/// The sum of each row by reduction rule 6: sixteen partial sums, partial j of the columns ≡ j mod 16, joined j + 8,
/// j + 4, j + 2, j + 1. A sum of nothing but −0 is −0 here; of a row alone, which begins at 0, it is 0.
#[inline(always)]
pub(crate) fn sum<T: Copy + Add<Output = T>>(columns: &[Column], load: impl Fn(&Column) -> T) -> T {
    let (tiles, _) = columns.as_chunks::<TILE>();
    let tile = |tile: &[Column; TILE]| tile.each_ref().map(&load);
    let add = |a: [T; TILE], b: [T; TILE]| core::array::from_fn(|i| a[i] + b[i]);
    // Of each four tiles, the first has the partial sums 0 to 3, and so on.
    let [a, b, c, d] = match tiles {
        [] => return load(&[0.0; 4]),
        [a] => tile(a),
        [a, b] => add(tile(a), tile(b)),
        [a, b, c] => add(add(tile(a), tile(c)), tile(b)),
        [a, b, c, d, more @ ..] => {
            let mut partial = [a, b, c, d].map(tile);
            for more in more.chunks(4) {
                for (partial, more) in partial.iter_mut().zip(more) {
                    *partial = add(*partial, tile(more));
                }
            }
            let [a, b, c, d] = partial;
            add(add(a, c), add(b, d))
        }
    };
    (a + c) + (b + d)
}
