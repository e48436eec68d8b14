/* tslint:disable */
/* eslint-disable */

/**
 * Relaxed Bernoulli variables at the τ of each row: the soft sample, its logit and the outcome, each where it is wanted.
 * Scratch: a row.
 *
 * # Safety
 * See the module.
 */
export function binary_concrete(params: number, rows: number, classes: number, x: number, noise: number, scratch: number, soft: number, logit: number, hard: number, flags: number): number;

/**
 * Draws by inverse CDF: of the `draws` of a row those from `made` on, `count` of them. `made` isn't 0 for the later
 * slices of one row's draws alone; between these, scratch stays as it is, and nothing else is drawn.
 *
 * Scratch: ⌈classes/256⌉ + 1 doubles up to the next 16 bytes, then two rows, and a third for weights.
 *
 * # Safety
 * See the module.
 */
export function categorical(params: number, rows: number, classes: number, x: number, scratch: number, draws: number, made: number, count: number, out: number, log_prob: number, log_z: number, entropy: number, flags: number): number;

/**
 * Half-precision numbers, `count` of them, as float32: float16 where `is_bfloat` is 0.
 *
 * # Safety
 * `halves` points to `count` numbers of 16 bits, `out` to room for as many of 32.
 */
export function decode(halves: number, count: number, out: number, is_bfloat: number): void;

/**
 * Draws from a law that is kept, from the first draw of `params` on.
 *
 * # Safety
 * See the module.
 */
export function draw_law(params: number, classes: number, law: number, entries: number, draws: number, out: number): void;

/**
 * Filters the logits of each row where they are, by a program of `steps` steps, each with a value in every row; draws
 * from what is left where `index` isn't null. Scratch: as for `categorical`, with three rows and 2·[`tokens::SPARE`]
 * values more.
 *
 * # Safety
 * See the module.
 */
export function filter_tokens(params: number, rows: number, classes: number, x: number, scratch: number, program: number, values: number, steps: number, index: number, flags: number): number;

/**
 * Gumbel variables with the maximum of each row, `max`, at a temperature of 1.
 *
 * # Safety
 * See the module; `max` has one value a row. Scratch: a row for weights.
 */
export function gumbel_given_max(params: number, rows: number, classes: number, x: number, noise: number, scratch: number, max: number, out: number, flags: number): number;

/**
 * Gumbel-Max: the index of each row at its temperature, as number or one-hot row, each where its pointer isn't null.
 * Scratch: a row for weights.
 *
 * # Safety
 * See the module.
 */
export function gumbel_max(params: number, rows: number, classes: number, x: number, noise: number, scratch: number, sample: number, index: number, log_prob: number, log_z: number, entropy: number, flags: number): number;

/**
 * Gumbel-Max of a part of each row, from the column in its record on. `max` is the largest logit of the whole row,
 * or NaN where that isn't known; `index` the column that leads now, in the part, or −1 for an earlier one.
 *
 * # Safety
 * See the module; `before` and `after` have a [`Leader`] a row.
 */
export function gumbel_max_part(params: number, rows: number, classes: number, x: number, max: number, before: number, after: number, index: number, flags: number): number;

/**
 * The gradient of Gumbel-Rao by the input: of the soft sample at the τ of each row, averaged over replicas of the noise
 * given the class `index` of each row. NaN in a row that is invalid or has the index −1.
 * Scratch: three rows, for weights four.
 *
 * # Safety
 * See the module; `index` has one value a row.
 */
export function gumbel_rao(params: number, rows: number, classes: number, x: number, index: number, v: number, replicas: number, scratch: number, out: number, flags: number): void;

/**
 * Gumbel-Softmax for the backward pass: the soft sample at the τ of each row, its index, and where `sample` isn't
 * null the one-hot row of that index. Scratch: a row for weights, none for logits.
 *
 * # Safety
 * See the module.
 */
export function gumbel_softmax(params: number, rows: number, classes: number, x: number, noise: number, scratch: number, soft: number, sample: number, index: number, flags: number): number;

/**
 * The tangent of a soft sample `y` along a tangent of the input and one of τ, each where its pointer isn't null.
 * Scratch: a row, and for τ a second.
 *
 * # Safety
 * See the module.
 */
export function gumbel_softmax_jvp(params: number, rows: number, classes: number, x: number, noise: number, y: number, input_tangent: number, tau_tangent: number, scratch: number, out: number, flags: number): void;

/**
 * The gradient of a soft sample `y` by its input, and by τ where `by_tau` isn't null. `x` is read for weights and
 * for τ, noise for τ. Scratch: for τ a row, and a second for weights.
 *
 * # Safety
 * See the module.
 */
export function gumbel_softmax_vjp(params: number, rows: number, classes: number, x: number, noise: number, y: number, v: number, scratch: number, out: number, by_tau: number, flags: number): void;

/**
 * Gumbel-top-k: the `k` best classes of each row, with their perturbed log-probabilities and their log-probabilities.
 *
 * # Safety
 * See the module; `index`, `score` and `log_prob` have `k` values a row. Scratch: a row, for weights two.
 */
export function gumbel_top_k(params: number, rows: number, classes: number, x: number, noise: number, scratch: number, k: number, index: number, score: number, log_prob: number, flags: number): number;

/**
 * The logarithm of the soft sample at the τ of each row. Scratch: a row for weights, none for logits.
 *
 * # Safety
 * See the module.
 */
export function log_gumbel_softmax(params: number, rows: number, classes: number, x: number, noise: number, scratch: number, out: number, flags: number): number;

/**
 * Log-softmax at the temperature of each row.
 *
 * # Safety
 * See the module.
 */
export function log_softmax(params: number, rows: number, classes: number, x: number, out: number, flags: number): number;

/**
 * Tangent of log-softmax from its value.
 *
 * # Safety
 * See the module.
 */
export function log_softmax_jvp(rows: number, classes: number, value: number, tangent: number, out: number): void;

/**
 * Gradient of log-softmax from its value.
 *
 * # Safety
 * See the module.
 */
export function log_softmax_vjp(rows: number, classes: number, value: number, v: number, out: number): void;

/**
 * Log-sum-exp, one value a row.
 *
 * # Safety
 * See the module.
 */
export function log_sum_exp(rows: number, classes: number, x: number, out: number, flags: number): number;

/**
 * Tangent of log-sum-exp, one value a row. An invalid row gives NaN. Scratch: a row.
 *
 * # Safety
 * See the module.
 */
export function log_sum_exp_jvp(rows: number, classes: number, x: number, tangent: number, scratch: number, out: number): void;

/**
 * Gradient of log-sum-exp; `v` has one value a row. An invalid row gives NaN.
 *
 * # Safety
 * See the module.
 */
export function log_sum_exp_vjp(rows: number, classes: number, x: number, v: number, out: number): void;

/**
 * Works out a law that is kept, of logits that lie where its words will, or of weights where its weights will. Returns
 * 1, or 0 where it is none.
 *
 * # Safety
 * See the module.
 */
export function make_law(params: number, classes: number, law: number, entries: number, flags: number): number;

/**
 * Gumbel noise, for the purpose of this number (0, 4, 6 or 8).
 *
 * # Safety
 * See the module.
 */
export function noise(params: number, rows: number, classes: number, purpose: number, out: number): void;

/**
 * Packs masks of `classes` bytes a row into bits, from row to row in whole words.
 *
 * # Safety
 * `bytes` points to `rows` × `classes` of them, `bits` to room for `rows` × ⌈`classes`/32⌉ words.
 */
export function pack_mask(rows: number, classes: number, bytes: number, bits: number): void;

/**
 * Fills the table of cubics. To be called once, before anything else.
 */
export function prepare(): void;

/**
 * Adds a bias to the rows of a batch and masks classes, each where its pointer isn't null; from row to row it is so many
 * values farther, 0 where one is for all.
 *
 * # Safety
 * See the module.
 */
export function restrict(rows: number, classes: number, x: number, bias: number, bias_step: number, mask: number, mask_step: number, flags: number): void;

/**
 * Softmax at the temperature of each row.
 *
 * # Safety
 * See the module.
 */
export function softmax(params: number, rows: number, classes: number, x: number, out: number, flags: number): number;

/**
 * `out = scale · y ⊙ (v − ⟨y, v⟩)` with the scale of each row.
 *
 * # Safety
 * See the module.
 */
export function softmax_backward(params: number, rows: number, classes: number, y: number, v: number, out: number): void;

export type InitInput = RequestInfo | URL | Response | BufferSource | WebAssembly.Module;

export interface InitOutput {
    readonly memory: WebAssembly.Memory;
    readonly binary_concrete: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number, j: number) => number;
    readonly categorical: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number, j: number, k: number, l: number, m: number) => number;
    readonly decode: (a: number, b: number, c: number, d: number) => void;
    readonly draw_law: (a: number, b: number, c: number, d: number, e: number, f: number) => void;
    readonly filter_tokens: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number, j: number) => number;
    readonly gumbel_given_max: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number) => number;
    readonly gumbel_max: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number, j: number, k: number, l: number) => number;
    readonly gumbel_max_part: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number) => number;
    readonly gumbel_rao: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number, j: number) => void;
    readonly gumbel_softmax: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number, j: number) => number;
    readonly gumbel_softmax_jvp: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number, j: number, k: number) => void;
    readonly gumbel_softmax_vjp: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number, j: number, k: number) => void;
    readonly gumbel_top_k: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number, j: number, k: number) => number;
    readonly log_gumbel_softmax: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number) => number;
    readonly log_softmax: (a: number, b: number, c: number, d: number, e: number, f: number) => number;
    readonly log_softmax_jvp: (a: number, b: number, c: number, d: number, e: number) => void;
    readonly log_softmax_vjp: (a: number, b: number, c: number, d: number, e: number) => void;
    readonly log_sum_exp: (a: number, b: number, c: number, d: number, e: number) => number;
    readonly log_sum_exp_jvp: (a: number, b: number, c: number, d: number, e: number, f: number) => void;
    readonly log_sum_exp_vjp: (a: number, b: number, c: number, d: number, e: number) => void;
    readonly make_law: (a: number, b: number, c: number, d: number, e: number) => number;
    readonly noise: (a: number, b: number, c: number, d: number, e: number) => void;
    readonly pack_mask: (a: number, b: number, c: number, d: number) => void;
    readonly prepare: () => void;
    readonly restrict: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number) => void;
    readonly softmax: (a: number, b: number, c: number, d: number, e: number, f: number) => number;
    readonly softmax_backward: (a: number, b: number, c: number, d: number, e: number, f: number) => void;
}

export type SyncInitInput = BufferSource | WebAssembly.Module;

/**
 * Instantiates the given `module`, which can either be bytes or
 * a precompiled `WebAssembly.Module`.
 *
 * @param {{ module: SyncInitInput }} module - Passing `SyncInitInput` directly is deprecated.
 *
 * @returns {InitOutput}
 */
export function initSync(module: { module: SyncInitInput } | SyncInitInput): InitOutput;

/**
 * If `module_or_path` is {RequestInfo} or {URL}, makes a request and
 * for everything else, calls `WebAssembly.instantiate` directly.
 *
 * @param {{ module_or_path: InitInput | Promise<InitInput> }} module_or_path - Passing `InitInput` directly is deprecated.
 *
 * @returns {Promise<InitOutput>}
 */
export default function __wbg_init (module_or_path?: { module_or_path: InitInput | Promise<InitInput> } | InitInput | Promise<InitInput>): Promise<InitOutput>;
