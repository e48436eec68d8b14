//! Draws by inverse CDF, without noise: one word a draw.
//!
//! The law has two levels, both in float64: T_b, the sum of block b (256 columns), and B, the running sum of T. A
//! draw u picks the first block whose B passes u·ΣT, then the first column in it whose running sum passes it. Every
//! step is monotone in u, so the 32 bits that a first word leaves open matter only where u = k·2^-32 and
//! u = (k + 1)·2^-32 give different classes: there, and only there, a second word is drawn. The law is exact to about
//! 2^-50 for one word a draw.

use crate::BLOCK;
use crate::philox::{self, Purpose, RowWords};
use crate::reduce::exp_block_sums;
use crate::relaxed::Input;
use crate::row::{Invalid, Law, Params, argmax, inspect};

const TWO_M32: f64 = 1.0 / 4_294_967_296.0;

/// Draws as many columns as `out` has room for, `out[j]` from the words of column `params.first + j`.
/// `weights` has room for exactly the row, `sums` for exactly one value a block and one more.
pub fn categorical(
    input: Input,
    params: &Params,
    weights: &mut [f32],
    sums: &mut [f64],
    out: &mut [i32],
) -> Result<(), Invalid> {
    match inspect(input.logits)? {
        Law::Certain(column) => out.fill(column as i32),
        Law::Finite(_) if params.is_cold() => out.fill(argmax(input.given) as i32),
        Law::Finite(max) => {
            running_sums(input.logits, max, params.rate, weights, sums);
            let law = Cumulative::new(weights, sums);
            each_word(params, out.len(), |at, word| {
                if let Some(out) = out.get_mut(at) {
                    *out = law.draw(word, || philox::word(params, Purpose::DrawLow, params.first + at as u32))
                        as i32;
                }
            });
        }
    }
    Ok(())
}

/// Calls `f` with the number and the first word of each draw.
fn each_word(params: &Params, draws: usize, mut f: impl FnMut(usize, u32)) {
    // A lone draw doesn't pay for a group of sixteen.
    if draws < 4 {
        for at in 0..draws {
            f(at, philox::word(params, Purpose::Draw, params.first + at as u32));
        }
        return;
    }
    let words = RowWords::new(params, Purpose::Draw);
    let mut room = [0; BLOCK];
    let skip = params.first % 4;
    let end = skip as usize + draws;
    for start in (0..end).step_by(BLOCK) {
        let columns = BLOCK.min(end - start);
        words.fill(params.first - skip + start as u32, &mut room, columns);
        for (at, &word) in room.iter().take(columns).enumerate() {
            if let Some(at) = (start + at).checked_sub(skip as usize) {
                f(at, word);
            }
        }
    }
}

/// Writes the exponentials of a row to `weights`, and B, the running sums of its blocks, to `sums`.
fn running_sums(logits: &[f32], max: f32, rate: f32, weights: &mut [f32], sums: &mut [f64]) {
    let mut ends = sums.iter_mut();
    let mut total = 0.0;
    let mut next = |total: f64| {
        if let Some(end) = ends.next() {
            *end = total;
        }
    };
    next(total);
    exp_block_sums(logits, weights, max, rate, |sum| {
        total += sum;
        next(total);
    });
}

/// The cumulative law of a row.
pub struct Cumulative<'a> {
    weights: &'a [f32],
    /// B.
    sums: &'a [f64],
}

/// Where the search for a target ends.
struct Found {
    column: usize,
    /// The same column is found for every larger target below this one.
    until: f64,
}

impl<'a> Cumulative<'a> {
    /// The law of `weights` whose blocks have these running sums: 0, then one a block.
    pub fn new(weights: &'a [f32], sums: &'a [f64]) -> Self {
        Self { weights, sums }
    }

    /// The column of the draw with first word `word`; `low()` is its second word.
    pub fn draw(&self, word: u32, low: impl FnOnce() -> u32) -> usize {
        let total = self.sums.last().copied().unwrap_or(0.0);
        let word = f64::from(word);
        let found = self.find(word * TWO_M32 * total);
        if (word + 1.0) * TWO_M32 * total < found.until {
            return found.column;
        }
        let u = (word + (f64::from(low()) + 0.5) * TWO_M32) * TWO_M32;
        self.find(u * total).column
    }

    fn find(&self, target: f64) -> Found {
        let (mut last, mut found) = (0, None);
        for (at, ends) in self.sums.windows(2).enumerate() {
            let (start, end) = (ends[0], ends[1]);
            if end > target {
                found = Some((at, end));
                break;
            }
            if end > start {
                last = at;
            }
        }
        // Past the end: the last block with anything in it.
        let (block, until) = found.unwrap_or((last, f64::INFINITY));
        let inside = self.find_in_block(block, target);
        Found { column: inside.column, until: if inside.until < until { inside.until } else { until } }
    }

    fn find_in_block(&self, block: usize, target: f64) -> Found {
        let first = block * BLOCK;
        let mut sum = self.sums.get(block).copied().unwrap_or(0.0);
        let mut last = first;
        let weights = self.weights.chunks(BLOCK).nth(block).unwrap_or(&[]);
        for (column, &weight) in (first..).zip(weights) {
            sum += f64::from(weight);
            if sum > target {
                return Found { column, until: sum };
            }
            if weight > 0.0 {
                last = column;
            }
        }
        Found { column: last, until: f64::INFINITY }
    }
}
