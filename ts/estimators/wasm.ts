/** The kernels of estimators in an instance of the WebAssembly module. */

import { type Call, port, run } from "../chunks.ts";
import { flagsOf, type Instance } from "../wasm.ts";
import type { EstimatorKernels } from "./kernels.ts";

export function createWasmEstimatorKernels({ wasm, arena }: Instance): EstimatorKernels {
  return {
    logGumbelSoftmax(batch, x, noise, out) {
      const { classes } = batch;
      const [l, g, y] = [port(x, classes), port(noise, classes), port(out, classes)];
      const call: Call = (rows, params, scratch) =>
        wasm.log_gumbel_softmax(params, rows, classes, l.at, g.at, scratch, y.at, flagsOf(batch));
      return run(arena, batch, [l, g], [y], call, batch.weights ? 1 : 0);
    },
    gumbelRao(batch, x, index, v, replicas, out) {
      const { classes } = batch;
      const [l, drawn] = [port(x, classes), port(index, 1)];
      const [up, dx] = [port(v, classes), port(out, classes)];
      const call: Call = (rows, params, scratch) =>
        wasm.gumbel_rao(
          params,
          rows,
          classes,
          l.at,
          drawn.at,
          up.at,
          replicas,
          scratch,
          dx.at,
          flagsOf(batch),
        );
      run(arena, batch, [l, drawn, up], [dx], call, batch.weights ? 4 : 3);
    },
    binaryConcrete(batch, x, noise, out) {
      const { classes } = batch;
      const [l, given] = [port(x, classes), port(noise, classes)];
      const [soft, logit] = [port(out.soft, classes), port(out.logit, classes)];
      const hard = port(out.hard, classes);
      const call: Call = (rows, params, scratch) =>
        wasm.binary_concrete(
          params,
          rows,
          classes,
          l.at,
          given.at,
          scratch,
          soft.at,
          logit.at,
          hard.at,
          flagsOf(batch),
        );
      return run(arena, batch, [l, given], [soft, logit, hard], call, 1);
    },
  };
}
