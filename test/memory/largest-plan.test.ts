/** The largest row of a plan, in a process of its own: it has 4 GiB besides those of the plain functions. */

import { gumbelSoftmaxPlan } from "gumbel";
import { expect, test } from "vitest";
import { needs } from "./needs.ts";

needs(5);

test("six: 177,558,869 classes of a plan", () => {
  const classes = 177_558_869;
  const last = classes - 1;
  const plan = gumbelSoftmaxPlan({ rows: 1, classes });
  plan.logits.fill(-Infinity, 0, last);
  plan.upstream.fill(1);
  plan.forward({ seed: 1 });
  expect([plan.sample[0], plan.sample[last], plan.index[0]]).toEqual([0, 1, last]);
  expect(plan.backward({ tau: true })[last]).toBe(0);
  expect(() => gumbelSoftmaxPlan({ rows: 1, classes: classes + 2 ** 21 })).toThrow(
    '"rows" expected as many as fit in memory',
  );
});
