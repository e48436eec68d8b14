//! Exponential and logarithm without a libm, so that their bits are the same on every machine.
//!
//! | function | domain | error | shown by |
//! |---|---|---|---|
//! | [`Exp2`] | exponents in [-100, 0], 0 below | 2^-22 relative | `tests/math.rs`, every float32 of the domain |
//! | [`log`] | float32 > 0, finite | 2^-23 relative | the same, every positive float32 |
//! | [`Log1p`] | [0, 1] | 2^-22 relative | the same, every float32 of the domain |
//! | [`log_f64`], [`log1p_f64`] | see there | 2^-51 relative | the same, against values of 60 digits |
//! | [`exp_f64`], [`expm1_f64`], `log1p_f64` above 0 | see there | 2^-50.4 relative | the same, against std's |
//!
//! The float32 coefficients are minimax fits that `scripts/coefficients.py` prints.

use crate::lane::{Constant, F32x4, U32x4};

/// log2(e), for callers that turn a temperature into the rate of [`Exp2`].
pub const LOG2_E: f64 = core::f64::consts::LOG2_E;

/// Exponents below this give exactly 0, so that no subnormal number is ever made: they ran 29 times slower.
pub const EXP2_FLOOR: f32 = -100.0;

const fn float(bits: u32) -> Constant {
    Constant::u32(bits)
}

static FLOOR: Constant = Constant::f32(EXP2_FLOOR);
/// 1.5 × 2^23: a sum with it has the nearest integer in its low bits.
static ROUND: Constant = Constant::f32(12_582_912.0);
static EXP2: [Constant; 6] = [
    float(0x3f80_0000),
    float(0x3f31_7215),
    float(0x3e75_fcd2),
    float(0x3d63_5acb),
    float(0x3c1e_7a07),
    float(0x3aae_5f60),
];

/// The function x ↦ 2^((x − max)·rate) for x ≤ max, with its constants at hand: read before a loop they stay in
/// registers.
#[derive(Clone, Copy)]
pub struct Exp2 {
    max: F32x4,
    rate: F32x4,
    round: F32x4,
    floor: F32x4,
    coefficients: [F32x4; 6],
}

impl Exp2 {
    /// Reads the constants.
    #[inline(always)]
    pub fn new(max: F32x4, rate: F32x4) -> Self {
        Self {
            max,
            rate,
            round: F32x4::constant(&ROUND),
            floor: F32x4::constant(&FLOOR),
            coefficients: EXP2.each_ref().map(F32x4::constant),
        }
    }

    /// Exactly 1 at x = max, and exactly 0 where the exponent is below −100, −∞ or NaN.
    #[inline(always)]
    pub fn of(&self, x: F32x4) -> F32x4 {
        let t = (x - self.max) * self.rate;
        let shifted = t + self.round;
        let r = t - (shifted - self.round);
        let [c0, c1, c2, c3, c4, c5] = self.coefficients;
        // Estrin's scheme: one multiplication more than Horner's and two thirds of the wait.
        let square = r * r;
        let p = ((c5 * r + c4) * square + (c3 * r + c2)) * square + (c1 * r + c0);
        let scaled = p.bits() + shifted.bits().shl::<23>();
        // Below the floor, and for −∞ and NaN, `scaled` is nonsense: the mask clears it.
        t.ge(self.floor).keep(scaled.as_f32())
    }
}

static SQRT_HALF: Constant = float(0x3f35_04f3);
/// Added to the bits of x it moves the border between two exponents from 1 to √½.
static BORDER: Constant = float(0x3f80_0000 - 0x3f35_04f3);
static MANTISSA: Constant = float(0x007f_ffff);
static BIAS: Constant = Constant::f32(127.0);
static ONE: Constant = Constant::f32(1.0);
static HALF: Constant = Constant::f32(0.5);
static ZERO: Constant = Constant::f32(0.0);
static INFINITY: Constant = Constant::f32(f32::INFINITY);
static NEG_INFINITY: Constant = Constant::f32(f32::NEG_INFINITY);
static NAN: Constant = float(0x7fc0_0000);
static MIN_NORMAL: Constant = Constant::f32(f32::MIN_POSITIVE);
static SUBNORMAL_SCALE: Constant = Constant::f32(8_388_608.0);
static SUBNORMAL_SHIFT: Constant = Constant::f32(23.0);
/// ln 2 in two parts, the first of so few bits that its product with an exponent is exact (Cody & Waite).
static LN2_HIGH: Constant = Constant::f32(0.693_359_4);
static LN2_LOW: Constant = Constant::f32(-2.121_944_4e-4);
static LOG: [Constant; 9] = [
    float(0x3eaa_aaa4),
    float(0xbe80_0038),
    float(0x3e4c_d2a0),
    float(0xbe2a_978c),
    float(0x3e11_81b7),
    float(0xbe00_81f0),
    float(0x3df7_f807),
    float(0xbddf_a0c8),
    float(0x3d5b_1089),
];

/// log x for float32 x > 0, subnormal ones included; log 0 is −∞. What is no finite weight, that is a negative x,
/// ∞ or NaN, gives the NaN of rule 3.
#[inline(always)]
pub fn log(x: F32x4) -> F32x4 {
    let zero = F32x4::constant(&ZERO);
    let small = x.lt(F32x4::constant(&MIN_NORMAL));
    let normal = small.select(x * F32x4::constant(&SUBNORMAL_SCALE), x);
    // x = m 2^e with m in [√½, √2): f = m − 1 is exact and small.
    let bits = normal.bits() + U32x4::constant(&BORDER);
    let e = bits.shr::<23>().signed_to_f32() - F32x4::constant(&BIAS);
    let e = small.select(e - F32x4::constant(&SUBNORMAL_SHIFT), e);
    let m = ((bits & U32x4::constant(&MANTISSA)) + U32x4::constant(&SQRT_HALF)).as_f32();
    let f = m - F32x4::constant(&ONE);
    let square = f * f;
    let tail = f * square * horner(&LOG, f) + e * F32x4::constant(&LN2_LOW);
    let log = (f + (tail - square * F32x4::constant(&HALF))) + e * F32x4::constant(&LN2_HIGH);
    let log = x.eq(zero).select(F32x4::constant(&NEG_INFINITY), log);
    // x < 0, x ≥ ∞ and NaN: everything that isn't in [0, ∞).
    let negative = x.lt(zero);
    let finite = x.lt(F32x4::constant(&INFINITY));
    (finite ^ (negative & finite)).select(log, F32x4::constant(&NAN))
}

static LOG1P: [Constant; 8] = [
    float(0xbeff_ff8a),
    float(0x3eaa_9aef),
    float(0xbe7e_89b4),
    float(0x3e44_22aa),
    float(0xbe0c_d7c8),
    float(0x3da2_3845),
    float(0xbcf6_51f5),
    float(0x3baf_d0b1),
];

/// The function x ↦ log(1 + x) for x in [0, 1], with its constants at hand.
#[derive(Clone, Copy)]
pub struct Log1p {
    coefficients: [F32x4; 8],
}

impl Log1p {
    /// Reads the constants.
    #[inline(always)]
    pub fn new() -> Self {
        Self { coefficients: LOG1P.each_ref().map(F32x4::constant) }
    }

    /// x + x²p(x), so that small x lose nothing; by Estrin's scheme.
    #[inline(always)]
    pub fn of(&self, x: F32x4) -> F32x4 {
        let [c0, c1, c2, c3, c4, c5, c6, c7] = self.coefficients;
        let square = x * x;
        let low = (c3 * x + c2) * square + (c1 * x + c0);
        let high = (c7 * x + c6) * square + (c5 * x + c4);
        (high * (square * square) + low) * square + x
    }
}

impl Default for Log1p {
    fn default() -> Self {
        Self::new()
    }
}

#[inline(always)]
fn horner<const N: usize>(coefficients: &'static [Constant; N], x: F32x4) -> F32x4 {
    let mut p = F32x4::constant(&coefficients[N - 1]);
    for c in coefficients[..N - 1].iter().rev() {
        p = p * x + F32x4::constant(c);
    }
    p
}

/// ln 2 in two parts; the first has 21 trailing zero bits, so that its product with an exponent is exact.
const LN2_HIGH_F64: f64 = f64::from_bits(0x3fe6_2e42_fee0_0000);
const LN2_LOW_F64: f64 = f64::from_bits(0x3dea_39ef_3579_3c76);

/// log x in float64 for a normal x > 0.
#[inline(never)]
pub fn log_f64(x: f64) -> f64 {
    log_f64_inline(x)
}

/// The same as part of the caller, where several are taken at once.
#[inline(always)]
pub(crate) fn log_f64_inline(x: f64) -> f64 {
    let bits = x.to_bits();
    let mut e = (bits >> 52) as i32 - 1023;
    let mut m = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000);
    if m > core::f64::consts::SQRT_2 {
        m *= 0.5;
        e += 1;
    }
    let log = twice_atanh((m - 1.0) / (m + 1.0));
    f64::from(e) * LN2_HIGH_F64 + (f64::from(e) * LN2_LOW_F64 + log)
}

/// log(1 + x) in float64 for x > −1; 1 + x must be exact where x < −0.29.
pub fn log1p_f64(x: f64) -> f64 {
    if (-0.29..=0.41).contains(&x) { twice_atanh(x / (2.0 + x)) } else { log_f64(1.0 + x) }
}

/// The coefficients of [`twice_atanh`], but for the first and the last.
static ODD: [f64; 10] = [
    1.0 / 21.0,
    1.0 / 19.0,
    1.0 / 17.0,
    1.0 / 15.0,
    1.0 / 13.0,
    1.0 / 11.0,
    1.0 / 9.0,
    1.0 / 7.0,
    1.0 / 5.0,
    1.0 / 3.0,
];

/// 2 atanh(s) for |s| < 0.172 by its Taylor series, whose first omitted term is below 2^-60 of the sum.
fn twice_atanh(s: f64) -> f64 {
    let square = s * s;
    let mut sum = 1.0 / 23.0;
    for coefficient in ODD {
        sum = sum * square + coefficient;
    }
    let twice = s + s;
    twice + twice * (square * sum)
}

/// 1.5 × 2^52: a sum with it has the nearest integer in its low bits.
const ROUND_F64: f64 = 6_755_399_441_055_744.0;

/// e^x in float64 for x ≤ 700; 0 below −700.
pub fn exp_f64(x: f64) -> f64 {
    if x < -700.0 {
        return 0.0;
    }
    let (power, rest) = split_exp(x);
    power + power * rest
}

/// e^x − 1 in float64 for x ≤ 0.
pub fn expm1_f64(x: f64) -> f64 {
    if x < -50.0 {
        return -1.0;
    }
    let (power, rest) = split_exp(x);
    power * rest + (power - 1.0)
}

/// e^x as 2^n and e^r − 1, with x = n·ln 2 + r and |r| < 0.347.
fn split_exp(x: f64) -> (f64, f64) {
    let shifted = x * LOG2_E + ROUND_F64;
    let n = shifted - ROUND_F64;
    let r = (x - n * LN2_HIGH_F64) - n * LN2_LOW_F64;
    // Taylor's series, whose first omitted term is below 2^-55 of the sum.
    let mut sum = 1.0 / 6_227_020_800.0;
    for factorial in
        [479_001_600.0, 39_916_800.0, 3_628_800.0, 362_880.0, 40_320.0, 5040.0, 720.0, 120.0, 24.0, 6.0, 2.0]
    {
        sum = sum * r + 1.0 / factorial;
    }
    // n is in the low bits, for the exponent.
    let power = f64::from_bits((shifted.to_bits() << 52).wrapping_add(1023 << 52));
    (power, r + r * r * sum)
}
