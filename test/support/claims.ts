/**
 * Runs a snippet as written and holds it to its comments. A comment after a statement is a claim if it begins with a
 * value or an error:
 *
 *     softmax([0, 1]); // Float32Array [0.27, 0.73], which sums to 1
 *     softmax([NaN]); // RangeError: "x" expected no NaN, got NaN at row 0, class 0
 *
 * It holds if the value, numbers rounded to the digits shown, reads the same. Other comments are prose.
 */

import ts from "typescript";
import { expect } from "vitest";
import type { Snippet } from "./snippets.ts";

interface Claim {
  readonly statement: ts.Statement;
  readonly comment: string;
}

const ERROR = /^(?:TypeError|RangeError): /;
/** A literal, perhaps with the class of the array before it and prose behind it. */
const VALUE =
  /^((?:(?:Float32Array|Int32Array|Uint32Array) (?=\[))?(\[[^\]]*\]|\{.*\}|"[^"]*"|'[^']*'|true|false|undefined|-?\d[\d.]*))(?:[:,;] .*)?$/;

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

/** The code with each claim handed to `check(number, async () => value)`. */
function instrument(file: ts.SourceFile, claims: readonly Claim[]): string {
  return file.statements
    .map((statement) => {
      const number = claims.findIndex((claim) => claim.statement === statement);
      if (number < 0) return statement.getText();
      const before = ts.isVariableStatement(statement) ? statement.getText() : "";
      return `${before}\nawait check(${number}, async () => (${subject(statement)}));`;
    })
    .join("\n");
}

/** What a comment should say of a value, with as many digits as it gives now. */
function describeValue(value: unknown, like: ts.Node | undefined): string {
  if (typeof value === "number") {
    const digits = like?.getText().split(".")[1]?.length ?? 0;
    return Number.isInteger(value) || !like ? String(value) : value.toFixed(digits);
  }
  if (typeof value === "bigint") return `${value}n`;
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

async function checkClaim(comment: string, evaluate: () => Promise<unknown>): Promise<void> {
  if (ERROR.test(comment)) {
    expect(String(await evaluate().catch((error) => error))).toBe(comment);
    return;
  }
  const [, claim = "", literal = ""] = VALUE.exec(comment) ?? [];
  const [statement] = parse(`(${literal})`).statements;
  const like =
    statement &&
    ts.isExpressionStatement(statement) &&
    ts.isParenthesizedExpression(statement.expression)
      ? statement.expression.expression
      : undefined;
  expect(describeValue(await evaluate(), like)).toBe(claim);
}

const AsyncFunction = (async () => {}).constructor as new (
  ...parametersAndBody: string[]
) => (...values: unknown[]) => Promise<void>;

/** Runs a snippet, whose imports are `modules` by name; returns the number of claims that were checked. */
export async function run(
  { code }: Snippet,
  modules: Readonly<Record<string, unknown>>,
): Promise<number> {
  const file = parse(code);
  const claims = claimsOf(file);
  const { outputText } = ts.transpileModule(instrument(file, claims), {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
  });
  const checked = new Set<number>();
  const check = async (number: number, evaluate: () => Promise<unknown>) => {
    await checkClaim(claims[number]?.comment ?? "", evaluate);
    checked.add(number);
  };
  const require = (name: string) => {
    if (name in modules) return modules[name];
    throw new Error(`a snippet imports "${name}"`);
  };
  await new AsyncFunction("require", "exports", "check", outputText)(require, {}, check);
  expect(checked.size).toBe(claims.length);
  return checked.size;
}
