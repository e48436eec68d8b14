// The package's own file, with no bundler between.
import * as gumbel from "../node_modules/gumbel/dist/index.js";
import { probe } from "../probe.mjs";

globalThis.reports = [probe(gumbel)];
