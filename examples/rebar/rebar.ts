/**
 * REBAR, an unbiased estimate of the gradient of E f(b) by logits, b one-hot (Tucker et al., "REBAR: low-variance,
 * unbiased gradient estimates for discrete latent variable models", NeurIPS 2017, eq. 7 and the appendix on categorical
 * variables), of the blocks in gumbel/estimators.
 *
 * With scores z = l + G, b their argmax, z̃ scores drawn anew given b, and σ the softmax at τ, it is
 *
 *     (f(b) − η·f(σ(z̃)))·∂ log p(b)/∂l + η·∂f(σ(z))/∂l − η·∂f(σ(z̃))/∂l
 *
 * The score function's noise is taken out as far as the relaxed loss follows the true one, and what that adds on average
 * is put back along paths. The mean is the gradient whatever η and τ are; the variance isn't.
 */

import { gumbelSoftmaxVjp, softmax, softmaxBackward } from "gumbel";
import { gumbelGivenArgmaxVjp } from "gumbel/estimators";

/** A loss of the variables of one sample, at any point of their simplices. */
export interface Loss {
  /** The loss of the variables at `x[at]`; its gradient by them goes to `gradient[at]`. */
  evaluate(x: Float32Array, at: number, gradient: Float32Array): number;
}

export interface RebarOptions {
  /** Classes of each variable. */
  readonly classes: number;
  /** Variables of one sample: so many rows. Default 1. */
  readonly variables?: number;
  readonly tau: number;
  /** How much of the relaxed loss is taken out. Default 1. */
  readonly eta?: number;
  readonly seed: number;
  readonly stream?: number;
}

/** One estimate for each sample, `[samples × variables, classes]` as the logits are. */
export function rebar(
  logits: Float32Array,
  loss: Loss,
  { classes, variables = 1, tau, eta = 1, seed, stream = 0 }: RebarOptions,
): Float32Array {
  const key = { classes, seed, stream };
  const hard = gumbelSoftmaxVjp(logits, { ...key, tau, hard: true });
  const conditional = gumbelGivenArgmaxVjp(logits, hard.index, key);
  const relaxed = softmax(conditional.value, { classes, temperature: tau });

  const size = variables * classes;
  const ofSample = losses(loss, hard.sample, size);
  const ofSoft = losses(loss, hard.soft, size);
  const ofRelaxed = losses(loss, relaxed, size);

  const byScores = softmaxBackward(relaxed, ofRelaxed.gradient, { classes, tau });
  const throughRelaxed = conditional.vjp(byScores).input;
  const throughSoft = hard.vjp(ofSoft.gradient).input;
  const law = softmax(logits, { classes });
  return logits.map((_, i) => {
    const sample = Math.floor(i / size);
    const left = ofSample.value[sample] - eta * ofRelaxed.value[sample];
    return left * (hard.sample[i] - law[i]) + eta * (throughSoft[i] - throughRelaxed[i]);
  });
}

/** The loss of each sample, and its gradient. */
function losses(loss: Loss, x: Float32Array, size: number) {
  const gradient = new Float32Array(x.length);
  const value = Float64Array.from({ length: x.length / size }, (_, sample) =>
    loss.evaluate(x, sample * size, gradient),
  );
  return { value, gradient };
}
