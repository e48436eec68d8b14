/** Arrays for several results with names. */

import { checkApart, type Named, readOut } from "../arrays.ts";
import { type Layout, roomFor, scatter } from "../axis.ts";
import { checkNames } from "../check.ts";

/**
 * An array for each name that has a length: the one in `out`, or a new one. None shares memory with another one or with
 * `others`.
 */
export function readOuts<Results extends object>(
  out: unknown,
  lengths: { readonly [Name in keyof Results]-?: number | undefined },
  others: readonly Named[],
): Results {
  const names = Object.entries<number | undefined>(lengths).filter(([, n]) => n !== undefined);
  if (out !== undefined) checkNames("out", out, Object.keys(Object.fromEntries(names)));
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

/** Lets `write` fill results as rows, brings those that have a layout to where it says, and returns `out`. */
export function inRows<Results extends object>(
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
