import { parseArgs } from "node:util";

export const USAGE = `npm run bench:estimators -- [options]

  --quick     fewer estimates, some seconds; writes no file
  --out DIR   write ESTIMATORS.md and estimators.svg there, whatever the run
  --help      this text`;

export interface Options {
  /** Estimates of each entry. */
  readonly samples: number;
  readonly isFull: boolean;
  readonly help: boolean;
  readonly out: string | undefined;
}

const FULL = 1_000_000;
const QUICK = 20_000;

export function parse(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
      out: { type: "string" },
    },
  });
  const { quick, help, out } = values;
  return { samples: quick ? QUICK : FULL, isFull: !quick, help, out };
}
