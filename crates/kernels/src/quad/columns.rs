//! Four rows as columns: a transposition on the way in and out.

use super::ROWS;
use crate::lane::{F32x4, transpose};

/// The same column of four rows.
pub(super) type Column = [f32; ROWS];

/// Columns that are read and written together.
pub(super) const TILE: usize = 4;

fn tile(rows: [&[f32; TILE]; ROWS]) -> [F32x4; TILE] {
    transpose(rows.map(F32x4::load))
}

/// Splits four rows.
pub(super) fn split(rows: &[f32], classes: usize) -> [&[f32]; ROWS] {
    let (ab, cd) = rows.split_at(2 * classes);
    let ((a, b), (c, d)) = (ab.split_at(classes), cd.split_at(classes));
    [a, b, c, d]
}

fn split_mut(rows: &mut [f32], classes: usize) -> [&mut [f32]; ROWS] {
    let (ab, cd) = rows.split_at_mut(2 * classes);
    let ((a, b), (c, d)) = (ab.split_at_mut(classes), cd.split_at_mut(classes));
    [a, b, c, d]
}

/// Writes four rows, tile by tile, to `columns`, as many as a row has; `see` is shown each column, some of them twice,
/// since the last tile may overlap the one before.
#[inline(always)]
pub(super) fn read(rows: [&[f32]; ROWS], columns: &mut [Column], mut see: impl FnMut(F32x4)) {
    let mut put = |values: [F32x4; TILE], to: &mut [Column; TILE]| {
        let [to_a, to_b, to_c, to_d] = to;
        for (value, to) in values.into_iter().zip([to_a, to_b, to_c, to_d]) {
            see(value);
            value.store(to);
        }
    };
    let [a, b, c, d] = rows.map(|row| row.as_chunks().0);
    let (tiles, rest) = columns.as_chunks_mut();
    for ((((a, b), c), d), to) in a.iter().zip(b).zip(c).zip(d).zip(tiles) {
        put(tile([a, b, c, d]), to);
    }
    if rest.is_empty() {
        return;
    }
    let [a, b, c, d] = rows.map(|row| row.last_chunk());
    if let (Some(a), Some(b), Some(c), Some(d), Some(to)) = (a, b, c, d, columns.last_chunk_mut()) {
        return put(tile([a, b, c, d]), to);
    }
    for (at, to) in columns.iter_mut().enumerate() {
        let value = F32x4::new(rows.map(|row| row.get(at).copied().unwrap_or_default()));
        see(value);
        value.store(to);
    }
}

/// Writes `f` of columns as rows.
#[inline(always)]
pub(super) fn write(columns: &[Column], f: impl Fn(F32x4) -> F32x4, rows: &mut [f32]) {
    let put = |columns: &[Column; TILE], to: [&mut [f32; TILE]; ROWS]| {
        let [a, b, c, d] = columns;
        let rows = transpose([a, b, c, d].map(|column| f(F32x4::load(column))));
        for (row, to) in rows.into_iter().zip(to) {
            row.store(to);
        }
    };
    let [a, b, c, d] = split_mut(rows, columns.len());
    let (tiles, rest) = columns.as_chunks();
    let wholes = a.as_chunks_mut().0.iter_mut().zip(b.as_chunks_mut().0);
    let wholes = wholes.zip(c.as_chunks_mut().0).zip(d.as_chunks_mut().0);
    for ((((a, b), c), d), columns) in wholes.zip(tiles) {
        put(columns, [a, b, c, d]);
    }
    if rest.is_empty() {
        return;
    }
    let ends = (a.last_chunk_mut(), b.last_chunk_mut(), c.last_chunk_mut(), d.last_chunk_mut());
    if let (Some(columns), (Some(a), Some(b), Some(c), Some(d))) = (columns.last_chunk(), ends) {
        return put(columns, [a, b, c, d]);
    }
    for (at, column) in columns.iter().enumerate() {
        let column = (f(F32x4::load(column))).to_array();
        for (row, value) in [&mut *a, &mut *b, &mut *c, &mut *d].into_iter().zip(column) {
            row[at] = value;
        }
    }
}
