//! Gumbel-Softmax in log space against its float64 formula, and in the limits of rows and of τ.

mod common;

use common::one_row::{Noise, fill_row, gumbel_softmax, log_gumbel_softmax};
use common::{LENGTHS, Source, logits, params, table, tempered, widen};
use gumbel_kernels::gumbel::RowNoise;
use gumbel_kernels::{Invalid, Params};

const INF: f32 = f32::INFINITY;

fn drawn(params: &Params, n: usize) -> Vec<f32> {
    let mut g = vec![0.0; n];
    fill_row(&RowNoise::new(table(), params), &mut g);
    g
}

/// 2^-21·(a + a_max)/τ + 2^-22·(1 + |z|), a = |l − max l| + |G|, as the API states it. float32 ends at 3.4·10^38.
#[test]
fn values_and_their_exponentials() {
    let mut source = Source(400);
    for n in LENGTHS {
        for (name, x) in logits(n, &mut source) {
            let base = params(source.bits(), 1, 2);
            let g = drawn(&base, n);
            let x64 = widen(&x);
            let max = x64.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let s: Vec<f64> = x64.iter().zip(&g).map(|(x, &g)| x - max + f64::from(g)).collect();
            let largest = s.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let winner = s.iter().position(|&s| s == largest).unwrap();
            let a = |i: usize| (x64[i] - max).abs() + f64::from(g[i].abs());
            for tau in [1e-30, 0.1, 0.5, 1.0, 7.0, 1e30] {
                let params = tempered(tau, base);
                let (mut z, mut y) = (vec![0.0; n], vec![0.0; n]);
                log_gumbel_softmax(&x, &params, &Noise::Drawn(&RowNoise::new(table(), &params)), &mut z)
                    .unwrap();
                gumbel_softmax(&x, &params, &Noise::Given(&g), &mut y).unwrap();
                let log_sum = s.iter().map(|s| ((s - largest) / tau).exp()).sum::<f64>().ln();
                for i in 0..n {
                    let what = format!("{name}, {n} classes, τ = {tau}, column {i}");
                    let (got, truth) = (f64::from(z[i]), (s[i] - largest) / tau - log_sum);
                    // The difference of two scores is a float32 as well.
                    if truth < -3e38 || s[i] - largest < -3e38 {
                        assert!(got < -2.9e38, "{what}: {got}");
                        continue;
                    }
                    let error =
                        2f64.powi(-21) * (a(i) + a(winner)) / tau + 2f64.powi(-22) * (1.0 + got.abs());
                    assert!((got - truth).abs() <= error, "{what}: {got} is not {truth} within {error}");
                    assert!(got <= 0.0, "{what}: {got}");
                    if y[i] > 2f32.powi(-90) {
                        let relative = (2.0 * error).exp_m1() + 2f64.powi(-20);
                        let y = f64::from(y[i]);
                        assert!((got.exp() - y).abs() <= relative * y, "{what}: exp {got} is not {y}");
                    }
                }
            }
        }
    }
}

#[test]
fn impossible_certain_and_invalid_rows() {
    let base = params(1, 2, 3);
    let row = |x: &[f32], g: &[f32]| {
        let mut z = vec![7.0; x.len()];
        log_gumbel_softmax(x, &base, &Noise::Given(g), &mut z).map(|()| z)
    };
    assert_eq!(row(&[0.0, -INF], &[1.0, 9.0]), Ok(vec![0.0, -INF]));
    assert_eq!(row(&[0.0, 5.0], &[1.0, -INF]), Ok(vec![0.0, -INF]));
    assert_eq!(row(&[0.0, INF, 3.0], &[50.0, 0.0, 1.0]), Ok(vec![-INF, 0.0, -INF]));
    for x in [[f32::NAN, 0.0], [INF, INF], [-INF, -INF]] {
        assert_eq!(row(&x, &[0.0, 0.0]), Err(Invalid));
    }
    for g in [[f32::NAN, 0.0], [INF, 0.0], [-INF, -INF]] {
        assert_eq!(row(&[0.0, 0.0], &g), Err(Invalid));
    }
}

/// Down to the smallest double: no NaN, 0 for the winner, and equal scores stay equal.
#[test]
fn tiny_tau() {
    for tau in [1e-37, 1e-45, f64::from_bits(1)] {
        let params = tempered(tau, params(1, 2, 3));
        let mut z = [7.0; 3];
        log_gumbel_softmax(&[0.0, 1.0, -1e38], &params, &Noise::Given(&[0.0; 3]), &mut z).unwrap();
        assert!(z[0] < -1e36 && z[1] == 0.0 && z[2] == -INF, "τ = {tau}: {z:?}");
        log_gumbel_softmax(&[3.0; 3], &params, &Noise::Given(&[0.5; 3]), &mut z).unwrap();
        assert!(z.iter().all(|&z| (z + 3f32.ln()).abs() < 1e-6), "τ = {tau}: {z:?}");
    }
}
