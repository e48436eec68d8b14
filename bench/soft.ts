/**
 * Soft sampling beside a plain TypeScript loop. First the answers are checked, then times are taken: in rounds in
 * which the contestants take turns, so that a load that comes and goes meets all of them.
 */

import { cpus, loadavg } from "node:os";
import { backend, gumbelNoise, gumbelSoftmax, Rng, softmax } from "gumbel";
import { Bench } from "tinybench";
import { PlainSampler } from "./plain.ts";

const SHAPES = [
  { rows: 1024, classes: 1000 },
  { rows: 1024, classes: 10 },
] as const;
const TAU = 0.5;
const SEED = 1;
const ROUNDS = 7;
/** For each contestant in each round. Fewest calls: tinybench's 64 would take a slow machine minutes. */
const TIMING = { time: 400, iterations: 5, warmupTime: 80, warmupIterations: 2 };

const CHECKED_ROWS = 32_768;
/** Chi-square may be this many standard deviations off: three in ten million right samplers are. */
const MOST_DEVIATIONS = 5;

interface Shape {
  readonly rows: number;
  readonly classes: number;
}

/** Draws soft samples of `logits`; where they go is the contestant's affair. */
interface Contestant {
  readonly name: string;
  readonly sample: () => Float32Array;
}

/** Logits spread evenly over 3 nats, in mixed order, the same in each row. */
function logitsOf({ rows, classes }: Shape): Float32Array {
  return Float32Array.from(
    { length: rows * classes },
    (_, i) => (3 * ((((i % classes) * 367) % classes) + 0.5)) / classes,
  );
}

/** The reference comes first: ratios are to it. */
function contestants(shape: Shape, logits: Float32Array): [Contestant, ...Contestant[]] {
  const { classes } = shape;
  const rng = new Rng(SEED);
  const plain = new PlainSampler(SEED, classes);
  const out = new Float32Array(logits.length);
  const plainOut = new Float32Array(logits.length);
  return [
    {
      name: "plain loop",
      sample: () => {
        plain.softmax(logits, classes, TAU, plainOut);
        return plainOut;
      },
    },
    {
      name: "gumbelSoftmax, out given",
      sample: () => gumbelSoftmax(logits, { classes, tau: TAU, rng, out }),
    },
    {
      name: "gumbelSoftmax, new array",
      sample: () => gumbelSoftmax(logits, { classes, tau: TAU, rng }),
    },
  ];
}

/** Sums of rows, and the winners' frequencies against the law of the logits. */
function checkLaw({ rows, classes }: Shape, logits: Float32Array, { name, sample }: Contestant) {
  progress(`${rows} x ${classes}: checking ${name}`);
  const probabilities = softmax(logits.subarray(0, classes));
  const wins = new Float64Array(classes);
  let drawn = 0;
  while (drawn < CHECKED_ROWS) {
    const soft = sample();
    for (let start = 0; start < soft.length; start += classes) {
      const row = soft.subarray(start, start + classes);
      const sum = row.reduce((total, y) => total + y, 0);
      if (!(Math.abs(sum - 1) <= 1e-6)) throw new Error(`${name}: a row sums to ${sum}`);
      wins[indexOfLargest(row)]++;
    }
    drawn += rows;
  }
  let chiSquare = 0;
  for (let i = 0; i < classes; i++) {
    const expected = drawn * probabilities[i];
    chiSquare += (wins[i] - expected) ** 2 / expected;
  }
  const deviations = normalDeviate(chiSquare, classes - 1);
  if (!(deviations <= MOST_DEVIATIONS)) {
    throw new Error(`${name}: winners are ${deviations.toFixed(1)} deviations off softmax(logits)`);
  }
  progress("");
  console.log(`  ${name}: ${drawn} rows, winners ${deviations.toFixed(1)} deviations off the law`);
}

/** Chi-square as a standard normal deviate (Wilson and Hilferty, 1931). */
function normalDeviate(chiSquare: number, degrees: number): number {
  const variance = 2 / (9 * degrees);
  return (Math.cbrt(chiSquare / degrees) - (1 - variance)) / Math.sqrt(variance);
}

/** Ours against the formula in float64 with the same noise, by the bound that the documentation states. */
function checkValues({ rows, classes }: Shape, logits: Float32Array) {
  const key = { seed: SEED, stream: 0 };
  const noise = gumbelNoise(rows, classes, key);
  const soft = gumbelSoftmax(logits, { classes, tau: TAU, ...key });
  let worst = 0;
  for (let start = 0; start < soft.length; start += classes) {
    const l = logits.subarray(start, start + classes);
    const g = noise.subarray(start, start + classes);
    const scores = Float64Array.from(l, (value, i) => (value + g[i]) / TAU);
    const winner = indexOfLargest(scores);
    const powers = scores.map((score) => Math.exp(score - scores[winner]));
    const sum = powers.reduce((total, power) => total + power, 0);
    const largest = l.reduce((a, b) => Math.max(a, b));
    const size = (i: number) => Math.abs(l[i] - largest) + Math.abs(g[i]);
    for (let i = 0; i < classes; i++) {
      const exact = powers[i] / sum;
      if (exact < 2 ** -90) continue;
      const bound = Math.expm1((2 ** -21 * (size(i) + size(winner))) / TAU) + 2 ** -20;
      worst = Math.max(worst, Math.abs(soft[start + i] - exact) / exact / bound);
    }
  }
  if (!(worst <= 1)) throw new Error(`gumbelSoftmax: error is ${worst} times the stated bound`);
  console.log(`  gumbelSoftmax: largest error ${worst.toFixed(2)} of the stated bound`);
}

function indexOfLargest(values: ArrayLike<number>): number {
  let winner = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[winner]) winner = i;
  return winner;
}

/** Of one contestant in one round, in ms a call: tinybench's median and median absolute deviation. */
interface Time {
  readonly median: number;
  readonly spread: number;
}

async function round(all: readonly Contestant[]): Promise<Time[]> {
  const bench = new Bench(TIMING);
  for (const { name, sample } of all) bench.add(name, sample);
  await bench.run();
  return bench.tasks.map(({ name, result }) => {
    if (result.state !== "completed") throw new Error(`${name}: ${result.state}`);
    return { median: result.latency.p50, spread: result.latency.mad };
  });
}

async function measure({ rows, classes }: Shape, all: readonly Contestant[]): Promise<void> {
  const rounds: Time[][] = [];
  for (let i = 1; i <= ROUNDS; i++) {
    progress(`${rows} x ${classes}: round ${i} of ${ROUNDS}`);
    rounds.push(await round(all));
  }
  progress("");
  console.table(
    Object.fromEntries(
      all.map(({ name }, i) => {
        const ms = median(rounds.map((times) => times[i].median));
        const mad = median(rounds.map((times) => times[i].spread));
        // Of the same round, since the machine may be slower in another.
        const ratio = median(rounds.map((times) => times[0].median / times[i].median));
        const row = {
          "ms a call": `${ms.toPrecision(3)} ± ${((100 * mad) / ms).toFixed(1)} %`,
          "M elements/s": Math.round((rows * classes) / 1000 / ms),
          "times the loop": Number(ratio.toFixed(2)),
        };
        return [name, row];
      }),
    ),
  );
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  else if (text) process.stderr.write(`${text}\n`);
}

const load = loadavg()[0].toFixed(1);
console.log(`${cpus()[0].model}, node ${process.version}, ${backend().name}, load ${load}`);
console.log(`Soft samples, tau ${TAU}. Medians of ${ROUNDS} rounds, ± median absolute deviation.`);
for (const shape of SHAPES) {
  console.log(`\n${shape.rows} x ${shape.classes}`);
  const logits = logitsOf(shape);
  const all = contestants(shape, logits);
  checkValues(shape, logits);
  for (const contestant of all) checkLaw(shape, logits, contestant);
  await measure(shape, all);
}
