/** What a library has to say to take part. */

import { logitsOf, noiseOf, softOf, tokenLogitsOf, upstreamOf } from "./inputs.ts";
import { filterOf, type Task } from "./tasks.ts";

export const SEED = 1;

/** The contestant that all others are compared with. */
export const REFERENCE = "gumbel, out given";
/** The package where WebAssembly can't be had, and what it is compared with: loops by hand. */
export const JS_BACKEND = "gumbel, js backend";
export const PLAIN = "plain TypeScript";

/** Whether a contestant is this package, or its kernels. */
export function isOurs(contestant: string): boolean {
  return contestant.startsWith("gumbel");
}

/** A sample with the gradient of ⟨upstream, sample⟩ by the logits. */
export interface SampleAndGradient {
  readonly sample: ArrayLike<number>;
  readonly gradient: ArrayLike<number>;
}

/** Values, indices or both, in memory that a caller can read: nothing is left to be computed later. */
export type Answer = ArrayLike<number> | SampleAndGradient;

/** A task made ready: arrays allocated, functions compiled. */
export interface Prepared {
  /** Does the task once. Samplers draw anew each time. */
  readonly run: () => Answer | Promise<Answer>;
  /** Draws of a call, where they are fewer than the task asks for. */
  readonly draws?: number;
  readonly dispose?: () => void;
}

export interface Contestant {
  readonly name: string;
  /** `undefined` where the library has no such operation, nor parts that a user would make it of. */
  prepare(task: Task): Prepared | undefined;
}

/** The contestants of one process. */
export interface Library {
  readonly contestants: readonly Contestant[];
  /** Versions by package, for the line about the machine. */
  readonly versions: Readonly<Record<string, string>>;
  readonly notes?: readonly string[];
}

/** The inputs of a task, each made when it is first asked for: the wide shapes' arrays are large. */
export class Inputs {
  readonly #task: Task;
  constructor(task: Task) {
    this.#task = task;
  }
  get logits(): Float32Array {
    return filterOf(this.#task.operation) ? tokenLogitsOf(this.#task) : logitsOf(this.#task);
  }
  get noise(): Float32Array {
    return noiseOf(this.#task);
  }
  get upstream(): Float32Array {
    return upstreamOf(this.#task);
  }
  /** What the backward product starts from. */
  get soft(): Float32Array {
    const { classes, tau } = this.#task;
    return Float32Array.from(softOf(this, classes, tau));
  }
}
