import * as gumbel from "gumbel";
import * as estimators from "gumbel/estimators";
import { probe } from "../../probe.mjs";
import { InBrowser } from "./in-browser.jsx";

// At each request, not when it is built.
export const dynamic = "force-dynamic";

/** What it draws on the server is handed to a component that runs on both sides. */
export default function Page() {
  return <InBrowser onServer={probe(gumbel, estimators)} />;
}
