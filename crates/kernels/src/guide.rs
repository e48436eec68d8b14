//! Many draws from one law in constant time each: for every column the words that surely draw it or one before it, and
//! a guide (Chen & Asau 1974; Devroye 1986, §III.2.4) that says where among these to begin. A guide with some entries a
//! column decides most draws by itself, four in a vector.
//!
//! The same columns as [`Cumulative::draw`]: a word's target rises with the word, so each column ends at one word, and
//! that word is found with the very arithmetic of a draw.

use crate::BLOCK;
use crate::categorical::{Cumulative, TWO_M32};
use crate::lane::{ByTopBits, U32x4};
use crate::wide::WIDTH;

/// The most bits of a word that look into the guide of one call.
const MOST_BITS: u32 = 14;

/// Its entries at most, and one more.
pub const ENTRIES: usize = (1 << MOST_BITS) + 1;

/// The guide of one call: room for it, which the caller keeps.
pub type Guide = [u32; ENTRIES];

/// As much of the room as pays: four entries or more for each class, so that hardly any has two borders, or for each draw
/// where these are fewer.
pub(crate) fn part(guide: &mut Guide, classes: usize, draws: usize) -> &mut [u32] {
    let bits = (4 * classes.min(draws)).next_power_of_two().ilog2().min(MOST_BITS);
    &mut guide[..=1 << bits]
}

/// Columns that a draw goes on from where its guide leads, without asking whether it must.
const STEPS: usize = 2;

/// Draws that go together: as many as a mask has bits.
const RUN: usize = 64;

/// How a guide is read: the first bits of a word name an entry, and those after them are compared with the border between
/// two classes that lies there.
///
/// An entry holds, from its top bit on: as many of these bits of the border as there is room for, all set where there
/// isn't exactly one; the class before the first border; whether there is more than one.
#[derive(Clone, Copy)]
struct Format {
    /// How many bits of a word name an entry.
    bits: u32,
    /// The bits of an entry that hold the class.
    class: u32,
}

impl Format {
    /// Of a guide with a power of two of entries and one more.
    fn new(guide: &[u32], classes: usize) -> Self {
        let class_bits = usize::BITS - classes.leading_zeros();
        Self { bits: guide.len().ilog2(), class: ((1 << class_bits) - 1) << 1 }
    }

    fn shift(self) -> u32 {
        32 - self.bits
    }

    /// The bits of an entry that hold the border.
    fn border(self) -> u32 {
        !(self.class | 1)
    }

    /// Of words whose borders are those of the classes from `start` to `end`.
    #[inline(always)]
    fn entry(self, start: u32, end: u32, sure: &[u32]) -> u32 {
        let border = sure.get(start as usize).copied().unwrap_or(u32::MAX);
        let offset = if end - start == 1 { border << self.bits } else { u32::MAX };
        (offset & self.border()) | start << 1 | u32::from(end - start > 1)
    }

    /// The class before the border.
    fn start(self, entry: u32) -> usize {
        ((entry & self.class) >> 1) as usize
    }
}

/// Works out the guide of a law, and `sure`, which has room for exactly the row: of each column the last word that can
/// draw it, or one before it. The entries of the guide say where words of the same first bits begin to look, see [`Format`].
#[inline(never)]
pub fn make(law: &Cumulative, sure: &mut [u32], guide: &mut [u32]) {
    let total = law.total();
    let per_weight = 1.0 / (TWO_M32 * total);
    let format = Format::new(guide, sure.len());
    let shift = format.shift();
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
    for at in 0..guide.len() {
        let end = start.max(guide.get(at + 1).copied().unwrap_or(start));
        if let Some(entry) = guide.get_mut(at) {
            *entry = format.entry(start, end, sure);
        }
        start = end;
    }
}

/// Whether so many draws pay for a guide: making it costs about 7 ns a class, a search some 80 ns a draw.
pub(crate) fn pays(draws: usize, classes: usize) -> bool {
    draws > 64 && draws > classes / 16
}

/// A law with its guide.
pub struct Guided<'a> {
    law: &'a Cumulative<'a>,
    /// For a word in here its second word decides, and words below don't need one.
    sure: &'a [u32],
    guide: &'a [u32],
    entries: ByTopBits<'a>,
    format: Format,
}

impl<'a> Guided<'a> {
    /// From what [`make`] has made of the law.
    pub fn new(law: &'a Cumulative, sure: &'a [u32], guide: &'a [u32]) -> Self {
        Self { law, sure, guide, entries: ByTopBits::new(guide), format: Format::new(guide, sure.len()) }
    }

    /// The columns of draws with these first words; `low(i)` is the second word of draw i. As [`Cumulative::draw`].
    #[inline(always)]
    pub fn draw_all(&self, words: &[u32], out: &mut [i32], low: impl Fn(usize) -> u32) {
        let factor = U32x4::splat(1 << self.format.bits);
        let [class, border] = [self.format.class, self.format.border()].map(U32x4::splat);
        let runs = words.chunks(RUN).zip(out.chunks_mut(RUN));
        for (at, (words, out)) in runs.enumerate() {
            let mut open = 0;
            let (groups, rest) = words.as_chunks::<WIDTH>();
            for (group, (words, out)) in groups.iter().zip(out.as_chunks_mut::<WIDTH>().0).enumerate() {
                let mut undecided = 0;
                let vectors = words.as_chunks::<4>().0.iter().zip(out.as_chunks_mut::<4>().0);
                for (i, (words, out)) in vectors.enumerate() {
                    let entry = self.entries.entries(words);
                    let offset = U32x4::load(words) * factor;
                    let column = (entry & class).shr::<1>() - offset.ge(entry);
                    // Open if there are more borders, or the word may be the border itself.
                    let open = entry.shl::<31>() | ((offset ^ entry) & border).eq(U32x4::ZERO);
                    undecided |= open.signs() << (4 * i);
                    column.store_signed(out);
                }
                open |= u64::from(undecided) << (WIDTH * group);
            }
            if !rest.is_empty() {
                open |= u64::MAX >> (RUN - rest.len()) << (WIDTH * groups.len());
            }
            while open != 0 {
                let i = open.trailing_zeros() as usize;
                open &= open - 1;
                out[i] = self.search(words[i], || low(at * RUN + i)) as i32;
            }
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

    /// The column of any word.
    #[inline(always)]
    fn search(&self, word: u32, low: impl FnOnce() -> u32) -> usize {
        let start = self.format.start(self.entries.entry(word));
        self.find(start, word).unwrap_or_else(|| self.halve(word, low))
    }

    /// The column of any word, by halving what the guide leaves open.
    #[cold]
    #[inline(never)]
    fn halve(&self, word: u32, low: impl FnOnce() -> u32) -> usize {
        let entry = (word >> self.format.shift()) as usize;
        let [start, end] = [entry, entry + 1].map(|entry| self.format.start(self.guide[entry]));
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
