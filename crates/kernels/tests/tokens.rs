//! Filters of tokens, masks and biases by their definitions, over lengths at which the kernels take another path. The
//! laws of top-p and typical-p against float64 are in `test/token-filters.test.ts`.

mod common;

use common::one_row::{categorical, draw_one, filter_tokens};
use common::{LENGTHS, Source, cold, logits, params, split_in, tempered};
use gumbel_kernels::philox::{Purpose, word};
use gumbel_kernels::reduce::exp_block_sums;
use gumbel_kernels::relaxed::Input;
use gumbel_kernels::{Params, restrict};

const TEMPERATURE: u32 = 1;
const TOP_K: u32 = 2;
const TOP_P: u32 = 3;
const MIN_P: u32 = 4;
const TYPICAL_P: u32 = 5;

fn filtered(x: &[f32], t: f64, steps: &[(u32, f64)]) -> Vec<f32> {
    let mut row = x.to_vec();
    filter_tokens(&mut row, &tempered(t, params(0, 0, 0)), steps).unwrap();
    row
}

fn each_row(mut test: impl FnMut(&str, &[f32])) {
    let mut source = Source(1);
    for n in LENGTHS.into_iter().chain([4099, 40_000]) {
        for (kind, x) in logits(n, &mut source) {
            test(&format!("{kind}, {n} classes"), &x);
        }
    }
}

#[test]
fn top_k_is_that_of_a_sort() {
    each_row(|name, x| {
        let mut sorted: Vec<f32> = x.iter().copied().filter(|&x| x > f32::NEG_INFINITY).collect();
        sorted.sort_by(|a, b| b.total_cmp(a));
        for k in [1, 2, 16, x.len() / 3 + 1, x.len() + 1] {
            let least = sorted[k.min(sorted.len()) - 1];
            for (x, got) in x.iter().zip(filtered(x, 1.0, &[(TOP_K, k as f64)])) {
                let expected = if *x >= least { *x } else { f32::NEG_INFINITY };
                assert_eq!(got.to_bits(), expected.to_bits(), "{name}, k = {k}");
            }
        }
    });
}

/// What is kept of the classes, by weight and distance: no class that is dropped is nearer than one that is kept.
#[test]
fn filters_keep_by_value() {
    each_row(|name, x| {
        for step in [TOP_P, MIN_P] {
            for p in [0.1, 0.5, 0.9] {
                let kept = filtered(x, 0.7, &[(TEMPERATURE, 0.0), (step, p)]);
                let least = kept.iter().copied().filter(|&x| x > f32::NEG_INFINITY).fold(f32::MAX, f32::min);
                let dropped = x.iter().zip(&kept).filter(|(_, kept)| **kept == f32::NEG_INFINITY);
                assert!(dropped.into_iter().all(|(x, _)| *x < least), "{name}, step {step}, p = {p}");
            }
        }
    });
}

/// Zipf's law in an order without a pattern, the same in steps as bfloat16 has it, two values, and one.
fn laws(n: usize, source: &mut Source) -> Vec<Vec<f32>> {
    let zipf: Vec<f32> = (0..n).map(|_| -(source.uniform().ln() as f32) + source.normal()).collect();
    let steps = zipf.iter().map(|x| f32::from_bits(x.to_bits() & 0xffff_0000)).collect();
    let two = (0..n).map(|_| (source.word() % 2) as f32).collect();
    vec![zipf, steps, two, vec![-2.5; n]]
}

/// By a sort, with the kernel's own weights: the least distance up to which they reach p of their sum.
#[test]
fn top_p_keeps_what_its_rule_says() {
    let mut source = Source(3);
    for n in LENGTHS.into_iter().chain([4099, 40_000]) {
        for x in laws(n, &mut source) {
            let rate = tempered(0.7, params(0, 0, 0)).rate;
            let max = x.iter().copied().fold(f32::MIN, f32::max);
            let mut weights = vec![0.0; n];
            let mut total = 0.0;
            exp_block_sums(&x, &mut weights, max, rate, |sum| total += sum);
            let mut order: Vec<usize> = (0..n).collect();
            order.sort_by(|&a, &b| x[b].total_cmp(&x[a]));
            for p in [0.0, 1e-9, 0.1, 0.5, 0.9, 0.99, 0.9999] {
                let (mut sum, mut last) = (0.0, 0);
                for &i in &order {
                    (sum, last) = (sum + f64::from(weights[i]), i);
                    if sum >= p * total {
                        break;
                    }
                }
                let distance = |x: f32| (max - x) * rate;
                let farthest = distance(x[last]);
                for (x, got) in x.iter().zip(filtered(&x, 0.7, &[(TEMPERATURE, 0.0), (TOP_P, p)])) {
                    let kept = distance(*x) <= farthest;
                    assert_eq!(got > f32::NEG_INFINITY, kept, "{n} classes, p = {p}");
                }
            }
        }
    }
}

/// The distances to the entropy make one interval of logits.
#[test]
fn typical_p_keeps_an_interval() {
    each_row(|name, x| {
        for p in [0.0, 0.2, 0.9] {
            let kept = filtered(x, 1.3, &[(TEMPERATURE, 0.0), (TYPICAL_P, p)]);
            let finite = kept.iter().copied().filter(|&x| x > f32::NEG_INFINITY);
            let (least, most) = finite.fold((f32::MAX, f32::MIN), |(a, b), x| (a.min(x), b.max(x)));
            assert!(least <= most, "{name}, p = {p}: nothing is left");
            for (x, kept) in x.iter().zip(&kept) {
                assert_eq!(
                    *kept == *x && *x > f32::NEG_INFINITY,
                    (least..=most).contains(x),
                    "{name}, p = {p}"
                );
            }
        }
    });
}

/// A distance that is rounded to 0 has no sign: two of these three are as near as can be.
#[test]
fn zeros_are_equal() {
    let x = [-f32::from_bits(2), -0.0, f32::from_bits(1)];
    let kept = |p| filtered(&x, 5.0, &[(TEMPERATURE, 0.0), (TOP_P, p)]);
    assert_eq!(kept(0.6), [f32::NEG_INFINITY, x[1], x[2]]);
    assert_eq!(kept(0.7), x);
}

#[test]
fn filters_that_are_off_keep_all() {
    let off = [(TEMPERATURE, 0.0), (TOP_K, 0.0), (TOP_P, 1.0), (MIN_P, 0.0), (TYPICAL_P, 1.0)];
    each_row(|name, x| {
        let bits = |x: &[f32]| x.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&filtered(x, 0.5, &off)), bits(x), "{name}");
    });
}

#[test]
fn masks_and_biases() {
    let mut source = Source(2);
    let infinities = [f32::NEG_INFINITY, f32::INFINITY, 0.0];
    for n in LENGTHS {
        let x: Vec<f32> =
            (0..n).map(|i| if i % 5 == 3 { infinities[i % 3] } else { source.normal() }).collect();
        let bias: Vec<f32> =
            (0..n).map(|i| if i % 7 == 2 { infinities[i % 3] } else { source.normal() }).collect();
        let words: Vec<u32> = (0..n.div_ceil(32)).map(|_| source.word()).collect();
        let mut biased = x.clone();
        restrict::add_bias(&mut biased, &bias);
        for i in 0..n {
            let none = x[i] == f32::NEG_INFINITY || bias[i] == f32::NEG_INFINITY;
            let expected = if none { f32::NEG_INFINITY } else { x[i] + bias[i] };
            assert_eq!(biased[i].to_bits(), expected.to_bits(), "{n} classes, {i}");
        }
        for forbidden in [f32::NEG_INFINITY, 0.0] {
            let mut masked = x.clone();
            restrict::mask(&mut masked, &words, forbidden);
            for i in 0..n {
                let expected = if words[i / 32] >> (i % 32) & 1 == 1 { x[i] } else { forbidden };
                assert_eq!(masked[i].to_bits(), expected.to_bits(), "{n} classes, {i}");
            }
        }
    }
}

#[test]
fn masks_of_bytes_are_packed() {
    let mut source = Source(4);
    for n in LENGTHS.into_iter().chain([31, 32, 33, 64, 4099]) {
        let bytes: Vec<u8> =
            (0..n).map(|_| if source.word() < 1 << 31 { 0 } else { 1 << (source.word() % 8) }).collect();
        let mut bits = vec![u32::MAX; n.div_ceil(32)];
        restrict::pack_mask(&bytes, &mut bits);
        for i in 0..32 * bits.len() {
            let expected = bytes.get(i).is_some_and(|&byte| byte != 0);
            assert_eq!(bits[i / 32] >> (i % 32) & 1 == 1, expected, "{n} classes, {i}");
        }
    }
}

/// With the weights of one block, or of those on both sides of a border that the second word decides about.
#[test]
fn one_draw_is_that_of_categorical() {
    let same = |x: &[f32], params: &Params, name: &str| {
        let (input, mut expected) = (Input { logits: x, given: x }, [-1]);
        categorical(input, params, &mut expected).unwrap();
        assert_eq!(draw_one(input, params).unwrap() as i32, expected[0], "{name}");
    };
    each_row(|name, x| {
        for row in 0..20 {
            same(x, &tempered(0.7, params(1, 0, row)), name);
        }
        same(x, &cold(), name);
    });
    for row in 0..50 {
        let key = Params { rate: 1.0, ..params(2, 0, row) };
        let (x, left) = split_in(word(&key, Purpose::Draw, 0), 40);
        for before in [0, 256 - left, 512 - left, 257 - left] {
            let mut row = vec![f32::NEG_INFINITY; before];
            row.extend(&x);
            same(&row, &key, &format!("{before} before"));
        }
    }
}
