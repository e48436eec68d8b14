import * as gumbel from "gumbel";
import * as estimators from "gumbel/estimators";
import { probe } from "../probe.mjs";

console.log(JSON.stringify([probe(gumbel, estimators)]));
