import * as gumbel from "gumbel";
import * as estimators from "gumbel/estimators";
import { probe } from "../probe.mjs";

export default { fetch: () => Response.json([probe(gumbel, estimators)]) };
