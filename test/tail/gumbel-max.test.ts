import { gumbelMax } from "gumbel";
import { test } from "vitest";
import { expectTail, headOver } from "./head.ts";

test.each([18, 20])("gumbelMax, %i nats", (nats) => {
  const head = headOver(nats);
  expectTail(head, (stream) => gumbelMax(head.logits, { classes: head.classes, seed: 5, stream }));
});
