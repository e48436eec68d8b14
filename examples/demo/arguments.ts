/** The command line. */

export const USAGE = `Usage: npm run demo -- [--seed N]

Draws text, samples and gradients with gumbel, and shows what they mean.

  --seed N   an integer from 0 to 2^64 - 1 (default 1); all output but the timings depends on it
  --help     this text`;

export type Command = { readonly kind: "run"; readonly seed: bigint } | { readonly kind: "help" };

/** A command line that can't be obeyed; the message says why. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Reads the arguments after the program's name. */
export function parseArguments(args: readonly string[]): Command {
  let seed = 1n;
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === "--help" || arg === "-h") return { kind: "help" };
    if (arg === "--seed") seed = parseSeed(rest.shift());
    else if (arg.startsWith("--seed=")) seed = parseSeed(arg.slice("--seed=".length));
    else throw new UsageError(`unknown argument "${arg}": there are --seed N and --help`);
  }
  return { kind: "run", seed };
}

function parseSeed(value: string | undefined): bigint {
  if (value === undefined)
    throw new UsageError("--seed expected a number after it, as in --seed 42");
  const seed = /^\d+$/.test(value) ? BigInt(value) : undefined;
  if (seed !== undefined && seed < 2n ** 64n) return seed;
  throw new UsageError(`--seed expected an integer from 0 to 2^64 - 1, got "${value}"`);
}
