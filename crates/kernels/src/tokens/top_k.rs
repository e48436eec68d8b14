//! The k largest logits, and those that equal the last of them.

use super::{List, Room, drop_below};
use crate::BLOCK;
use crate::lane::{F32x4, U32x4, opaque};
use crate::wide::{self, F32x16, WIDTH};

/// Drops what is below the k-th largest logit.
pub(super) fn top_k(row: &mut [f32], k: f64, room: &mut Room) {
    let least = F32x4::splat(bound(row, k, room));
    let (nothing, one) = (F32x4::splat(f32::NEG_INFINITY), F32x4::splat(1.0));
    let mut list = List::new(room.keys, room.list);
    wide::each(row, f32::NEG_INFINITY, |x| {
        if x.mask(|x| x.ge(least)).any() {
            list.push(x.0.map(|x| (x.ge(least) & nothing.lt(x), keys(x), one)));
        }
    });
    drop_below(row, value(list.reach(room.bins, k, false)));
}

/// A lower bound of the k-th largest logit, so that few have to be listed: the k-th largest of the maxima of parts of
/// the row, since each part has such a logit. −∞ where there are fewer parts.
fn bound(row: &[f32], k: f64, room: &mut Room) -> f32 {
    let (blocks, _) = row.as_chunks::<BLOCK>();
    let mut list = List::new(room.keys, room.list);
    let (all, one) = (U32x4::splat(u32::MAX), F32x4::splat(1.0));
    // Long rows have enough parts of 64 columns for a small k; else parts are of 16.
    let few = k <= blocks.len() as f64;
    let parts = blocks.len() * if few { 4 } else { WIDTH };
    if (parts as f64) < k {
        return f32::NEG_INFINITY;
    }
    for block in blocks {
        let mut largest = F32x16::splat(f32::NEG_INFINITY);
        for group in block.as_chunks().0.iter().take(opaque(BLOCK / WIDTH)) {
            largest = largest.max(F32x16::load(group));
        }
        let [a, b, c, d] = largest.0;
        let parts = if few { [a.max(c).max(b.max(d)); 4] } else { largest.0 };
        for part in parts.into_iter().take(opaque(if few { 1 } else { 4 })) {
            list.push([(all, keys(part), one)]);
        }
    }
    value(list.reach(room.bins, k, false))
}

/// Smaller keys for larger values; −0 is 0.
#[inline(always)]
fn keys(x: F32x4) -> U32x4 {
    let bits = (x + F32x4::ZERO).bits();
    bits ^ (bits.lt(U32x4::splat(1 << 31)) & U32x4::splat(u32::MAX >> 1))
}

fn value(key: u32) -> f32 {
    f32::from_bits(if key >> 31 == 0 { !key & 0x7fff_ffff } else { key })
}
