/**
 * Gradient estimators for categorical draws, and relaxed laws: what research on discrete latent variables uses beyond
 * the Gumbel-Softmax of the main entry, whose arguments, keys and errors these share.
 *
 * @module gumbel/estimators
 */

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
export type { ConditionalGumbels, ConditionalOptions } from "./conditional.ts";
export { gumbelGivenArgmax, gumbelGivenArgmaxVjp } from "./given-argmax.ts";
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
