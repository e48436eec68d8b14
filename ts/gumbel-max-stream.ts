import { MAX_COLUMNS, readVector } from "./arrays.ts";
import { kernels } from "./backend.ts";
import { makeBatch } from "./batch.ts";
import { checkOptions, kindError, orderError, stateError, valueError } from "./check.ts";
import { KEY_OPTIONS, type KeyOptions, NEXT_STREAM, readKey } from "./key.ts";
import { readTemperature } from "./rate.ts";

/** Options of {@link gumbelMaxStream}. `seed`, `stream` and `row` are one each: a stream is one row. */
export interface GumbelMaxStreamOptions extends KeyOptions {
  /** T ≥ 0: divides the logits, not the noise. 0 takes the largest logit. Default 1. */
  temperature?: number | undefined;
  /** The largest logit of the whole row, where it is known: then the index is {@link gumbelMax}'s, to the bit. */
  max?: number | undefined;
}

/**
 * A row of logits on its way, by {@link gumbelMaxStream}.
 *
 * @example
 * ```ts
 * const row = gumbelMaxStream({ seed: 7 });
 * for (const logits of [[0, 1], [], [2]]) row.push(logits);
 * row.classes; // 3
 * row.finish(); // 2
 * ```
 */
export interface GumbelMaxStream {
  /** How many logits have come. */
  readonly classes: number;
  /**
   * Takes the next logits, in the order of their classes; any number of them, none as well.
   *
   * @param logits - Numbers; they can be overwritten afterwards.
   * @returns Nothing.
   * @throws TypeError for what is no array of numbers.
   * @throws RangeError for NaN, a second +∞, a logit above `max`, or more than 2^30 in all. The stream then is as it
   *   was before.
   * @throws Error after `finish`.
   */
  push(logits: ArrayLike<number>): void;
  /**
   * Ends the stream.
   *
   * @returns The class drawn, counted from the first logit.
   * @throws RangeError where nothing above −∞ has come, or where `max` was given and isn't the largest that has come;
   *   logits can still follow then.
   * @throws Error where it was called before.
   */
  finish(): number;
}

const OPTIONS = [...KEY_OPTIONS, "temperature", "max"];

/**
 * {@link gumbelMax} of one row that comes in pieces, such as the output of a model that is cut over its vocabulary.
 * Nothing of the row is kept but two numbers about the class that leads. How the row is cut makes no difference.
 *
 * With `max`, the largest logit of the row, the result is that of `gumbelMax` on the whole row, to the bit. Without,
 * classes are compared in pairs in float64; the law is the same, and so is the index, except where the scores
 * (l − max)/T + G of the two classes agree to 2^-22·(|l − max|/T + |score|), of whichever is larger: there `gumbelMax`
 * may round the other way.
 *
 * @param options - Key, temperature, and the largest logit where it is known.
 * @returns The stream, which has taken an `rng`'s stream by now: others of the same `rng` differ from it.
 * @throws TypeError for an option of the wrong kind, an unknown option, or options that exclude each other.
 * @throws RangeError for a number out of its range.
 * @see Maddison, Tarlow & Minka, [A* sampling](https://arxiv.org/abs/1411.0030), NeurIPS 2014, §2.
 *
 * @example
 * ```ts
 * const row = gumbelMaxStream({ seed: 7, max: 2 });
 * row.push([0, 1]);
 * row.push([2]);
 * row.finish(); // 2
 * gumbelMax([0, 1, 2], { seed: 7 }); // Int32Array [2]
 * ```
 */
export function gumbelMaxStream(options: GumbelMaxStreamOptions = {}): GumbelMaxStream {
  checkOptions(options, OPTIONS);
  const t = readTemperature(options.temperature, 1);
  const max = readMax(options.max);
  const key = readKey(options, 1);
  key.rng?.next();

  const leader = new Float32Array(2).fill(-Infinity);
  const part = new Int32Array(1);
  let index = -1;
  let classes = 0;
  let isOver = false;

  /** Throws after the end. */
  function checkGoing(method: string): void {
    if (isOver) throw orderError(method, "a stream that goes on", "one that is finished");
  }

  return {
    get classes() {
      return classes;
    },
    push(logits) {
      checkGoing("push");
      const data = readVector("logits", logits);
      const count = data.length;
      if (count === 0) return;
      if (classes + count > MAX_COLUMNS) {
        const expected = `at most 2^30 in all${NEXT_STREAM}`;
        throw stateError("logits", expected, `${classes + count}`);
      }
      const batch = makeBatch({ rows: 1, classes: count }, { key, draw: classes, t });
      const state = { leader, index: part };
      if (kernels().gumbelMaxPart(batch, data, max, state) < 1) throw explain(data, classes, max);
      if (part[0] >= 0) index = classes + part[0];
      classes += count;
    },
    finish() {
      checkGoing("finish");
      if (leader[0] === -Infinity) throw stateError("logits", "one above -Infinity", "none");
      if (max !== leader[0] && !Number.isNaN(max)) {
        throw stateError("max", `the largest logit that has come (${leader[0]})`, `${max}`);
      }
      isOver = true;
      return index;
    },
  };
}

/** The largest logit of the row in float32; NaN where it isn't known. */
function readMax(max: unknown): number {
  if (max === undefined) return Number.NaN;
  if (typeof max !== "number") throw kindError("max", "a number", max);
  const rounded = Math.fround(max);
  if (rounded > -Infinity && Number.isFinite(rounded) === Number.isFinite(max)) return rounded;
  throw valueError("max", "a number above -Infinity, within float32", max);
}

function explain(data: Float32Array, classes: number, max: number): RangeError {
  const nan = data.findIndex((l) => Number.isNaN(l));
  if (nan >= 0) return stateError("logits", "no NaN", `NaN at class ${classes + nan}`);
  const above = data.findIndex((l) => l > max);
  if (above >= 0) {
    const expected = `none above "max" (${max})`;
    return stateError("logits", expected, `${data[above]} at class ${classes + above}`);
  }
  const last = data.lastIndexOf(Infinity);
  return stateError("logits", "at most one Infinity", `another at class ${classes + last}`);
}
