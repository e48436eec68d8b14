/** Several results with names, and backward products that give them. */

import { checkApart, checkKept, type Kept, type Named, readOut } from "../arrays.ts";
import { type Layout, roomFor, scatter } from "../axis.ts";
import { checkNames, checkOptions } from "../check.ts";

/**
 * An array for each name that has a length: the one in `out`, or a new one. None shares memory with another one or with
 * `others`.
 */
function readOuts<Results extends object>(
  out: unknown,
  lengths: { readonly [Name in keyof Results]-?: number | undefined },
  others: readonly Named[],
): Results {
  const names = Object.entries<number | undefined>(lengths).filter(([, n]) => n !== undefined);
  if (out !== undefined)
    checkNames(
      "out",
      out,
      names.map(([name]) => name),
    );
  const given = (out ?? {}) as Record<string, Float32Array | undefined>;
  const taken = [...others];
  const arrays = names.map(([name, length]) => {
    const label = `out.${name}`;
    const array = readOut(label, given[name], length as number, []);
    checkApart(label, given[name], taken);
    taken.push([label, given[name]]);
    return [name, array];
  });
  return Object.fromEntries(arrays);
}

/** What a backward product gives: the length of each gradient that is wanted, and the layout of those that have one. */
interface Shapes<Gradients extends object> {
  readonly lengths: { readonly [Name in keyof Gradients]-?: number | undefined };
  readonly layouts: { readonly [Name in keyof Gradients]?: Layout | undefined };
}

/**
 * A backward product of what a closure keeps: `read` checks the upstream gradient, `write` fills the gradients as rows.
 */
export function backwardOf<V, Gradients extends object>(
  kept: readonly Kept[],
  { lengths, layouts }: Shapes<Gradients>,
  read: (v: V) => Float32Array,
  write: (upstream: Float32Array, rooms: Gradients) => void,
): (v: V, options?: { out?: unknown }) => Gradients {
  return (v, options = {}) => {
    checkOptions(options, ["out"]);
    const upstream = read(v);
    checkKept(kept);
    const out = readOuts<Gradients>(options.out, lengths, [...kept, ["v", v]]);
    return inRows(out, layouts, (rooms) => write(upstream, rooms));
  };
}

/** Lets `write` fill results as rows, brings those that have a layout to where it says, and returns `out`. */
function inRows<Results extends object>(
  out: Results,
  layouts: { readonly [Name in keyof Results]?: Layout | undefined },
  write: (rooms: Results) => void,
): Results {
  const results = out as { readonly [name: string]: Float32Array };
  const rooms = { ...results };
  const shaped = Object.entries<Layout | undefined>(layouts);
  for (const [name, layout] of shaped) if (layout) rooms[name] = roomFor(results[name], layout);
  write(rooms as Results);
  for (const [name, layout] of shaped) {
    if (layout) scatter(rooms[name], results[name], layout, layout.rows);
  }
  return out;
}
