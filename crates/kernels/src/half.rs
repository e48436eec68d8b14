//! Half-precision numbers, 16 bits each, as float32: every one of them exactly.

use crate::lane::{Constant, F32x4, U32x4};
use crate::wide;

/// 2^112: the exponent of float32 is biased by 127, that of float16 by 15.
static REBIAS: Constant = Constant::u32((127 + 112) << 23);
static SIGN: Constant = Constant::u32(0x8000_0000);
/// The largest finite float16, its bits where those of a float32 are.
static LARGEST: Constant = Constant::u32(0x7bff << 13);
static INFINITY: Constant = Constant::f32(f32::INFINITY);

/// The upper halves of float32 numbers. LLVM makes vectors of this loop.
#[inline(never)]
pub fn bfloat16(halves: &[u16], out: &mut [f32]) {
    for (&half, out) in halves.iter().zip(out) {
        *out = f32::from_bits(u32::from(half) << 16);
    }
}

/// IEEE 754 binary16.
#[inline(never)]
pub fn float16(halves: &[u16], out: &mut [f32]) {
    bfloat16(halves, out);
    let (sign, largest) = (U32x4::constant(&SIGN), U32x4::constant(&LARGEST));
    let (rebias, infinity) = (F32x4::constant(&REBIAS), U32x4::constant(&INFINITY));
    wide::update(out, 0.0, |x| {
        x.map(|x| {
            let signs = x.bits() & sign;
            let magnitude = (x.bits() ^ signs).shr::<3>();
            // As a float32 it is too small by a power of two alone; subnormal halves become normal by it.
            let finite = magnitude.as_f32() * rebias;
            let number = largest.lt(magnitude).select((magnitude | infinity).as_f32(), finite);
            (signs | number.bits()).as_f32()
        })
    });
}
