//! Sixteen floats: what a kernel handles in one step, and the sixteen partial results of reduction rule 6.
//!
//! A block whose length isn't a multiple of sixteen is padded by the caller's neutral value, so that each kernel is
//! written once, for whole groups.

use crate::lane::{F32x4, U32x4};
use core::ops::Add;

/// Values in one group.
pub const WIDTH: usize = 16;

/// A group in memory.
pub type Group = [f32; WIDTH];

/// Sixteen float32 values, four to a vector.
#[derive(Clone, Copy, Debug)]
pub struct F32x16(pub [F32x4; 4]);

impl F32x16 {
    /// Sixteen times `x`.
    #[inline(always)]
    pub fn splat(x: f32) -> Self {
        Self([F32x4::splat(x); 4])
    }

    /// The values of a group.
    #[inline(always)]
    pub fn load(group: &Group) -> Self {
        let (vectors, _) = group.as_chunks::<4>();
        Self(core::array::from_fn(|i| F32x4::load(&vectors[i])))
    }

    /// Writes the values to a group.
    #[inline(always)]
    pub fn store(self, group: &mut Group) {
        let (vectors, _) = group.as_chunks_mut::<4>();
        for (vector, value) in vectors.iter_mut().zip(self.0) {
            value.store(vector);
        }
    }

    /// Applies `f` to the four vectors.
    #[inline(always)]
    pub fn map(self, f: impl Fn(F32x4) -> F32x4) -> Self {
        Self(self.0.map(f))
    }

    /// Applies `f` to the four pairs of vectors.
    #[inline(always)]
    pub fn zip(self, b: Self, f: impl Fn(F32x4, F32x4) -> F32x4) -> Self {
        Self(core::array::from_fn(|i| f(self.0[i], b.0[i])))
    }

    /// The larger of each pair, `a < b ? b : a`.
    #[inline(always)]
    pub fn max(self, b: Self) -> Self {
        self.zip(b, F32x4::max)
    }

    /// The masks that `test` gives for the four vectors, joined.
    #[inline(always)]
    pub fn mask(self, test: impl Fn(F32x4) -> U32x4) -> U32x4 {
        let [a, b, c, d] = self.0.map(test);
        (a | b) | (c | d)
    }

    /// The sum of the sixteen partial sums: j + 8, then j + 4, j + 2, j + 1.
    #[inline(always)]
    pub fn sum(self) -> f32 {
        let [a, b, c, d] = self.0;
        let [a, b, c, d] = ((a + c) + (b + d)).to_array();
        (a + c) + (b + d)
    }

    /// The largest of the sixteen values.
    #[inline(always)]
    pub fn largest(self) -> f32 {
        let [a, b, c, d] = self.0;
        largest(a.max(c).max(b.max(d)))
    }
}

/// The largest of four values.
#[inline(always)]
pub(crate) fn largest(x: F32x4) -> f32 {
    let [a, b, c, d] = x.to_array();
    max(max(a, c), max(b, d))
}

/// The larger of two by the rule `a < b ? b : a`.
#[inline(always)]
pub fn max(a: f32, b: f32) -> f32 {
    if a < b { b } else { a }
}

impl Add for F32x16 {
    type Output = Self;
    #[inline(always)]
    fn add(self, b: Self) -> Self {
        self.zip(b, |a, b| a + b)
    }
}

// Each walk goes over the whole groups and then, in a second turn of an outer loop, over the padded rest: LLVM can't count
// these turns, or it would write a kernel's code out for either.

/// `f` of each group of `x`, the last one filled up with `pad`.
#[inline(always)]
pub fn each(x: &[f32], pad: f32, mut f: impl FnMut(F32x16)) {
    let (mut groups, rest) = x.as_chunks();
    let mut left = rest.len();
    let mut tail;
    loop {
        for group in groups {
            f(F32x16::load(group));
        }
        if left == 0 {
            return;
        }
        tail = [padded(rest, pad)];
        (left, groups) = (0, &tail);
    }
}

/// `f` of each pair of groups of `x` and `y`, the last ones filled up with `pad`.
#[inline(always)]
pub fn each2(x: &[f32], y: &[f32], pad: f32, mut f: impl FnMut(F32x16, F32x16)) {
    let ((mut xs, x_rest), (mut ys, y_rest)) = (x.as_chunks(), y.as_chunks());
    let mut left = x_rest.len();
    let (mut x_tail, mut y_tail);
    loop {
        for (x, y) in xs.iter().zip(ys) {
            f(F32x16::load(x), F32x16::load(y));
        }
        if left == 0 {
            return;
        }
        (x_tail, y_tail) = ([padded(x_rest, pad)], [padded(y_rest, pad)]);
        (left, xs, ys) = (0, &x_tail, &y_tail);
    }
}

/// Replaces each group of `x` by `f` of it, the last one filled up with `pad`.
#[inline(always)]
pub fn update(x: &mut [f32], pad: f32, mut f: impl FnMut(F32x16) -> F32x16) {
    let (mut groups, rest) = x.as_chunks_mut();
    let mut tail = [padded(rest, pad)];
    let mut left = rest.len();
    loop {
        for group in groups {
            f(F32x16::load(group)).store(group);
        }
        if left == 0 {
            break;
        }
        (left, groups) = (0, &mut tail);
    }
    unpad(&tail, rest);
}

/// Replaces each value of `x` by `f` of it and the one of `y`, a vector at a time.
#[inline(always)]
pub fn update2(x: &mut [f32], y: &[f32], mut f: impl FnMut(F32x4, F32x4) -> F32x4) {
    let ((xs, x_rest), (ys, y_rest)) = (x.as_chunks_mut(), y.as_chunks());
    for (x, y) in xs.iter_mut().zip(ys) {
        f(F32x4::load(x), F32x4::load(y)).store(x);
    }
    store_first(f(load_first(x_rest, 0.0), load_first(y_rest, 0.0)), x_rest);
}

/// `out` = `f` of each group of `x`, the last one filled up with `pad`.
#[inline(always)]
pub fn map(x: &[f32], out: &mut [f32], pad: f32, mut f: impl FnMut(F32x16) -> F32x16) {
    let ((mut xs, x_rest), (mut outs, out_rest)) = (x.as_chunks(), out.as_chunks_mut());
    let x_tail = [padded(x_rest, pad)];
    let mut tail = [[pad; WIDTH]];
    let mut left = x_rest.len();
    loop {
        for (x, out) in xs.iter().zip(outs) {
            f(F32x16::load(x)).store(out);
        }
        if left == 0 {
            break;
        }
        (left, xs, outs) = (0, &x_tail, &mut tail);
    }
    unpad(&tail, out_rest);
}

/// `out` = `f` of each pair of groups of `x` and `y`, the last ones filled up with `pad`.
#[inline(always)]
pub fn map2(x: &[f32], y: &[f32], out: &mut [f32], pad: f32, mut f: impl FnMut(F32x16, F32x16) -> F32x16) {
    let ((mut xs, x_rest), (mut ys, y_rest)) = (x.as_chunks(), y.as_chunks());
    let (mut outs, out_rest) = out.as_chunks_mut();
    let (x_tail, y_tail) = ([padded(x_rest, pad)], [padded(y_rest, pad)]);
    let mut tail = [[pad; WIDTH]];
    let mut left = x_rest.len();
    loop {
        for ((x, y), out) in xs.iter().zip(ys).zip(outs) {
            f(F32x16::load(x), F32x16::load(y)).store(out);
        }
        if left == 0 {
            break;
        }
        (left, xs, ys, outs) = (0, &x_tail, &y_tail, &mut tail);
    }
    unpad(&tail, out_rest);
}

/// The rest of a row filled up: a function of its own, since in each walk it would be most of the code.
#[inline(never)]
pub(crate) fn padded(rest: &[f32], pad: f32) -> Group {
    let mut group = [0.0; WIDTH];
    let (vectors, _) = group.as_chunks_mut();
    for (at, vector) in vectors.iter_mut().enumerate() {
        load_first(rest.get(4 * at..).unwrap_or_default(), pad).store(vector);
    }
    group
}

/// The first four of `rest`, filled up with `pad`: by lanes, since a vector loaded from where scalars were just written
/// waits for all of them.
#[inline(always)]
pub(crate) fn load_first(rest: &[f32], pad: f32) -> F32x4 {
    match (rest.first_chunk(), rest) {
        (Some(four), _) => F32x4::load(four),
        (_, &[a]) => F32x4::new([a, pad, pad, pad]),
        (_, &[a, b]) => F32x4::new([a, b, pad, pad]),
        (_, &[a, b, c]) => F32x4::new([a, b, c, pad]),
        _ => F32x4::splat(pad),
    }
}

/// Writes as many lanes as `rest` has room for.
#[inline(always)]
pub(crate) fn store_first(x: F32x4, rest: &mut [f32]) {
    if let Some(four) = rest.first_chunk_mut() {
        return x.store(four);
    }
    for (to, from) in rest.iter_mut().zip(x.to_array()) {
        *to = from;
    }
}

/// Copies the tail's part of a row back.
#[inline(never)]
fn unpad([tail]: &[Group; 1], rest: &mut [f32]) {
    for (from, to) in tail.as_chunks().0.iter().zip(rest.chunks_mut(4)) {
        store_first(F32x4::load(from), to);
    }
}
