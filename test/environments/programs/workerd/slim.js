import module from "gumbel/gumbel.wasm";
import * as gumbel from "gumbel/slim";
import * as estimators from "gumbel/slim/estimators";
import { probe } from "../probe.mjs";

export default {
  async fetch() {
    await gumbel.init(module);
    return Response.json([probe(gumbel, estimators)]);
  },
};
