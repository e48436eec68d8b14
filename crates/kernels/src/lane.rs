//! Four values in step, portably: the specification that `lane_wasm32.rs` repeats over `v128`, item by item.
//!
//! Masks are [`U32x4`] with all bits of a lane set or clear.

use core::ops::{Add, BitAnd, BitOr, BitXor, Div, Mul, Sub};

/// Four float32 values.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(16))]
pub struct F32x4([f32; 4]);

/// Four uint32 values; arithmetic wraps.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(16))]
pub struct U32x4([u32; 4]);

/// Four float64 values.
#[derive(Clone, Copy, Debug)]
pub struct F64x4([f64; 4]);

/// A vector in static memory: what a kernel names its constants by.
///
/// On WebAssembly it is read as memory on purpose, see `lane_wasm32.rs`; here it is only a constant.
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

/// `n`, kept from the optimiser where that makes better code: see `lane_wasm32.rs`.
#[inline(always)]
pub fn opaque(n: usize) -> usize {
    n
}

fn zip<A: Copy, B: Copy, C>(a: [A; 4], b: [B; 4], f: impl Fn(A, B) -> C) -> [C; 4] {
    core::array::from_fn(|i| f(a[i], b[i]))
}

fn mask(condition: bool) -> u32 {
    if condition { u32::MAX } else { 0 }
}

impl F32x4 {
    /// Four zeros.
    pub const ZERO: Self = Self([0.0; 4]);

    /// Four times `x`.
    #[inline(always)]
    pub fn splat(x: f32) -> Self {
        Self([x; 4])
    }

    /// The value of a constant.
    #[inline(always)]
    pub fn constant(c: &'static Constant) -> Self {
        U32x4::constant(c).as_f32()
    }

    /// The lanes, first to last.
    #[inline(always)]
    pub fn new(lanes: [f32; 4]) -> Self {
        Self(lanes)
    }

    /// Reads four values.
    #[inline(always)]
    pub fn load(lanes: &[f32; 4]) -> Self {
        Self(*lanes)
    }

    /// Writes the four values.
    #[inline(always)]
    pub fn store(self, lanes: &mut [f32; 4]) {
        *lanes = self.0;
    }

    /// The lanes, first to last.
    #[inline(always)]
    pub fn to_array(self) -> [f32; 4] {
        self.0
    }

    /// The larger of each pair by the rule `a < b ? b : a`, which fixes what a NaN and the sign of zero do.
    #[inline(always)]
    pub fn max(self, b: Self) -> Self {
        Self(zip(self.0, b.0, |a, b| if a < b { b } else { a }))
    }

    /// Mask of `self < b`.
    #[inline(always)]
    pub fn lt(self, b: Self) -> U32x4 {
        U32x4(zip(self.0, b.0, |a, b| mask(a < b)))
    }

    /// Mask of `self >= b`.
    #[inline(always)]
    pub fn ge(self, b: Self) -> U32x4 {
        U32x4(zip(self.0, b.0, |a, b| mask(a >= b)))
    }

    /// Mask of `self == b`.
    #[inline(always)]
    pub fn eq(self, b: Self) -> U32x4 {
        U32x4(zip(self.0, b.0, |a, b| mask(a == b)))
    }

    /// Mask of `self != b`; a NaN differs from everything.
    #[inline(always)]
    pub fn ne(self, b: Self) -> U32x4 {
        U32x4(zip(self.0, b.0, |a, b| mask(a != b)))
    }

    /// The same values in float64, exactly.
    #[inline(always)]
    pub fn to_f64(self) -> F64x4 {
        F64x4(self.0.map(f64::from))
    }

    /// The bits as integers.
    #[inline(always)]
    pub fn bits(self) -> U32x4 {
        U32x4(self.0.map(f32::to_bits))
    }
}

impl U32x4 {
    /// Four zeros.
    pub const ZERO: Self = Self([0; 4]);

    /// Four times `x`.
    #[inline(always)]
    pub fn splat(x: u32) -> Self {
        Self([x; 4])
    }

    /// The value of a constant.
    #[inline(always)]
    pub fn constant(c: &'static Constant) -> Self {
        Self(c.0)
    }

    /// The lanes, first to last.
    #[inline(always)]
    pub fn new(lanes: [u32; 4]) -> Self {
        Self(lanes)
    }

    /// Reads four values.
    #[inline(always)]
    pub fn load(lanes: &[u32; 4]) -> Self {
        Self(*lanes)
    }

    /// Writes the four values.
    #[inline(always)]
    pub fn store(self, lanes: &mut [u32; 4]) {
        *lanes = self.0;
    }

    /// Writes them as signed integers.
    #[inline(always)]
    pub fn store_signed(self, lanes: &mut [i32; 4]) {
        *lanes = self.0.map(|a| a as i32);
    }

    /// The lanes, first to last.
    #[inline(always)]
    pub fn to_array(self) -> [u32; 4] {
        self.0
    }

    /// Each lane shifted left by `N` bits.
    #[inline(always)]
    pub fn shl<const N: u32>(self) -> Self {
        Self(self.0.map(|a| a << N))
    }

    /// Each lane shifted right by `N` bits, zeros coming in.
    #[inline(always)]
    pub fn shr<const N: u32>(self) -> Self {
        Self(self.0.map(|a| a >> N))
    }

    /// The same by a number of bits below 32 that is the same for all.
    #[inline(always)]
    pub fn shr_by(self, bits: u32) -> Self {
        Self(self.0.map(|a| a >> (bits % 32)))
    }

    /// The smaller of each pair, unsigned.
    #[inline(always)]
    pub fn min(self, b: Self) -> Self {
        Self(zip(self.0, b.0, Ord::min))
    }

    /// The larger of each pair, unsigned.
    #[inline(always)]
    pub fn max(self, b: Self) -> Self {
        Self(zip(self.0, b.0, Ord::max))
    }

    /// Mask of `self < b`, unsigned.
    #[inline(always)]
    pub fn lt(self, b: Self) -> Self {
        Self(zip(self.0, b.0, |a, b| mask(a < b)))
    }

    /// Mask of `self >= b`, unsigned.
    #[inline(always)]
    pub fn ge(self, b: Self) -> Self {
        Self(zip(self.0, b.0, |a, b| mask(a >= b)))
    }

    /// Mask of `self == b`.
    #[inline(always)]
    pub fn eq(self, b: Self) -> Self {
        Self(zip(self.0, b.0, |a, b| mask(a == b)))
    }

    /// Whether any bit is set.
    #[inline(always)]
    pub fn any(self) -> bool {
        self.0.iter().any(|&a| a != 0)
    }

    /// Whether no lane is zero.
    #[inline(always)]
    pub fn all(self) -> bool {
        self.0.iter().all(|&a| a != 0)
    }

    /// The top bits of the lanes, that of the first lane as the lowest bit.
    #[inline(always)]
    pub fn signs(self) -> u32 {
        let [a, b, c, d] = self.0.map(|a| a >> 31);
        a | b << 1 | c << 2 | d << 3
    }

    /// Each lane as a signed integer, converted to the nearest float (ties to even).
    #[inline(always)]
    pub fn signed_to_f32(self) -> F32x4 {
        F32x4(self.0.map(|a| a as i32 as f32))
    }

    /// Each lane in float64, exactly.
    #[inline(always)]
    pub fn to_f64(self) -> F64x4 {
        F64x4(self.0.map(f64::from))
    }

    /// The bits as floats.
    #[inline(always)]
    pub fn as_f32(self) -> F32x4 {
        F32x4(self.0.map(f32::from_bits))
    }

    /// Where this mask is set `a`, elsewhere `b`.
    #[inline(always)]
    pub fn select(self, a: F32x4, b: F32x4) -> F32x4 {
        let (a, b) = (a.bits(), b.bits());
        U32x4(core::array::from_fn(|i| (a.0[i] & self.0[i]) | (b.0[i] & !self.0[i]))).as_f32()
    }

    /// Where this mask is set `a`, elsewhere +0.
    #[inline(always)]
    pub fn keep(self, a: F32x4) -> F32x4 {
        (self & a.bits()).as_f32()
    }

    /// How to pack the lanes where this mask is set.
    #[inline(always)]
    pub fn packing(self) -> Packing {
        Packing(self)
    }

    /// The 64-bit products of the lanes: their high words and their low words.
    #[inline(always)]
    pub fn mul_wide(self, b: Self) -> (Self, Self) {
        let product = zip(self.0, b.0, |a, b| u64::from(a) * u64::from(b));
        (Self(product.map(|p| (p >> 32) as u32)), Self(product.map(|p| p as u32)))
    }
}

/// Bit i: whether byte i isn't 0.
#[inline(always)]
pub fn set_bytes(bytes: &[u8; 16]) -> u32 {
    bytes.iter().rev().fold(0, |bits, &byte| bits << 1 | u32::from(byte != 0))
}

/// Moves some lanes of a vector to its front, in their order.
#[derive(Clone, Copy, Debug)]
pub struct Packing(U32x4);

impl Packing {
    /// How many.
    #[inline(always)]
    pub fn count(self) -> usize {
        self.0.0.iter().filter(|&&lane| lane != 0).count()
    }

    /// These lanes, then zeros.
    #[inline(always)]
    pub fn pack(self, x: U32x4) -> U32x4 {
        let mut kept = x.0.into_iter().zip(self.0.0).filter(|&(_, lane)| lane != 0);
        U32x4(core::array::from_fn(|_| kept.next().map_or(0, |(x, _)| x)))
    }
}

/// Rows to columns: vector `i` of the result holds lane `i` of each vector.
#[inline(always)]
pub fn transpose(rows: [F32x4; 4]) -> [F32x4; 4] {
    core::array::from_fn(|i| F32x4(core::array::from_fn(|j| rows[j].0[i])))
}

/// Entries of a table that [`places`] looks into: one for each value of a float's top 13 bits (sign, exponent, 4 bits
/// of mantissa).
pub const ENTRIES: usize = 1 << 13;

static TOP_BITS: Constant = Constant::u32(u32::MAX << 19);

/// Where four entries of a table lie.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(16))]
pub struct Places([u32; 4]);

impl Places {
    /// Room for places.
    pub const EMPTY: Self = Self([0; 4]);
}

/// Each lane cut down to its top 13 bits; the places of the entries that these name go to `out`.
#[inline(always)]
pub fn places(x: F32x4, out: &mut Places) -> F32x4 {
    let top = x.bits() & U32x4::constant(&TOP_BITS);
    top.shr::<19>().store(&mut out.0);
    top.as_f32()
}

/// The entries at four places of the same table.
#[inline(always)]
pub fn entries(table: &[[f32; 4]; ENTRIES], places: &Places) -> [F32x4; 4] {
    places.0.map(|place| F32x4(table[place as usize]))
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
        U32x4(words.map(|word| self.entry(word)))
    }
}

impl Add for F32x4 {
    type Output = Self;
    #[inline(always)]
    fn add(self, b: Self) -> Self {
        Self(zip(self.0, b.0, |a, b| a + b))
    }
}

impl Sub for F32x4 {
    type Output = Self;
    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        Self(zip(self.0, b.0, |a, b| a - b))
    }
}

impl Mul for F32x4 {
    type Output = Self;
    #[inline(always)]
    fn mul(self, b: Self) -> Self {
        Self(zip(self.0, b.0, |a, b| a * b))
    }
}

impl Div for F32x4 {
    type Output = Self;
    #[inline(always)]
    fn div(self, b: Self) -> Self {
        Self(zip(self.0, b.0, |a, b| a / b))
    }
}

impl Add for U32x4 {
    type Output = Self;
    #[inline(always)]
    fn add(self, b: Self) -> Self {
        Self(zip(self.0, b.0, u32::wrapping_add))
    }
}

impl Sub for U32x4 {
    type Output = Self;
    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        Self(zip(self.0, b.0, u32::wrapping_sub))
    }
}

impl Mul for U32x4 {
    type Output = Self;
    #[inline(always)]
    fn mul(self, b: Self) -> Self {
        Self(zip(self.0, b.0, u32::wrapping_mul))
    }
}

impl BitAnd for U32x4 {
    type Output = Self;
    #[inline(always)]
    fn bitand(self, b: Self) -> Self {
        Self(zip(self.0, b.0, |a, b| a & b))
    }
}

impl BitOr for U32x4 {
    type Output = Self;
    #[inline(always)]
    fn bitor(self, b: Self) -> Self {
        Self(zip(self.0, b.0, |a, b| a | b))
    }
}

impl BitXor for U32x4 {
    type Output = Self;
    #[inline(always)]
    fn bitxor(self, b: Self) -> Self {
        Self(zip(self.0, b.0, |a, b| a ^ b))
    }
}

impl F64x4 {
    /// Four values.
    #[inline(always)]
    pub fn new(lanes: [f64; 4]) -> Self {
        Self(lanes)
    }

    /// Four zeros.
    pub const ZERO: Self = Self([0.0; 4]);

    /// Four times `x`.
    #[inline(always)]
    pub fn splat(x: f64) -> Self {
        Self([x; 4])
    }

    /// The lanes, first to last.
    #[inline(always)]
    pub fn to_array(self) -> [f64; 4] {
        self.0
    }

    /// Rounded to float32.
    #[inline(always)]
    pub fn to_f32(self) -> F32x4 {
        F32x4(self.0.map(|a| a as f32))
    }

    /// Mask of `self > b`.
    #[inline(always)]
    pub fn gt(self, b: Self) -> U32x4 {
        U32x4(zip(self.0, b.0, |a, b| mask(a > b)))
    }
}

impl Add for F64x4 {
    type Output = Self;
    #[inline(always)]
    fn add(self, b: Self) -> Self {
        Self(zip(self.0, b.0, |a, b| a + b))
    }
}

impl Sub for F64x4 {
    type Output = Self;
    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        Self(zip(self.0, b.0, |a, b| a - b))
    }
}

impl Mul for F64x4 {
    type Output = Self;
    #[inline(always)]
    fn mul(self, b: Self) -> Self {
        Self(zip(self.0, b.0, |a, b| a * b))
    }
}

impl Div for F64x4 {
    type Output = Self;
    #[inline(always)]
    fn div(self, b: Self) -> Self {
        Self(zip(self.0, b.0, |a, b| a / b))
    }
}
