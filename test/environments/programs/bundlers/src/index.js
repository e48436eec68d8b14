import * as gumbel from "gumbel";
import { probe } from "../../probe.mjs";

globalThis.reports = [probe(gumbel)];
