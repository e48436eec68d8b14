/**
 * What the reference owes its readers. TypeDoc itself asks for a text on every public symbol, member and parameter; the
 * rest is asked for here. That the examples are true is for examples.test.ts.
 */

import {
  Application,
  type Comment,
  type DeclarationReflection,
  Logger,
  LogLevel,
  type ProjectReflection,
  ReflectionKind,
  type SignatureReflection,
  TSConfigReader,
  TypeDocReader,
} from "typedoc";
import { beforeAll, expect, test } from "vitest";

class Collector extends Logger {
  readonly messages: string[] = [];
  override log(message: string, level: LogLevel): void {
    if (level >= LogLevel.Warn) this.messages.push(message);
  }
}

const logger = new Collector();
let project: ProjectReflection;

beforeAll(async () => {
  const app = await Application.bootstrap({}, [new TypeDocReader(), new TSConfigReader()]);
  app.logger = logger;
  const converted = await app.convert();
  if (converted === undefined) throw new Error(logger.messages.join("\n"));
  project = converted;
  app.validate(project);
});

function all(kind: ReflectionKind): DeclarationReflection[] {
  return project.getReflectionsByKind(kind) as DeclarationReflection[];
}

function signaturesOf(kind: ReflectionKind): SignatureReflection[] {
  return all(kind).flatMap(({ signatures = [] }) => signatures);
}

/** The texts of a tag; several signatures have their texts together. */
function texts(tag: `@${string}`, ...comments: (Comment | undefined)[]): string[] {
  return comments.flatMap((comment) =>
    (comment?.getTags(tag) ?? []).map(({ content }) => content.map(({ text }) => text).join("")),
  );
}

/** Which of them lack what `has` looks for. */
function lacking<T extends DeclarationReflection | SignatureReflection>(
  reflections: T[],
  has: (reflection: T) => boolean,
): string[] {
  expect(reflections.length).toBeGreaterThan(0);
  return reflections
    .filter((reflection) => !has(reflection))
    .map((reflection) => reflection.getFullName());
}

const EXAMPLE = /^```ts\n/m;
const THROWN = /^(?:Type|Range)?Error /;
const { Class, Constructor, Function: Callable, Method } = ReflectionKind;

test("TypeDoc has nothing to warn of", () => {
  expect(logger.messages).toEqual([]);
});

test("every function and method says what it returns", () => {
  const signatures = [...signaturesOf(Callable), ...signaturesOf(Method)];
  expect(lacking(signatures, ({ comment }) => texts("@returns", comment).length > 0)).toEqual([]);
});

test("all that takes arguments says which errors it throws, kind first", () => {
  const signatures = [Callable, Method, Constructor]
    .flatMap(signaturesOf)
    .filter(({ parameters = [] }) => parameters.length > 0);
  const has = ({ comment }: SignatureReflection) => {
    const thrown = texts("@throws", comment);
    return thrown.length > 0 && thrown.every((text) => THROWN.test(text));
  };
  expect(lacking(signatures, has)).toEqual([]);
});

test("every function and class names a source", () => {
  const has = ({ comment, signatures = [] }: DeclarationReflection) =>
    texts("@see", comment, ...signatures.map(({ comment }) => comment)).length > 0;
  expect(lacking([...all(Callable), ...all(Class)], has)).toEqual([]);
});

test("every function, every class, and what else has methods to call with arguments, has an example", () => {
  const callable = all(Method).filter(({ signatures = [] }) =>
    signatures.some(({ parameters = [] }) => parameters.length > 0),
  );
  const has = ({ comment, signatures = [] }: DeclarationReflection) =>
    texts("@example", comment, ...signatures.map(({ comment }) => comment)).some((text) =>
      EXAMPLE.test(text),
    );
  const owners = new Set(callable.map(({ parent }) => parent as DeclarationReflection));
  expect(lacking([...all(Callable), ...all(Class), ...owners], has)).toEqual([]);
});
