/** The ```ts blocks of a page or of doc comments: where they are, and whether they compile. */

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import * as estimators from "../../ts/estimators/index.ts";
import * as gumbel from "../../ts/index.ts";
import * as slim from "../../ts/slim.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface Snippet {
  /** File and line of its first line. */
  readonly place: string;
  readonly code: string;
}

/** The text of a file of the repository. */
export function read(path: string): string {
  return readFileSync(`${ROOT}${path}`, "utf8");
}

/** The blocks of a page. */
export function snippetsOf(path: string, text = read(path)): Snippet[] {
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(({ index, 1: code }) => ({
    place: `${path}:${text.slice(0, index).split("\n").length + 1}`,
    code: code as string,
  }));
}

/** The blocks of all doc comments in a folder, which leave out the import, since editors add it. */
export function examplesOf(folder: string): Snippet[] {
  return readdirSync(`${ROOT}${folder}`)
    .filter((name) => name.endsWith(".ts"))
    .flatMap((name) => {
      const path = `${folder}/${name}`;
      return snippetsOf(path, read(path).replace(/^ *\* ?(?!\/)/gm, ""));
    })
    .map(({ place, code }) => {
      const imports = folder === "ts/estimators" ? importsOfEstimators(code) : importOf(code);
      return { place, code: `${imports}\n${code}` };
    });
}

/** From the slim entry where the block has something that is in it alone. */
function importOf(code: string): string {
  const names = namesIn(code, slim);
  return importing(names, names.every((name) => name in gumbel) ? "gumbel" : "gumbel/slim");
}

function importsOfEstimators(code: string): string {
  const own = importing(namesIn(code, estimators), "gumbel/estimators");
  return `${own} ${importing(namesIn(code, gumbel), "gumbel")}`;
}

function namesIn(code: string, entry: object): string[] {
  return Object.keys(entry).filter((name) => new RegExp(`\\b${name}\\b`).test(code));
}

function importing(names: readonly string[], entry: string): string {
  return `import { ${names.join(", ")} } from "${entry}";`;
}

/** What the compiler has to say of them, each on its own, under the repository's strict settings. */
export function compileErrors(snippets: readonly Snippet[]): string[] {
  const { config } = ts.readConfigFile(`${ROOT}tsconfig.json`, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const host = ts.createCompilerHost(options);
  const files = new Map(snippets.map(({ code }, i) => [`${ROOT}snippet-${i}.ts`, code]));
  const { fileExists, readFile } = host;
  host.fileExists = (name) => files.has(name) || fileExists(name);
  host.readFile = (name) => files.get(name) ?? readFile(name);
  const roots = [...files.keys(), `${ROOT}ts/wasm-module.d.ts`];
  const program = ts.createProgram(roots, options, host);
  return [...files.keys()].flatMap((name, i) => {
    const source = program.getSourceFile(name);
    const found = [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ];
    return found.map(
      ({ messageText }) =>
        `${snippets[i]?.place}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`,
    );
  });
}
