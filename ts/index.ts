/**
 * Categorical sampling and its differentiable relaxation: Gumbel noise, Gumbel-Max, Gumbel-Softmax with the
 * straight-through gradient, softmax and log-sum-exp with theirs, and exact draws by inverse CDF.
 *
 * @module gumbel
 */

export type { Matrix, PerRow } from "./arrays.ts";
export type { ShapeOptions } from "./axis.ts";
export { type Backend, type BackendName, backend, setBackend } from "./backend.ts";
export type { From, OnInvalidRow } from "./batch.ts";
export {
  type CategoricalDetailsOptions,
  type CategoricalOptions,
  categorical,
} from "./categorical.ts";
export {
  type CategoricalLaw,
  type CategoricalLawOptions,
  categoricalLaw,
  type LawCountsOptions,
  type LawDrawOptions,
} from "./categorical-law.ts";
export type { Drawn, DrawnOut } from "./details.ts";
export type {
  Differentiable,
  Gradient,
  InputTangent,
  JvpOptions,
  RowUpstream,
  VjpOptions,
} from "./gradients.ts";
export { type GumbelGivenMaxOptions, gumbelGivenMax } from "./gumbel-given-max.ts";
export {
  type GumbelMaxDetailsOptions,
  type GumbelMaxOptions,
  gumbelMax,
  type PerturbedOptions,
} from "./gumbel-max.ts";
export {
  type GumbelMaxStream,
  type GumbelMaxStreamOptions,
  gumbelMaxStream,
} from "./gumbel-max-stream.ts";
export { type GumbelSoftmaxOptions, gumbelSoftmax, type RelaxedOptions } from "./gumbel-softmax.ts";
export {
  type GumbelSoftmaxForwardPlan,
  type GumbelSoftmaxPlan,
  type GumbelSoftmaxPlanOptions,
  gumbelSoftmaxPlan,
  type PlanBackwardOptions,
  type PlanForwardOptions,
  type PlanWithNoise,
} from "./gumbel-softmax-plan.ts";
export {
  type GumbelSoftmaxGradient,
  type GumbelSoftmaxGradientOptions,
  type GumbelSoftmaxOut,
  type GumbelSoftmaxSample,
  type GumbelSoftmaxTangent,
  type GumbelSoftmaxVjpOptions,
  gumbelSoftmaxVjp,
} from "./gumbel-softmax-vjp.ts";
export {
  type GumbelTopK,
  type GumbelTopKOptions,
  type GumbelTopKOut,
  gumbelTopK,
} from "./gumbel-top-k.ts";
export type { HalfType } from "./kernels.ts";
export type { Key, KeyOptions } from "./key.ts";
export { type GumbelNoiseOptions, gumbelNoise } from "./noise.ts";
export type { Seen } from "./penalties.ts";
export type { RestrictionOptions } from "./restriction.ts";
export { Rng, type RngLike, type RngState, type Seed, type StreamKey } from "./rng.ts";
export {
  type DifferentiableOptions,
  logSoftmax,
  logSumExp,
  type RowOptions,
  type SoftmaxOptions,
  softmax,
} from "./softmax.ts";
export {
  logSoftmaxVjp,
  logSumExpVjp,
  type SoftmaxBackwardOptions,
  softmaxBackward,
  softmaxVjp,
} from "./softmax-vjp.ts";
export type { TokenFilterOptions, TokenOrder, TokenStep } from "./token-filters.ts";
export {
  type FilterTokensOptions,
  filterTokens,
  type SampleTokensOptions,
  sampleTokens,
} from "./tokens.ts";
