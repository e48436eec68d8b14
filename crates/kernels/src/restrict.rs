//! What is done to the rows before anything else: a bias added to logits, and classes forbidden by a mask.

use crate::lane::{Constant, F32x4, U32x4, set_bytes};
use crate::wide::{self, F32x16};

static NEG_INFINITY: Constant = Constant::f32(f32::NEG_INFINITY);

/// Adds `bias`. A class at −∞ in either stays there, whatever the other holds.
#[inline(never)]
pub fn add_bias(row: &mut [f32], bias: &[f32]) {
    let nothing = F32x4::constant(&NEG_INFINITY);
    let mut biases = bias.chunks(wide::WIDTH);
    wide::update(row, 0.0, |x| {
        let bias = biases.next().unwrap_or_default();
        let bias = match bias.first_chunk() {
            Some(group) => F32x16::load(group),
            None => F32x16::load(&wide::padded(bias, 0.0)),
        };
        x.zip(bias, |x, b| (x.eq(nothing) | b.eq(nothing)).select(nothing, x + b))
    });
}

/// The bits of four columns in a vector, for each vector of a group.
static COLUMNS: [Constant; 4] = [
    Constant::new([1 << 0, 1 << 1, 1 << 2, 1 << 3]),
    Constant::new([1 << 4, 1 << 5, 1 << 6, 1 << 7]),
    Constant::new([1 << 8, 1 << 9, 1 << 10, 1 << 11]),
    Constant::new([1 << 12, 1 << 13, 1 << 14, 1 << 15]),
];

/// Writes `forbidden` where the bit of a column is 0: bit i mod 32 of word i div 32.
#[inline(never)]
pub fn mask(row: &mut [f32], allowed: &[u32], forbidden: f32) {
    let forbidden = F32x4::splat(forbidden);
    let columns = COLUMNS.each_ref().map(U32x4::constant);
    let mut halves = allowed.iter().flat_map(|&word| [word, word >> 16]);
    wide::update(row, 0.0, |x| {
        let bits = U32x4::splat(halves.next().unwrap_or_default());
        F32x16(core::array::from_fn(|i| (bits & columns[i]).eq(columns[i]).select(x.0[i], forbidden)))
    });
}

/// Packs a mask with a byte for each class, 0 where it is forbidden, into bits.
#[inline(never)]
pub fn pack_mask(bytes: &[u8], bits: &mut [u32]) {
    for (bytes, word) in bytes.chunks(32).zip(bits) {
        let mut whole = [0; 32];
        let bytes = bytes.first_chunk().unwrap_or_else(|| {
            whole[..bytes.len()].copy_from_slice(bytes);
            &whole
        });
        let (halves, _) = bytes.as_chunks();
        *word = set_bytes(&halves[0]) | set_bytes(&halves[1]) << 16;
    }
}
