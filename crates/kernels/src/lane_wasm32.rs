//! Four values in step over WebAssembly SIMD128: item by item the bits of `lane.rs`. The only file with intrinsics.
//!
//! No relaxed SIMD and nothing fused: both may give other bits on another machine.

use core::arch::wasm32::*;
use core::ops::{Add, BitAnd, BitOr, BitXor, Div, Mul, Sub};

/// Four float32 values.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct F32x4(v128);

/// Four uint32 values; arithmetic wraps.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct U32x4(v128);

/// Four float64 values: the first two, the last two.
#[derive(Clone, Copy, Debug)]
pub struct F64x4(v128, v128);

/// A vector in static memory: what a kernel names its constants by.
///
/// Read by a volatile load, so that it stays a load. As a `v128.const`, current V8 builds it anew inside each loop
/// (three instructions a use; logarithms ran 1.6 times slower), and LLVM, when it sees the value, turns the widening
/// multiplication by it into the slow `i64x2.mul`.
#[repr(C, align(16))]
pub struct Constant([u32; 4]);

impl Constant {
    /// Four times the float `x`.
    pub const fn f32(x: f32) -> Self {
        Self([x.to_bits(); 4])
    }

    /// Four times the integer `x`.
    pub const fn u32(x: u32) -> Self {
        Self([x; 4])
    }

    /// Four integers.
    pub const fn new(lanes: [u32; 4]) -> Self {
        Self(lanes)
    }
}

/// `n`, unknown to the optimiser: a loop that runs so often isn't unrolled. Ten unrolled rounds of Philox make V8
/// load all the keys first and spill them (words ran 20 % slower).
#[inline(always)]
pub fn opaque(n: usize) -> usize {
    // SAFETY: `n` is a live, aligned value.
    unsafe { core::ptr::read_volatile(&n) }
}

impl F32x4 {
    /// Four zeros.
    pub const ZERO: Self = Self(f32x4(0.0, 0.0, 0.0, 0.0));

    /// Four times `x`.
    #[inline(always)]
    pub fn splat(x: f32) -> Self {
        Self(f32x4_splat(x))
    }

    /// The value of a constant.
    #[inline(always)]
    pub fn constant(c: &'static Constant) -> Self {
        U32x4::constant(c).as_f32()
    }

    /// The lanes, first to last. By themselves and not as an array in memory: a vector loaded from where four scalars
    /// were just stored waits for all of them.
    #[inline(always)]
    pub fn new([a, b, c, d]: [f32; 4]) -> Self {
        Self(f32x4(a, b, c, d))
    }

    /// Reads four values.
    #[inline(always)]
    pub fn load(lanes: &[f32; 4]) -> Self {
        // SAFETY: `lanes` is 16 readable bytes; `v128.load` needs no alignment.
        Self(unsafe { v128_load(lanes.as_ptr().cast()) })
    }

    /// Writes the four values.
    #[inline(always)]
    pub fn store(self, lanes: &mut [f32; 4]) {
        // SAFETY: `lanes` is 16 writable bytes; `v128.store` needs no alignment.
        unsafe { v128_store(lanes.as_mut_ptr().cast(), self.0) }
    }

    /// The lanes, first to last.
    #[inline(always)]
    pub fn to_array(self) -> [f32; 4] {
        // SAFETY: both types are 16 bytes, and all bit patterns are valid floats.
        unsafe { core::mem::transmute(self.0) }
    }

    /// The larger of each pair by the rule `a < b ? b : a`, which fixes what a NaN and the sign of zero do.
    #[inline(always)]
    pub fn max(self, b: Self) -> Self {
        Self(f32x4_pmax(self.0, b.0))
    }

    /// Mask of `self < b`.
    #[inline(always)]
    pub fn lt(self, b: Self) -> U32x4 {
        U32x4(f32x4_lt(self.0, b.0))
    }

    /// Mask of `self >= b`.
    #[inline(always)]
    pub fn ge(self, b: Self) -> U32x4 {
        U32x4(f32x4_ge(self.0, b.0))
    }

    /// Mask of `self == b`.
    #[inline(always)]
    pub fn eq(self, b: Self) -> U32x4 {
        U32x4(f32x4_eq(self.0, b.0))
    }

    /// Mask of `self != b`; a NaN differs from everything.
    #[inline(always)]
    pub fn ne(self, b: Self) -> U32x4 {
        U32x4(f32x4_ne(self.0, b.0))
    }

    /// The same values in float64, exactly.
    #[inline(always)]
    pub fn to_f64(self) -> F64x4 {
        let high = i64x2_shuffle::<1, 1>(self.0, self.0);
        F64x4(f64x2_promote_low_f32x4(self.0), f64x2_promote_low_f32x4(high))
    }

    /// The bits as integers.
    #[inline(always)]
    pub fn bits(self) -> U32x4 {
        U32x4(self.0)
    }
}

impl U32x4 {
    /// Four zeros.
    pub const ZERO: Self = Self(u32x4(0, 0, 0, 0));

    /// Four times `x`.
    #[inline(always)]
    pub fn splat(x: u32) -> Self {
        Self(u32x4_splat(x))
    }

    /// The value of a constant.
    #[inline(always)]
    pub fn constant(c: &'static Constant) -> Self {
        // SAFETY: a live static, 16 bytes and aligned to 16.
        Self(unsafe { core::ptr::read_volatile((&raw const c.0).cast::<v128>()) })
    }

    /// The lanes, first to last. By themselves and not as an array in memory: a vector loaded from where four scalars
    /// were just stored waits for all of them.
    #[inline(always)]
    pub fn new([a, b, c, d]: [u32; 4]) -> Self {
        Self(u32x4(a, b, c, d))
    }

    /// Reads four values.
    #[inline(always)]
    pub fn load(lanes: &[u32; 4]) -> Self {
        // SAFETY: `lanes` is 16 readable bytes; `v128.load` needs no alignment.
        Self(unsafe { v128_load(lanes.as_ptr().cast()) })
    }

    /// Writes the four values.
    #[inline(always)]
    pub fn store(self, lanes: &mut [u32; 4]) {
        // SAFETY: `lanes` is 16 writable bytes; `v128.store` needs no alignment.
        unsafe { v128_store(lanes.as_mut_ptr().cast(), self.0) }
    }

    /// Writes them as signed integers.
    #[inline(always)]
    pub fn store_signed(self, lanes: &mut [i32; 4]) {
        // SAFETY: `lanes` is 16 writable bytes; `v128.store` needs no alignment.
        unsafe { v128_store(lanes.as_mut_ptr().cast(), self.0) }
    }

    /// The lanes, first to last.
    #[inline(always)]
    pub fn to_array(self) -> [u32; 4] {
        // SAFETY: both types are 16 bytes, and all bit patterns are valid integers.
        unsafe { core::mem::transmute(self.0) }
    }

    /// Each lane shifted left by `N` bits.
    #[inline(always)]
    pub fn shl<const N: u32>(self) -> Self {
        Self(u32x4_shl(self.0, N))
    }

    /// Each lane shifted right by `N` bits, zeros coming in.
    #[inline(always)]
    pub fn shr<const N: u32>(self) -> Self {
        Self(u32x4_shr(self.0, N))
    }

    /// The same by a number of bits below 32 that is the same for all.
    #[inline(always)]
    pub fn shr_by(self, bits: u32) -> Self {
        Self(u32x4_shr(self.0, bits))
    }

    /// The smaller of each pair, unsigned.
    #[inline(always)]
    pub fn min(self, b: Self) -> Self {
        Self(u32x4_min(self.0, b.0))
    }

    /// The larger of each pair, unsigned.
    #[inline(always)]
    pub fn max(self, b: Self) -> Self {
        Self(u32x4_max(self.0, b.0))
    }

    /// Mask of `self < b`, unsigned.
    #[inline(always)]
    pub fn lt(self, b: Self) -> Self {
        Self(u32x4_lt(self.0, b.0))
    }

    /// Mask of `self >= b`, unsigned.
    #[inline(always)]
    pub fn ge(self, b: Self) -> Self {
        Self(u32x4_ge(self.0, b.0))
    }

    /// Mask of `self == b`.
    #[inline(always)]
    pub fn eq(self, b: Self) -> Self {
        Self(u32x4_eq(self.0, b.0))
    }

    /// Whether any bit is set.
    #[inline(always)]
    pub fn any(self) -> bool {
        v128_any_true(self.0)
    }

    /// Whether no lane is zero.
    #[inline(always)]
    pub fn all(self) -> bool {
        u32x4_all_true(self.0)
    }

    /// The top bits of the lanes, that of the first lane as the lowest bit.
    #[inline(always)]
    pub fn signs(self) -> u32 {
        u32::from(u32x4_bitmask(self.0))
    }

    /// Each lane as a signed integer, converted to the nearest float (ties to even).
    #[inline(always)]
    pub fn signed_to_f32(self) -> F32x4 {
        F32x4(f32x4_convert_i32x4(self.0))
    }

    /// Each lane in float64, exactly.
    #[inline(always)]
    pub fn to_f64(self) -> F64x4 {
        let high = i64x2_shuffle::<1, 1>(self.0, self.0);
        F64x4(f64x2_convert_low_u32x4(self.0), f64x2_convert_low_u32x4(high))
    }

    /// The bits as floats.
    #[inline(always)]
    pub fn as_f32(self) -> F32x4 {
        F32x4(self.0)
    }

    /// Where this mask is set `a`, elsewhere `b`.
    #[inline(always)]
    pub fn select(self, a: F32x4, b: F32x4) -> F32x4 {
        F32x4(v128_bitselect(a.0, b.0, self.0))
    }

    /// Where this mask is set `a`, elsewhere +0.
    #[inline(always)]
    pub fn keep(self, a: F32x4) -> F32x4 {
        (self & a.bits()).as_f32()
    }

    /// How to pack the lanes where this mask is set.
    #[inline(always)]
    pub fn packing(self) -> Packing {
        Packing(u32x4_bitmask(self.0))
    }

    /// The 64-bit products of the lanes: their high words and their low words.
    #[inline(always)]
    pub fn mul_wide(self, b: Self) -> (Self, Self) {
        let low = u64x2_extmul_low_u32x4(self.0, b.0);
        let high = u64x2_extmul_high_u32x4(self.0, b.0);
        (Self(i32x4_shuffle::<1, 3, 5, 7>(low, high)), Self(i32x4_shuffle::<0, 2, 4, 6>(low, high)))
    }
}

/// Bit i: whether byte i isn't 0.
#[inline(always)]
pub fn set_bytes(bytes: &[u8; 16]) -> u32 {
    // SAFETY: `bytes` is 16 readable bytes; `v128.load` needs no alignment.
    let bytes = unsafe { v128_load(bytes.as_ptr().cast()) };
    u32::from(u8x16_bitmask(u8x16_ne(bytes, u8x16_splat(0))))
}

/// Moves some lanes of a vector to its front, in their order.
#[derive(Clone, Copy, Debug)]
pub struct Packing(u8);

/// For each set of lanes, the bytes of the vector that come to the front; 255 takes none and gives 0.
static PACKED_BYTES: [Constant; 16] = {
    let mut table = [const { Constant::u32(u32::MAX) }; 16];
    let mut set = 0;
    while set < 16 {
        let (mut lane, mut to) = (0, 0);
        while lane < 4 {
            if set >> lane & 1 == 1 {
                table[set].0[to] = 0x0302_0100 + 0x0404_0404 * lane as u32;
                to += 1;
            }
            lane += 1;
        }
        set += 1;
    }
    table
};

impl Packing {
    /// How many.
    #[inline(always)]
    pub fn count(self) -> usize {
        self.0.count_ones() as usize
    }

    /// These lanes, then zeros.
    #[inline(always)]
    pub fn pack(self, x: U32x4) -> U32x4 {
        let bytes = U32x4::load(&PACKED_BYTES[usize::from(self.0) % 16].0);
        U32x4(i8x16_swizzle(x.0, bytes.0))
    }
}

/// Rows to columns: vector `i` of the result holds lane `i` of each vector.
#[inline(always)]
pub fn transpose([a, b, c, d]: [F32x4; 4]) -> [F32x4; 4] {
    let ab_low = i32x4_shuffle::<0, 4, 1, 5>(a.0, b.0);
    let cd_low = i32x4_shuffle::<0, 4, 1, 5>(c.0, d.0);
    let ab_high = i32x4_shuffle::<2, 6, 3, 7>(a.0, b.0);
    let cd_high = i32x4_shuffle::<2, 6, 3, 7>(c.0, d.0);
    [
        F32x4(i64x2_shuffle::<0, 2>(ab_low, cd_low)),
        F32x4(i64x2_shuffle::<1, 3>(ab_low, cd_low)),
        F32x4(i64x2_shuffle::<0, 2>(ab_high, cd_high)),
        F32x4(i64x2_shuffle::<1, 3>(ab_high, cd_high)),
    ]
}

/// Entries of a table that [`places`] looks into: one for each value of a float's top 13 bits (sign, exponent, 4 bits
/// of mantissa).
pub const ENTRIES: usize = 1 << 13;

static TOP_BITS: Constant = Constant::u32(u32::MAX << 19);

/// Where four entries of a table lie: offsets of bytes from its start.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(16))]
pub struct Places([u32; 4]);

impl Places {
    /// Room for places.
    pub const EMPTY: Self = Self([0; 4]);
}

/// Each lane cut down to its top 13 bits; the places of the entries that these name go to `out`. They are worked out
/// in the vector, since as indices they would cost two scalar instructions each, and go through memory, since taking
/// them from the vector costs more than loading them.
#[inline(always)]
pub fn places(x: F32x4, out: &mut Places) -> F32x4 {
    let top = x.bits() & U32x4::constant(&TOP_BITS);
    top.shr::<{ 19 - 4 }>().store(&mut out.0);
    F32x4(top.0)
}

/// The entries at four places of the same table.
#[inline(always)]
pub fn entries(table: &[[f32; 4]; ENTRIES], places: &Places) -> [F32x4; 4] {
    let entry = |lane: usize| {
        // SAFETY: [`places`] alone makes other values than 0: 13 bits times 16 bytes, in 2^13 entries of 16 bytes.
        // Volatile: LLVM would load the four at once and take them apart again.
        F32x4(unsafe {
            let place = core::ptr::read_volatile(&raw const places.0[lane]);
            v128_load(table.as_ptr().byte_add(place as usize).cast())
        })
    };
    [entry(0), entry(1), entry(2), entry(3)]
}

/// A table that the top bits of a word look into.
#[derive(Clone, Copy)]
pub struct ByTopBits<'a> {
    table: &'a [u32],
    shift: u32,
}

impl<'a> ByTopBits<'a> {
    /// As many bits as the table has entries for, at least one.
    #[inline(always)]
    pub fn new(table: &'a [u32]) -> Self {
        assert!(table.len() > 1);
        Self { table, shift: 32 - table.len().ilog2() }
    }

    /// The entry of one word.
    #[inline(always)]
    pub fn entry(&self, word: u32) -> u32 {
        self.table[(word >> self.shift) as usize]
    }

    /// The entries of four words.
    #[inline(always)]
    pub fn entries(&self, words: &[u32; 4]) -> U32x4 {
        let place = |word: &u32| {
            // SAFETY: a word shifted so is below the power of two that is at most the table's length. Volatile: LLVM
            // would load the four words at once and take them apart again.
            unsafe { self.table.as_ptr().add((core::ptr::read_volatile(word) >> self.shift) as usize) }
        };
        let [a, b, c, d] = words;
        // SAFETY: the same.
        unsafe {
            let first = v128_load32_zero(place(a));
            let second = v128_load32_lane::<1>(first, place(b));
            let third = v128_load32_lane::<2>(second, place(c));
            U32x4(v128_load32_lane::<3>(third, place(d)))
        }
    }
}

impl Add for F32x4 {
    type Output = Self;
    #[inline(always)]
    fn add(self, b: Self) -> Self {
        Self(f32x4_add(self.0, b.0))
    }
}

impl Sub for F32x4 {
    type Output = Self;
    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        Self(f32x4_sub(self.0, b.0))
    }
}

impl Mul for F32x4 {
    type Output = Self;
    #[inline(always)]
    fn mul(self, b: Self) -> Self {
        Self(f32x4_mul(self.0, b.0))
    }
}

impl Div for F32x4 {
    type Output = Self;
    #[inline(always)]
    fn div(self, b: Self) -> Self {
        Self(f32x4_div(self.0, b.0))
    }
}

impl Add for U32x4 {
    type Output = Self;
    #[inline(always)]
    fn add(self, b: Self) -> Self {
        Self(i32x4_add(self.0, b.0))
    }
}

impl Sub for U32x4 {
    type Output = Self;
    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        Self(u32x4_sub(self.0, b.0))
    }
}

impl Mul for U32x4 {
    type Output = Self;
    #[inline(always)]
    fn mul(self, b: Self) -> Self {
        Self(u32x4_mul(self.0, b.0))
    }
}

impl BitAnd for U32x4 {
    type Output = Self;
    #[inline(always)]
    fn bitand(self, b: Self) -> Self {
        Self(v128_and(self.0, b.0))
    }
}

impl BitOr for U32x4 {
    type Output = Self;
    #[inline(always)]
    fn bitor(self, b: Self) -> Self {
        Self(v128_or(self.0, b.0))
    }
}

impl BitXor for U32x4 {
    type Output = Self;
    #[inline(always)]
    fn bitxor(self, b: Self) -> Self {
        Self(v128_xor(self.0, b.0))
    }
}

impl F64x4 {
    /// Four values.
    #[inline(always)]
    pub fn new([a, b, c, d]: [f64; 4]) -> Self {
        Self(f64x2(a, b), f64x2(c, d))
    }

    /// Four zeros.
    pub const ZERO: Self = Self(f64x2(0.0, 0.0), f64x2(0.0, 0.0));

    /// Four times `x`.
    #[inline(always)]
    pub fn splat(x: f64) -> Self {
        Self(f64x2_splat(x), f64x2_splat(x))
    }

    /// The lanes, first to last.
    #[inline(always)]
    pub fn to_array(self) -> [f64; 4] {
        // SAFETY: both types are 32 bytes, and all bit patterns are valid floats.
        unsafe { core::mem::transmute([self.0, self.1]) }
    }

    /// Rounded to float32.
    #[inline(always)]
    pub fn to_f32(self) -> F32x4 {
        let (low, high) = (f32x4_demote_f64x2_zero(self.0), f32x4_demote_f64x2_zero(self.1));
        F32x4(i64x2_shuffle::<0, 2>(low, high))
    }

    /// Mask of `self > b`.
    #[inline(always)]
    pub fn gt(self, b: Self) -> U32x4 {
        U32x4(i32x4_shuffle::<0, 2, 4, 6>(f64x2_gt(self.0, b.0), f64x2_gt(self.1, b.1)))
    }
}

impl Add for F64x4 {
    type Output = Self;
    #[inline(always)]
    fn add(self, b: Self) -> Self {
        Self(f64x2_add(self.0, b.0), f64x2_add(self.1, b.1))
    }
}

impl Sub for F64x4 {
    type Output = Self;
    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        Self(f64x2_sub(self.0, b.0), f64x2_sub(self.1, b.1))
    }
}

impl Mul for F64x4 {
    type Output = Self;
    #[inline(always)]
    fn mul(self, b: Self) -> Self {
        Self(f64x2_mul(self.0, b.0), f64x2_mul(self.1, b.1))
    }
}

impl Div for F64x4 {
    type Output = Self;
    #[inline(always)]
    fn div(self, b: Self) -> Self {
        Self(f64x2_div(self.0, b.0), f64x2_div(self.1, b.1))
    }
}
