import { checkAttached, MAX_COLUMNS, type PerRow } from "./arrays.ts";
import { workspace } from "./backend.ts";
import {
  checkCompleted,
  type From,
  makeBatch,
  type OnInvalidRow,
  readFrom,
  readOnInvalidRow,
} from "./batch.ts";
import { checkOptions, integer, kindError, orderError, readFlag } from "./check.ts";
import { backward } from "./gumbel-softmax-vjp.ts";
import type { Batch, Kernels } from "./kernels.ts";
import {
  type CallKey,
  KEY_OPTIONS,
  type Key,
  type KeyOptions,
  MAX_ROWS,
  NEXT_STREAM,
  publicKey,
  readNoiseKey,
} from "./key.ts";
import { readTau } from "./rate.ts";

/** Options of {@link gumbelSoftmaxPlan}. */
export interface GumbelSoftmaxPlanOptions {
  /** Rows of a batch, an integer from 0 to 2^32. */
  rows: number;
  /**
   * Classes in a row, an integer from 1 to 2^30. The plan's arrays and two rows of scratch share the 4 GiB of
   * WebAssembly.
   */
  classes: number;
  /** τ, finite and > 0, one or one a row, for calls that don't name their own. Default 1. */
  tau?: PerRow<number> | undefined;
  /** Whether `sample` is the one-hot of the argmax, whose gradient stays the soft one's. Default false. */
  hard?: boolean | undefined;
  /** What `plan.logits` holds: `"logits"` (default), or `"weights"`, which need not sum to 1. */
  from?: From | undefined;
  /** Whether the noise is yours, written to `plan.noise`, instead of drawn by a key. Default false. */
  noise?: boolean | undefined;
  /** Whether there is a backward pass. Without, `hard` samples need no softmax. Default true. */
  gradient?: boolean | undefined;
  /** What happens at a row that is no law. Default `"throw"`. */
  onInvalidRow?: OnInvalidRow | undefined;
}

/** Options of a plan's forward pass: a key, which own noise excludes, and τ. */
export interface PlanForwardOptions extends KeyOptions {
  /** τ of this call, finite and > 0, one or one a row. Default: the plan's. */
  tau?: PerRow<number> | undefined;
}

/** Options of a plan's backward pass. */
export interface PlanBackwardOptions {
  /** Whether `tauGradient` is wanted too; the scores are then computed again. Default false. */
  tau?: boolean | undefined;
}

/**
 * The arrays of a plan, and its forward pass. The arrays are row-major, and the same objects for as long as the plan
 * lives. Where WebAssembly runs, the `buffer` of each is the whole memory of the plan, which can't be transferred: send
 * a worker `plan.sample.slice()`.
 *
 * @example
 * ```ts
 * const plan = gumbelSoftmaxPlan({ rows: 1, classes: 3, hard: true, gradient: false });
 * plan.logits.set([0.2, 1, -1]);
 * plan.forward({ seed: 1 }); // Float32Array [0, 1, 0], which is plan.sample
 * plan.index; // Int32Array [1]
 * plan.key; // { seed: 1, stream: 0, row: 0 }
 * ```
 */
export interface GumbelSoftmaxForwardPlan {
  /** Rows of a batch. */
  readonly rows: number;
  /** Classes in a row. */
  readonly classes: number;
  /** `[rows, classes]`, yours to write; weights with `from: "weights"`. */
  readonly logits: Float32Array;
  /** `[rows, classes]`, your own G to write, finite or −∞; only with `noise: true`. */
  readonly noise: Float32Array | undefined;
  /** `[rows, classes]`: one-hot of exact 0 and 1 with `hard`, else soft, in [0, 1]. */
  readonly sample: Float32Array;
  /** Int32Array `[rows]`, the class of each row's largest score: a draw from the law; −1 in a marked row. */
  readonly index: Int32Array;
  /**
   * As options it draws the last sample again; `undefined` before any, after a forward pass that failed, and where
   * the noise is given.
   */
  readonly key: Key | undefined;
  /**
   * Draws into `sample` and `index` (and `soft`), from `logits` as they are now. A call refused for its options leaves
   * the last pass as it was.
   *
   * @param options - The key, and τ.
   * @returns `sample`, which the next call overwrites: `slice()` what you keep.
   * @throws TypeError for an option of the wrong kind, an unknown one, or options that exclude each other; where an
   *   array of the plan has been detached.
   * @throws RangeError for a number out of its range, or a row that is no law: see {@link OnInvalidRow}. Where the
   *   noise is given, that row's own results are then unspecified.
   */
  forward(options?: PlanForwardOptions): Float32Array;
}

/**
 * A plan with a backward pass. Its arrays are row-major, and the same objects for as long as the plan lives.
 *
 * @example
 * ```ts
 * const plan = gumbelSoftmaxPlan({ rows: 1, classes: 3, tau: 0.5, hard: true });
 * plan.logits.set([0.2, 1, -1]);
 * plan.forward({ seed: 1 }); // Float32Array [0, 1, 0], which is plan.sample
 * plan.soft; // Float32Array [0.158, 0.752, 0.090]
 * plan.upstream.set([1, 2, 3]);
 * plan.backward({ tau: true }); // Float32Array [-0.294, 0.102, 0.192], which is plan.gradient
 * plan.tauGradient; // Float32Array [-0.052]
 * ```
 */
export interface GumbelSoftmaxPlan extends GumbelSoftmaxForwardPlan {
  /** `[rows, classes]`, in [0, 1]: the soft sample; the same array as `sample` unless `hard`. */
  readonly soft: Float32Array;
  /** `[rows, classes]`, yours to write: d loss / d sample. */
  readonly upstream: Float32Array;
  /** `[rows, classes]`: d loss / d logits, or by the weights. */
  readonly gradient: Float32Array;
  /** `[rows]`: d loss / dτ of each row, where asked for. */
  readonly tauGradient: Float32Array;
  /**
   * Fills `gradient` from `upstream` for the last forward pass: by the logits or weights, and by τ on request. It
   * reads `soft`, with weights also `logits`, and for τ `logits` and `noise`: leave those as they were.
   *
   * @param options - Whether the gradient by τ is wanted.
   * @returns `gradient`, which the next call overwrites.
   * @throws TypeError for an option of the wrong kind, an unknown one, or where an array of the plan has been detached.
   * @throws Error where the last forward pass failed, or there was none.
   */
  backward(options?: PlanBackwardOptions): Float32Array;
}

/**
 * What a plan with `noise: true` has besides: noise of your own.
 *
 * @example
 * ```ts
 * const plan = gumbelSoftmaxPlan({ rows: 1, classes: 2, tau: 0.5, noise: true });
 * plan.logits.set([0, 1]);
 * plan.noise.set([0, 0]);
 * plan.forward(); // Float32Array [0.119, 0.881]
 * plan.key; // undefined
 * ```
 */
export interface PlanWithNoise {
  /** `[rows, classes]`, your own G to write, finite or −∞. */
  readonly noise: Float32Array;
}

const OPTIONS = ["rows", "classes", "tau", "hard", "from", "noise", "gradient", "onInvalidRow"];
const FORWARD_OPTIONS = [...KEY_OPTIONS, "tau"];
const BACKWARD_OPTIONS = ["tau"];

/**
 * Gumbel-Softmax for many batches of one shape without copies, with noise of your own: write `noise` and `logits`, call
 * `forward`, read `sample`; write `upstream`, call `backward`, read `gradient`.
 *
 * All else is as in a plan that draws its noise.
 *
 * @param options - Shape, τ, and `noise: true`.
 * @returns The plan.
 * @throws TypeError for an option of the wrong kind, or an unknown one.
 * @throws RangeError for a number out of its range, or where there is no memory for the plan.
 */
export function gumbelSoftmaxPlan(
  options: GumbelSoftmaxPlanOptions & { noise: true; gradient?: true | undefined },
): GumbelSoftmaxPlan & PlanWithNoise;
/**
 * Gumbel-Softmax for many batches of one shape without copies, with noise of your own and no backward pass: write
 * `noise` and `logits`, call `forward`, read `sample`.
 *
 * All else is as in a plan that draws its noise.
 *
 * @param options - Shape, τ, `noise: true` and `gradient: false`.
 * @returns The plan.
 * @throws TypeError for an option of the wrong kind, or an unknown one.
 * @throws RangeError for a number out of its range, or where there is no memory for the plan.
 */
export function gumbelSoftmaxPlan(
  options: GumbelSoftmaxPlanOptions & { noise: true },
): GumbelSoftmaxForwardPlan & PlanWithNoise;
/**
 * Gumbel-Softmax for many batches of one shape without copies: an object with memory of its own, sized once, whose
 * inputs and results are views into that memory. Write `logits`, call `forward`, read `sample`; write `upstream`,
 * call `backward`, read `gradient`.
 *
 * Values, ranges and errors of the results are those of {@link gumbelSoftmaxVjp}, bit for bit, for the same key; a
 * call without `seed` or `rng` draws from the system's entropy. A plan is garbage-collected like any other object:
 * there is nothing to free. Where WebAssembly runs, memory is one allocation of a few hundred kB and the arrays;
 * engines hold some thousands of those at once.
 *
 * @param options - Shape, τ, and what the plan is for.
 * @returns The plan.
 * @throws TypeError for an option of the wrong kind, or an unknown one.
 * @throws RangeError for a number out of its range, or where there is no memory for the plan.
 * @see Jang, Gu & Poole, [Categorical reparameterization with Gumbel-Softmax](https://arxiv.org/abs/1611.01144),
 *   ICLR 2017, §2.
 *
 * @example
 * ```ts
 * const plan = gumbelSoftmaxPlan({ rows: 1, classes: 3, tau: 0.5 });
 * plan.logits.set([0.2, 1, -1]);
 * plan.forward({ seed: 1 }); // Float32Array [0.158, 0.752, 0.090], which is plan.sample
 * plan.upstream.set([1, 2, 3]);
 * plan.backward(); // Float32Array [-0.294, 0.102, 0.192], which is plan.gradient
 * ```
 */
export function gumbelSoftmaxPlan(
  options: GumbelSoftmaxPlanOptions & { gradient?: true | undefined },
): GumbelSoftmaxPlan;
/**
 * Gumbel-Softmax for many batches of one shape without copies, with no backward pass: write `logits`, call `forward`,
 * read `sample`. Its `hard` samples need no softmax.
 *
 * All else is as in a plan with one.
 *
 * @param options - Shape, τ, and `gradient: false`.
 * @returns The plan.
 * @throws TypeError for an option of the wrong kind, or an unknown one.
 * @throws RangeError for a number out of its range, or where there is no memory for the plan.
 */
export function gumbelSoftmaxPlan(options: GumbelSoftmaxPlanOptions): GumbelSoftmaxForwardPlan;
export function gumbelSoftmaxPlan(options: GumbelSoftmaxPlanOptions): GumbelSoftmaxForwardPlan {
  checkOptions(options, OPTIONS);
  const rows = integer("rows", options.rows, 0, MAX_ROWS, NEXT_STREAM);
  const classes = integer("classes", options.classes, 1, MAX_COLUMNS, NEXT_STREAM);
  return new Plan({
    rows,
    classes,
    tau: readTau(options.tau, rows),
    hard: readFlag("hard", options.hard, false),
    from: readFrom(options.from),
    noise: readFlag("noise", options.noise, false),
    gradient: readFlag("gradient", options.gradient, true),
    onInvalidRow: readOnInvalidRow(options.onInvalidRow),
  });
}

/** The options of a plan, checked. */
interface Settings {
  readonly rows: number;
  readonly classes: number;
  readonly tau: number | number[];
  readonly hard: boolean;
  readonly from: From;
  readonly noise: boolean;
  readonly gradient: boolean;
  readonly onInvalidRow: OnInvalidRow;
}

/** Both kinds of plan: what the options leave out is undefined. */
class Plan implements GumbelSoftmaxForwardPlan {
  readonly rows: number;
  readonly classes: number;
  readonly logits: Float32Array;
  readonly noise: Float32Array | undefined;
  readonly sample: Float32Array;
  readonly soft: Float32Array | undefined;
  readonly index: Int32Array;
  readonly upstream: Float32Array | undefined;
  readonly gradient: Float32Array | undefined;
  readonly tauGradient: Float32Array | undefined;
  readonly #views: [label: string, view: ArrayBufferView][] = [];
  readonly #settings: Settings;
  readonly #kernels: Kernels;
  /** The last forward pass, unless it failed. */
  #last: { readonly batch: Batch; readonly key: CallKey | undefined } | undefined;

  constructor(settings: Settings) {
    const { rows, classes, hard, noise, gradient } = settings;
    const length = rows * classes;
    const { kernels, arrays } = workspace(settings, {
      logits: length,
      noise: noise ? length : 0,
      sample: length,
      soft: hard && gradient ? length : 0,
      index: rows,
      upstream: gradient ? length : 0,
      gradient: gradient ? length : 0,
      tauGradient: gradient ? rows : 0,
    });
    const { index, sample } = arrays;
    this.rows = rows;
    this.classes = classes;
    this.logits = arrays.logits;
    this.noise = noise ? arrays.noise : undefined;
    this.sample = sample;
    if (!hard || gradient) this.soft = hard ? arrays.soft : sample;
    this.index = new Int32Array(index.buffer, index.byteOffset, rows);
    if (gradient) {
      this.upstream = arrays.upstream;
      this.gradient = arrays.gradient;
      this.tauGradient = arrays.tauGradient;
    }
    for (const [label, view] of Object.entries(this)) {
      if (ArrayBuffer.isView(view)) this.#views.push([label, view]);
    }
    this.#settings = settings;
    this.#kernels = kernels;
    // An array put in place of one of these would be copied, for which memory grows: that detaches all views.
    Object.freeze(this);
  }

  get key(): Key | undefined {
    const key = this.#last?.key;
    return key && publicKey(key);
  }

  forward(options: PlanForwardOptions = {}): Float32Array {
    checkOptions(options, FORWARD_OPTIONS);
    this.#checkAttached();
    const { rows, classes, from, onInvalidRow } = this.#settings;
    const { logits: data, noise, sample } = this;
    const tau = options.tau === undefined ? this.#settings.tau : readTau(options.tau, rows);
    const key = readNoiseKey(options, rows, noise !== undefined);
    const batch = makeBatch({ rows, classes }, { key, t: this.soft ? tau : 1, from, onInvalidRow });
    this.#last = undefined;
    const completed = this.#draw(batch);
    checkCompleted(completed, "logits", { rows, classes, data }, from, noise);
    key?.rng?.next();
    this.#last = { batch, key };
    return sample;
  }

  /** The memory of WebAssembly can't be moved away, ordinary arrays can. */
  #checkAttached(): void {
    for (const [label, view] of this.#views) {
      if (view.byteLength === 0) checkAttached(label, view);
    }
  }

  /** Returns the rows completed. */
  #draw(batch: Batch): number {
    const { logits, noise, sample, soft, index } = this;
    // A hard sample without a backward pass needs no softmax, and Gumbel-Max no τ.
    if (soft === undefined) return this.#kernels.gumbelMax(batch, logits, noise, { sample, index });
    const oneHot = soft === sample ? undefined : sample;
    return this.#kernels.gumbelSoftmax(batch, logits, noise, { soft, sample: oneHot, index });
  }

  backward(options: PlanBackwardOptions = {}): Float32Array {
    checkOptions(options, BACKWARD_OPTIONS);
    const tau = readFlag("tau", options.tau, false) ? this.tauGradient : undefined;
    const { logits, noise, soft, upstream, gradient } = this;
    if (soft === undefined || upstream === undefined || gradient === undefined) {
      throw kindError("gradient", "true for a backward pass", false);
    }
    this.#checkAttached();
    if (this.#last === undefined) {
      throw orderError("backward", "a forward pass that succeeded before it", "none");
    }
    const { batch } = this.#last;
    backward(this.#kernels, batch, logits, noise, soft, upstream, gradient, tau);
    return gradient;
  }
}
