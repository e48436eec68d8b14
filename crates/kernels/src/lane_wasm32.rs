//! Four values in step over WebAssembly SIMD128: item by item the bits of `lane.rs`. The only file with intrinsics.
//!
//! No relaxed SIMD and nothing fused: both may give other bits on another machine.

use core::arch::wasm32::*;
use core::ops::{Add, BitAnd, BitOr, BitXor, Mul, Sub};

/// Four float32 values.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct F32x4(v128);

/// Four uint32 values; arithmetic wraps.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct U32x4(v128);

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

    /// The lanes, first to last.
    #[inline(always)]
    pub fn new(lanes: [f32; 4]) -> Self {
        // SAFETY: `lanes` is 16 readable bytes; `v128.load` needs no alignment.
        Self(unsafe { v128_load(lanes.as_ptr().cast()) })
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

    /// The bits as integers.
    #[inline(always)]
    pub fn bits(self) -> U32x4 {
        U32x4(self.0)
    }
}

impl U32x4 {
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

    /// The lanes, first to last.
    #[inline(always)]
    pub fn new(lanes: [u32; 4]) -> Self {
        // SAFETY: `lanes` is 16 readable bytes; `v128.load` needs no alignment.
        Self(unsafe { v128_load(lanes.as_ptr().cast()) })
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

    /// The smaller of each pair, unsigned.
    #[inline(always)]
    pub fn min(self, b: Self) -> Self {
        Self(u32x4_min(self.0, b.0))
    }

    /// Mask of `self < b`, unsigned.
    #[inline(always)]
    pub fn lt(self, b: Self) -> Self {
        Self(u32x4_lt(self.0, b.0))
    }

    /// Whether any bit is set.
    #[inline(always)]
    pub fn any(self) -> bool {
        v128_any_true(self.0)
    }

    /// Each lane as a signed integer, converted to the nearest float (ties to even).
    #[inline(always)]
    pub fn signed_to_f32(self) -> F32x4 {
        F32x4(f32x4_convert_i32x4(self.0))
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

    /// The 64-bit products of the lanes: their high words and their low words.
    #[inline(always)]
    pub fn mul_wide(self, b: Self) -> (Self, Self) {
        let low = u64x2_extmul_low_u32x4(self.0, b.0);
        let high = u64x2_extmul_high_u32x4(self.0, b.0);
        (Self(i32x4_shuffle::<1, 3, 5, 7>(low, high)), Self(i32x4_shuffle::<0, 2, 4, 6>(low, high)))
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

/// Entries of a [`lookup`] table: one for each value of a float's top 13 bits (sign, exponent, 4 bits of mantissa).
pub const ENTRIES: usize = 1 << 13;

static TOP_BITS: Constant = Constant::u32(u32::MAX << 19);

/// Each lane cut down to its top 13 bits, and the entries that these name. The addresses are worked out in the vector:
/// as indices they would cost two scalar instructions each.
#[inline(always)]
pub fn lookup(table: &[[f32; 4]; ENTRIES], x: F32x4) -> (F32x4, [F32x4; 4]) {
    let top = v128_and(x.0, U32x4::constant(&TOP_BITS).0);
    let addresses = i32x4_add(u32x4_shr(top, 19 - 4), u32x4_splat(table.as_ptr() as u32));
    // SAFETY: 13 bits times 16 bytes, from the start of 2^13 entries of 16 bytes.
    let entry = |address: u32| F32x4(unsafe { v128_load(address as usize as *const v128) });
    let entries = [
        entry(u32x4_extract_lane::<0>(addresses)),
        entry(u32x4_extract_lane::<1>(addresses)),
        entry(u32x4_extract_lane::<2>(addresses)),
        entry(u32x4_extract_lane::<3>(addresses)),
    ];
    (F32x4(top), entries)
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

impl Add for U32x4 {
    type Output = Self;
    #[inline(always)]
    fn add(self, b: Self) -> Self {
        Self(i32x4_add(self.0, b.0))
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
