/**
 * Every ```ts block of the README and of the doc comments compiles under the repository's settings, runs as written,
 * and does what its comments say. A comment after a statement is a claim if it begins with a value or an error:
 *
 *     softmax([0, 1]); // Float32Array [0.27, 0.73], which sums to 1
 *     softmax([NaN]); // RangeError: "x" expected no NaN, got NaN at row 0, class 0
 *
 * It holds if the value, numbers rounded to the digits shown, reads the same. Other comments are prose.
 */

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as gumbel from "gumbel";
import ts from "typescript";
import { describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

interface Snippet {
  /** File and line of its first line. */
  readonly place: string;
  readonly code: string;
}

function read(path: string): string {
  return readFileSync(`${ROOT}${path}`, "utf8");
}

function snippetsOf(path: string, text = read(path)): Snippet[] {
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(({ index, 1: code }) => ({
    place: `${path}:${text.slice(0, index).split("\n").length + 1}`,
    code: code as string,
  }));
}

/** Examples of doc comments leave out the import, which editors add. */
function examplesOf(path: string): Snippet[] {
  const text = read(path).replace(/^ *\* ?(?!\/)/gm, "");
  return snippetsOf(path, text).map(({ place, code }) => {
    const names = Object.keys(gumbel).filter((name) => new RegExp(`\\b${name}\\b`).test(code));
    return { place, code: `import { ${names.join(", ")} } from "gumbel";\n${code}` };
  });
}

const readme = snippetsOf("README.md");
const examples = readdirSync(`${ROOT}ts`)
  .filter((name) => name.endsWith(".ts"))
  .flatMap((name) => examplesOf(`ts/${name}`));
const snippets = [...readme, ...examples];

interface Claim {
  readonly statement: ts.Statement;
  readonly comment: string;
}

const ERROR = /^(?:TypeError|RangeError): /;
/** A literal, perhaps with the class of the array before it and prose behind it. */
const VALUE =
  /^((?:(?:Float32Array|Int32Array) (?=\[))?(\[[^\]]*\]|\{.*\}|"[^"]*"|'[^']*'|true|false|-?\d[\d.]*))(?:[:,;] .*)?$/;

function parse(code: string): ts.SourceFile {
  return ts.createSourceFile("snippet.ts", code, ts.ScriptTarget.ES2022, true);
}

function claimsOf(file: ts.SourceFile): Claim[] {
  return file.statements.flatMap((statement) => {
    const [range] = ts.getTrailingCommentRanges(file.text, statement.end) ?? [];
    const comment = range ? file.text.slice(range.pos + 2, range.end).trim() : "";
    return ERROR.test(comment) || VALUE.test(comment) ? [{ statement, comment }] : [];
  });
}

/** The value that a statement with a claim is about: what it prints, what it declares, or what it computes. */
function subject(statement: ts.Statement): string {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations[0]?.name.getText() ?? "";
  }
  if (!ts.isExpressionStatement(statement)) throw new Error(`no value: ${statement.getText()}`);
  const { expression } = statement;
  const printed = ts.isCallExpression(expression) && expression.expression.getText();
  return printed === "console.log" && ts.isCallExpression(expression)
    ? (expression.arguments[0]?.getText() ?? "")
    : expression.getText();
}

/** The code with each claim handed to `check(number, () => value)`. */
function instrument(file: ts.SourceFile, claims: readonly Claim[]): string {
  return file.statements
    .map((statement) => {
      const number = claims.findIndex((claim) => claim.statement === statement);
      if (number < 0) return statement.getText();
      const before = ts.isVariableStatement(statement) ? statement.getText() : "";
      return `${before}\ncheck(${number}, () => (${subject(statement)}));`;
    })
    .join("\n");
}

/** What a comment should say of a value, with as many digits as it gives now. */
function describeValue(value: unknown, like: ts.Node | undefined): string {
  if (typeof value === "number") {
    const digits = like?.getText().split(".")[1]?.length ?? 0;
    return Number.isInteger(value) || !like ? String(value) : value.toFixed(digits);
  }
  if (typeof value === "string") {
    return like?.getText().startsWith("'") ? `'${value}'` : JSON.stringify(value);
  }
  if (ArrayBuffer.isView(value) || Array.isArray(value)) {
    const elements = like && ts.isArrayLiteralExpression(like) ? like.elements : undefined;
    const items = Array.from(value as ArrayLike<unknown>, (item, i) =>
      describeValue(item, elements?.[i]),
    );
    if (items.length > 50) items.splice(50, items.length, "...");
    const name = Array.isArray(value) ? "" : `${value.constructor.name} `;
    return `${name}[${items.join(", ")}]`;
  }
  if (typeof value !== "object" || value === null) return String(value);
  const properties = like && ts.isObjectLiteralExpression(like) ? like.properties : [];
  const entries = Object.entries(value).map(([key, item]) => {
    const same = properties.find((property) => property.name?.getText() === key);
    const literal = same && ts.isPropertyAssignment(same) ? same.initializer : undefined;
    return `${key}: ${describeValue(item, literal)}`;
  });
  return `{ ${entries.join(", ")} }`;
}

function checkClaim(comment: string, evaluate: () => unknown): void {
  if (ERROR.test(comment)) {
    let thrown: unknown;
    try {
      evaluate();
    } catch (error) {
      thrown = error;
    }
    expect(String(thrown)).toBe(comment);
    return;
  }
  const [, claim = "", literal = ""] = VALUE.exec(comment) ?? [];
  // Dots say that digits were cut.
  const [statement] = parse(`(${literal.replace(/(\d)\.\.\./g, "$1")})`).statements;
  const like =
    statement &&
    ts.isExpressionStatement(statement) &&
    ts.isParenthesizedExpression(statement.expression)
      ? statement.expression.expression
      : undefined;
  expect(describeValue(evaluate(), like)).toBe(claim.replace(/(\d)\.\.\./g, "$1"));
}

/** Runs a snippet; returns the number of claims that were checked. */
function run({ code }: Snippet): number {
  const file = parse(code);
  const claims = claimsOf(file);
  const { outputText } = ts.transpileModule(instrument(file, claims), {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
  });
  const checked = new Set<number>();
  const check = (number: number, evaluate: () => unknown) => {
    checkClaim(claims[number]?.comment ?? "", evaluate);
    checked.add(number);
  };
  const require = (name: string) => {
    if (name !== "gumbel") throw new Error(`a snippet imports "${name}"`);
    return gumbel;
  };
  new Function("require", "exports", "check", outputText)(require, {}, check);
  expect(checked.size).toBe(claims.length);
  return checked.size;
}

describe("README", () => {
  test.each(readme)("$place runs and prints what it says", (snippet) => {
    expect(run(snippet)).toBeGreaterThan(0);
  });

  test("is at most 200 lines long, and its files exist", () => {
    const text = read("README.md");
    expect(text.split("\n").length).toBeLessThanOrEqual(201);
    for (const [, target = ""] of text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
      expect(() => read(target), target).not.toThrow();
    }
  });
});

describe("doc comments", () => {
  test.each(examples)("$place runs and does what it says", (snippet) => {
    run(snippet);
  });
});

test("all snippets compile under the repository's strict settings", () => {
  const { config } = ts.readConfigFile(`${ROOT}tsconfig.json`, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const host = ts.createCompilerHost(options);
  const files = new Map(snippets.map(({ code }, i) => [`${ROOT}snippet-${i}.ts`, code]));
  const { fileExists, readFile } = host;
  host.fileExists = (name) => files.has(name) || fileExists(name);
  host.readFile = (name) => files.get(name) ?? readFile(name);
  const roots = [...files.keys(), `${ROOT}ts/wasm-module.d.ts`];
  const program = ts.createProgram(roots, options, host);
  const errors = [...files.keys()].flatMap((name, i) => {
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
  expect(errors).toEqual([]);
});
