/** Chromium without a bundler: the package's own files in a page and in a worker, under each policy; and the slim entry. */

import { deepEqual } from "node:assert/strict";
import type { Check } from "../check.ts";
import type { Policy } from "../site.ts";
import type { Workspace } from "../workspace.ts";

interface Visit {
  readonly way: string;
  readonly detail?: string;
  readonly page: string;
  readonly policy?: Policy;
  /** Why WebAssembly doesn't run. */
  readonly without?: string;
  /** What is asked for of the package. */
  readonly files?: readonly string[];
  /** What the browser itself writes to the console. */
  readonly errors?: RegExp;
}

const WITH = "CSP `script-src 'self' 'wasm-unsafe-eval'`";
const WITHOUT = "CSP `script-src 'self'`";
const REFUSED = "Content Security Policy";
/** Both entries, and what they share, once. */
const INDEX = ["index.js", "estimators.js", "core.js"];
const SLIM = ["slim.js", "slim-estimators.js", "slim-core.js", "gumbel.wasm"];

const VISITS: readonly Visit[] = [
  { way: '`<script type="module">`', page: "main.html" },
  { way: "worker", page: "worker.html" },
  { way: WITH, page: "main.html", policy: "wasm" },
  { way: WITH, detail: "worker", page: "worker.html", policy: "wasm" },
  { way: WITHOUT, page: "main.html", policy: "self", without: REFUSED },
  { way: WITHOUT, detail: "worker", page: "worker.html", policy: "self", without: REFUSED },
  {
    way: "no `WebAssembly`",
    page: "no-webassembly.html",
    without: "WebAssembly is not defined",
  },
  { way: "slim", detail: "from a URL", page: "slim.html?from=url", files: SLIM },
  { way: "slim", detail: "a string", page: "slim.html?from=string", files: SLIM },
  { way: "slim", detail: "a promise of a response", page: "slim.html?from=response", files: SLIM },
  { way: "slim", detail: "another media type", page: "slim.html?from=text", files: SLIM },
  { way: "slim", detail: "a module", page: "slim.html?from=module", files: SLIM },
  {
    way: "slim",
    detail: "a module sent to a worker",
    page: "slim-worker.html",
    files: SLIM,
  },
  {
    way: "slim",
    detail: "after a 404",
    page: "slim.html?from=missing",
    files: [...SLIM, "missing.wasm"],
    errors: /404/,
  },
  {
    way: WITHOUT,
    detail: "slim",
    page: "slim.html?from=url",
    policy: "self",
    without: REFUSED,
    files: SLIM,
  },
];

export function chromium({ site, browser }: Workspace): Check[] {
  const { version } = browser;
  return VISITS.map(({ page, policy = "open", without, files = INDEX, errors, ...ways }) => ({
    environment: "Chromium",
    version,
    ...ways,
    ...(without === undefined ? { backend: "wasm-simd" } : { backend: "js", reason: without }),
    async run() {
      site.requests.length = 0;
      const reports = await browser.visit(`${await site.open(policy)}/web/${page}`, errors);
      const asked = site.requests.filter((path) => path.includes("node_modules"));
      const dist = `/${policy}/node_modules/gumbel/dist/`;
      deepEqual(asked.sort(), files.map((file) => dist + file).sort());
      return reports;
    },
  }));
}
