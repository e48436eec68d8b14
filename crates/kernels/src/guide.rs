//! Many draws from one law in constant time each: for every column the words that surely draw it or one before it, and
//! a guide (Chen & Asau 1974; Devroye 1986, §III.2.4) that says where among these to begin.
//!
//! The same columns as [`Cumulative::draw`]: a word's target rises with the word, so each column ends at one word, and
//! that word is found with the very arithmetic of a draw.

use crate::BLOCK;
use crate::categorical::{Cumulative, TWO_M32};

/// Bits of a word that look into the guide: it takes 16 kB, half of a first-level cache.
const BITS: u32 = 12;
const ENTRIES: usize = 1 << BITS;

/// From this many classes on, halving beats walking.
const MANY: usize = 16 * ENTRIES;

/// Where words of the same first bits begin to look.
pub struct Guide([u32; ENTRIES + 1]);

impl Guide {
    /// Room for a guide.
    pub const EMPTY: Self = Self([0; ENTRIES + 1]);

    /// Works out the guide of a law, and `sure`, which has room for exactly the row.
    pub fn make(&mut self, law: &Cumulative, sure: &mut [u32]) {
        let total = law.total();
        let per_weight = 1.0 / (TWO_M32 * total);
        let mut next = 0;
        law.each_end(|column, end| {
            let words = words_below(end, total, per_weight).saturating_sub(1) as u32;
            if let Some(sure) = sure.get_mut(column) {
                *sure = words;
            }
            while next < ENTRIES && ((next as u32) << (32 - BITS)) <= words {
                self.0[next] = column as u32;
                next += 1;
            }
        });
        self.0[next..].fill(sure.len() as u32);
    }
}

/// Whether so many draws pay for a guide: making it costs about 5 ns a class and 4 µs, a search some 100 ns a draw.
pub(crate) fn pays(draws: usize, classes: usize) -> bool {
    draws > 64 && draws > classes / 16
}

/// A law with its guide.
pub struct Guided<'a> {
    law: &'a Cumulative<'a>,
    /// Of each column the last word that can draw it, or one before it: for this word its second word decides, and
    /// words below don't need one.
    sure: &'a [u32],
    guide: &'a Guide,
}

impl<'a> Guided<'a> {
    /// From what [`Guide::make`] has made of the law.
    pub fn new(law: &'a Cumulative, sure: &'a [u32], guide: &'a Guide) -> Self {
        Self { law, sure, guide }
    }

    /// The columns of draws with these first words; `low(i)` is the second word of draw i. As [`Cumulative::draw`].
    #[inline(always)]
    pub fn draw_all(&self, words: &[u32], out: &mut [i32], low: impl Fn(usize) -> u32) {
        for (i, (&word, out)) in words.iter().zip(&mut *out).enumerate() {
            *out = match self.find(word) {
                Ok(column) => column,
                Err(first) => self.search(first, word, || low(i)),
            } as i32;
        }
    }

    /// By both words, from the first column that the word may draw. Not in the loop above, which would lack registers.
    #[cold]
    #[inline(never)]
    fn search(&self, first: usize, word: u32, low: impl FnOnce() -> u32) -> usize {
        self.law.draw_from(first / BLOCK, word, low)
    }

    /// The column that a word draws without its second word, or else the first that it may draw.
    #[inline(always)]
    fn find(&self, word: u32) -> Result<usize, usize> {
        let mut column = self.start(word);
        loop {
            let Some(&sure) = self.sure.get(column) else { return Err(0) };
            if sure >= word {
                return if sure > word { Ok(column) } else { Err(column) };
            }
            column += 1;
        }
    }

    /// Where to begin: no column before has a word as large as this.
    #[inline(always)]
    fn start(&self, word: u32) -> usize {
        let entry = (word >> (32 - BITS)) as usize;
        let start = self.guide.0[entry] as usize;
        if self.sure.len() < MANY {
            return start;
        }
        let end = self.guide.0[entry + 1] as usize;
        let among = self.sure.get(start..end).unwrap_or_default();
        start + among.partition_point(|&sure| sure < word)
    }
}

/// How many words have a target below `end`: all of them where it is +∞.
fn words_below(end: f64, total: f64, per_weight: f64) -> u64 {
    const ALL: u64 = 1 << 32;
    /// A sum with it has the nearest integer in its low bits.
    const ROUND: f64 = 4_503_599_627_370_496.0;
    let below = |words: u64| words as f64 * TWO_M32 * total < end;
    let guess = end * per_weight;
    let mut words = if guess < ALL as f64 { (guess + ROUND).to_bits() - ROUND.to_bits() } else { ALL };
    while words < ALL && below(words) {
        words += 1;
    }
    while words > 0 && !below(words - 1) {
        words -= 1;
    }
    words
}
