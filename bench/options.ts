import { parseArgs } from "node:util";
import { type Extent, FULL, QUICK, SMOKE } from "./extent.ts";

export const USAGE = `npm run bench -- [options]

  --quick     fewer shapes and rounds, under two minutes; writes no file
  --smoke     each part once, some seconds, few contestants: whether the bench works; fails if anything does
  --python    PyTorch, JAX and numpy too; PYTHON names an interpreter that has bench/requirements.txt,
              else it is installed to bench/.venv
  --native    the same Rust kernels compiled for this machine too; needs cargo
  --only A,B  these contestants' processes alone (names as in bench/roster.ts); writes no file
  --out DIR   write RESULTS.md, results.svg and the README with its table there, whatever the run
  --help      this text`;

export interface Options {
  readonly extent: Extent;
  readonly python: boolean;
  readonly native: boolean;
  readonly help: boolean;
  /** `undefined`: all. */
  readonly only: readonly string[] | undefined;
  /** `undefined`: where the repository keeps them, if the run is a full one. */
  readonly out: string | undefined;
}

/** Ours, loops by hand, and a library: one of each kind. */
const SMOKE_ONLY = "gumbel,gumbel-js,plain,tfjs-wasm";

export function parse(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: "boolean", default: false },
      smoke: { type: "boolean", default: false },
      python: { type: "boolean", default: false },
      native: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
      only: { type: "string" },
      out: { type: "string" },
    },
  });
  const { quick, smoke, python, native, help, out } = values;
  const extent = smoke ? SMOKE : quick ? QUICK : FULL;
  const only = values.only ?? (smoke ? SMOKE_ONLY : undefined);
  return { extent, python, native, help, out, only: only?.split(",") };
}
