/** A user's TypeScript: each way to resolve the package, with all declarations checked, with and without a page's types. */

import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Check } from "../check.ts";
import { runNode } from "../process.ts";
import { tool, versionOf } from "../tools.ts";
import type { Workspace } from "../workspace.ts";

const SOURCE = "consumer.ts";

const RESOLUTIONS: Record<
  string,
  { module: string; moduleResolution: string; file: string; customConditions?: string[] }
> = {
  "NodeNext, ES module": { module: "NodeNext", moduleResolution: "NodeNext", file: "consumer.mts" },
  "NodeNext, CommonJS": { module: "NodeNext", moduleResolution: "NodeNext", file: "consumer.cts" },
  "Bundler, workerd": {
    module: "ESNext",
    moduleResolution: "Bundler",
    file: SOURCE,
    customConditions: ["workerd"],
  },
  Bundler: { module: "ESNext", moduleResolution: "Bundler", file: SOURCE },
};

export function types({ directory }: Workspace): Check[] {
  return Object.entries(RESOLUTIONS).flatMap(([name, { file, ...resolution }]) =>
    [["ES2022"], ["ES2022", "DOM"]].map((lib) => ({
      environment: "TypeScript",
      version: versionOf("typescript"),
      way: `${name}, ${lib.join(" and ")}`,
      async run() {
        const cwd = join(directory, "types");
        const config = {
          compilerOptions: {
            ...{ target: "ES2022", lib, types: [], ...resolution },
            ...{
              strict: true,
              exactOptionalPropertyTypes: true,
              skipLibCheck: false,
              noEmit: true,
            },
          },
          files: [file, ...(lib.includes("DOM") ? ["dom.ts"] : [])],
        };
        // Its name says which format it is in.
        if (file !== SOURCE) copyFileSync(join(cwd, SOURCE), join(cwd, file));
        writeFileSync(join(cwd, "tsconfig.json"), JSON.stringify(config));
        await runNode([tool("typescript/bin/tsc"), "-p", "."], cwd);
        return [];
      },
    })),
  );
}
