//! What a row is before anything is computed from it: its parameters, its largest logit, and whether it is a law.

use crate::lane::{F32x4, U32x4};
use crate::wide::{self, F32x16};

/// The NaN that is written (rule 3).
pub const NAN: f32 = f32::from_bits(0x7fc0_0000);

/// Everything about one row but its data: the record of 32 bytes that callers fill in.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C)]
pub struct Params {
    /// The seed, low word first: the key of Philox.
    pub seed: [u32; 2],
    /// The row of the counter.
    pub row: u32,
    /// The stream, low word first.
    pub stream: [u32; 2],
    /// The column of the first draw of `categorical`.
    pub first: u32,
    /// 1/τ or 1/T, within [2^-126, `f32::MAX`]; +∞ means a temperature of 0.
    pub scale: f32,
    /// log2(e)/τ or log2(e)/T, within the same bounds.
    pub rate: f32,
}

impl Params {
    /// Whether the temperature is 0: the largest logit alone counts.
    pub fn is_cold(&self) -> bool {
        self.scale == f32::INFINITY
    }
}

/// A row without a sample: its logits hold a NaN, more than one +∞ or nothing above −∞, its given noise holds a NaN or
/// +∞, or no score is above −∞.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalid;

/// A row of logits that is a law.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Law {
    /// No +∞; the largest logit.
    Finite(f32),
    /// One +∞, in this column: that class is certain.
    Certain(usize),
}

/// Pass 1 over a row of logits: its largest one, and every reason to refuse the row.
pub fn inspect(logits: &[f32]) -> Result<Law, Invalid> {
    let mut largest = F32x16::splat(f32::NEG_INFINITY);
    let mut nan = U32x4::splat(0);
    wide::each(logits, f32::NEG_INFINITY, |x| {
        largest = largest.max(x);
        nan = nan | x.mask(|x| x.ne(x));
    });
    if nan.any() { Err(Invalid) } else { law(logits, largest.largest()) }
}

/// The same, in one copy for the kernels that do much more with a row.
#[inline(never)]
pub fn inspect_apart(logits: &[f32]) -> Result<Law, Invalid> {
    inspect(logits)
}

/// The same, but a NaN passes: for rows whose scores will show it.
pub fn inspect_largest(logits: &[f32]) -> Result<Law, Invalid> {
    law(logits, largest(logits))
}

fn law(logits: &[f32], largest: f32) -> Result<Law, Invalid> {
    if largest > f32::NEG_INFINITY && largest < f32::INFINITY {
        Ok(Law::Finite(largest))
    } else {
        certain(logits)
    }
}

/// The law of a row whose largest logit isn't finite.
#[cold]
#[inline(never)]
fn certain(logits: &[f32]) -> Result<Law, Invalid> {
    let mut certain = logits.iter().enumerate().filter(|(_, x)| **x == f32::INFINITY);
    match (certain.next(), certain.next()) {
        (Some((column, _)), None) => Ok(Law::Certain(column)),
        _ => Err(Invalid),
    }
}

/// The largest value; what is NaN doesn't count.
#[inline(never)]
pub(crate) fn largest(x: &[f32]) -> f32 {
    let mut largest = F32x16::splat(f32::NEG_INFINITY);
    wide::each(x, f32::NEG_INFINITY, |x| largest = largest.max(x));
    largest.largest()
}

/// The first column that holds `value`; 0 where none does.
pub fn first_equal(x: &[f32], value: f32) -> usize {
    let (groups, rest) = x.as_chunks::<{ wide::WIDTH }>();
    let target = F32x4::splat(value);
    let skipped = groups.iter().take_while(|group| !F32x16::load(group).mask(|x| x.eq(target)).any()).count();
    let start = skipped * wide::WIDTH;
    let rest = if skipped < groups.len() { &x[start..] } else { rest };
    rest.iter().position(|&x| x == value).map_or(0, |at| start + at)
}

/// The column of the largest value, the smallest such column: what a temperature of 0 draws.
#[inline(never)]
pub fn argmax(x: &[f32]) -> usize {
    first_equal(x, largest(x))
}

/// Writes the one-hot vector of a column.
#[inline(never)]
pub fn one_hot(column: usize, out: &mut [f32]) {
    out.fill(0.0);
    if let Some(class) = out.get_mut(column) {
        *class = 1.0;
    }
}
