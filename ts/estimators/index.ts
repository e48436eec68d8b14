/**
 * Gradient estimators for categorical draws, and relaxed laws: what research on discrete latent variables uses beyond
 * the Gumbel-Softmax of the main entry, whose arguments, keys and errors these share.
 *
 * @module gumbel/estimators
 */

export { type AnnealedTauOptions, annealedTau } from "./annealing.ts";
export {
  type BinaryConcreteOptions,
  type BinaryConcreteOut,
  type BinaryConcreteSample,
  type BinaryConcreteVjpOptions,
  type BinarySpace,
  binaryConcrete,
  binaryConcreteVjp,
} from "./binary-concrete.ts";
export {
  type BinaryConcreteLogProb,
  type BinaryConcreteLogProbGradient,
  type BinaryConcreteLogProbOptions,
  type BinaryConcreteLogProbOut,
  binaryConcreteLogProb,
  binaryConcreteLogProbVjp,
} from "./binary-log-prob.ts";
export {
  type ConcreteKl,
  type ConcreteKlGradient,
  type ConcreteKlOptions,
  type ConcreteKlOut,
  type ConcreteKlVjpOptions,
  concreteKl,
  concreteKlVjp,
} from "./concrete-kl.ts";
export {
  type ConcreteLogProb,
  type ConcreteLogProbGradient,
  type ConcreteLogProbOptions,
  type ConcreteLogProbOut,
  type ConcreteLogProbVjpOptions,
  concreteLogProb,
  concreteLogProbVjp,
} from "./concrete-log-prob.ts";
export type { ConcreteSpace } from "./concrete-sample.ts";
export type { ConditionalGumbels, ConditionalOptions } from "./conditional.ts";
export type { DecoupledOptions } from "./decoupled.ts";
export type { EstimatorOptions, GumbelMaxVjpOut } from "./draw.ts";
export {
  type Entropy,
  type EntropyGradient,
  type EntropyOptions,
  type EntropyOut,
  entropy,
  entropyVjp,
} from "./entropy.ts";
export { gumbelGivenArgmax, gumbelGivenArgmaxVjp } from "./given-argmax.ts";
export type { GstOptions } from "./gst.ts";
export { type GumbelMaxSample, type GumbelMaxVjpOptions, gumbelMaxVjp } from "./gumbel-max-vjp.ts";
export type { GumbelRaoOptions } from "./gumbel-rao.ts";
export {
  type KlDivergence,
  type KlDivergenceGradient,
  type KlDivergenceOptions,
  type KlDivergenceOut,
  type KlDivergenceVjpOptions,
  klDivergence,
  klDivergenceVjp,
} from "./kl-divergence.ts";
export {
  type LogGumbelSoftmaxOptions,
  type LogGumbelSoftmaxSample,
  type LogGumbelSoftmaxVjpOptions,
  logGumbelSoftmax,
  logGumbelSoftmaxVjp,
} from "./log-gumbel-softmax.ts";
export type { ReinMaxOptions } from "./reinmax.ts";
export type { StraightThroughOptions } from "./straight-through.ts";
export type { StraightThroughGumbelOptions } from "./straight-through-gumbel.ts";
export {
  type GumbelTopDown,
  type GumbelTopDownOptions,
  type GumbelTopDownOut,
  type GumbelTopDownSample,
  gumbelTopDown,
  gumbelTopDownVjp,
} from "./top-down.ts";
export {
  type TruncatedGumbelGradient,
  truncatedGumbel,
  truncatedGumbelVjp,
} from "./truncated.ts";
