//! Filters on the logits of a row, as language models are sampled with: what a filter drops becomes −∞.
//!
//! Each keeps classes by value, never by rank: those that equal the last one kept are kept, too. No row is sorted. A
//! threshold is found by bins (`select`), in float64 sums of one order.

mod min_p;
mod nearest;
mod select;
mod top_k;

use crate::categorical::law_of_apart;
use crate::lane::F32x4;
use crate::math::{LOG2_E, log_f64};
use crate::reduce::sparse_exp_block_sums;
use crate::relaxed::Input;
use crate::row::{Invalid, Law, Params, largest};
use crate::softmax::RATE;
use crate::wide;
use select::List;
pub use select::{Bins, SPARE};

/// What runs, and in which order: four bits a step from the lowest on, 0 behind the last.
#[derive(Clone, Copy, Debug)]
pub struct Program(pub u32);

/// A filter, or the temperature from which on the filters see another law. Numbers of [`Program`].
const TEMPERATURE: u32 = 1;
const TOP_K: u32 = 2;
const TOP_P: u32 = 3;
const MIN_P: u32 = 4;
const TYPICAL_P: u32 = 5;

/// Room to work in, which the caller keeps.
pub struct Room<'a> {
    /// Exponentials of the row: exactly as many.
    pub weights: &'a mut [f32],
    /// Keys of a list: [`SPARE`] more.
    pub keys: &'a mut [u32],
    /// Weights of a list: as many.
    pub list: &'a mut [f32],
    /// Sums.
    pub bins: &'a mut Bins,
}

/// Filters a row in place, and returns what is left of it at its temperature. `values` has one value a step: k, p, or what
/// a temperature doesn't need.
///
/// A temperature of 0 leaves the first of the largest logits, whatever the program, and a class at +∞ stays alone.
pub fn filter(
    row: &mut [f32],
    params: &Params,
    program: Program,
    values: &[f64],
    mut room: Room,
) -> Result<Law, Invalid> {
    let mut max = match law_of_apart(Input { logits: row, given: row }, params)? {
        Law::Certain(column) => {
            keep_only(row, column);
            return Ok(Law::Certain(column));
        }
        Law::Finite(max) => max,
    };
    let mut rate = RATE;
    for (step, &value) in values.iter().enumerate() {
        match (program.0 >> (4 * step)) & 15 {
            TEMPERATURE => rate = params.rate,
            TOP_K if value >= 1.0 => top_k::top_k(row, value, &mut room),
            TOP_P if value < 1.0 => nearest::top_p(row, max, rate, value, &mut room),
            MIN_P if value > 0.0 => min_p::min_p(row, max, rate, value),
            TYPICAL_P if value < 1.0 => {
                nearest::typical_p(row, max, rate, value, &mut room);
                max = largest(row);
            }
            _ => {}
        }
    }
    Ok(Law::Finite(max))
}

/// log2 of a normal number > 0.
#[inline(never)]
fn log2(x: f64) -> f64 {
    log_f64(x) * LOG2_E
}

fn keep_only(row: &mut [f32], column: usize) {
    let value = row.get(column).copied().unwrap_or_default();
    row.fill(f32::NEG_INFINITY);
    if let Some(kept) = row.get_mut(column) {
        *kept = value;
    }
}

/// Writes the exponentials of a row, and returns their sum.
fn weigh(row: &[f32], max: f32, rate: f32, weights: &mut [f32]) -> f64 {
    let mut total = 0.0;
    sparse_exp_block_sums(row, weights, max, rate, &mut |sum| total += sum);
    total
}

/// Drops the logits below `least`.
#[inline(never)]
fn drop_below(row: &mut [f32], least: f32) {
    let (least, nothing) = (F32x4::splat(least), F32x4::splat(f32::NEG_INFINITY));
    wide::update(row, f32::NEG_INFINITY, |x| x.map(|x| x.ge(least).select(x, nothing)));
}
