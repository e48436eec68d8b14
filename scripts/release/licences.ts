/**
 * Whose code is in the wasm, and on what terms. All of it can be had under Apache-2.0, whose text the package has and
 * which asks for no more where there is no NOTICE; that holds for Rust's standard library as well. The bundles in
 * JavaScript hold our own sources alone, which `mapProblems` sees to.
 */

/** The crates that may be linked, each with its licence: another one is for people to look at. */
const CRATES: Readonly<Record<string, string>> = {
  "gumbel-kernels": "MIT OR Apache-2.0",
  "gumbel-wasm": "MIT OR Apache-2.0",
  "wasm-bindgen": "MIT OR Apache-2.0",
  "wasm-bindgen-shared": "MIT OR Apache-2.0",
  "cfg-if": "MIT OR Apache-2.0",
  once_cell: "MIT OR Apache-2.0",
  // Tables of characters for names in Rust: of these none is left in the wasm.
  "unicode-ident": "(MIT OR Apache-2.0) AND Unicode-3.0",
};

/** Makes cargo print the crates that are linked, as {@link licenceProblems} reads them. */
export const CARGO_TREE = [
  "tree",
  ...["--locked", "--package", "gumbel-wasm", "--target", "wasm32-unknown-unknown"],
  ...["--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}|{l}"],
];

/** What is wrong with a list of crates, `name vX.Y.Z …|licence` in each line. */
export function licenceProblems(tree: string): string[] {
  const crates = new Map(
    tree
      .trim()
      .split("\n")
      .map((line) => {
        const [crate = "", licence = ""] = line.replace(" (*)", "").split("|");
        return [crate.split(" ")[0] as string, licence];
      }),
  );
  return [...crates]
    .filter(([name, licence]) => CRATES[name] !== licence)
    .map(([name, licence]) => {
      const expected = CRATES[name] === undefined ? "isn't on the list" : `was ${CRATES[name]}`;
      return `crate ${name}, licence ${licence}: ${expected}`;
    });
}
