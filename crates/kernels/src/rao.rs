//! The backward pass of Gumbel-Rao (Paulus, Maddison & Krause, "Rao-Blackwellizing the straight-through Gumbel-Softmax
//! gradient estimator", ICLR 2021, §4): the gradient of the soft sample, averaged over replicas of the noise given the
//! class that was drawn.
//!
//! Given that class i is the argmax, the largest perturbed logit is log Σ e^l + G_i, whatever the others are, and these
//! are Gumbel variables below it. Relative to it, the one of class i is 0, and another −log(1 + e^-d), where
//! d = (l + G) − (log Σ e^l + G_i). So class i has the largest exponential, which is 1.
//!
//! Replica r has the noise of the columns from r·(classes rounded up to a multiple of 4) on. Its terms
//! y·(v − ⟨y, v⟩) are float32, and are added in float64, replica after replica.

use crate::BLOCK;
use crate::gumbel::{Block, Draft, RowNoise};
use crate::lane::{Constant, F32x4, F64x4, U32x4, transpose};
use crate::math::{Exp2, Log1p, log_f64};
use crate::quad::{MAX_CLASSES, sum};
use crate::reduce::{dot, exp_sum, sum2};
use crate::row::{Invalid, Law, NAN, Params, inspect_apart};
use crate::softmax::RATE;
use crate::vjp::canonical;
use crate::wide;

/// Replicas that short rows take at a time, one a lane.
const LANES: usize = 4;

/// A value of each of four replicas.
type Four = [f32; LANES];

static SIGN: Constant = Constant::u32(1 << 31);

/// Room for a block of replicas, which the caller keeps from row to row.
pub struct Room {
    draft: Draft,
    noise: Block,
    row: Lanes,
    /// Exponentials of each four replicas, class by class.
    exponentials: [Four; BLOCK / LANES],
    products: [Four; MAX_CLASSES],
    sums: [F64x4; MAX_CLASSES / 4],
}

/// A short row, in the lanes of all replicas.
struct Lanes {
    /// l − max l.
    relative: [Four; MAX_CLASSES],
    v: [Four; MAX_CLASSES],
}

impl Room {
    /// Room with nothing in it yet.
    pub const EMPTY: Self = Self {
        draft: Draft::EMPTY,
        noise: Block::EMPTY,
        row: Lanes { relative: [[0.0; LANES]; MAX_CLASSES], v: [[0.0; LANES]; MAX_CLASSES] },
        exponentials: [[0.0; LANES]; BLOCK / LANES],
        products: [[0.0; LANES]; MAX_CLASSES],
        sums: [F64x4::ZERO; MAX_CLASSES / 4],
    };
}

/// A row, and what is asked of it.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    /// The logits.
    pub logits: &'a [f32],
    /// The class that was drawn; −1 for a row that was marked as invalid.
    pub index: i32,
    /// The upstream gradient.
    pub v: &'a [f32],
    /// How many replicas.
    pub replicas: usize,
}

/// The gradient by the logits, at the temperature τ of `params`, whose conditional noise `noise` is. `sums` and
/// `exponentials` are room for a row each.
pub fn gumbel_rao(
    row: Row,
    params: &Params,
    noise: &RowNoise,
    room: &mut Room,
    (sums, exponentials): (&mut [f64], &mut [f32]),
    out: &mut [f32],
) -> Result<(), Invalid> {
    let Row { logits, v, .. } = row;
    let index = row.index as usize;
    let upstream = v.get(index).ok_or(Invalid)?;
    let max = match inspect_apart(logits)? {
        Law::Finite(max) => max,
        Law::Certain(_) => {
            // y is one-hot whatever the noise: there is no gradient but what isn't finite in the upstream.
            out.fill(0.0);
            out[index] = if upstream.is_finite() { 0.0 } else { NAN };
            return Ok(());
        }
    };
    let scores = Scores { max, log_sum: log_f64(exp_sum(logits, max, RATE)) as f32, rate: params.rate };
    sums.fill(0.0);
    if logits.len() <= MAX_CLASSES {
        scores.short(row, index, noise, room, sums);
    } else {
        scores.long(row, index, noise, &mut room.draft, exponentials, sums);
    }
    let factor = f64::from(params.scale) / row.replicas as f64;
    for (out, sum) in out.iter_mut().zip(sums) {
        *out = canonical((*sum * factor) as f32);
    }
    Ok(())
}

/// The constants of a row.
#[derive(Clone, Copy)]
struct Scores {
    /// The largest logit.
    max: f32,
    /// log Σ e^(l − max).
    log_sum: f32,
    /// log2(e)/τ.
    rate: f32,
}

impl Scores {
    /// Adds the terms of all replicas of a long row to `sums`, one replica after the other.
    fn long(
        self,
        Row { logits, v, replicas, .. }: Row,
        index: usize,
        noise: &RowNoise,
        draft: &mut Draft,
        exponentials: &mut [f32],
        sums: &mut [f64],
    ) {
        let columns = logits.len().next_multiple_of(4);
        for replica in 0..replicas {
            let first = (replica * columns) as u32;
            let mut drawn = [0.0; 4];
            draw(noise, first + (index & !3) as u32, draft, &mut drawn);
            let top = self.log_sum + drawn[index % 4];
            let blocks = logits.chunks(BLOCK).zip(exponentials.chunks_mut(BLOCK));
            for (at, (logits, out)) in blocks.enumerate() {
                draw(noise, first + (at * BLOCK) as u32, draft, out);
                self.differences(logits, top, out);
                exponentials_of(out, self.rate);
            }
            // Whatever rounding made of it.
            exponentials[index] = 1.0;
            let inverse = (1.0 / sum2(exponentials, exponentials, |e, _| e)) as f32;
            let mean = dot(exponentials, v) * inverse;
            add(exponentials, v, inverse, mean, sums);
        }
    }

    /// Turns the noise of a block into d.
    #[inline(never)]
    fn differences(self, logits: &[f32], top: f32, noise: &mut [f32]) {
        let (max, top) = (F32x4::splat(self.max), F32x4::splat(top));
        wide::update2(noise, logits, |g, l| ((l - max) + g) - top);
    }

    /// The same for a short row, a block of replicas at a time, four in the lanes: whatever its length, no lane is empty,
    /// and its sums need no shuffles.
    fn short(self, row: Row, index: usize, noise: &RowNoise, room: &mut Room, sums: &mut [f64]) {
        let classes = row.logits.len();
        let columns = classes.next_multiple_of(4);
        let at_once = BLOCK / columns / LANES * LANES;
        room.row.read(row, self.max);
        room.sums[..columns / 4].fill(F64x4::ZERO);
        for first in (0..row.replicas).step_by(at_once) {
            let count = at_once.min(row.replicas - first);
            let (drawn, _) = room.noise.0.split_at_mut(count * columns);
            draw(noise, (first * columns) as u32, &mut room.draft, drawn);
            let fours = count.div_ceil(LANES);
            let (exponentials, _) = room.exponentials.split_at_mut(fours * columns);
            spread(&room.noise, &room.row.relative, self.log_sum, index, columns, exponentials);
            exponentials_of(exponentials.as_flattened_mut(), self.rate);
            for (four, exponentials) in exponentials.chunks_exact_mut(columns).enumerate() {
                let count = LANES.min(count - LANES * four);
                add_four(exponentials, &room.row.v, index, count, &mut room.products, &mut room.sums);
            }
        }
        for (sums, from) in sums.chunks_mut(4).zip(&room.sums) {
            for (sum, from) in sums.iter_mut().zip(from.to_array()) {
                *sum = from;
            }
        }
    }
}

impl Lanes {
    /// Writes a row to all lanes; what fills up the last tile is impossible.
    fn read(&mut self, Row { logits, v, .. }: Row, max: f32) {
        let columns = logits.len().next_multiple_of(4);
        for at in 0..columns {
            self.relative[at] = [logits.get(at).map_or(f32::NEG_INFINITY, |l| l - max); LANES];
            self.v[at] = [v.get(at).copied().unwrap_or_default(); LANES];
        }
    }
}

/// Draws noise: a function of its own, since it is most of the code.
#[inline(never)]
fn draw(noise: &RowNoise, column: u32, draft: &mut Draft, out: &mut [f32]) {
    noise.fill(column, draft, out);
}

/// Writes d of each four replicas, class by class, from noise that lies replica by replica.
#[inline(never)]
fn spread(
    noise: &Block,
    relative: &[Four; MAX_CLASSES],
    log_sum: f32,
    index: usize,
    columns: usize,
    out: &mut [Four],
) {
    for (replicas, out) in noise.0.chunks_exact(LANES * columns).zip(out.chunks_exact_mut(columns)) {
        let (ab, cd) = replicas.split_at(2 * columns);
        let ((a, b), (c, d)) = (ab.split_at(columns), cd.split_at(columns));
        let top = F32x4::splat(log_sum) + F32x4::new([a[index], b[index], c[index], d[index]]);
        let [a, b, c, d] = [a, b, c, d].map(|replica| replica.as_chunks::<4>().0);
        let tiles = relative.as_chunks::<4>().0.iter().zip(out.as_chunks_mut::<4>().0);
        for ((((a, b), c), d), (relative, out)) in a.iter().zip(b).zip(c).zip(d).zip(tiles) {
            let noise = transpose([a, b, c, d].map(F32x4::load));
            for ((l, g), out) in relative.iter().zip(noise).zip(out) {
                ((F32x4::load(l) + g) - top).store(out);
            }
        }
    }
}

/// Turns d into the exponentials of −log(1 + e^-d) = min(d, 0) − log(1 + e^-|d|), over τ: in two passes, whose constants
/// stay in registers.
#[inline(never)]
fn exponentials_of(x: &mut [f32], rate: f32) {
    let exp = Exp2::new(F32x4::ZERO, F32x4::splat(RATE));
    let (log1p, sign) = (Log1p::new(), U32x4::constant(&SIGN));
    each(x, |d| {
        let e = exp.of((d.bits() | sign).as_f32());
        d.lt(F32x4::ZERO).keep(d) - log1p.of(e)
    });
    let exp = Exp2::new(F32x4::ZERO, F32x4::splat(rate));
    each(x, |x| exp.of(x));
}

/// Replaces each value, a vector at a time.
#[inline(always)]
fn each(x: &mut [f32], f: impl Fn(F32x4) -> F32x4) {
    let (fours, rest) = x.as_chunks_mut();
    for four in fours {
        f(F32x4::load(four)).store(four);
    }
    wide::store_first(f(wide::load_first(rest, 0.0)), rest);
}

/// e·v, 0 where e is.
#[inline(always)]
fn times(e: F32x4, v: F32x4) -> F32x4 {
    e.ne(F32x4::ZERO).keep(e * v)
}

/// y·(v − ⟨y, v⟩) of y = e·inverse; 0 where e is, whatever v holds there.
#[inline(always)]
fn term(e: F32x4, inverse: F32x4, v: F32x4, mean: F32x4) -> F32x4 {
    e.ne(F32x4::ZERO).keep(e * inverse * (v - mean))
}

/// Adds the terms of `count` of four replicas to `sums`.
#[inline(never)]
fn add_four(
    exponentials: &mut [Four],
    v: &[Four; MAX_CLASSES],
    index: usize,
    count: usize,
    products: &mut [Four; MAX_CLASSES],
    sums: &mut [F64x4],
) {
    // Whatever rounding made of it.
    exponentials[index] = [1.0; LANES];
    let (products, _) = products.split_at_mut(exponentials.len());
    for ((e, v), product) in exponentials.iter().zip(v).zip(&mut *products) {
        times(F32x4::load(e), F32x4::load(v)).store(product);
    }
    let inverse = F32x4::splat(1.0) / sum(exponentials, F32x4::load);
    let mean = sum(products, F32x4::load) * inverse;
    let tiles = exponentials.as_chunks::<4>().0.iter().zip(v.as_chunks::<4>().0);
    for ((e, v), sum) in tiles.zip(sums) {
        let term = |i: usize| term(F32x4::load(&e[i]), inverse, F32x4::load(&v[i]), mean);
        let replicas = transpose([term(0), term(1), term(2), term(3)]);
        if count == LANES {
            for terms in replicas {
                *sum = *sum + terms.to_f64();
            }
        } else {
            for terms in replicas.into_iter().take(count) {
                *sum = *sum + terms.to_f64();
            }
        }
    }
}

/// Adds the terms of one replica to `sums`.
#[inline(never)]
fn add(exponentials: &[f32], v: &[f32], inverse: f32, mean: f32, sums: &mut [f64]) {
    let (inverse, mean) = (F32x4::splat(inverse), F32x4::splat(mean));
    let term = |e, v| term(e, inverse, v, mean).to_f64().to_array();
    let ((es, e_rest), (vs, v_rest)) = (exponentials.as_chunks(), v.as_chunks());
    let (fours, rest) = sums.as_chunks_mut::<4>();
    for ((e, v), sums) in es.iter().zip(vs).zip(fours) {
        for (sum, term) in sums.iter_mut().zip(term(F32x4::load(e), F32x4::load(v))) {
            *sum += term;
        }
    }
    let last = term(wide::load_first(e_rest, 0.0), wide::load_first(v_rest, 0.0));
    for (sum, term) in rest.iter_mut().zip(last) {
        *sum += term;
    }
}
