import * as gumbel from "../node_modules/gumbel/dist/slim.js";
import * as estimators from "../node_modules/gumbel/dist/slim-estimators.js";
import { probe } from "../probe.mjs";

addEventListener("message", ({ data }) => {
  gumbel.initSync(data);
  postMessage([probe(gumbel, estimators)]);
});
