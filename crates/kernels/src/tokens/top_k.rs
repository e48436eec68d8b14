//! The k largest logits, and those that equal the last of them.

use super::{List, Room, drop_below};
use crate::BLOCK;
use crate::lane::{F32x4, opaque};
use crate::wide::{self, F32x16, WIDTH};

/// Drops what is below the k-th largest logit.
pub(super) fn top_k(row: &mut [f32], k: f64, room: &mut Room) {
    let least = bound(row, k, room);
    let mut list = List { keys: room.keys, weights: room.list, len: 0 };
    let threshold = F32x4::splat(least);
    wide::each(row, f32::NEG_INFINITY, |x| {
        if x.mask(|x| x.ge(threshold)).any() {
            let mut group = [0.0; WIDTH];
            x.store(&mut group);
            // Not unrolled: few groups come here.
            for &x in group.iter().take(opaque(WIDTH)) {
                if x >= least && x > f32::NEG_INFINITY {
                    list.push(key(x), 1.0);
                }
            }
        }
    });
    drop_below(row, value(list.reach(room.bins, 0.0, k)));
}

/// A lower bound of the k-th largest logit, so that few have to be listed: the k-th largest of the maxima of parts of
/// the row, since each part has such a logit. −∞ where there are fewer parts.
fn bound(row: &[f32], k: f64, room: &mut Room) -> f32 {
    let (blocks, _) = row.as_chunks::<BLOCK>();
    let mut list = List { keys: room.keys, weights: room.list, len: 0 };
    // Long rows have enough parts of 64 columns for a small k; else parts are of 16.
    let few = k <= blocks.len() as f64;
    for block in blocks {
        let mut largest = F32x16::splat(f32::NEG_INFINITY);
        for group in block.as_chunks().0.iter().take(opaque(BLOCK / WIDTH)) {
            largest = largest.max(F32x16::load(group));
        }
        let [a, b, c, d] = largest.0;
        let mut parts = [0.0; WIDTH];
        if few {
            F32x16([a.max(c).max(b.max(d)); 4]).store(&mut parts);
        } else {
            largest.store(&mut parts);
        }
        for &part in parts.iter().take(opaque(if few { 4 } else { WIDTH })) {
            list.push(key(part), 1.0);
        }
    }
    if (list.len as f64) < k { f32::NEG_INFINITY } else { value(list.reach(room.bins, 0.0, k)) }
}

/// Smaller keys for larger values; −0 is 0.
fn key(x: f32) -> u32 {
    let bits = (x + 0.0).to_bits();
    if bits >> 31 == 0 { !bits & 0x7fff_ffff } else { bits }
}

fn value(key: u32) -> f32 {
    f32::from_bits(if key >> 31 == 0 { !key & 0x7fff_ffff } else { key })
}
