import * as gumbel from "../node_modules/gumbel/dist/slim.js";
import { probe } from "../probe.mjs";

addEventListener("message", ({ data }) => {
  gumbel.initSync(data);
  postMessage([probe(gumbel)]);
});
