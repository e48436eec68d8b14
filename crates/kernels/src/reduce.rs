//! Sums of a row in the one order of reduction rule 6: blocks of 256 columns, in a block sixteen partial sums in
//! float32 (partial j takes the columns ≡ j mod 16), the blocks' results added in float64 from left to right.
//!
//! The order suits four vectors in flight, rows in lanes, chunks of a row, and JavaScript; and sums of 151,936 terms
//! hold to 2·10^-7 where one float32 accumulator loses 7·10^-5.

use crate::BLOCK;
use crate::lane::{Constant, F32x4, F64x4};
use crate::math::Exp2;
use crate::wide::{self, F32x16, Group};

/// The least finite number.
pub(crate) static LOWEST: Constant = Constant::f32(f32::MIN);

/// `x[i] = 2^((x[i] − max)·rate)`, and their sum.
pub fn exp_sum_in_place(x: &mut [f32], max: f32, rate: f32) -> f64 {
    let exp = Exp2::new(F32x4::splat(max), F32x4::splat(rate));
    let mut total = 0.0;
    for block in x.chunks_mut(BLOCK) {
        let mut sum = F32x16::splat(0.0);
        wide::update(block, f32::NEG_INFINITY, |x| {
            let e = x.map(|x| exp.of(x));
            sum = sum + e;
            e
        });
        total += f64::from(sum.sum());
    }
    total
}

/// `out[i] = 2^((x[i] − max)·rate)`; `each` is given the sum of each block, its terms promoted to float64 first.
pub fn exp_block_sums(x: &[f32], out: &mut [f32], max: f32, rate: f32, each: impl FnMut(f64)) {
    block_sums(x, out, max, rate, |_| false, &mut (), each);
}

/// The same for a row with long stretches of −∞: its groups of sixteen cost next to nothing. Where there are none, it
/// takes a tenth longer.
#[inline(never)]
pub fn sparse_exp_block_sums(x: &[f32], out: &mut [f32], max: f32, rate: f32, each: &mut dyn FnMut(f64)) {
    let nothing = F32x4::splat(f32::NEG_INFINITY);
    block_sums(x, out, max, rate, |x| !x.mask(|x| nothing.lt(x)).any(), &mut (), each);
}

/// The same with Σ e·z on the way, which it returns: e are the exponentials and z = (x − max)·scale. `sparse` rows skip
/// stretches of −∞.
#[inline(never)]
pub fn exp_block_sums_with_z(
    x: &[f32],
    out: &mut [f32],
    (max, rate, scale): (f32, f32, f32),
    sparse: bool,
    each: &mut dyn FnMut(f64),
) -> f64 {
    let nothing = F32x4::splat(f32::NEG_INFINITY);
    let mut z = ZSum::new(max, scale);
    let is_nothing = |x: F32x16| sparse && !x.mask(|x| nothing.lt(x)).any();
    block_sums(x, out, max, rate, is_nothing, &mut z, each);
    z.total
}

/// The two sums alone: of the exponentials, and Σ e·z.
#[inline(never)]
pub fn exp_sum_with_z(x: &[f32], (max, rate, scale): (f32, f32, f32)) -> (f64, f64) {
    let exp = Exp2::new(F32x4::splat(max), F32x4::splat(rate));
    let mut z = ZSum::new(max, scale);
    let mut total = 0.0;
    for x in x.chunks(BLOCK) {
        let mut sum = [F64x4::splat(0.0); 4];
        wide::each(x, f32::NEG_INFINITY, |x| {
            let e = x.map(|x| exp.of(x));
            for (sum, e) in sum.iter_mut().zip(e.0) {
                *sum = *sum + e.to_f64();
            }
            z.add(x, e);
        });
        z.end_block();
        total += joined(sum);
    }
    (total, z.total)
}

/// Joins the partial sums of a block.
#[inline(always)]
fn joined([a, b, c, d]: [F64x4; 4]) -> f64 {
    let [a, b, c, d] = ((a + c) + (b + d)).to_array();
    (a + c) + (b + d)
}

/// What is summed beside the exponentials of a row, group by group and block by block.
trait Beside {
    fn add(&mut self, x: F32x16, e: F32x16);
    fn end_block(&mut self);
}

impl Beside for () {
    #[inline(always)]
    fn add(&mut self, _: F32x16, _: F32x16) {}
    #[inline(always)]
    fn end_block(&mut self) {}
}

/// Σ e·z.
struct ZSum {
    max: F32x4,
    scale: F32x4,
    lowest: F32x4,
    block: F32x16,
    total: f64,
}

impl ZSum {
    fn new(max: f32, scale: f32) -> Self {
        let [max, scale] = [max, scale].map(F32x4::splat);
        Self { max, scale, lowest: F32x4::constant(&LOWEST), block: F32x16::splat(0.0), total: 0.0 }
    }
}

impl Beside for ZSum {
    #[inline(always)]
    fn add(&mut self, x: F32x16, e: F32x16) {
        self.block = self.block + x.zip(e, |x, e| times_z(x, e, (self.max, self.scale), self.lowest));
    }

    #[inline(always)]
    fn end_block(&mut self) {
        self.total += f64::from(self.block.sum());
        self.block = F32x16::splat(0.0);
    }
}

/// e·z. Where e is 0, z may be −∞: `lowest`, that is [`LOWEST`], makes the product 0.
#[inline(always)]
pub(crate) fn times_z(x: F32x4, e: F32x4, (max, scale): (F32x4, F32x4), lowest: F32x4) -> F32x4 {
    e * ((x - max) * scale).max(lowest)
}

/// The same sums, keeping nothing.
#[inline(never)]
pub fn sparse_exp_sums(x: &[f32], max: f32, rate: f32, each: &mut dyn FnMut(f64)) {
    let nothing = F32x4::splat(f32::NEG_INFINITY);
    let exp = Exp2::new(F32x4::splat(max), F32x4::splat(rate));
    for x in x.chunks(BLOCK) {
        let mut sum = [F64x4::splat(0.0); 4];
        wide::each(x, f32::NEG_INFINITY, |x| {
            if x.mask(|x| nothing.lt(x)).any() {
                for (sum, x) in sum.iter_mut().zip(x.0) {
                    *sum = *sum + exp.of(x).to_f64();
                }
            }
        });
        each(joined(sum));
    }
}

#[inline(always)]
fn block_sums(
    x: &[f32],
    out: &mut [f32],
    max: f32,
    rate: f32,
    is_nothing: impl Fn(F32x16) -> bool,
    beside: &mut impl Beside,
    mut each: impl FnMut(f64),
) {
    let exp = Exp2::new(F32x4::splat(max), F32x4::splat(rate));
    for (x, out) in x.chunks(BLOCK).zip(out.chunks_mut(BLOCK)) {
        let mut sum = [F64x4::splat(0.0); 4];
        wide::map(x, out, f32::NEG_INFINITY, |x| {
            if is_nothing(x) {
                return F32x16::splat(0.0);
            }
            let e = x.map(|x| exp.of(x));
            for (sum, e) in sum.iter_mut().zip(e.0) {
                *sum = *sum + e.to_f64();
            }
            beside.add(x, e);
            e
        });
        beside.end_block();
        each(joined(sum));
    }
}

/// `out[i] = 2^((x[i] − max)·rate)`, and their sum.
pub fn exp_sum_into(x: &[f32], out: &mut [f32], max: f32, rate: f32) -> f64 {
    let exp = Exp2::new(F32x4::splat(max), F32x4::splat(rate));
    let mut total = 0.0;
    for (x, out) in x.chunks(BLOCK).zip(out.chunks_mut(BLOCK)) {
        let mut sum = F32x16::splat(0.0);
        wide::map(x, out, f32::NEG_INFINITY, |x| {
            let e = x.map(|x| exp.of(x));
            sum = sum + e;
            e
        });
        total += f64::from(sum.sum());
    }
    total
}

/// The same sum, keeping nothing.
#[inline(never)]
pub fn exp_sum(x: &[f32], max: f32, rate: f32) -> f64 {
    let exp = Exp2::new(F32x4::splat(max), F32x4::splat(rate));
    let mut total = 0.0;
    for block in x.chunks(BLOCK) {
        let mut sum = F32x16::splat(0.0);
        let (groups, rest) = block.as_chunks();
        for group in groups {
            sum = sum + F32x16::load(group).map(|x| exp.of(x));
        }
        // Not in a second turn of the loop: a row of a hundred classes would take 2 % longer.
        if !rest.is_empty() {
            let group = wide::padded(rest, f32::NEG_INFINITY);
            sum = sum + F32x16::load(&group).map(|x| exp.of(x));
        }
        total += f64::from(sum.sum());
    }
    total
}

/// Σ f(x, y) in the one order; `f` must give 0 for the zeros that fill up a group.
#[inline(always)]
pub fn sum2(x: &[f32], y: &[f32], f: impl Fn(F32x4, F32x4) -> F32x4) -> f64 {
    let mut total = 0.0;
    for (x, y) in x.chunks(BLOCK).zip(y.chunks(BLOCK)) {
        let mut sum = F32x16::splat(0.0);
        wide::each2(x, y, 0.0, |x, y| sum = sum + x.zip(y, &f));
        total += f64::from(sum.sum());
    }
    total
}

/// ⟨weights, v⟩ over the columns with a non-zero weight, whatever `v` holds in the others.
pub fn dot(weights: &[f32], v: &[f32]) -> f32 {
    let plain = products(weights, v);
    if plain.is_finite() { plain as f32 } else { dot_where_weighed(weights, v) }
}

/// Σ x·y, with the rest of a row apart as in [`exp_sum`]: rows of ten classes see that.
#[inline(never)]
fn products(x: &[f32], y: &[f32]) -> f64 {
    let mut total = 0.0;
    for (x, y) in x.chunks(BLOCK).zip(y.chunks(BLOCK)) {
        let mut sum = F32x16::splat(0.0);
        let mut add = |x: &Group, y: &Group| sum = sum + F32x16::load(x).zip(F32x16::load(y), |x, y| x * y);
        let ((xs, x_rest), (ys, y_rest)) = (x.as_chunks(), y.as_chunks());
        for (x, y) in xs.iter().zip(ys) {
            add(x, y);
        }
        if !x_rest.is_empty() {
            add(&wide::padded(x_rest, 0.0), &wide::padded(y_rest, 0.0));
        }
        total += f64::from(sum.sum());
    }
    total
}

/// 0·∞ and 0·NaN: only now is it worth looking at each weight.
#[cold]
#[inline(never)]
fn dot_where_weighed(weights: &[f32], v: &[f32]) -> f32 {
    let mut total = 0.0;
    for (weights, v) in weights.chunks(BLOCK).zip(v.chunks(BLOCK)) {
        let mut looked_at = [0.0; BLOCK];
        for ((&weight, &v), out) in weights.iter().zip(v).zip(&mut looked_at) {
            *out = if weight == 0.0 { 0.0 } else { v };
        }
        total += products(weights, looked_at.get(..v.len()).unwrap_or_default());
    }
    total as f32
}
