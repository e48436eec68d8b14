import * as gumbel from "gumbel";
import { probe } from "../probe.mjs";

export default { fetch: () => Response.json([probe(gumbel)]) };
