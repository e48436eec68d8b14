//! Random words: Philox4x32-10 (Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC'11,
//! §4), a function of key and counter with no state.
//!
//! The key is the seed. The counter is (purpose·2^28 + column div 4, row, stream low, stream high), and the word of a
//! column is number (column mod 4) of the block. So a word depends on nothing but seed, stream, row and column.

use crate::lane::{Constant, F32x4, U32x4, opaque, transpose};
use crate::row::Params;

/// What a word is used for: the top four bits of the counter, so that no two uses meet. This is the one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Purpose {
    /// A word of Gumbel noise.
    Noise = 0,
    /// 32 more bits for a noise word below 2^16.
    Tail = 1,
    /// The high word of a draw by inverse CDF.
    Draw = 2,
    /// The low word of a draw by inverse CDF.
    DrawLow = 3,
    /// A word of noise of Gumbel variables whose argmax is known.
    Conditional = 4,
    /// 32 more bits for such a word below 2^16.
    ConditionalTail = 5,
    /// A word of noise of the other outcome of a binary variable.
    Opposite = 6,
    /// 32 more bits for such a word below 2^16.
    OppositeTail = 7,
    /// A word of noise of Gumbel variables below a bound; TypeScript names it by its number.
    Truncated = 8,
    /// 32 more bits for such a word below 2^16.
    TruncatedTail = 9,
    /// A word of noise of the replicas of Gumbel-Rao.
    Replica = 10,
    /// 32 more bits for such a word below 2^16.
    ReplicaTail = 11,
    /// The seed of a split generator; used by the TypeScript `Rng` alone.
    Split = 15,
}

impl Purpose {
    /// What refines the noise words of this purpose.
    pub(crate) fn tail(self) -> Self {
        match self {
            Self::Conditional => Self::ConditionalTail,
            Self::Opposite => Self::OppositeTail,
            Self::Truncated => Self::TruncatedTail,
            Self::Replica => Self::ReplicaTail,
            _ => Self::Tail,
        }
    }
}

pub(crate) const MULTIPLIER_0: u32 = 0xd251_1f53;
const MULTIPLIER_1: u32 = 0xcd9e_8d57;
const WEYL_0: u32 = 0x9e37_79b9;
const WEYL_1: u32 = 0xbb67_ae85;
pub(crate) const ROUNDS: usize = 10;

static M0: Constant = Constant::u32(MULTIPLIER_0);
static M1: Constant = Constant::u32(MULTIPLIER_1);
static W0: Constant = Constant::u32(WEYL_0);
static W1: Constant = Constant::u32(WEYL_1);
static IOTA: Constant = Constant::new([0, 1, 2, 3]);

pub(crate) fn mul_wide(a: u32, b: u32) -> (u32, u32) {
    let product = u64::from(a) * u64::from(b);
    ((product >> 32) as u32, product as u32)
}

/// The four words of one block: the reference.
pub fn block(key: [u32; 2], counter: [u32; 4]) -> [u32; 4] {
    let [mut x0, mut x1, mut x2, mut x3] = counter;
    let [mut k0, mut k1] = key;
    for _ in 0..ROUNDS {
        let (high0, low0) = mul_wide(x0, MULTIPLIER_0);
        let (high1, low1) = mul_wide(x2, MULTIPLIER_1);
        (x0, x1, x2, x3) = (high1 ^ x1 ^ k0, low1, high0 ^ x3 ^ k1, low0);
        k0 = k0.wrapping_add(WEYL_0);
        k1 = k1.wrapping_add(WEYL_1);
    }
    [x0, x1, x2, x3]
}

/// The word of one column.
pub fn word(params: &Params, purpose: Purpose, column: u32) -> u32 {
    let counter = [first_block(purpose, column), params.row, params.stream[0], params.stream[1]];
    block(params.seed, counter)[(column % 4) as usize]
}

pub(crate) fn first_block(purpose: Purpose, column: u32) -> u32 {
    ((purpose as u32) << 28) + column / 4
}

/// The words of one row for one purpose, many at a time.
///
/// Columns lie in the lanes, so in each block of a row the counter words 1 to 3 are equal in all lanes: half of
/// rounds 1 and 2 are constants of the row, made once here (words run about 10 % faster).
pub struct RowWords {
    keys: Keys,
    round1: [U32x4; 2],
    round2: [U32x4; 2],
    purpose: Purpose,
}

impl RowWords {
    /// Prepares the words of a row.
    pub fn new(params: &Params, purpose: Purpose) -> Self {
        let mut words =
            Self { keys: NO_KEYS, round1: [U32x4::splat(0); 2], round2: [U32x4::splat(0); 2], purpose };
        words.set_seed(params);
        words.set_row(params);
        words
    }

    /// Moves on to the seed of another row, before [`Self::set_row`].
    pub fn set_seed(&mut self, params: &Params) {
        write_keys(params.seed.map(U32x4::splat), &mut self.keys);
    }

    /// Moves on to another row of the same seed, whose round keys are here already.
    pub fn set_row(&mut self, params: &Params) {
        let ([k0, k1], [stream0, stream1]) = (params.seed, params.stream);
        let (high, low) = mul_wide(stream0, MULTIPLIER_1);
        let x0 = high ^ params.row ^ k0;
        self.round1 = [stream1 ^ k1, low ^ k0.wrapping_add(WEYL_0)].map(U32x4::splat);
        let (high, low) = mul_wide(x0, MULTIPLIER_0);
        let k1_round3 = k1.wrapping_add(WEYL_1.wrapping_mul(2));
        self.round2 = [high ^ k1.wrapping_add(WEYL_1), low ^ k1_round3].map(U32x4::splat);
    }

    /// Moves on to another purpose.
    pub fn set_purpose(&mut self, purpose: Purpose) {
        self.purpose = purpose;
    }

    /// The words of `columns` columns (rounded up to whole groups of 16) from `column` on, a multiple of 4.
    pub fn fill(&self, column: u32, out: &mut [u32], columns: usize) {
        let mut block = first_block(self.purpose, column);
        let groups = columns.div_ceil(16);
        let (pairs, single) = out.split_at_mut(16 * groups).0.as_chunks_mut::<32>();
        for pair in pairs {
            self.two_groups(block, pair);
            block = block.wrapping_add(8);
        }
        if !single.is_empty() {
            self.one_group(block, single);
        }
    }

    /// 32 words from `block` on. Two groups interleaved hide the latency of the multiplications (17 to 20 % on a quiet
    /// core).
    #[inline(always)]
    fn two_groups(&self, block: u32, out: &mut [u32; 32]) {
        let mut a = self.first_rounds(block);
        let mut b = self.first_rounds(block.wrapping_add(4));
        for keys in self.last_rounds() {
            a = round(a, keys);
            b = round(b, keys);
        }
        let (first, second) = out.split_at_mut(16);
        store(a, first);
        store(b, second);
    }

    #[inline(always)]
    fn one_group(&self, block: u32, out: &mut [u32]) {
        let mut a = self.first_rounds(block);
        for keys in self.last_rounds() {
            a = round(a, keys);
        }
        store(a, out);
    }

    /// The keys of rounds 4 to 10, in a loop whose length LLVM can't see.
    #[inline(always)]
    fn last_rounds(&self) -> &[[U32x4; 2]] {
        self.keys.get(3..opaque(ROUNDS)).unwrap_or(&[])
    }

    /// Rounds 1 to 3 of the four blocks from `block` on.
    #[inline(always)]
    fn first_rounds(&self, block: u32) -> [U32x4; 4] {
        let (high0, low0) = times_m0(U32x4::splat(block) + U32x4::constant(&IOTA));
        let (high1, low1) = times_m1(high0 ^ self.round1[0]);
        // After two rounds; x3 is a constant of the row, already joined with the key of round 3.
        let [x0, x1, x2] = [high1 ^ self.round1[1], low1, low0 ^ self.round2[0]];
        let (high0, low0) = times_m0(x0);
        let (high1, low1) = times_m1(x2);
        [high1 ^ x1 ^ self.keys[2][0], low1, high0 ^ self.round2[1], low0]
    }
}

/// The multipliers are read here, at each use: out of the loop LLVM would see that they don't change and multiply by
/// `i64x2.mul`, which takes three multiplications instead of one.
#[inline(always)]
pub(crate) fn times_m0(x: U32x4) -> (U32x4, U32x4) {
    x.mul_wide(U32x4::constant(&M0))
}

#[inline(always)]
pub(crate) fn times_m1(x: U32x4) -> (U32x4, U32x4) {
    x.mul_wide(U32x4::constant(&M1))
}

#[inline(always)]
pub(crate) fn round([x0, x1, x2, x3]: [U32x4; 4], keys: &[U32x4; 2]) -> [U32x4; 4] {
    let (high0, low0) = times_m0(x0);
    let (high1, low1) = times_m1(x2);
    [high1 ^ x1 ^ keys[0], low1, high0 ^ x3 ^ keys[1], low0]
}

/// The keys of all rounds, from those of the first: Weyl sequences.
pub(crate) type Keys = [[U32x4; 2]; ROUNDS];

/// Room for keys.
pub(crate) const NO_KEYS: Keys = [[U32x4::ZERO; 2]; ROUNDS];

/// Writes the keys of a seed, in place: where each row has a seed of its own, a copy would take longer than this.
#[inline(never)]
pub(crate) fn write_keys([mut k0, mut k1]: [U32x4; 2], keys: &mut Keys) {
    for keys in keys.iter_mut().take(opaque(ROUNDS)) {
        *keys = [k0, k1];
        k0 = k0 + U32x4::constant(&W0);
        k1 = k1 + U32x4::constant(&W1);
    }
}

#[inline(always)]
fn store(state: [U32x4; 4], out: &mut [u32]) {
    let columns = transpose(state.map(U32x4::as_f32)).map(F32x4::bits);
    for (to, from) in out.as_chunks_mut::<4>().0.iter_mut().zip(columns) {
        from.store(to);
    }
}
