/** What both backends compute, and what they are told about a batch. */

/** Writes the records of `count` rows from row `first` on, {@link RECORD} words each, to the start of both views. */
export type FillParams = (
  words: Uint32Array,
  floats: Float32Array,
  first: number,
  count: number,
) => void;

/**
 * Words of one row's record, in this order: seed low, seed high, row, stream low, stream high, column of the first
 * draw, then two floats: 1/τ (or 1/T; +∞ for a temperature of 0) and log2(e)/τ (or /T).
 */
export const RECORD = 8;

/** A batch of rows: all that a kernel has to know besides the data. */
export interface Batch {
  readonly rows: number;
  readonly classes: number;
  /** Key, scale and rate of each row. */
  readonly params: FillParams;
  /** Whether the input holds weights and not logits. */
  readonly weights: boolean;
  /** Whether invalid rows are marked (−1, NaN) or end the call. */
  readonly mark: boolean;
  /** What is done to each row of input before anything else; gumbelMax, categorical and those of tokens alone. */
  readonly edits?: Edits | undefined;
}

/** Changes to a row of input, made to a copy in this order. Arrays have one row for all, or one a row. */
export interface Edits {
  /** Added to the logits; −∞ on either side forbids. */
  readonly bias?: Float32Array | undefined;
  /** Bit sets, ⌈classes/32⌉ words a row: a class whose bit is 0 gets the logit −∞, or the weight 0. */
  readonly mask?: Int32Array | undefined;
  /** Changes single values of row `row`, which begins at `x[at]`. */
  readonly each?: ((x: Float32Array, at: number, row: number) => void) | undefined;
}

/**
 * Which words noise is made of, a number of `Purpose` in js/philox.ts: 0 as ever, 4 for variables whose argmax is
 * known, 6 for the other outcome of a binary variable, 8 for variables below a bound, 10 for replicas.
 */
export type NoisePurpose = 0 | 4 | 6 | 8 | 10;

/** `"float16"`: IEEE 754 binary16. `"bfloat16"`: the upper half of a float32. */
export type HalfType = "float16" | "bfloat16";

/** What a {@link Program} consists of: filters, and the temperature from which on they see another law. */
export const Step = { temperature: 1, topK: 2, topP: 3, minP: 4, typicalP: 5 } as const;

/** Filters in the order in which they run. */
export interface Program {
  /** Numbers of {@link Step}, at most eight. */
  readonly steps: readonly number[];
  /** One value a step and row: k, p, or what a temperature doesn't need; 0 for k and minP, 1 for the others is off. */
  readonly values: Float64Array;
}

/**
 * The kernels, on whole batches. Arrays are row-major `[rows, classes]` and their lengths are right: the API has
 * checked. An output may be the same view as an input. Noise that is absent is drawn.
 *
 * A number returned is the count of rows completed: all of them, or those before the first invalid row, in which
 * case later rows' outputs are untouched, and so are that row's, unless noise was given and the output is used where
 * it lies (a plan on WebAssembly): then they are unspecified.
 */
export interface Kernels {
  noise(batch: Batch, out: Float32Array, purpose?: NoisePurpose): void;
  softmax(batch: Batch, x: Float32Array, out: Float32Array): number;
  logSoftmax(batch: Batch, x: Float32Array, out: Float32Array): number;
  /** One value a row. */
  logSumExp(batch: Batch, x: Float32Array, out: Float32Array): number;
  /** The index of the largest score, as a number and as a one-hot row; and its details where these are wanted. */
  gumbelMax(batch: Batch, x: Float32Array, noise: Float32Array | undefined, out: DrawOut): number;
  /** The soft sample, with index and one-hot row. */
  gumbelSoftmax(
    batch: Batch,
    x: Float32Array,
    noise: Float32Array | undefined,
    out: SoftOut,
  ): number;
  /** `draws` indices a row, and their details where these are wanted. */
  categorical(
    batch: Batch,
    x: Float32Array,
    draws: number,
    out: Int32Array,
    details?: DetailsOut,
  ): number;
  /** Half-precision numbers as float32. */
  decode(halves: Uint16Array, type: HalfType, out: Float32Array): void;
  /** Masks with a byte for each class, 0 where it is forbidden, as {@link Edits} have them: ⌈classes/32⌉ words a row. */
  packMask(mask: Uint8Array, classes: number, bits: Int32Array): void;
  /** The logits with those that a filter drops at −∞. */
  filterTokens(batch: Batch, x: Float32Array, program: Program, out: Float32Array): number;
  /** One index a row: what `categorical` draws from the same. */
  sampleTokens(batch: Batch, x: Float32Array, program: Program, out: Int32Array): number;
  /** `scale · y ⊙ (v − ⟨y, v⟩)`. */
  softmaxBackward(batch: Batch, y: Float32Array, v: Float32Array, out: Float32Array): void;
  /** Gradient of the soft sample `y` by its input and, where asked for, by τ (one a row). `out` isn't `x`. */
  gumbelSoftmaxVjp(
    batch: Batch,
    x: Float32Array,
    noise: Float32Array | undefined,
    y: Float32Array,
    v: Float32Array,
    out: Float32Array,
    byTau: Float32Array | undefined,
  ): void;
  /** Tangent of the soft sample `y` along one of its input, one of τ (one a row), or both. */
  gumbelSoftmaxJvp(
    batch: Batch,
    x: Float32Array,
    noise: Float32Array | undefined,
    y: Float32Array,
    tangent: Tangent,
    out: Float32Array,
  ): void;
  logSoftmaxVjp(batch: Batch, value: Float32Array, v: Float32Array, out: Float32Array): void;
  logSoftmaxJvp(batch: Batch, value: Float32Array, tangent: Float32Array, out: Float32Array): void;
  /** `v` has one value a row. */
  logSumExpVjp(batch: Batch, x: Float32Array, v: Float32Array, out: Float32Array): void;
  /** One value a row. */
  logSumExpJvp(batch: Batch, x: Float32Array, tangent: Float32Array, out: Float32Array): void;
  /** The `k` best classes of each row. A row where fewer are possible counts as invalid. */
  gumbelTopK(
    batch: Batch,
    x: Float32Array,
    noise: Float32Array | undefined,
    k: number,
    out: TopKOut,
  ): number;
  /** Gumbel variables with locations `x` and the maximum of each row; the temperature is 1. */
  gumbelGivenMax(
    batch: Batch,
    x: Float32Array,
    noise: Float32Array | undefined,
    max: Float32Array,
    out: Float32Array,
  ): number;
  /**
   * Gumbel-Max of a part of each row, from the column of the first draw on. `max` is the largest logit of the whole
   * row, NaN where it isn't known; a larger one makes the row invalid.
   */
  gumbelMaxPart(batch: Batch, x: Float32Array, max: number, state: LeaderState): number;
}

export interface IndexOut {
  readonly sample?: Float32Array | undefined;
  readonly index?: Int32Array | undefined;
}

/** An index and what is known of its draw. */
export interface DrawOut extends IndexOut {
  readonly details?: DetailsOut | undefined;
}

/** Under the law that draws are made from: log-probabilities, one a draw, then log Z and entropy, one a row. */
export interface DetailsOut {
  readonly logProb: Float32Array;
  readonly logZ: Float32Array;
  readonly entropy: Float32Array;
}

/** `k` values a row, in order of falling score; nothing that any of them shares memory with. */
export interface TopKOut {
  readonly index: Int32Array;
  /** Perturbed log-probabilities. */
  readonly score: Float32Array;
  readonly logProb: Float32Array;
}

/** What is known of rows after some of their columns. */
export interface LeaderState {
  /**
   * Two values a row, −∞ before the first part: where the row's maximum is given, the largest logit so far and the
   * leader's score; else the leader's logit and its noise.
   */
  readonly leader: Float32Array;
  /** The column of this part, from its first, that leads now; −1 where an earlier one does. */
  readonly index: Int32Array;
}

export interface SoftOut extends IndexOut {
  readonly soft: Float32Array;
}

export interface Tangent {
  readonly input?: Float32Array | undefined;
  readonly tau?: Float32Array | undefined;
}

/** A law that is kept, in memory of its own, and garbage like any other object. The batches have one row. */
export interface KeptLaw {
  /** Works it out of the row `x`, which is logits or weights, at the temperature of the batch. Returns the rows completed. */
  set(batch: Batch, x: Float32Array): number;
  /** Fills `out` with the draws from number `made` on, counted from the batch's first one. */
  draw(batch: Batch, made: number, out: Int32Array): void;
}

/**
 * Bits of a word that look into the guide of a law that is kept: eight entries a class or more, at least 4096, up to 2^19,
 * which a cache still holds; then one or more; with more than 2^22 classes, where memory counts, one for two or more.
 */
export function guideBits(classes: number): number {
  let bits = 12;
  while (2 ** bits < 8 * classes && bits < 19) bits++;
  while (2 ** bits < classes && bits < 22) bits++;
  while (2 ** (bits + 1) <= classes) bits++;
  return bits;
}
