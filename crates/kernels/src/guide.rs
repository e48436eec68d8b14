//! Many draws from one law in constant time each: for every column the words that surely draw it or one before it, and
//! a guide (Chen & Asau 1974; Devroye 1986, §III.2.4) that says where among these to begin.
//!
//! The same columns as [`Cumulative::draw`]: a word's target rises with the word, so each column ends at one word, and
//! that word is found with the very arithmetic of a draw.

use crate::BLOCK;
use crate::categorical::{Cumulative, TWO_M32};

/// Bits of a word that look into the guide of one call: it takes 16 kB, half of a first-level cache.
const BITS: u32 = 12;

/// Its entries, and one more.
pub const ENTRIES: usize = (1 << BITS) + 1;

/// The guide of one call: room for it, which the caller keeps.
pub type Guide = [u32; ENTRIES];

/// Columns that a draw goes on from where its guide leads, without asking whether it must.
const STEPS: usize = 2;

/// How far to shift a word for its entry of a guide, which has a power of two of them and one more.
fn shift(guide: &[u32]) -> u32 {
    32 - (guide.len() - 1).trailing_zeros()
}

/// Works out the guide of a law, and `sure`, which has room for exactly the row: of each column the last word that can
/// draw it, or one before it. The entries of the guide say where words of the same first bits begin to look.
#[inline(never)]
pub fn make(law: &Cumulative, sure: &mut [u32], guide: &mut [u32]) {
    let total = law.total();
    let per_weight = 1.0 / (TWO_M32 * total);
    let shift = shift(guide);
    guide.fill(0);
    law.each_end(|column, end| {
        let words = words_below(end, total, per_weight);
        let last = (words.max(1) - 1) as u32;
        if let Some(sure) = sure.get_mut(column) {
            *sure = last;
        }
        // The last column to write here stays: the next one is the first that later words may draw.
        if let Some(entry) = guide.get_mut((last >> shift) as usize + 1) {
            *entry = column as u32 + 1;
        }
    });
    // Where no column ends, words begin where those before them do.
    let mut start = 0;
    for entry in guide {
        start = start.max(*entry);
        *entry = start;
    }
}

/// Whether so many draws pay for a guide: making it costs about 5 ns a class and 4 µs, a search some 100 ns a draw.
pub(crate) fn pays(draws: usize, classes: usize) -> bool {
    draws > 64 && draws > classes / 16
}

/// A law with its guide.
pub struct Guided<'a> {
    law: &'a Cumulative<'a>,
    /// For a word in here its second word decides, and words below don't need one.
    sure: &'a [u32],
    guide: &'a [u32],
    shift: u32,
}

impl<'a> Guided<'a> {
    /// From what [`make`] has made of the law.
    pub fn new(law: &'a Cumulative, sure: &'a [u32], guide: &'a [u32]) -> Self {
        Self { law, sure, guide, shift: shift(guide) }
    }

    /// The columns of draws with these first words; `low(i)` is the second word of draw i. As [`Cumulative::draw`].
    #[inline(always)]
    pub fn draw_all(&self, words: &[u32], out: &mut [i32], low: impl Fn(usize) -> u32) {
        // A pass for each of the tables: where these are large, a processor waits for more places at once.
        for (&word, out) in words.iter().zip(&mut *out) {
            *out = self.guide.get((word >> self.shift) as usize).copied().unwrap_or_default() as i32;
        }
        for (i, (&word, out)) in words.iter().zip(&mut *out).enumerate() {
            let found = self.find(*out as usize, word);
            *out = found.unwrap_or_else(|| self.search(word, || low(i))) as i32;
        }
    }

    /// The column that a word draws without its second word, if that is `start`, where the guide leads, or just behind.
    ///
    /// Steps without a branch: which word needs one has no pattern that a processor could guess.
    #[inline(always)]
    fn find(&self, start: usize, word: u32) -> Option<usize> {
        let mut column = start;
        for _ in 0..STEPS {
            column += usize::from(*self.sure.get(column)? < word);
        }
        (*self.sure.get(column)? > word).then_some(column)
    }

    /// The column of any word, by halving what the guide leaves open.
    #[cold]
    #[inline(never)]
    fn search(&self, word: u32, low: impl FnOnce() -> u32) -> usize {
        let entry = (word >> self.shift) as usize;
        let (start, end) = (self.guide[entry] as usize, self.guide[entry + 1] as usize);
        let among = self.sure.get(start..end).unwrap_or_default();
        let column = start + among.partition_point(|&sure| sure < word);
        match self.sure.get(column) {
            Some(&sure) if sure > word => column,
            _ => self.draw_by_both(column, word, low()),
        }
    }

    /// By both words, from the first column that the word may draw.
    #[cold]
    #[inline(never)]
    fn draw_by_both(&self, first: usize, word: u32, low: u32) -> usize {
        self.law.draw_from(first / BLOCK, word, || low)
    }
}

/// All words.
const ALL: i64 = 1 << 32;

/// How many words have a target below `end`: all of them where it is +∞.
#[inline(always)]
fn words_below(end: f64, total: f64, per_weight: f64) -> i64 {
    /// A sum with it has the nearest integer in its low bits.
    const ROUND: f64 = 4_503_599_627_370_496.0;
    let guess = end * per_weight;
    if guess >= ALL as f64 {
        return correct(ALL, end, total);
    }
    // The integer above the guess; rounding may make it another.
    let words = (guess + 0.5 + ROUND).to_bits() as i64 - ROUND.to_bits() as i64;
    if !is_below(words, end, total) && is_below(words - 1, end, total) {
        return words;
    }
    correct(words, end, total)
}

#[inline(always)]
fn is_below(word: i64, end: f64, total: f64) -> bool {
    word as f64 * TWO_M32 * total < end
}

#[cold]
#[inline(never)]
fn correct(mut words: i64, end: f64, total: f64) -> i64 {
    while words < ALL && is_below(words, end, total) {
        words += 1;
    }
    while words > 0 && !is_below(words - 1, end, total) {
        words -= 1;
    }
    words
}
