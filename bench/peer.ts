import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Hello, Missing, Request } from "./protocol.ts";
import { lastWordsOf, wordsOf } from "./words.ts";

/** How to start a contestant's process. */
export interface Command {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
}

/** An answer may take this long: a compilation of jax-js takes seconds, and nothing takes minutes. */
const PATIENCE_MS = 120_000;
/** Characters of what it said last on standard error, to show when it dies. */
const LAST_WORDS = 2000;

/** Who waits for the answer. */
interface Waiting {
  readonly resolve: (line: string) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A process of contestants, asked one thing at a time. After a failure it is started anew, so that what failed, a
 * memory that is full perhaps, doesn't spoil what comes next.
 */
export class Peer {
  readonly name: string;
  readonly #command: Command;
  #child: ChildProcess | undefined;
  #waiting: Waiting | undefined;

  constructor(command: Command) {
    this.name = command.name;
    this.#command = command;
  }

  hello(): Promise<Hello> {
    return this.#ask<Hello>({ do: "hello" });
  }

  /** Throws where the contestant failed, in words that can be shown. */
  ask<T extends object>(request: Exclude<Request, { do: "hello" }>): Promise<T | Missing> {
    return this.#ask<T | Missing>(request);
  }

  stop(): void {
    this.#child?.kill("SIGKILL");
    this.#child = undefined;
  }

  async #ask<T extends object>(request: Request): Promise<T> {
    this.#child ??= this.#start();
    const timer = setTimeout(() => this.stop(), PATIENCE_MS);
    try {
      const line = await new Promise<string>((resolve, reject) => {
        this.#waiting = { resolve, reject };
        this.#child?.stdin?.write(`${JSON.stringify(request)}\n`);
      });
      const answer: T | { readonly error: string } = JSON.parse(line);
      if ("error" in answer) throw new Error(wordsOf(answer.error));
      return answer;
    } catch (error) {
      this.stop();
      throw error;
    } finally {
      clearTimeout(timer);
      this.#waiting = undefined;
    }
  }

  #start(): ChildProcess {
    const { name, file, args } = this.#command;
    const child = spawn(file, args, { stdio: "pipe" });
    let lastWords = "";
    const die = (why: string) => {
      // Not when it was stopped and another one runs.
      if (this.#child === child || this.#child === undefined) {
        // All of it is for the terminal alone.
        if (this.#waiting) process.stderr.write(lastWords);
        this.#waiting?.reject(new Error(`${name} ${why} ${lastWordsOf(lastWords)}`.trim()));
        this.#child = undefined;
      }
    };
    createInterface({ input: child.stdout }).on("line", (line) => this.#waiting?.resolve(line));
    child.stderr.on("data", (data) => {
      lastWords = (lastWords + data).slice(-LAST_WORDS);
    });
    // Writing to a dead process: its end says more.
    child.stdin.on("error", () => {});
    child.on("error", (error) => die(`didn't start: ${wordsOf(error.message)}`));
    // Not at its exit: its last words may still be on their way.
    child.on("close", (code, signal) => die(`ended with ${code ?? signal}:`));
    return child;
  }
}
