/**
 * A problem small enough to know its answer: three categoricals of four classes each, and a loss of the twelve numbers
 * of their one-hot rows. The gradient of the expected loss is a sum over all 64 outcomes.
 */

export const VARIABLES = 3;
export const CLASSES = 4;
/** Numbers of one outcome: the one-hot rows, one after the other. */
export const SIZE = VARIABLES * CLASSES;

export const LOGITS = new Float32Array([0.4, -0.3, 0.9, 0, -0.8, 0.6, 0.1, 0.5, 1.2, 0, -0.5, 0.3]);

/** Directions that the losses look in. */
const DIRECTIONS = [
  [0.9, -0.4, 0.3, -1.1, 0.7, 0.2, -0.9, 0.5, -0.3, 1, 0.6, -0.8],
  [-0.5, 1.1, 0.8, 0.1, -0.6, 1.2, 0.4, -0.7, 0.9, -0.2, -1, 0.3],
];
const TARGETS = [0.6, -0.4];

/** A loss and its derivatives, as a function of twelve numbers of any size: relaxed outcomes have them too. */
export interface Loss {
  readonly name: string;
  readonly formula: string;
  /** The loss of the outcome at `x[at]`; its gradient goes to `gradient[at]`. */
  evaluate(x: Float32Array, at: number, gradient: Float32Array): number;
}

/** Σ h(u·x) over the directions u, from h and its derivative. */
function lossOf(
  name: string,
  formula: string,
  outer: (a: number, target: number) => readonly [value: number, slope: number],
): Loss {
  return {
    name,
    formula,
    evaluate(x, at, gradient) {
      let total = 0;
      for (let i = 0; i < SIZE; i++) gradient[at + i] = 0;
      for (const [j, direction] of DIRECTIONS.entries()) {
        let a = 0;
        for (let i = 0; i < SIZE; i++) a += direction[i] * x[at + i];
        const [value, slope] = outer(a, TARGETS[j]);
        total += value;
        for (let i = 0; i < SIZE; i++) gradient[at + i] += slope * direction[i];
      }
      return total;
    },
  };
}

/** Each direction's part has derivatives of every order. */
export const SMOOTH = lossOf("smooth", "Σ_j (tanh(u_j·x) − t_j)²", (a, target) => {
  const distance = Math.tanh(a) - target;
  return [distance * distance, 2 * distance * (1 - Math.tanh(a) ** 2)];
});

/** What is accurate to second order is exact here. */
export const QUADRATIC = lossOf("quadratic", "Σ_j (u_j·x − t_j)²", (a, target) => {
  const distance = a - target;
  return [distance * distance, 2 * distance];
});

/** Probabilities of the classes of each variable. */
export function probabilities(logits: ArrayLike<number>): number[][] {
  return Array.from({ length: VARIABLES }, (_, variable) => {
    const weights = Array.from({ length: CLASSES }, (_, k) =>
      Math.exp(logits[variable * CLASSES + k]),
    );
    const sum = weights.reduce((a, b) => a + b);
    return weights.map((weight) => weight / sum);
  });
}

/** The classes of every outcome. */
export function outcomes(): number[][] {
  return Array.from({ length: CLASSES ** VARIABLES }, (_, outcome) =>
    Array.from({ length: VARIABLES }, (_, i) => Math.floor(outcome / CLASSES ** i) % CLASSES),
  );
}

/** Calls `each` with the classes, the probability and the loss of every outcome. */
function enumerate(
  loss: Loss,
  law: readonly number[][],
  each: (classes: readonly number[], probability: number, value: number) => void,
): void {
  const gradient = new Float32Array(SIZE);
  for (const classes of outcomes()) {
    const x = new Float32Array(SIZE);
    for (const [i, k] of classes.entries()) x[i * CLASSES + k] = 1;
    const probability = classes.reduce((product, k, i) => product * law[i][k], 1);
    each(classes, probability, loss.evaluate(x, 0, gradient));
  }
}

export function expectedLoss(loss: Loss, logits: ArrayLike<number>): number {
  let sum = 0;
  enumerate(loss, probabilities(logits), (_, probability, value) => {
    sum += probability * value;
  });
  return sum;
}

/** The gradient of the expected loss by the logits: E f(D)·(D − p). */
export function exactGradient(loss: Loss, logits: ArrayLike<number> = LOGITS): number[] {
  const law = probabilities(logits);
  const sum = new Array<number>(SIZE).fill(0);
  enumerate(loss, law, (classes, probability, value) => {
    for (let i = 0; i < VARIABLES; i++) {
      for (let k = 0; k < CLASSES; k++) {
        const oneHot = Number(classes[i] === k);
        sum[i * CLASSES + k] += probability * value * (oneHot - law[i][k]);
      }
    }
  });
  return sum;
}
