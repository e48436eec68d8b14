// As Vite names the address of a file.

import url from "gumbel/gumbel.wasm?url";
import * as gumbel from "gumbel/slim";
import * as estimators from "gumbel/slim/estimators";
import { probe } from "../probe.mjs";

await gumbel.init(url);
globalThis.reports = [probe(gumbel, estimators)];
