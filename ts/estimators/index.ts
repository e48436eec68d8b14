/**
 * Gradient estimators for categorical draws, and relaxed laws: what research on discrete latent variables uses beyond
 * the Gumbel-Softmax of the main entry, whose arguments, keys and errors these share.
 *
 * @module gumbel/estimators
 */

export {};
