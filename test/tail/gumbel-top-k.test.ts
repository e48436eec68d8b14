import { gumbelTopK } from "gumbel";
import { test } from "vitest";
import { expectTail, headOver } from "./head.ts";

test.each([18, 20])("gumbelTopK, %i nats", (nats) => {
  const head = headOver(nats);
  expectTail(head, (stream) => {
    const { index } = gumbelTopK(head.logits, 2, { classes: head.classes, seed: 6, stream });
    return index.filter((_, i) => i % 2 === 0);
  });
});
