/**
 * Gradient estimators for categorical draws, and relaxed laws: what research on discrete latent variables uses beyond
 * the Gumbel-Softmax of the main entry, whose arguments, keys and errors these share.
 *
 * @module gumbel/estimators
 */

export type { DecoupledOptions } from "./decoupled.ts";
export type { EstimatorOptions, GumbelMaxVjpOut } from "./draw.ts";
export type { GstOptions } from "./gst.ts";
export { type GumbelMaxSample, type GumbelMaxVjpOptions, gumbelMaxVjp } from "./gumbel-max-vjp.ts";
export type { GumbelRaoOptions } from "./gumbel-rao.ts";
export type { ReinMaxOptions } from "./reinmax.ts";
export type { StraightThroughOptions } from "./straight-through.ts";
export type { StraightThroughGumbelOptions } from "./straight-through-gumbel.ts";
