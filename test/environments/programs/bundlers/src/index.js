import * as gumbel from "gumbel";
import * as estimators from "gumbel/estimators";
import { probe } from "../../probe.mjs";

globalThis.reports = [probe(gumbel, estimators)];
