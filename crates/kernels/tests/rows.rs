//! The kernels of one row against plain float64 formulas, and what they make of rows that are no law.

mod common;

use common::one_row::{
    Noise, categorical, exp2, fill_row, gumbel_max, gumbel_softmax, relative_scores, scores,
};
use common::{
    LENGTHS, NAN, Source, bits, block_sum, cold, logits, params, softmax_f64, table, tempered, widen,
};

use gumbel_kernels::gumbel::RowNoise;
use gumbel_kernels::lane::F32x4;
use gumbel_kernels::philox::{Purpose, word};
use gumbel_kernels::relaxed::Input;
use gumbel_kernels::row::{Law, first_equal, inspect};
use gumbel_kernels::softmax::{log_softmax, log_sum_exp, softmax};
use gumbel_kernels::{Invalid, Params, tau, vjp, weights};

const INF: f32 = f32::INFINITY;
const TEMPERATURES: [f64; 5] = [1.0, 0.3, 5.0, 1e-30, 1e30];

/// The bound to hold (ARCHITECTURE.md): relative error of y where its exponent is of terms of size `a`, over τ.
fn bound(a: f64) -> f64 {
    (2f64.powi(-21) * a).exp_m1() + 2f64.powi(-20)
}

/// Checks y against its reference: relatively where that is above 2^-90, exact 0 where it is below 2^-101.
/// `size(i)` is what the bound takes for (a_i + a_M)/τ.
fn check_law(y: &[f32], reference: &[f64], size: impl Fn(usize) -> f64, what: &str) {
    for (i, (&y, &truth)) in y.iter().zip(reference).enumerate() {
        if truth > 2f64.powi(-90) {
            let error = (f64::from(y) - truth).abs() / truth;
            assert!(error <= bound(size(i)), "{what}, column {i}: {y:e} is not {truth:e}, {error:e}");
        } else if truth < 2f64.powi(-101) * (1.0 - bound(size(i)).min(1.0)) / y_scale(reference) {
            assert_eq!(y.to_bits(), 0, "{what}, column {i}: {truth:e}");
        } else {
            assert!(y >= 0.0 && y < 2f64.powi(-89) as f32, "{what}, column {i}: {y:e} is not {truth:e}");
        }
    }
    let sum: f64 = widen(y).iter().sum();
    assert!((sum - 1.0).abs() <= 1e-6, "{what}: sum {sum}");
}

/// The exponents are cut at 2^-100 of the largest term, which is 1/max y times its probability.
fn y_scale(reference: &[f64]) -> f64 {
    1.0 / reference.iter().copied().fold(0.0, f64::max)
}

fn each_row(mut f: impl FnMut(&str, &[f32], &mut Source)) {
    let mut source = Source(100);
    for n in LENGTHS {
        for (name, x) in logits(n, &mut source) {
            f(&format!("{name}, {n} classes"), &x, &mut source);
        }
    }
}

fn max_of(x: &[f32]) -> f64 {
    f64::from(x.iter().copied().fold(f32::NEG_INFINITY, f32::max))
}

#[test]
fn softmax_and_log_softmax() {
    each_row(|what, x, _| {
        for t in TEMPERATURES {
            let params = tempered(t, params(0, 0, 0));
            let (mut y, mut value) = (vec![0.0; x.len()], vec![0.0; x.len()]);
            softmax(x, &params, &mut y).unwrap();
            log_softmax(x, &params, &mut value).unwrap();
            let max = max_of(x);
            let size = |i: usize| (f64::from(x[i]) - max).abs() / t;
            let what = format!("{what}, T = {t}");
            check_law(&y, &softmax_f64(&widen(x), t), size, &what);
            let log_sum = widen(x).iter().map(|x| ((x - max) / t).exp()).sum::<f64>().ln();
            for (i, &value) in value.iter().enumerate() {
                let truth = (f64::from(x[i]) - max) / t - log_sum;
                // Logits further apart than float32 reaches: their difference is −∞, whatever T makes of it.
                if truth < f64::from(f32::MIN) || f64::from(x[i]) - max < f64::from(f32::MIN) {
                    assert_eq!(value, f32::NEG_INFINITY, "{what}, column {i}");
                } else {
                    let error = (f64::from(value) - truth).abs();
                    assert!(
                        error <= 4e-7 * truth.abs().max(1.0),
                        "{what}, column {i}: {value} is not {truth}"
                    );
                }
            }
        }
    });
}

#[test]
fn log_sum_exp_of_rows() {
    each_row(|what, x, _| {
        let max = max_of(x);
        let truth = max + widen(x).iter().map(|x| (x - max).exp()).sum::<f64>().ln();
        let got = f64::from(log_sum_exp(x).unwrap());
        assert!((got - truth).abs() <= 3e-7 * truth.abs().max(1.0), "{what}: {got} is not {truth}");
    });
    assert_eq!(log_sum_exp(&[]), Ok(f32::NEG_INFINITY));
    assert_eq!(log_sum_exp(&[f32::NEG_INFINITY; 300]), Ok(f32::NEG_INFINITY));
    assert_eq!(log_sum_exp(&[0.0, INF]), Ok(INF));
    assert_eq!(log_sum_exp(&[INF, INF]), Err(Invalid));
    assert_eq!(log_sum_exp(&[0.0, f32::NAN]), Err(Invalid));
}

#[test]
fn scores_are_relative_to_the_largest_logit() {
    each_row(|what, x, source| {
        let noise = source.normals(x.len(), 2.0);
        let Ok(Law::Finite(max)) = inspect(x) else { panic!("{what}") };
        for scale in [1.0, 0.25, 3.0] {
            let mut out = vec![0.0; x.len()];
            let largest = scores(x, max, scale, &Noise::Given(&noise), &mut out).unwrap();
            // The definition, one rounded operation after another.
            let expected: Vec<f32> = x.iter().zip(&noise).map(|(l, g)| (l - max) * scale + g).collect();
            assert_eq!(bits(&out), bits(&expected), "{what}");
            assert_eq!(f64::from(largest), max_of(&expected), "{what}");
        }
    });
}

/// The noise of a row as the soft sample sees it.
fn drawn(params: &Params, n: usize) -> Vec<f32> {
    let mut g = vec![0.0; n];
    fill_row(&RowNoise::new(table(), params), &mut g);
    g
}

/// s = (l − m) + G in float64.
fn scores_f64(x: &[f32], g: &[f32]) -> Vec<f64> {
    let max = max_of(x);
    x.iter().zip(g).map(|(&l, &g)| f64::from(l) - max + f64::from(g)).collect()
}

fn winner(x: &[f64]) -> usize {
    (0..x.len()).fold(0, |best, i| if x[best] < x[i] { i } else { best })
}

#[test]
fn soft_samples() {
    each_row(|what, x, source| {
        let base = params(source.bits(), 1, source.word());
        let g = drawn(&base, x.len());
        let s = scores_f64(x, &g);
        let m = winner(&s);
        let max = max_of(x);
        let a = |i: usize| (f64::from(x[i]) - max).abs() + f64::from(g[i]).abs();
        for t in TEMPERATURES {
            let params = tempered(t, base);
            let noise = RowNoise::new(table(), &params);
            let mut soft = vec![0.0; x.len()];
            let index = gumbel_softmax(x, &params, &Noise::Drawn(&noise), &mut soft).unwrap();
            // At a tiny τ the order of two scores that round together is the float32 one.
            if t > 1e-3 {
                check_law(&soft, &softmax_f64(&s, t), |i| (a(i) + a(m)) / t, &format!("{what}, τ = {t}"));
            }
            assert!(
                (s[index] - s[m]).abs() <= 2f64.powi(-22) * (a(index) + a(m)),
                "{what}: index {index}, not {m}"
            );
            assert_eq!(f64::from(soft[index]), max_of(&soft), "{what}, τ = {t}");
        }
    });
}

/// Random upstream values, of any size in the impossible classes.
fn upstream(y: &[f32], source: &mut Source) -> Vec<f32> {
    let anything = [f32::NAN, INF, f32::NEG_INFINITY, f32::MAX];
    y.iter().map(|&y| if y == 0.0 { anything[source.below(4)] } else { source.normal() * 3.0 }).collect()
}

/// A soft sample's backward product in float64 from the float32 sample: (dz, ⟨y, |v|⟩).
fn backward_f64(y: &[f32], v: &[f32]) -> (Vec<f64>, f64) {
    let pairs = || y.iter().zip(v).filter(|(y, _)| **y != 0.0).map(|(&y, &v)| (f64::from(y), f64::from(v)));
    let mean: f64 = pairs().map(|(y, v)| y * v).sum();
    let mut dz = vec![0.0; y.len()];
    for (i, dz) in dz.iter_mut().enumerate().filter(|(i, _)| y[*i] != 0.0) {
        *dz = f64::from(y[i]) * (f64::from(v[i]) - mean);
    }
    (dz, pairs().map(|(y, v)| y * v.abs()).sum())
}

#[test]
fn softmax_backward_of_rows() {
    each_row(|what, x, source| {
        for t in [1.0, 0.3, 1e4] {
            let params = tempered(t, params(0, 0, 0));
            let mut y = vec![0.0; x.len()];
            softmax(x, &params, &mut y).unwrap();
            let v = upstream(&y, source);
            let mut out = vec![0.0; x.len()];
            vjp::softmax_backward(&y, &v, params.scale, &mut out);
            let (dz, size) = backward_f64(&y, &v);
            for (i, (&got, dz)) in out.iter().zip(&dz).enumerate() {
                let slack = f64::from(y[i]) * (size + f64::from(v[i]).abs()) * 1e-6 / t;
                if y[i] == 0.0 {
                    assert_eq!(got.to_bits(), 0, "{what}: an impossible class has no gradient");
                } else {
                    assert!(
                        (f64::from(got) - dz / t).abs() <= slack,
                        "{what}, column {i}: {got} is not {}",
                        dz / t
                    );
                }
            }
            let sum: f64 = widen(&out).iter().sum();
            assert!(sum.abs() <= 2f64.powi(-20) * size / t, "{what}: Σ dl = {sum}, Σ y|v| = {size}");
        }
    });
}

/// With the step h = 10^-5 a central difference in float64 is good to about 10^-9.
fn difference(f: impl Fn(f64) -> f64, at: f64) -> f64 {
    let h = 1e-5 * at.abs().max(1.0);
    (f(at + h) - f(at - h)) / (2.0 * h)
}

/// Gradients by the logits, the weights and τ of Σ v·y against differences of the float64 formula.
#[test]
fn gradients_by_finite_differences() {
    let mut source = Source(200);
    for n in [1, 3, 4, 5, 16, 17] {
        for t in [0.5, 1.0, 2.5] {
            let given: Vec<f32> = (0..n).map(|_| source.uniform() as f32 + 0.1).collect();
            let v = source.normals(n, 2.0);
            let base = tempered(t, params(source.bits(), 0, 0));
            let g = drawn(&base, n);
            let mut l = vec![0.0; n];
            weights::to_logits(&given, &mut l);
            let noise = Noise::Given(&g);
            let (mut y, mut relative, mut dl) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
            gumbel_softmax(&l, &base, &noise, &mut y).unwrap();
            relative_scores(&l, &base, &noise, &mut relative).unwrap();
            vjp::softmax_backward(&y, &v, 1.0, &mut dl);
            let by_tau = f64::from(tau::finish_gradient(&mut dl, &relative, &base));
            let mut by_weight = dl.clone();
            weights::divide(&mut by_weight, &given);

            let loss = |l: &[f64], tau: f64| -> f64 {
                let z: Vec<f64> = l.iter().zip(&g).map(|(l, &g)| l + f64::from(g)).collect();
                softmax_f64(&z, tau).iter().zip(&v).map(|(y, &v)| y * f64::from(v)).sum()
            };
            let l = widen(&l);
            let with = |i: usize, x: f64| {
                let mut l = l.clone();
                l[i] = x;
                l
            };
            let slack = 3e-6 / t * v.iter().map(|v| f64::from(v.abs())).fold(0.0, f64::max);
            for i in 0..n {
                let truth = difference(|x| loss(&with(i, x), t), l[i]);
                assert!(
                    (f64::from(dl[i]) - truth).abs() <= slack,
                    "n {n}, τ {t}, logit {i}: {} {truth}",
                    dl[i]
                );
                let weight = f64::from(given[i]);
                let truth = difference(|w| loss(&with(i, w.ln()), t), weight);
                let got = f64::from(by_weight[i]);
                assert!((got - truth).abs() <= slack / weight, "n {n}, τ {t}, weight {i}: {got} {truth}");
            }
            let truth = difference(|tau| loss(&l, tau), t);
            let terms: f64 = dl.iter().zip(&relative).map(|(d, z)| f64::from(d * z).abs()).sum();
            assert!((by_tau - truth).abs() <= 1e-5 * terms + 1e-9, "n {n}, dτ: {by_tau} {truth}");
        }
    }
}

/// dτ against its own formula in float64 over all kinds of rows: 10^-5 of Σ|terms|.
#[test]
fn tau_gradients_of_rows() {
    each_row(|what, x, source| {
        let base = params(source.bits(), 2, 0);
        let g = drawn(&base, x.len());
        for t in [0.3, 1.0, 5.0] {
            let params = tempered(t, base);
            let noise = Noise::Given(&g);
            let (mut y, mut z, mut dl) = (vec![0.0; x.len()], vec![0.0; x.len()], vec![0.0; x.len()]);
            gumbel_softmax(x, &params, &noise, &mut y).unwrap();
            relative_scores(x, &params, &noise, &mut z).unwrap();
            assert!(z.iter().all(|&z| z <= 0.0) && z.contains(&0.0), "{what}");
            let v = upstream(&y, source);
            vjp::softmax_backward(&y, &v, 1.0, &mut dl);
            let got = f64::from(tau::finish_gradient(&mut dl, &z, &params));
            // The gradient by the logits is the same with and without τ.
            let mut plain = vec![0.0; x.len()];
            vjp::softmax_backward(&y, &v, params.scale, &mut plain);
            assert_eq!(bits(&dl), bits(&plain), "{what}");
            let s = scores_f64(x, &g);
            let largest = s[winner(&s)];
            let exact = softmax_f64(&s, t);
            let mean: f64 =
                exact.iter().zip(&v).filter(|(y, _)| **y > 1e-30).map(|(y, &v)| y * f64::from(v)).sum();
            let terms = || {
                exact.iter().zip(&v).zip(&s).filter(|((y, _), _)| **y > 1e-30).map(|((y, &v), s)| {
                    let dz = y * (f64::from(v) - mean);
                    -(s - largest) / t * dz / t
                })
            };
            let size: f64 = terms().map(f64::abs).sum();
            // The inputs are rounded too: (s − M)/τ is off by a relative 2^-22 and by 2^-24 of the largest |G|.
            let rounding: f64 = exact
                .iter()
                .zip(&v)
                .map(|(y, &v)| if *y > 1e-30 { y * f64::from(v).abs() } else { 0.0 })
                .sum();
            let (truth, slack) = (terms().sum::<f64>(), 1e-5 * size + 1e-6 * rounding / t);
            assert!((got - truth).abs() <= slack, "{what}, τ = {t}: {got} is not {truth}, slack {slack:e}");
        }
    });
}

/// The tangent of a soft sample, with one of τ, against a difference along the tangent.
#[test]
fn tangents_by_finite_differences() {
    let mut source = Source(300);
    for n in [1, 3, 4, 5, 16, 17, 257] {
        for t in [0.5, 1.0, 2.5] {
            let x = source.normals(n, 1.0);
            let (tangent, tau_tangent) = (source.normals(n, 1.0), source.normal());
            let base = tempered(t, params(source.bits(), 0, 0));
            let g = drawn(&base, n);
            let (mut y, mut relative, mut out) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
            gumbel_softmax(&x, &base, &Noise::Given(&g), &mut y).unwrap();
            relative_scores(&x, &base, &Noise::Given(&g), &mut relative).unwrap();
            let mut total = tangent.clone();
            tau::add_tangent(&mut total, &relative, tau_tangent);
            vjp::softmax_backward(&y, &total, base.scale, &mut out);
            let at = |h: f64| {
                let z: Vec<f64> =
                    (0..n).map(|i| f64::from(x[i]) + f64::from(g[i]) + h * f64::from(tangent[i])).collect();
                softmax_f64(&z, t + h * f64::from(tau_tangent))
            };
            let (up, down) = (at(1e-5), at(-1e-5));
            for i in 0..n {
                let truth = (up[i] - down[i]) / 2e-5;
                let slack = 2e-5 * f64::from(y[i]) / t + 1e-8;
                assert!(
                    (f64::from(out[i]) - truth).abs() <= slack,
                    "n {n}, τ {t}, column {i}: {} {truth}",
                    out[i]
                );
            }
        }
    }
}

#[test]
fn log_softmax_products() {
    each_row(|what, x, source| {
        let params = params(0, 0, 0);
        let n = x.len();
        let (mut value, mut vjp_out, mut jvp_out) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
        log_softmax(x, &params, &mut value).unwrap();
        let possible = |i: &usize| value[*i] != f32::NEG_INFINITY;
        let v: Vec<f32> = (0..n).map(|i| if possible(&i) { source.normal() } else { f32::NAN }).collect();
        vjp::log_softmax_vjp(&value, &v, &mut vjp_out);
        vjp::log_softmax_jvp(&value, &v, &mut jvp_out);
        let y = softmax_f64(&widen(x), 1.0);
        let sum: f64 = (0..n).filter(possible).map(|i| f64::from(v[i])).sum();
        let mean: f64 = (0..n).filter(possible).map(|i| y[i] * f64::from(v[i])).sum();
        let size: f64 = (0..n).filter(possible).map(|i| f64::from(v[i]).abs()).sum();
        for i in 0..n {
            if !possible(&i) {
                assert_eq!((vjp_out[i].to_bits(), jvp_out[i].to_bits()), (0, 0), "{what}, column {i}");
                continue;
            }
            // exp of a rounded value: its relative error is that value's rounding.
            let relative = 1e-6 + 3e-7 * f64::from(value[i]).abs().min(100.0);
            let truth = f64::from(v[i]) - y[i] * sum;
            let slack = 2e-7 * (f64::from(v[i]).abs() + y[i] * size) + relative * y[i] * sum.abs();
            assert!(
                (f64::from(vjp_out[i]) - truth).abs() <= slack,
                "{what}, vjp {i}: {} {truth}",
                vjp_out[i]
            );
            let truth = f64::from(v[i]) - mean;
            assert!((f64::from(jvp_out[i]) - truth).abs() <= 2e-5, "{what}, jvp {i}: {} {truth}", jvp_out[i]);
        }
    });
}

#[test]
fn log_sum_exp_products() {
    each_row(|what, x, source| {
        let n = x.len();
        let y = softmax_f64(&widen(x), 1.0);
        let max = max_of(x);
        let (mut out, mut room) = (vec![0.0; n], vec![0.0; n]);
        vjp::log_sum_exp_vjp(x, 2.5, &mut out).unwrap();
        let halved: Vec<f32> = out.iter().map(|x| x / 2.5).collect();
        check_law(&halved, &y, |i| (f64::from(x[i]) - max).abs() + 1.0, what);
        let t: Vec<f32> = out.iter().map(|&y| if y == 0.0 { f32::NAN } else { source.normal() }).collect();
        let got = f64::from(vjp::log_sum_exp_jvp(x, &t, &mut room).unwrap());
        let truth: f64 = y.iter().zip(&t).filter(|(_, t)| !t.is_nan()).map(|(y, &t)| y * f64::from(t)).sum();
        assert!((got - truth).abs() <= 2e-5, "{what}: {got} is not {truth}");
    });
    // 0 for an empty law and for one with a +∞, whatever comes in; nothing for a row that is no law.
    for x in [[f32::NEG_INFINITY; 2], [INF, 0.0]] {
        let mut out = [7.0; 2];
        vjp::log_sum_exp_vjp(&x, f32::NAN, &mut out).unwrap();
        assert_eq!(bits(&out), [0, 0]);
        assert_eq!(vjp::log_sum_exp_jvp(&x, &[f32::NAN; 2], &mut [0.0; 2]), Ok(0.0));
    }
    for x in [[f32::NAN, 0.0], [INF, INF]] {
        assert_eq!(vjp::log_sum_exp_vjp(&x, 1.0, &mut [0.0; 2]), Err(Invalid));
        assert_eq!(vjp::log_sum_exp_jvp(&x, &[1.0; 2], &mut [0.0; 2]), Err(Invalid));
    }
}

/// ARCHITECTURE.md's definition of a draw, word for word, with both words always drawn.
fn search(e: &[f32], word: u32, low: u32) -> usize {
    let blocks: Vec<f64> = e.chunks(256).map(block_sum).collect();
    let mut b = vec![0.0];
    blocks.iter().for_each(|t| b.push(b[b.len() - 1] + t));
    let u = (f64::from(word) + (f64::from(low) + 0.5) * 2f64.powi(-32)) * 2f64.powi(-32);
    let t = u * b[b.len() - 1];
    let block = (0..blocks.len()).find(|&i| b[i + 1] > t);
    let block = block.unwrap_or_else(|| (0..blocks.len()).rfind(|&i| b[i + 1] > b[i]).unwrap());
    let columns = block * 256..e.len().min(block * 256 + 256);
    let mut sum = b[block];
    for i in columns.clone() {
        sum += f64::from(e[i]);
        if sum > t {
            return i;
        }
    }
    columns.rev().find(|&i| e[i] > 0.0).unwrap()
}

fn draw(x: &[f32], params: &Params, draws: usize) -> Result<Vec<i32>, Invalid> {
    let mut out = vec![-7; draws];
    categorical(Input { logits: x, given: x }, params, &mut out)?;
    Ok(out)
}

#[test]
fn categorical_draws() {
    each_row(|what, x, source| {
        for t in [1.0, 0.2, 30.0] {
            let params = Params { first: source.word() >> 3, ..tempered(t, params(source.bits(), 1, 2)) };
            let max = F32x4::splat(max_of(x) as f32);
            let rate = F32x4::splat(params.rate);
            let e = |x: f32| exp2((F32x4::splat(x) - max) * rate).to_array()[0];
            let e: Vec<f32> = x.iter().map(|&x| e(x)).collect();
            let got = draw(x, &params, 500).unwrap();
            for (at, &index) in got.iter().enumerate() {
                let column = params.first + at as u32;
                let words = [Purpose::Draw, Purpose::DrawLow].map(|purpose| word(&params, purpose, column));
                assert_eq!(index as usize, search(&e, words[0], words[1]), "{what}, T = {t}, draw {column}");
                assert!(e[index as usize] > 0.0, "{what}: impossible");
            }
        }
    });
}

/// n draws are n calls with one draw each, and any split between.
#[test]
fn categorical_draws_one_by_one() {
    let mut source = Source(400);
    let x = source.normals(300, 2.0);
    for first in [0, 1, 2, 3, 5, 254, (1 << 30) - 600] {
        let params = Params { first, ..params(9, 8, 7) };
        let all = draw(&x, &params, 600).unwrap();
        for (at, &index) in all.iter().enumerate() {
            let one = draw(&x, &Params { first: first + at as u32, ..params }, 1).unwrap();
            assert_eq!(one, [index], "first {first}, draw {at}");
        }
        for split in [1, 3, 4, 7, 255, 256, 257] {
            let mut parts = draw(&x, &params, split).unwrap();
            parts.extend(draw(&x, &Params { first: first + split as u32, ..params }, 600 - split).unwrap());
            assert_eq!(parts, all, "first {first}, split {split}");
        }
    }
    assert_eq!(draw(&x, &params(1, 1, 1), 0), Ok(vec![]));
}

/// Every way to run a row of logits, as a yes or no.
fn all_refuse(x: &[f32], noise: &[f32]) -> bool {
    let n = x.len();
    let (p, mut out) = (params(1, 2, 3), vec![5.0; n]);
    let drawn = RowNoise::new(table(), &p);
    let input = Input { logits: x, given: x };
    let mut refused = Vec::new();
    for noise in [Noise::Drawn(&drawn), Noise::Given(noise)] {
        refused.push(gumbel_max(input, &p, &noise).is_err());
        refused.push(gumbel_softmax(x, &p, &noise, &mut out).is_err());
        refused.push(relative_scores(x, &p, &noise, &mut out).is_err());
    }
    refused.push(gumbel_max(input, &cold(), &Noise::Drawn(&drawn)).is_err());
    for p in [p, cold()] {
        refused.push(softmax(x, &p, &mut out).is_err());
        refused.push(log_softmax(x, &p, &mut out).is_err());
        refused.push(draw(x, &p, 5).is_err());
    }
    assert!(refused.iter().all(|&r| r == refused[0]), "{x:?}: {refused:?}");
    refused[0]
}

#[test]
fn rows_that_are_no_law() {
    for n in LENGTHS {
        let noise = vec![0.5; n];
        assert!(!all_refuse(&vec![0.0; n], &noise), "{n}");
        assert!(all_refuse(&vec![f32::NEG_INFINITY; n], &noise), "{n}");
        let places = if n <= 17 { (0..n).collect() } else { vec![0, 1, 15, 16, n / 2, n - 2, n - 1] };
        for &at in &places {
            for rest in [0.0, f32::NEG_INFINITY, INF] {
                let mut x = vec![rest; n];
                x[at] = f32::NAN;
                assert!(all_refuse(&x, &noise), "{n}, NaN at {at}");
            }
            let mut x = vec![f32::NEG_INFINITY; n];
            x[at] = f32::MIN;
            assert!(!all_refuse(&x, &noise), "{n}, one class possible");
            for &other in places.iter().filter(|&&other| other != at) {
                let mut x = vec![0.0; n];
                (x[at], x[other]) = (INF, INF);
                assert!(all_refuse(&x, &noise), "{n}, +∞ at {at} and {other}");
            }
        }
    }
}

/// Given noise makes a row invalid when it holds a NaN or +∞, or leaves no class with a score.
#[test]
fn given_noise_is_checked() {
    for n in LENGTHS {
        let x: Vec<f32> = (0..n).map(|i| if i % 2 == 0 { 1.0 } else { f32::NEG_INFINITY }).collect();
        let refuses = |noise: &[f32]| {
            let mut out = vec![0.0; n];
            let noise = Noise::Given(noise);
            let p = params(0, 0, 0);
            let results = [
                gumbel_max(Input { logits: &x, given: &x }, &p, &noise).is_err(),
                gumbel_softmax(&x, &p, &noise, &mut out).is_err(),
                relative_scores(&x, &p, &noise, &mut out).is_err(),
            ];
            assert!(results.iter().all(|&r| r == results[0]), "{results:?}");
            results[0]
        };
        assert!(!refuses(&vec![-1.0; n]));
        assert!(refuses(&vec![f32::NEG_INFINITY; n]));
        for at in 0..n {
            for bad in [f32::NAN, INF] {
                let mut noise = vec![0.0; n];
                noise[at] = bad;
                assert!(refuses(&noise), "{bad} at {at} of {n}");
            }
            // −∞ everywhere but at one class: fine where that class has a logit.
            let mut noise = vec![f32::NEG_INFINITY; n];
            noise[at] = 0.0;
            assert_eq!(refuses(&noise), at % 2 == 1, "{at} of {n}");
        }
    }
}

/// "Given noise is checked too" holds for a row with a certain class as for any other.
#[test]
fn given_noise_is_checked_beside_a_certain_class() {
    let x = [0.0, INF, 0.0];
    for noise in [[0.0, f32::NAN, 0.0], [0.0, INF, 0.0], [f32::NEG_INFINITY; 3]] {
        let given = Noise::Given(&noise);
        let mut out = [0.0; 3];
        assert_eq!(gumbel_softmax(&x, &params(0, 0, 0), &given, &mut out), Err(Invalid), "{noise:?}");
        assert_eq!(
            gumbel_max(Input { logits: &x, given: &x }, &params(0, 0, 0), &given),
            Err(Invalid),
            "{noise:?}"
        );
    }
}

#[test]
fn one_infinite_logit_is_certain() {
    for n in LENGTHS {
        for at in [0, n / 2, n - 1] {
            let mut x = vec![3.0; n];
            x[at] = INF;
            let mut hot = vec![0.0; n];
            hot[at] = 1.0;
            let p = params(1, 1, 1);
            let drawn = RowNoise::new(table(), &p);
            let mut out = vec![9.0; n];
            softmax(&x, &p, &mut out).unwrap();
            assert_eq!(out, hot);
            assert_eq!(gumbel_softmax(&x, &p, &Noise::Drawn(&drawn), &mut out), Ok(at));
            assert_eq!(out, hot);
            assert_eq!(gumbel_max(Input { logits: &x, given: &x }, &p, &Noise::Drawn(&drawn)), Ok(at));
            assert_eq!(draw(&x, &p, 9), Ok(vec![at as i32; 9]));
            log_softmax(&x, &p, &mut out).unwrap();
            assert!(out.iter().enumerate().all(|(i, &v)| v == if i == at { 0.0 } else { f32::NEG_INFINITY }));
            // No gradient and no dτ.
            let mut z = vec![0.0; n];
            relative_scores(&x, &p, &Noise::Drawn(&drawn), &mut z).unwrap();
            let mut v = vec![f32::NAN; n];
            v[at] = 2.0;
            vjp::softmax_backward(&hot, &v, 1.0, &mut out);
            assert_eq!(tau::finish_gradient(&mut out, &z, &p), 0.0);
            assert_eq!(out, vec![0.0; n]);
        }
    }
}

/// A temperature of 0 takes the first of the largest logits, and of weights the largest weight even where two of them
/// share a logarithm.
#[test]
fn temperature_zero() {
    for n in LENGTHS {
        for at in [0, n / 2, n - 1] {
            let mut x = vec![-1.0; n];
            x[at..].fill(2.0);
            let noise: Vec<f32> = (0..n).map(|i| i as f32 * 100.0).collect();
            let index = gumbel_max(Input { logits: &x, given: &x }, &cold(), &Noise::Given(&noise));
            assert_eq!(index, Ok(at));
            assert_eq!(draw(&x, &cold(), 5), Ok(vec![at as i32; 5]));
            let mut y = vec![0.0; n];
            softmax(&x, &cold(), &mut y).unwrap();
            assert!(y.iter().enumerate().all(|(i, &y)| y == if i == at { 1.0 } else { 0.0 }));
            log_softmax(&x, &cold(), &mut y).unwrap();
            assert!(y.iter().enumerate().all(|(i, &y)| y == if i == at { 0.0 } else { f32::NEG_INFINITY }));
        }
    }
    let given = [1e30, 1e30f32.next_up(), 1.0];
    let mut l = [0.0; 3];
    weights::to_logits(&given, &mut l);
    assert_eq!(l[0], l[1]);
    let input = Input { logits: &l, given: &given };
    assert_eq!(gumbel_max(input, &cold(), &Noise::Given(&[0.0; 3])), Ok(1));
    let mut out = [0; 2];
    categorical(input, &cold(), &mut out).unwrap();
    assert_eq!(out, [1, 1]);
}

/// Exponents below −100 give exact zeros, and no result is subnormal.
#[test]
fn exact_zeros_below_2_to_the_minus_100() {
    let depths =
        [-99.0, -99.9, -100.1, -101.0, -126.0, -149.0, -1e6].map(|e: f32| e * std::f32::consts::LN_2);
    let mut x = vec![0.0];
    x.extend(depths);
    let mut y = vec![0.0; x.len()];
    softmax(&x, &params(0, 0, 0), &mut y).unwrap();
    assert!(y[1] > 0.0 && y[2] > 0.0, "{y:?}");
    assert_eq!(bits(&y[3..]), vec![0; 5]);
    let v = [1.0, 1.0, 1.0, f32::NAN, INF, f32::NEG_INFINITY, f32::NAN, f32::NAN];
    let mut out = vec![0.0; x.len()];
    vjp::softmax_backward(&y, &v, 1.0, &mut out);
    assert_eq!(bits(&out[3..]), vec![0; 5], "the zeros have no gradient, whatever comes in");
    assert!(out[..3].iter().all(|x| x.is_finite()));
    each_row(|what, x, source| {
        let p = tempered(0.05 + source.uniform(), params(source.bits(), 0, 0));
        let drawn = RowNoise::new(table(), &p);
        let mut y = vec![0.0; x.len()];
        gumbel_softmax(x, &p, &Noise::Drawn(&drawn), &mut y).unwrap();
        assert!(y.iter().all(|y| *y == 0.0 || y.is_normal()), "{what}");
    });
}

/// A marked row is NaN throughout, and so is everything made from it.
#[test]
fn marked_rows_stay_marked() {
    let marked = [f32::NAN; 5];
    let mut out = [0.0; 5];
    vjp::softmax_backward(&marked, &[1.0; 5], 1.0, &mut out);
    assert_eq!(bits(&out), [NAN; 5]);
    vjp::log_softmax_vjp(&marked, &[1.0; 5], &mut out);
    assert_eq!(bits(&out), [NAN; 5]);
    vjp::log_softmax_jvp(&marked, &[1.0; 5], &mut out);
    assert_eq!(bits(&out), [NAN; 5]);
}

#[test]
fn first_equal_finds_the_first() {
    for n in LENGTHS {
        for at in [0, n / 2, n - 1] {
            let mut x = vec![1.0; n];
            x[at..].fill(5.0);
            assert_eq!(first_equal(&x, 5.0), at);
        }
    }
    assert_eq!(first_equal(&[-0.0, 0.0], 0.0), 0);
}
