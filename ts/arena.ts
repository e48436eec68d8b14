/** The memory of one WebAssembly instance, as values of 4 bytes: who lies where. */

import { RECORD } from "./kernels.ts";
import { tooWide } from "./workspace.ts";

const PAGE_BYTES = 65_536;
/** WebAssembly has 65,536 pages. The last one stays out of use: an array's end must be an address. */
const MOST_PAGES = 65_535;
/** Of a float32, an int32, a word of a record. */
export const VALUE_BYTES = 4;
/** Each array starts at a multiple of this, as a vector does. */
const ALIGNMENT = 16;

/**
 * Memory behind the module's data: arrays that stay, if there are any, and then room that is handed out from its
 * start again for each call.
 */
export class Arena {
  floats!: Float32Array;
  ints!: Int32Array;
  /** The records, which lie at the start: a view for each call would cost more than a small call's kernel. */
  recordWords!: Uint32Array;
  recordFloats!: Float32Array;
  readonly #memory: WebAssembly.Memory;
  #buffer!: ArrayBuffer;
  #start: number;
  #next: number;
  #hasSettled = false;

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
    this.#start = memory.buffer.byteLength;
    this.#next = this.#start;
    this.#view();
  }

  /**
   * What was taken so far stays, and calls find their room behind it. Memory grows here to hold both; it won't
   * again for calls that need no more room than this.
   */
  settle(records: number, scratch: number): void {
    this.#start = this.#next;
    this.#hasSettled = true;
    this.begin(records);
    this.take(scratch);
    this.#growMemory();
    this.#view();
  }

  /** Starts over with room for `records`; returns their address. */
  begin(records: number): number {
    this.#next = this.#start;
    return this.take(records * RECORD);
  }

  /** The address of room for `count` values more. */
  take(count: number): number {
    const address = this.#next;
    this.#next += Math.ceil((count * VALUE_BYTES) / ALIGNMENT) * ALIGNMENT;
    return address;
  }

  /** Grows to hold what was taken. That detaches views, so they are made anew. */
  grow(): void {
    if (this.#next <= this.#buffer.byteLength) return;
    try {
      this.#growMemory();
    } catch {
      throw tooWide(this.#next - this.#start);
    }
    this.#view();
  }

  #growMemory(): void {
    const pages = this.#buffer.byteLength / PAGE_BYTES;
    const wanted = Math.ceil(this.#next / PAGE_BYTES);
    if (wanted > MOST_PAGES) throw new RangeError("WebAssembly has no more addresses");
    if (wanted > pages) this.#memory.grow(wanted - pages);
  }

  /** The address of an array that stays here; undefined for one from elsewhere. */
  addressOf(data: Float32Array | Int32Array): number | undefined {
    // Asking a small array for its buffer makes V8 move it, so arrays are asked only where some do stay.
    return this.#hasSettled && data.buffer === this.#buffer ? data.byteOffset : undefined;
  }

  #view(): void {
    const { buffer } = this.#memory;
    this.#buffer = buffer;
    this.floats = new Float32Array(buffer);
    this.ints = new Int32Array(buffer);
    this.recordWords = new Uint32Array(buffer, this.#start);
    this.recordFloats = new Float32Array(buffer, this.#start);
  }
}
