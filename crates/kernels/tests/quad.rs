//! Four short rows at a time are the same bits as one row at a time.

mod common;

use common::one_row::{Noise, fill_row, gumbel_max, gumbel_softmax};
use common::{Source, bits, cold, logits, params, table, tempered};
use gumbel_kernels::gumbel::RowNoise;
use gumbel_kernels::quad::{self, MAX_CLASSES, ROWS};
use gumbel_kernels::relaxed::Input;
use gumbel_kernels::softmax::softmax;
use gumbel_kernels::{Params, row, vjp};

/// Keys that differ in every part, and a τ of each row's own.
fn keys(seed: u64) -> [Params; ROWS] {
    core::array::from_fn(|i| {
        let i = i as u64;
        tempered(0.3 + i as f64, params(seed + (i << 33), i << 40, 7 * i as u32))
    })
}

fn drawn(keys: &[Params; ROWS], classes: usize) -> Vec<f32> {
    let mut noise = vec![0.0; ROWS * classes];
    for (key, row) in keys.iter().zip(noise.chunks_mut(classes)) {
        fill_row(&RowNoise::new(table(), key), row);
    }
    noise
}

#[test]
fn noise_of_four_rows() {
    let mut room = quad::Room::EMPTY;
    for classes in 1..=MAX_CLASSES {
        // Enough keys that words below 2^16 occur.
        for seed in 0..200 {
            let keys = keys(seed);
            let mut out = vec![f32::NAN; ROWS * classes];
            quad::noise(table(), &keys, &mut room, classes, &mut out);
            assert_eq!(bits(&out), bits(&drawn(&keys, classes)), "{classes} classes, seed {seed}");
        }
    }
}

#[test]
fn samples_of_four_rows() {
    let mut source = Source(3);
    let mut room = quad::Room::EMPTY;
    for classes in 1..=MAX_CLASSES {
        let keys = keys(classes as u64);
        let given = drawn(&keys, classes);
        // The kinds of rows, in fours, each kind first once.
        let kinds: Vec<Vec<f32>> = logits(classes, &mut source).into_iter().map(|(_, x)| x).collect();
        for first in 0..kinds.len() {
            let x: Vec<f32> = (0..ROWS).flat_map(|i| kinds[(first + i) % kinds.len()].clone()).collect();
            for from in [quad::Source::Drawn(table()), quad::Source::Given(&given)] {
                let mut soft = vec![f32::NAN; ROWS * classes];
                let index = quad::gumbel_softmax(&x, &keys, &from, &mut room, classes, &mut soft).unwrap();
                let max = quad::gumbel_max(&x, &keys, &from, &mut room, classes).unwrap();
                for (i, row) in x.chunks(classes).enumerate() {
                    let noise = Noise::Given(&given[i * classes..(i + 1) * classes]);
                    let mut expected = vec![0.0; classes];
                    let at = gumbel_softmax(row, &keys[i], &noise, &mut expected).unwrap();
                    assert_eq!(
                        bits(&soft[i * classes..(i + 1) * classes]),
                        bits(&expected),
                        "{classes} classes"
                    );
                    assert_eq!(index[i] as usize, at);
                    let input = Input { logits: row, given: row };
                    assert_eq!(Ok(max[i] as usize), gumbel_max(input, &keys[i], &noise));
                }
            }
        }
    }
}

#[test]
fn softmax_of_four_rows_and_back() {
    let mut source = Source(4);
    let mut room = quad::Room::EMPTY;
    for classes in 1..=MAX_CLASSES {
        let keys = keys(classes as u64);
        let kinds: Vec<Vec<f32>> = logits(classes, &mut source).into_iter().map(|(_, x)| x).collect();
        for first in 0..kinds.len() {
            let x: Vec<f32> = (0..ROWS).flat_map(|i| kinds[(first + i) % kinds.len()].clone()).collect();
            let v = source.normals(ROWS * classes, 3.0);
            let (mut y, mut dx) = (vec![f32::NAN; x.len()], vec![f32::NAN; x.len()]);
            quad::softmax(&x, &keys, &mut room, classes, &mut y).unwrap();
            quad::softmax_backward(&y, &v, &keys, &mut room, classes, &mut dx).unwrap();
            for (i, key) in keys.iter().enumerate() {
                let row = i * classes..(i + 1) * classes;
                let mut expected = vec![0.0; classes];
                softmax(&x[row.clone()], key, &mut expected).unwrap();
                assert_eq!(bits(&y[row.clone()]), bits(&expected), "{classes} classes");
                vjp::softmax_backward(&y[row.clone()], &v[row.clone()], key.scale, &mut expected);
                assert_eq!(bits(&dx[row]), bits(&expected), "{classes} classes, backward");
            }
        }
    }
}

/// Ties go to the smallest column.
#[test]
fn ties_of_four_rows() {
    let mut room = quad::Room::EMPTY;
    let zeros = vec![0.0; ROWS * MAX_CLASSES];
    let from = quad::Source::Given(&zeros);
    for first in 0..MAX_CLASSES {
        let row: Vec<f32> = (0..MAX_CLASSES).map(|i| if i < first { -1.0 } else { 2.0 }).collect();
        let index = quad::gumbel_max(&row.repeat(ROWS), &keys(0), &from, &mut room, MAX_CLASSES);
        assert_eq!(index, Some([first as u32; ROWS]));
        assert_eq!(row::argmax(&row), first);
    }
}

/// One row that needs care in any of the four places sends all four back, with nothing written.
#[test]
fn rows_that_need_care_are_refused() {
    let mut room = quad::Room::EMPTY;
    let (classes, zeros) = (5, [0.0; 20]);
    let low = [f32::NEG_INFINITY; 5];
    for place in 0..ROWS {
        for bad in [[f32::NAN; 5], [f32::INFINITY; 5], low] {
            let mut x = zeros;
            x[place * classes..][..classes].copy_from_slice(&bad);
            for (x, noise) in [(x, zeros), (zeros, x)] {
                let from = quad::Source::Given(&noise);
                let mut soft = [7.0; 20];
                assert!(quad::gumbel_softmax(&x, &keys(0), &from, &mut room, classes, &mut soft).is_none());
                assert!(quad::gumbel_max(&x, &keys(0), &from, &mut room, classes).is_none());
                assert_eq!(soft, [7.0; 20]);
            }
            let mut x = zeros;
            x[place * classes..][..classes].copy_from_slice(&bad);
            let mut out = [7.0; 20];
            assert!(quad::softmax(&x, &keys(0), &mut room, classes, &mut out).is_none());
            // An upstream that isn't finite, and a marked row.
            assert!(quad::softmax_backward(&[0.2; 20], &x, &keys(0), &mut room, classes, &mut out).is_none());
            assert!(quad::softmax_backward(&x, &[1.0; 20], &keys(0), &mut room, classes, &mut out).is_none());
            assert_eq!(out, [7.0; 20]);
        }
        let mut keys = keys(0);
        keys[place] = cold();
        let from = quad::Source::Given(&zeros);
        assert!(quad::gumbel_max(&zeros, &keys, &from, &mut room, classes).is_none());
        assert!(quad::softmax(&zeros, &keys, &mut room, classes, &mut [0.0; 20]).is_none());
    }
}
