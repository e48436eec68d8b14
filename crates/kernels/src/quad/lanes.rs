//! The records of four rows, field by field.

use super::ROWS;
use crate::lane::{F32x4, U32x4, transpose};
use crate::row::Params;

/// [`Params`] of four rows.
#[derive(Clone, Copy)]
pub(super) struct Lanes {
    pub(super) seed: [U32x4; 2],
    pub(super) row: U32x4,
    pub(super) stream: [U32x4; 2],
    pub(super) scale: F32x4,
    pub(super) rate: F32x4,
}

impl Lanes {
    /// Room for them.
    pub(super) const EMPTY: Self = Self {
        seed: [U32x4::ZERO; 2],
        row: U32x4::ZERO,
        stream: [U32x4::ZERO; 2],
        scale: F32x4::ZERO,
        rate: F32x4::ZERO,
    };

    /// As two transpositions: a record is two vectors.
    #[inline(always)]
    pub(super) fn new(rows: &[Params; ROWS]) -> Self {
        let [low0, low1, row, stream0] = transpose(
            rows.each_ref().map(|p| U32x4::new([p.seed[0], p.seed[1], p.row, p.stream[0]]).as_f32()),
        );
        let [stream1, _, scale, rate] = transpose(
            rows.each_ref()
                .map(|p| U32x4::new([p.stream[1], p.first, p.scale.to_bits(), p.rate.to_bits()]).as_f32()),
        );
        Self {
            seed: [low0.bits(), low1.bits()],
            row: row.bits(),
            stream: [stream0.bits(), stream1.bits()],
            scale,
            rate,
        }
    }
}
