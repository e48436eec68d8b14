/** Options of token sampling: what is done to a row, in which order, and how kernels are told. */

import { type PerRow, type Rows, readEach } from "./arrays.ts";
import { integer, kindError, valueError } from "./check.ts";
import { type Edits, type Program, Step } from "./kernels.ts";
import {
  isOff,
  type OfRow,
  ofRow,
  type Penalty,
  penaltyEdit,
  readCounts,
  readPenalty,
  type Seen,
} from "./penalties.ts";
import { readTemperature } from "./rate.ts";
import { type EachEdit, type RestrictionOptions, readEdits } from "./restriction.ts";

/** What can be done to the logits, by its option: a penalty, a filter, or the temperature that filters behind it see. */
export type TokenStep =
  | "repetitionPenalty"
  | "presencePenalty"
  | "frequencyPenalty"
  | "temperature"
  | "topK"
  | "topP"
  | "minP"
  | "typicalP";

/** The orders that two programs document. */
const ORDERS = {
  transformers: [
    "repetitionPenalty",
    "presencePenalty",
    "frequencyPenalty",
    "temperature",
    "topK",
    "topP",
    "minP",
    "typicalP",
  ],
  "llama.cpp": [
    "repetitionPenalty",
    "frequencyPenalty",
    "presencePenalty",
    "topK",
    "typicalP",
    "topP",
    "minP",
    "temperature",
  ],
} as const satisfies Record<Exclude<TokenOrder, readonly TokenStep[]>, readonly TokenStep[]>;

const STEPS = ORDERS.transformers;

/**
 * In which order things happen. `"transformers"`: penalties (repetition, presence, frequency), temperature, topK, topP,
 * minP, typicalP, as in `_get_logits_processor` of Hugging Face transformers, which has no presence and frequency
 * penalty. `"llama.cpp"`: penalties, topK, typicalP, topP, minP, temperature, as its `common_params_sampling` has it.
 * Or the names of the options in any order.
 */
export type TokenOrder = "transformers" | "llama.cpp" | readonly TokenStep[];

/** What is done to the logits of a row before a token is drawn. */
export interface TokenFilterOptions extends RestrictionOptions {
  /** T ≥ 0, one or one a row. Divides the logits; 0 keeps the first of the largest. Default 1. */
  temperature?: PerRow<number> | undefined;
  /** Keeps the k largest logits, and those that equal the last of them. 0 (default): all. One or one a row. */
  topK?: PerRow<number> | undefined;
  /**
   * Keeps the smallest set of largest probabilities whose sum reaches p (Holtzman et al. 2020), and those that equal the
   * last of them. 1 (default): all. One or one a row.
   */
  topP?: PerRow<number> | undefined;
  /** Keeps p ≥ minP · (largest p) (Nguyen et al. 2024). 0 (default), and what is below 2^-1022: all. One or one a row. */
  minP?: PerRow<number> | undefined;
  /**
   * Keeps the smallest set of classes with −log p nearest to the entropy whose sum reaches p (Meister et al. 2023), and
   * those that are as near as the last of them. 1 (default): all. One or one a row.
   */
  typicalP?: PerRow<number> | undefined;
  /** Divides positive logits of ids seen and multiplies the others (Keskar et al. 2019). > 0, default 1: none. */
  repetitionPenalty?: PerRow<number> | undefined;
  /** Subtracted from the logits of ids seen. Default 0. */
  presencePenalty?: PerRow<number> | undefined;
  /** Subtracted from the logits of ids seen, times how often. Default 0. */
  frequencyPenalty?: PerRow<number> | undefined;
  /** The ids seen, that is the tokens so far: an array for one row, or one a row. Goes with penalties. */
  seen?: Seen | ArrayLike<Seen> | undefined;
  /** In which order things happen, mask and bias always first; what a list doesn't name isn't done. */
  order?: TokenOrder | undefined;
}

export const TOKEN_FILTER_OPTIONS = [...STEPS, "seen", "order", "mask", "bias"];

/** Edits, and filters that see what these have left. */
export interface Stage {
  readonly edits: Edits | undefined;
  readonly program: Program;
}

export interface TokenFilters {
  readonly t: number | number[];
  /** More than one where an order has penalties behind a filter. */
  readonly stages: readonly Stage[];
}

/** Reads all of it. `out` is what the caller gave. */
export function readTokenFilters(
  options: TokenFilterOptions,
  input: Rows,
  out: unknown,
): TokenFilters {
  const { rows, classes } = input;
  const order = readOrder(options.order);
  for (const name of STEPS) {
    if (options[name] !== undefined && !order.includes(name)) {
      throw kindError(name, 'its name in "order" with it', options[name]);
    }
  }
  const t = readTemperature(options.temperature, rows);
  const edits = readEdits(options, input, "logits", out);
  const counts = options.seen === undefined ? undefined : readCounts(options.seen, rows, classes);
  const plan = new Plan(rows, t, edits);
  for (const name of order) {
    if (isPenalty(name)) {
      const value = readPenalty(name, options[name], rows);
      if (isOff(name, value)) continue;
      if (counts === undefined) throw kindError(name, 'the ids "seen" with it', options[name]);
      plan.edit((unit) => penaltyEdit(name, value, counts, unit));
    } else if (name === "temperature") {
      if (options.temperature !== undefined) plan.heat();
    } else {
      const value = readFilter(name, options[name], rows);
      if (value !== undefined) plan.filter(Step[name], value);
    }
  }
  return { t, stages: plan.stages() };
}

function isPenalty(name: TokenStep): name is Penalty {
  return name.endsWith("Penalty");
}

function readOrder(order: unknown): readonly TokenStep[] {
  if (order === undefined) return ORDERS.transformers;
  if (order === "transformers" || order === "llama.cpp") return ORDERS[order];
  if (typeof order === "string") {
    throw valueError("order", '"transformers", "llama.cpp" or an array of names', order);
  }
  if (!Array.isArray(order)) {
    throw kindError("order", '"transformers", "llama.cpp" or an array of names', order);
  }
  order.forEach((name, i) => {
    if (!STEPS.includes(name)) {
      const expected = `one of ${STEPS.join(", ")}`;
      throw typeof name === "string"
        ? valueError(`order[${i}]`, expected, name)
        : kindError(`order[${i}]`, expected, name);
    }
    if (order.indexOf(name) < i) throw valueError(`order[${i}]`, "each name once", name);
  });
  return [...order];
}

/** k or p of each row; undefined where it is off in all. */
function readFilter(
  name: Exclude<keyof typeof Step, "temperature">,
  value: unknown,
  rows: number,
): number | number[] | undefined {
  if (value === undefined) return undefined;
  const read = readEach(name, value as PerRow<number>, rows, "a number", (label, x: unknown) => {
    if (name === "topK") return integer(label, x, 0, 2 ** 30);
    if (typeof x !== "number") throw kindError(label, "a number", x);
    if (!(x >= 0 && x <= 1)) throw valueError(label, "a number from 0 to 1", x);
    // What is no normal number has no logarithm in the kernels.
    return x < 2 ** -1022 ? 0 : x;
  });
  const off = name === "topK" || name === "minP" ? 0 : 1;
  const isOff = typeof read === "number" ? read === off : read.every((x) => x === off);
  return isOff ? undefined : read;
}

/** A stage in the making. */
interface Draft {
  readonly edits: EachEdit[];
  readonly steps: number[];
  readonly values: (number | number[])[];
}

/** What is to be done, as far as it is known. */
class Plan {
  readonly #rows: number;
  readonly #t: number | number[];
  readonly #stages: Draft[] = [];
  #first: Edits | undefined;
  #isHot = false;

  constructor(rows: number, t: number | number[], first: Edits | undefined) {
    this.#rows = rows;
    this.#t = t;
    this.#first = first;
    this.#begin();
  }

  #begin(): void {
    this.#stages.push({ edits: [], steps: [], values: [] });
    if (this.#isHot) this.#add(Step.temperature, 0);
  }

  get #last(): Draft {
    return this.#stages.at(-1) as Draft;
  }

  #add(step: number, value: number | number[]): void {
    this.#last.steps.push(step);
    this.#last.values.push(value);
  }

  /** Behind the temperature logits are divided by it, so that what is subtracted counts for as much times T. */
  edit(make: (unit: OfRow) => EachEdit): void {
    if (this.#last.steps.some((step) => step !== Step.temperature)) this.#begin();
    const t = ofRow(this.#t);
    const unit = this.#isHot ? (row: number) => t(row) || 1 : () => 1;
    this.#last.edits.push(make(unit));
  }

  heat(): void {
    this.#isHot = true;
    this.#add(Step.temperature, 0);
  }

  filter(step: number, value: number | number[]): void {
    this.#add(step, value);
  }

  stages(): Stage[] {
    const t = ofRow(this.#t);
    const later = this.#stages.slice(1).flatMap(({ edits }) => edits);
    return this.#stages.map(({ edits, steps, values }, i) => {
      // A temperature of 0 takes the largest of what all penalties leave, so there they come first.
      const all: EachEdit[] = later.length === 0 ? edits : [this.#unless(i > 0, edits)];
      if (i === 0 && later.length > 0) {
        all.push((x, at, row) => {
          if (t(row) === 0) for (const edit of later) edit(x, at, row);
        });
      }
      return {
        edits: joined(i === 0 ? this.#first : undefined, all),
        program: { steps, values: valuesOf(values, this.#rows) },
      };
    });
  }

  #unless(skipCold: boolean, edits: EachEdit[]): EachEdit {
    const t = ofRow(this.#t);
    return (x, at, row) => {
      if (skipCold && t(row) === 0) return;
      for (const edit of edits) edit(x, at, row);
    };
  }
}

/** The values of all steps, row by row. */
function valuesOf(values: readonly (number | number[])[], rows: number): Float64Array {
  const out = new Float64Array(rows * values.length);
  values.forEach((value, step) => {
    const each = ofRow(value);
    for (let row = 0; row < rows; row++) out[row * values.length + step] = each(row);
  });
  return out;
}

function joined(first: Edits | undefined, edits: readonly EachEdit[]): Edits | undefined {
  if (edits.length === 0) return first;
  const all = first?.each === undefined ? edits : [first.each, ...edits];
  const [only] = all;
  if (all.length === 1) return { ...first, each: only };
  return {
    ...first,
    each: (x, at, row) => {
      for (const edit of all) edit(x, at, row);
    },
  };
}
