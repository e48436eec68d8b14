import * as gumbel from "gumbel";
import { probe } from "../probe.mjs";

console.log(JSON.stringify([probe(gumbel)]));
