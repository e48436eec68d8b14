"use client";

import * as gumbel from "gumbel";
import * as estimators from "gumbel/estimators";
import { useEffect } from "react";
import { probe } from "../../probe.mjs";

/**
 * Draws while it renders: for the page that the server sends, and in the browser, where React compares the two.
 * Reports what the address asks for.
 */
export function InBrowser({ onServer }) {
  const report = probe(gumbel, estimators);
  useEffect(() => {
    const asked = new URL(location.href).searchParams.get("show");
    const rendered = JSON.parse(document.querySelector("#client").textContent);
    globalThis.reports = asked === "server" ? [onServer] : [rendered, report];
  });
  return <pre id="client">{JSON.stringify(report)}</pre>;
}
