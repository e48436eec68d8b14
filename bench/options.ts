import { parseArgs } from "node:util";

export const USAGE = `npm run bench -- [options]

  --quick     fewer shapes and rounds: under two minutes; writes no file
  --python    PyTorch, JAX and numpy too; PYTHON names an interpreter that has bench/requirements.txt,
              else it is installed to bench/.venv
  --native    the same Rust kernels compiled for this machine too; needs cargo
  --only A,B  these contestants' processes alone (names as in bench/roster.ts); writes no file
  --help      this text`;

export interface Options {
  readonly quick: boolean;
  readonly python: boolean;
  readonly native: boolean;
  readonly help: boolean;
  /** `undefined`: all. */
  readonly only: readonly string[] | undefined;
}

export function parse(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: "boolean", default: false },
      python: { type: "boolean", default: false },
      native: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
      only: { type: "string" },
    },
  });
  return { ...values, only: values.only?.split(",") };
}
