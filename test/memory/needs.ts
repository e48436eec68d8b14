import { freemem } from "node:os";

const GiB = 2 ** 30;

/** Fails where there is less memory: what was never computed must not count as passed. */
export function needs(gibibytes: number): void {
  const free = Math.min(freemem(), process.constrainedMemory() || Number.POSITIVE_INFINITY) / GiB;
  if (free >= gibibytes) return;
  throw new Error(`These tests need ${gibibytes} GiB of memory, here are ${free.toFixed(1)} free.`);
}
