//! exp2, log and log1p over every float32 of their domains, and the float64 logarithms at points and at random.

mod common;

use common::one_row::exp2;
use common::{NAN, Source, on_all_cores, say};
use gumbel_kernels::lane::F32x4;
use gumbel_kernels::math::{Log1p, exp_f64, expm1_f64, log, log_f64, log1p_f64};
use std::ops::Range;
use std::sync::Mutex;

fn one(f: impl Fn(F32x4) -> F32x4, x: f32) -> f32 {
    f(F32x4::splat(x)).to_array()[0]
}

/// `check(x, f(x))` for the floats with these bits; the largest of its values and where it is.
fn sweep(
    name: &str,
    range: Range<u64>,
    f: impl Fn(F32x4) -> F32x4 + Sync,
    check: impl Fn(f32, f32) -> f64 + Sync,
) -> (f64, f32) {
    let worst = on_all_cores(name, range, |piece| {
        let mut worst = (0.0, 0.0);
        let mut y = [0.0; 512];
        for start in piece.clone().step_by(y.len()) {
            // A loop of its own, which the compiler turns into vectors.
            for (at, y) in y.as_chunks_mut::<4>().0.iter_mut().enumerate() {
                let first = start as u32 + 4 * at as u32;
                *y = f(F32x4::new([0, 1, 2, 3].map(|i| f32::from_bits(first.wrapping_add(i))))).to_array();
            }
            for (bits, &y) in (start..piece.end).zip(&y) {
                let x = f32::from_bits(bits as u32);
                let error = check(x, y);
                if worst.0 < error {
                    worst = (error, x);
                }
            }
        }
        worst
    });
    worst.into_iter().fold((0.0, 0.0), |a, b| if a.0 < b.0 { b } else { a })
}

/// Every float32 in [−100, −0].
#[test]
fn exp2_error() {
    let range = u64::from((-0f32).to_bits())..u64::from((-100f32).to_bits()) + 1;
    let (worst, at) = sweep("exp2", range, exp2, |t, y| {
        let truth = f64::from(t).exp2();
        (f64::from(y) - truth).abs() / truth
    });
    say(&format!("exp2: relative error at most {worst:.4e} = 2^{:.3}, at {at:e}", worst.log2()));
    assert!(worst <= 2f64.powi(-22), "{worst:e} at {at:e}");
}

/// Every float32 below −100, −∞ and every NaN give +0; 0 and −0 give 1; no result is subnormal or above 1.
#[test]
fn exp2_exact_values() {
    let check = |t: f32, y: f32| {
        assert_eq!(y.to_bits(), 0, "exp2({t:e})");
        0.0
    };
    sweep("exp2 below its floor, −∞, −NaN", u64::from((-100f32).to_bits()) + 1..1 << 32, exp2, check);
    sweep("exp2 of +NaN", 0x7f80_0001..1 << 31, exp2, check);
    assert_eq!(one(exp2, 0.0), 1.0);
    assert_eq!(one(exp2, -0.0), 1.0);
    for n in 0..=100 {
        assert_eq!(one(exp2, -(n as f32)), 2f32.powi(-n), "2^-{n} is exact");
    }
}

/// Every positive float32, subnormal ones included: the error relative to max(1, |log x|), and relative to |log x|,
/// which is more to ask near 1.
#[test]
fn log_error() {
    let near_one = Mutex::new((0.0, 0.0));
    let (worst, at) = sweep("log", 1..0x7f80_0000, log, |x, y| {
        let truth = f64::from(x).ln();
        let error = (f64::from(y) - truth).abs();
        if truth.abs() < 1.0 && error > 0.0 && error / truth.abs() > 2f64.powi(-24) {
            let mut worst = near_one.lock().unwrap();
            if worst.0 < error / truth.abs() {
                *worst = (error / truth.abs(), x);
            }
        }
        error / truth.abs().max(1.0)
    });
    let near_one = near_one.into_inner().unwrap();
    say(&format!("log: error at most {worst:.4e}·max(1, |log x|) = 2^{:.3}, at {at:e}", worst.log2()));
    say(&format!(
        "log: relative error at most {:.4e} = 2^{:.3}, at {:e}",
        near_one.0,
        near_one.0.log2(),
        near_one.1
    ));
    assert!(worst <= 2f64.powi(-23), "{worst:e} at {at:e}");
    assert!(near_one.0 <= 2f64.powi(-23), "{near_one:?}");
}

/// Every float32 in [0, 1]; exactly 0 at 0.
#[test]
fn log1p_error() {
    let log1p = |x| Log1p::new().of(x);
    let (worst, at) = sweep("log1p", 1..u64::from(1f32.to_bits()) + 1, log1p, |x, y| {
        let truth = f64::from(x).ln_1p();
        (f64::from(y) - truth).abs() / truth
    });
    say(&format!("log1p: relative error at most {worst:.4e} = 2^{:.3}, at {at:e}", worst.log2()));
    assert!(worst <= 2f64.powi(-22), "{worst:e} at {at:e}");
    assert_eq!(one(log1p, 0.0).to_bits(), 0);
}

/// 0 and −0 give −∞; negative floats, both infinities and NaN give the one NaN.
#[test]
fn log_outside_its_domain() {
    let edges =
        [0x7f80_0000, 0x7f80_0001, 0x7fff_ffff, 0x8000_0001, 0x8080_0000, 0xff80_0000, 0xff80_0001, u32::MAX];
    // One negative float or NaN in 17.
    for bits in
        edges.into_iter().chain((0x8000_0001..u32::MAX).step_by(17)).chain((0x7f80_0000..1 << 31).step_by(17))
    {
        assert_eq!(one(log, f32::from_bits(bits)).to_bits(), NAN, "log of {bits:#x}");
    }
    assert_eq!(one(log, 0.0), f32::NEG_INFINITY);
    assert_eq!(one(log, -0.0), f32::NEG_INFINITY);
    assert_eq!(one(log, 1.0).to_bits(), 0);
}

/// (truth − value)/truth, with the truth in two parts.
fn relative(value: f64, [high, low]: [f64; 2]) -> f64 {
    (((value - high) - low) / high).abs()
}

/// Against mpmath 1.3 at 200 bits: the truth is the sum of the two numbers.
#[test]
fn float64_logs_at_points() {
    let worst = |points: &[[u64; 3]], f: fn(f64) -> f64| {
        let errors = points.iter().map(|point| {
            let [x, high, low] = point.map(f64::from_bits);
            relative(f(x), [high, low])
        });
        errors.fold(0.0, f64::max)
    };
    let errors = [worst(&LOG, log_f64), worst(&LOG1P, log1p_f64)];
    say(&format!(
        "log_f64, log1p_f64 at points: 2^{:.2}, 2^{:.2} relative",
        errors[0].log2(),
        errors[1].log2()
    ));
    assert!(errors.iter().all(|&e| e <= 2f64.powi(-51)), "{errors:?}");
    assert_eq!(log_f64(1.0), 0.0);
    assert_eq!(log1p_f64(0.0), 0.0);
}

/// Against the standard library, good to an ulp itself: hence 2^-51 and 2^-52 of slack.
#[test]
fn float64_logs_at_random() {
    const N: usize = 4_000_000;
    let mut source = Source(2);
    let mut worst = [0f64; 4];
    for _ in 0..N {
        let anywhere = f64::from_bits((source.bits() >> 12) | ((1 + source.below(2046) as u64) << 52));
        let near_one = 1.0 + (source.uniform() - 0.5) * 2f64.powi(-(source.below(50) as i32));
        // What the noise asks for: −w in (−0.29, 0) at every scale, and any word's 1 − w.
        let small = -0.29 * source.uniform() * 2f64.powi(-(source.below(64) as i32));
        let word = -(f64::from(source.word()) + 0.5) * 2f64.powi(-32);
        let pairs = [
            (log_f64(anywhere), anywhere.ln()),
            (log_f64(near_one), near_one.ln()),
            (log1p_f64(small), small.ln_1p()),
            (log1p_f64(word), word.ln_1p()),
        ];
        for (worst, (got, truth)) in worst.iter_mut().zip(pairs) {
            if got != truth {
                *worst = worst.max(((got - truth) / truth).abs());
            }
        }
    }
    say(&format!("float64 logs from std's, {N} each: {:.2?} (log2, relative)", worst.map(f64::log2)));
    assert!(worst.iter().all(|&e| e <= 2f64.powi(-51) + 2f64.powi(-52)), "{worst:?}");
}

/// e^x and e^x − 1 against std's over their domains, dense near 0; and log(1 + x) for x ≥ 0.
#[test]
fn float64_exponentials() {
    const N: usize = 1 << 20;
    let mut source = Source(12);
    let mut worst = [0.0f64; 3];
    for _ in 0..N {
        let x = source.uniform() * 1400.0 - 700.0;
        let scale = 2f64.powi(-(source.below(60) as i32));
        let small = -50.0 * source.uniform() * scale;
        let positive = 1e6 * source.uniform() * scale;
        let pairs = [
            (exp_f64(x), x.exp()),
            (expm1_f64(small), small.exp_m1()),
            (log1p_f64(positive), positive.ln_1p()),
        ];
        for (worst, (got, truth)) in worst.iter_mut().zip(pairs) {
            *worst = worst.max(((got - truth) / truth).abs());
        }
    }
    say(&format!("float64 exponentials from std's, {N} each: {:.2?} (log2, relative)", worst.map(f64::log2)));
    assert!(worst.iter().all(|&e| e <= 2f64.powi(-51) + 2f64.powi(-52)), "{worst:?}");
    assert_eq!([exp_f64(0.0), expm1_f64(0.0), expm1_f64(-0.0)], [1.0, 0.0, 0.0]);
    assert_eq!([exp_f64(-701.0), exp_f64(f64::NEG_INFINITY)], [0.0, 0.0]);
    assert_eq!([expm1_f64(-50.5), expm1_f64(-1e300), expm1_f64(f64::NEG_INFINITY)], [-1.0; 3]);
}

/// x, and log x as a sum of two floats, all as bits.
#[rustfmt::skip]
const LOG: [[u64; 3]; 32] = [
    [0x0010_0000_0000_0000, 0xc086_232b_dd7a_bcd2, 0xbd1e_ef3f_ec1b_e37f],
    [0x7fef_ffff_ffff_ffff, 0x4086_2e42_fefa_39ef, 0x3d1a_9c9e_3b39_803f],
    [0x3fef_ffff_ffff_ffff, 0xbca0_0000_0000_0000, 0xb940_0000_0000_0000],
    [0x3ff0_0000_0000_0001, 0x3caf_ffff_ffff_ffff, 0x3615_5555_5555_5554],
    [0x3fe0_0000_0000_0000, 0xbfe6_2e42_fefa_39ef, 0xbc7a_bc9e_3b39_803f],
    [0x4000_0000_0000_0000, 0x3fe6_2e42_fefa_39ef, 0x3c7a_bc9e_3b39_803f],
    [0x3ff6_a09e_667f_3bcd, 0x3fd6_2e42_fefa_39f0, 0x3c7c_2e0e_1b15_48c2],
    [0x3ff6_a09e_667f_3bce, 0x3fd6_2e42_fefa_39f3, 0x3c71_3301_4f0f_271f],
    [0x3fe6_a09e_667f_3bcc, 0xbfd6_2e42_fefa_39f1, 0x3c68_d8f9_57c3_d43c],
    [0x3fe6_a09e_667f_3bcd, 0xbfd6_2e42_fefa_39ee, 0x3c37_16fd_fdbc_882e],
    [0x3fec_cccc_cccc_cccd, 0xbfba_f8e8_210a_415c, 0x3c56_2ed2_6246_1c3c],
    [0x3ff1_9999_9999_999a, 0x3fb8_663f_793c_46cc, 0x3c5b_55a6_6e0b_30ef],
    [0x3fd2_8f5c_28f5_c28f, 0xbff3_ce55_5739_5819, 0x3c7f_e553_9dd3_c6dc],
    [0x4008_0000_0000_0000, 0x3ff1_93ea_7aad_030b, 0xbc9a_256f_99ca_abeb],
    [0x4024_0000_0000_0000, 0x4002_6bb1_bbb5_5516, 0xbcaf_48ad_494e_a3e9],
    [0x4005_bf0a_8b14_5769, 0x3ff0_0000_0000_0000, 0xbc8e_a855_6644_e4cd],
    [0x3be0_0000_0000_0000, 0xc046_86fc_0af6_22d7, 0x3cbb_61bd_2f66_66ff],
    [0x3de0_0000_0000_0000, 0xc036_dfb5_16f2_0bbf, 0x3cd4_36be_6976_59df],
    [0x01a5_6e1f_c2f8_f359, 0xc085_9634_47f8_7fb5, 0xbd1a_a670_d353_24e6],
    [0x7e37_e43c_8800_759c, 0x4085_9634_47f8_7fb5, 0x3d1a_bccc_0710_fcd4],
    [0x3de8_0000_0000_0000, 0xc036_77e8_873f_0d5d, 0xbcdf_d68b_0913_36e0],
    [0x4036_2e42_fefa_39ef, 0x4008_cb35_6b3d_1af7, 0x3c8b_6f30_af62_1989],
    [0x3fef_ffeb_074a_771d, 0xbee4_f8bc_681d_f714, 0xbb8a_667e_01d4_cd6a],
    [0x3ff0_000a_7c5a_c472, 0x3ee4_f8ae_a9af_0a25, 0x3b8e_3bc6_1590_413b],
    [0x3fd1_c0ac_5e43_0073, 0xbff4_8480_ce7e_de8d, 0x3c7b_7a34_d452_3bd1],
    [0x3ffb_246d_2127_2bfc, 0x3fe0_e981_e059_dfcd, 0x3c8f_5ae2_7e26_2797],
    [0x3ff8_7a84_78ee_60d7, 0x3fdb_36a3_85ba_8b62, 0x3c76_1c0b_ea66_0d1f],
    [0x3fe0_9013_5ea8_9c2a, 0xbfe5_130f_f9fd_2c62, 0x3c8e_2d1c_4733_8d71],
    [0x3fef_de8a_dc56_56bd, 0xbf70_c356_c3be_c720, 0xbc06_a3b3_2af2_f698],
    [0x3fec_f18f_2e1e_7b81, 0xbfb9_b2f8_23fb_fdca, 0x3c50_0649_28bd_4522],
    [0x3ff4_e81e_d182_c848, 0x3fd1_1e6c_8573_a79d, 0x3c6c_5a5a_e68a_c2b2],
    [0x3ff9_45e0_2646_8f0a, 0x3fdd_41e1_4220_513f, 0xbc6e_1a0b_1631_3fa2],
];

/// x, and log(1 + x); 1 + x is exact below −0.29.
#[rustfmt::skip]
const LOG1P: [[u64; 3]; 32] = [
    [0xbbe0_0000_0000_0000, 0xbbe0_0000_0000_0000, 0xb7c0_0000_0000_0000],
    [0xbbf8_0000_0000_0000, 0xbbf8_0000_0000_0000, 0xb7f2_0000_0000_0000],
    [0xbca0_0000_0000_0000, 0xbca0_0000_0000_0000, 0xb940_0000_0000_0000],
    [0xbde0_0000_0000_0000, 0xbde0_0000_0004_0000, 0xb9a5_5555_555d_5555],
    [0xbdf8_0000_0000_0000, 0xbdf8_0000_0012_0000, 0xb9f2_0000_0014_4000],
    [0xbef0_0000_0000_0000, 0xbef0_0008_0005_5559, 0xbb95_5622_22cc_cd5f],
    [0xbf50_624d_d2f1_a9fc, 0xbf50_6467_0d97_9b6f, 0xbbdd_4040_79c5_a934],
    [0xbf84_7ae1_47ae_147b, 0xbf84_9545_3e6f_d4b7, 0x3c23_4038_49a6_db47],
    [0xbfb9_9999_9999_999a, 0xbfba_f8e8_210a_415e, 0x3c3f_d7bb_5034_e2b9],
    [0xbfc9_9999_9999_999a, 0xbfcc_8ff7_c79a_9a22, 0xbc56_12ec_0f79_7fdd],
    [0xbfd0_0000_0000_0000, 0xbfd2_6962_1134_db92, 0xbc7e_0efa_dd9d_b02b],
    [0xbfd1_eb85_1eb8_51ec, 0xbfd5_0635_ec0f_dd69, 0x3c61_d50f_9b2d_6aa1],
    [0xbfd2_8f5c_28da_45b0, 0xbfd5_eb5c_78e1_2db2, 0xbc72_7abf_912f_a672],
    [0xbfd2_8f5c_28f5_c28f, 0xbfd5_eb5c_7907_e4c8, 0xbc74_4557_8aee_edd8],
    [0xbfd4_0000_0000_0000, 0xbfd7_fafa_3bd8_151c, 0x3c52_1902_4acd_3b77],
    [0xbfe0_0000_0000_0000, 0xbfe6_2e42_fefa_39ef, 0xbc7a_bc9e_3b39_803f],
    [0xbfe8_0000_0000_0000, 0xbff6_2e42_fefa_39ef, 0xbc8a_bc9e_3b39_803f],
    [0xbfef_f800_0000_0000, 0xc01b_b9d3_beb8_c86b, 0xbc66_bc5c_a07e_04f0],
    [0xbfef_ffff_fff0_0000, 0xc036_dfb5_16f2_0bbf, 0x3cd4_36be_6976_59df],
    [0xbfef_ffff_ffd0_0000, 0xc035_c676_6f47_3b8e, 0xbc96_b989_0265_0df4],
    [0xbfef_ffff_ffff_ffff, 0xc042_5e4f_7b27_37fa, 0xbcc8_4866_1217_3c69],
    [0xbf9b_df5e_f882_5d7e, 0xbf9c_4247_9e46_0d06, 0xbc3c_e352_a6b6_ac34],
    [0xbf80_d60c_d43d_6737, 0xbf80_e7dd_2009_848f, 0x3c27_0dbb_bdab_b8a7],
    [0xbfcf_060a_b154_2686, 0xbfd1_c396_02b2_6c4d, 0x3c3c_cda2_2d53_8b18],
    [0xbfc0_1076_da7f_9e7f, 0xbfc1_2a60_de0e_bb56, 0x3c3e_d1b9_6136_ae04],
    [0xbfcc_4bbb_f38f_42b1, 0xbfcf_fa31_c882_80b6, 0x3c11_87df_ee24_c335],
    [0xbf61_40b4_d000_0000, 0xbf61_455d_1e1b_028f, 0x3c00_60b0_fa4d_44c2],
    [0xbfe6_4443_4b10_0000, 0xbff3_0af8_0a5f_c5b6, 0xbc83_b211_72bb_fede],
    [0xbfdc_8139_4b60_0000, 0xbfe2_dd0f_c48f_2110, 0xbc76_5c3c_6cc0_a72e],
    [0xbfd1_0b8f_50e0_0000, 0xbfd3_d212_1c03_bc94, 0xbc6a_3a0d_4a15_9380],
    [0xbfe7_16db_1fd0_0000, 0xbff4_74a8_77f7_1ee9, 0x3c94_6d8b_7ff6_6651],
    [0xbfe9_a88f_c6b0_0000, 0xbff9_e5d5_65c4_7e4d, 0x3c86_1d19_a12c_d211],
];
