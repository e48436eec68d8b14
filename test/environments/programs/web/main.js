// The package's own files, with no bundler between.
import * as estimators from "../node_modules/gumbel/dist/estimators.js";
import * as gumbel from "../node_modules/gumbel/dist/index.js";
import { probe } from "../probe.mjs";

globalThis.reports = [probe(gumbel, estimators)];
