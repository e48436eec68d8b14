//! Gumbel-Rao of one row: against float64, short rows against long ones, and the bits that test/estimators-rao.test.ts
//! holds TypeScript and WebAssembly to as well.

mod common;

use common::{Source, params, table, tempered, widen};
use gumbel_kernels::gumbel::{Draft, RowNoise};
use gumbel_kernels::philox::{Purpose, word};
use gumbel_kernels::rao::{Room, Row, gumbel_rao};
use gumbel_kernels::{Invalid, Params};

const HASHES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../test/fixtures/rao-hashes.txt");
const SEED: u64 = 0x243f_6a88_85a3_08d3;

fn noise(params: &Params) -> RowNoise<'static> {
    let mut noise = RowNoise::new(table(), params);
    noise.set_purpose(Purpose::Replica);
    noise
}

fn run(row: Row, params: &Params) -> Result<Vec<f32>, Invalid> {
    let classes = row.logits.len();
    let (mut sums, mut exponentials, mut out) = (vec![9.0; classes], vec![9.0; classes], vec![9.0; classes]);
    let mut room = Room::EMPTY;
    let rows = (&mut sums[..], &mut exponentials[..]);
    gumbel_rao(row, params, &noise(params), &mut room, rows, &mut out)?;
    Ok(out)
}

/// The gradient, and for each class what it is the difference of.
fn reference(row: Row, params: &Params, tau: f64) -> (Vec<f64>, Vec<f64>) {
    let Row { logits, index, v, replicas } = row;
    let (logits, v, index, classes) = (widen(logits), widen(v), index as usize, logits.len());
    let columns = classes.next_multiple_of(4);
    let mut drawn = vec![0.0; columns * replicas];
    let mut draft = Draft::EMPTY;
    noise(params).fill_row(&mut draft, &mut drawn);
    let total: f64 = logits.iter().map(|l| l.exp()).sum();
    let (mut gradient, mut size) = (vec![0.0; classes], vec![0.0; classes]);
    for drawn in drawn.chunks(columns) {
        let exponentials: Vec<f64> = drawn.iter().map(|&g| (-f64::from(g)).exp()).collect();
        let least = exponentials[index] / total;
        let weight = |k: usize| {
            let others = if k == index { 0.0 } else { exponentials[k] / logits[k].exp() };
            (least / (others + least)).powf(1.0 / tau)
        };
        let sum: f64 = (0..classes).map(weight).sum();
        let mean = |v: &dyn Fn(usize) -> f64| (0..classes).map(|k| weight(k) * v(k)).sum::<f64>() / sum;
        let (mean, mean_size) = (mean(&|k| v[k]), mean(&|k| v[k].abs()));
        for k in 0..classes {
            let factor = weight(k) / sum / tau / replicas as f64;
            gradient[k] += factor * (v[k] - mean);
            size[k] += factor * (v[k].abs() + mean_size);
        }
    }
    (gradient, size)
}

#[test]
fn against_float64() {
    let mut source = Source(7);
    for classes in [1, 2, 3, 4, 5, 15, 16, 17, 63, 64, 65, 255, 256, 257, 1000] {
        for (replicas, tau) in [(1, 0.5), (2, 0.2), (3, 1.0), (7, 3.0), (64, 0.5), (301, 0.1)] {
            let (logits, v) = (source.normals(classes, 1.5), source.normals(classes, 1.0));
            let index = source.below(classes) as i32;
            let row = Row { logits: &logits, index, v: &v, replicas };
            let params = tempered(tau, params(SEED, 3, classes as u32));
            let (gradient, size) = reference(row, &params, tau);
            // Exponents are made of terms up to about 20, each rounded by 2^-24 of it.
            let bound = 2f64.powi(-20) + (2f64.powi(-21) * 20.0 / tau).exp_m1();
            for (k, got) in run(row, &params).unwrap().into_iter().enumerate() {
                let error = (f64::from(got) - gradient[k]).abs();
                assert!(
                    error <= bound * size[k] + 1e-24,
                    "{classes} × {replicas}, τ = {tau}: {k}, {error:e}"
                );
            }
        }
    }
}

/// One replica of a short row and of a long one, which draw the same columns: the bits are the same on both paths.
#[test]
fn short_rows_are_long_ones_that_end_in_impossible_classes() {
    let mut source = Source(8);
    for classes in 1..=64 {
        let params = tempered(0.4, params(SEED, 4, classes as u32));
        let (mut logits, mut v) = (source.normals(classes, 3.0), source.normals(classes, 1.0));
        let index = source.below(classes) as i32;
        let short = run(Row { logits: &logits, index, v: &v, replicas: 1 }, &params).unwrap();
        logits.resize(classes + 250, f32::NEG_INFINITY);
        v.resize(classes + 250, f32::NAN);
        let long = run(Row { logits: &logits, index, v: &v, replicas: 1 }, &params).unwrap();
        assert_eq!(long[..classes], short, "{classes} classes");
        assert!(long[classes..].iter().all(|g| g.to_bits() == 0), "{classes} classes");
    }
}

#[test]
fn rows_without_a_gradient() {
    let v = [1.0, 2.0, 3.0];
    let params = params(SEED, 0, 0);
    let run = |logits: &[f32], index| run(Row { logits, index, v: &v, replicas: 2 }, &params);
    assert_eq!(run(&[0.0, 1.0, 2.0], -1), Err(Invalid));
    assert_eq!(run(&[0.0, 1.0, 2.0], 3), Err(Invalid));
    assert_eq!(run(&[0.0, f32::NAN, 2.0], 0), Err(Invalid));
    assert_eq!(run(&[f32::NEG_INFINITY; 3], 0), Err(Invalid));
    assert_eq!(run(&[0.0, f32::INFINITY, 2.0], 1), Ok(vec![0.0; 3]));
}

/// Lines of classes, replicas and FNV-1a of the gradient's bytes. Logits and upstream are f32(i32(word))·2^-28 of the
/// words of streams 0 and 1; the class is number ⌊classes/3⌋, τ = ½, the key that of stream 2, row 7.
#[test]
fn bits_of_all_backends() {
    let text = std::fs::read_to_string(HASHES).unwrap();
    let mut lines = 0;
    for line in text.lines() {
        let [classes, replicas, hash] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let (classes, replicas): (usize, usize) = (classes.parse().unwrap(), replicas.parse().unwrap());
        let values = |stream| -> Vec<f32> {
            let source = params(SEED, stream, 0);
            let value = |i| word(&source, Purpose::Noise, i) as i32 as f32 / 268_435_456.0;
            (0..classes as u32).map(value).collect()
        };
        let row = Row { logits: &values(0), index: (classes / 3) as i32, v: &values(1), replicas };
        let out = run(row, &tempered(0.5, params(SEED, 2, 7))).unwrap();
        let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        let got = out.iter().flat_map(|x| x.to_le_bytes()).fold(0xcbf2_9ce4_8422_2325, step);
        assert_eq!(format!("{got:016x}"), hash, "{line}");
        lines += 1;
    }
    assert!(lines > 30);
}
