//! Random words of four rows at a time, which lie in the lanes; their keys may differ.

use super::lanes::Lanes;
use crate::lane::{U32x4, opaque};
use crate::philox::{
    Keys, MULTIPLIER_0, NO_KEYS, Purpose, ROUNDS, first_block, mul_wide, round, times_m0, times_m1,
    write_keys,
};

/// The keys of the rows at hand, kept from call to call.
pub struct QuadWords {
    seed: [U32x4; 2],
    keys: Keys,
}

/// One block of each of four rows: of each of its four columns the four rows.
pub(super) type Blocks = [u32; 16];

impl QuadWords {
    /// Room for keys, with those of seed 0.
    pub fn new() -> Self {
        let (seed, mut keys) = ([U32x4::ZERO; 2], NO_KEYS);
        write_keys(seed, &mut keys);
        Self { seed, keys }
    }

    /// The words of blocks 0, 1, … of each four rows, `blocks` of them. Two fours of the same seeds go side by side, as
    /// the two groups of [`RowWords`](crate::philox::RowWords) do.
    pub(super) fn fill(&mut self, purpose: Purpose, quads: &[Lanes], blocks: usize, out: &mut [Blocks]) {
        let mut quads = quads.iter();
        let mut outs = out.chunks_exact_mut(blocks);
        while let (Some(a), Some(to_a)) = (quads.next(), outs.next()) {
            let a = self.start(a);
            let after = quads.as_slice().first().filter(|b| self.has_seed(b));
            match after.and_then(|b| Some((b, outs.next()?))) {
                Some((b, to_b)) => {
                    quads.next();
                    self.pair([a, self.rows(b)], purpose, to_a, to_b);
                }
                None => self.single(a, purpose, to_a),
            }
        }
    }

    #[inline(never)]
    fn pair(&self, [a, b]: [Start; 2], purpose: Purpose, to_a: &mut [Blocks], to_b: &mut [Blocks]) {
        for (block, (to_a, to_b)) in (first_block(purpose, 0)..).zip(to_a.iter_mut().zip(to_b)) {
            let product = mul_wide(block, MULTIPLIER_0);
            let (mut a, mut b) = (a.rounds(product), b.rounds(product));
            for keys in self.last_rounds() {
                a = round(a, keys);
                b = round(b, keys);
            }
            store(a, to_a);
            store(b, to_b);
        }
    }

    #[inline(never)]
    fn single(&self, rows: Start, purpose: Purpose, out: &mut [Blocks]) {
        for (block, out) in (first_block(purpose, 0)..).zip(out) {
            store(self.block(&rows, block), out);
        }
    }

    /// The words of one column of four rows.
    pub(super) fn column(&mut self, purpose: Purpose, lanes: &Lanes, column: u32) -> U32x4 {
        let rows = self.start(lanes);
        self.block(&rows, first_block(purpose, column))[(column % 4) as usize]
    }

    #[inline(always)]
    fn block(&self, rows: &Start, block: u32) -> [U32x4; 4] {
        let mut state = rows.rounds(mul_wide(block, MULTIPLIER_0));
        for keys in self.last_rounds() {
            state = round(state, keys);
        }
        state
    }

    /// Moves on to other rows; cheap where the seeds are the same.
    fn start(&mut self, lanes: &Lanes) -> Start {
        if !self.has_seed(lanes) {
            self.seed = lanes.seed;
            write_keys(lanes.seed, &mut self.keys);
        }
        self.rows(lanes)
    }

    fn rows(&self, lanes: &Lanes) -> Start {
        let [keys1, keys2, ..] = &self.keys;
        let (high1, low1) = times_m1(lanes.stream[0]);
        let (high0, low0) = times_m0(high1 ^ lanes.row ^ keys1[0]);
        Start { stream: lanes.stream[1] ^ keys1[1], low1: low1 ^ keys2[0], high0: high0 ^ keys2[1], low0 }
    }

    fn has_seed(&self, lanes: &Lanes) -> bool {
        let [low, high] = lanes.seed;
        !((low ^ self.seed[0]) | (high ^ self.seed[1])).any()
    }

    /// The keys of rounds 3 to 10, in a loop whose length LLVM can't see.
    #[inline(always)]
    fn last_rounds(&self) -> &[[U32x4; 2]] {
        self.keys.get(2..opaque(ROUNDS)).unwrap_or(&[])
    }
}

/// What the first two rounds of four rows have in common in all columns: half of them.
#[derive(Clone, Copy)]
struct Start {
    stream: U32x4,
    low1: U32x4,
    high0: U32x4,
    low0: U32x4,
}

impl Start {
    /// Rounds 1 and 2 of a block, from the first product of its number.
    #[inline(always)]
    fn rounds(&self, (high, low): (u32, u32)) -> [U32x4; 4] {
        let (high1, low1) = times_m1(U32x4::splat(high) ^ self.stream);
        [high1 ^ self.low1, low1, self.high0 ^ U32x4::splat(low), self.low0]
    }
}

impl Default for QuadWords {
    fn default() -> Self {
        Self::new()
    }
}

#[inline(always)]
fn store(state: [U32x4; 4], out: &mut Blocks) {
    for (word, to) in state.into_iter().zip(out.as_chunks_mut().0) {
        word.store(to);
    }
}
