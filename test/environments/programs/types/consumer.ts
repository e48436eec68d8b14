import {
  type Backend,
  backend,
  categorical,
  type GumbelSoftmaxSample,
  gumbelSoftmaxPlan,
  gumbelSoftmaxVjp,
  Rng,
} from "gumbel";
import { logGumbelSoftmax } from "gumbel/estimators";
import { init, initSync, Rng as SlimRng, softmax } from "gumbel/slim";
import { logGumbelSoftmax as slimLogGumbelSoftmax } from "gumbel/slim/estimators";

const running: Backend = backend();
const rng: Rng = new Rng(1);
const drawn: Int32Array = categorical([[0, 1]], { draws: 3, rng });
const sample: GumbelSoftmaxSample = gumbelSoftmaxVjp([0, 1], { tau: [0.5], seed: 1n });
const plan = gumbelSoftmaxPlan({ rows: 1, classes: 2 });
const gradient: Float32Array = plan.backward();
const log: Float32Array = logGumbelSoftmax([0, 1], { tau: 0.5, rng });
/** One class for all entries. */
const slimRng: SlimRng = rng;

async function slim(): Promise<Float32Array> {
  await init("/gumbel.wasm");
  await init(Promise.resolve(new Uint8Array(8)));
  initSync(new ArrayBuffer(8));
  // A generator of the other entry.
  categorical([0, 1], { rng: new SlimRng(1) });
  logGumbelSoftmax([0, 1], { rng: new SlimRng(1) });
  slimLogGumbelSoftmax([0, 1], { rng: slimRng });
  return softmax([0, 1], { temperature: 2 });
}

// @ts-expect-error a misspelt option
gumbelSoftmaxVjp([0, 1], { temprature: 1 });
// @ts-expect-error no array
categorical("01");

// @ts-expect-error a misspelt option
logGumbelSoftmax([0, 1], { temprature: 1 });

export { drawn, gradient, log, running, sample, slim };
