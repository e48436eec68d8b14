//! The seven rules that make the bits the same everywhere (ARCHITECTURE.md), as far as one machine can show them.

mod common;

use common::one_row::{Noise, exp2, gumbel_max};
use common::{LENGTHS, NAN, Source, bits, block_sum, cold, logits, params};
use gumbel_kernels::lane::{F32x4, U32x4};
use gumbel_kernels::relaxed::Input;
use gumbel_kernels::softmax::{RATE, log_softmax, log_sum_exp, softmax};
use gumbel_kernels::{Invalid, math, reduce, row, tau, vjp, weights, wide};

/// Every float that arithmetic treats in its own way.
const SPECIAL: [f32; 13] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    1e-45,
    -1e-45,
    f32::MIN_POSITIVE,
    f32::MAX,
    f32::MIN,
    f32::INFINITY,
    f32::NEG_INFINITY,
    f32::NAN,
    f32::from_bits(0xffc1_2345),
];

/// No libm, no fused and no relaxed form: the crate has neither std nor dependencies, and the names don't occur.
#[test]
fn rule_1_no_libm_nothing_fused_or_relaxed() {
    let crate_root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &std::path::Path| std::fs::read_to_string(path).unwrap();
    assert!(read(&crate_root.join("src/lib.rs")).contains("#![no_std]"));
    assert!(!read(&crate_root.join("Cargo.toml")).contains("[dependencies]"));
    let forbidden =
        ["mul_add", "relaxed_", "libm", ".exp(", ".ln(", ".sqrt(", ".powf(", ".powi(", "to_int_unchecked"];
    let list = |path| std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    let folders = list(crate_root.join("src")).filter(|path| path.is_dir());
    for path in folders.chain([crate_root.join("src")]).flat_map(list).filter(|path| path.is_file()) {
        // Comments may name what the code avoids.
        let text: String = read(&path).lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        for name in forbidden {
            assert!(!text.contains(name), "{name} in {}", path.display());
        }
    }
}

#[test]
fn rule_2_max_is_a_less_than_b_then_b_else_a() {
    for a in SPECIAL {
        for b in SPECIAL {
            let expected = (if a < b { b } else { a }).to_bits();
            assert_eq!(
                F32x4::splat(a).max(F32x4::splat(b)).to_array().map(f32::to_bits),
                [expected; 4],
                "{a} {b}"
            );
            assert_eq!(wide::max(a, b).to_bits(), expected, "{a} {b}");
        }
    }
    for (a, b) in [(0, 0), (0, 1), (1, 0), (1 << 31, 1), (u32::MAX, 1 << 31), (7, 7)] {
        let expected = if a < b { a } else { b };
        assert_eq!(U32x4::splat(a).min(U32x4::splat(b)).to_array(), [expected; 4], "unsigned: {a} {b}");
    }
}

/// Zeros of either sign among the logits give equal results (a result that is itself a zero may differ in its sign).
#[test]
fn rule_2_nothing_depends_on_the_sign_of_zero() {
    let mut source = Source(20);
    for n in LENGTHS {
        let with = |zero: [f32; 2], source: &mut Source| -> Vec<f32> {
            (0..n).map(|_| [zero[0], zero[1], -1.0][source.below(3)]).collect()
        };
        let seed = source.bits();
        let (a, b) = (with([0.0, 0.0], &mut Source(seed)), with([0.0, -0.0], &mut Source(seed)));
        let c = with([-0.0, -0.0], &mut Source(seed));
        let noise = source.normals(n, 1.0);
        let results = [a, b, c].map(|x| {
            let (mut y, mut z) = (vec![0.0; n], vec![0.0; n]);
            softmax(&x, &params(0, 0, 0), &mut y).unwrap();
            log_softmax(&x, &params(0, 0, 0), &mut z).unwrap();
            let input = Input { logits: &x, given: &x };
            let drawn = gumbel_max(input, &params(0, 0, 0), &Noise::Given(&noise)).unwrap();
            (
                y,
                z,
                log_sum_exp(&x).unwrap(),
                drawn,
                gumbel_max(input, &cold(), &Noise::Given(&noise)).unwrap(),
            )
        });
        assert_eq!(results[0], results[1], "n {n}");
        assert_eq!(results[0], results[2], "n {n}");
    }
}

#[test]
fn rule_3_nan_is_found_anywhere() {
    for n in LENGTHS {
        for nan in [0x7fc0_0000, 0xffc0_0000, 0x7f80_0001, 0xffff_ffff, 0x7fc1_2345].map(f32::from_bits) {
            for at in [0, n / 2, n - 1] {
                let mut x = vec![0.0; n];
                x[at] = nan;
                assert_eq!(row::inspect(&x), Err(Invalid), "n {n}, at {at}");
            }
        }
    }
}

/// NaN of any bits in an upstream gradient or tangent, infinities that cancel, sums that overflow: what is written is
/// 0x7fc00000 or no NaN. (x86 makes 0xffc00000 of ∞ − ∞, ARM 0x7fc00000, and both pass payloads on.)
#[test]
fn rule_3_nan_is_written_as_one_constant() {
    let nan = f32::from_bits(0xffc1_2345);
    let alone = [nan, f32::INFINITY, f32::NEG_INFINITY, f32::MAX]
        .into_iter()
        .flat_map(|x| (0..5).map(move |at| [(at, x); 2]));
    let bad: Vec<Vec<f32>> = [
        [nan; 2],
        [f32::INFINITY, f32::NEG_INFINITY],
        [f32::INFINITY; 2],
        [f32::NEG_INFINITY; 2],
        [f32::MAX, f32::MAX],
        [f32::MAX, f32::MIN],
    ]
    .into_iter()
    .flat_map(|pair| (0..5).map(move |at| [(at, pair[0]), ((at + 2) % 5, pair[1])]))
    .chain(alone)
    .map(|places| {
        let mut v = vec![1.0, -2.0, 3.0, 0.5, 0.25];
        places.into_iter().for_each(|(at, x)| v[at] = x);
        v
    })
    .collect();
    // One class impossible, one so far down that its probability is 0.
    let logits = [0.0, 1.0, f32::NEG_INFINITY, -200.0, 0.5];
    let (mut y, mut value) = ([0.0; 5], [0.0; 5]);
    softmax(&logits, &params(0, 0, 0), &mut y).unwrap();
    log_softmax(&logits, &params(0, 0, 0), &mut value).unwrap();
    let given = [1.0, 2.0, 0.0, 3.0, 4.0];
    let mut wrong = Vec::new();
    for v in bad {
        let mut check = |name: &str, out: &[f32]| {
            if out.iter().any(|x| x.is_nan() && x.to_bits() != NAN) {
                wrong.push(format!("{name} of {v:?}: {:x?}", bits(out)));
            }
        };
        let mut out = [0.0; 5];
        for scale in [1.0, 1e30, 1e-30] {
            vjp::softmax_backward(&y, &v, scale, &mut out);
            check("softmax_backward", &out);
        }
        vjp::softmax_backward(&y, &v, 1.0, &mut out);
        let relative = [-1.0, 0.0, f32::NEG_INFINITY, -201.0, -0.5];
        let by_tau = tau::finish_gradient(&mut out, &relative, &params(0, 0, 0));
        check("finish_gradient", &out);
        check("finish_gradient, τ", &[by_tau]);
        weights::divide(&mut out, &given);
        check("divide", &out);
        vjp::log_softmax_vjp(&value, &v, &mut out);
        check("log_softmax_vjp", &out);
        vjp::log_softmax_jvp(&value, &v, &mut out);
        check("log_softmax_jvp", &out);
        let mut room = [0.0; 5];
        check("log_sum_exp_jvp", &[vjp::log_sum_exp_jvp(&logits, &v, &mut room).unwrap()]);
        for &v in &v {
            vjp::log_sum_exp_vjp(&logits, v, &mut out).unwrap();
            check("log_sum_exp_vjp", &out);
            // A tangent of τ that is bad, and one of 0 beside a score of −∞: NaN where y = 0, which the product skips.
            for tau_tangent in [v, 0.0] {
                let mut tangent = [1.0; 5];
                tau::add_tangent(&mut tangent, &relative, tau_tangent);
                vjp::softmax_backward(&y, &tangent, 1.0, &mut out);
                check("jvp with τ", &out);
            }
        }
    }
    assert!(wrong.is_empty(), "{}: {}", wrong.len(), wrong.join("\n"));
}

/// The integer part of t reaches the exponent by adding 1.5·2^23 and nothing else: right up to the floor, nonsense
/// below it is masked, halves go to the even integer.
#[test]
fn rule_4_integers_only_within_range() {
    let one = |t: f32| exp2(F32x4::splat(t)).to_array()[0];
    for t in [
        -100.000_01,
        -127.0,
        -128.0,
        -8_388_608.0,
        -12_582_912.0,
        -1e10,
        f32::MIN,
        f32::NEG_INFINITY,
        f32::NAN,
    ] {
        assert_eq!(one(t).to_bits(), 0, "exp2({t})");
    }
    assert_eq!(one(-100.0), 2f32.powi(-100));
    for n in 0..100 {
        let t = -(n as f32) - 0.5;
        let round = t + 12_582_912.0 - 12_582_912.0;
        assert_eq!(round, t.round_ties_even(), "{t}");
        let truth = f64::from(t).exp2();
        assert!((f64::from(one(t)) - truth).abs() <= truth * 2f64.powi(-22), "{t}");
    }
}

/// i32 → f32 to the nearest, ties to even, written out in integers.
fn nearest_float(k: i32) -> f32 {
    let magnitude = u64::from(k.unsigned_abs());
    let length = 64 - magnitude.leading_zeros();
    let shift = length.saturating_sub(24);
    let (kept, rest, half) = (magnitude >> shift, magnitude & ((1 << shift) - 1), (1u64 << shift) >> 1);
    let up = shift > 0 && (rest > half || rest == half && kept % 2 == 1);
    // At most 25 bits, the last of them 0: exact.
    let value = (kept + u64::from(up)) as f32 * 2f32.powi(shift as i32);
    if k < 0 { -value } else { value }
}

#[test]
fn rule_5_signed_conversion_rounds_once() {
    let mut source = Source(5);
    let edges =
        [0, 1, 1 << 16, (1 << 24) - 1, (1 << 24) + 1, (1 << 24) + 3, i32::MAX as u32 - 63, i32::MAX as u32];
    let edges = edges.into_iter().flat_map(|k| [k, k.wrapping_neg(), !k]).chain([1 << 31, (1 << 31) + 1]);
    for k in edges.chain((0..1_000_000).map(|_| source.word())) {
        let got = U32x4::splat(k).signed_to_f32().to_array();
        assert_eq!(got.map(f32::to_bits), [nearest_float(k as i32).to_bits(); 4], "{k:#x}");
    }
}

/// Rule 6 as it is worded: blocks from columns 0, 256, …; partial j takes the columns ≡ j mod 16 in order, a missing
/// one adds +0; joined j + 8, j + 4, j + 2, j + 1; the results added in float64 in order.
fn rule_6(x: &[f32]) -> f64 {
    let mut total = 0.0;
    for start in (0..x.len()).step_by(256) {
        let mut partial = [0f32; 16];
        for column in start..(start + 256).min(x.len()).next_multiple_of(16) {
            partial[column % 16] += x.get(column).copied().unwrap_or(0.0);
        }
        for step in [8, 4, 2, 1] {
            for j in 0..step {
                partial[j] += partial[j + step];
            }
        }
        total += f64::from(partial[0]);
    }
    total
}

#[test]
fn rule_6_reduction_order() {
    let mut source = Source(6);
    let mut others = 0;
    for n in LENGTHS.into_iter().chain([0, 31, 33, 511, 512, 767, 5_000]) {
        let x = source.normals(n, 4.0);
        let v = source.normals(n, 100.0);
        let max = x.iter().copied().fold(f32::NEG_INFINITY, wide::max);
        let e: Vec<f32> = x
            .iter()
            .map(|x| exp2((F32x4::splat(*x) - F32x4::splat(max)) * F32x4::splat(RATE)).to_array()[0])
            .collect();
        let expected = rule_6(&e).to_bits();
        let (mut out, mut in_place) = (vec![0.0; n], x.clone());
        assert_eq!(reduce::exp_sum(&x, max, RATE).to_bits(), expected, "n {n}");
        assert_eq!(reduce::exp_sum_into(&x, &mut out, max, RATE).to_bits(), expected, "n {n}");
        assert_eq!(reduce::exp_sum_in_place(&mut in_place, max, RATE).to_bits(), expected, "n {n}");
        assert_eq!(bits(&out), bits(&e), "n {n}");
        assert_eq!(bits(&in_place), bits(&e), "n {n}");
        let products: Vec<f32> = e.iter().zip(&v).map(|(e, v)| e * v).collect();
        assert_eq!(reduce::dot(&e, &v).to_bits(), (rule_6(&products) as f32).to_bits(), "n {n}");
        others += usize::from(e.iter().map(|&e| f64::from(e)).sum::<f64>().to_bits() != expected);
    }
    assert!(others > 10, "the inputs must tell one order from another");
}

/// The same order in float64: the sums of `categorical`'s blocks.
#[test]
fn rule_6_reduction_order_in_float64() {
    let mut source = Source(7);
    for n in LENGTHS {
        let x = source.normals(n, 8.0);
        let max = x.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let (mut e, mut sums) = (vec![0.0; n], vec![]);
        reduce::exp_block_sums(&x, &mut e, max, 1.5, |sum| sums.push(sum));
        let mut expected = vec![];
        for block in e.chunks(256) {
            expected.push(block_sum(block));
        }
        assert_eq!(sums, expected, "n {n}");
    }
}

/// Sums for details, beside the exponentials: the same sums, and products with z by the same order in float32.
#[test]
fn rule_6_reduction_order_beside_exponentials() {
    let (mut source, rate, scale) = (Source(8), 1.5, 0.9);
    for n in LENGTHS {
        for possible in [1.0, 0.5, 0.02] {
            let mut x = source.normals(n, 8.0);
            x[1..].iter_mut().filter(|_| source.uniform() > possible).for_each(|x| *x = f32::NEG_INFINITY);
            let max = x.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let (mut e, mut sums) = (vec![0.0; n], vec![]);
            reduce::exp_block_sums(&x, &mut e, max, rate, |sum| sums.push(sum));
            let product = |(&e, &x): (&f32, &f32)| if e == 0.0 { 0.0 } else { e * ((x - max) * scale) };
            let products: Vec<f32> = e.iter().zip(&x).map(product).collect();
            let z_sum = rule_6(&products);
            for sparse in [false, true] {
                let (mut got_e, mut got) = (vec![f32::NAN; n], vec![]);
                let factors = (max, rate, scale);
                let got_z =
                    reduce::exp_block_sums_with_z(&x, &mut got_e, factors, sparse, &mut |sum| got.push(sum));
                assert_eq!((bits(&got_e), &got, got_z), (bits(&e), &sums, z_sum), "n {n}");
                assert_eq!(reduce::exp_sum_with_z(&x, factors), (sums.iter().sum(), z_sum), "n {n}");
            }
        }
    }
}

#[test]
fn rule_7_log_accepts_subnormals() {
    let one = |x: f32| math::log(F32x4::splat(x)).to_array()[0];
    for power in 0..23 {
        let x = f32::from_bits(1 << power);
        let truth = f64::from(x).ln();
        assert!((f64::from(one(x)) - truth).abs() <= truth.abs() * 2f64.powi(-23), "log({x:e}) = {}", one(x));
    }
    // Weights that are all subnormal are a law like any other.
    let (mut logits, mut y) = ([0.0; 3], [0.0; 3]);
    weights::to_logits(&[f32::from_bits(1), f32::from_bits(2), 0.0], &mut logits);
    softmax(&logits, &params(0, 0, 0), &mut y).unwrap();
    assert!((y[0] - 1.0 / 3.0).abs() < 1e-5 && (y[1] - 2.0 / 3.0).abs() < 1e-5 && y[2] == 0.0, "{y:?}");
}

#[test]
fn rule_7_integer_arithmetic_wraps() {
    let max = U32x4::splat(u32::MAX);
    assert_eq!((max + U32x4::splat(2)).to_array(), [1; 4]);
    assert_eq!(max.shl::<23>().to_array(), [0xff80_0000; 4]);
    assert_eq!(max.shr::<31>().to_array(), [1; 4]);
    let (high, low) = max.mul_wide(max);
    assert_eq!((high.to_array(), low.to_array()), ([u32::MAX - 1; 4], [1; 4]));
}

/// All kinds of inputs give the same bits in a row of their own memory and at an odd place of a longer one.
#[test]
fn bits_do_not_depend_on_alignment() {
    let mut source = Source(8);
    for n in LENGTHS {
        for (name, x) in logits(n, &mut source) {
            let mut padded = vec![7.0; 3];
            padded.extend(&x);
            let (mut a, mut b) = (vec![0.0; n], vec![0.0; n + 1]);
            softmax(&x, &params(0, 0, 0), &mut a).unwrap();
            softmax(&padded[3..], &params(0, 0, 0), &mut b[1..]).unwrap();
            assert_eq!(bits(&a), bits(&b[1..]), "{name} {n}");
        }
    }
}
