/**
 * l + G of one row given the class of the largest: their posterior, from the top down (Maddison, Tarlow & Minka 2014,
 * §3; Tucker et al. 2017, appendix on categorical variables).
 *
 * The maximum T doesn't depend on which class it is at: it is log Σ e^l + G, with the noise of that class. The others
 * are independent of each other, truncated at T. All of it in float64, rounded once.
 */

import { roomFor, scatter } from "../axis.ts";
import { errorOfRow } from "../batch.ts";
import { stateError } from "../check.ts";
import { canonical, expF64 } from "../js/math.ts";
import { each, markRow } from "../js/rows.ts";
import { type Backward, type Conditional, readBackward } from "./conditional.ts";
import { Locations, truncate, truncateSlope } from "./locations.ts";
import { product } from "./product.ts";

/** Writes the variables of all rows, whose largest are at `top`; throws for the first row that has none such. */
export function givenTop(
  call: Conditional,
  noise: Float32Array,
  top: Int32Array,
  out: Float32Array,
): void {
  const { input, batch } = call;
  const row = new Locations(input, batch.weights);
  const room = roomFor(out, input);
  const completed = each(
    batch,
    (i) => {
      if (!row.seek(i) || !canBeTop(row, noise, top[i])) return false;
      fill(row, noise, top[i], room);
      return true;
    },
    (i) => markRow(room, i, input.classes),
  );
  scatter(room, out, input, completed);
  if (completed < input.rows) throw explain(call, row, completed, noise, top[completed]);
}

/** The backward product of {@link givenTop}. */
export function givenTopVjp(call: Conditional, drawn: Float32Array, top: Int32Array): Backward {
  const { batch } = call;
  return (v, options) => {
    const { input, noise, upstream, out } = readBackward(call, drawn, v, options);
    const row = new Locations(input, batch.weights);
    const room = roomFor(out, input, upstream);
    each(
      batch,
      (i) => {
        if (!row.seek(i) || !canBeTop(row, noise, top[i])) return false;
        backward(row, noise, top[i], upstream, room);
        return true;
      },
      (i) => markRow(room, i, input.classes),
    );
    scatter(room, out, input, input.rows);
    return { input: out };
  };
}

/** Why a row, which is the one at hand, has no largest variable at `top`. */
function explain(
  { input, from, noise: given }: Conditional,
  row: Locations,
  number: number,
  noise: Float32Array,
  top: number,
): RangeError {
  if (row.isLaw && !row.isPossible(top)) {
    return stateError("index", "a class that the row can draw", `${top} at row ${number}`);
  }
  if (row.isLaw && noise[row.at + top] === Number.NEGATIVE_INFINITY) {
    const expected = 'a value above -Infinity at the class of "index"';
    return stateError("noise", expected, `-Infinity at row ${number}, class ${top}`);
  }
  return errorOfRow(number, "logits", input, from, given && noise) as RangeError;
}

/** Whether the class `top` can be the largest of the row at hand. */
function canBeTop(row: Locations, noise: Float32Array, top: number): boolean {
  const { at, values } = row;
  if (top < 0 || !row.isPossible(top)) return false;
  for (let i = 0; i < values.length; i++) {
    if (!(noise[at + i] < Number.POSITIVE_INFINITY)) return false;
  }
  return noise[at + top] > Number.NEGATIVE_INFINITY;
}

/** Writes the variables of the row at hand. `out` may be the noise, or where the row comes from. */
function fill(row: Locations, noise: Float32Array, top: number, out: Float32Array): void {
  const { at, values } = row;
  const most = row.logSum() + noise[at + top];
  for (let i = 0; i < values.length; i++) {
    out[at + i] = i === top ? most : truncate(values[i] + noise[at + i], most);
  }
}

/** Writes the gradient of ⟨v, variables⟩ by what the row was given as; `out` may be `v`. */
function backward(
  row: Locations,
  noise: Float32Array,
  top: number,
  v: Float32Array,
  out: Float32Array,
): void {
  const { at, values } = row;
  const logSum = row.logSum();
  const most = logSum + noise[at + top];
  // What arrives at the maximum: its own, and a share of what arrives at each of the others.
  let toMost = v[at + top];
  for (let i = 0; i < values.length; i++) {
    if (i !== top && values[i] > Number.NEGATIVE_INFINITY) {
      toMost += product(v[at + i], truncateSlope(most, values[i] + noise[at + i]));
    }
  }
  for (let i = 0; i < values.length; i++) {
    const l = values[i];
    if (!Number.isFinite(l)) out[at + i] = 0;
    else {
      const own = i === top ? 0 : product(v[at + i], truncateSlope(l + noise[at + i], most));
      out[at + i] = canonical(row.derivative(own + product(toMost, expF64(l - logSum)), i));
    }
  }
}
