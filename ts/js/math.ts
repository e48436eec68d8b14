/**
 * Exponential and logarithm without `Math`, whose results differ from engine to engine.
 *
 * A float32 operation is a float64 operation and one `fround`: float64 is wide enough for the
 * result to be the correctly rounded one. Operations that are exact in both need no `fround`; each
 * such place says so. Errors, and where they are proved: see `crates/kernels/src/math.rs`.
 */

const fround = Math.fround;

/** Scratch for casts between the bits of a float32 and an integer. */
const castBuffer = /* @__PURE__ */ new ArrayBuffer(4);
const cast = /* @__PURE__ */ new Float32Array(castBuffer);
const castBits = /* @__PURE__ */ new Uint32Array(castBuffer);

/** The float32 with the given bits. */
export function fromBits(bits: number): number {
  castBits[0] = bits;
  return cast[0];
}

/** The bits of a float32. */
export function toBits(x: number): number {
  cast[0] = x;
  return castBits[0];
}

/** The one NaN (0x7fc00000 once stored) for any other: computed ones may have other bits. */
export function canonical(x: number): number {
  return Number.isNaN(x) ? Number.NaN : x;
}

// biome-ignore lint/suspicious/noApproximativeNumericConstant: no constant of Math is taken on trust
export const LOG2_E = 1.4426950408889634;

/** log2(e) in float32: the rate of a temperature of 1. */
export const RATE = 1.4426950216293335;

/**
 * 2^n at place n + 101 for n from −100 to 0, and 0 before them, so that no subnormal is ever made.
 * Looking up is faster than a cast of bits.
 */
export const POWERS = /* @__PURE__ */ powersOfTwo();

function powersOfTwo(): Float64Array {
  const powers = new Float64Array(102);
  powers[101] = 1;
  for (let i = 101; i > 1; i--) powers[i - 1] = powers[i] / 2;
  return powers;
}

/**
 * `out[i] = 2^t` for t = (x[i] − max)·rate ≤ 0 (also −∞): exactly 1 at 0, and exactly 0 below −100
 * and for NaN. The values of x and out begin at `at` and `to`; the arrays may be the same.
 *
 * Four at a time, since a polynomial is a chain in which each step waits for the one before: alone,
 * a value takes a third more.
 */
export function exps(
  x: Float32Array,
  at: number,
  out: Float32Array,
  to: number,
  count: number,
  max: number,
  rate: number,
): void {
  const powers = POWERS;
  const fours = count - (count % 4);
  for (let i = 0; i < fours; i += 4) {
    const t0 = fround(fround(x[at + i] - max) * rate);
    const t1 = fround(fround(x[at + i + 1] - max) * rate);
    const t2 = fround(fround(x[at + i + 2] - max) * rate);
    const t3 = fround(fround(x[at + i + 3] - max) * rate);
    let r0 = t0 >= -100 ? t0 : -101;
    let r1 = t1 >= -100 ? t1 : -101;
    let r2 = t2 >= -100 ? t2 : -101;
    let r3 = t3 >= -100 ? t3 : -101;
    // A sum with 1.5 · 2^52 is rounded to an integer, ties to even; what is left is exact.
    const n0 = r0 + 6755399441055744 - 6755399441055744;
    const n1 = r1 + 6755399441055744 - 6755399441055744;
    const n2 = r2 + 6755399441055744 - 6755399441055744;
    const n3 = r3 + 6755399441055744 - 6755399441055744;
    r0 -= n0;
    r1 -= n1;
    r2 -= n2;
    r3 -= n3;
    // Estrin's scheme. Constants of a module are variables to an engine; written out, they run an eighth faster.
    const s0 = fround(r0 * r0);
    const s1 = fround(r1 * r1);
    const s2 = fround(r2 * r2);
    const s3 = fround(r3 * r3);
    let p0 = fround(fround(0.0013303570449352264 * r0) + 0.009672648273408413); // 0x3aae5f60, 0x3c1e7a07
    let p1 = fround(fround(0.0013303570449352264 * r1) + 0.009672648273408413);
    let p2 = fround(fround(0.0013303570449352264 * r2) + 0.009672648273408413);
    let p3 = fround(fround(0.0013303570449352264 * r3) + 0.009672648273408413);
    const q0 = fround(fround(0.05550650879740715 * r0) + 0.2402222454547882); // 0x3d635acb, 0x3e75fcd2
    const q1 = fround(fround(0.05550650879740715 * r1) + 0.2402222454547882);
    const q2 = fround(fround(0.05550650879740715 * r2) + 0.2402222454547882);
    const q3 = fround(fround(0.05550650879740715 * r3) + 0.2402222454547882);
    const l0 = fround(fround(0.6931470036506653 * r0) + 1); // 0x3f317215
    const l1 = fround(fround(0.6931470036506653 * r1) + 1);
    const l2 = fround(fround(0.6931470036506653 * r2) + 1);
    const l3 = fround(fround(0.6931470036506653 * r3) + 1);
    p0 = fround(fround(fround(p0 * s0) + q0) * s0);
    p1 = fround(fround(fround(p1 * s1) + q1) * s1);
    p2 = fround(fround(fround(p2 * s2) + q2) * s2);
    p3 = fround(fround(fround(p3 * s3) + q3) * s3);
    // The array rounds the sums; times a power of two they are rounded at the same place.
    out[to + i] = (p0 + l0) * powers[(n0 + 101) | 0];
    out[to + i + 1] = (p1 + l1) * powers[(n1 + 101) | 0];
    out[to + i + 2] = (p2 + l2) * powers[(n2 + 101) | 0];
    out[to + i + 3] = (p3 + l3) * powers[(n3 + 101) | 0];
  }
  // What is left by twos; an odd one is its own companion.
  for (let i = fours; i < count; i += 2) {
    const j = i + 1 < count ? i + 1 : i;
    const t0 = fround(fround(x[at + i] - max) * rate);
    const t1 = fround(fround(x[at + j] - max) * rate);
    let r0 = t0 >= -100 ? t0 : -101;
    let r1 = t1 >= -100 ? t1 : -101;
    const n0 = r0 + 6755399441055744 - 6755399441055744;
    const n1 = r1 + 6755399441055744 - 6755399441055744;
    r0 -= n0;
    r1 -= n1;
    const s0 = fround(r0 * r0);
    const s1 = fround(r1 * r1);
    let p0 = fround(fround(0.0013303570449352264 * r0) + 0.009672648273408413);
    let p1 = fround(fround(0.0013303570449352264 * r1) + 0.009672648273408413);
    const q0 = fround(fround(0.05550650879740715 * r0) + 0.2402222454547882);
    const q1 = fround(fround(0.05550650879740715 * r1) + 0.2402222454547882);
    const l0 = fround(fround(0.6931470036506653 * r0) + 1);
    const l1 = fround(fround(0.6931470036506653 * r1) + 1);
    p0 = fround(fround(fround(p0 * s0) + q0) * s0);
    p1 = fround(fround(fround(p1 * s1) + q1) * s1);
    out[to + i] = (p0 + l0) * powers[(n0 + 101) | 0];
    out[to + j] = (p1 + l1) * powers[(n1 + 101) | 0];
  }
}

const single = /* @__PURE__ */ new Float32Array(4);

/** 2^t as {@link exps} has it. */
export function exp2(t: number): number {
  single[0] = t;
  exps(single, 0, single, 0, 4, 0, 1);
  return single[0];
}

const MIN_NORMAL = 1.1754943508222875e-38;
const SQRT_HALF_BITS = 0x3f3504f3;
/** Added to the bits of x it moves the border between two exponents from 1 to √½. */
const BORDER = 0x3f800000 - SQRT_HALF_BITS;
/** ln 2 in two parts, the first of so few bits that its product with an exponent is exact. */
const LN2_HIGH = 0.693359375;
const LN2_LOW = -0.00021219444170128554;

/**
 * log x for float32 x > 0, subnormal ones included; log 0 is −∞. What is no finite weight, that is
 * a negative x, ∞ or NaN, gives NaN.
 */
export function log(x: number): number {
  if (!(x >= 0 && x < Number.POSITIVE_INFINITY)) return Number.NaN;
  if (x === 0) return Number.NEGATIVE_INFINITY;
  const small = x < MIN_NORMAL;
  // x = m·2^e with m in [√½, √2): f = m − 1 is exact and small.
  const bits = toBits(small ? x * 8388608 : x) + BORDER;
  const e = (bits >>> 23) - (small ? 127 + 23 : 127);
  const f = fromBits((bits & 0x007fffff) + SQRT_HALF_BITS) - 1;
  const square = fround(f * f);
  const high = e * LN2_HIGH; // exact
  const low = fround(e * LN2_LOW);
  const tail = fround(fround(fround(f * square) * logPolynomial(f)) + low);
  const log = fround(f + fround(tail - square * 0.5)); // the half is exact
  return fround(log + high);
}

/** (log(1 + f) − f + f²/2)/f³, a minimax fit (`scripts/coefficients.py`). */
function logPolynomial(f: number): number {
  let p = fround(0.05348256602883339 * f); // 0x3d5b1089
  p = fround(fround(p - 0.10919338464736938) * f); // 0xbddfa0c8
  p = fround(fround(p + 0.12107854336500168) * f); // 0x3df7f807
  p = fround(fround(p - 0.12549567222595215) * f); // 0xbe0081f0
  p = fround(fround(p + 0.1420963853597641) * f); // 0x3e1181b7
  p = fround(fround(p - 0.1665937304496765) * f); // 0xbe2a978c
  p = fround(fround(p + 0.20002222061157227) * f); // 0x3e4cd2a0
  p = fround(fround(p - 0.2500016689300537) * f); // 0xbe800038
  return fround(p + 0.3333331346511841); // 0x3eaaaaa4
}

/**
 * `out[i] = low[i] − log(1 + x[i])` for x in [0, 1]: the logarithm is x + x²p(x), so that small x lose
 * nothing.
 */
export function subtractLog1p(
  x: Float32Array,
  low: Float32Array,
  out: Float32Array,
  to: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) {
    const e = x[i];
    const square = fround(e * e);
    const l0 = fround(fround(0.33321329951286316 * e) - 0.49999648332595825); // 0x3eaa9aef, 0xbeffff8a
    const l1 = fround(fround(0.1915384829044342 * e) - 0.24857217073440552); // 0x3e4422aa, 0xbe7e89b4
    const h0 = fround(fround(0.07920888811349869 * e) - 0.13754189014434814); // 0x3da23845, 0xbe0cd7c8
    const h1 = fround(fround(0.005365454126149416 * e) - 0.030068377032876015); // 0x3bafd0b1, 0xbcf651f5
    const l = fround(fround(l1 * square) + l0);
    const h = fround(fround(h1 * square) + h0);
    const p = fround(fround(h * fround(square * square)) + l);
    out[to + i] = low[i] - fround(fround(p * square) + e); // rounded by the array
  }
}

// biome-ignore lint/suspicious/noApproximativeNumericConstant: its bits matter, as with the others
const SQRT_2 = 1.4142135623730951;
/** ln 2 in two parts; the first has 21 trailing zero bits: its product with an exponent is exact. */
const LN2_HIGH_F64 = 0.6931471803691238; // 0x3fe62e42fee00000
const LN2_LOW_F64 = 1.9082149292705877e-10; // 0x3dea39ef35793c76

/** Scratch for casts of a float64, whose high word a DataView finds in any byte order. */
const castF64 = /* @__PURE__ */ new DataView(/* @__PURE__ */ new ArrayBuffer(8));

/** log x in float64 for a normal x > 0. */
export function logF64(x: number): number {
  castF64.setFloat64(0, x);
  const high = castF64.getUint32(0);
  castF64.setUint32(0, (high & 0x000fffff) | 0x3ff00000);
  let e = (high >>> 20) - 1023;
  let m = castF64.getFloat64(0);
  if (m > SQRT_2) {
    m *= 0.5;
    e++;
  }
  const log = twiceAtanh((m - 1) / (m + 1));
  return e * LN2_HIGH_F64 + (e * LN2_LOW_F64 + log);
}

/** log(1 + x) in float64 for x > −1; 1 + x must be exact where x < −0.29. */
export function log1pF64(x: number): number {
  return x >= -0.29 && x <= 0.41 ? twiceAtanh(x / (2 + x)) : logF64(1 + x);
}

/** 2 atanh(s) for |s| < 0.172 by its Taylor series; the first omitted term is below 2^-60. */
function twiceAtanh(s: number): number {
  const square = s * s;
  let sum = 1 / 23;
  for (let divisor = 21; divisor > 1; divisor -= 2) sum = sum * square + 1 / divisor;
  const twice = s + s;
  return twice + twice * (square * sum);
}

/** e^x in float64 for x ≤ 700; 0 below −700. */
export function expF64(x: number): number {
  if (x < -700) return 0;
  const n = exponent(x);
  const power = powerF64(n);
  return power + power * rest(x, n);
}

/** e^x − 1 in float64 for x ≤ 0. */
export function expm1F64(x: number): number {
  if (x < -50) return -1;
  const n = exponent(x);
  const power = powerF64(n);
  return power * rest(x, n) + (power - 1);
}

/** n of x = n·ln 2 + r with |r| < 0.347: a sum with 1.5 · 2^52 is rounded to an integer. */
function exponent(x: number): number {
  // biome-ignore lint/suspicious/noApproximativeNumericConstant: its bits matter, as with the others
  return x * 1.4426950408889634 + 6755399441055744 - 6755399441055744;
}

/** e^r − 1 by its Taylor series; the first omitted term is below 2^-55. */
function rest(x: number, n: number): number {
  const r = x - n * LN2_HIGH_F64 - n * LN2_LOW_F64;
  let sum = 1 / 6227020800;
  sum = sum * r + 1 / 479001600;
  sum = sum * r + 1 / 39916800;
  sum = sum * r + 1 / 3628800;
  sum = sum * r + 1 / 362880;
  sum = sum * r + 1 / 40320;
  sum = sum * r + 1 / 5040;
  sum = sum * r + 1 / 720;
  sum = sum * r + 1 / 120;
  sum = sum * r + 1 / 24;
  sum = sum * r + 1 / 6;
  sum = sum * r + 0.5;
  return r + r * r * sum;
}

/** 2^n for an integer n. */
function powerF64(n: number): number {
  castF64.setUint32(0, (n + 1023) << 20);
  castF64.setUint32(4, 0);
  return castF64.getFloat64(0);
}
