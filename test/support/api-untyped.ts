/** The functions of the package for arguments that their types forbid. */

import * as gumbel from "gumbel";
import type { Untyped } from "./api-errors.ts";

export const {
  gumbelNoise,
  softmax,
  logSoftmax,
  logSumExp,
  gumbelMax,
  gumbelSoftmax,
  gumbelSoftmaxVjp,
  softmaxVjp,
  logSoftmaxVjp,
  logSumExpVjp,
  softmaxBackward,
  categorical,
  categoricalLaw,
  gumbelTopK,
  gumbelGivenMax,
  gumbelMaxStream,
  filterTokens,
  sampleTokens,
} = gumbel as unknown as Record<string, Untyped>;
