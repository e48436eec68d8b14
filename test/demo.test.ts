/** The demo's modules: what it prints before its timings is a function of the seed, and right. */

import { Rng } from "gumbel";
import { describe, expect, it } from "vitest";
import { agree, agreement } from "../examples/demo/agreement.ts";
import { parseArguments, UsageError } from "../examples/demo/arguments.ts";
import { FORTUNES, mentions } from "../examples/demo/gentlemen.ts";
import { Novel } from "../examples/demo/novel.ts";
import {
  bar,
  fixed,
  grouped,
  histogram,
  signedBar,
  sparkline,
  wrap,
} from "../examples/demo/pictures.ts";
import { checkGradient, gradientSection } from "../examples/demo/sections/gradient.ts";
import {
  expectedGradient,
  gradients,
  meanAndSpread,
  noiseSection,
} from "../examples/demo/sections/noise.ts";
import { soften, tauSection } from "../examples/demo/sections/tau.ts";
import { continueText, textSection } from "../examples/demo/sections/text.ts";
import { contestants, mixedLogits } from "../examples/demo/sections/throughput.ts";
import { frequencies, weightsSection } from "../examples/demo/sections/weights.ts";
import { paintFor } from "../examples/demo/terminal.ts";

const novel = new Novel();
const paint = paintFor({ isTTY: false }, {});

/** All that the program prints before the section with timings. */
function report(seed: bigint): string[] {
  const sections = [textSection, weightsSection, tauSection, gradientSection, noiseSection];
  return sections.flatMap((section, i) => [
    section.title,
    ...section.lines({ novel, rng: new Rng(seed).split(i), paint, progress: () => {} }),
  ]);
}

describe("the report", () => {
  const lines = report(1n);

  it("is the same for the same seed, and another for another one", () => {
    expect(report(1n)).toEqual(lines);
    expect(report(2n ** 64n - 1n)).not.toEqual(lines);
  });

  it("fits into 100 columns", () => {
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  it("has colour for a terminal alone, and none where NO_COLOR is set", () => {
    expect(paint.strong("x")).toBe("x");
    expect(paintFor({ isTTY: true }, {}).strong("x")).toBe("\x1b[1mx\x1b[22m");
    expect(paintFor({ isTTY: true }, { NO_COLOR: "1" }).strong("x")).toBe("x");
  });
});

describe("the text model", () => {
  it("counts what follows, and trusts longer contexts more", () => {
    const small = new Novel("xabc yabd");
    const weightsAfter = (context: string) =>
      Object.fromEntries(
        Array.from(small.nextWeights(context), (w, i) => [small.alphabet[i], w] as const).filter(
          ([, weight]) => weight > 0,
        ),
      );
    expect(weightsAfter("b")).toEqual({ c: 1, d: 1 });
    expect(weightsAfter("xab")).toEqual({ c: 1 + 20 + 400, d: 1 + 20 });
    expect(weightsAfter("d")).toEqual({});
  });

  it("draws the same text for the same seed, and another for another one", () => {
    const draw = (seed: number) =>
      continueText(novel, "My dear ", { length: 100, temperature: 1, rng: new Rng(seed) });
    expect(draw(1)).toHaveLength(100);
    expect(draw(1)).toBe(draw(1));
    expect(draw(2)).not.toBe(draw(1));
  });

  it("at temperature 0 takes the likeliest character every time", () => {
    const draw = (seed: number) =>
      continueText(novel, "Mr. Dar", { length: 2, temperature: 0, rng: new Rng(seed) });
    expect([draw(1), draw(2)]).toEqual(["cy", "cy"]);
  });
});

describe("what the sections compute", () => {
  it.each([
    { weights: [0.9, 0.1, 0.1], exact: [9 / 11, 1 / 11, 1 / 11] },
    { weights: [0.5, 0.2, 0.3], exact: [0.5, 0.2, 0.3] },
  ])("frequencies from $weights are near the exact ones", ({ weights, exact }) => {
    const result = frequencies(weights, 200_000, new Rng(7));
    for (const [i, p] of exact.entries()) expect(result.exact[i]).toBeCloseTo(p, 12);
    // Three classes of two examples beyond 4.5 standard errors: once in 25,000 seeds.
    expect(result.deviation).toBeLessThan(4.5);
  });

  it("a soft sample tends to the hard one as tau falls", () => {
    const { soft, hard } = soften(mentions(novel), [5, 1, 0.01], new Rng(3));
    const distances = soft.map((y) => Math.max(...y.map((share, i) => Math.abs(share - hard[i]))));
    expect(distances[0]).toBeGreaterThan(distances[1]);
    expect(distances[1]).toBeGreaterThan(distances[2]);
    expect(distances[2]).toBeLessThan(1e-6);
  });

  it("the hard sample is exactly one-hot and its gradient is that of the soft formula", () => {
    const logits = Float32Array.from(mentions(novel), Math.log);
    for (let seed = 0; seed < 50; seed++) {
      const check = checkGradient(logits, FORTUNES, 1, new Rng(seed));
      expect([...check.hard].sort()).toEqual([0, 0, 0, 1]);
      expect(Math.max(...check.errors)).toBeLessThan(5e-6);
    }
  });

  it("without a softmax the gradient is v/p in every draw; with it, it varies about the exact one", () => {
    const p = [0.45, 0.25, 0.2, 0.1];
    const options = { draws: 1000, tau: 0.1, rng: new Rng(5) };
    const { linear, relaxed } = gradients(p, FORTUNES, options);
    const exact = expectedGradient(p, FORTUNES);
    for (const [i, v] of FORTUNES.entries()) {
      const ratio = v / p[i];
      for (const slope of linear[i]) expect(Math.abs(slope - ratio)).toBeLessThan(1e-5);
      const { mean, spread } = meanAndSpread(relaxed[i]);
      expect(spread).toBeGreaterThan(1);
      expect(Math.abs(mean - exact[i])).toBeLessThan((5 * spread) / Math.sqrt(options.draws));
    }
  });
});

describe("the plain loop", () => {
  const logits = mixedLogits();
  const [gumbel, plain] = contestants(new Rng(1));
  const measured = (sample: typeof gumbel) => agreement(sample, logits, { rows: 1024, calls: 8 });

  it("draws from the same law as gumbel", () => {
    expect(agree(measured(gumbel), measured(plain))).toBe(true);
  });

  it("would be found out if it didn't", () => {
    const shifted = (out: Float32Array) => {
      plain(out);
      for (let start = 0; start < out.length; start += 1000) {
        out.subarray(start, start + 1000).reverse();
      }
    };
    const softer = (out: Float32Array) => {
      plain(out);
      for (let i = 0; i < out.length; i++) out[i] *= 0.9;
    };
    expect(agree(measured(gumbel), measured(shifted))).toBe(false);
    expect(agree(measured(gumbel), measured(softer))).toBe(false);
  });
});

describe("the command line", () => {
  it("takes any seed of 64 bits, 1 without one", () => {
    expect(parseArguments([])).toEqual({ kind: "run", seed: 1n });
    expect(parseArguments(["--seed", "0"])).toEqual({ kind: "run", seed: 0n });
    expect(parseArguments([`--seed=${2n ** 64n - 1n}`])).toEqual({
      kind: "run",
      seed: 2n ** 64n - 1n,
    });
    expect(parseArguments(["--help"])).toEqual({ kind: "help" });
  });

  it.each([
    [["--sed", "1"], 'unknown argument "--sed": there are --seed N and --help'],
    [["--seed"], "--seed expected a number after it, as in --seed 42"],
    [["--seed", "-1"], '--seed expected an integer from 0 to 2^64 - 1, got "-1"'],
    [
      ["--seed", `${2n ** 64n}`],
      `--seed expected an integer from 0 to 2^64 - 1, got "${2n ** 64n}"`,
    ],
  ])("refuses %j with a sentence", (args, message) => {
    expect(() => parseArguments(args)).toThrow(new UsageError(message));
  });
});

describe("pictures", () => {
  it("draws bars to an eighth of a character", () => {
    expect(bar(0.5, 4)).toBe("██  ");
    expect(bar(1 / 32, 4)).toBe("▏   ");
    expect(bar(2, 2)).toBe("██");
  });

  it("draws signed bars from an axis in the middle", () => {
    expect(signedBar(2, 4, 9)).toBe("    │██  ");
    expect(signedBar(-3, 4, 9)).toBe(" ███│    ");
    expect(signedBar(0, 0, 5)).toBe("  │  ");
  });

  it("draws histograms as sparklines, blank where there is nothing", () => {
    expect(histogram([-9, 0, 0.1, 0.5, 1, 9], 0, 1, 4)).toEqual([3, 0, 1, 2]);
    expect(sparkline([4, 0, 1, 2])).toBe("█ ▂▄");
  });

  it("wraps at spaces and writes numbers", () => {
    expect(wrap("one two three\nfour", 7)).toEqual(["one two", "three", "four"]);
    expect([fixed(-0.001, 2), fixed(-0.01, 2), grouped(1234567)]).toEqual([
      "0.00",
      "-0.01",
      "1,234,567",
    ]);
  });
});
