/** A law that is kept, in an instance of WebAssembly of its own. */

import { Arena, VALUE_BYTES } from "./arena.ts";
import { type Batch, guideBits, type KeptLaw } from "./kernels.ts";
import type { InitOutput } from "./wasm/gumbel.js";
import { anotherInstanceOf, BLOCK, flagsOf } from "./wasm.ts";
import { tooWide } from "./workspace.ts";

/** Draws at a time: enough to hide the cost of a call, few enough for the second-level cache. */
const CHUNK = 16_384;

/**
 * Memory for a law of so many classes, which grows here and never again.
 *
 * @throws RangeError where there is no memory for it.
 */
export function createWasmLaw(module: WebAssembly.Module, classes: number): KeptLaw {
  const wasm = anotherInstanceOf(module, "law");
  const arena = new Arena(wasm.memory);
  const entries = 2 ** guideBits(classes) + 1;
  // As crates/wasm/src/lib.rs has them: sums, weights, words, guide.
  const sums = 2 * (Math.ceil(classes / BLOCK) + 1);
  const values = sums + 2 * classes + entries;
  const law = arena.take(values);
  try {
    arena.settle(1, CHUNK);
  } catch {
    throw tooWide(values * VALUE_BYTES);
  }
  return new WasmKeptLaw(wasm, arena, { law, weights: law / VALUE_BYTES + sums, classes, entries });
}

interface Place {
  /** The address of all. */
  readonly law: number;
  /** The number of the first weight in memory, as values of 4 bytes. The words are behind them. */
  readonly weights: number;
  readonly classes: number;
  /** Of the guide. */
  readonly entries: number;
}

class WasmKeptLaw implements KeptLaw {
  readonly #wasm: InitOutput;
  readonly #arena: Arena;
  readonly #place: Place;
  readonly #params: number;
  readonly #drawn: number;

  constructor(wasm: InitOutput, arena: Arena, place: Place) {
    this.#wasm = wasm;
    this.#arena = arena;
    this.#place = place;
    this.#params = arena.begin(1);
    this.#drawn = arena.take(CHUNK);
  }

  set(batch: Batch, x: Float32Array): number {
    const { law, weights, classes, entries } = this.#place;
    this.#write(batch);
    // Logits lie where the words will, weights where the weights will.
    this.#arena.floats.set(x, batch.weights ? weights : weights + classes);
    return this.#wasm.make_law(this.#params, classes, law, entries, flagsOf(batch));
  }

  draw(batch: Batch, made: number, out: Int32Array): void {
    const { law, classes, entries } = this.#place;
    const { ints, recordWords } = this.#arena;
    this.#write(batch);
    const first = recordWords[5] as number;
    const from = this.#drawn / VALUE_BYTES;
    for (let start = 0; start < out.length; start += CHUNK) {
      const count = Math.min(CHUNK, out.length - start);
      recordWords[5] = first + made + start;
      this.#wasm.draw_law(this.#params, classes, law, entries, count, this.#drawn);
      out.set(ints.subarray(from, from + count), start);
    }
  }

  #write(batch: Batch): void {
    batch.params(this.#arena.recordWords, this.#arena.recordFloats, 0, 1);
  }
}
