import { parseArgs } from "node:util";

export const USAGE = `npm run test:environments -- [options]

  --only A,B  the environments of these names alone, such as Node,Vite; writes no file
  --ci        installs Chromium where it is missing and apt-get can; writes no file
  --help      this text`;

export interface Options {
  readonly help: boolean;
  readonly ci: boolean;
  /** `undefined`: all. */
  readonly only: readonly string[] | undefined;
}

export function parse(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      help: { type: "boolean", default: false },
      ci: { type: "boolean", default: false },
      only: { type: "string" },
    },
  });
  const { help, ci, only } = values;
  return { help, ci, only: only?.toLowerCase().split(",") };
}
