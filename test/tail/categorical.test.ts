import { categorical, sampleTokens } from "gumbel";
import { describe, test } from "vitest";
import { expectTail, headOver } from "./head.ts";

describe.each([18, 20])("%i nats", (nats) => {
  const head = headOver(nats);
  const { classes, logits } = head;

  test("categorical, one draw a row", () => {
    expectTail(head, (stream) => categorical(logits, { classes, seed: 8, stream }));
  });

  test("sampleTokens, with a filter that drops none", () => {
    const options = { classes, minP: 2 ** -40, seed: 9 };
    expectTail(head, (stream) => sampleTokens(logits, { ...options, stream }));
  });
});
