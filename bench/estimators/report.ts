/** The findings as Markdown: what bench/ESTIMATORS.md holds. */

import { list, table } from "../markdown.ts";
import type { Finding } from "./findings.ts";
import { CRITICAL, DEGREES, norm } from "./moments.ts";
import { exactBias, flatter, ORDERS, STEPS } from "./orders.ts";
import { CLASSES, type Loss, SMOOTH, VARIABLES } from "./problem.ts";

export interface Section {
  readonly loss: Loss;
  readonly exact: readonly number[];
  readonly findings: readonly Finding[];
}

export interface Run {
  readonly command: string;
  readonly machine: readonly string[];
  readonly samples: number;
  readonly sections: readonly Section[];
}

const THEORY = [
  "**score function** (Williams 1992), **REBAR** (Tucker et al. 2017, made of `gumbelGivenArgmax` and fixed at η = 1): unbiased, whatever the loss and τ.",
  "**straight-through** (Bengio et al. 2013): exact at τ = 1 where the loss is linear; else biased, to first order accurate there (Liu et al. 2023, §3).",
  "**ST Gumbel** (Jang et al. 2017): biased. Less so for small τ, but its variance then grows like 1/τ.",
  "**Gumbel-Rao** with 10 or 100 replicas (Paulus et al. 2021): its mean is ST Gumbel's at the same τ, its variance not larger (Rao-Blackwell).",
  "**ReinMax** (Liu et al. 2023): accurate to second order at τ = 1, so unbiased where the loss is quadratic. Larger τ take a little of the variance at times, for bias.",
  "**decoupled** (Shah et al. 2024), drawn at a temperature of 2, which is another law: biased, for exploration; its τ is the backward temperature.",
  "**GST-1.0** (Fan et al. 2022): less variance than ST Gumbel without replicas is its aim; of the mean nothing is promised.",
];

export function report({ command, machine, samples, sections }: Run): string {
  const parts = [
    `# Estimators\n\nWritten by \`${command}\`.`,
    list(machine),
    "![Bias and variance against τ](estimators.svg)",
    `The gradient of an expected loss by the logits of ${VARIABLES} categoricals of ${CLASSES} classes, of which all ${CLASSES ** VARIABLES} outcomes can be summed, beside the mean of ${samples.toLocaleString("en")} estimates. **bias**: how far the mean is from the gradient, as a part of the gradient's length, ± half of a 95 % confidence interval. **deviation**: the root of one estimate's expected squared distance from its mean, as such a part: n estimates have a mean √n times as sure. **error**: the root of one estimate's expected squared distance from the gradient. Where theory promises a mean, T² is Hotelling's statistic of that: chi-square of ${DEGREES} degrees of freedom, above ${CRITICAL} once in 10,000 runs if the promise holds.`,
    `## What theory says\n\n${list(THEORY)}`,
    ...sections.map(section),
    `## Orders of accuracy\n\nThe same bias for the ${SMOOTH.name} loss of outcomes that are only a part of a step apart, from all ${CLASSES ** VARIABLES} outcomes, without chance. In brackets the order, which is the logarithm to base 2 of what halving the step divides the bias by: theory says ${ORDERS.map(({ name, order }) => `${order} for ${name}`).join(", ")}.\n\n${orders()}`,
  ];
  return `${parts.join("\n\n")}\n`;
}

function orders(): string {
  const columns = ORDERS.map(({ options }) =>
    STEPS.map((step) => exactBias(flatter(SMOOTH, step), options)),
  );
  const rows = STEPS.map((step, i) => [
    step === 1 ? "1" : `1/${1 / step}`,
    ...columns.map((biases) => {
      const order = i === 0 ? "" : ` (${Math.log2(biases[i - 1] / biases[i]).toFixed(2)})`;
      return `${biases[i].toPrecision(3)}${order}`;
    }),
  ]);
  return table(["step", ...ORDERS.map(({ name }) => name)], rows);
}

function section({ loss, exact, findings }: Section): string {
  const length = norm(exact);
  const rows = findings.map(({ entry, bias, variance, microseconds, verdict }) => [
    entry.family,
    entry.tau === undefined ? "–" : String(entry.tau),
    `${(bias.length / length).toFixed(4)} ± ${(bias.margin / length).toFixed(4)}`,
    (Math.sqrt(variance) / length).toPrecision(3),
    (Math.sqrt(variance + bias.length ** 2) / length).toPrecision(3),
    microseconds.toFixed(2),
    verdict === undefined ? "" : `${verdict.kept ? "✓" : "✗"} ${verdict.says}`,
  ]);
  const head = ["estimator", "τ", "bias", "deviation", "error", "µs", "promise"];
  return `## The ${loss.name} loss, ${loss.formula}\n\n${table(head, rows)}`;
}
