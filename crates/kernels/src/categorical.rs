//! Draws by inverse CDF, without noise: one word a draw.
//!
//! The law has two levels, both in float64: T_b, the sum of block b (256 columns), and B, the running sum of T. A
//! draw u picks the first block whose B passes u·ΣT, then the first column in it whose running sum passes it. Every
//! step is monotone in u, so the 32 bits that a first word leaves open matter only where u = k·2^-32 and
//! u = (k + 1)·2^-32 give different classes: there, and only there, a second word is drawn. The law is exact to about
//! 2^-50 for one word a draw.

use crate::BLOCK;
use crate::guide::{self, Guide, Guided};
use crate::philox::{self, Purpose, RowWords};
use crate::reduce::{exp_block_sums, exp_block_sums_with_z, sparse_exp_block_sums, sparse_exp_sums};
use crate::relaxed::Input;
use crate::row::{Invalid, Law, Params, argmax, inspect};

pub(crate) const TWO_M32: f64 = 1.0 / 4_294_967_296.0;

/// Room for the law of a row, which the caller keeps.
pub struct Room<'a> {
    /// Exactly a row.
    pub weights: &'a mut [f32],
    /// Exactly one value a block and one more.
    pub sums: &'a mut [f64],
    /// Exactly a row.
    pub sure: &'a mut [u32],
    /// For many draws.
    pub guide: &'a mut Guide,
    /// Whether to expect long stretches of impossible classes; it changes the time alone.
    pub sparse: bool,
    /// For details: where Σ e·z goes, if it is wanted.
    pub z_sum: Option<&'a mut f64>,
}

/// Which draws of a row are made: a slice of all of them, as long as there is room for its results.
#[derive(Clone, Copy)]
pub struct Slice {
    /// How many there are in all: that decides how they are made.
    pub all: usize,
    /// How many the slices before have made. The law that these worked out must still be in the room.
    pub made: usize,
}

/// Draws as many columns as `out` has room for, `out[j]` from the words of column `params.first + slice.made + j`. Returns
/// what the row is.
#[inline(never)]
pub fn categorical(
    input: Input,
    params: &Params,
    room: Room,
    slice: Slice,
    out: &mut [i32],
) -> Result<Law, Invalid> {
    let law = law_of(input, params)?;
    match law {
        Law::Certain(column) => out.fill(column as i32),
        Law::Finite(max) => {
            let Room { weights, sums, sure, guide, sparse, z_sum } = room;
            let is_first = slice.made == 0;
            if is_first {
                if let Some(z_sum) = z_sum {
                    *z_sum = running_sums_with_z(input.logits, max, params, sparse, weights, sums).1;
                } else {
                    running_sums(input.logits, max, params.rate, sparse, weights, sums);
                }
            }
            let law = Cumulative::new(weights, sums);
            let params = &Params { first: params.first + slice.made as u32, ..*params };
            if guide::pays(slice.all, input.logits.len()) {
                let guide = guide::part(guide, input.logits.len(), slice.all);
                if is_first {
                    guide::make(&law, sure, guide);
                }
                draw_guided(&Guided::new(&law, sure, guide), params, out);
            } else {
                draw_each(&law, params, out);
            }
        }
    }
    Ok(law)
}

/// The draw number `params.first` of a row that is known to be this law, expected to have long stretches of −∞. Only the
/// weights of the block in which it ends are kept, and of `room` only these and the sums are used.
#[inline(never)]
pub fn draw_one(law: Law, logits: &[f32], params: &Params, room: Room) -> usize {
    let max = match law {
        Law::Certain(column) => return column,
        Law::Finite(max) => max,
    };
    let Room { weights, sums, .. } = room;
    let (mut ends, mut total) = (sums.iter_mut(), 0.0);
    let mut next = |sum: f64| {
        total += sum;
        if let Some(end) = ends.next() {
            *end = total;
        }
    };
    next(0.0);
    sparse_exp_sums(logits, max, params.rate, &mut next);
    let word = philox::word(params, Purpose::Draw, params.first);
    // Blocks in which it may end, whatever its second word: nearly always one.
    let least = f64::from(word) * TWO_M32 * total;
    let most = (f64::from(word) + 1.0) * TWO_M32 * total;
    let (from, to) = (block_of(sums, least) * BLOCK, (block_of(sums, most) + 1) * BLOCK);
    let to = to.min(logits.len());
    if let (Some(logits), Some(weights)) = (logits.get(from..to), weights.get_mut(from..to)) {
        sparse_exp_block_sums(logits, weights, max, params.rate, &mut |_| ());
    }
    let mut column = [0];
    draw_each(&Cumulative::new(weights, sums), params, &mut column);
    column[0] as usize
}

/// The first block whose sum passes the target; the number of blocks where none does.
#[inline(never)]
fn block_of(sums: &[f64], target: f64) -> usize {
    sums.iter().skip(1).take_while(|&&end| end <= target).count()
}

/// The draws from number `params.first` on, each by a search.
#[inline(never)]
fn draw_each(law: &Cumulative, params: &Params, out: &mut [i32]) {
    each_block(params, out, |at, words, out| {
        for (i, (&word, out)) in words.iter().zip(out).enumerate() {
            *out = law.draw(word, || low_word(params, at + i)) as i32;
        }
    });
}

/// What a row is at the temperature of `params`: at 0 its largest value is certain.
pub fn law_of(input: Input, params: &Params) -> Result<Law, Invalid> {
    Ok(match inspect(input.logits)? {
        Law::Finite(_) if params.is_cold() => Law::Certain(argmax(input.given)),
        law => law,
    })
}

/// The same, in one copy for the kernels that do much more with a row.
#[inline(never)]
pub fn law_of_apart(input: Input, params: &Params) -> Result<Law, Invalid> {
    law_of(input, params)
}

/// The draws from number `params.first` on of a law with its guide.
#[inline(never)]
pub fn draw_guided(law: &Guided, params: &Params, out: &mut [i32]) {
    each_block(params, out, |at, words, out| law.draw_all(words, out, |i| low_word(params, at + i)));
}

/// The second word of draw number `at` after the first.
fn low_word(params: &Params, at: usize) -> u32 {
    philox::word(params, Purpose::DrawLow, params.first + at as u32)
}

/// Calls `f` with the number of the first draw of each block, the first words of its draws and their place in `out`.
#[inline(always)]
fn each_block(params: &Params, mut out: &mut [i32], mut f: impl FnMut(usize, &[u32], &mut [i32])) {
    // Up to three draws don't pay for a group of sixteen.
    if out.len() < 4 {
        for (at, out) in out.iter_mut().enumerate() {
            let word = philox::word(params, Purpose::Draw, params.first + at as u32);
            f(at, &[word], core::slice::from_mut(out));
        }
        return;
    }
    let words = RowWords::new(params, Purpose::Draw);
    let mut room = [0; BLOCK];
    // Words come in fours: the first ones may belong to draws before these.
    let mut skip = (params.first % 4) as usize;
    let mut at = 0;
    while !out.is_empty() {
        let draws = (BLOCK - skip).min(out.len());
        let (block, rest) = core::mem::take(&mut out).split_at_mut(draws);
        out = rest;
        let column = params.first + at as u32 - skip as u32;
        words.fill(column, &mut room, skip + draws);
        f(at, &room[skip..skip + draws], block);
        at += draws;
        skip = 0;
    }
}

/// Writes the exponentials of a row to `weights`, and B, the running sums of its blocks, to `sums` as far as these have
/// room. Returns the last of them.
#[inline(never)]
pub fn running_sums(
    logits: &[f32],
    max: f32,
    rate: f32,
    sparse: bool,
    weights: &mut [f32],
    sums: &mut [f64],
) -> f64 {
    running(sums, |add| {
        if sparse {
            sparse_exp_block_sums(logits, weights, max, rate, add);
        } else {
            exp_block_sums(logits, weights, max, rate, add);
        }
    })
    .0
}

/// The same at the temperature of `params`; also returns Σ e·z with z = (l − max)/T.
pub fn running_sums_with_z(
    logits: &[f32],
    max: f32,
    params: &Params,
    sparse: bool,
    weights: &mut [f32],
    sums: &mut [f64],
) -> (f64, f64) {
    let factors = (max, params.rate, params.scale);
    running(sums, |add| exp_block_sums_with_z(logits, weights, factors, sparse, add))
}

/// The running sums of what `each` is told, to `sums`; returns the last of them, and what `each` returns.
#[inline(always)]
fn running<T>(sums: &mut [f64], each: impl FnOnce(&mut dyn FnMut(f64)) -> T) -> (f64, T) {
    let mut ends = sums.iter_mut();
    let mut total = 0.0;
    let mut next = |total: f64| {
        if let Some(end) = ends.next() {
            *end = total;
        }
    };
    next(total);
    let result = each(&mut |sum| {
        total += sum;
        next(total);
    });
    (total, result)
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

    pub(crate) fn total(&self) -> f64 {
        self.sums.last().copied().unwrap_or(0.0)
    }

    /// Calls `f` with each column and the least target for which a later one is drawn; +∞ where none is.
    pub(crate) fn each_end(&self, mut f: impl FnMut(usize, f64)) {
        let total = self.total();
        let mut column = 0;
        for (block, ends) in self.weights.chunks(BLOCK).zip(self.sums.windows(2)) {
            let (mut sum, end) = (ends[0], ends[1]);
            let last = block.iter().rposition(|&weight| weight > 0.0).unwrap_or(0);
            for (at, &weight) in block.iter().enumerate() {
                sum += f64::from(weight);
                let own = if at < last && sum < end { sum } else { end };
                f(column, if own < total { own } else { f64::INFINITY });
                column += 1;
            }
        }
    }

    /// The column of the draw with first word `word`; `low()` is its second word.
    pub fn draw(&self, word: u32, low: impl FnOnce() -> u32) -> usize {
        self.draw_from(0, word, low)
    }

    /// The same where nothing before the block `from` can be drawn.
    #[inline(always)]
    pub(crate) fn draw_from(&self, from: usize, word: u32, low: impl FnOnce() -> u32) -> usize {
        let total = self.total();
        let word = f64::from(word);
        let found = self.find(from, word * TWO_M32 * total);
        if (word + 1.0) * TWO_M32 * total < found.until {
            return found.column;
        }
        let u = (word + (f64::from(low()) + 0.5) * TWO_M32) * TWO_M32;
        self.find(from, u * total).column
    }

    #[inline(always)]
    fn find(&self, from: usize, target: f64) -> Found {
        let (mut last, mut found) = (from, None);
        for (at, ends) in self.sums.get(from..).unwrap_or_default().windows(2).enumerate() {
            let (start, end) = (ends[0], ends[1]);
            if end > target {
                found = Some((from + at, end));
                break;
            }
            if end > start {
                last = from + at;
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
