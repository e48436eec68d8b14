/** The workspace on a server of our own, so that what is asked for and under which policy is known. */

import { createReadStream, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";

/** The first part of an address says which Content Security Policy all answers come with. */
export const POLICIES = {
  open: undefined,
  self: "script-src 'self'",
  wasm: "script-src 'self' 'wasm-unsafe-eval'",
};

export type Policy = keyof typeof POLICIES;

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

export class Site {
  /** The paths that were asked for. */
  readonly requests: string[] = [];
  readonly #server: Server;

  constructor(directory: string) {
    this.#server = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? "", "http://localhost");
      this.requests.push(pathname);
      const [, policy, ...path] = pathname.split("/");
      const header = POLICIES[policy as Policy];
      if (header !== undefined) response.setHeader("Content-Security-Policy", header);
      const file = join(directory, ...path);
      if (!statSync(file, { throwIfNoEntry: false })?.isFile())
        return response.writeHead(404).end();
      const type = searchParams.get("type") ?? TYPES[extname(file)];
      if (type !== undefined) response.setHeader("Content-Type", type);
      return createReadStream(file).pipe(response);
    });
  }

  /** Listens on a free port; returns the address of everything under a policy. */
  async open(policy: Policy): Promise<string> {
    if (!this.#server.listening) {
      await new Promise<void>((done) => this.#server.listen(0, "127.0.0.1", done));
    }
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${policy}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
