import { gumbelMaxStream } from "gumbel";
import { test } from "vitest";
import { expectTail, headOver } from "./head.ts";

test.each([18, 20])("gumbelMaxStream without the maximum, %i nats", (nats) => {
  const { classes, logits, ...head } = headOver(nats);
  const half = classes >> 1;
  expectTail({ classes, logits, ...head }, (stream) =>
    Array.from({ length: logits.length / classes }, (_, row) => {
      const draw = gumbelMaxStream({ seed: 7, stream, row });
      const at = row * classes;
      draw.push(logits.subarray(at, at + half));
      draw.push(logits.subarray(at + half, at + classes));
      return draw.finish();
    }),
  );
});
